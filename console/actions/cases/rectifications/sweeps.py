"""What rectification notices owe by the clock: second notices, and due dates that went by."""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, select

from console.actions.batches import in_batches
from console.actions.cases.rectifications.raising import RAISED_BY_MISSES, raise_case
from console.desk import Desk, Work
from models.cases.cases import TierBasis
from models.cases.rectifications import (
    MISSES_DUE,
    Rectification,
    RectificationMove,
    RectificationState,
)


def sweep_rectifications(desk: Desk) -> int:
    """Mark what became due or late since the last time, each once; how many there were."""
    late, unanswered = (
        partial(_each, _late, _mark_late),
        partial(_each, _unanswered, _mark_unanswered),
    )
    return in_batches(desk, late) + in_batches(desk, unanswered)


def _each(
    due: Callable[[Work], ColumnElement[bool]],
    mark: Callable[[Work, Rectification], None],
    work: Work,
    limit: int,
) -> int:
    rows = _next(work, due(work), limit)
    for row in rows:
        mark(work, row)
    return len(rows)


def _next(work: Work, is_due: ColumnElement[bool], limit: int) -> Sequence[Rectification]:
    """Held, and those left out that somebody else has in hand."""
    return work.session.exec(
        select(Rectification).where(is_due).limit(limit).with_for_update(skip_locked=True)
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
        raise_case(work, row, TierBasis.DUE_MISSED)
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
