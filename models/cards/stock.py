"""Card stock: which cards went through which channel to whom (004-3.3-h)."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, Index, UniqueConstraint, true
from sqlmodel import Field, col, select

from models.base import Table, UtcDateTime, new_id, words
from models.staff import Actor, among, any_of, of_carrier


class ChannelKind(StrEnum):
    OWN_HALL = "own_hall"
    SOCIAL = "social"
    ONLINE = "online"
    RESELLER = "reseller"
    DISTRIBUTOR = "distributor"
    DEVICE_MAKER = "device_maker"


class SourceChannel(Table, table=True):
    """Whoever a carrier gives cards to, to be sold or passed on."""

    __table_args__ = (
        UniqueConstraint("carrier_id", "code"),
        Index("ix_source_channels_carrier", "carrier_id", "id"),
        Index("ix_source_channels_parent", "parent_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    code: str = Field(max_length=64)
    """As the carrier's own stock system calls it."""
    name: str = Field(max_length=200)
    kind: ChannelKind = Field(sa_type=words(ChannelKind))
    uscc: str = Field(default="", max_length=18)
    parent_id: UUID | None = Field(default=None, foreign_key="source_channels.id")
    """Whom it has its cards from."""
    agent_id: UUID | None = Field(default=None, foreign_key="agents.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.name

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province


class StockBatch(Table, table=True):
    """A delivery of cards to a channel."""

    __table_args__ = (
        UniqueConstraint("carrier_id", "number"),
        Index("ix_stock_batches_carrier", "carrier_id", "id"),
        Index("ix_stock_batches_channel", "channel_id", "delivered_on"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(max_length=64)
    """As the carrier's stock system calls it."""
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    """Home of the cards: whose administration may order them back (004-3.4-c)."""
    channel_id: UUID = Field(foreign_key="source_channels.id")
    product: str = Field(default="", max_length=64)
    cards: int = Field(ge=1, sa_type=BigInteger)
    delivered_on: date
    import_sha256: str = Field(default="", max_length=64)
    """The file it came with."""
    created_at: datetime = Field(sa_type=UtcDateTime)

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


class StockRange(Table, table=True):
    """Cards that follow each other, by the first 19 characters of their ICCIDs as numbers.

    The 20th character is a check digit or filler that readers give in different ways. Single cards
    are ranges of one. Ranges of one carrier don't overlap: a card was given out once.
    """

    __table_args__ = (
        Index("ix_stock_ranges_first", "carrier_id", "first"),
        CheckConstraint("last >= first", "order"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID = Field(foreign_key="stock_batches.id", index=True)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    first: int = Field(sa_type=BigInteger)
    last: int = Field(sa_type=BigInteger)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        own = among(col(cls.carrier_id), actor.carriers)
        seen = col(cls.batch_id).in_(select(StockBatch.id).where(StockBatch.seen_by(actor)))
        return any_of(own, seen if actor.provinces else None)
