"""What a decision sets people to do; a case can't close before each has its proof (4.9)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.cases.measures import Measure
from models.cases.scope import of_own_case
from models.staff import Actor


class TaskKind(StrEnum):
    REVOKE_LICENCE = "revoke_licence"
    SUSPEND_LICENCE = "suspend_licence"
    REVOKE_BADGE = "revoke_badge"
    NOTIFY_PLATFORM = "notify_platform"
    BLACKLIST = "blacklist"
    RECOVER_CARDS = "recover_cards"
    REVIEW_CARDS = "review_cards"
    TRACE = "trace"
    SOURCE_CASE = "source_case"
    POLICE_REPORT = "police_report"
    AUTHORITY_REPORT = "authority_report"
    ACCOUNTABILITY = "accountability"
    RECTIFICATION = "rectification"
    PUBLICATION = "publication"
    CARD_ORDER = "card_order"
    """An order for industry cards: told to their holder and set on the network."""
    RESTORE = "restore"
    """Service that was cut off is put on again: the measure holds no more."""
    BY_HAND = "by_hand"
    """What the house has no hand of its own for: done elsewhere, proven by a paper."""


BY_MEASURE: Final = frozenset({TaskKind.BY_HAND, TaskKind.CARD_ORDER, TaskKind.RESTORE})
"""Their target is the measure that they are about."""
TASKS_OF: Final[Mapping[Measure, tuple[TaskKind, ...]]] = {
    Measure.CORRECT: (TaskKind.NOTIFY_PLATFORM,),
    Measure.REMOVE_LISTINGS: (TaskKind.NOTIFY_PLATFORM,),
    Measure.REMOVE_SHOP: (TaskKind.NOTIFY_PLATFORM,),
    Measure.STOP_SERVICE: (TaskKind.NOTIFY_PLATFORM,),
    Measure.WARN: (TaskKind.BY_HAND,),
    Measure.RECTIFY: (TaskKind.RECTIFICATION,),
    Measure.RETRAIN: (TaskKind.BY_HAND,),
    Measure.REVOKE_BADGE: (TaskKind.REVOKE_BADGE,),
    Measure.SUSPEND_LICENCE: (TaskKind.SUSPEND_LICENCE,),
    Measure.CANCEL_DELEGATION: (TaskKind.REVOKE_LICENCE, TaskKind.PUBLICATION),
    Measure.BLACKLIST: (TaskKind.BLACKLIST,),
    Measure.RECOVER_CARDS: (TaskKind.RECOVER_CARDS,),
    Measure.REVIEW_CARDS: (TaskKind.REVIEW_CARDS,),
    Measure.RESTRICT_CARDS: (TaskKind.BY_HAND,),
    Measure.SUSPEND_CARDS: (TaskKind.BY_HAND,),
    Measure.REVERIFY: (TaskKind.BY_HAND,),
    Measure.SHUT_DOWN_CARDS: (TaskKind.BY_HAND,),
    Measure.TRACE_CHANNEL: (TaskKind.TRACE,),
    Measure.REPORT_POLICE: (TaskKind.POLICE_REPORT,),
    Measure.REPORT_AUTHORITY: (TaskKind.AUTHORITY_REPORT,),
    Measure.HOLD_TO_ACCOUNT: (TaskKind.ACCOUNTABILITY,),
    Measure.PUBLISH_LIST: (TaskKind.PUBLICATION,),
    Measure.OPEN_INCIDENT: (TaskKind.BY_HAND,),
}


class TaskState(StrEnum):
    OPEN = "open"
    DONE = "done"
    NOT_NEEDED = "not_needed"


class TaskMove(StrEnum):
    FINISH = "finish"
    WAIVE = "waive"
    REOPEN = "reopen"


_S, _M = TaskState, TaskMove
TASK_MOVES: Final[Mapping[tuple[TaskState, TaskMove], TaskState]] = {
    (_S.OPEN,        _M.FINISH):  _S.DONE,
    (_S.OPEN,        _M.WAIVE):   _S.NOT_NEEDED,
    (_S.DONE,        _M.REOPEN):  _S.OPEN,
    (_S.NOT_NEEDED,  _M.REOPEN):  _S.OPEN,
}  # fmt: skip


class CaseTask(Table, table=True):
    __table_args__ = (
        Index("ix_case_tasks_case", "case_id", "id"),
        Index("ix_case_tasks_due", "organisation_id", "state", "kind", "due_at"),
        Index("ix_case_tasks_assignee", "assignee_id", "state", "due_at"),
        Index("ix_case_tasks_kind", "state", "kind", "id"),
        Index("ix_case_tasks_late", "state", "is_late", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    organisation_id: UUID = Field(foreign_key="organisations.id")
    origin_id: UUID | None = Field(default=None, foreign_key="cases.id", index=True)
    """The case that it was made in, where that one is merged into another."""
    measure_id: UUID | None = Field(default=None, foreign_key="case_measures.id")
    kind: TaskKind = Field(sa_type=words(TaskKind))
    target: str = Field(default="", max_length=64)
    """The platform's code, or the id of the licence, badge or channel it is about."""
    target_name: str = Field(default="", max_length=300)
    state: TaskState = Field(default=TaskState.OPEN, sa_type=words(TaskState))
    is_mandatory: bool = Field(default=False)
    """Stands for an outcome that the rules want; nobody can do without it."""
    assignee_id: UUID | None = Field(default=None)
    due_at: datetime = Field(sa_type=UtcDateTime)
    is_late: bool = Field(default=False)
    rule_version: str = Field(default="", max_length=64)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: UUID | None = Field(default=None)
    words_given: str = Field(default="", max_length=2000)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What the proof is: ids of deeds, notices, reports, or counts."""
    version: int = Field(default=1)

    def move(self, move: TaskMove) -> None:
        self.state = moved(TASK_MOVES, self.state, move)
        self.is_late = False
        self.version += 1

    def open_moves(self) -> list[TaskMove]:
        return open_moves(TASK_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_own_case(actor, col(cls.case_id))

    @property
    def title(self) -> str:
        return self.kind

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id


class Recovery(Table, table=True):
    """Cards called back: what was ordered, what came, what is missing and why (004-3.4-c)."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id", index=True)
    task_id: UUID = Field(foreign_key="case_tasks.id")
    ordered: int = Field(ge=0)
    recovered: int = Field(ge=0)
    missing_why: str = Field(default="", max_length=2000)
    at: datetime = Field(sa_type=UtcDateTime)
    noted_by: UUID | None = Field(default=None)

    @property
    def missing(self) -> int:
        return self.ordered - self.recovered

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_own_case(actor, col(cls.case_id))
