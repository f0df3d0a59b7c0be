"""Who had a part in a violation, how large, and what they said to it (003-11.1)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Index
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.cases.scope import of_own_case
from models.staff import Actor


class PartyRole(StrEnum):
    SHOP = "shop"
    AGENT = "agent"
    PRINCIPAL = "principal"
    """The person who answers for the firm."""
    SOURCE_CHANNEL = "source_channel"
    PURCHASER = "purchaser"
    """The unit that bought the industry cards."""
    PLATFORM = "platform"
    OWN_UNIT = "own_unit"
    """A unit or a person of the organisation itself, held to account (2016-11 opinions (五))."""
    OTHER = "other"


class CaseParty(Table, table=True):
    __table_args__ = (
        Index("ix_case_parties_case", "case_id", "id"),
        CheckConstraint("share BETWEEN 0 AND 100", "share"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    role: PartyRole = Field(sa_type=words(PartyRole))
    name: str = Field(max_length=200)
    uscc: str = Field(default="", max_length=18)
    """Empty of a person: identity numbers are nobody's to type."""
    agent_id: UUID | None = Field(default=None, foreign_key="agents.id")
    share: int = Field(default=0)
    """Per cent of the responsibility; the shares of a decided case make a hundred."""
    nature: str = Field(default="", max_length=1000)
    circumstance: str = Field(default="", max_length=1000)
    result: str = Field(default="", max_length=1000)
    """The three factors of responsibility (003-11.1-1)."""
    statement: str = Field(default="", max_length=4000)
    """What they said when they were heard; or why they could not be."""
    heard_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    heard_by: UUID | None = Field(default=None)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_own_case(actor, col(cls.case_id))

    @property
    def title(self) -> str:
        return self.name
