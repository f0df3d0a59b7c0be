"""A plan: which source is patrolled, how often, how many of its shops people look at (4.8)."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Integer, UniqueConstraint
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.patrol.scope import Owned, of_owner
from models.rules import CHINA, china_day
from models.rules.parameters import months_before
from models.staff import Actor

WHOLE: Final = 100
"""Percent: every shop is looked at."""


class Cadence(StrEnum):
    NIGHTLY = "nightly"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"

    def after(self, day: date) -> date:
        """The day of the next turn; of a month that is too short its last."""
        match self:
            case Cadence.NIGHTLY:
                return day + timedelta(days=1)
            case Cadence.WEEKLY:
                return day + timedelta(days=7)
            case Cadence.MONTHLY:
                return months_before(day, -1)
            case Cadence.QUARTERLY:
                return months_before(day, -3)


class PlanWarning(StrEnum):
    """Where a plan does less than the office's own policy asks."""

    SHARE_TOO_SMALL = "share_too_small"
    """A sample smaller than patrol_sample_share."""
    QUARTERLY_NOT_WHOLE = "quarterly_not_whole"
    """Four times a year is often enough for all shops, not for a sample."""
    NO_CHECKLISTS = "no_checklists"


class PatrolPlan(Owned, Table, table=True):
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
    substitute_id: UUID | None = Field(default=None, foreign_key="users.id")
    """Who does it where the assignee is related."""
    planned_by: UUID = Field(foreign_key="users.id")
    """Runs are done in this person's name, with what they may do at that time."""
    from_hour: int = Field(default=0, sa_type=Integer)
    until_hour: int = Field(default=24, sa_type=Integer)
    """The night window: hours of a day in China. Outside it nothing is asked of the source."""
    next_at: datetime = Field(sa_type=UtcDateTime)
    last_run_id: UUID | None = Field(default=None)
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    pause_reason: str = Field(default="", max_length=1000)
    is_broken: bool = Field(default=False)
    """Nobody paused it: it could not run, and the reason is the code of the refusal."""
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)

    def is_open_at(self, now: datetime) -> bool:
        """Whether the window is open; one that begins in the evening goes on after midnight."""
        return hour_is_within(now, self.from_hour, self.until_hour)

    def turn_after(self, now: datetime) -> datetime:
        """The first turn behind `now`: turns that passed meanwhile are one, not many."""
        day = china_day(self.next_at)
        while at_hour(day, self.from_hour) <= now:
            day = self.cadence.after(day)
        return at_hour(day, self.from_hour)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_owner(actor, col(cls.organisation_id))

    @property
    def title(self) -> str:
        return self.name


def at_hour(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=CHINA)


def hour_is_within(now: datetime, begins: int, ends: int) -> bool:
    """Whether it is that part of the day in China; 0 to 24, and 22 to 6 goes over midnight."""
    hour = now.astimezone(CHINA).hour
    return begins <= hour < ends if begins < ends else hour >= begins or hour < ends
