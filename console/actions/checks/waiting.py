"""What of test purchases, offers of industry cards and spot checks waits for the actor."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sqlalchemy.orm import aliased
from sqlmodel import col, exists, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.checks.spot_moves import is_follow_up_open, is_open
from console.actions.waiting import WorkItem, WorkState, due_state
from console.desk import Desk, Work
from models.checks.devices import DeviceState, ReaderDevice
from models.checks.spot_checks import CheckState, SpotCheck, Verdict
from models.checks.test_purchases import (
    OfferLink,
    OfferLinkState,
    PurchaseState,
    TestPurchase,
)
from models.patrol.findings import Finding
from models.permissions import Permission
from models.rules import china_day

_NEXT: Final[Mapping[PurchaseState, tuple[str, Permission]]] = {
    PurchaseState.PLANNED: ("purchase_approve", Permission.TEST_PURCHASE_APPROVE),
    PurchaseState.APPROVED: ("purchase_order", Permission.TEST_PURCHASE_EDIT),
    PurchaseState.ORDERED: ("purchase_receive", Permission.TEST_PURCHASE_EDIT),
    PurchaseState.RECEIVED: ("purchase_close", Permission.TEST_PURCHASE_EDIT),
}
"""What the house waits for in a state, and who may do it."""
_UNCLEAR: Final = (CheckState.INCONCLUSIVE, CheckState.CLOSED, CheckState.PURGED)
"""Where a check may stand that could not tell, and was not repeated."""
_TO_REVIEW: Final = (
    CheckState.PASSED,
    CheckState.FAILED,
    CheckState.INCONCLUSIVE,
    CheckState.ABORTED,
)
_DEVICE_NEXT: Final[Mapping[DeviceState, str]] = {
    DeviceState.PENDING: "device_approve",
    DeviceState.QUARANTINED: "device_reinstate",
}


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


def waiting_plans(desk: Desk) -> Iterator[WorkItem]:
    """Checks that nobody has been given, and those that could not tell and are to be repeated."""
    if not desk.actor.may(Permission.SPOT_CHECK_PLAN):
        return
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        planned = work.all(_own(work, CheckState.PLANNED))
        again = aliased(SpotCheck)
        repeated = exists().where(col(again.previous_id) == col(SpotCheck.id))
        unclear = work.all(
            _own(work, *_UNCLEAR)
            .where(col(SpotCheck.verdict) == Verdict.INCONCLUSIVE, ~repeated)
        )  # fmt: skip
    for row in planned:
        yield WorkItem("spot_assign", row.number, WorkState.WAITING, "spot_checks", row.id)
    for row in unclear:
        state = due_state(row.recheck_due_at, desk.now())
        yield WorkItem("spot_repeat", row.number, state, "spot_checks", row.id, row.recheck_due_at)


def waiting_checks(desk: Desk) -> Iterator[WorkItem]:
    """What somebody was given: to go and read, to send in, to say whether service was refused."""
    if not desk.actor.may(Permission.SPOT_CHECK_DO):
        return
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        mine = col(SpotCheck.assignee_id) == desk.actor.id
        rows = work.all(_own(work, CheckState.ASSIGNED, CheckState.READING).where(mine))
        asked = work.all(
            _own(work, CheckState.ABORTED)
            .where(mine, col(SpotCheck.result).is_not(None))
            .where(col(SpotCheck.service_refused).is_(None))
        )
    today = china_day(desk.now())
    for row in rows:
        if row.state is CheckState.READING:
            kind, is_late = "spot_submit", not is_open(row, desk.now())
        else:
            kind, is_late = "spot_do", row.planned_for is not None and row.planned_for < today
        state = WorkState.OVERDUE if is_late else WorkState.WAITING
        yield WorkItem(kind, row.number, state, "spot_checks", row.id)
    for row in asked:
        yield WorkItem("spot_follow_up", row.number, WorkState.WAITING, "spot_checks", row.id)


def waiting_reviews(desk: Desk) -> Iterator[WorkItem]:
    """Checks that others have done; not those of which a question is still open."""
    if not desk.actor.may(Permission.SPOT_CHECK_REVIEW):
        return
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        rows = work.all(_own(work, *_TO_REVIEW))
    for row in rows:
        is_own = desk.actor.id in {row.assignee_id, row.submitted_by, row.followed_up_by}
        if not is_own and not is_follow_up_open(row):
            state = due_state(row.review_due_at, desk.now())
            yield WorkItem(
                "spot_review", row.number, state, "spot_checks", row.id, row.review_due_at
            )


def waiting_devices(desk: Desk) -> Iterator[WorkItem]:
    """Laptops to be let in or back to work; nobody lets in what they hold or asked the code of."""
    if not desk.actor.may(Permission.DEVICE_APPROVE):
        return
    with desk.begin(Permission.DEVICE_READ) as work:
        rows = work.all(
            work.select(ReaderDevice)
            .where(col(ReaderDevice.organisation_id).in_(desk.actor.organisations))
            .where(col(ReaderDevice.state).in_(_DEVICE_NEXT))
            .order_by(col(ReaderDevice.id))
        )
    for row in rows:
        is_pending = row.state is DeviceState.PENDING
        theirs = {row.holder_id, row.asked_by} if is_pending else {row.holder_id}
        if desk.actor.id not in theirs:
            yield WorkItem(_DEVICE_NEXT[row.state], row.title, WorkState.WAITING, "devices", row.id)


def _own(work: Work, *states: CheckState) -> SelectOfScalar[SpotCheck]:
    return (
        work.select(SpotCheck)
        .where(col(SpotCheck.carrier_id).in_(work.actor.carriers))
        .where(col(SpotCheck.state).in_(states))
        .order_by(col(SpotCheck.id))
    )


CHECK_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    waiting_purchases,
    waiting_offers,
    waiting_plans,
    waiting_checks,
    waiting_reviews,
    waiting_devices,
)
