"""Who answers for the cards of a batch, now and at any moment before (004-2.3-e).

A record is open until another takes its place, and closes in the same moment that the other opens:
the times of a batch's records leave no gap and don't overlap.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index, UniqueConstraint, text
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.cards.of_batch import of_batch
from models.cards.persons import SealedIdentity
from models.staff import Actor


class AccountableUnit(Table, table=True):
    """The unit; at most one of a batch is open, and a live batch names it (`IndustryBatch`)."""

    __table_args__ = (
        UniqueConstraint("id", "batch_id", "is_open"),
        Index(
            "ix_accountable_units_open",
            "batch_id",
            unique=True,
            sqlite_where=text("is_open IS TRUE"),
            postgresql_where=text("is_open IS TRUE"),
        ),
        Index("ix_accountable_units_batch", "batch_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID
    """No reference of the database: the batch refers to this table, and a circle can't be made."""
    name: str = Field(max_length=200)
    uscc: str = Field(max_length=18)
    is_open: bool = Field(default=True)
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = Field(default="", max_length=500)
    """Why it took the place of the one before."""
    added_by: UUID | None = Field(default=None)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))

    @property
    def title(self) -> str:
        return self.name


class AccountablePerson(SealedIdentity, Table, table=True):
    """A person of the unit, verified. Several may be open; the batch names the one in charge."""

    __table_args__ = (
        UniqueConstraint("id", "batch_id", "is_open"),
        Index("ix_accountable_persons_batch", "batch_id", "is_open", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID
    """No reference of the database, as of `AccountableUnit`."""
    unit_id: UUID = Field(foreign_key="accountable_units.id", index=True)
    position: str = Field(default="", max_length=100)
    is_open: bool = Field(default=True)
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str = Field(default="", max_length=500)
    added_by: UUID | None = Field(default=None)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))

    @property
    def title(self) -> str:
        return self.name_mask
