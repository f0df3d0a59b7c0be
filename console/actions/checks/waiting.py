"""What of test purchases and of offers of industry cards waits for the actor."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sqlmodel import col, select

from console.actions.waiting import WorkItem, WorkState
from console.desk import Desk
from models.checks.test_purchases import (
    OfferLink,
    OfferLinkState,
    PurchaseState,
    TestPurchase,
)
from models.patrol.findings import Finding
from models.permissions import Permission

_NEXT: Final[Mapping[PurchaseState, tuple[str, Permission]]] = {
    PurchaseState.PLANNED: ("purchase_approve", Permission.TEST_PURCHASE_APPROVE),
    PurchaseState.APPROVED: ("purchase_order", Permission.TEST_PURCHASE_EDIT),
    PurchaseState.ORDERED: ("purchase_receive", Permission.TEST_PURCHASE_EDIT),
    PurchaseState.RECEIVED: ("purchase_close", Permission.TEST_PURCHASE_EDIT),
}
"""What the house waits for in a state, and who may do it."""


def waiting_purchases(desk: Desk) -> Iterator[WorkItem]:
    """Each at its next step; nobody approves what they planned."""
    mine = [state for state, (_, needed) in _NEXT.items() if desk.actor.may(needed)]
    if not mine:
        return
    with desk.begin(Permission.STOCK_READ) as work:
        rows = work.all(
            work.select(TestPurchase)
            .where(col(TestPurchase.carrier_id).in_(desk.actor.carriers))
            .where(col(TestPurchase.state).in_(mine))
            .order_by(col(TestPurchase.id))
        )
    for row in rows:
        is_own = row.state is PurchaseState.PLANNED and row.planned_by == desk.actor.id
        if not is_own:
            title = row.number
            yield WorkItem(_NEXT[row.state][0], title, WorkState.WAITING, "test_purchases", row.id)


def waiting_offers(desk: Desk) -> Iterator[WorkItem]:
    """Offers that may be of a batch, for a person to say."""
    if not desk.actor.may(Permission.USAGE_JUDGE):
        return
    with desk.begin(Permission.FINDING_READ) as work:
        suggested = (
            select(OfferLink.finding_id)
            .where(OfferLink.state == OfferLinkState.SUGGESTED)
            .where(col(OfferLink.carrier_id).in_(desk.actor.carriers))
        )
        rows = work.all(
            work.select(Finding).where(col(Finding.id).in_(suggested)).order_by(col(Finding.id))
        )
    for row in rows:
        yield WorkItem("offer_judge", row.number, WorkState.WAITING, "findings", row.id)


CHECK_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    waiting_purchases,
    waiting_offers,
)
