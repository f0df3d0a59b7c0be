"""Notices to platforms: promised, then delivered, and delivered again until they are received.

The promise is kept before anybody outside hears of it, and no transaction is open meanwhile. The
notice's number makes a second delivery harmless.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.wording import MOST_LISTINGS, Grounds, body_of, subject_of
from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from integrations.marketplaces.base import SourceError, TurnedDown, Unreachable
from integrations.notices import Delivery, Letter, LetterListing, Portal, push_to
from models.cases.cases import Case, CaseMove, CaseState, Measure
from models.cases.notices import Mailbox, Notice, NoticeMove, NoticeState
from models.patrol.findings import Finding
from models.patrol.shops import SeenListing, Shop, ShopMove, ShopState
from models.permissions import Permission
from models.refusals import Conflict
from models.rules import FindingKind, china_day, parameter
from models.staff import Organisation, OrganisationKind

FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
AT_ONCE_KINDS: Final = frozenset(
    {
        FindingKind.NO_REGISTRATION,
        FindingKind.SECONDARY_RESALE,
        FindingKind.IDREADER_CRACK_TOOL,
        FindingKind.ILLEGAL_DEVICE,
    }
)
"""What a platform stops at once (notice 182 三(三)): the answer is due the same day."""
_UNDER_WAY: Final = (NoticeState.SENDING, NoticeState.SENT, NoticeState.ACKNOWLEDGED)
_LONGEST_WORDS: Final = 1000
_ANSWER_PATH: Final = "/api/v1/notices/{id}/answer"
_NO_SHOP_LEFT: Final = frozenset({Measure.REMOVE_SHOP, Measure.STOP_SERVICE})


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notice on its way: all that delivery needs, so that no transaction stays open."""

    notice_id: UUID
    letter: Letter
    delivery: Delivery


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many failed tries: twice as long each time, at most an hour."""
    return min(FIRST_PAUSE * 2 ** min(max(tries - 1, 0), 10), LONGEST_PAUSE)


def send_notice(desk: Desk, case_id: UUID | str) -> Notice:
    """Put a decided case to its platform. The state of the notice tells what became of it."""
    with desk.begin(Permission.CASE_SEND) as work:
        case = work.get(Case, case_id)
        notice = _promised(work, case)
        work.record("notice.promised", notice, case=case.reference, platform=case.platform)
        parcel = _parcel(desk, work, case, notice)
    return _delivered(desk, parcel)


def advance_notice(desk: Desk, notice_id: UUID) -> bool:
    """One try of a notice that waits. Never more to do at once: the next try has its own time."""
    with desk.begin(Permission.CASE_SEND) as work:
        notice = work.get(Notice, notice_id)
        if notice.state is not NoticeState.SENDING or notice.next_try_at is None:
            return False
        case = work.session.get_one(Case, notice.case_id)
        parcel = _parcel(desk, work, case, notice)
    _delivered(desk, parcel)
    return False


def waiting_notices(desk: Desk) -> Sequence[UUID]:
    """Notices whose next try has come."""
    with desk.begin(Permission.CASE_READ) as work:
        return work.session.exec(
            select(Notice.id)
            .where(Notice.seen_by(work.actor), Notice.state == NoticeState.SENDING)
            .where(col(Notice.next_try_at) <= work.at)
            .limit(200)
        ).all()


def retry_notice(desk: Desk, notice_id: UUID | str) -> Notice:
    """Try again now: a person has looked at what the platform's server said."""
    with desk.begin(Permission.CASE_SEND) as work:
        notice = work.get(Notice, notice_id)
        if notice.state is not NoticeState.SENDING:
            raise Conflict("notice.not_waiting", number=notice.number, state=notice.state)
        case = work.session.get_one(Case, notice.case_id)
        notice.next_try_at = work.at + FIRST_PAUSE
        work.record("notice.tried_again", notice, tries=notice.tries)
        parcel = _parcel(desk, work, case, notice)
    return _delivered(desk, parcel)


def _promised(work: Work, case: Case) -> Notice:
    if case.state not in {CaseState.DECIDED, CaseState.EXECUTING}:
        raise Conflict("notice.not_decided", reference=case.reference, state=case.state)
    _must_have_platform(work, case)
    last = work.session.exec(
        select(Notice).where(Notice.case_id == case.id).order_by(col(Notice.id).desc())
    ).first()
    if last is not None and last.state in _UNDER_WAY:
        raise Conflict("notice.under_way", reference=case.reference, number=last.number)
    if last is not None and last.state is NoticeState.TURNED_DOWN:
        last.move(NoticeMove.SEND_AGAIN)
        last.tries, last.promised_at = 0, work.at
        last.next_try_at = work.at + FIRST_PAUSE
        return last
    return work.add(_drafted(work, case))


def _must_have_platform(work: Work, case: Case) -> None:
    found = work.session.exec(
        select(Organisation.id).where(
            Organisation.code == case.platform,
            Organisation.kind == OrganisationKind.PLATFORM,
            col(Organisation.disabled_at).is_(None),
        )
    ).first()
    if found is None:
        raise Conflict("notice.no_platform", reference=case.reference, platform=case.platform)


def _drafted(work: Work, case: Case) -> Notice:
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"notices:{year}", 1)
    number = f"NTC-{year}-{serial:06}"
    grounds = _grounds(work, case)
    return Notice(
        number=number,
        case_id=case.id,
        organisation_id=case.organisation_id,
        platform=case.platform,
        subject=subject_of(number, grounds),
        body=body_of(number, grounds),
        promised_at=work.at,
        next_try_at=work.at + FIRST_PAUSE,
    )


