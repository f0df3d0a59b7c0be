"""Which cards a batch has: what of them is in a batch already, how they are kept and taken out.

Cards come by file (console/actions/imports/industry_cards.py). A card is in one batch of all.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, cast
from uuid import UUID

from sqlalchemy import bindparam, delete, func, inspect, update
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlalchemy.sql.schema import Table as Columns
from sqlmodel import col, select

from console.actions.cards.industry.files import held_batch, written
from console.actions.cards.places import numbers_table
from console.actions.channel.numbers import next_numbers
from console.actions.imports.bulk import insert_rows
from console.desk import Desk, Work
from models.base import new_ids
from models.cards.industry import BEFORE_USE, IndustryBatch
from models.cards.numbers import CardFault, CardRange, card_of, range_of
from models.cards.ranges import DeviceLock, IndustryRange
from models.cards.users import CardUser, UnattributedRange
from models.permissions import Permission
from models.refusals import Conflict, Invalid

_AT_ONCE: Final = 1_000
Ends = tuple[int, int]
"""The first and the last of cards that follow each other, as `card_number` counts."""


class Held(NamedTuple):
    """A range of some batch."""

    id: UUID
    first: int
    last: int
    batch_id: UUID


def hold_all_cards(work: Work) -> None:
    """Whoever gives cards to batches waits for whoever else does: no card gets into two."""
    next_numbers(work, "industry_cards")


def nearest(work: Work, numbers: Iterable[int]) -> Mapping[int, Held]:
    """For each number the range that begins there or nearest below it, of whatever batch.

    Ranges don't overlap: it is the only one that may hold the number. No scope is applied: what is
    found is shown to nobody before it is known whose it is.
    """
    wanted = sorted(set(numbers))
    found: dict[int, Held] = {}
    near = aliased(IndustryRange)
    for at in range(0, len(wanted), _AT_ONCE):
        given = numbers_table(work, wanted[at : at + _AT_ONCE])
        below = (
            select(near.id)
            .where(col(near.first) <= given.c.value)
            .order_by(col(near.first).desc())
            .limit(1)
            .scalar_subquery()
        )
        columns = (given.c.value, *(col(getattr(IndustryRange, name)) for name in Held._fields))
        held = select_columns(*columns).join(IndustryRange, col(IndustryRange.id) == below)
        for number, *row in work.session.connection().execute(held).all():
            found[int(number)] = Held(*row)
    return found


def clashes(work: Work, wanted: Sequence[Ends]) -> Mapping[int, UUID]:
    """By its place in `wanted` the batch that has cards of the range already.

    Asked for whole runs of cards first: a file usually names cards that follow each other.
    """
    runs: list[tuple[int, int, list[int]]] = []
    for at in sorted(range(len(wanted)), key=wanted.__getitem__):
        first, last = wanted[at]
        if runs and first <= runs[-1][1] + 1:
            begin, end, places = runs[-1]
            places.append(at)
            runs[-1] = (begin, max(end, last), places)
        else:
            runs.append((first, last, [at]))
    below = nearest(work, [last for _, last, _ in runs])
    near = [at for first, last, places in runs if _holds(below, (first, last)) for at in places]
    below = nearest(work, [wanted[at][1] for at in near])
    return {at: below[wanted[at][1]].batch_id for at in near if _holds(below, wanted[at])}


def _holds(below: Mapping[int, Held], ends: Ends) -> bool:
    first, last = ends
    return last in below and below[last].last >= first


def put_cards(work: Work, batch: IndustryBatch, new: Sequence[Ends]) -> None:
    """Keep cards that are in no batch yet, in as few ranges as hold them.

    A range that begins where one of the batch ends, or the other way round, is one with it.
    """
    batch.cards += _cards(new)
    batch.version += 1
    runs = merged(new)
    beside = nearest(work, [end for first, last in runs for end in (first - 1, last + 1)])
    touching: dict[UUID, Held] = {}
    for first, last in runs:
        before, after = beside.get(first - 1), beside.get(last + 1)
        if before and before.batch_id == batch.id and before.last == first - 1:
            touching[before.id] = before
        if after and after.batch_id == batch.id and after.first == last + 1:
            touching[after.id] = after
    old = sorted(touching.values(), key=lambda one: one.first)
    _replace(work, batch, old, merged([*runs, *((one.first, one.last) for one in old)]))


def _cards(ranges: Iterable[Ends]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def merged(ranges: Iterable[Ends]) -> list[Ends]:
    """In order; those that follow each other without a gap are one."""
    found: list[Ends] = []
    for first, last in sorted(ranges):
        if found and first == found[-1][1] + 1:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def _replace(work: Work, batch: IndustryBatch, old: Sequence[Held], whole: Sequence[Ends]) -> None:
    """Put `whole` in the place of the ranges `old`, which lie within or beside it."""
    ids = {one.first: one.id for one in old}
    new = [ends for ends in whole if ends[0] not in ids]
    grown = [(ids.pop(first), last) for first, last in whole if first in ids]
    columns = cast("Columns", inspect(IndustryRange).local_table)
    connection = work.session.connection()
    if ids:
        connection.execute(
            delete(columns).where(columns.c.id == bindparam("row")),
            [{"row": one} for one in ids.values()],
        )
    if grown:
        connection.execute(
            update(columns).where(columns.c.id == bindparam("row")).values(last=bindparam("end")),
            [{"row": row, "end": last} for row, last in grown],
        )
    rows = [(row, *ends) for row, ends in zip(new_ids(len(new)), new, strict=True)]
    same = {"batch_id": batch.id, "carrier_id": batch.carrier_id}
    insert_rows(work, IndustryRange, same, ("id", "first", "last"), rows)


def remove_cards(  # noqa: PLR0913 - cards, and why
    desk: Desk,
    batch_id: UUID | str,
    first: str,
    last: str = "",
    *,
    reason: str,
    version: int | None = None,
) -> IndustryBatch:
    """Take cards out of a batch that is not in use yet: one, or all from one to another."""
    ends = cards_named(first, last or first)
    why = written(desk, "reason", reason, 500)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        hold_all_cards(work)
        batch = held_batch(work, batch_id, version)
        must_be_before_use(batch)
        held = overlapping(work, batch, ends)
        inside = [(max(one.first, ends.first), min(one.last, ends.last)) for one in held]
        if _cards(inside) != ends.cards:
            missing = ends.cards - _cards(inside)
            raise Conflict("industry.cards_not_inside", number=batch.number, n=missing)
        _must_be_nobodys(work, batch, ends)
        left = [(one.first, ends.first - 1) for one in held if one.first < ends.first]
        left += [(ends.last + 1, one.last) for one in held if one.last > ends.last]
        _replace(work, batch, held, left)
        work.session.exec(
            delete(DeviceLock).where(
                col(DeviceLock.batch_id) == batch.id,
                col(DeviceLock.card).between(ends.first, ends.last),
            )
        )
        batch.cards -= ends.cards
        batch.version += 1
        facts = {"first": first.strip(), "last": (last or first).strip(), "cards": ends.cards}
        work.record("industry.cards_removed", batch, reason=why, **facts)
        return batch


def must_be_before_use(batch: IndustryBatch) -> None:
    if batch.state not in BEFORE_USE:
        raise Conflict("industry.cards_fixed", number=batch.number, state=batch.state)


def cards_named(first: str, last: str) -> CardRange:
    cards = [card_of(one) for one in (first, last)]
    for card, text in zip(cards, (first, last), strict=True):
        if isinstance(card, CardFault):
            raise Invalid("stock.no_iccid", value=text.strip()[:40])
    begin, end = (one for one in cards if not isinstance(one, CardFault))
    found = range_of(begin, end)
    if isinstance(found, CardFault):
        raise Invalid("industry.bad_range", first=begin.text, last=end.text, fault=found)
    return found


def overlapping(work: Work, batch: IndustryBatch, ends: CardRange) -> Sequence[Held]:
    rows = work.session.exec(
        select(IndustryRange)
        .where(IndustryRange.batch_id == batch.id)
        .where(col(IndustryRange.first) <= ends.last, col(IndustryRange.last) >= ends.first)
        .order_by(col(IndustryRange.first))
    ).all()
    return [Held(one.id, one.first, one.last, one.batch_id) for one in rows]


def _must_be_nobodys(work: Work, batch: IndustryBatch, ends: CardRange) -> None:
    """No user is registered for them, and no mark says why there is none."""
    users = work.session.exec(
        select(func.count())
        .select_from(CardUser)
        .where(CardUser.batch_id == batch.id, col(CardUser.is_open).is_(True))
        .where(col(CardUser.card).between(ends.first, ends.last))
    ).one()
    marks = work.session.exec(
        select(func.count())
        .select_from(UnattributedRange)
        .where(UnattributedRange.batch_id == batch.id)
        .where(col(UnattributedRange.first) <= ends.last, col(UnattributedRange.last) >= ends.first)
    ).one()
    if users or marks:
        raise Conflict("industry.cards_attributed", number=batch.number, users=users, marks=marks)
