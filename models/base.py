"""What every table shares: names of constraints, ids, UTC, scope, and the way states move."""

import os
import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Dialect, Enum, false
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from models.refusals import Conflict

if TYPE_CHECKING:
    from models.staff import Actor

# Without fixed names a migration cannot drop a constraint on both SQLite and PostgreSQL.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

State = TypeVar("State", bound=StrEnum)
Move = TypeVar("Move", bound=StrEnum)
_RANDOM_BITS: Final = 74
_LOW: Final = (1 << 62) - 1
_STEP_BYTES: Final = 4
_turn: Final = Lock()
_last: int = 0
"""The moment and the random part of the newest id, as one number."""


class Table(SQLModel):
    """A kind of row. `SpotCheck` is kept in `spot_checks`, `AuditEntry` in `audit_entries`."""

    # SQLModel declares the attribute otherwise than it defines it; here is the one place to say so.
    @declared_attr.directive
    def __tablename__(cls) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # noqa: N805
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        return re.sub("(?<=[^aeo])y$|(?<=ch)$", lambda end: "ie" if end[0] else "e", name) + "s"

    @classmethod
    def seen_by(cls, actor: "Actor") -> ColumnElement[bool]:  # noqa: ARG003 - every table says its own
        """Which rows the actor may know of. A table that does not say shows none."""
        return false()

    @property
    def title(self) -> str:
        """How people call the row: its number or name, copied into the record of deeds."""
        return ""

    @property
    def belongs_to(self) -> UUID | None:
        """Whose row it is, so that a look from another organisation is recorded; None: nobody's."""
        return None

    @property
    def place(self) -> str | None:
        """The province (GB/T 2260) whose administration watches over it."""
        return None


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562 5.7): sorts by the time it was made, so lists page by it."""
    (one,) = new_ids(1)
    return one


def new_ids(count: int) -> list[UUID]:
    """Ids for many rows; one process never makes a lower one after a higher (RFC 9562 6.2, 2).

    Rows of one millisecond are read in the order that they were written.
    """
    global _last  # noqa: PLW0603 - the order of the ids is a fact of the whole process
    drawn = os.urandom(_STEP_BYTES * count)
    fresh = time.time_ns() // 1_000_000 << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS - 1)
    with _turn:
        at = max(fresh, _last)
        numbers = [
            at := at + 1 + int.from_bytes(drawn[step : step + _STEP_BYTES])
            for step in range(0, len(drawn), _STEP_BYTES)
        ]
        _last = at
    return [_as_uuid(number) for number in numbers]


def _as_uuid(number: int) -> UUID:
    moment, high = number >> _RANDOM_BITS, number >> 62 & 0xFFF
    return UUID(int=moment << 80 | 7 << 76 | high << 64 | 2 << 62 | number & _LOW)


def utc_now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


def words(kind: type[StrEnum]) -> Any:  # noqa: ANN401 - SQLModel asks for a class and takes this
    """A column for an enum: its values, as plain text.

    SQLModel's own way keeps the members' names, in an ENUM type on PostgreSQL alone.
    """
    return Enum(kind, native_enum=False, length=32, values_callable=list)


def moved(moves: Mapping[tuple[State, Move], State], state: State, move: Move) -> State:
    """The state that `move` leads to from `state`; a Conflict if the table has no such row."""
    try:
        return moves[state, move]
    except KeyError:
        raise Conflict("state.cannot_move", state=state, move=move) from None


def open_moves(moves: Mapping[tuple[State, Move], State], state: State) -> list[Move]:
    """The moves that the table has from `state`, in the table's order."""
    return [move for start, move in moves if start == state]
