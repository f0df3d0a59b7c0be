"""What rectification notices owe by the clock: second notices, and due dates that went by."""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, select

from console.actions.cases.rectifications.issuing import RAISED_BY_MISSES
from console.desk import Desk, Work
from models.cases.rectifications import (
    MISSES_DUE,
    Rectification,
    RectificationMove,
    RectificationState,
)
from models.permissions import Permission

AT_ONCE: Final = 500
"""Notices in one transaction."""


def sweep_rectifications(desk: Desk) -> int:
    """Mark what became due or late since the last time, each once; how many there were."""
    return _all(desk, _late, _mark_late) + _all(desk, _unanswered, _mark_unanswered)


def _all(
    desk: Desk,
    due: Callable[[Work], ColumnElement[bool]],
    mark: Callable[[Work, Rectification], None],
) -> int:
    done = 0
    while True:
        with desk.begin(Permission.SWEEP) as work:
            rows = _next(work, due(work))
            for row in rows:
                mark(work, row)
            if not rows:
                work.no_deed()
        done += len(rows)
        if len(rows) < AT_ONCE:
            return done


def _next(work: Work, is_due: ColumnElement[bool]) -> Sequence[Rectification]:
    """Held, and those left out that somebody else has in hand."""
    return work.session.exec(
        select(Rectification).where(is_due).limit(AT_ONCE).with_for_update(skip_locked=True)
    ).all()


def _late(work: Work) -> ColumnElement[bool]:
    return and_(col(Rectification.state).in_(MISSES_DUE), col(Rectification.due_at) <= work.at)


def _mark_late(work: Work, row: Rectification) -> None:
    """The second due date missed puts it one tier up; of the first somebody decides (4.2)."""
    row.move(RectificationMove.MISS_DUE)
    row.misses += 1
    row.reminder_due_at, row.is_reminder_due = None, False
    before = row.tier
    if row.misses == RAISED_BY_MISSES:
        row.tier = row.tier.raised()
    work.record(
        "rectification.overdue", row, due_at=row.due_at.isoformat(), misses=row.misses,
        tier=row.tier.value, tier_before=before.value,
    )  # fmt: skip


def _unanswered(work: Work) -> ColumnElement[bool]:
    return and_(
        col(Rectification.state) == RectificationState.ISSUED,
        col(Rectification.is_reminder_due).is_(False),
        col(Rectification.reminder_due_at) <= work.at,
    )


def _mark_unanswered(work: Work, row: Rectification) -> None:
    row.is_reminder_due = True
    row.version += 1
    work.record("rectification.reminder_due", row, round=row.round)
