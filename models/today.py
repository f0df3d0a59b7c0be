"""What people keep for their own day: filters by name, a calendar of what is due, a digest."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, UniqueConstraint, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.staff import Actor, among, any_of


class SavedFilter(Table, table=True):
    """A list as somebody wants to see it again; shared ones are the whole organisation's."""

    __table_args__ = (UniqueConstraint("user_id", "page", "name"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id")
    organisation_id: UUID | None = Field(default=None, foreign_key="organisations.id", index=True)
    """Of whoever shares it; None: its owner's alone."""
    page: str = Field(max_length=40)
    name: str = Field(max_length=80)
    query: str = Field(max_length=1000)
    """As it stands behind the page's address, without the question mark."""
    created_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return any_of(
            among(col(cls.user_id), {actor.id} - {None}),
            among(col(cls.organisation_id), {actor.organisation_id} - {None}),
        )

    @property
    def title(self) -> str:
        return self.name


class CalendarFeed(Table, table=True):
    """An address that a calendar asks for its owner's due dates; whoever has it may read them."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", index=True)
    token_sha256: str = Field(unique=True, max_length=64)
    """Of the address's last part, which is shown once and kept nowhere."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    asked_on: date | None = Field(default=None)
    """The last day on which a calendar asked."""
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return true() if actor.is_house else any_of(among(col(cls.user_id), {actor.id} - {None}))


class HowOften(StrEnum):
    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"


class DigestChoice(Table, table=True):
    """Whether what waits for somebody is also mailed to them in the morning."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID = Field(foreign_key="users.id", unique=True)
    how_often: HowOften = Field(default=HowOften.NEVER, sa_type=words(HowOften))
    address: str = Field(default="", max_length=254)
    language: str = Field(default="zh", max_length=8)
    sent_on: date | None = Field(default=None)
    """The last day for which one went out."""
    last_words: str = Field(default="", max_length=500)
    """What the mail server said when it did not take the last one."""

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return true() if actor.is_house else any_of(among(col(cls.user_id), {actor.id} - {None}))