def _grounds(work: Work, case: Case) -> Grounds:
    """All that hangs on a case that the actor was given."""
    day = china_day(work.at)
    findings = work.session.exec(
        select(Finding).where(Finding.case_id == case.id).order_by(col(Finding.number))
    ).all()
    ids = [UUID(one) for finding in findings for one in finding.listing_ids]
    listings = work.session.exec(
        select(SeenListing)
        .where(SeenListing.shop_id == case.shop_id, col(SeenListing.id).in_(ids))
        .order_by(col(SeenListing.id))
        .limit(MOST_LISTINGS)
    ).all()
    return Grounds(
        case=case,
        shop=work.session.get_one(Shop, case.shop_id),
        findings=findings,
        listings=listings,
        sender=work.session.get_one(Organisation, case.organisation_id).name,
        acknowledge=parameter("platform_acknowledgement", day),
        answer=parameter(_answer_code(case), day),
    )


def _answer_code(case: Case) -> str:
    return "violation_stop" if case.kind in AT_ONCE_KINDS else "platform_removal"


def _parcel(desk: Desk, work: Work, case: Case, notice: Notice) -> Parcel:
    grounds = _grounds(work, case)
    settings = desk.house.settings
    letter = Letter(
        number=notice.number,
        case=case.reference,
        sender=grounds.sender,
        platform=case.platform,
        subject=notice.subject,
        body=notice.body,
        shop_id=case.shop_key,
        shop_name=case.shop_name,
        shop_url=grounds.shop.url,
        kind=case.kind.value,
        ground=case.ground.value,
        tier=case.tier.value,
        measure=case.measure.value if case.measure else "",
        listings=tuple(
            LetterListing(one.title_seen, one.url, one.seen_at.isoformat(), one.evidence_sha256)
            for one in grounds.listings
        ),
        answer_to=settings.public_url + _ANSWER_PATH.format(id=notice.id),
    )
    return Parcel(notice.id, letter, _delivery(desk, work, case))


def _delivery(desk: Desk, work: Work, case: Case) -> Delivery:
    """By the platform's mailbox, if it has set one."""
    box = work.session.exec(select(Mailbox).where(Mailbox.platform == case.platform)).first()
    if box is None:
        return Portal()
    key = desk.house.vault.open(box.key, mailbox_seal(box.id)).decode() if box.key else ""
    settings = desk.house.settings
    return push_to(box.url, key, settings.agent, settings.fetch_allowed_networks)


def mailbox_seal(mailbox_id: UUID) -> str:
    """What the key of a mailbox is bound to."""
    return f"mailbox:{mailbox_id}"


def _delivered(desk: Desk, parcel: Parcel) -> Notice:
    try:
        receipt = parcel.delivery.deliver(parcel.letter)
    except SourceError as no:
        return _not_taken(desk, parcel.notice_id, no)
    return _taken(desk, parcel.notice_id, receipt)


def _not_taken(desk: Desk, notice_id: UUID, no: SourceError) -> Notice:
    with desk.begin(Permission.CASE_SEND) as work:
        notice = work.get(Notice, notice_id)
        if notice.state is not NoticeState.SENDING:
            return notice  # another try has settled it meanwhile
        notice.tries += 1
        notice.last_words = str(no.reason.facts.get("words") or no.reason)[:_LONGEST_WORDS]
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


def _taken(desk: Desk, notice_id: UUID, receipt: str) -> Notice:
    with desk.begin(Permission.CASE_SEND) as work:
        notice = work.get(Notice, notice_id)
        if notice.state is not NoticeState.SENDING:
            return notice
        case = work.session.exec(
            select(Case).where(Case.id == notice.case_id).with_for_update()
        ).one()
        first, second = (
            deadline(work, "platform_acknowledgement"),
            deadline(work, _answer_code(case)),
        )
        notice.move(NoticeMove.DELIVER)
        notice.receipt, notice.sent_at, notice.next_try_at = receipt, work.at, None
        notice.acknowledge_due_at, notice.answer_due_at = first.at, second.at
        notice.rule_version = f"{first.version} {second.version}"
        notice.last_words = ""
        work.record(
            "notice.sent", notice, receipt=receipt, answer_due=second.at.isoformat(),
            rules=[first.version, second.version], provisional=second.provisional,
        )  # fmt: skip
        _execute(work, case)
        return notice


def _execute(work: Work, case: Case) -> None:
    """With its first notice a case is under execution, and the shop's platform knows."""
    if case.state is CaseState.DECIDED:
        due = deadline(work, "case_execution")
        case.move(CaseMove.EXECUTE)
        case.due_at, case.rule_version = due.at, due.version
        work.record("case.executing", case)
    shop = work.session.exec(select(Shop).where(Shop.id == case.shop_id).with_for_update()).one()
    if shop.state in _TOLD[case.measure in _NO_SHOP_LEFT]:
        shop.move(ShopMove.NOTIFY_PLATFORM)
        work.record("shop.moved", shop, move=ShopMove.NOTIFY_PLATFORM.value, case=case.reference)


_TOLD: Final[Mapping[bool, frozenset[ShopState]]] = {
    True: frozenset({ShopState.UNLICENSED, ShopState.NON_COMPLIANT}),
    False: frozenset({ShopState.UNLICENSED}),
}
"""By whether the whole shop shall go: a licensed one that only has to mend something stays."""
