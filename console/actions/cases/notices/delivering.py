"""How notices get there: promised, then delivered, and delivered again until they are received.

The promise is kept before anybody outside hears of it, and no transaction is open meanwhile. The
notice's number makes a second delivery harmless; whichever sign of its arrival comes first counts,
the server's receipt, the recipient's own acknowledgement or the sender's word that it was mailed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.notices.letters import answer_code, case_of, letter_of
from console.actions.cases.notices.mailbox_keys import push_of
from console.actions.cases.notices.outgoing import note_messages_mailed, try_messages_again
from console.actions.cases.notices.ways import (
    FIRST_PAUSE,
    REMINDED_FOR,
    mailbox_of,
    pause_after,
    words_of,
)
from console.actions.cases.orders import asked_of_platform, head_of
from console.actions.cases.tasks import begin_execution
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from integrations.marketplaces.base import SourceError, TurnedDown, Unreachable
from integrations.notices import Delivery, Letter, Portal
from models.cases.cases import ENDED, Case
from models.cases.measures import Measure
from models.cases.notices import Notice, NoticeChannel, NoticeMove, NoticeState
from models.patrol.shops import Shop, ShopMove, ShopState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed

WAITS: Final = (NoticeState.SENT, NoticeState.ACKNOWLEDGED)
"""Somebody is to answer."""
_AT_ONCE: Final = 200
_LONGEST_PROOF: Final = 180
_NO_SHOP_LEFT: Final = frozenset({Measure.REMOVE_SHOP, Measure.STOP_SERVICE})


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notice on its way: all that delivery needs, so that no transaction stays open."""

    notice_id: UUID
    letter: Letter
    delivery: Delivery


def chosen_channel(
    work: Work, recipient_id: UUID, channel: NoticeChannel | None = None
) -> NoticeChannel:
    """What the sender chose; else by the recipient's mailbox, if it has set one."""
    has_mailbox = mailbox_of(work, recipient_id) is not None
    if channel is NoticeChannel.PUSH and not has_mailbox:
        raise Conflict("notice.no_mailbox")
    return channel or (NoticeChannel.PUSH if has_mailbox else NoticeChannel.PORTAL)


def promise(work: Work, notice: Notice, channel: NoticeChannel | None) -> None:
    """Set out by a channel; by mail somebody has to send it and to say so."""
    notice.channel = chosen_channel(work, notice.recipient_id, channel)
    notice.tries, notice.promised_at = 0, work.at
    is_mail = notice.channel is NoticeChannel.MAIL
    notice.next_try_at = None if is_mail else work.at + FIRST_PAUSE


def parcel_of(desk: Desk, work: Work, notice: Notice) -> Parcel | None:
    """None: it goes by mail, from somebody's own mailbox."""
    if notice.channel is NoticeChannel.MAIL:
        return None
    delivery: Delivery = Portal()
    if notice.channel is NoticeChannel.PUSH:
        box = mailbox_of(work, notice.recipient_id)
        delivery = push_of(desk, box) if box else delivery
    return Parcel(notice.id, letter_of(desk, work, notice), delivery)


def deliver(desk: Desk, notice: Notice, parcel: Parcel | None) -> Notice:
    """One try. The notice says what became of it."""
    if parcel is None:
        return notice
    try:
        receipt = parcel.delivery.deliver(parcel.letter)
    except SourceError as no:
        return _not_taken(desk, parcel, no)
    return _taken(desk, parcel, receipt)


def advance_notice(desk: Desk, notice_id: UUID) -> bool:
    """One try of a notice that waits. Never more to do at once: the next try has its own time."""
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, notice_id)
        if notice.next_try_at is None:
            return False
        parcel = parcel_of(desk, work, notice)
    deliver(desk, notice, parcel)
    return False


def waiting_notices(desk: Desk) -> Sequence[UUID]:
    """Notices whose next try has come, and reminders that are to be pushed."""
    with desk.begin(Permission.CASE_READ) as work:
        return work.session.exec(
            select(Notice.id)
            .where(Notice.seen_by(work.actor), col(Notice.next_try_at) <= work.at)
            .where(col(Notice.state).in_([NoticeState.SENDING, *WAITS]))
            .limit(_AT_ONCE)
        ).all()


def retry_notice(desk: Desk, notice_id: UUID | str) -> Notice:
    """Try again now: a person has looked at what the recipient's server said.

    Of a lifting that it did not take, too.
    """
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, notice_id)
        must_be_sender(work, notice)
        if try_messages_again(work, notice):
            return notice
        if notice.state is not NoticeState.SENDING or notice.channel is NoticeChannel.MAIL:
            raise Conflict("notice.not_waiting", number=notice.number, state=notice.state)
        notice.next_try_at = work.at + FIRST_PAUSE
        work.record("notice.tried_again", notice, tries=notice.tries)
        parcel = parcel_of(desk, work, notice)
    return deliver(desk, notice, parcel)


