"""A plan: which source is patrolled, how often, how many of its shops people look at (4.8)."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Integer, UniqueConstraint, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.staff import Actor

WHOLE: Final = 100
"""Percent: every shop is looked at."""


class Cadence(StrEnum):
    NIGHTLY = "nightly"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


class PatrolPlan(Table, table=True):
    __table_args__ = (
        UniqueConstraint("organisation_id", "name"),
        Index("ix_patrol_plans_next", "paused_at", "next_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    name: str = Field(max_length=64)
    source_id: UUID = Field(foreign_key="sources.id", index=True)
    cadence: Cadence = Field(sa_type=words(Cadence))
    share: int = Field(sa_type=Integer)
    """Percent of the shops with a flagged offer that are drawn for the checklist; 100 is all."""
    assignee_id: UUID | None = Field(default=None, foreign_key="users.id")
    """Who fills in the checklists; never somebody related to an agent that is drawn."""
    planned_by: UUID = Field(foreign_key="users.id")
    """Runs are done in this person's name, with what they may do at that time."""
    next_at: datetime = Field(sa_type=UtcDateTime)
    last_run_id: UUID | None = Field(default=None)
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    pause_reason: str = Field(default="", max_length=1000)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return true() if actor.is_house else col(cls.organisation_id).in_(actor.organisations)

    @property
    def title(self) -> str:
        return self.name

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id
