"""What a case has to tell to one reader: gathered once for its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from sqlmodel import col

from console.actions import trees
from console.actions.audit import DEEDS
from console.actions.cases.lists import CaseRecord, case_record
from console.actions.cases.story import deeds_about, subjects_of
from console.actions.channel.pictures import platform_names
from console.desk import Desk, Work
from models.audit import AuditEntry
from models.cases.appeals import CaseAppeal
from models.cases.cases import Case
from models.cases.instructions import Instruction
from models.cases.reports import AuthorityReport
from models.cases.tasks import Recovery
from models.cases.traces import OutflowTrace
from models.permissions import Permission
from models.staff import Organisation

Part = TypeVar("Part", OutflowTrace, Recovery, CaseAppeal, AuthorityReport, Instruction)
_TAKEN: Final = frozenset({"case.file_downloaded", "evidence.packed", "proof.downloaded"})
"""Looks at a file are no part of what it tells."""


@dataclass(frozen=True, slots=True)
class Told:
    """A case with all that its file says."""

    record: CaseRecord
    facts: str
    """What was established; a platform is told of it by its notice alone."""
    carrier: str
    platforms: Mapping[str, str]
    """Names by code."""
    deeds: Sequence[AuditEntry]
    """The latest first."""
    traces: Sequence[OutflowTrace]
    recoveries: Sequence[Recovery]
    appeals: Sequence[CaseAppeal]
    reports: Sequence[AuthorityReport]
    instructions: Sequence[Instruction]
    head: trees.Head | None
    """The newest signed head of the log of deeds."""

    def name_of(self, actor_id: UUID | None) -> str:
        """Who it was, by the name that stands in the record."""
        return next((one.actor_name for one in self.deeds if one.actor_id == actor_id), "")


def told_of(desk: Desk, case_id: UUID | str) -> Told:
    record = case_record(desk, case_id)
    case = record.case
    may = desk.actor.may
    with desk.begin(Permission.CASE_READ) as work:
        return Told(
            record,
            case.facts if desk.actor.platform is None else "",
            work.session.get_one(Organisation, case.organisation_id).name,
            platform_names(work, [case.platform, *(one.notice.platform for one in record.notices)]),
            [one for one in deeds_about(work, subjects_of(work, record)) if one.deed not in _TAKEN],
            _of(work, case, OutflowTrace),
            _of(work, case, Recovery),
            _of(work, case, CaseAppeal) if may(Permission.APPEAL_READ) else [],
            _of(work, case, AuthorityReport),
            _of(work, case, Instruction) if may(Permission.INSTRUCTION_READ) else [],
            trees.last_head(work.session.connection(), DEEDS),
        )


def _of(work: Work, case: Case, table: type[Part]) -> Sequence[Part]:
    return work.all(work.select(table).where(col(table.case_id) == case.id).order_by(col(table.id)))