def note_mailed(desk: Desk, notice_id: UUID | str, proof: str) -> Notice:
    """Say that the mail file was sent, by whom and where to: from then on it is delivered.

    Of a notice that was delivered already it is the proof of a reminder by mail, or of a lifting
    that had to be mailed.
    """
    proof = proof.strip()
    if not proof or len(proof) > _LONGEST_PROOF:
        raise Invalid("notice.proof_needed", most=_LONGEST_PROOF)
    must_name_nobodys_number(desk, proof)
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, notice_id)
        must_be_sender(work, notice)
        if note_messages_mailed(work, notice, proof):
            return notice
        match notice.state:
            case NoticeState.SENDING:
                notice.channel = NoticeChannel.MAIL
                received(work, notice, f"MAIL {proof}")
            case NoticeState.SENT | NoticeState.ACKNOWLEDGED:
                notice.reminded_at = work.at
                work.record("notice.reminded_by_mail", notice, proof=proof)
            case _:
                raise Conflict("notice.not_waiting", number=notice.number, state=notice.state)
        return notice


def must_be_sender(work: Work, notice: Notice) -> None:
    if not work.actor.is_house and notice.organisation_id not in work.actor.organisations:
        raise NotAllowed("notice.not_sender", number=notice.number)


def must_be_recipient(work: Work, notice: Notice) -> None:
    if notice.recipient_id not in work.actor.organisations:
        raise NotAllowed("notice.not_recipient", number=notice.number)


def _not_taken(desk: Desk, parcel: Parcel, no: SourceError) -> Notice:
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, parcel.notice_id)
        if notice.state is not NoticeState.SENDING:
            return _not_reminded(work, notice, no)
        notice.tries += 1
        notice.last_words = words_of(no)
        match no:
            case Unreachable():
                notice.next_try_at = work.at + pause_after(notice.tries)
                deed = "notice.not_reached"
            case TurnedDown():
                notice.move(NoticeMove.TURN_DOWN)
                notice.next_try_at = None
                deed = "notice.turned_down"
            case _:
                notice.next_try_at = None
                deed = "notice.unreadable"
        work.record(deed, notice, words=notice.last_words, tries=notice.tries)
        return notice


def _not_reminded(work: Work, notice: Notice, no: SourceError) -> Notice:
    """A reminder that did not arrive is tried for a day; a first delivery was settled meanwhile."""
    if notice.next_try_at is None:
        return notice
    waits = notice.state in WAITS and isinstance(no, Unreachable)
    goes_on = waits and work.at < (notice.reminded_at or work.at) + REMINDED_FOR
    notice.tries += 1
    notice.next_try_at = work.at + pause_after(notice.tries) if goes_on else None
    work.record("notice.reminder_not_taken", notice, words=words_of(no), goes_on=goes_on)
    return notice


def _taken(desk: Desk, parcel: Parcel, receipt: str) -> Notice:
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, parcel.notice_id)
        if notice.state is NoticeState.SENDING:
            received(work, notice, receipt)
        elif notice.next_try_at is not None:
            notice.next_try_at = None
            work.record("notice.reminder_taken", notice, receipt=receipt)
        return notice


def received(work: Work, notice: Notice, receipt: str) -> None:
    """It has arrived: from here on its deadlines run, and its case is under execution."""
    case = case_of(work, notice)
    first = deadline(work, "platform_acknowledgement")
    second = deadline(work, answer_code(notice, case))
    notice.move(NoticeMove.DELIVER)
    notice.receipt, notice.sent_at, notice.next_try_at = receipt, work.at, None
    notice.acknowledge_due_at, notice.answer_due_at = first.at, second.at
    notice.rule_version = f"{first.version} {second.version}"
    notice.last_words = ""
    work.record(
        "notice.sent", notice, receipt=receipt, channel=notice.channel.value,
        answer_due=second.at.isoformat(), rules=[first.version, second.version],
        provisional=second.provisional,
    )  # fmt: skip
    if case is not None and is_open(work, case):
        _execute(work, case)


def is_open(work: Work, case: Case) -> bool:
    """Whether what is done about it still counts: a merged case goes on in its main one."""
    return not {case.state, head_of(work, case).state} & set(ENDED)


def _execute(work: Work, case: Case) -> None:
    """With its first notice a case is under execution, and the shop's platform knows."""
    begin_execution(work, case)
    if case.shop_id is None:
        return
    gone = any(one.measure in _NO_SHOP_LEFT for one in asked_of_platform(work, case))
    shop = work.session.exec(select(Shop).where(Shop.id == case.shop_id).with_for_update()).one()
    if shop.state in _TOLD[gone]:
        shop.move(ShopMove.NOTIFY_PLATFORM)
        work.record("shop.moved", shop, move=ShopMove.NOTIFY_PLATFORM.value, case=case.reference)


_TOLD: Final[Mapping[bool, frozenset[ShopState]]] = {
    True: frozenset({ShopState.UNLICENSED, ShopState.NON_COMPLIANT}),
    False: frozenset({ShopState.UNLICENSED}),
}
"""By whether the whole shop shall go: a licensed one that only has to mend something stays."""
