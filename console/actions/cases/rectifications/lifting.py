"""What a case asked a unit to put right ends when an appeal reverses the case (law art. 32)."""

from typing import Final

from sqlmodel import col, select

from console.desk import Work
from models.cases.cases import Case
from models.cases.rectifications import RECTIFICATION_MOVES, Rectification, RectificationMove

_LONGEST: Final = 2000
_GOES_ON: Final = tuple(
    state for state, move in RECTIFICATION_MOVES if move is RectificationMove.LIFT
)


def lift_rectifications(work: Work, case: Case, why: str) -> None:
    """Nobody has to answer them any more; `why` stands as their result."""
    rows = work.session.exec(
        select(Rectification)
        .where(Rectification.case_id == case.id, col(Rectification.state).in_(_GOES_ON))
        .order_by(col(Rectification.id))
        .with_for_update()
    ).all()
    for row in rows:
        row.move(RectificationMove.LIFT)
        row.closed_at, row.result = work.at, why[:_LONGEST]
        row.recheck_due_at, row.reminder_due_at, row.is_reminder_due = None, None, False
        work.record("rectification.lifted", row, reason=why, case=case.reference)
