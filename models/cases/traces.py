"""Where the cards of a case came from: ICCID, stock, channel, agent (流出渠道核查, 004-3.3-h)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.cases.scope import of_own_case
from models.staff import Actor


class TraceState(StrEnum):
    OPEN = "open"
    TRACED = "traced"
    NOT_TRACEABLE = "not_traceable"


class TraceMove(StrEnum):
    CONCLUDE = "conclude"
    GIVE_UP = "give_up"
    REOPEN = "reopen"


_S, _M = TraceState, TraceMove
TRACE_MOVES: Final[Mapping[tuple[TraceState, TraceMove], TraceState]] = {
    (_S.OPEN,           _M.CONCLUDE):  _S.TRACED,
    (_S.OPEN,           _M.GIVE_UP):   _S.NOT_TRACEABLE,
    (_S.TRACED,         _M.REOPEN):    _S.OPEN,
    (_S.NOT_TRACEABLE,  _M.REOPEN):    _S.OPEN,
}  # fmt: skip


class WhyNotTraceable(StrEnum):
    NO_CARD = "no_card"  # nothing was bought and no number is known
    OTHER_CARRIER = "other_carrier"
    NOT_IN_STOCK = "not_in_stock"
    UNREADABLE = "unreadable"
    OTHER = "other"


class OutflowTrace(Table, table=True):
    """One a case."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id", unique=True)
    state: TraceState = Field(default=TraceState.OPEN, sa_type=words(TraceState))
    why_not: WhyNotTraceable | None = Field(default=None, sa_type=words(WhyNotTraceable))
    reason: str = Field(default="", max_length=2000)
    instruction_id: UUID | None = Field(default=None, foreign_key="instructions.id")
    """The administration's order, where there is one (004-3.4-d)."""
    concluded_by: UUID | None = Field(default=None)
    concluded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = Field(default=1)

    def move(self, move: TraceMove) -> None:
        self.state = moved(TRACE_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[TraceMove]:
        return open_moves(TRACE_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_own_case(actor, col(cls.case_id))


class TracedCard(Table, table=True):
    """A card of the case, and what stock said of it when it was looked up."""

    __table_args__ = (
        Index("ix_traced_cards_trace", "trace_id", "id"),
        Index("ix_traced_cards_iccid", "iccid"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    trace_id: UUID = Field(foreign_key="outflow_traces.id")
    case_id: UUID = Field(foreign_key="cases.id")
    iccid: str = Field(max_length=20)
    """At least its first 19 characters."""
    how: str = Field(default="", max_length=300)
    """Where the number is from: a test purchase, a photograph, a reader."""
    batch_id: UUID | None = Field(default=None, foreign_key="stock_batches.id")
    channel_id: UUID | None = Field(default=None, foreign_key="source_channels.id")
    chain: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """Channel above channel, as they stood: id, code, name, kind, agent number."""
    why_not: WhyNotTraceable | None = Field(default=None, sa_type=words(WhyNotTraceable))
    """Why stock does not say; none where it does."""
    at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_own_case(actor, col(cls.case_id))

    @property
    def title(self) -> str:
        return self.iccid
