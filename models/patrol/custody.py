"""What happened to evidence after it was taken: custody, and the stamps of an outside clock."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, words
from models.patrol.runs import of_run
from models.patrol.scope import Owned
from models.staff import Actor


class CustodyAct(StrEnum):
    CAPTURED = "captured"
    STAMPED = "stamped"
    VIEWED = "viewed"
    PACKED = "packed"
    """Handed out, in a pack."""
    FOUND_WHOLE = "found_whole"
    FOUND_DAMAGED = "found_damaged"


class CustodyEntry(Owned, Table, table=True):
    """One line of an item's custody: who did what when. The database lets nobody change one."""

    __table_args__ = (Index("ix_custody_entries_item", "manifest_sha256", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id", index=True)
    run_id: UUID = Field(foreign_key="patrol_runs.id", index=True)
    manifest_sha256: str = Field(max_length=64)
    act: CustodyAct = Field(sa_type=words(CustodyAct))
    actor: dict[str, Any] = Field(sa_type=JSON)
    note: str = Field(default="", max_length=500)
    at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_run(actor, col(cls.run_id))


class StampState(StrEnum):
    PROMISED = "promised"
    GRANTED = "granted"
    REFUSED = "refused"
    """The authority answered, and no token came."""
    GIVEN_UP = "given_up"


class StampMove(StrEnum):
    GRANT = "grant"
    REFUSE = "refuse"
    GIVE_UP = "give_up"


_S, _M = StampState, StampMove
STAMP_MOVES: Final[Mapping[tuple[StampState, StampMove], StampState]] = {
    (_S.PROMISED,  _M.GRANT):    _S.GRANTED,
    (_S.PROMISED,  _M.REFUSE):   _S.REFUSED,
    (_S.PROMISED,  _M.GIVE_UP):  _S.GIVEN_UP,
}  # fmt: skip


class EvidenceStamp(Owned, Table, table=True):
    """A timestamp token (RFC 3161) over a run's list of manifests."""

    __table_args__ = (Index("ix_evidence_stamps_waiting", "state", "next_try_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    run_id: UUID = Field(foreign_key="patrol_runs.id", index=True)
    index_sha256: str = Field(max_length=64)
    """What is stamped: the list of the run's manifests, in the store."""
    tsa: str = Field(max_length=300)
    state: StampState = Field(default=StampState.PROMISED, sa_type=words(StampState))
    tries: int = Field(default=0, sa_type=Integer)
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer_sha256: str | None = Field(default=None, max_length=64)
    """What the authority sent, as it came, in the store."""
    stamped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The authority's own time."""
    checked_by: str = Field(default="", max_length=64)
    """The program that verified the token; empty: nobody could."""
    problem: str = Field(default="", max_length=500)
    created_at: datetime = Field(sa_type=UtcDateTime)

    def move(self, move: StampMove) -> None:
        self.state = moved(STAMP_MOVES, self.state, move)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_run(actor, col(cls.run_id))
