"""What makers of devices report of the cards in them (Anti-Fraud Law art. 12 para 2)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, UniqueConstraint, text
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.cards.of_batch import of_batch
from models.staff import Actor

HAS_GAP: Final = "issued <> sold + in_stock + registered"


class DownstreamReport(Table, table=True):
    """One month of a batch. A second report of a month replaces the first, and is on record."""

    __table_args__ = (
        UniqueConstraint("batch_id", "month"),
        Index(
            "ix_downstream_reports_gap",
            "batch_id",
            "month",
            sqlite_where=text(HAS_GAP),
            postgresql_where=text(HAS_GAP),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID = Field(foreign_key="industry_batches.id")
    month: str = Field(max_length=7)
    """`2026-11`."""
    issued: int = Field(ge=0)
    """Cards of the batch at that time, as the house knows them."""
    sold: int = Field(ge=0)
    """In devices that were sold, the buyer not registered yet."""
    in_stock: int = Field(ge=0)
    registered: int = Field(ge=0)
    """In devices whose buyer is registered."""
    explanation: str = Field(default="", max_length=1000)
    reported_by: UUID | None = Field(default=None)
    reported_at: datetime = Field(sa_type=UtcDateTime)
    version: int = Field(default=1)

    @property
    def gap(self) -> int:
        """Cards that nobody has accounted for; below zero, more than were issued."""
        return self.issued - self.sold - self.in_stock - self.registered

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))

    @property
    def title(self) -> str:
        return self.month
