"""Lists that were taken out of the console: by whom, which, how many rows, and who allowed it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.permissions import Permission
from models.staff import Actor


class ExportState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    TAKEN = "taken"
    EXPIRED = "expired"


class ExportMove(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"
    TAKE = "take"
    EXPIRE = "expire"


_S, _M = ExportState, ExportMove
EXPORT_MOVES: Final[Mapping[tuple[ExportState, ExportMove], ExportState]] = {
    (_S.ASKED,     _M.APPROVE):  _S.APPROVED,
    (_S.ASKED,     _M.REFUSE):   _S.REFUSED,
    (_S.ASKED,     _M.EXPIRE):   _S.EXPIRED,
    (_S.APPROVED,  _M.TAKE):     _S.TAKEN,
    (_S.APPROVED,  _M.EXPIRE):   _S.EXPIRED,
}  # fmt: skip
"""One approval is for one list, and is used up by taking it."""


class ExportFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


class ListExport(Table, table=True):
    """One list as somebody wants to have it: its page, filters, columns and format."""

    __table_args__ = (
        Index("ix_list_exports_waiting", "organisation_id", "state", "id"),
        Index("ix_list_exports_mine", "user_id", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    user_id: UUID = Field(foreign_key="users.id")
    page: str = Field(max_length=40)
    query: str = Field(max_length=1000)
    """The page's filters as they stand in its address; only names that the list knows."""
    format: ExportFormat = Field(sa_type=words(ExportFormat))
    language: str = Field(max_length=2)
    rows: int
    """When it was asked for."""
    reason: str = Field(default="", max_length=500)
    state: ExportState = Field(sa_type=words(ExportState))
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None, foreign_key="users.id")
    note: str = Field(default="", max_length=500)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """An approval lasts as long."""
    version: int = Field(default=1)

    def move(self, move: ExportMove) -> None:
        self.state = moved(EXPORT_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[ExportMove]:
        return open_moves(EXPORT_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        if actor.may(Permission.EXPORT_APPROVE):
            return col(cls.organisation_id) == actor.organisation_id
        return col(cls.user_id) == actor.id

    @property
    def title(self) -> str:
        return f"{self.page} {self.rows}"
