"""Papers of instructions, reports and appeals for one reader: hashed again, each on record."""

from enum import StrEnum
from typing import Final
from uuid import UUID

from console.actions.brought import media_type_of
from console.actions.files import Download, put_on_record, whole
from console.desk import Desk
from integrations.evidence import Digest
from models.cases.appeals import CaseAppeal
from models.cases.instructions import Instruction
from models.cases.reports import AuthorityReport
from models.permissions import Permission
from models.refusals import NotFound

_HEAD: Final = 16


class Which(StrEnum):
    DOCUMENT = "document"
    """What the administration sent."""
    REPORT = "report"
    """The proof of what was reported back."""


def instruction_file(desk: Desk, instruction_id: UUID | str, which: str) -> Download:
    with desk.begin(Permission.INSTRUCTION_READ) as work:
        row = work.get(Instruction, instruction_id)
    match which:
        case Which.DOCUMENT:
            name, sha256 = row.file_name, row.sha256
        case Which.REPORT:
            name, sha256 = row.report_name, row.report_sha256
        case _:
            raise NotFound("file.not_found")
    return _given(desk, row, "instruction.downloaded", name, sha256)


def report_receipt(desk: Desk, report_id: UUID | str) -> Download:
    with desk.begin(Permission.CASE_READ) as work:
        row = work.get(AuthorityReport, report_id)
    return _given(desk, row, "report.downloaded", row.receipt_name, row.receipt_sha256)


def case_appeal_paper(desk: Desk, appeal_id: UUID | str) -> Download:
    with desk.begin(Permission.APPEAL_READ) as work:
        row = work.get(CaseAppeal, appeal_id)
    return _given(desk, row, "case_appeal.downloaded", row.file_name, row.sha256)


def _given(
    desk: Desk, row: Instruction | AuthorityReport | CaseAppeal, deed: str, name: str, sha256: str
) -> Download:
    if not sha256:
        raise NotFound("file.not_found")
    path = whole(desk.house.evidence, Digest(sha256))
    with path.open("rb") as file:
        kind = media_type_of(name, file.read(_HEAD))
    with put_on_record(desk, deed, row, sha256=sha256, name=name):
        pass
    return Download(name, kind, path)
