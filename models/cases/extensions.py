"""More time for an answer or a correction: asked for with a reason, granted by another person."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.staff import Actor, among, any_of


class ExtensionState(StrEnum):
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"


class ExtensionMove(StrEnum):
    GRANT = "grant"
    REFUSE = "refuse"


_S, _M = ExtensionState, ExtensionMove
EXTENSION_MOVES: Final[Mapping[tuple[ExtensionState, ExtensionMove], ExtensionState]] = {
    (_S.ASKED,  _M.GRANT):   _S.GRANTED,
    (_S.ASKED,  _M.REFUSE):  _S.REFUSED,
}  # fmt: skip


class Extension(Table, table=True):
    __table_args__ = (
        Index("ix_extensions_subject", "subject_kind", "subject_id"),
        Index("ix_extensions_waiting", "decider_id", "state", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    subject_kind: str = Field(max_length=40)
    """`Notice` or `Rectification`."""
    subject_id: UUID
    subject_name: str = Field(max_length=300)
    asker_id: UUID = Field(foreign_key="organisations.id")
    """Whose people ask."""
    decider_id: UUID = Field(foreign_key="organisations.id")
    """Whose approver decides."""
    state: ExtensionState = Field(default=ExtensionState.ASKED, sa_type=words(ExtensionState))
    reason: str = Field(max_length=2000)
    old_due_at: datetime = Field(sa_type=UtcDateTime)
    new_due_at: datetime = Field(sa_type=UtcDateTime)
    asked_by: UUID | None = Field(default=None)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer: str = Field(default="", max_length=1000)
    rule_version: str = Field(default="", max_length=64)

    def move(self, move: ExtensionMove) -> None:
        self.state = moved(EXTENSION_MOVES, self.state, move)

    def open_moves(self) -> list[ExtensionMove]:
        return open_moves(EXTENSION_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return any_of(
            among(col(cls.asker_id), actor.organisations),
            among(col(cls.decider_id), actor.organisations),
        )

    @property
    def title(self) -> str:
        return self.subject_name

    @property
    def belongs_to(self) -> UUID | None:
        return self.decider_id
