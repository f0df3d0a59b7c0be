"""Notices of a case to platforms: drafted from what was found, sent by a person or many at once."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import and_, col, func, or_, select

from console.actions.cases.notices.delivering import deliver, parcel_of, promise
from console.actions.cases.notices.letters import grounds_of
from console.actions.cases.notices.wording import BOTH, body_of, languages_of, subject_of
from console.actions.cases.orders import asked_of_platform
from console.actions.channel.numbers import next_numbers
from console.actions.channel.pictures import platform_names
from console.desk import AlreadyDone, Desk, Work
from models.cases.cases import Case, CaseState
from models.cases.notices import Notice, NoticeChannel, NoticeKind, NoticeMove, NoticeState
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound, Refusal
from models.rules import china_day
from models.staff import Organisation, OrganisationKind

MOST_AT_ONCE: Final = 200
"""Cases whose notices are sent by one command."""
UNDER_WAY: Final = (NoticeState.SENDING, NoticeState.SENT, NoticeState.ACKNOWLEDGED)
SENDS: Final = (
    CaseState.INVESTIGATING,
    CaseState.DECISION_PROPOSED,
    CaseState.DECIDED,
    CaseState.EXECUTING,
)
"""Before the decision only what was ordered at once is asked for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one case of many at one of its platforms: a notice, or why there is none."""

    case_id: UUID
    notice: Notice | None = None
    refusal: Refusal | None = None


def send_notice(
    desk: Desk,
    case_id: UUID | str,
    platform: str = "",
    channel: NoticeChannel | None = None,
    language: str = BOTH,
) -> Notice:
    """Put a decided case to its platform, or to another where the agent has a shop.

    A draft that waits goes as it was edited. The state of the notice tells what became of it.
    """
    _must_be_spoken(language)
    with desk.begin(Permission.CASE_SEND) as work:
        case = work.get(Case, case_id)
        notice = _promised(work, case, platform or case.platform, channel, language)
        work.record(
            "notice.promised", notice, case=case.reference, platform=notice.platform,
            channel=notice.channel.value,
        )  # fmt: skip
        parcel = parcel_of(desk, work, notice)
    return deliver(desk, notice, parcel)


def platforms_to_tell(desk: Desk, case_id: UUID | str) -> Mapping[str, str]:
    """Whom a notice of the case may go to now, by code and name, the case's own platform first."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        is_ready = case.state in SENDS and asked_of_platform(work, case)
        codes: Sequence[str] = to_tell(work, [case])[case.id] if is_ready else ()
        names = platform_names(work, codes)
        return {code: names.get(code, code) for code in codes}


def to_tell(work: Work, cases: Sequence[Case]) -> Mapping[UUID, Sequence[str]]:
    """Of each case its own platform and those that its tasks name; none with a notice under way."""
    ids = [one.id for one in cases]
    under_way = work.session.exec(
        select(Notice.case_id, Notice.platform)
        .where(col(Notice.case_id).in_(ids), Notice.kind == NoticeKind.CASE)
        .where(col(Notice.state).in_(UNDER_WAY))
    ).all()
    named = _named(work, cases)
    return {
        case.id: [one for one in named[case.id] if (case.id, one) not in set(under_way)]
        for case in cases
    }


def _named(work: Work, cases: Sequence[Case]) -> Mapping[UUID, Sequence[str]]:
    """Its own platform first; a task that went along in a merger names those of its first case."""
    ids = [one.id for one in cases]
    own = and_(col(CaseTask.case_id).in_(ids), col(CaseTask.origin_id).is_(None))
    rows = work.session.exec(
        select(func.coalesce(CaseTask.origin_id, CaseTask.case_id), CaseTask.target)
        .where(or_(own, col(CaseTask.origin_id).in_(ids)))
        .where(CaseTask.kind == TaskKind.NOTIFY_PLATFORM, CaseTask.state == TaskState.OPEN)
        .order_by(col(CaseTask.target))
    ).all()
    found = {one.id: [one.platform] if one.platform else [] for one in cases}
    for case_id, code in rows:
        if code not in found[case_id]:
            found[case_id].append(code)
    return found


def draft_notice(
    desk: Desk, case_id: UUID | str, platform: str = "", language: str = BOTH
) -> Notice:
    """Write the notice of a case and keep it here, to be edited before it goes."""
    _must_be_spoken(language)
    with desk.begin(Permission.CASE_SEND) as work:
        case = work.get(Case, case_id)
        platform = platform or case.platform
        _must_be_ready(work, case)
        recipient = _platform(work, case, platform)
        _must_be_the_only(case, _last(work, case, platform), NoticeState.DRAFT)
        notice = work.add(_drafted(work, case, platform, recipient, language))
        work.record("notice.drafted", notice, case=case.reference, platform=platform)
        return notice


