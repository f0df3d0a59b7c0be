"""Who answers for a batch's cards: its unit and persons of it, without a gap (004-2.3-e).

A record closes in the moment that another opens. A unit is named; persons come verified, from a
file or a reader (`persons_import`), and join those who answer already. After a change was announced
the next ones take the place of the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import col, or_

from console.actions.cards.industry.brought import BroughtPerson, Outcome, RowReason
from console.actions.cards.industry.files import held_batch, written
from console.actions.deadlines import deadline
from console.actions.waiting import Shown, WorkItem, items
from console.desk import Desk, Work
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.industry import ENDED, LIVE, BatchMove, IndustryBatch
from models.cards.purchasers import Purchaser
from models.formats import Fault, check_uscc
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound

MOST_PERSONS: Final = 20
"""Who answer for a batch at once."""
_CHANGE: Final = Shown(
    "industry", IndustryBatch.id, IndustryBatch.number, IndustryBatch.change_due_at
)


@dataclass(frozen=True, slots=True)
class Answering:
    """Who answers for a batch at one moment."""

    unit: AccountableUnit | None
    persons: Sequence[AccountablePerson]


def name_unit(  # noqa: PLR0913 - what names a unit
    desk: Desk,
    batch_id: UUID | str,
    *,
    name: str = "",
    uscc: str = "",
    reason: str = "",
    version: int | None = None,
) -> AccountableUnit:
    """The unit that answers, from this moment; the purchaser itself where no other is named.

    Persons of the unit before go on answering for a live batch until one of its own is registered,
    and until when that has to be; before that they answer for nothing.
    """
    is_other = bool(name.strip() or uscc.strip())
    called = written(desk, "unit_name", name, 200, needed=is_other)
    why = written(desk, "reason", reason, 500, needed=False)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = _held_going_on(work, batch_id, version)
        buyer = work.session.get_one(Purchaser, batch.purchaser_id)
        code = _uscc_of(uscc if is_other else buyer.uscc)
        before = work.session.get(AccountableUnit, batch.unit_id) if batch.unit_id else None
        if before is not None:
            _must_be_a_change(before, called or buyer.name, code, why)
        unit = AccountableUnit(
            batch_id=batch.id,
            name=called or buyer.name,
            uscc=code,
            since=_moment(work, before),
            reason=why,
            added_by=work.actor.id,
        )
        _put_in_place(work, batch, unit, before)
        facts = {"unit": unit.name, "uscc": unit.uscc, "reason": why}
        if before is None:
            work.record("accountable.unit_named", batch, **facts)
        else:
            work.record("accountable.unit_changed", batch, before=before.name, **facts)
        return unit


def announce_change(
    desk: Desk, batch_id: UUID | str, reason: str, version: int | None = None
) -> IndustryBatch:
    """Other persons are going to answer: due, until the first of them is registered."""
    why = written(desk, "reason", reason, 500)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = _held_going_on(work, batch_id, version)
        if batch.state not in LIVE:
            raise Conflict("industry.nobody_to_change", number=batch.number, state=batch.state)
        if batch.change_due_at is not None:
            raise Conflict("industry.change_announced", number=batch.number)
        _announce(work, batch, why)
        batch.version += 1
        return batch


def withdraw_change(
    desk: Desk, batch_id: UUID | str, reason: str, version: int | None = None
) -> IndustryBatch:
    """Those who answer stay; not where the unit is another already."""
    why = written(desk, "reason", reason, 500)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = _held_going_on(work, batch_id, version)
        if batch.change_due_at is None:
            raise Conflict("industry.no_change_announced", number=batch.number)
        if any(one.unit_id != batch.unit_id for one in _open_persons(work, batch)):
            raise Conflict("industry.unit_without_person", number=batch.number)
        batch.change_due_at, batch.change_reason = None, ""
        batch.version += 1
        work.record("accountable.change_withdrawn", batch, reason=why)
        return batch


def put_in_charge(
    desk: Desk, batch_id: UUID | str, person_id: UUID | str, version: int | None = None
) -> IndustryBatch:
    """Of several who answer, the one that the carrier turns to."""
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = _held_going_on(work, batch_id, version)
        person = _answering(_open_persons(work, batch), person_id)
        if batch.person_id == person.id:
            raise Conflict("industry.in_charge_already", number=batch.number)
        before, batch.person_id = batch.person_id, person.id
        _change(batch)
        work.record(
            "accountable.put_in_charge", batch, person=str(person.id), before=str(before or "")
        )
        return batch


def end_person(
    desk: Desk,
    batch_id: UUID | str,
    person_id: UUID | str,
    reason: str,
    version: int | None = None,
) -> AccountablePerson:
    """One of several answers no more; the last of a live batch stays until another is verified."""
    why = written(desk, "reason", reason, 500)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = _held_going_on(work, batch_id, version)
        answering = _open_persons(work, batch)
        person = _answering(answering, person_id)
        left = [one for one in answering if one.id != person.id]
        if not left and batch.state in LIVE:
            raise Conflict("industry.last_person", number=batch.number)
        if batch.person_id == person.id:
            own = [one for one in left if one.unit_id == batch.unit_id]
            batch.person_id = next((one.id for one in own or left), None)
        _close(work, [person], _moment(work, person))
        _change(batch)
        work.record("accountable.person_ended", batch, person=str(person.id), reason=why)
        return person


def end_answering(work: Work, batch: IndustryBatch) -> int:
    """Nobody answers for a batch that has just ended, from this moment; how many persons did."""
    unit = work.session.get(AccountableUnit, batch.unit_id) if batch.unit_id else None
    persons = _open_persons(work, batch)
    batch.unit_id = batch.person_id = None
    batch.change_due_at, batch.change_reason = None, ""
    moment = _moment(work, unit, *persons)
    _close(work, persons, moment)
    _close(work, [unit] if unit else [], moment)
    return len(persons)


def who_answered(desk: Desk, batch_id: UUID | str, at: datetime) -> Answering:
    """The unit and the persons in force at a moment, be it long ago."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        units = work.all(
            work.select(AccountableUnit).where(
                AccountableUnit.batch_id == batch.id,
                AccountableUnit.since <= at,
                or_(col(AccountableUnit.until).is_(None), col(AccountableUnit.until) > at),
            )
        )
        persons = work.all(
            work.select(AccountablePerson)
            .where(
                AccountablePerson.batch_id == batch.id,
                AccountablePerson.since <= at,
                or_(col(AccountablePerson.until).is_(None), col(AccountablePerson.until) > at),
            )
            .order_by(col(AccountablePerson.id))
        )
        return Answering(units[0] if units else None, persons)


