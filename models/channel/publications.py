"""The published list of licensed agents (名单公布, DOMAIN 4.6)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.staff import Actor, OrganisationKind


class PublicationState(StrEnum):
    BUILDING = "building"
    READY = "ready"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class PublicationMove(StrEnum):
    CHECK_OK = "check_ok"
    PUBLISH = "publish"
    NEWER = "newer"


_S, _M = PublicationState, PublicationMove
PUBLICATION_MOVES: Final[Mapping[tuple[PublicationState, PublicationMove], PublicationState]] = {
    (_S.BUILDING,   _M.CHECK_OK):  _S.READY,
    (_S.READY,      _M.PUBLISH):   _S.PUBLISHED,
    (_S.PUBLISHED,  _M.NEWER):     _S.SUPERSEDED,
}  # fmt: skip


class Publication(Table, table=True):
    """One edition of a carrier's list: its rows are frozen in the store under `sha256`."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    carrier_id: UUID = Field(foreign_key="organisations.id", index=True)
    province: str | None = Field(default=None, max_length=2)
    state: PublicationState = Field(
        default=PublicationState.BUILDING, sa_type=words(PublicationState)
    )
    rows: int = Field(default=0)
    added: int = Field(default=0)
    """Against the edition before."""
    removed: int = Field(default=0)
    changed: int = Field(default=0)
    because: str = Field(default="", max_length=300)
    """Why it was begun out of turn: the licence that was revoked; empty for one by schedule."""
    sha256: str | None = Field(default=None, max_length=64)
    """Of the rows as NDJSON."""
    signature: str | None = Field(default=None)
    """JWS over the manifest (RFC 7515)."""
    prepared_by: str = Field(max_length=64)
    preparer_id: UUID | None = Field(default=None)
    """None: the house prepared it by itself."""
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the next edition is due; past it the list is stale."""
    created_at: datetime = Field(sa_type=UtcDateTime)

    def move(self, move: PublicationMove) -> None:
        self.state = moved(PUBLICATION_MOVES, self.state, move)

    def open_moves(self) -> list[PublicationMove]:
        return open_moves(PUBLICATION_MOVES, self.state)

    def is_stale(self, at: datetime) -> bool:
        return (
            self.state is PublicationState.PUBLISHED
            and self.due_at is not None
            and at > self.due_at
        )

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        published = col(cls.state).in_([PublicationState.PUBLISHED, PublicationState.SUPERSEDED])
        if actor.kind in {OrganisationKind.COMM_ADMIN, OrganisationKind.PLATFORM}:
            return published
        return or_(col(cls.carrier_id).in_(actor.carriers), published)

    @property
    def title(self) -> str:
        return self.number

    @property
    def place(self) -> str | None:
        return self.province
