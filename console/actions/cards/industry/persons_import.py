"""Persons come in: from an encrypted file, or from a reader. There is no third way (004-2.1-c).

A file is opened in memory and nowhere kept, for its key would open again whom the house has
forgotten: its digest is on record. What can't be taken is told row by row; what can is kept batch
by batch, and a file that is brought again does nothing again.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from console.actions.batches import AT_ONCE
from console.actions.brought import nobodys_name
from console.actions.cards.industry.accountable import take_persons
from console.actions.cards.industry.brought import BroughtPerson, Outcome, RefusedRow, RowReason
from console.actions.cards.industry.files import held_batch
from console.actions.cards.industry.users import take_users
from console.actions.cards.persons import SealedRow, hold_persons, persons_of, seal_persons
from console.desk import Desk, Work
from models.audit import AuditEntry
from models.base import new_ids
from models.cards.accountable import AccountablePerson
from models.cards.industry import IndustryBatch
from models.cards.numbers import card_number
from models.cards.persons import (
    CaptureMethod,
    PersonFault,
    PersonReason,
    PersonRole,
    PersonRow,
)
from models.cards.users import CardUser
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import china_day

Take = Callable[[Work, IndustryBatch, Sequence[BroughtPerson]], Outcome]
_KEPT_AS: Final[dict[PersonRole, tuple[type[SealedRow], Take]]] = {
    PersonRole.ACCOUNTABLE_PERSON: (AccountablePerson, take_persons),
    PersonRole.CARD_USER: (CardUser, take_users),
}
_TRIES: Final = 20
"""Each time somebody else was faster one of a person's few places was filled."""
_ROWS_ON_RECORD: Final = 100
MOST_BATCHES: Final = 1_000
"""Of a file: each is held by itself, so more of them is no file but a load."""


@dataclass(frozen=True, slots=True)
class PersonImport:
    """What became of a file, to be shown to who brought it."""

    file_name: str
    sha256: str
    rows: int
    persons: int
    users: int
    unchanged: int
    refused: Sequence[RefusedRow]

    @property
    def by_hand(self) -> Sequence[int]:
        """Rows of people whose numbers somebody has typed."""
        return [one.row for one in self.refused if one.reason is PersonReason.MANUAL_ENTRY]


def import_persons(desk: Desk, file_name: str, content: bytes) -> PersonImport:
    """Register all persons of a file that was encrypted for this house, who can be."""
    desk.must(Permission.PERSON_IMPORT)
    sha256 = hashlib.sha256(content).hexdigest()
    outcome, read, rows = Outcome(), 0, dict[str, list[PersonRow]]()
    for one in _cards_once(persons_of(desk, content)):
        read += 1
        if isinstance(one, PersonRow):
            rows.setdefault(one.batch.upper(), []).append(one)
        else:
            outcome.refused.append(one)
    if len(rows) > MOST_BATCHES:
        raise Invalid("persons.too_many_batches", n=len(rows), most=MOST_BATCHES)
    try:
        for number, persons in rows.items():
            outcome.add(_of_batch(desk, number, persons))
    finally:  # what was kept before something broke is on record as well
        done = PersonImport(
            nobodys_name(file_name, china_day(desk.now())),
            sha256,
            read,
            outcome.persons,
            outcome.users,
            outcome.unchanged,
            sorted(outcome.refused, key=lambda one: one.row),
        )
        _record(desk, done)
    return done


def register_read(
    desk: Desk, batch_id: UUID | str, person: PersonRow
) -> AccountablePerson | CardUser:
    """Register whom a reader has read, as its agent hands them over: never typed."""
    if person.verified_how is not CaptureMethod.ID_READER:
        raise Invalid("industry.not_read", how=person.verified_how)
    desk.must(Permission.PERSON_IMPORT)
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
    if person.batch.upper() != batch.number:
        raise Invalid("industry.other_batch", number=batch.number)
    table, _ = _KEPT_AS[person.role]
    (one,) = _sealed(desk, batch, person.role, [person])
    outcome = _kept(desk, batch, person.role, [one])
    if outcome.refused:
        refused = outcome.refused[0]
        facts = {"mask": "-", "limit": "-", **refused.facts, "number": batch.number}
        raise Conflict("industry.person_not_taken", why=refused.reason, **facts)
    if outcome.unchanged:
        raise Conflict("industry.registered_already", number=batch.number)
    with desk.begin(Permission.INDUSTRY_READ) as work:
        return work.get(table, one.id)