def take_persons(work: Work, batch: IndustryBatch, brought: Sequence[BroughtPerson]) -> Outcome:
    """Register persons who answer, verified; the caller holds the batch.

    They join the others, or after a change was announced take their place. Somebody who answers
    already and was verified anew takes their own.
    """
    unit_id = batch.unit_id
    if batch.state in ENDED or unit_id is None:
        reason = RowReason.BATCH_ENDED if batch.state in ENDED else RowReason.NO_UNIT
        return Outcome(refused=[one.refused("batch", reason) for one in brought])
    fresh, outcome = _fresh(work, batch, brought)
    if not fresh:
        return outcome
    answering = _open_persons(work, batch)
    is_change = batch.change_due_at is not None and _names_others(fresh, answering, unit_id)
    ended = [
        one for one in answering if _gives_way(one, brought, fresh, unit_id if is_change else None)
    ]
    if len(answering) - len(ended) + len(fresh) > MOST_PERSONS:
        outcome.refused += [
            one.refused("batch", RowReason.TOO_MANY_PERSONS, limit=MOST_PERSONS) for one in fresh
        ]
        return outcome
    moment = _moment(work, *ended)
    reason = batch.change_reason if is_change else ""
    rows = [_person(work, batch, one, moment, reason) for one in fresh]
    _exchange(work, batch, rows, ended)
    if is_change:
        batch.change_due_at, batch.change_reason = None, ""
    _change(batch)
    work.record(
        "accountable.persons_registered",
        batch,
        persons=[str(one.id) for one in rows],
        how=sorted({one.verified_how for one in rows}),
        ended=[str(one.id) for one in ended],
    )
    outcome.persons = len(rows)
    return outcome


def _person(
    work: Work, batch: IndustryBatch, one: BroughtPerson, since: datetime, reason: str
) -> AccountablePerson:
    assert batch.unit_id is not None  # noqa: S101 - the caller looked
    return AccountablePerson(
        **one.sealed.columns,
        id=one.id,
        batch_id=batch.id,
        unit_id=batch.unit_id,
        position=one.person.position,
        since=since,
        reason=reason,
        added_by=work.actor.id,
    )


def waiting_accountable(desk: Desk) -> Iterator[WorkItem]:
    """Batches whose new persons are still to be registered."""
    if not desk.actor.may(Permission.INDUSTRY_EDIT):
        return
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = (
            work.select(IndustryBatch)
            .where(
                col(IndustryBatch.change_due_at).is_not(None),
                col(IndustryBatch.state).in_(LIVE),
                col(IndustryBatch.carrier_id).in_(work.actor.carriers),
            )
            .order_by(col(IndustryBatch.change_due_at))
        )
        yield from items(work, query, "accountable_change", _CHANGE)


def _held_going_on(work: Work, batch_id: UUID | str, version: int | None) -> IndustryBatch:
    batch = held_batch(work, batch_id, version)
    if batch.state in ENDED:
        raise Conflict("industry.batch_ended", number=batch.number, state=batch.state)
    return batch


def _uscc_of(text: str) -> str:
    checked = check_uscc(text)
    if isinstance(checked, Fault):
        raise Invalid("channel.bad_uscc", uscc=text.strip()[:40])
    return checked.code


