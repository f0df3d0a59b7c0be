"""Looks at a shop after its removal, 7 and 30 days later, by somebody new to the case (4.7)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, UniqueConstraint
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.cases.scope import of_case
from models.staff import Actor


class Recheck(Table, table=True):
    __table_args__ = (
        UniqueConstraint("case_id", "round", "number"),
        Index("ix_rechecks_due", "organisation_id", "done_at", "due_at"),
        Index("ix_rechecks_late", "is_late", "done_at", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    organisation_id: UUID = Field(foreign_key="organisations.id")
    round: int
    """Counts how often the case was carried out."""
    number: int
    """1: after 7 days; 2: after 30."""
    due_at: datetime = Field(sa_type=UtcDateTime)
    is_late: bool = Field(default=False)
    rule_version: str = Field(max_length=64)
    run_id: UUID | None = Field(default=None, foreign_key="patrol_runs.id")
    """The patrol that looked, where one did."""
    is_clean: bool | None = Field(default=None)
    words_given: str = Field(default="", max_length=2000)
    evidence: list[str] = Field(default_factory=list, sa_type=JSON)
    done_by: UUID | None = Field(default=None)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_case(actor, col(cls.case_id))

    @property
    def title(self) -> str:
        return str(self.number)

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id
