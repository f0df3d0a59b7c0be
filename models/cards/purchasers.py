"""Purchasing units of industry cards (购买单位): who they are, and the licence they showed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index, UniqueConstraint
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.staff import Actor, of_carrier


class Purchaser(Table, table=True):
    """A unit that a carrier sells industry cards to; it is one register for all its batches."""

    __table_args__ = (
        UniqueConstraint("carrier_id", "uscc"),
        # With what is looked for, so that what is not shown is not read whole either.
        Index("ix_purchasers_listed", "carrier_id", "id", "name", "uscc"),
        Index("ix_purchasers_licence", "carrier_id", "licence_until"),
        Index("ix_purchasers_makers", "carrier_id", "is_device_maker"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    """Where the unit has its seat (GB/T 2260)."""
    name: str = Field(max_length=200)
    uscc: str = Field(max_length=18)
    is_device_maker: bool = Field(default=False)
    """It sells devices with the cards inside: it reports each month (Anti-Fraud Law art. 12)."""
    contact: str = Field(default="", max_length=200)
    """Office and switchboard: where notices go; no person's number."""
    licence_sha256: str = Field(default="", max_length=64)
    licence_file: str = Field(default="", max_length=200)
    licence_type: str = Field(default="", max_length=64)
    licence_name: str = Field(default="", max_length=200)
    """The unit's name as the licence has it."""
    licence_until: date | None = Field(default=None)
    """The last day; None: without term."""
    created_by: UUID | None = Field(default=None)
    created_at: datetime = Field(sa_type=UtcDateTime)
    version: int = Field(default=1)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    def licence_holds(self, on: date) -> bool:
        return bool(self.licence_sha256) and (
            self.licence_until is None or on <= self.licence_until
        )

    @property
    def title(self) -> str:
        return self.name

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id
