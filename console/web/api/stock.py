"""Card stock by API: batches, channels, and where a card went. Files come in under `/imports`."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from console.actions.cards.stock import (
    batch_record,
    channel_record,
    find_card,
    list_batches,
    list_channels,
)
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading
from models.cards.stock import ChannelKind
from models.formats import Carrier, Luhn

router = APIRouter(prefix="/stock", tags=["stock"])
_Words = Annotated[str, Query(max_length=100)]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LinkOut(_Out):
    """A channel in a chain; the first has its cards from the second, and so on."""

    id: UUID
    code: str
    name: str
    kind: ChannelKind
    agent_no: str


class ChannelOut(_Out):
    id: UUID
    code: str
    name: str
    kind: ChannelKind
    province: str
    uscc: str
    parent_id: UUID | None
    agent_id: UUID | None
    created_at: datetime


class ChannelRecordOut(ChannelOut):
    chain: list[LinkOut]
    batches: int
    cards: int
    below: list[ChannelOut]


class BatchOut(_Out):
    id: UUID
    number: str
    province: str
    channel_id: UUID
    product: str
    cards: int
    delivered_on: date
    created_at: datetime


class CardsOut(_Out):
    """Cards that follow each other, by the first 19 characters of their ICCIDs."""

    first: str
    last: str
    cards: int


class BatchRecordOut(BatchOut):
    chain: list[LinkOut]
    ranges: list[CardsOut]
    next: str | None


class CardOut(BaseModel):
    """A card. `batch` is null where it is in no stock that the reader sees."""

    iccid: str
    issuer: Carrier
    """By the number alone: a hint."""
    luhn: Luhn
    batch: BatchOut | None
    chain: list[LinkOut]


@router.get("/batches")
def batches(
    desk: Reading,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    q: _Words = "",
    channel: UUID | None = None,
) -> Page[BatchOut]:
    """Batches, newest first. `q` is an ICCID, how a batch's number begins, or a channel."""
    found = list_batches(desk, q, channel=channel, after=after, limit=limit)
    return Page(items=[BatchOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/batches/{batch_id}")
def batch(desk: Reading, batch_id: UUID, after: Cursor = None) -> BatchRecordOut:
    """A batch, the chain above it, and its cards; `next` is for more of these."""
    record = batch_record(desk, batch_id, after)
    return BatchRecordOut(
        **BatchOut.model_validate(record.batch).model_dump(),
        chain=[LinkOut.model_validate(one) for one in record.chain],
        ranges=[CardsOut.model_validate(one) for one in record.rows],
        next=record.ranges.next,
    )


@router.get("/channels")
def channels(
    desk: Reading, after: Cursor = None, limit: Limit = DEFAULT_LIMIT, q: _Words = ""
) -> Page[ChannelOut]:
    """Channels, newest first. `q` is a code or part of a name."""
    found = list_channels(desk, q, after=after, limit=limit)
    return Page(items=[ChannelOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/channels/{channel_id}")
def channel(desk: Reading, channel_id: UUID) -> ChannelRecordOut:
    record = channel_record(desk, channel_id)
    return ChannelRecordOut(
        **ChannelOut.model_validate(record.channel).model_dump(),
        chain=[LinkOut.model_validate(one) for one in record.chain],
        batches=record.batches,
        cards=record.cards,
        below=[ChannelOut.model_validate(one) for one in record.below],
    )


@router.get("/cards/{iccid}")
def card(desk: Reading, iccid: str) -> CardOut:
    """Which batch a card was in, and through whose hands it went."""
    found = find_card(desk, iccid)
    place = found.place
    return CardOut(
        iccid=found.iccid.text,
        issuer=found.iccid.issuer,
        luhn=found.iccid.luhn,
        batch=BatchOut.model_validate(place.batch) if place else None,
        chain=[LinkOut.model_validate(one) for one in place.chain] if place else [],
    )