def _must_be_a_change(before: AccountableUnit, name: str, code: str, why: str) -> None:
    if (before.name, before.uscc) == (name, code):
        raise Conflict("industry.same_unit", name=name)
    if not why:
        raise Invalid("channel.reason_needed")


def _put_in_place(
    work: Work, batch: IndustryBatch, unit: AccountableUnit, before: AccountableUnit | None
) -> None:
    """One unit at a time is open, so the old one closes first; the batch is held meanwhile, and the
    database looks at what it refers to when all is done.
    """
    persons = _open_persons(work, batch)
    if before is not None:
        _close(work, [before], unit.since)
    work.add(unit)
    work.session.flush()
    batch.unit_id = unit.id
    if persons and batch.state not in LIVE:
        batch.person_id = None
        _close(work, persons, _moment(work, *persons))
    elif persons and batch.change_due_at is None:
        _announce(work, batch, unit.reason)
    _change(batch)


def _announce(work: Work, batch: IndustryBatch, why: str) -> None:
    due = deadline(work, "iot_accountable_change")
    batch.change_due_at, batch.change_reason = due.at, why
    work.record(
        "accountable.change_announced",
        batch,
        reason=why,
        due_at=due.at.isoformat(),
        rule=due.version,
    )


def _fresh(
    work: Work, batch: IndustryBatch, brought: Sequence[BroughtPerson]
) -> tuple[list[BroughtPerson], Outcome]:
    """Those whose verification was not registered yet, and what becomes of the others."""
    query = work.select(AccountablePerson).where(AccountablePerson.batch_id == batch.id)
    known = {(one.document_index, one.verified_at): one for one in work.session.exec(query)}
    fresh: dict[bytes, BroughtPerson] = {}
    outcome = Outcome()
    for one in brought:
        index = one.sealed.document_index
        before = known.get((index, one.person.verified_at))
        if before is not None and before.is_open:
            outcome.unchanged += 1
        elif before is not None:
            outcome.refused.append(one.refused("verified_at", RowReason.VERIFICATION_ENDED))
        elif index in fresh:
            outcome.refused.append(one.refused("document_no", RowReason.PERSON_TWICE))
        else:
            fresh[index] = one
    return list(fresh.values()), outcome


def _names_others(
    fresh: Sequence[BroughtPerson], answering: Sequence[AccountablePerson], unit_id: UUID
) -> bool:
    """Whether one of them is not among the unit's own who answer already."""
    own = {one.document_index for one in answering if one.unit_id == unit_id}
    return any(one.sealed.document_index not in own for one in fresh)


def _gives_way(
    person: AccountablePerson,
    brought: Sequence[BroughtPerson],
    fresh: Sequence[BroughtPerson],
    changed_to: UUID | None,
) -> bool:
    """Who was verified anew; and in a change all who are not named, or are of another unit."""
    index = person.document_index
    if any(one.sealed.document_index == index for one in fresh):
        return True
    if changed_to is None:
        return False
    is_named = any(one.sealed.document_index == index for one in brought)
    return not is_named or person.unit_id != changed_to


def _exchange(
    work: Work,
    batch: IndustryBatch,
    rows: Sequence[AccountablePerson],
    ended: Sequence[AccountablePerson],
) -> None:
    """Open the new, let the batch name one of them if who is in charge goes, close the old."""
    work.session.add_all(rows)
    work.session.flush()
    going = next((one for one in ended if one.id == batch.person_id), None)
    if batch.person_id is None or going is not None:
        same = [one for one in rows if going and one.document_index == going.document_index]
        batch.person_id = (same or rows)[0].id
    _close(work, ended, rows[0].since)


def _close(
    work: Work, rows: Sequence[AccountableUnit] | Sequence[AccountablePerson], moment: datetime
) -> None:
    work.session.flush()
    for row in rows:
        row.is_open, row.until = False, moment
    work.session.flush()


def _moment(work: Work, *ended: AccountableUnit | AccountablePerson | None) -> datetime:
    """Now, and never before what ends now began: who waited for the batch began to act earlier."""
    return max(work.at, *(one.since for one in ended if one is not None), work.at)


def _open_persons(work: Work, batch: IndustryBatch) -> Sequence[AccountablePerson]:
    return work.session.exec(
        work.select(AccountablePerson)
        .where(AccountablePerson.batch_id == batch.id, col(AccountablePerson.is_open).is_(True))
        .order_by(col(AccountablePerson.id))
    ).all()


def _answering(answering: Sequence[AccountablePerson], person_id: UUID | str) -> AccountablePerson:
    found = next((one for one in answering if str(one.id) == str(person_id)), None)
    if found is None:
        raise NotFound("row.not_found", table=AccountablePerson.__name__)
    return found


def _change(batch: IndustryBatch) -> None:
    """A live batch makes the move of its table; what else is due of it stays as late as it is."""
    if batch.state not in LIVE:
        batch.version += 1
        return
    is_late = batch.is_late
    batch.move(BatchMove.CHANGE_ACCOUNTABLE)
    batch.is_late = is_late
