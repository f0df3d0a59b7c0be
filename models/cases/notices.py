"""A notice between organisations, how it got there, and what came back (004-3.3-c, n)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer, and_, or_, text, true
from sqlmodel import Field, col, select

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.cases.cases import Case
from models.staff import Actor, among, any_of


class NoticeKind(StrEnum):
    """What it is about; each has its words in both languages."""

    CASE = "case"
    """A carrier asks a platform for the measures of a case."""
    REPORT = "report"
    """A platform tells a carrier of a violation by its agent (004-3.3-n)."""
    INQUIRY = "inquiry"
    """One carrier asks another whether a shop is its agent's (DOMAIN 4.7: all carriers named)."""


class NoticeChannel(StrEnum):
    """How it gets there."""

    PORTAL = "portal"
    """It waits in the recipient's own console."""
    PUSH = "push"
    MAIL = "mail"
    """A file that somebody sends from their own mailbox."""


class NoticeState(StrEnum):
    DRAFT = "draft"
    SENDING = "sending"  # promised to the recipient, not yet received by it
    SENT = "sent"
    TURNED_DOWN = "turned_down"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    CLOSED = "closed"


class NoticeMove(StrEnum):
    SEND = "send"
    DELIVER = "deliver"
    TURN_DOWN = "turn_down"
    SEND_AGAIN = "send_again"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    ASK_AGAIN = "ask_again"
    CLOSE = "close"


_S, _M = NoticeState, NoticeMove
NOTICE_MOVES: Final[Mapping[tuple[NoticeState, NoticeMove], NoticeState]] = {
    (_S.DRAFT,         _M.SEND):         _S.SENDING,
    (_S.SENDING,       _M.DELIVER):      _S.SENT,
    (_S.SENDING,       _M.TURN_DOWN):    _S.TURNED_DOWN,
    (_S.TURNED_DOWN,   _M.SEND_AGAIN):   _S.SENDING,
    (_S.SENT,          _M.ACKNOWLEDGE):  _S.ACKNOWLEDGED,
    (_S.ACKNOWLEDGED,  _M.ANSWER):       _S.ANSWERED,
    (_S.ANSWERED,      _M.ASK_AGAIN):    _S.ACKNOWLEDGED,
    (_S.DRAFT,         _M.CLOSE):        _S.CLOSED,
    (_S.SENDING,       _M.CLOSE):        _S.CLOSED,
    (_S.TURNED_DOWN,   _M.CLOSE):        _S.CLOSED,
    (_S.SENT,          _M.CLOSE):        _S.CLOSED,
    (_S.ACKNOWLEDGED,  _M.CLOSE):        _S.CLOSED,
    (_S.ANSWERED,      _M.CLOSE):        _S.CLOSED,
}  # fmt: skip
"""A thread is closed with its case, whatever it was waiting for."""

RECEIVED: Final = (_S.SENT, _S.ACKNOWLEDGED, _S.ANSWERED, _S.CLOSED)


class AnswerOutcome(StrEnum):
    """What the recipient did, or knows."""

    REMOVED = "removed"
    SERVICE_STOPPED = "service_stopped"
    CORRECTED = "corrected"
    ACTED = "acted"
    KEPT = "kept"
    MORE_WANTED = "more_wanted"
    OURS = "ours"
    NOT_OURS = "not_ours"
    NEEDS_TIME = "needs_time"
    """No answer yet: the notice goes on waiting for one."""


_A = AnswerOutcome
ACTED: Final = (_A.REMOVED, _A.SERVICE_STOPPED, _A.CORRECTED)
"""A platform has acted, and shows it."""
OUTCOMES: Final[Mapping[NoticeKind, tuple[AnswerOutcome, ...]]] = {
    NoticeKind.CASE: (*ACTED, _A.KEPT, _A.MORE_WANTED),
    NoticeKind.REPORT: (_A.ACTED, _A.KEPT, _A.MORE_WANTED),
    NoticeKind.INQUIRY: (_A.OURS, _A.NOT_OURS, _A.NEEDS_TIME),
}
WORDLESS: Final = (*ACTED, _A.NOT_OURS)
"""Outcomes that say enough by themselves."""


