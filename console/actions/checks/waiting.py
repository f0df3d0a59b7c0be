"""What of test purchases, offers of industry cards and spot checks waits for the actor."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import aliased
from sqlmodel import col, exists, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.checks.spot_moves import is_follow_up_open, is_open
from console.actions.waiting import Shown, WorkItem, WorkState, due_state, items, only
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
_FINDING: Final = Shown("findings", Finding.id, Finding.number)
_CHECK: Final = Shown("spot_checks", SpotCheck.id, SpotCheck.number)
_LATER: Final = aliased(SpotCheck)
_REVIEWED: Final = (
    SpotCheck.id, SpotCheck.number, SpotCheck.review_due_at, SpotCheck.assignee_id,
    SpotCheck.submitted_by, SpotCheck.followed_up_by, SpotCheck.result, SpotCheck.service_refused,
)  # fmt: skip
_AGAIN: Final = replace(_CHECK, due=SpotCheck.recheck_due_at)
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
        query = (
            work.select(TestPurchase)
            .where(col(TestPurchase.carrier_id).in_(desk.actor.carriers))
            .where(col(TestPurchase.state).in_(mine))
            .order_by(col(TestPurchase.id))
        )
        by = TestPurchase.id, TestPurchase.number, TestPurchase.state, TestPurchase.planned_by
        rows = only(work, query, *by)
    for row_id, number, stands, planned_by in rows:
        is_own = stands is PurchaseState.PLANNED and planned_by == desk.actor.id
        if not is_own:
            kind, _ = _NEXT[stands]
            yield WorkItem(kind, number, WorkState.WAITING, "test_purchases", row_id)


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
        found = (
            work.select(Finding)
            .where(col(Finding.id).in_(suggested))
            .order_by(col(Finding.created_at), col(Finding.id))
        )
        yield from items(work, found, "offer_judge", _FINDING)


def waiting_plans(desk: Desk) -> Iterator[WorkItem]:
    """Checks that nobody has been given, and those that could not tell and are to be repeated."""
    if not desk.actor.may(Permission.SPOT_CHECK_PLAN):
        return
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        yield from items(work, _own(work, CheckState.PLANNED), "spot_assign", _CHECK)
        repeated = exists().where(col(_LATER.previous_id) == col(SpotCheck.id))
        unclear = _own(work, *_UNCLEAR).where(SpotCheck.verdict == Verdict.INCONCLUSIVE, ~repeated)
        yield from items(work, unclear, "spot_repeat", _AGAIN)


def waiting_checks(desk: Desk) -> Iterator[WorkItem]:
    """What somebody was given: to go and read, to send in, to say whether service was refused."""
    if not desk.actor.may(Permission.SPOT_CHECK_DO):
        return
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        mine = col(SpotCheck.assignee_id) == desk.actor.id
        given = _own(work, CheckState.ASSIGNED, CheckState.READING).where(mine)
        by = SpotCheck.state, SpotCheck.session_until, SpotCheck.planned_for
        for row in only(work, given, SpotCheck.id, SpotCheck.number, *by):
            yield _to_do(row, work.at)
        asked = (
            _own(work, CheckState.ABORTED)
            .where(mine, col(SpotCheck.result).is_not(None))
            .where(col(SpotCheck.service_refused).is_(None))
        )
        yield from items(work, asked, "spot_follow_up", _CHECK)


def _to_do(row: Any, at: datetime) -> WorkItem:  # noqa: ANN401 - some columns of a check
    if row.state is CheckState.READING:
        kind, is_late = "spot_submit", not is_open(row, at)
    else:
        kind, is_late = "spot_do", row.planned_for is not None and row.planned_for < china_day(at)
    state = WorkState.OVERDUE if is_late else WorkState.WAITING
    return WorkItem(kind, row.number, state, "spot_checks", row.id)


def waiting_reviews(desk: Desk) -> Iterator[WorkItem]:
    """Checks that others have done; not those of which a question is still open."""
    if not desk.actor.may(Permission.SPOT_CHECK_REVIEW):
        return
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        rows = only(work, _own(work, *_TO_REVIEW), *_REVIEWED)
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
        query = (
            work.select(ReaderDevice)
            .where(col(ReaderDevice.organisation_id).in_(desk.actor.organisations))
            .where(col(ReaderDevice.state).in_(_DEVICE_NEXT))
            .order_by(col(ReaderDevice.id))
        )
        by = ReaderDevice.number, ReaderDevice.host, ReaderDevice.holder_id, ReaderDevice.asked_by
        rows = only(work, query, ReaderDevice.id, ReaderDevice.state, *by)
    for row in rows:
        is_pending = row.state is DeviceState.PENDING
        theirs = {row.holder_id, row.asked_by} if is_pending else {row.holder_id}
        if desk.actor.id not in theirs:
            kind, title = _DEVICE_NEXT[row.state], f"{row.number} {row.host}"
            yield WorkItem(kind, title, WorkState.WAITING, "devices", row.id)


def _own(work: Work, *states: CheckState) -> SelectOfScalar[SpotCheck]:
    """The oldest first, by their moment: by their ids SQLite would walk through all there are."""
    return (
        work.select(SpotCheck)
        .where(col(SpotCheck.carrier_id).in_(work.actor.carriers))
        .where(col(SpotCheck.state).in_(states))
        .order_by(col(SpotCheck.created_at), col(SpotCheck.id))
    )


CHECK_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    waiting_purchases,
    waiting_offers,
    waiting_plans,
    waiting_checks,
    waiting_reviews,
    waiting_devices,
)
