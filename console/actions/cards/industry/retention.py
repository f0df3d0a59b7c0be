"""The end of a batch, and of what is kept of people for it (iot_retention).

Nobody answers for an ended batch any more and nobody uses its cards. Their records stay for as long
as the rule says, and while an order, an appeal or a case of the batch is open; then they are
forgotten. A key is destroyed with the last record that it was made for.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CursorResult, delete, tuple_
from sqlmodel import col, select

from console.actions.batches import AT_ONCE
from console.actions.cards.industry.accountable import end_answering
from console.actions.cards.industry.files import last_day
from console.actions.cards.industry.settled import beyond_appeal_since, is_unsettled
from console.actions.cards.industry.soonest import soonest
from console.actions.cards.industry.users import end_users
from console.actions.cards.persons import SealedRow, forget_rows
from console.actions.deadlines import deadline
from console.actions.waiting import WorkItem, due_state
from console.desk import Desk, Work
from models.cards.accountable import AccountablePerson
from models.cards.industry import BatchState, IndustryBatch
from models.cards.monitoring import CardDay
from models.cards.users import CardUser
from models.permissions import Permission
from models.rules import china_day

_DAYS_AT_ONCE: Final = 5_000


def close_records(work: Work, batch: IndustryBatch) -> dict[str, Any]:
    """Close all that a batch which has just ended registered, now, and start its clock.

    The history stays: who answered on a day before is told as ever.
    """
    kept = deadline(work, "iot_retention")
    batch.keep_until, batch.rule_version = last_day(kept), kept.version
    persons = end_answering(work, batch)
    users = end_users(work, batch)
    return {"persons": persons, "users": users, "keep_until": batch.keep_until.isoformat()}


def sweep_shut_down(desk: Desk) -> int:
    """Say when those are to be retired (iot_retirement) of which nobody can appeal any more; and
    let those wait again about which something was opened since. How many.
    """
    shut = col(IndustryBatch.state) == BatchState.SHUT_DOWN
    waits, undue = col(IndustryBatch.due_at).is_(None), is_unsettled(col(IndustryBatch.id))
    with desk.begin(Permission.INDUSTRY_READ) as work:
        again = work.session.exec(select(IndustryBatch).where(shut, ~waits, undue)).all()
        fresh = work.session.exec(select(IndustryBatch).where(shut, waits, ~undue)).all()
        due = [one for one in fresh if beyond_appeal_since(work, one)]
    return sum(_set_retirement(desk, one.id) for one in (*again, *due))


def _set_retirement(desk: Desk, batch_id: UUID) -> int:
    """As it is now that the batch is held."""
    with desk.begin(Permission.SWEEP) as work:
        batch = work.get(IndustryBatch, batch_id)
        since = beyond_appeal_since(work, batch)
        if batch.state is not BatchState.SHUT_DOWN or (since is None) is (batch.due_at is None):
            work.no_deed()
            return 0
        batch.is_late = False
        if since is None:
            batch.due_at = None
            work.record("industry.retirement_waits", batch)
            return 1
        due = deadline(work, "iot_retirement", since)
        batch.due_at, batch.rule_version = due.at, due.version
        work.record("industry.retirement_due", batch, due_at=due.at.isoformat(), rule=due.version)
        return 1


def waiting_retirement(desk: Desk) -> Iterator[WorkItem]:
    """Batches that were shut down for good: their cards are to be counted."""
    if not desk.actor.may(Permission.INDUSTRY_EDIT):
        return
    with desk.begin(Permission.INDUSTRY_READ) as work:
        rows = soonest(
            work,
            IndustryBatch,
            col(IndustryBatch.state) == BatchState.SHUT_DOWN,
            col(IndustryBatch.due_at).is_not(None),
        )
    for row_id, number, due, _ in rows:
        state = due_state(due, desk.now())
        yield WorkItem("industry_retire", number, state, "industry", row_id, due)


def sweep_retention(desk: Desk) -> int:
    """Forget the people of batches whose time of keeping is over; how many records.

    In portions, each on record; broken off, it goes on where it was. What is open holds it back.
    """
    with desk.begin(Permission.INDUSTRY_READ) as work:
        over = work.session.exec(
            select(IndustryBatch.id)
            .where(col(IndustryBatch.keep_until) < china_day(work.at))
            .where(~is_unsettled(col(IndustryBatch.id)))
        ).all()
    return sum(_forget_batch(desk, one) for one in over)


def _forget_batch(desk: Desk, batch_id: UUID) -> int:
    done = 0
    while True:
        with desk.begin(Permission.SWEEP) as work:
            batch = work.get(IndustryBatch, batch_id)
            is_open = work.session.exec(select(is_unsettled(batch.id))).one()
            if batch.keep_until is None or is_open:  # done by another sweep, or held since
                work.no_deed()
                return done
            found, is_all = _forget_some(desk, work, batch)
        done += found
        if is_all:
            return done


def _forget_some(desk: Desk, work: Work, batch: IndustryBatch) -> tuple[int, bool]:
    """How many records, and whether they were the last: the batch's date goes with them."""
    persons = _rows(work, AccountablePerson, batch, AT_ONCE)
    users = _rows(work, CardUser, batch, AT_ONCE - len(persons))
    days = delete_days(work, batch)
    found = len(persons) + len(users)
    is_all = found < AT_ONCE and days < _DAYS_AT_ONCE
    if is_all:
        batch.keep_until = None
        batch.version += 1
    request = f"{batch.number}/{batch.rule_version}"
    keys = forget_rows(desk, work, batch.carrier_id, [*persons, *users], request)
    work.record(
        "industry.persons_erased", batch, persons=len(persons), users=len(users), keys=keys,
        days=days, request=request,
    )  # fmt: skip
    return found, is_all


def _rows(work: Work, table: type[SealedRow], batch: IndustryBatch, limit: int) -> list[SealedRow]:
    kept = select(table).where(col(table.batch_id) == batch.id, col(table.document_sealed) != b"")
    return list(work.session.exec(kept.limit(limit)).all())


def delete_days(work: Work, batch: IndustryBatch, until: date | None = None) -> int:
    """Some thousand of its cards under watch: what one card did is told of its user.

    All of them, or those up to a last day.
    """
    key = col(CardDay.card), col(CardDay.day)
    of_batch = [CardDay.batch_id == batch.id, *([] if until is None else [CardDay.day <= until])]
    some = select(*key).where(*of_batch).limit(_DAYS_AT_ONCE)
    gone: CursorResult[Any] = work.session.exec(delete(CardDay).where(tuple_(*key).in_(some)))
    return gone.rowcount