class Notice(Table, table=True):
    __table_args__ = (
        Index("ix_notices_recipient_state", "recipient_id", "state", "id"),
        Index("ix_notices_recipient_case", "recipient_id", "case_id", "state"),
        Index(
            "ix_notices_sender_state", "organisation_id", "state", "id", "kind",
            "acknowledge_due_at", "answer_due_at",
        ),
        Index("ix_notices_due", "state", "answer_due_at"),
    )  # fmt: skip

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    """Ours, and the key under which a second delivery is no second notice."""
    kind: NoticeKind = Field(default=NoticeKind.CASE, sa_type=words(NoticeKind))
    case_id: UUID | None = Field(default=None, foreign_key="cases.id", index=True)
    finding_id: UUID | None = Field(default=None, foreign_key="findings.id", index=True)
    """Of a report: what the platform found itself."""
    agent_id: UUID | None = Field(default=None, foreign_key="agents.id")
    """Of a report: whose agent it is, by the published list."""
    organisation_id: UUID = Field(foreign_key="organisations.id")
    """Who sends it."""
    recipient_id: UUID = Field(foreign_key="organisations.id")
    platform: str = Field(default="", max_length=32)
    """Of the platform at either end."""
    channel: NoticeChannel = Field(default=NoticeChannel.PORTAL, sa_type=words(NoticeChannel))
    language: str = Field(default="zh", max_length=8)
    evidence: list[str] = Field(default_factory=list, sa_type=JSON)
    """Manifests of the evidence that goes with it, by their hashes."""
    subject: str = Field(max_length=300)
    body: str
    state: NoticeState = Field(default=NoticeState.SENDING, sa_type=words(NoticeState))
    tries: int = Field(default=0, sa_type=Integer)
    last_words: str = Field(default="", max_length=1000)
    """What the platform's server said when it did not take the notice."""
    receipt: str | None = Field(default=None, max_length=200)
    promised_at: datetime = Field(sa_type=UtcDateTime)
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """When delivery, or later a reminder, is tried by itself; None while SENDING: a person must
    look first.
    """
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledge_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str = Field(default="", max_length=64)
    answer_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminders: int = Field(default=0, sa_type=Integer)
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    escalated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Two working days past the answer's due date: from here on the administrations are told."""
    escalated_ground: str = Field(default="", max_length=64)
    """`platform_allowed_unlicensed` or `platform_failed_to_stop` (004-3.4-f, g)."""
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
        if actor.provinces:
            return col(cls.case_id).in_(select(Case.id).where(Case.seen_by(actor)))
        mine = among(col(cls.recipient_id), actor.organisations)
        scope = any_of(
            among(col(cls.organisation_id), actor.organisations),
            # What was closed before it arrived never was the recipient's.
            None
            if mine is None
            else and_(mine, col(cls.state).in_(RECEIVED), col(cls.sent_at).is_not(None)),
        )
        return scope if actor.sees_channels else and_(scope, cls.of_matter(actor))

    @classmethod
    def of_matter(cls, actor: Actor) -> ColumnElement[bool]:
        """What its case may be about, if it has one."""
        if actor.sees_channels:
            return true()
        its = select(Case.id).where(Case.id == cls.case_id, Case.of_matter(actor))
        return or_(col(cls.case_id).is_(None), its.correlate(cls).exists())

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id


class Answer(Table, table=True):
    """What a platform answered to a notice. Answers are added, never changed."""

    __table_args__ = (
        Index(
            "ix_answers_late", "notice_id",
            sqlite_where=text("is_late = 1 AND seen_at IS NULL"),
            postgresql_where=text("is_late = true AND seen_at IS NULL"),
        ),
    )  # fmt: skip

    id: UUID = Field(default_factory=new_id, primary_key=True)
    notice_id: UUID = Field(foreign_key="notices.id", index=True)
    outcome: AnswerOutcome = Field(sa_type=words(AnswerOutcome))
    words_given: str = Field(max_length=4000)
    answered_by: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcDateTime)
    is_late: bool = Field(default=False)
    """It came when the case had ended: kept, and without effect."""
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Of a late one: when the sender took note of it."""

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return col(cls.notice_id).in_(select(Notice.id).where(Notice.seen_by(actor)))


class Message(Table, table=True):
    """Anything else that one side writes to the other about a notice. Added, never changed."""

    __table_args__ = (Index("ix_messages_notice", "notice_id", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    notice_id: UUID = Field(foreign_key="notices.id")
    organisation_id: UUID = Field(foreign_key="organisations.id")
    author: str = Field(max_length=64)
    text: str = Field(max_length=4000)
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
    """Where an organisation takes notices by machine; without one they wait in its console."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id", unique=True)
    url: str = Field(max_length=500)
    key: bytes | None = Field(default=None)
    """Sent as a bearer key; sealed, bound to this row."""
    signing_key: bytes | None = Field(default=None)
    """Deliveries are signed with it (Standard Webhooks, HMAC-SHA256): the secrets that hold, newest
    first, in JSON; sealed, bound to this row.
    """
    created_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        """Its own people alone: an address and its keys are nobody else's, no group's either."""
        return true() if actor.is_house else col(cls.organisation_id) == actor.organisation_id

    @property
    def title(self) -> str:
        return self.url

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id
