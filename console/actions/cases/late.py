"""What around a case has passed its due moment: one sweep for all of it (DOMAIN 4.14).

A row is marked once and its deed recorded once; the next step, or a later due moment, takes the
mark away. What people see as late is asked of the clock and does not wait for the mark.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from console.actions.batches import in_batches
from console.actions.cards.industry.findings import TO_ACT_ON
from console.actions.cards.industry.retention import sweep_retention, sweep_shut_down
from console.actions.cards.industry.reviews import sweep_reassessments
from console.actions.cards.industry.sweeps import sweep_watch
from console.actions.cases.authorities.appeals import OPEN as APPEALS_OPEN
from console.actions.cases.notices.sweeps import sweep_notices
from console.actions.cases.rectifications.sweeps import sweep_rectifications
from console.desk import Desk, Work
from models.cards.card_orders import CardOrder, OrderState
from models.cards.industry import ENDED as BATCHES_ENDED
from models.cards.industry import BatchState, IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cases.appeals import CaseAppeal
from models.cases.cases import CASE_MOVES, ENDED, Case, CaseState
from models.cases.complaints import OPEN as COMPLAINTS_OPEN
from models.cases.complaints import Complaint
from models.cases.instructions import OPEN as INSTRUCTIONS_OPEN
from models.cases.instructions import Instruction
from models.cases.rechecks import Recheck
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.permissions import Permission
from models.refusals import Refusal

OPEN: Final = tuple(dict.fromkeys(state for state, _ in CASE_MOVES if state not in ENDED))
BATCHES_OPEN: Final = tuple(state for state in BatchState if state not in BATCHES_ENDED)


@dataclass(frozen=True, slots=True)
class Overdue:
    """Rows of a table that can become late."""

    table: type[Any]
    deed: str
    waits: Callable[[], Sequence[ColumnElement[bool]]]
    """That somebody is still to do something about the row."""


def sweep_deadlines(desk: Desk) -> int:
    """All that became late since the last time; how much it was. One that fails stops no other."""
    done = 0
    for sweep in DEADLINES:
        try:
            done += sweep(desk)
        except (Refusal, SQLAlchemyError):
            structlog.get_logger(__name__).exception("deadlines.failed", sweep=sweep.__name__)
    return done


def sweep_late(desk: Desk) -> int:
    """Mark each row of `KINDS` that has passed its due moment, once; how many."""
    with desk.begin(Permission.SWEEP) as work:
        for kind in KINDS:
            _take_back(work, kind)
        work.no_deed()
    return sum(in_batches(desk, partial(_mark_some, kind)) for kind in KINDS)


def _take_back(work: Work, kind: Overdue) -> None:
    """More time was given, or another step's due moment set: it can become late anew."""
    table = kind.table
    work.session.exec(
        update(table)
        .where(col(table.is_late).is_(True), col(table.due_at) > work.at, *kind.waits())
        .values(is_late=False)
        .execution_options(synchronize_session=False)
    )


def _mark_some(kind: Overdue, work: Work, limit: int) -> int:
    """Those that another sweep has in hand are left to it."""
    table = kind.table
    ids = work.session.exec(
        select(table.id)
        .where(col(table.is_late).is_(False), col(table.due_at) <= work.at, *kind.waits())
        .limit(limit)
        .with_for_update(skip_locked=True, of=table)
    ).all()
    if not ids:
        return 0
    rows = work.session.scalars(
        update(table).where(col(table.id).in_(ids)).values(is_late=True).returning(table)
    ).all()
    for row in rows:
        was_due = row.due_at.isoformat() if row.due_at else ""
        case = getattr(row, "case_id", None)
        of = {} if case is None else {"case": str(case)}
        work.record(kind.deed, row, due_at=was_due, **of)
    return len(rows)


def _cases() -> Sequence[ColumnElement[bool]]:
    return col(Case.state).in_(OPEN), col(Case.merged_into_id).is_(None)


def _tasks() -> Sequence[ColumnElement[bool]]:
    """Of what a transfer leaves to the carrier, too."""
    left = col(Case.state).in_([*OPEN, CaseState.TRANSFERRED])
    ids = select(Case.id).where(left, col(Case.merged_into_id).is_(None))
    return col(CaseTask.state) == TaskState.OPEN, col(CaseTask.case_id).in_(ids)


def _restores() -> Sequence[ColumnElement[bool]]:
    """Of cases that have ended, too."""
    return col(CaseTask.state) == TaskState.OPEN, col(CaseTask.kind) == TaskKind.RESTORE


def _looks() -> Sequence[ColumnElement[bool]]:
    waiting = _goes_on().where(col(Case.state) == CaseState.WAITING_RECHECK)
    return col(Recheck.done_at).is_(None), col(Recheck.case_id).in_(waiting)


def _appeals() -> Sequence[ColumnElement[bool]]:
    return (col(CaseAppeal.state).in_(APPEALS_OPEN),)


def _instructions() -> Sequence[ColumnElement[bool]]:
    return (col(Instruction.state).in_(INSTRUCTIONS_OPEN),)


def _complaints() -> Sequence[ColumnElement[bool]]:
    return (col(Complaint.state).in_(COMPLAINTS_OPEN),)


def _card_orders() -> Sequence[ColumnElement[bool]]:
    """What is to be done next; of one that was lifted, service that is to be put on again."""
    return col(CardOrder.state).in_(OrderState), col(CardOrder.due_at).is_not(None)


def _batches() -> Sequence[ColumnElement[bool]]:
    """Industry cards: the next step before use, in use an assessment that is due, and the end of
    what was shut down.
    """
    return (col(IndustryBatch.state).in_([*BATCHES_OPEN, BatchState.SHUT_DOWN]),)


def _usage_findings() -> Sequence[ColumnElement[bool]]:
    return (col(UsageFinding.state).in_(TO_ACT_ON),)


def _goes_on() -> Any:  # noqa: ANN401 - a query of ids
    return select(Case.id).where(*_cases())


KINDS: Final = (
    Overdue(Case, "case.overdue", _cases),
    Overdue(CaseTask, "task.overdue", _tasks),
    Overdue(CaseTask, "task.overdue", _restores),
    Overdue(Recheck, "recheck.overdue", _looks),
    Overdue(CaseAppeal, "case_appeal.late", _appeals),
    Overdue(Instruction, "instruction.overdue", _instructions),
    Overdue(Complaint, "complaint.late", _complaints),
    Overdue(CardOrder, "card_order.late", _card_orders),
    Overdue(IndustryBatch, "industry.overdue", _batches),
    Overdue(UsageFinding, "usage_finding.overdue", _usage_findings),
)
DEADLINES: Final[tuple[Callable[[Desk], int], ...]] = (
    sweep_late,
    sweep_rectifications,
    sweep_notices,
    sweep_reassessments,
    sweep_watch,
    sweep_shut_down,
    sweep_retention,
)
"""What only becomes late, and what has more to happen to it then."""
