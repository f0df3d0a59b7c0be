"""Everything that was done about a case and what hangs on it, in the order of the record."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlmodel import and_, col, or_, select

from console.actions.cases.lists import CaseRecord
from console.desk import Desk, Work
from models.audit import AuditEntry
from models.base import Table
from models.cases.appeals import CaseAppeal
from models.cases.instructions import Instruction
from models.cases.reports import AuthorityReport
from models.cases.traces import OutflowTrace
from models.permissions import Permission

MOST_DEEDS: Final = 200
_HANGING: Final[Sequence[type[CaseAppeal | AuthorityReport | Instruction | OutflowTrace]]] = (
    CaseAppeal,
    AuthorityReport,
    Instruction,
    OutflowTrace,
)


def deeds_of_case(desk: Desk, record: CaseRecord) -> Sequence[AuditEntry]:
    """The latest deeds, newest first; a platform learns of those on its notices alone."""
    with desk.begin(Permission.CASE_READ) as work:
        return deeds_about(work, subjects_of(work, record))


def subjects_of(work: Work, record: CaseRecord) -> Mapping[str, Sequence[str]]:
    """Kinds and ids of what deeds are asked for, of a record that the actor was given."""
    rows: list[Table] = [one.notice for one in record.notices]
    if work.actor.platform is None:
        rows += [record.case, *record.tasks, *record.measures, *record.looks, *record.card_orders]
        for table in _HANGING:
            rows += work.all(work.select(table).where(col(table.case_id) == record.case.id))
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(type(row).__name__, []).append(str(getattr(row, "id", "")))
    return found


def deeds_about(work: Work, subjects: Mapping[str, Sequence[str]]) -> Sequence[AuditEntry]:
    if not subjects:
        return []
    about = or_(
        *(
            and_(col(AuditEntry.subject_kind) == kind, col(AuditEntry.subject_id).in_(ids))
            for kind, ids in subjects.items()
        )
    )
    return work.session.exec(
        select(AuditEntry)
        .where(about, col(AuditEntry.deed) != "record.seen")
        .order_by(col(AuditEntry.seq).desc())
        .limit(MOST_DEEDS)
    ).all()