def _cards_once(
    rows: Iterator[PersonRow | PersonFault],
) -> Iterator[PersonRow | RefusedRow]:
    """A card is named once in a file, or nobody could say whose it is in the end."""
    seen: set[int] = set()
    for one in rows:
        if isinstance(one, PersonFault):
            yield RefusedRow(one.row, one.field, one.reason, {})
            continue
        card = _card(one)
        if card is not None and card in seen:
            yield RefusedRow(one.row, "iccid", RowReason.CARD_TWICE, {})
            continue
        if card is not None:
            seen.add(card)
        yield one


def _of_batch(desk: Desk, number: str, persons: Sequence[PersonRow]) -> Outcome:
    """Who answers first, all at once; then users, in the order of their cards."""
    batch = _named(desk, number)
    if batch is None:
        refused = [RefusedRow(one.row, "batch", RowReason.NO_BATCH, {}) for one in persons]
        return Outcome(refused=refused)
    by_role: dict[PersonRole, list[PersonRow]] = defaultdict(list)
    for one in persons:
        by_role[one.role].append(one)
    outcome = Outcome()
    answering = by_role[PersonRole.ACCOUNTABLE_PERSON]
    users = sorted(by_role[PersonRole.CARD_USER], key=lambda one: _card(one) or 0)
    chunks = [answering, *(users[at : at + AT_ONCE] for at in range(0, len(users), AT_ONCE))]
    for chunk in filter(None, chunks):
        role = chunk[0].role
        outcome.add(_kept(desk, batch, role, _sealed(desk, batch, role, chunk)))
    return outcome


def _card(person: PersonRow) -> int | None:
    return card_number(person.iccid[:19]) if person.iccid else None


def _named(desk: Desk, number: str) -> IndustryBatch | None:
    """The carrier's own batch of that number; of another one nothing is said."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = work.select(IndustryBatch).where(IndustryBatch.number == number)
        found = work.session.exec(query).first()
    if found is None or desk.actor.is_house or found.carrier_id in desk.actor.carriers:
        return found
    return None


def _sealed(
    desk: Desk, batch: IndustryBatch, role: PersonRole, persons: Sequence[PersonRow]
) -> Sequence[BroughtPerson]:
    """Outside of any transaction: keys are written here."""
    table, _ = _KEPT_AS[role]
    rows = list(zip(new_ids(len(persons)), persons, strict=True))
    sealed = seal_persons(desk, batch.carrier_id, table, rows)
    return [
        BroughtPerson(row_id, person, one)
        for (row_id, person), one in zip(rows, sealed, strict=True)
    ]


def _kept(
    desk: Desk, batch: IndustryBatch, role: PersonRole, brought: Sequence[BroughtPerson]
) -> Outcome:
    """One transaction; where somebody was faster all is looked at anew."""
    _, take = _KEPT_AS[role]
    for left in reversed(range(_TRIES)):
        try:
            with replace(desk, once=None).begin(Permission.PERSON_IMPORT) as work:
                kept = held_batch(work, batch.id, None)
                hold_persons(
                    desk, work, kept.carrier_id, {one.sealed.subject_id for one in brought}
                )
                return take(work, kept, brought)
        except Conflict as no:
            if no.code != "row.done_meanwhile" or not left:
                raise
    raise Conflict("row.done_meanwhile")


def _record(desk: Desk, done: PersonImport) -> None:
    """The file has no row of its own: the deed hangs on its digest."""
    reasons = Counter(f"{one.field}:{one.reason}" for one in done.refused)
    facts: dict[str, Any] = {
        "rows": done.rows,
        "persons": done.persons,
        "users": done.users,
        "unchanged": done.unchanged,
        "refused": dict(sorted(reasons.items())),
    }
    with desk.begin(Permission.PERSON_IMPORT) as work:
        work.add(_entry(work, "person.imported", done, facts))
        if typed := done.by_hand:
            told: dict[str, Any] = {"rows": typed[:_ROWS_ON_RECORD], "count": len(typed)}
            work.add(_entry(work, "person.manual_refused", done, told))


def _entry(work: Work, deed: str, done: PersonImport, facts: dict[str, Any]) -> AuditEntry:
    return AuditEntry.of(
        at=work.at,
        actor=work.actor,
        deed=deed,
        kind="PersonFile",
        id=done.sha256,
        name=done.file_name,
        province=None,
        facts=facts,
    )
