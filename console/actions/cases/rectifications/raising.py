"""What was not put right is graver for it: the notice, and the case that it stands in (4.2)."""

from typing import Final
from uuid import UUID

from sqlmodel import select

from console.actions.cases.tiers import raise_for
from console.desk import Work
from models.cases.cases import Case, TierBasis
from models.cases.rectifications import Rectification, RectificationMove

RAISED_BY_MISSES: Final = 2
"""A second due date missed puts it one tier up by itself (DOMAIN 4.2)."""


def raise_case(work: Work, row: Rectification, ground: TierBasis) -> None:
    """The case that the notice stands in is one tier graver by it, too (DOMAIN 4.2)."""
    if row.case_id is not None:
        held = select(Case).where(Case.id == row.case_id).with_for_update()
        raise_for(work, work.session.exec(held).one(), ground)


def go_up(work: Work, row: Rectification, ground: TierBasis, by: UUID | None, reason: str) -> None:
    """One tier up, with the ground; nothing is opened by it."""
    row.move(RectificationMove.ESCALATE)
    before = row.tier
    if ground is not TierBasis.DUE_MISSED or row.misses < RAISED_BY_MISSES:
        row.tier = row.tier.raised()
    row.escalated_ground, row.escalated_by, row.escalated_at = ground, by, work.at
    row.recheck_due_at = None
    work.record(
        "rectification.escalated", row, reason=reason, ground=ground.value, tier=row.tier.value,
        tier_before=before.value, round=row.round, misses=row.misses,
    )  # fmt: skip
    raise_case(work, row, ground)
