"""Orders for industry cards to look at, and what about them waits for whom."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast
from sqlmodel import and_, col, or_

from console.actions.audit import history
from console.actions.cards.industry.ordering import findings_of
from console.actions.cards.industry.soonest import soonest
from console.actions.waiting import WorkItem, due_state
from console.desk import PAGE, Desk, Order, Slice
from models.audit import AuditEntry
from models.cards.card_orders import (
    IN_FORCE,
    LIMITS_SERVICE,
    CardMeasure,
    CardOrder,
    OrderMove,
    OrderState,
)
from models.cards.industry import BatchState, IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cases.cases import Case
from models.permissions import Permission

_P: Final = Permission
_S: Final = OrderState
_PAGE: Final = "industry"
"""Orders stand on the page of their batch."""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order with what it rests on, and all that was done about it."""

    order: CardOrder
    batch: IndustryBatch
    findings: Sequence[UsageFinding]
    case: Case | None
    """None, too, where the actor may not know of it."""
    deeds: Sequence[AuditEntry]
    moves: Sequence[OrderMove]


@dataclass(frozen=True, slots=True)
class OrderFilters:
    state: OrderState | None = None
    measure: CardMeasure | None = None
    batch_id: UUID | str | None = None
    overdue: bool = False


EVERY: Final = OrderFilters()


def find_orders(
    desk: Desk, filters: OrderFilters = EVERY, after: str | None = None, limit: int = PAGE
) -> Slice[CardOrder]:
    """One screen, newest first."""
    with desk.begin(_P.INDUSTRY_READ) as work:
        query = work.select(CardOrder)
        if filters.state is not None:
            query = query.where(CardOrder.state == filters.state)
        if filters.measure is not None:
            query = query.where(CardOrder.measure == filters.measure)
        if filters.batch_id is not None:
            query = query.where(CardOrder.batch_id == work.get(IndustryBatch, filters.batch_id).id)
        if filters.overdue:
            query = query.where(col(CardOrder.due_at) <= work.at)
        return work.slice(query, Order.by(CardOrder.id), after, limit)


def order_record(desk: Desk, order_id: UUID | str) -> OrderRecord:
    with desk.begin(_P.INDUSTRY_READ) as work:
        order = work.get(CardOrder, order_id)
        batch = work.session.get_one(IndustryBatch, order.batch_id)
        case = work.session.exec(work.select(Case).where(Case.id == order.case_id)).first()
        found = findings_of(work, order)
        return OrderRecord(order, batch, found, case, history(work, order), order.open_moves())


def grounds_of(desk: Desk, orders: Sequence[CardOrder], most: int) -> Mapping[str, str]:
    """The numbers of the findings that orders rest on, by id; of each order the first `most`."""
    wanted = {UUID(one) for order in orders for one in order.finding_ids[:most]}
    with desk.begin(_P.INDUSTRY_READ) as work:
        found = work.all(work.select(UsageFinding).where(col(UsageFinding.id).in_(wanted)))
        return {str(one.id): one.number for one in found}


def waiting_orders(desk: Desk) -> Iterator[WorkItem]:
    """To tell, to set on the network, to put on again; appeals to decide; batches to verify."""
    if desk.actor.may(_P.CARD_ORDER):
        for kind, condition in _STEPS.items():
            yield from _orders(desk, kind, condition())
    if desk.actor.may(_P.APPEAL_DECIDE) and desk.actor.may(_P.INDUSTRY_READ):
        another = col(CardOrder.ordered_by).is_distinct_from(desk.actor.id)
        yield from _orders(desk, "card_order_appeal", col(CardOrder.state) == _S.APPEALED, another)
    if desk.actor.may(_P.INDUSTRY_EDIT):
        yield from _restricted(desk)


def _to_do() -> ColumnElement[bool]:
    """In force, and not done: such an order has a moment, and is found by it among the others."""
    return and_(col(CardOrder.state).in_(IN_FORCE), col(CardOrder.due_at).is_not(None))


def _to_tell() -> ColumnElement[bool]:
    return and_(_to_do(), col(CardOrder.told_at).is_(None))


def _to_carry_out() -> ColumnElement[bool]:
    """On the network; a whole batch is verified again on its own page."""
    of_cards = and_(
        col(CardOrder.measure) == CardMeasure.REVERIFY, cast(col(CardOrder.cards), String) != "[]"
    )
    return and_(
        _to_do(),
        col(CardOrder.carried_out_at).is_(None),
        or_(col(CardOrder.measure).in_(LIMITS_SERVICE), of_cards),
    )


def _to_restore() -> ColumnElement[bool]:
    return and_(col(CardOrder.state) == _S.LIFTED, col(CardOrder.due_at).is_not(None))


_STEPS: Final[dict[str, Callable[[], ColumnElement[bool]]]] = {
    "card_order_tell": _to_tell,
    "card_order_carry_out": _to_carry_out,
    "card_order_restore": _to_restore,
}


def _orders(desk: Desk, kind: str, *conditions: ColumnElement[bool]) -> Iterator[WorkItem]:
    with desk.begin(_P.INDUSTRY_READ) as work:
        rows = soonest(work, CardOrder, *conditions)
    for _, number, due, batch_id in rows:
        yield WorkItem(kind, number, due_state(due, desk.now()), _PAGE, batch_id, due)


def _restricted(desk: Desk) -> Iterator[WorkItem]:
    with desk.begin(_P.INDUSTRY_READ) as work:
        rows = soonest(work, IndustryBatch, col(IndustryBatch.state) == BatchState.RESTRICTED)
    for row_id, number, due, _ in rows:
        state = due_state(due, desk.now())
        yield WorkItem("industry_reverify", number, state, _PAGE, row_id, due)
