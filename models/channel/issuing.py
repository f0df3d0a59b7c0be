"""What issuing rests on: the register of signing keys, and the switch that halts it all."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlmodel import Field

from models.base import Table, UtcDateTime, new_id, words
from models.staff import Actor
from models.tokens import KeyRole


class SigningKey(Table, table=True):
    """The public side of a key, as the log tells of it. The key itself is in no database."""

    kid: str = Field(primary_key=True, max_length=4)
    role: KeyRole = Field(sa_type=words(KeyRole))
    algorithm: str = Field(max_length=16)
    public: str = Field(max_length=200)
    """Hex."""
    not_before: datetime = Field(sa_type=UtcDateTime)
    not_after: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when it may be in other hands."""
    reason: str = Field(default="", max_length=1000)
    created_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def id(self) -> str:
        return self.kid

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:  # noqa: ARG003 - it is published
        return true()

    @property
    def title(self) -> str:
        return f"{self.role.value} {self.kid}"


class IssuingHalt(Table, table=True):
    """While one is in force no badge is signed anywhere in this house."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reason: str = Field(max_length=1000)
    halted_by: UUID | None = Field(default=None)
    halted_by_name: str = Field(max_length=64)
    halted_at: datetime = Field(sa_type=UtcDateTime)
    lifted_by: UUID | None = Field(default=None)
    lifted_by_name: str = Field(default="", max_length=64)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lift_reason: str = Field(default="", max_length=1000)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:  # noqa: ARG003 - who issues must know
        return true()

    @property
    def title(self) -> str:
        return self.reason[:80]


class KeyState(StrEnum):
    """What a key does now."""

    SIGNING = "signing"
    PUBLISHED = "published"
    """Signs no more, and vouches for what it signed."""
    LOST = "lost"


class BadgeFault(StrEnum):
    """What the nightly check finds wrong with a badge; the first that is wrong."""

    BAD_FORM = "bad_form"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    OTHER_HASH = "other_hash"
    OTHER_CLAIMS = "other_claims"
    NOT_LOGGED = "not_logged"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of all badges found."""

    checked: int = 0
    bad: int = 0
    first: str = ""
    """The first bad badge's id."""
    fault: BadgeFault | None = None
    at: datetime | None = None
