"""An appeal against a limit or a refusal (Anti-Fraud Law art. 32): heard, answered, lifted."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.staff import Actor, of_carrier


class AppealState(StrEnum):
    LODGED = "lodged"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class AppealMove(StrEnum):
    UPHOLD = "uphold"
    REJECT = "reject"
    WITHDRAW = "withdraw"


_S, _M = AppealState, AppealMove
APPEAL_MOVES: Final[Mapping[tuple[AppealState, AppealMove], AppealState]] = {
    (_S.LODGED,  _M.UPHOLD):    _S.UPHELD,
    (_S.LODGED,  _M.REJECT):    _S.REJECTED,
    (_S.LODGED,  _M.WITHDRAW):  _S.WITHDRAWN,
}  # fmt: skip


class Appeal(Table, table=True):
    __table_args__ = (
        Index("ix_appeals_carrier_state", "carrier_id", "state", "due_at"),
        Index("ix_appeals_subject", "subject_kind", "subject_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    subject_kind: str = Field(max_length=40)
    """`Agent` or `Licence`; later areas add theirs."""
    subject_id: UUID
    subject_name: str = Field(max_length=300)
    measure: str = Field(max_length=64)
    """The deed that is appealed against, as it is on record."""
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    ground: str = Field(max_length=2000)
    paper_id: UUID | None = Field(default=None, foreign_key="agent_papers.id")
    state: AppealState = Field(default=AppealState.LODGED, sa_type=words(AppealState))
    proposal: AppealMove | None = Field(default=None, sa_type=words(AppealMove))
    """What the first of the two who decide has asked for."""
    proposed_by: UUID | None = Field(default=None)
    decision: str = Field(default="", max_length=2000)
    decided_by: UUID | None = Field(default=None)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    rule_version: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UtcDateTime)

    def move(self, move: AppealMove) -> None:
        self.state = moved(APPEAL_MOVES, self.state, move)

    def open_moves(self) -> list[AppealMove]:
        return open_moves(APPEAL_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.subject_name

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province
