"""Versions of a licence's scope: the old one holds until the new one is approved (4.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.channel.licences import Licence
from models.staff import Actor, of_carrier


class VersionState(StrEnum):
    PENDING = "pending"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class VersionMove(StrEnum):
    APPROVE = "approve"
    RETURN = "return"
    WITHDRAW = "withdraw"
    NEWER = "newer"


_S, _M = VersionState, VersionMove
VERSION_MOVES: Final[Mapping[tuple[VersionState, VersionMove], VersionState]] = {
    (_S.PENDING,   _M.APPROVE):   _S.IN_FORCE,
    (_S.PENDING,   _M.RETURN):    _S.RETURNED,
    (_S.PENDING,   _M.WITHDRAW):  _S.WITHDRAWN,
    (_S.IN_FORCE,  _M.NEWER):     _S.SUPERSEDED,
}  # fmt: skip

SCOPE: Final = ("products", "provinces", "shop_ids", "begins_on", "ends_on")
"""The columns that a version has in common with its licence."""
_LISTS: Final = ("products", "provinces", "shop_ids")
_DAYS: Final = ("begins_on", "ends_on")


class Scope(Protocol):
    """What a licence and each of its versions allow."""

    products: list[str]
    provinces: list[str]
    shop_ids: list[str]
    begins_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Difference:
    """What one part of a scope has against an earlier one."""

    field: str
    """One of `SCOPE`."""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    before: date | None = None
    """Of a day that changed, with `after`."""
    after: date | None = None


def differences(before: Scope, after: Scope) -> list[Difference]:
    """How a scope reads against an earlier one; empty when nothing differs."""
    found: list[Difference] = []
    for name in _LISTS:
        old, new = getattr(before, name), getattr(after, name)
        added = tuple(one for one in new if one not in old)
        removed = tuple(one for one in old if one not in new)
        if added or removed:
            found.append(Difference(name, added, removed))
    for name in _DAYS:
        first, second = getattr(before, name), getattr(after, name)
        if first != second:
            found.append(Difference(name, before=first, after=second))
    return found


class LicenceVersion(Table, table=True):
    __table_args__ = (
        UniqueConstraint("licence_id", "number"),
        # One change at a time waits for its approval.
        Index(
            "uq_licence_versions_pending",
            "licence_id",
            unique=True,
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_licence_versions_carrier_state", "carrier_id", "state", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    licence_id: UUID = Field(foreign_key="licences.id")
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    number: int = Field(sa_type=Integer)
    """1 is the scope that was first approved."""
    products: list[str] = Field(sa_type=JSON)
    provinces: list[str] = Field(sa_type=JSON)
    shop_ids: list[str] = Field(sa_type=JSON)
    begins_on: date
    ends_on: date
    state: VersionState = Field(default=VersionState.PENDING, sa_type=words(VersionState))
    reason: str = Field(default="", max_length=1000)
    """Why it is asked for; then why it was returned."""
    asked_by: UUID | None = Field(default=None)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @classmethod
    def of(cls, licence: Licence, number: int, at: datetime) -> "LicenceVersion":
        """The licence's scope as it stands."""
        return cls(
            licence_id=licence.id,
            carrier_id=licence.carrier_id,
            province=licence.province,
            number=number,
            asked_at=at,
            **{name: getattr(licence, name) for name in SCOPE},
        )

    def move(self, move: VersionMove) -> None:
        self.state = moved(VERSION_MOVES, self.state, move)

    def open_moves(self) -> list[VersionMove]:
        return open_moves(VERSION_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return f"v{self.number}"

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province
