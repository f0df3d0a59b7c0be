"""Where a patrol looks, and one run of it (DOMAIN 4.8)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer, UniqueConstraint, true
from sqlalchemy.orm import Mapped
from sqlmodel import Field, col, select

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.patrol.scope import Owned, Watched, of_owner, of_watched
from models.staff import Actor


class Source(Owned, Table, table=True):
    """One shop server or marketplace, as its mapping file tells how to read it."""

    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    name: str = Field(max_length=64)
    platform: str = Field(max_length=32)
    mapping: str
    """The mapping file, as it was saved."""
    secrets: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """Keys by name, each sealed and bound to this row, in base64."""
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    asked_on: date | None = Field(default=None)
    """The day of which `asked` counts the questions, in China."""
    asked: int = Field(default=0, sa_type=Integer)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_owner(actor, col(cls.organisation_id))

    @property
    def title(self) -> str:
        return self.name


class RunState(StrEnum):
    PLANNED = "planned"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    CLOSED = "closed"
    FAILED = "failed"
    STOPPED = "stopped"


class RunMove(StrEnum):
    START = "start"
    SUBMIT = "submit"
    REVIEW = "review"
    FAIL = "fail"
    STOP = "stop"


_S, _M = RunState, RunMove
RUN_MOVES: Final[Mapping[tuple[RunState, RunMove], RunState]] = {
    (_S.PLANNED,      _M.START):   _S.IN_PROGRESS,
    (_S.PLANNED,      _M.STOP):    _S.STOPPED,
    (_S.IN_PROGRESS,  _M.SUBMIT):  _S.SUBMITTED,
    (_S.IN_PROGRESS,  _M.FAIL):    _S.FAILED,
    (_S.IN_PROGRESS,  _M.STOP):    _S.STOPPED,
    (_S.SUBMITTED,    _M.REVIEW):  _S.CLOSED,
}  # fmt: skip


class PatrolRun(Watched, Table, table=True):
    __table_args__ = (
        Index("ix_patrol_runs_created", "organisation_id", "created_at", "id"),
        Index("ix_patrol_runs_source_created", "source_id", "created_at", "id"),
        Index("ix_patrol_runs_due", "state", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    organisation_id: UUID = Field(foreign_key="organisations.id", index=True)
    source_id: UUID | None = Field(default=None, foreign_key="sources.id", index=True)
    """None: the listings came in a file."""
    plan_id: UUID | None = Field(default=None, index=True)
    """None: somebody asked for this one run."""
    assignee_id: UUID | None = Field(default=None)
    """Who fills in the checklists of the shops that are drawn."""
    substitute_id: UUID | None = Field(default=None)
    asked_shops: list[str] = Field(default_factory=list, sa_type=JSON)
    """Keys of shops that are drawn whatever the lot says: something was said of their badges."""
    from_hour: int = Field(default=0, sa_type=Integer)
    until_hour: int = Field(default=24, sa_type=Integer)
    """The night window of its plan."""
    drawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the machine was done with it; from then on it waits for people."""
    seed: str = Field(default="", max_length=64)
    """Of the random draw: with it anybody draws the same shops (`models.patrol.checks.draw`)."""
    share: int = Field(default=0, sa_type=Integer)
    """Percent of the shops that are drawn; 0: none, what the machine saw is all."""
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The first moment at which handing it in is too late (patrol_run)."""
    review_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    overdue_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was found to be late; such a run goes on all the same."""
    overdue_reason: str = Field(default="", max_length=1000)
    import_id: UUID | None = Field(default=None, foreign_key="imports.id", index=True)
    platform: str = Field(max_length=32)
    platform_home: str | None = Field(default=None, max_length=2)
    card_home: str | None = Field(default=None, max_length=2)
    mapping: str = Field(default="")
    """The source's mapping as it stood when the run was planned."""
    actor: dict[str, Any] = Field(sa_type=JSON)
    """Who planned it, so that a worker can go on in their name."""
    state: RunState = Field(default=RunState.PLANNED, sa_type=words(RunState), index=True)
    steps: int = Field(default=0, sa_type=Integer)
    steps_done: int = Field(default=0, sa_type=Integer)
    listings: int = Field(default=0, sa_type=Integer)
    cards: int = Field(default=0, sa_type=Integer)
    """Listings that sell telephone cards."""
    shops: int = Field(default=0, sa_type=Integer)
    findings: int = Field(default=0, sa_type=Integer)
    faults: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """What could not be read and why; the first hundred."""
    fault_count: int = Field(default=0, sa_type=Integer)
    failures: int = Field(default=0, sa_type=Integer)
    """Questions in a row that gave nothing; the source's limit ends the run."""
    register_sha256: str | None = Field(default=None, max_length=64)
    """The register as it stood, in the store."""
    evidence_index: str | None = Field(default=None, max_length=64)
    """The list of all its manifests, in the store; what is stamped."""
    engine: str = Field(default="", max_length=100)
    """Which engine and model screened it."""
    flagged: int = Field(default=0, sa_type=Integer)
    """Listings under any label but `not_card`."""
    flagged_shops: int = Field(default=0, sa_type=Integer)
    licensed_shops: int = Field(default=0, sa_type=Integer)
    """Of the flagged ones, those that nothing was found against."""
    drawn: int = Field(default=0, sa_type=Integer)
    checked: int = Field(default=0, sa_type=Integer)
    """Shops whose checklist is complete."""
    news: int = Field(default=0, sa_type=Integer)
    """Flagged listings that the run before had not seen."""
    pictures: int = Field(default=0, sa_type=Integer)
    is_stop_asked: bool = Field(default=False)
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def move(self, move: RunMove) -> None:
        self.state = moved(RUN_MOVES, self.state, move)

    def open_moves(self) -> list[RunMove]:
        return open_moves(RUN_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_watched(
            actor, col(cls.organisation_id), col(cls.platform_home), col(cls.card_home)
        )

    @property
    def title(self) -> str:
        return self.number


def of_run(actor: Actor, run: Mapped[UUID]) -> ColumnElement[bool]:
    """Rows of a run, known to whoever knows of it."""
    if actor.is_house:
        return true()
    return run.in_(select(PatrolRun.id).where(PatrolRun.seen_by(actor)))


class Phase(IntEnum):
    PAGES = 0
    LOOK = 1
    JUDGE = 2
    LINKS = 3


DISMISSED: Final = "dismissed"
"""In a done step of judging: how much of the shop was left as a person had dismissed it."""


class RunStep(Table, table=True):
    """One thing that a run has to do, or has done: what a killed run goes on from."""

    __table_args__ = (
        UniqueConstraint("run_id", "key"),
        Index("ix_run_steps_waiting", "run_id", "is_done", "phase", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    run_id: UUID = Field(foreign_key="patrol_runs.id")
    key: str = Field(max_length=64)
    """SHA-256 of the step, so that no page is asked for twice."""
    step: dict[str, Any] = Field(sa_type=JSON)
    phase: int = Field(default=0, sa_type=Integer)
    """A `Phase`: a run does all steps of one before those of the next."""
    is_done: bool = Field(default=False)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return true() if actor.is_house else col(cls.key) == ""
