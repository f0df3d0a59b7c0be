"""The one picture that a triage card needs, without reading all that a finding rests on."""

import json
from typing import Final

from console.desk import Desk
from integrations.evidence import Damaged, Digest
from models.patrol.findings import Finding
from models.patrol.pictures import SeenPicture
from models.permissions import Permission

_NAME: Final = "page.png"


def screenshot_of(desk: Desk, finding: Finding) -> str:
    """The link to the page as the run saw it; empty when there is none, or no right to it."""
    if not desk.actor.may(Permission.EVIDENCE_READ):
        return ""
    with desk.begin(Permission.EVIDENCE_READ) as work:
        seen = work.session.exec(
            work.select(SeenPicture)
            .where(SeenPicture.run_id == finding.run_id, SeenPicture.shop_id == finding.shop_id)
            .limit(1)
        ).first()
    if seen is None or seen.evidence_sha256 is None:
        return ""
    manifest = Digest(seen.evidence_sha256)
    try:
        files = json.loads(desk.house.evidence.open(manifest))["files"]
    except (OSError, Damaged, ValueError, KeyError):
        return ""
    kept = next((str(one["sha256"]) for one in files if one["name"] == _NAME), "")
    return f"/files/evidence/{kept}?of={manifest}" if kept else ""
