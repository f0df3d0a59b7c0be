"""Cards that an inspector buys to see where they come from (测试购买)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ColumnElement, Index, UniqueConstraint
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.staff import Actor, of_carrier


class PurchaseState(StrEnum):
    PLANNED = "planned"
    APPROVED = "approved"
    ORDERED = "ordered"
    RECEIVED = "received"
    CLOSED = "closed"
    CALLED_OFF = "called_off"


class PurchaseMove(StrEnum):
    APPROVE = "approve"
    ORDER = "order"
    RECEIVE = "receive"
    CLOSE = "close"
    CALL_OFF = "call_off"


_S, _M = PurchaseState, PurchaseMove
PURCHASE_MOVES: Final[Mapping[tuple[PurchaseState, PurchaseMove], PurchaseState]] = {
    (_S.PLANNED,   _M.APPROVE):   _S.APPROVED,
    (_S.PLANNED,   _M.CALL_OFF):  _S.CALLED_OFF,
    (_S.APPROVED,  _M.ORDER):     _S.ORDERED,
    (_S.APPROVED,  _M.CALL_OFF):  _S.CALLED_OFF,
    (_S.ORDERED,   _M.RECEIVE):   _S.RECEIVED,
    (_S.ORDERED,   _M.CALL_OFF):  _S.CALLED_OFF,
    (_S.RECEIVED,  _M.CLOSE):     _S.CLOSED,
}  # fmt: skip


class PurchaseResult(StrEnum):
    """What the bought card turned out to be."""

    IN_BATCH = "in_batch"
    """An industry card of a batch here."""
    IN_STOCK = "in_stock"
    """A card of ordinary stock."""
    NOT_OURS = "not_ours"
    NO_CARD = "no_card"
    """What came was no card, or nothing came."""


class TestPurchase(Table, table=True):
    __table_args__ = (
        Index("ix_test_purchases_carrier", "carrier_id", "state", "id"),
        Index("ix_test_purchases_listed", "carrier_id", "id", "state", "result"),
        Index("ix_test_purchases_finding", "finding_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str | None = Field(default=None, max_length=2)
    finding_id: UUID | None = Field(default=None, foreign_key="findings.id")
    """The patrol's finding that it is to prove."""
    shop_id: UUID | None = Field(default=None, foreign_key="shops.id", index=True)
    platform: str = Field(default="", max_length=32)
    offer: str = Field(max_length=500)
    """What is bought: the offer's title or address."""
    purpose: str = Field(max_length=1000)
    state: PurchaseState = Field(default=PurchaseState.PLANNED, sa_type=words(PurchaseState))
    planned_by: UUID | None = Field(default=None)
    approved_by: UUID | None = Field(default=None)
    order_no: str = Field(default="", max_length=64)
    price_fen: int | None = Field(default=None)
    """Paid, in hundredths of a yuan."""
    ordered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    iccids: list[str] = Field(default_factory=list, sa_type=JSON)
    """As printed on what came."""
    files: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    """Pictures of parcel, card and order: `sha256`, `name`, `type`."""
    asked_identity: bool | None = Field(default=None)
    """Whether the seller asked who buys (004-1-b)."""
    works: bool | None = Field(default=None)
    """Whether the card was active when it came."""
    notes: str = Field(default="", max_length=2000)
    result: PurchaseResult | None = Field(default=None, sa_type=words(PurchaseResult))
    batch_id: UUID | None = Field(default=None, foreign_key="industry_batches.id", index=True)
    card: int | None = Field(default=None, sa_type=BigInteger)
    usage_finding_id: UUID | None = Field(default=None, foreign_key="usage_findings.id")
    """What was found of the batch by it."""
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def move(self, move: PurchaseMove) -> None:
        self.state = moved(PURCHASE_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[PurchaseMove]:
        return open_moves(PURCHASE_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province


class LinkBy(StrEnum):
    """By what one can tell whose cards are offered."""

    ICCID = "iccid"
    TEST_PURCHASE = "test_purchase"
    TEXT = "text"
    """The offer names the batch, its purchaser, or its product."""


class OfferLinkState(StrEnum):
    SUGGESTED = "suggested"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class OfferLink(Table, table=True):
    """That an offer found online is of cards of a batch."""

    __table_args__ = (
        UniqueConstraint("finding_id", "batch_id"),
        Index("ix_offer_links_batch", "batch_id", "id"),
        Index("ix_offer_links_carrier", "carrier_id", "state", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    finding_id: UUID = Field(foreign_key="findings.id")
    """The patrol's."""
    batch_id: UUID = Field(foreign_key="industry_batches.id")
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    how: LinkBy = Field(sa_type=words(LinkBy))
    said: str = Field(default="", max_length=500)
    """The words of the offer that tell."""
    state: OfferLinkState = Field(default=OfferLinkState.SUGGESTED, sa_type=words(OfferLinkState))
    judged_by: UUID | None = Field(default=None)
    judged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id
