"""The bytes of what was filed for a batch or its purchaser: checked again, every look on record."""

from uuid import UUID

from console.actions.files import Download, put_on_record, whole
from console.desk import Desk
from integrations.evidence import Digest
from models.base import Table
from models.cards.agreements import IndustryAgreement
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cards.purchasers import Purchaser
from models.permissions import Permission
from models.refusals import NotFound


def licence_file(desk: Desk, purchaser_id: UUID | str) -> Download:
    """The licence that a purchaser showed."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        row = work.get(Purchaser, purchaser_id)
    return _shown(desk, row, row.licence_file, row.licence_type, row.licence_sha256)


def agreement_file(desk: Desk, agreement_id: UUID | str) -> Download:
    """What the purchaser signed."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        row = work.get(IndustryAgreement, agreement_id)
        batch = work.get(IndustryBatch, row.batch_id)
    return _shown(desk, batch, row.file_name, row.media_type, row.sha256)


def limits_file(desk: Desk, batch_id: UUID | str) -> Download:
    """What shows that the limits of a batch are set."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        row = work.get(IndustryBatch, batch_id)
    return _shown(desk, row, row.proof_file, row.proof_type, row.proof_sha256)


def report_paper(desk: Desk, finding_id: UUID | str, sha256: str) -> Download:
    """What was handed in with a finding that was reported by hand."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        row = work.get(UsageFinding, finding_id)
    found = next((one for one in row.facts.get("papers", ()) if one["sha256"] == sha256), None)
    if found is None:
        raise NotFound("file.not_found")
    return _shown(desk, row, found["name"], found["type"], sha256)


def _shown(desk: Desk, row: Table, name: str, media_type: str, sha256: str) -> Download:
    if not sha256:
        raise NotFound("file.not_found")
    path = whole(desk.house.evidence, Digest(sha256))
    with put_on_record(desk, "industry.paper_looked_at", row, sha256=sha256):
        pass
    return Download(name, media_type, path)
