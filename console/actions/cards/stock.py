"""Card stock to look at: a card, its batch, the channel and the chain above it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import col, select

from console.actions.audit import history
from console.actions.cards.places import CardPlace, chains, places
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.cards.numbers import CardFault, card_key, card_number, card_of
from models.cards.stock import SourceChannel, StockBatch, StockRange
from models.formats import Iccid
from models.permissions import Permission
from models.refusals import Invalid, NotFound
from models.staff import Organisation


@dataclass(frozen=True, slots=True)
class FoundCard:
    """A card, and what stock says of it."""

    iccid: Iccid
    place: CardPlace | None
    """None: it is in no stock that the actor sees."""


@dataclass(frozen=True, slots=True)
class CardRow:
    """Cards that follow each other, by the first 19 characters."""

    id: UUID
    first: str
    last: str
    cards: int


@dataclass(frozen=True, slots=True)
class BatchRecord:
    batch: StockBatch
    channel: SourceChannel
    carrier: Organisation
    chain: Sequence[Mapping[str, Any]]
    ranges: Slice[StockRange]
    deeds: Sequence[AuditEntry]

    @property
    def rows(self) -> Sequence[CardRow]:
        return [
            CardRow(one.id, card_key(one.first), card_key(one.last), one.last - one.first + 1)
            for one in self.ranges.rows
        ]


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    channel: SourceChannel
    carrier: Organisation
    chain: Sequence[Mapping[str, Any]]
    """From itself up to whom all of it comes from."""
    batches: int
    cards: int
    below: Sequence[SourceChannel]
    """Who has cards from it; the first of them."""
    deeds: Sequence[AuditEntry]


def find_card(desk: Desk, text: str) -> FoundCard:
    """Where in stock a card is, by its ICCID in any of its spellings."""
    card = card_of(text)
    if isinstance(card, CardFault):
        raise Invalid("stock.no_iccid", value=text.strip()[:40])
    number = card_number(card.key)
    with desk.begin(Permission.STOCK_READ) as work:
        return FoundCard(card, places(work, [number]).get(number))


def list_batches(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    q: str = "",
    *,
    channel: UUID | str | None = None,
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[StockBatch]:
    """Batches, the newest first. `q` is an ICCID, how a batch's number begins, or a channel."""
    with desk.begin(Permission.STOCK_READ) as work:
        query = work.select(StockBatch)
        if channel is not None:
            query = query.where(StockBatch.channel_id == work.get(SourceChannel, channel).id)
        words = q.strip()
        if words:
            card = card_of(words)
            if isinstance(card, Iccid):
                held = _batches_with(work, card)
                query = query.where(col(StockBatch.id).in_(held))
            else:
                named = work.select(SourceChannel).where(_channel_named(words))
                channels = [row.id for row in work.all(named)]
                query = query.where(
                    or_(
                        col(StockBatch.number).startswith(words, autoescape=True),
                        col(StockBatch.channel_id).in_(channels),
                    )
                )
        return work.slice(query, order or Order.by(StockBatch.id), after, limit)


def _batches_with(work: Work, card: Iccid) -> list[UUID]:
    place = places(work, [card_number(card.key)]).get(card_number(card.key))
    return [place.batch.id] if place else []


def _channel_named(words: str) -> Any:  # noqa: ANN401 - a condition
    return or_(
        col(SourceChannel.code) == words, col(SourceChannel.name).contains(words, autoescape=True)
    )


def list_channels(
    desk: Desk, q: str = "", *, after: str | None = None, limit: int = PAGE
) -> Slice[SourceChannel]:
    """Channels, the newest first. `q` is a code, or part of a name."""
    with desk.begin(Permission.STOCK_READ) as work:
        query = work.select(SourceChannel)
        if words := q.strip():
            query = query.where(_channel_named(words))
        return work.slice(query, Order.by(SourceChannel.id), after, limit)


def channel_names(desk: Desk, ids: Sequence[UUID]) -> Mapping[UUID, SourceChannel]:
    """Channels by id, for a list that names them."""
    with desk.begin(Permission.STOCK_READ) as work:
        rows = work.all(work.select(SourceChannel).where(col(SourceChannel.id).in_(ids)))
        return {row.id: row for row in rows}


def batch_record(desk: Desk, batch_id: UUID | str, after: str | None = None) -> BatchRecord:
    with desk.begin(Permission.STOCK_READ) as work:
        batch = work.get(StockBatch, batch_id)
        found = chains(work, [batch.channel_id]).get(batch.channel_id)
        if found is None:
            raise NotFound("row.not_found", table="SourceChannel")
        ranges = work.select(StockRange).where(StockRange.batch_id == batch.id)
        return BatchRecord(
            batch,
            found[0],
            work.session.get_one(Organisation, batch.carrier_id),
            found[1],
            work.slice(ranges, Order.by(StockRange.id, descending=False), after),
            history(work, batch),
        )


def channel_record(desk: Desk, channel_id: UUID | str) -> ChannelRecord:
    with desk.begin(Permission.STOCK_READ) as work:
        channel = work.get(SourceChannel, channel_id)
        counted = work.session.exec(
            select(func.count(), func.coalesce(func.sum(StockBatch.cards), 0)).where(
                StockBatch.channel_id == channel.id
            )
        ).one()
        own = work.select(SourceChannel).where(SourceChannel.parent_id == channel.id)
        return ChannelRecord(
            channel,
            work.session.get_one(Organisation, channel.carrier_id),
            chains(work, [channel.id])[channel.id][1],
            int(counted[0]),
            int(counted[1]),
            work.all(own.order_by(col(SourceChannel.id))),
            history(work, channel),
        )
