"""A notice as a thread between two organisations: what both write, asking again, and its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlmodel import col, select, update

from console.actions.audit import history
from console.actions.cases.extensions import extensions_of
from console.actions.cases.lists import notice_is_overdue
from console.actions.cases.notices.delivering import is_open, must_be_sender
from console.actions.cases.notices.letters import answer_code, case_of
from console.actions.cases.notices.outgoing import Said, send_out
from console.actions.cases.notices.replies import messages_to, replies_to
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.deadlines import deadline
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.cases.cases import Case
from models.cases.extensions import Extension
from models.cases.notices import (
    RECEIVED,
    Answer,
    Message,
    Notice,
    NoticeKind,
    NoticeMove,
    NoticeState,
    Proof,
)
from models.cases.outgoing import MessageEvent, OutgoingMessage
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.staff import Organisation

LONGEST: Final = 4000


class Direction(StrEnum):
    """Which way notices went, as the reader sees it."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Thread:
    """A notice with all that both sides wrote to it."""

    notice: Notice
    sender: str
    recipient: str
    is_ours: bool
    """The reader's side has sent it."""
    answers: Sequence[Answer]
    proofs: Sequence[Proof]
    messages: Sequence[Message]
    extensions: Sequence[Extension]
    history: Sequence[AuditEntry]
    outgoing: Sequence[OutgoingMessage] = ()
    """How what the reader's side wrote gets there."""


def thread_record(desk: Desk, notice_id: UUID | str) -> Thread:
    with desk.begin(Permission.CASE_READ) as work:
        notice = work.get(Notice, notice_id)
        answers, proofs = replies_to(work, [notice])
        return Thread(
            notice,
            sender=work.session.get_one(Organisation, notice.organisation_id).name,
            recipient=work.session.get_one(Organisation, notice.recipient_id).name,
            is_ours=notice.organisation_id in work.actor.organisations,
            answers=answers,
            proofs=proofs,
            messages=messages_to(work, [notice]),
            extensions=extensions_of(work, notice),
            history=history(work, notice),
            outgoing=work.all(
                work.select(OutgoingMessage)
                .where(OutgoingMessage.notice_id == notice.id)
                .order_by(col(OutgoingMessage.id))
            ),
        )


def list_threads(  # noqa: PLR0913 - a list's filters
    desk: Desk,
    *,
    kind: NoticeKind | str | None = None,
    direction: Direction | str | None = None,
    state: NoticeState | str | None = None,
    overdue: bool = False,
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[Notice]:
    """Notices of the actor's organisation, newest first: those that it sent, or was sent."""
    with desk.begin(Permission.CASE_READ) as work:
        query = work.select(Notice)
        if kind:
            query = query.where(Notice.kind == NoticeKind(kind))
        if direction:
            ends = Notice.organisation_id, Notice.recipient_id
            end = ends[Direction(direction) is Direction.IN]
            query = query.where(col(end).in_(work.actor.organisations))
        if state:
            query = query.where(Notice.state == NoticeState(state))
        if overdue:
            query = query.where(notice_is_overdue(work.at))
        return work.slice(query, order or Order.by(Notice.id), after, limit)


def notice_by_number(desk: Desk, number: str) -> Notice:
    """By `NTC-2026-000017`, as people say it."""
    with desk.begin(Permission.CASE_READ) as work:
        return work.one(work.select(Notice).where(Notice.number == number.strip().upper()), Notice)


def say(desk: Desk, notice_id: UUID | str, text: str) -> Message:
    """Write to the other side."""
    text = _written(desk, text)
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, notice_id)
        if notice.state not in RECEIVED or notice.state is NoticeState.CLOSED:
            raise Conflict("notice.not_to_be_spoken_to", number=notice.number, state=notice.state)
        message = _said(work, notice, text, MessageEvent.SAID)
        work.record("notice.said", notice)
        return message


def ask_again(desk: Desk, notice_id: UUID | str, text: str) -> Notice:
    """The answer is not enough: say what is missing, with a due date anew."""
    text = _written(desk, text)
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, notice_id)
        must_be_sender(work, notice)
        case = case_of(work, notice)
        if case is not None and not is_open(work, case):
            raise Conflict("notice.case_over", number=notice.number, reference=case.reference)
        due = deadline(work, answer_code(notice, case))
        notice.move(NoticeMove.ASK_AGAIN)
        notice.answer_due_at, notice.answered_at = due.at, None
        notice.reminders, notice.reminded_at = 0, None
        _said(work, notice, text, MessageEvent.ASKED_AGAIN)
        work.record("notice.asked_again", notice, answer_due=due.at.isoformat(), rule=due.version)
        return notice


def close_thread(desk: Desk, notice_id: UUID | str) -> Notice:
    """Nothing more is to come: drop a draft, or end what was reported or asked.

    Threads of a case end with it, by themselves.
    """
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, notice_id)
        must_be_sender(work, notice)
        case = case_of(work, notice)
        if case is not None and is_open(work, case) and notice.state is not NoticeState.DRAFT:
            raise Conflict("notice.case_goes_on", number=notice.number, reference=case.reference)
        close(work, notice)
        return notice


def close(work: Work, notice: Notice) -> None:
    notice.move(NoticeMove.CLOSE)
    notice.next_try_at = None
    work.record("notice.closed", notice)


def close_threads(work: Work, case: Case) -> None:
    """With the end of a case, for whoever ends it in a transaction of their own."""
    rows = work.session.exec(
        select(Notice)
        .where(Notice.case_id == case.id, Notice.state != NoticeState.CLOSED)
        .order_by(col(Notice.id))
        .with_for_update()
    ).all()
    for notice in rows:
        close(work, notice)


def take_note(desk: Desk, notice_id: UUID | str) -> Notice:
    """The sender has read what came too late."""
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, notice_id)
        must_be_sender(work, notice)
        unread = [col(Answer.is_late).is_(True), col(Answer.seen_at).is_(None)]
        mine = update(Answer).where(col(Answer.notice_id) == notice.id, *unread)
        if work.session.exec(mine.values(seen_at=work.at)).rowcount:
            work.record("notice.late_answer_seen", notice)
        else:
            work.no_deed()
        return notice


def _said(work: Work, notice: Notice, text: str, event: MessageEvent) -> Message:
    """It stands in the thread at once, and goes to the other side's own system where it has one."""
    ours = notice.organisation_id in work.actor.organisations
    own = notice.organisation_id if ours else notice.recipient_id
    message = work.add(
        Message(
            notice_id=notice.id,
            organisation_id=own,
            author=work.actor.name,
            text=text,
            at=work.at,
        )
    )
    send_out(work, notice, message, Said(event))
    return message


def _written(desk: Desk, text: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise Invalid("notice.words_needed", field="text", most=LONGEST)
    must_name_nobodys_number(desk, text)
    return text
