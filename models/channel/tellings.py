"""What platforms are told of licences (通报, 004-3.3-f)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.staff import Actor, of_carrier


class TellingEvent(StrEnum):
    """What befell the licence."""

    SUSPENDED = "suspended"
    RESUMED = "resumed"
    REVOKED = "revoked"
    TERMINATED = "terminated"


class TellingState(StrEnum):
    OPEN = "open"
    OVERDUE = "overdue"
    ACKNOWLEDGED = "acknowledged"


class Telling(Table, table=True):
    """What a platform is told of a licence, in the transaction that ends it (004-3.3-f).

    It stands in the platform's own list at once; a platform with a mailbox also has it pushed.
    """

    __table_args__ = (
        Index("ix_tellings_licence", "licence_id", "id"),
        Index("ix_tellings_platform", "platform", "acknowledged_at"),
        Index("ix_tellings_carrier", "carrier_id", "id"),
        Index("ix_tellings_platform_id", "platform", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    licence_id: UUID = Field(foreign_key="licences.id")
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    platform: str = Field(max_length=32)
    event: TellingEvent = Field(sa_type=words(TellingEvent))
    shops: list[str] = Field(sa_type=JSON)
    """The agent's shops there, as the platform calls them."""
    reason: str = Field(max_length=1000)
    at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    """The first moment at which an acknowledgement is late."""
    rule_version: str = Field(default="", max_length=64)
    """Of the deadline."""
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str = Field(default="", max_length=64)
    pushed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_push_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """None: nothing to push, or pushed."""
    tries: int = Field(default=0, sa_type=Integer)
    last_words: str = Field(default="", max_length=1000)
    """What the platform's server said when it did not take it."""

    @property
    def number(self) -> str:
        """The key under which a second delivery is no second telling."""
        return f"TEL-{self.id}"

    def state_at(self, at: datetime) -> TellingState:
        if self.acknowledged_at is not None:
            return TellingState.ACKNOWLEDGED
        return TellingState.OVERDUE if at >= self.due_at else TellingState.OPEN

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province), col(cls.platform))

    @property
    def title(self) -> str:
        return f"{self.platform} {self.event}"

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province
