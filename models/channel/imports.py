"""A file of rows that somebody brought in, and how far it has got."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Integer, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, words
from models.staff import Actor


class ImportKind(StrEnum):
    AGENTS = "agents"
    SHOPS = "shops"
    LISTINGS = "listings"
    BLACKLIST = "blacklist"
    RESTRICTED = "restricted"
    STOCK = "stock"
    INDUSTRY_CARDS = "industry_cards"


class ImportState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ImportMove(StrEnum):
    START = "start"
    FINISH = "finish"
    FAIL = "fail"


_S, _M = ImportState, ImportMove
IMPORT_MOVES: Final[Mapping[tuple[ImportState, ImportMove], ImportState]] = {
    (_S.WAITING,  _M.START):   _S.RUNNING,
    (_S.RUNNING,  _M.FINISH):  _S.DONE,
    (_S.WAITING,  _M.FAIL):    _S.FAILED,
    (_S.RUNNING,  _M.FAIL):    _S.FAILED,
}  # fmt: skip


class Import(Table, table=True):
    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: ImportKind = Field(sa_type=words(ImportKind))
    organisation_id: UUID = Field(foreign_key="organisations.id", index=True)
    file_name: str = Field(max_length=200)
    sha256: str = Field(max_length=64)
    """The file as it came, in the store."""
    columns: dict[str, str] = Field(sa_type=JSON)
    """Ours by theirs: which column of the file fills which field."""
    is_dry: bool = Field(default=False)
    """Whether rows are only checked."""
    state: ImportState = Field(default=ImportState.WAITING, sa_type=words(ImportState))
    actor: dict[str, Any] = Field(sa_type=JSON)
    """Who brought it, so that a worker can go on in their name."""
    rows: int = Field(default=0, sa_type=Integer)
    """Rows in the file, counted when it came."""
    read: int = Field(default=0, sa_type=Integer)
    """Rows dealt with; a killed import goes on behind them."""
    accepted: int = Field(default=0, sa_type=Integer)
    rejected: int = Field(default=0, sa_type=Integer)
    rejects_sha256: str | None = Field(default=None, max_length=64)
    """The reject file, in the store."""
    fault: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    """Code and facts of the refusal that ended it."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def move(self, move: ImportMove) -> None:
        self.state = moved(IMPORT_MOVES, self.state, move)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return true() if actor.is_house else col(cls.organisation_id).in_(actor.organisations)

    @property
    def title(self) -> str:
        return self.file_name

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id


class Counter(Table, table=True):
    """The last number given under a name; numbers are never given twice."""

    name: str = Field(primary_key=True, max_length=64)
    value: int = Field(default=0, sa_type=Integer)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return true() if actor.is_house else col(cls.name) == ""
