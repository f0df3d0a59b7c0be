"""What scans and buyers say of a badge: a reason to look, never a verdict (BADGE 2.6)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer, text, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.staff import Actor, of_carrier


class ScanCount(Table, table=True):
    """How often a badge was scanned in one hour from one province. No address, no device."""

    badge_id: str = Field(primary_key=True, max_length=16)
    hour: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    province: str = Field(primary_key=True, max_length=2)
    """GB/T 2260; `00` where nobody knows."""
    scans: int = Field(sa_type=Integer)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return true() if actor.is_house else col(cls.badge_id) == ""


class SignalKind(StrEnum):
    REPORTED = "reported"
    """A buyer says: this is not the shop I am in."""
    SCANS = "scans"
    """Scans come in numbers, or from places, that the shop's own do not."""


class SignalState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class SignalMove(StrEnum):
    CLOSE = "close"


class SignalOutcome(StrEnum):
    COPIED = "copied"
    """Found in another shop: the badge was marked as copied."""
    NOTHING = "nothing"
    """Looked at, and nothing was wrong."""


SIGNAL_MOVES: Final[Mapping[tuple[SignalState, SignalMove], SignalState]] = {
    (SignalState.OPEN, SignalMove.CLOSE): SignalState.CLOSED,
}


class Signal(Table, table=True):
    """One open signal a badge and kind; what comes in meanwhile is counted on it."""

    __table_args__ = (
        Index(
            "uq_signals_open",
            "badge_id",
            "kind",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_signals_carrier_state", "carrier_id", "state", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    badge_id: UUID = Field(foreign_key="badges.id")
    badge_name: str = Field(max_length=16)
    """The badge's public id."""
    carrier_id: UUID = Field(foreign_key="organisations.id")
    agent_id: UUID = Field(foreign_key="agents.id")
    platform: str = Field(max_length=32)
    province: str = Field(max_length=2)
    kind: SignalKind = Field(sa_type=words(SignalKind))
    state: SignalState = Field(default=SignalState.OPEN, sa_type=words(SignalState))
    times: int = Field(default=1, sa_type=Integer)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """Of scans: the score and its provinces; of reports: the shops that were named."""
    first_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
    outcome: SignalOutcome | None = Field(default=None, sa_type=words(SignalOutcome))
    remark: str = Field(default="", max_length=1000)
    closed_by: UUID | None = Field(default=None)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def move(self, move: SignalMove) -> None:
        self.state = moved(SIGNAL_MOVES, self.state, move)

    def open_moves(self) -> list[SignalMove]:
        return open_moves(SIGNAL_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province), col(cls.platform))

    @property
    def title(self) -> str:
        return self.badge_name

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province
