"""Which cards a batch has, and which device each is locked to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, Index
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.cards.of_batch import of_batch
from models.staff import Actor


class IndustryRange(Table, table=True):
    """Cards that follow each other, by the first 19 characters of their ICCIDs as numbers.

    As of stock; but no two ranges of any carriers overlap: a card is in one batch.
    """

    __table_args__ = (
        Index("ix_industry_ranges_first", "first", "last"),
        CheckConstraint("last >= first", "order"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID = Field(foreign_key="industry_batches.id", index=True)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    first: int = Field(sa_type=BigInteger)
    last: int = Field(sa_type=BigInteger)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))


class DeviceLock(Table, table=True):
    """The device that a card may be used in (机卡绑定)."""

    card: int = Field(sa_type=BigInteger, primary_key=True)
    batch_id: UUID = Field(foreign_key="industry_batches.id", index=True)
    device: str = Field(max_length=16)
    """IMEI: 15 digits (3GPP TS 23.003 6.2.1)."""
    locked_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))
