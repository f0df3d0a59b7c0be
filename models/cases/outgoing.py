"""What one side wrote to a thread, on its way to the other side's own system or mailbox."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer, and_, true
from sqlmodel import Field, col, select

from models.base import Table, UtcDateTime, new_id, words
from models.cases.notices import Notice, NoticeChannel
from models.staff import Actor, among, any_of


class MessageEvent(StrEnum):
    """What the message says, for a program."""

    SAID = "said"
    ASKED_AGAIN = "asked_again"
    LIFTED = "lifted"
    """What was asked for holds no more: to be undone, so it has to arrive."""


LONGEST_NUMBER: Final = 48


class OutgoingMessage(Table, table=True):
    """The delivery of one message: promised with it, and tried until it is there."""

    __table_args__ = (
        Index("ix_outgoing_messages_notice", "notice_id", "id"),
        Index("ix_outgoing_messages_waiting", "organisation_id", "event", "sent_at", "next_try_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    message_id: UUID = Field(foreign_key="messages.id", unique=True)
    notice_id: UUID = Field(foreign_key="notices.id")
    organisation_id: UUID = Field(foreign_key="organisations.id")
    """Who wrote it."""
    recipient_id: UUID = Field(foreign_key="organisations.id")
    number: str = Field(unique=True, max_length=LONGEST_NUMBER)
    """The notice's own and a serial: the key under which a second delivery is no second message."""
    event: MessageEvent = Field(sa_type=words(MessageEvent))
    measures: list[str] = Field(default_factory=list, sa_type=JSON)
    """Of a lifting: what is lifted."""
    still_asked: list[str] = Field(default_factory=list, sa_type=JSON)
    """Of a lifting: what the case goes on asking for."""
    channel: NoticeChannel = Field(sa_type=words(NoticeChannel))
    tries: int = Field(default=0, sa_type=Integer)
    last_words: str = Field(default="", max_length=1000)
    """What the recipient's server said when it did not take it."""
    receipt: str | None = Field(default=None, max_length=200)
    promised_at: datetime = Field(sa_type=UtcDateTime)
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """When it is tried by itself; None before it has arrived: of a lifting a person must look."""
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        """How it got there is the writer's own affair; what it says stands in the thread."""
        if actor.is_house:
            return true()
        scope = any_of(among(col(cls.organisation_id), actor.organisations))
        if actor.sees_channels:
            return scope
        return and_(scope, col(cls.notice_id).in_(select(Notice.id).where(Notice.seen_by(actor))))

    @classmethod
    def waits_for_a_person(cls) -> ColumnElement[bool]:
        """A lifting that nobody tries any more: to be mailed, or to be looked at."""
        return and_(
            col(cls.event) == MessageEvent.LIFTED,
            col(cls.sent_at).is_(None),
            col(cls.next_try_at).is_(None),
        )

    @property
    def is_left_to_people(self) -> bool:
        is_lifting = self.event is MessageEvent.LIFTED
        return is_lifting and self.sent_at is None and self.next_try_at is None

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id