def send_notices(
    desk: Desk,
    case_ids: Sequence[UUID],
    progress: Callable[[int, int], None] | None = None,
) -> list[Sent]:
    """Send the notices of many cases to all whom they name: a refusal of one stops no other.

    Under a key each case has a key of its own made from it, so that sending all again sends only
    what is left.
    """
    asked = list(dict.fromkeys(case_ids))
    if not 0 < len(asked) <= MOST_AT_ONCE:
        raise Invalid("notice.choose_cases", most=MOST_AT_ONCE)
    desk.must(Permission.CASE_SEND)
    sent: list[Sent] = []
    for done, case_id in enumerate(asked, 1):
        sent += _sent(desk, case_id)
        if progress is not None:
            progress(done, len(asked))
    return sent


def _sent(desk: Desk, case_id: UUID) -> list[Sent]:
    """To each platform that is to be told; that one was told before is no news beside another's."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.session.exec(work.select(Case).where(Case.id == case_id)).first()
        platforms: Sequence[str] = _named(work, [case])[case_id] if case else ()
    tried = [_tried(desk, case_id, one) for one in platforms or ("",)]
    news = [one for one in tried if getattr(one.refusal, "code", "") != "notice.under_way"]
    return news or tried[:1]


def _tried(desk: Desk, case_id: UUID, platform: str) -> Sent:
    if desk.once is not None:
        own = hashlib.sha256(f"{desk.once.key} {case_id} {platform}".encode()).hexdigest()
        desk = desk.keyed(own, "bulk")
    try:
        return Sent(case_id, notice=send_notice(desk, case_id, platform))
    except AlreadyDone as done:
        with desk.begin(Permission.CASE_READ) as work:
            return Sent(case_id, notice=work.get(Notice, done.subject))
    except (Conflict, Invalid, NotFound) as no:
        return Sent(case_id, refusal=no)


def _must_be_spoken(language: str) -> None:
    try:
        languages_of(language)
    except ValueError:
        raise Invalid("notice.no_such_language", language=language[:8]) from None


def _must_be_ready(work: Work, case: Case) -> None:
    """A merged case's own shop is told of by its own notices."""
    if case.state not in SENDS or not asked_of_platform(work, case):
        raise Conflict("notice.not_decided", reference=case.reference, state=case.state)


def _must_be_the_only(case: Case, last: Notice | None, *more: NoticeState) -> None:
    if last is not None and last.state in {*UNDER_WAY, *more}:
        raise Conflict("notice.under_way", reference=case.reference, number=last.number)


def _last(work: Work, case: Case, platform: str) -> Notice | None:
    return work.session.exec(
        select(Notice)
        .where(Notice.case_id == case.id, Notice.platform == platform)
        .where(Notice.kind == NoticeKind.CASE)
        .order_by(col(Notice.id).desc())
    ).first()


def _promised(
    work: Work, case: Case, platform: str, channel: NoticeChannel | None, language: str
) -> Notice:
    _must_be_ready(work, case)
    recipient = _platform(work, case, platform)
    last = _last(work, case, platform)
    _must_be_the_only(case, last)
    if last is not None and last.state is NoticeState.TURNED_DOWN:
        notice, move = last, NoticeMove.SEND_AGAIN
    elif last is not None and last.state is NoticeState.DRAFT:
        notice, move = last, NoticeMove.SEND
    else:
        notice = work.add(_drafted(work, case, platform, recipient, language))
        move = NoticeMove.SEND
    notice.move(move)
    promise(work, notice, channel)
    return notice


def _platform(work: Work, case: Case, platform: str) -> UUID:
    """Its own, or one that a task of the case names: no other is told of it."""
    told = select(CaseTask.target).where(
        CaseTask.kind == TaskKind.NOTIFY_PLATFORM,
        col(CaseTask.case_id).in_([case.id, case.merged_into_id or case.id]),
    )
    if platform not in {case.platform, *work.session.exec(told).all()}:
        raise Conflict("notice.not_its_platform", reference=case.reference, platform=platform[:32])
    found = work.session.exec(
        select(Organisation.id).where(
            Organisation.code == platform,
            Organisation.kind == OrganisationKind.PLATFORM,
            col(Organisation.disabled_at).is_(None),
        )
    ).first()
    if found is None:
        raise Conflict("notice.no_platform", reference=case.reference, platform=platform)
    return found


def next_number(work: Work) -> str:
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"notices:{year}", 1)
    return f"NTC-{year}-{serial:06}"


def _drafted(work: Work, case: Case, platform: str, recipient: UUID, language: str) -> Notice:
    number = next_number(work)
    grounds = grounds_of(work, case)
    return Notice(
        number=number,
        case_id=case.id,
        organisation_id=case.organisation_id,
        recipient_id=recipient,
        platform=platform,
        language=language,
        evidence=sorted({digest for one in grounds.findings for digest in one.evidence}),
        subject=subject_of(number, grounds, language),
        body=body_of(number, grounds, language),
        state=NoticeState.DRAFT,
        promised_at=work.at,
    )
