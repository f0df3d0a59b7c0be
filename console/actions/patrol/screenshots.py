"""The one picture that a triage card needs, without reading all that a finding rests on."""

import json
from typing import Final

from console.actions.patrol.custody import looks_at
from console.desk import Desk
from integrations.evidence import Damaged, Digest
from models.patrol.findings import Finding
from models.patrol.shops import Shop
from models.permissions import Permission

_NAME: Final = "page.png"


def screenshot_of(desk: Desk, finding: Finding) -> str:
    """The link to the page as the run saw it; empty when there is none, or no right to it."""
    if not desk.actor.may(Permission.EVIDENCE_READ):
        return ""
    with desk.begin(Permission.EVIDENCE_READ) as work:
        shop = work.session.exec(work.select(Shop).where(Shop.id == finding.shop_id)).first()
        looks = looks_at(work, finding.run_id, shop) if shop and finding.run_id else ()
    if not looks:
        return ""
    manifest = Digest(looks[0])
    try:
        files = json.loads(desk.house.evidence.open(manifest))["files"]
    except (OSError, Damaged, ValueError, KeyError):
        return ""
    kept = next((str(one["sha256"]) for one in files if one["name"] == _NAME), "")
    return f"/files/evidence/{kept}?of={manifest}" if kept else ""
