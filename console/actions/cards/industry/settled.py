"""What of a batch is still open: it is not retired before that is settled, and nobody whom it
registered is forgotten.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import Mapped, aliased
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.cards.industry.files import last_day
from console.actions.deadlines import deadline
from console.desk import Work
from models.cards.card_orders import IN_FORCE, CardOrder, OrderState
from models.cards.industry import BatchState, IndustryBatch
from models.cases.cases import ENDED, Case
from models.refusals import Conflict

OfBatch = UUID | Mapped[UUID]
"""A batch, or the batches of a query, by their id."""
_UNDONE: Final = (OrderState.IN_FORCE, OrderState.APPEALED)
"""Orders that somebody is still to carry out, or to decide on."""


def is_unsettled(batch_id: OfBatch) -> ColumnElement[bool]:
    """An order, an appeal or a case of the batch is open."""
    return or_(_undone(batch_id).exists(), _open_cases(batch_id).exists())


def must_be_settled(work: Work, batch: IndustryBatch) -> None:
    if order := work.session.exec(_undone(batch.id)).first():
        raise Conflict("industry.order_open", number=batch.number, order=order)
    if case := work.session.exec(_open_cases(batch.id)).first():
        raise Conflict("industry.case_open", number=batch.number, case=case)


def must_be_beyond_appeal(work: Work, batch: IndustryBatch) -> None:
    """Of a batch that was shut down: whoever may still appeal may still get the cards back."""
    if order := _untold(work, batch):
        raise Conflict("industry.order_untold", number=batch.number, order=order)
    window = deadline(work, "case_appeal_window", _told_last(work, batch))
    if work.at < window.at:
        last = last_day(window).isoformat()
        raise Conflict("industry.appeal_window_open", number=batch.number, last=last)


def beyond_appeal_since(work: Work, batch: IndustryBatch) -> datetime | None:
    """From when a batch that was shut down could be retired; None: it can't be yet."""
    if batch.state is not BatchState.SHUT_DOWN or _untold(work, batch):
        return None
    if work.session.exec(select(is_unsettled(batch.id))).one():
        return None
    window = deadline(work, "case_appeal_window", _told_last(work, batch))
    return window.at if work.at >= window.at else None


def _undone(batch_id: OfBatch) -> SelectOfScalar[str]:
    return select(CardOrder.number).where(
        col(CardOrder.batch_id) == batch_id, col(CardOrder.state).in_(_UNDONE)
    )


def _open_cases(batch_id: OfBatch) -> SelectOfScalar[str]:
    """A merged case is as open as the one that goes on for it."""
    head = aliased(Case)
    state = func.coalesce(head.state, Case.state)
    return (
        select(Case.reference)
        .outerjoin(head, col(head.id) == col(Case.merged_into_id))
        .where(col(Case.industry_batch_id) == batch_id, state.not_in(ENDED))
    )


def _untold(work: Work, batch: IndustryBatch) -> str | None:
    untold = select(CardOrder.number).where(*_in_force(batch), col(CardOrder.told_at).is_(None))
    return work.session.exec(untold).first()


def _told_last(work: Work, batch: IndustryBatch) -> datetime:
    """When the last was told, or decided, that can be appealed against."""
    head = aliased(Case)
    decided = (
        select(func.coalesce(head.decided_at, Case.decided_at))
        .select_from(Case)
        .outerjoin(head, col(head.id) == col(Case.merged_into_id))
        .where(col(Case.industry_batch_id) == batch.id)
    )
    told = select(CardOrder.told_at).where(*_in_force(batch))
    moments = [*work.session.exec(told).all(), *work.session.exec(decided).all()]
    return max((one for one in moments if one is not None), default=batch.created_at)


def _in_force(batch: IndustryBatch) -> Sequence[ColumnElement[bool]]:
    return col(CardOrder.batch_id) == batch.id, col(CardOrder.state).in_(IN_FORCE)
