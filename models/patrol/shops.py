"""A shop as patrols see it (DOMAIN 4.7), and what it offered."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer, Numeric, UniqueConstraint, true
from sqlalchemy.orm import Mapped
from sqlmodel import Field, col, select

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.patrol.scope import Owned, Watched, of_watched
from models.patrol.screening.labels import Label, OfferKind
from models.staff import Actor


class ShopState(StrEnum):
    DISCOVERED = "discovered"
    LICENSED = "licensed"
    NOT_CARDS = "not_cards"
    SUSPECTED = "suspected"
    UNLICENSED = "unlicensed"
    NON_COMPLIANT = "non_compliant"
    PLATFORM_NOTIFIED = "platform_notified"
    ESCALATED = "escalated"
    REMOVED = "removed"
    CLOSED = "closed"


class ShopMove(StrEnum):
    MATCH_LICENCE = "match_licence"
    NO_MATCH = "no_match"
    NO_CARDS = "no_cards"
    CONFIRM = "confirm"
    CLEAR = "clear"
    FINDING = "finding"
    RECTIFIED = "rectified"
    NOTIFY_PLATFORM = "notify_platform"
    REMOVED = "removed"
    NOT_REMOVED = "not_removed"
    RECHECK_CLEAN = "recheck_clean"
    RELISTED = "relisted"


_S, _M = ShopState, ShopMove
SHOP_MOVES: Final[Mapping[tuple[ShopState, ShopMove], ShopState]] = {
    (_S.DISCOVERED,         _M.MATCH_LICENCE):    _S.LICENSED,
    (_S.DISCOVERED,         _M.NO_MATCH):         _S.SUSPECTED,
    (_S.DISCOVERED,         _M.NO_CARDS):         _S.NOT_CARDS,
    (_S.NOT_CARDS,          _M.NO_MATCH):         _S.SUSPECTED,
    (_S.NOT_CARDS,          _M.MATCH_LICENCE):    _S.LICENSED,
    (_S.SUSPECTED,          _M.CONFIRM):          _S.UNLICENSED,
    (_S.SUSPECTED,          _M.CLEAR):            _S.LICENSED,
    (_S.SUSPECTED,          _M.NO_CARDS):         _S.NOT_CARDS,
    (_S.LICENSED,           _M.FINDING):          _S.NON_COMPLIANT,
    (_S.NON_COMPLIANT,      _M.RECTIFIED):        _S.LICENSED,
    (_S.NON_COMPLIANT,      _M.NOTIFY_PLATFORM):  _S.PLATFORM_NOTIFIED,
    (_S.UNLICENSED,         _M.NOTIFY_PLATFORM):  _S.PLATFORM_NOTIFIED,
    (_S.PLATFORM_NOTIFIED,  _M.REMOVED):          _S.REMOVED,
    (_S.PLATFORM_NOTIFIED,  _M.NOT_REMOVED):      _S.ESCALATED,
    (_S.ESCALATED,          _M.REMOVED):          _S.REMOVED,
    (_S.REMOVED,            _M.RECHECK_CLEAN):    _S.CLOSED,
    (_S.REMOVED,            _M.RELISTED):         _S.SUSPECTED,
    (_S.CLOSED,             _M.RELISTED):         _S.SUSPECTED,
}  # fmt: skip


class Shop(Watched, Table, table=True):
    """A shop of a platform, or a site of its own, as one organisation's patrols know it."""

    __table_args__ = (
        UniqueConstraint("organisation_id", "platform", "shop_key"),
        Index("ix_shops_state", "organisation_id", "state"),
        Index("ix_shops_key", "shop_key", "platform"),
        Index("ix_shops_seen", "organisation_id", "last_seen_at", "id", "platform"),
        Index("ix_shops_platform_home", "platform_home", "last_seen_at", "id", "platform"),
        Index("ix_shops_card_home", "card_home", "last_seen_at", "id", "platform"),
        Index(
            "ix_shops_name", "organisation_id", "name", postgresql_ops={"name": "text_pattern_ops"}
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    platform: str = Field(max_length=32)
    shop_key: str = Field(max_length=300)
    """The canonical id (BADGE 2.4)."""
    name: str = Field(max_length=200)
    url: str = Field(default="", max_length=2000)
    licence_shown: str = Field(default="", max_length=200)
    """The number that the shop itself shows; anybody may write anything there."""
    province_shown: str = Field(default="", max_length=64)
    platform_home: str | None = Field(default=None, max_length=2)
    card_home: str | None = Field(default=None, max_length=2)
    state: ShopState = Field(default=ShopState.DISCOVERED, sa_type=words(ShopState))
    agent_id: UUID | None = Field(default=None, index=True)
    """The agent whose authorised shop it is."""
    first_seen_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    last_run_id: UUID | None = Field(default=None)
    version: int = Field(default=1)

    def move(self, move: ShopMove) -> None:
        self.state = moved(SHOP_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[ShopMove]:
        return open_moves(SHOP_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_watched(
            actor, col(cls.organisation_id), col(cls.platform_home), col(cls.card_home)
        )

    @property
    def title(self) -> str:
        return f"{self.platform} {self.shop_key} {self.name}"


def of_shop(actor: Actor, shop: Mapped[UUID]) -> ColumnElement[bool]:
    """Rows of a shop, known to whoever knows of it."""
    if actor.is_house:
        return true()
    return shop.in_(select(Shop.id).where(Shop.seen_by(actor)))


class SeenListing(Owned, Table, table=True):
    """One offer as one run saw it."""

    __table_args__ = (
        UniqueConstraint("run_id", "listing_id"),
        Index("ix_seen_listings_shop", "shop_id", "is_card", "id"),
        Index("ix_seen_listings_label", "run_id", "label", "id"),
        Index("ix_seen_listings_known", "organisation_id", "platform", "listing_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    run_id: UUID = Field(foreign_key="patrol_runs.id")
    shop_id: UUID = Field(foreign_key="shops.id")
    organisation_id: UUID = Field(foreign_key="organisations.id", index=True)
    platform: str = Field(max_length=32)
    listing_id: str = Field(max_length=200)
    title_seen: str = Field(max_length=1000)
    url: str = Field(max_length=2000)
    price: Decimal | None = Field(default=None, sa_type=Numeric(14, 2))
    currency: str = Field(default="CNY", max_length=3)
    sales: int | None = Field(default=None, sa_type=Integer)
    province_shown: str = Field(default="", max_length=64)
    fields: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """The rest of what was read, and where on the page each value came from."""
    is_card: bool = Field(default=False)
    """Labelled as selling cards; other labels are flagged too."""
    label: Label = Field(default=Label.NOT_CARD, sa_type=words(Label))
    kind: OfferKind = Field(default=OfferKind.OTHER, sa_type=words(OfferKind))
    severity: int = Field(default=0, sa_type=Integer)
    """From 0 to 100: what is offered, how sure, and how disguised."""
    is_new: bool = Field(default=True)
    """No earlier run of the organisation saw it on that platform."""
    score: float = Field(default=0.0)
    reasons: list[str] = Field(default_factory=list, sa_type=JSON)
    """Why the screen took it for a card, or not."""
    evidence_sha256: str | None = Field(default=None, max_length=64)
    """The manifest of the capture, in the store."""
    seen_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_shop(actor, col(cls.shop_id))

    @property
    def title(self) -> str:
        return self.listing_id
