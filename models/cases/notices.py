"""A notice to a platform, how it got there, and what came back."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Integer, and_, true
from sqlmodel import Field, col, select

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.cases.cases import Case
from models.staff import Actor, among, any_of


class NoticeState(StrEnum):
    SENDING = "sending"  # promised to the platform, not yet received by it
    SENT = "sent"
    TURNED_DOWN = "turned_down"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"


class NoticeMove(StrEnum):
    DELIVER = "deliver"
    TURN_DOWN = "turn_down"
    SEND_AGAIN = "send_again"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"


_S, _M = NoticeState, NoticeMove
NOTICE_MOVES: Final[Mapping[tuple[NoticeState, NoticeMove], NoticeState]] = {
    (_S.SENDING,       _M.DELIVER):      _S.SENT,
    (_S.SENDING,       _M.TURN_DOWN):    _S.TURNED_DOWN,
    (_S.TURNED_DOWN,   _M.SEND_AGAIN):   _S.SENDING,
    (_S.SENT,          _M.ACKNOWLEDGE):  _S.ACKNOWLEDGED,
    (_S.ACKNOWLEDGED,  _M.ANSWER):       _S.ANSWERED,
}  # fmt: skip

RECEIVED: Final = (_S.SENT, _S.ACKNOWLEDGED, _S.ANSWERED)


class AnswerOutcome(StrEnum):
    """What a platform did."""

    REMOVED = "removed"
    SERVICE_STOPPED = "service_stopped"
    CORRECTED = "corrected"
    KEPT = "kept"
    MORE_WANTED = "more_wanted"


ACTED: Final = (AnswerOutcome.REMOVED, AnswerOutcome.SERVICE_STOPPED, AnswerOutcome.CORRECTED)


class Notice(Table, table=True):
    __table_args__ = (Index("ix_notices_platform_state", "platform", "state", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    """Ours, and the key under which a second delivery is no second notice."""
    case_id: UUID = Field(foreign_key="cases.id", index=True)
    organisation_id: UUID = Field(foreign_key="organisations.id", index=True)
    platform: str = Field(max_length=32)
    subject: str = Field(max_length=300)
    body: str
    state: NoticeState = Field(default=NoticeState.SENDING, sa_type=words(NoticeState))
    tries: int = Field(default=0, sa_type=Integer)
    last_words: str = Field(default="", max_length=1000)
    """What the platform's server said when it did not take the notice."""
    receipt: str | None = Field(default=None, max_length=200)
    promised_at: datetime = Field(sa_type=UtcDateTime)
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """When delivery is tried by itself; None while SENDING: a person must look first."""
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledge_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str = Field(default="", max_length=64)
    answer_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rule_version: str = Field(default="", max_length=128)
    """Of the two deadlines, with a blank between."""
    version: int = Field(default=1)

    def move(self, move: NoticeMove) -> None:
        self.state = moved(NOTICE_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[NoticeMove]:
        return open_moves(NOTICE_MOVES, self.state)

    def is_overdue(self, at: datetime) -> bool:
        due = self.acknowledge_due_at if self.state is NoticeState.SENT else self.answer_due_at
        waits = self.state in {NoticeState.SENT, NoticeState.ACKNOWLEDGED}
        return waits and due is not None and at >= due

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        received = and_(col(cls.platform) == (actor.platform or ""), col(cls.state).in_(RECEIVED))
        watched = col(cls.case_id).in_(select(Case.id).where(Case.seen_by(actor)))
        if not actor.provinces:
            return any_of(
                among(col(cls.organisation_id), actor.organisations),
                received if actor.platform else None,
            )
        return watched

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id


class Answer(Table, table=True):
    """What a platform answered to a notice. Answers are added, never changed."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    notice_id: UUID = Field(foreign_key="notices.id", index=True)
    outcome: AnswerOutcome = Field(sa_type=words(AnswerOutcome))
    words_given: str = Field(max_length=4000)
    answered_by: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return col(cls.notice_id).in_(select(Notice.id).where(Notice.seen_by(actor)))


class Proof(Table, table=True):
    """A file that shows what a platform did: kept in the store under its hash."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    answer_id: UUID = Field(foreign_key="answers.id", index=True)
    name: str = Field(max_length=200)
    media_type: str = Field(max_length=64)
    size: int = Field(sa_type=Integer)
    sha256: str = Field(max_length=64)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return col(cls.answer_id).in_(select(Answer.id).where(Answer.seen_by(actor)))

    @property
    def title(self) -> str:
        return self.name


class Mailbox(Table, table=True):
    """Where a platform takes notices by machine; without one they wait for it in its console."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    platform: str = Field(unique=True, max_length=32)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    url: str = Field(max_length=500)
    key: bytes | None = Field(default=None)
    """Sent as a bearer key; sealed, bound to this row."""
    created_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return true() if actor.is_house else col(cls.platform) == (actor.platform or "")

    @property
    def title(self) -> str:
        return self.platform
