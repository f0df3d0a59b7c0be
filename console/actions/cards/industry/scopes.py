"""What the batches of a carrier may be used for, as monitoring compares it: rows, no objects."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from console.actions.channel.held import carrier_of
from console.desk import Desk, Work
from models.cards.classes import CardClass, Sms, Voice
from models.cards.industry import BatchState, IndustryBatch
from models.cards.monitoring import WatchEntry
from models.cards.ranges import DeviceLock, IndustryRange
from models.cards.scopes import CardScope
from models.cards.usage import MEGABYTE, BatchScope
from models.permissions import Permission
from models.rules import china_day
from models.staff import Organisation

IN_USE: Final = (BatchState.IN_USE, BatchState.RESTRICTED)
"""Cards of any other batch are not to be used at all: not yet, or no more."""
_AT_ONCE: Final = 5_000
_BATCH: Final[tuple[Any, ...]] = (
    IndustryBatch.number,
    IndustryBatch.card_class,
    IndustryBatch.state,
    CardScope.monthly_mb,
    CardScope.voice,
    CardScope.sms,
    CardScope.targets,
    CardScope.device_lock,
    CardScope.tacs,
    CardScope.regions,
)


@dataclass(frozen=True, slots=True)
class Watched:
    """What is under watch on a day."""

    batches: frozenset[str]
    """By their numbers."""
    cards: Mapping[int, UUID]
    """Single ones, as `card_number` counts, each with its batch."""


def usage_scopes(desk: Desk, carrier: str | None = None) -> Iterator[BatchScope]:
    """Scopes of all batches that have cards; `carrier` is a carrier's code, none: one's own."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        yield from scopes_of(work, carriers_of(work, carrier_of(work, carrier).id))


def device_locks(desk: Desk, carrier: str | None = None) -> Iterator[tuple[int, str]]:
    """Each locked card with the device that it may be used in."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        yield from locks_of(work, carriers_of(work, carrier_of(work, carrier).id))


def watched_cards(desk: Desk, carrier: str | None = None) -> Sequence[int]:
    """Single cards under watch today."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        return sorted(watched(work, carriers_of(work, carrier_of(work, carrier).id)).cards)


def carriers_of(work: Work, carrier_id: UUID) -> Sequence[UUID]:
    """The carrier and the provincial companies below it: a group's file has cards of all."""
    mine = or_(col(Organisation.id) == carrier_id, col(Organisation.parent_id) == carrier_id)
    return work.session.exec(select(Organisation.id).where(mine)).all()


def scopes_of(work: Work, carriers: Sequence[UUID]) -> Iterator[BatchScope]:
    ranges = _ranges(work, carriers)
    closely = watched(work, carriers).batches
    query = (
        select_columns(*_BATCH)
        .outerjoin(CardScope, col(CardScope.batch_id) == col(IndustryBatch.id))
        .where(col(IndustryBatch.carrier_id).in_(carriers))
    )
    for row in _rows(work, query):
        number = row.number
        if number in ranges:
            yield _scope(row, ranges.pop(number), is_watched=number in closely)


def _scope(row: Any, ranges: Sequence[tuple[int, int]], *, is_watched: bool) -> BatchScope:  # noqa: ANN401 - a row of `_BATCH`
    """A batch that has no scope yet may do nothing."""
    return BatchScope(
        batch=row.number,
        ranges=ranges,
        card_class=CardClass(row.card_class),
        is_active=row.state in IN_USE,
        monthly_bytes=None if row.monthly_mb is None else row.monthly_mb * MEGABYTE,
        voice=row.voice or Voice.OFF,
        sms=row.sms or Sms.OFF,
        targets=row.targets or None,
        device_lock=bool(row.device_lock),
        tacs=row.tacs or None,
        regions=row.regions or None,
        watched=is_watched,
    )


def locks_of(work: Work, carriers: Sequence[UUID]) -> Iterator[tuple[int, str]]:
    query = (
        select(DeviceLock.card, DeviceLock.device)
        .join(IndustryBatch, col(IndustryBatch.id) == col(DeviceLock.batch_id))
        .where(col(IndustryBatch.carrier_id).in_(carriers))
    )
    yield from _rows(work, query)


def watched(work: Work, carriers: Sequence[UUID]) -> Watched:
    rows = work.session.connection().execute(
        select(IndustryBatch.number, WatchEntry.card, WatchEntry.batch_id)
        .join(IndustryBatch, col(IndustryBatch.id) == col(WatchEntry.batch_id))
        .where(col(WatchEntry.carrier_id).in_(carriers))
        .where(col(WatchEntry.ended_at).is_(None), col(WatchEntry.until) >= china_day(work.at))
    )
    found = rows.all()
    return Watched(
        frozenset(number for number, card, _ in found if not card),
        {card: batch_id for _, card, batch_id in found if card},
    )


def _ranges(work: Work, carriers: Sequence[UUID]) -> dict[str, list[tuple[int, int]]]:
    """By the numbers of their batches: a hundred thousand ids are not made for this."""
    found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    query = (
        select(IndustryBatch.number, IndustryRange.first, IndustryRange.last)
        .join(IndustryBatch, col(IndustryBatch.id) == col(IndustryRange.batch_id))
        .where(col(IndustryRange.carrier_id).in_(carriers))
    )
    for number, first, last in _rows(work, query):
        found[number].append((first, last))
    return dict(found)


def _rows(work: Work, query: Any) -> Iterator[Any]:  # noqa: ANN401 - a select
    """Some thousand at a time, as the driver gives them."""
    at_once = {"yield_per": _AT_ONCE}
    yield from work.session.connection().execute(query, execution_options=at_once)
