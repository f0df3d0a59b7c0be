"""What of industry cards waits for whom: the next step of each, for exactly who may take it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from console.actions.cards.industry.accountable import waiting_accountable
from console.actions.cards.industry.downstream import waiting_downstream
from console.actions.cards.industry.order_lists import waiting_orders
from console.actions.cards.industry.retention import waiting_retirement
from console.actions.cards.industry.reviews import ASSESSED_AGAIN
from console.actions.cards.industry.soonest import by_moment, soonest
from console.actions.waiting import MOST_ALIKE, WorkItem, due_state
from console.desk import Desk, Work
from models.cards.agreements import IndustryAgreement
from models.cards.card_orders import IN_FORCE, CardOrder
from models.cards.industry import BatchState, IndustryBatch
from models.cards.monitoring import UsageFinding, UsageFindingState
from models.cards.purchasers import Purchaser
from models.permissions import Permission
from models.rules import china_day

_P: Final = Permission
TO_COMPLETE: Final = (
    BatchState.DRAFT,
    BatchState.APPROVED,
    BatchState.CONTRACTED,
    BatchState.REGISTERED,
)
"""The manager's turn; `work.industry_<state>` says what for."""
_MOST_CONFIRMED: Final = 5 * MOST_ALIKE
"""Of the confirmed ones most have an order: those without are looked for among so many."""


def _to_look(desk: Desk) -> Iterator[WorkItem]:
    """What monitoring found, and what others reported."""
    if not desk.actor.may(_P.USAGE_JUDGE):
        return
    with desk.begin(_P.INDUSTRY_READ) as work:
        rows = soonest(
            work,
            UsageFinding,
            col(UsageFinding.state) == UsageFindingState.OPEN,
            col(UsageFinding.reported_by).is_distinct_from(desk.actor.id),
        )
    for row_id, number, due, _ in rows:
        state = due_state(due, desk.now())
        yield WorkItem("usage_finding_look", number, state, "usage_findings", row_id, due)


def _to_act_on(desk: Desk) -> Iterator[WorkItem]:
    """Confirmed, and neither an order nor a case has come of it."""
    if not (desk.actor.may(_P.CARD_ORDER) or desk.actor.may(_P.CASE_OPEN)):
        return
    if not desk.actor.may(_P.INDUSTRY_READ):
        return
    with desk.begin(_P.INDUSTRY_READ) as work:
        rows = soonest(
            work,
            UsageFinding,
            col(UsageFinding.state) == UsageFindingState.CONFIRMED,
            col(UsageFinding.due_at).is_not(None),  # else an order of it is done
            most=_MOST_CONFIRMED,
        )
        ordered = _ordered(work, {row[3] for row in rows})
    left = [row for row in rows if str(row[0]) not in ordered]
    for row_id, number, due, _ in left[:MOST_ALIKE]:
        state = due_state(due, desk.now())
        yield WorkItem("usage_finding_act", number, state, "usage_findings", row_id, due)


def _ordered(work: Work, batches: set[UUID]) -> set[str]:
    """Findings of these batches that an order came of which is still to be carried out: once it
    is, its findings have no due moment and are not looked for.
    """
    ids: Any = CardOrder.finding_ids
    query = select(ids).where(
        col(CardOrder.batch_id).in_(batches),
        col(CardOrder.state).in_(IN_FORCE),
        col(CardOrder.due_at).is_not(None),
    )
    return {one for found in work.session.exec(query) for one in found}


def _to_assess(desk: Desk) -> Iterator[WorkItem]:
    """By another than who submitted it."""
    if desk.actor.may(_P.INDUSTRY_REVIEW):
        another = col(IndustryBatch.submitted_by).is_distinct_from(desk.actor.id)
        here = col(IndustryBatch.state) == BatchState.PURCHASER_REVIEW
        yield from _batches(desk, "industry_assess", here, another)


def _to_reassess(desk: Desk) -> Iterator[WorkItem]:
    """Whose assessment ends soon, or has failed: they have a due moment, and are found by it."""
    if desk.actor.may(_P.INDUSTRY_REVIEW):
        yield from _batches(
            desk,
            "industry_reassess",
            col(IndustryBatch.state).in_(ASSESSED_AGAIN),
            col(IndustryBatch.due_at).is_not(None),
            col(IndustryBatch.is_reassess_due).is_(True),
            col(IndustryBatch.submitted_by).is_distinct_from(desk.actor.id),
        )


def _unfit(desk: Desk) -> Iterator[WorkItem]:
    """In use, and may not be any more: an order on the whole batch stands on that."""
    if not desk.actor.may(_P.CARD_ORDER):
        return
    with desk.begin(_P.INDUSTRY_READ) as work:
        held = col(IndustryBatch.state).in_((BatchState.IN_USE, BatchState.RESTRICTED))
        found = {
            row[0]: row
            for ground in _grounds(work)
            for row in soonest(work, IndustryBatch, held, *ground)
        }
    rows = sorted(found.values(), key=by_moment)[:MOST_ALIKE]
    for row_id, number, due, _ in rows:
        yield WorkItem(
            "industry_unfit", number, due_state(due, desk.now()), "industry", row_id, due
        )


def _grounds(work: Work) -> Iterator[Sequence[ColumnElement[bool]]]:
    """The newest assessment failed; the purchaser's licence, or the agreement, has run out."""
    today, batch = china_day(work.at), IndustryBatch
    # One that failed left a moment until which something is done.
    yield col(batch.due_at).is_not(None), col(batch.assessed_until).is_(None)
    unlicensed = select(Purchaser.id).where(
        col(Purchaser.carrier_id).in_(work.actor.carriers), col(Purchaser.licence_until) < today
    )
    yield (col(batch.purchaser_id).in_(unlicensed),)
    over = select(IndustryAgreement.batch_id).where(
        col(IndustryAgreement.superseded_at).is_(None), col(IndustryAgreement.valid_until) < today
    )
    yield (col(batch.id).in_(over),)


def _to_complete(desk: Desk) -> Iterator[WorkItem]:
    """What is still missing stands on the batch's page."""
    if not desk.actor.may(_P.INDUSTRY_EDIT):
        return
    for state in TO_COMPLETE:
        yield from _batches(desk, f"industry_{state.value}", col(IndustryBatch.state) == state)


def _batches(desk: Desk, kind: str, *conditions: ColumnElement[bool]) -> Iterator[WorkItem]:
    with desk.begin(_P.INDUSTRY_READ) as work:
        rows = soonest(work, IndustryBatch, *conditions)
    for row_id, number, due, _ in rows:
        yield WorkItem(kind, number, due_state(due, desk.now()), "industry", row_id, due)


INDUSTRY_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _to_look,
    _to_act_on,
    _to_assess,
    _to_reassess,
    _unfit,
    _to_complete,
    waiting_accountable,
    waiting_downstream,
    waiting_orders,
    waiting_retirement,
)
