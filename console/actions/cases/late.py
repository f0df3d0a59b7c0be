"""What around a case has passed its due moment: one sweep for all of it (DOMAIN 4.14).

A row is marked once and its deed recorded once; the next step, or a later due moment, takes the
mark away. What people see as late is asked of the clock and does not wait for the mark.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from console.actions.cases.authorities.appeals import sweep_case_appeals
from console.actions.cases.authorities.instructions import sweep_instructions
from console.actions.cases.complaints.lists import sweep_complaints
from console.actions.cases.notices.sweeps import sweep_notices
from console.actions.cases.rectifications.sweeps import sweep_rectifications
from console.desk import Desk, Work
from models.cases.cases import CASE_MOVES, ENDED, Case, CaseState
from models.cases.rechecks import Recheck
from models.cases.tasks import CaseTask, TaskState
from models.permissions import Permission
from models.refusals import Refusal

AT_ONCE: Final = 500
"""Rows in one transaction."""
OPEN: Final = tuple(dict.fromkeys(state for state, _ in CASE_MOVES if state not in ENDED))
Row = TypeVar("Row", Case, CaseTask, Recheck)


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


def sweep_cases(desk: Desk) -> int:
    with desk.begin(Permission.SWEEP) as work:
        for kind in KINDS:
            _take_back(work, kind)
        work.no_deed()
    return sum(_marked(desk, kind) for kind in KINDS)


def _take_back(work: Work, kind: Overdue) -> None:
    """More time was given, or another step's due moment set: it can become late anew."""
    table = kind.table
    work.session.exec(
        update(table)
        .where(col(table.is_late).is_(True), col(table.due_at) > work.at, *kind.waits())
        .values(is_late=False)
        .execution_options(synchronize_session=False)
    )


def _marked(desk: Desk, kind: Overdue) -> int:
    done = 0
    while True:
        with desk.begin(Permission.SWEEP) as work:
            found = _mark_some(work, kind)
        done += found
        if found < AT_ONCE:
            return done


def _mark_some(work: Work, kind: Overdue) -> int:
    """Those that another sweep has in hand are left to it."""
    table = kind.table
    ids = work.session.exec(
        select(table.id)
        .where(col(table.is_late).is_(False), col(table.due_at) <= work.at, *kind.waits())
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=table)
    ).all()
    if not ids:
        work.no_deed()
        return 0
    rows = work.session.scalars(
        update(table).where(col(table.id).in_(ids)).values(is_late=True).returning(table)
    ).all()
    for row in rows:
        was_due = row.due_at.isoformat() if row.due_at else ""
        of = {} if isinstance(row, Case) else {"case": str(row.case_id)}
        work.record(kind.deed, row, due_at=was_due, **of)
    return len(rows)


def _cases() -> Sequence[ColumnElement[bool]]:
    return col(Case.state).in_(OPEN), col(Case.merged_into_id).is_(None)


def _tasks() -> Sequence[ColumnElement[bool]]:
    return col(CaseTask.state) == TaskState.OPEN, col(CaseTask.case_id).in_(_goes_on())


def _looks() -> Sequence[ColumnElement[bool]]:
    waiting = _goes_on().where(col(Case.state) == CaseState.WAITING_RECHECK)
    return col(Recheck.done_at).is_(None), col(Recheck.case_id).in_(waiting)


def _goes_on() -> Any:  # noqa: ANN401 - a query of ids
    return select(Case.id).where(*_cases())


KINDS: Final = (
    Overdue(Case, "case.overdue", _cases),
    Overdue(CaseTask, "task.overdue", _tasks),
    Overdue(Recheck, "recheck.overdue", _looks),
)
DEADLINES: Final[tuple[Callable[[Desk], int], ...]] = (
    sweep_cases,
    sweep_case_appeals,
    sweep_instructions,
    sweep_rectifications,
    sweep_complaints,
    sweep_notices,
)
"""Each area adds the one that marks its own rows."""
