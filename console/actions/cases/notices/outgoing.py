"""Messages of a thread on their way to the other side's own system (docs/decisions/022).

Each is promised in the transaction that writes it and pushed afterwards, with no transaction open,
until it is there; its number makes a second delivery harmless. A lifting has to arrive: where no
server takes it a person mails it and says so. What else is written stands in the thread anyway,
and is pushed for a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.cases.notices.mailbox_keys import push_of
from console.actions.cases.notices.ways import (
    FIRST_PAUSE,
    REMINDED_FOR,
    mailbox_of,
    pause_after,
    words_of,
)
from console.actions.cases.notices.wording import languages_of
from console.desk import Desk, Work
from console.i18n import texts
from integrations.marketplaces.base import SourceError, Unreachable
from integrations.notices import MessageLetter, Push
from models.cases.cases import Case
from models.cases.measures import Measure
from models.cases.notices import Message, Notice, NoticeChannel, NoticeKind, NoticeState
from models.cases.outgoing import MessageEvent, OutgoingMessage
from models.permissions import Permission
from models.staff import Organisation

_AT_ONCE: Final = 200
_THREAD_PATH: Final = "/api/v1/notices/{id}"


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A message on its way: all that a push needs, so that no transaction stays open."""

    id: UUID
    letter: MessageLetter
    push: Push


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says, for a program; `measures` and `still_asked` of a lifting."""

    event: MessageEvent
    measures: Sequence[Measure] = ()
    still_asked: Sequence[Measure] = ()


def send_out(
    work: Work,
    notice: Notice,
    message: Message,
    said: Said,
) -> OutgoingMessage:
    """Promise a message of a thread that the caller holds to its other side."""
    work.session.flush()
    ours = message.organisation_id == notice.organisation_id
    recipient_id = notice.recipient_id if ours else notice.organisation_id
    channel = _channel(work, notice, recipient_id, said.event)
    before = work.session.exec(
        select(func.count())
        .select_from(OutgoingMessage)
        .where(col(OutgoingMessage.notice_id) == notice.id)
    ).one()
    row = OutgoingMessage(
        message_id=message.id,
        notice_id=notice.id,
        organisation_id=message.organisation_id,
        recipient_id=recipient_id,
        number=f"{notice.number}-M{before + 1}",
        event=said.event,
        measures=[one.value for one in said.measures],
        still_asked=[one.value for one in said.still_asked],
        channel=channel,
        promised_at=work.at,
    )
    if channel is NoticeChannel.PORTAL:
        row.receipt, row.sent_at = _in_portal(row), work.at
    elif channel is NoticeChannel.PUSH:
        # Behind the notice itself, where a try of that may be under way just now.
        flies = notice.state is NoticeState.SENDING
        row.next_try_at = work.at + FIRST_PAUSE if flies else work.at
    return work.add(row)


def _channel(work: Work, notice: Notice, recipient_id: UUID, event: MessageEvent) -> NoticeChannel:
    if mailbox_of(work, recipient_id) is not None:
        return NoticeChannel.PUSH
    by_mail = notice.channel is NoticeChannel.MAIL and event is MessageEvent.LIFTED
    return NoticeChannel.MAIL if by_mail else NoticeChannel.PORTAL


def _in_portal(row: OutgoingMessage) -> str:
    return f"PORTAL-{row.number}"


# By machine


def waiting_messages(desk: Desk) -> Sequence[UUID]:
    """Messages whose next try has come."""
    with desk.begin(Permission.CASE_READ) as work:
        return work.session.exec(
            select(OutgoingMessage.id)
            .where(OutgoingMessage.seen_by(work.actor))
            .where(col(OutgoingMessage.next_try_at) <= work.at)
            .order_by(col(OutgoingMessage.next_try_at))
            .limit(_AT_ONCE)
        ).all()


def advance_message(desk: Desk, row_id: UUID) -> bool:
    """One try. Never more to do at once: the next has its own time."""
    with desk.begin(Permission.NOTICE_WRITE) as work:
        row = work.get(OutgoingMessage, row_id)
        if row.next_try_at is None:
            return False
        parcel = _parcel(desk, work, row)
        if parcel is None:
            _arrived(work, row, _in_portal(row))
    if parcel is not None:
        _pushed(desk, parcel)
    return False


def _parcel(desk: Desk, work: Work, row: OutgoingMessage) -> _Parcel | None:
    """None: the mailbox was taken away meanwhile, and its owner reads in the console again."""
    box = mailbox_of(work, row.recipient_id)
    if box is None:
        return None
    return _Parcel(row.id, _letter(desk, work, row), push_of(desk, box))


def _letter(desk: Desk, work: Work, row: OutgoingMessage) -> MessageLetter:
    notice = work.session.get_one(Notice, row.notice_id)
    message = work.session.get_one(Message, row.message_id)
    is_case = notice.kind is NoticeKind.CASE and notice.case_id is not None
    case = work.session.get_one(Case, notice.case_id) if is_case else None
    return MessageLetter(
        number=row.number,
        event=row.event.value,
        notice=notice.number,
        case=case.reference if case else "",
        sender=work.session.get_one(Organisation, row.organisation_id).name,
        platform=notice.platform,
        subject=subject_of_message(notice, row),
        body=message.text,
        measures=tuple(row.measures),
        still_asked=tuple(row.still_asked),
        shop_id=case.shop_key if case else "",
        shop_name=case.shop_name if case else "",
        at=message.at.isoformat(),
        thread=desk.house.settings.public_url.rstrip("/") + _THREAD_PATH.format(id=notice.id),
    )


def subject_of_message(notice: Notice, row: OutgoingMessage) -> str:
    return " / ".join(
        texts(one)[f"message_subject.{row.event}"].format(number=row.number, notice=notice.number)
        for one in languages_of(notice.language)
    )


def _pushed(desk: Desk, parcel: _Parcel) -> None:
    """Push with no transaction open, then keep what came of it."""
    try:
        answer: str | SourceError = parcel.push.deliver(parcel.letter)
    except SourceError as no:
        answer = no
    with desk.begin(Permission.NOTICE_WRITE) as work:
        row = work.get(OutgoingMessage, parcel.id)
        if row.next_try_at is None:
            return  # another try, or a person, was faster
        if isinstance(answer, SourceError):
            _not_taken(work, row, answer)
        else:
            _arrived(work, row, answer)


def _arrived(work: Work, row: OutgoingMessage, receipt: str) -> None:
    row.receipt, row.sent_at, row.next_try_at = receipt, work.at, None
    row.last_words = ""
    _noted(work, row, "notice.message_taken", receipt=receipt)


def _not_taken(work: Work, row: OutgoingMessage, no: SourceError) -> None:
    row.tries += 1
    row.last_words = words_of(no)
    must = row.event is MessageEvent.LIFTED or work.at < row.promised_at + REMINDED_FOR
    goes_on = isinstance(no, Unreachable) and must
    row.next_try_at = work.at + pause_after(row.tries) if goes_on else None
    _noted(work, row, "notice.message_not_taken", words=row.last_words, goes_on=goes_on)


def _noted(work: Work, row: OutgoingMessage, deed: str, **facts: object) -> None:
    notice = work.session.get_one(Notice, row.notice_id)
    work.record(deed, notice, message=row.number, **facts)


# By a person


def left_to_people(work: Work, notice: Notice) -> Sequence[OutgoingMessage]:
    """Liftings of a notice that nobody tries any more; the notice is the actor's own."""
    query = (
        select(OutgoingMessage)
        .where(OutgoingMessage.notice_id == notice.id, OutgoingMessage.waits_for_a_person())
        .order_by(col(OutgoingMessage.id))
    )
    return work.session.exec(query if work.only_reads else query.with_for_update()).all()


def try_messages_again(work: Work, notice: Notice) -> bool:
    """Push anew what the recipient's server did not take; whether there was anything."""
    rows = [one for one in left_to_people(work, notice) if one.channel is NoticeChannel.PUSH]
    for row in rows:
        row.next_try_at = work.at
        _noted(work, row, "notice.tried_again", tries=row.tries)
    return bool(rows)


def note_messages_mailed(work: Work, notice: Notice, proof: str) -> bool:
    """They were sent by mail, as somebody says who did it; whether there was anything."""
    rows = left_to_people(work, notice)
    for row in rows:
        row.channel = NoticeChannel.MAIL
        _arrived(work, row, f"MAIL {proof}")
    return bool(rows)
