"""Notices without a case between them: a platform reports to a carrier, a carrier asks another.

Whose agent it is says the published list alone (004-3.3-n): an application is nobody's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.notices.delivering import deliver, must_be_sender, parcel_of, promise
from console.actions.cases.notices.sending import next_number
from console.actions.cases.notices.wording import (
    BOTH,
    About,
    body_about,
    languages_of,
    subject_about,
)
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.channel.search import agents_in_shop
from console.desk import Desk, Work
from models.cases.cases import Case
from models.cases.notices import Notice, NoticeChannel, NoticeKind, NoticeMove, NoticeState
from models.channel.agents import Agent
from models.channel.licences import Licence
from models.formats import Fault, check_agent_number, check_licence_number
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day, parameter
from models.staff import CARRIERS, Organisation, OrganisationKind

LONGEST_WORDS: Final = 4000
LONGEST_SUBJECT: Final = 300
LONGEST_BODY: Final = 20_000
MOST_CARRIERS: Final = 50
_REPORTS: Final = (FindingState.CONFIRMED, FindingState.IN_CASE, FindingState.RECTIFYING)
_ASKS: Final = (FindingState.OPEN, *_REPORTS)


@dataclass(frozen=True, slots=True)
class NoticeForm:
    """A report names a finding or an agent; an inquiry a finding or a case, and whom it asks."""

    kind: NoticeKind
    words: str = ""
    finding_id: UUID | None = None
    case_id: UUID | None = None
    agent: str = ""
    """An agent's or a licence's number."""
    recipient: str = ""
    """Of an inquiry: the other carrier's code."""
    language: str = BOTH


@dataclass(frozen=True, slots=True)
class _Subject:
    shop: Shop | None
    finding: Finding | None
    case: Case | None


def write_notice(desk: Desk, form: NoticeForm) -> Notice:
    """Draft it: it stays here until it is sent."""
    _must_be_right(desk, form)
    by_shop = _number_of_shop(desk, form)
    with desk.begin(Permission.NOTICE_WRITE) as work:
        subject = _subject(work, form)
        agent: Agent | None = None
        if form.kind is NoticeKind.REPORT:
            agent = _agent_of(work, form.agent or by_shop)
            recipient = _carrier_of(work, agent)
        else:
            recipient = _carrier_named(work, form.recipient)
        return _written(work, form, subject, agent, recipient)


def ask_carriers(
    desk: Desk, form: NoticeForm, carriers: Sequence[str] = (), channel: NoticeChannel | None = None
) -> list[Notice]:
    """Ask each of the carriers whether the shop is its agent's; all others when none is named.

    One that was asked about this shop already and has not closed the thread is not asked again.
    """
    _must_be_right(desk, form)
    if form.kind is not NoticeKind.INQUIRY:
        raise Invalid("notice.not_an_inquiry")
    with desk.begin(Permission.NOTICE_WRITE) as work:
        subject = _subject(work, form)
        asked = {one.recipient_id for one in inquiries_about(work, subject.shop)}
        notices = [
            _written(work, form, subject, None, one)
            for one in _carriers(work, carriers)
            if one.id not in asked
        ]
        if not notices:
            raise Conflict("notice.all_asked")
        for notice in notices:
            notice.move(NoticeMove.SEND)
            promise(work, notice, channel)
            work.record("notice.promised", notice, channel=notice.channel.value)
        parcels = [parcel_of(desk, work, notice) for notice in notices]
    return [deliver(desk, *one) for one in zip(notices, parcels, strict=True)]


def edit_notice(desk: Desk, notice_id: UUID | str, subject: str, body: str) -> Notice:
    """Put a draft into other words; what was sent stays as it went."""
    subject, body = " ".join(subject.split()), body.strip()
    for field, words, most in (
        ("subject", subject, LONGEST_SUBJECT), ("body", body, LONGEST_BODY),
    ):  # fmt: skip
        if not words or len(words) > most:
            raise Invalid("notice.words_needed", field=field, most=most)
    must_name_nobodys_number(desk, subject, body)
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, notice_id)
        must_be_sender(work, notice)
        _must_be_a_draft(notice)
        notice.subject, notice.body = subject, body
        notice.version += 1
        work.record("notice.edited", notice)
        return notice


def send_draft(desk: Desk, notice_id: UUID | str, channel: NoticeChannel | None = None) -> Notice:
    """Send what was drafted; a report or inquiry that was turned down goes once more."""
    with desk.begin(Permission.NOTICE_WRITE) as work:
        notice = work.get(Notice, notice_id)
        must_be_sender(work, notice)
        if notice.kind is NoticeKind.CASE:
            raise Conflict("notice.send_from_case", number=notice.number)
        again = notice.state is NoticeState.TURNED_DOWN
        if not again:
            _must_be_a_draft(notice)
        notice.move(NoticeMove.SEND_AGAIN if again else NoticeMove.SEND)
        promise(work, notice, channel)
        work.record("notice.promised", notice, channel=notice.channel.value)
        parcel = parcel_of(desk, work, notice)
    return deliver(desk, notice, parcel)


def asked_about(desk: Desk, form: NoticeForm) -> list[Notice]:
    """The inquiries that were made about what the form names."""
    with desk.begin(Permission.CASE_READ) as work:
        return list(inquiries_about(work, _subject(work, form).shop))


def inquiries_about(work: Work, shop: Shop | None) -> Sequence[Notice]:
    """What the shop's organisation has asked about it, and not closed; all of its own."""
    if shop is None:
        return []
    findings = select(Finding.id).where(Finding.shop_id == shop.id)
    cases = select(Case.id).where(Case.shop_id == shop.id)
    rows = [
        work.session.exec(
            select(Notice)
            .where(Notice.kind == NoticeKind.INQUIRY, about)
            .where(Notice.organisation_id == shop.organisation_id)
            .where(col(Notice.state).not_in([NoticeState.CLOSED, NoticeState.DRAFT]))
            .order_by(col(Notice.id))
        ).all()
        for about in (col(Notice.finding_id).in_(findings), col(Notice.case_id).in_(cases))
    ]
    return list({one.id: one for part in rows for one in part}.values())


def _must_be_right(desk: Desk, form: NoticeForm) -> None:
    desk.must(Permission.NOTICE_WRITE)
    if form.kind is NoticeKind.CASE:
        raise Invalid("notice.written_from_case")
    try:
        languages_of(form.language)
    except ValueError:
        raise Invalid("notice.no_such_language", language=form.language[:8]) from None
    if len(form.words) > LONGEST_WORDS:
        raise Invalid("notice.words_too_long", most=LONGEST_WORDS)
    must_name_nobodys_number(desk, form.words, form.agent)
    actor = desk.actor
    if form.kind is NoticeKind.REPORT and actor.platform is None:
        raise NotAllowed("notice.report_by_platform", actor=actor.name)
    if form.kind is NoticeKind.INQUIRY and actor.kind not in CARRIERS:
        raise NotAllowed("notice.inquiry_by_carrier", actor=actor.name)


def _number_of_shop(desk: Desk, form: NoticeForm) -> str:
    """Of a report on a finding: who is at home in the shop, by the published list."""
    if form.kind is not NoticeKind.REPORT or form.agent or form.finding_id is None:
        return ""
    with desk.begin(Permission.FINDING_READ) as work:
        finding = work.get(Finding, form.finding_id)
        shop = work.session.get_one(Shop, finding.shop_id)
    if finding.claimed_number:
        return finding.claimed_number
    here = agents_in_shop(desk.house, shop.platform, shop.shop_key.removeprefix("shop:"))
    return here[0].agent_no if here else shop.licence_shown


def _subject(work: Work, form: NoticeForm) -> _Subject:
    if form.finding_id is not None:
        finding = work.get(Finding, form.finding_id)
        if finding.organisation_id not in work.actor.organisations:
            raise NotAllowed("notice.not_your_finding", number=finding.number)
        allowed = _REPORTS if form.kind is NoticeKind.REPORT else _ASKS
        if finding.state not in allowed:
            raise Conflict("notice.finding_not_fit", number=finding.number, state=finding.state)
        return _Subject(work.session.get_one(Shop, finding.shop_id), finding, None)
    if form.kind is NoticeKind.REPORT:
        if not form.words.strip():
            raise Invalid("notice.words_needed", field="words", most=LONGEST_WORDS)
        return _Subject(None, None, None)
    if form.case_id is None:
        raise Invalid("notice.about_what")
    case = work.get(Case, form.case_id)
    if case.organisation_id not in work.actor.organisations or case.shop_id is None:
        raise Conflict("notice.no_shop", reference=case.reference)
    return _Subject(work.session.get_one(Shop, case.shop_id), None, case)


def _agent_of(work: Work, number: str) -> Agent:
    """By the published list: whoever was licensed once is on it or was."""
    query = select(Agent).join(Licence, col(Licence.agent_id) == col(Agent.id))
    query = query.where(col(Licence.approved_at).is_not(None))
    licence, own = check_licence_number(number.strip()), check_agent_number(number.strip())
    agent: Agent | None = None
    if not isinstance(licence, Fault):
        agent = work.session.exec(query.where(Licence.number == licence.text)).first()
    elif not isinstance(own, Fault):
        agent = work.session.exec(query.where(Agent.agent_no == own.text)).first()
    if agent is None:
        raise Conflict("notice.no_agent", number=number[:40] or "—")
    return agent


def _carrier_of(work: Work, agent: Agent) -> Organisation:
    carrier = work.session.get_one(Organisation, agent.carrier_id)
    if carrier.disabled_at is not None:
        raise Conflict("notice.no_carrier", code=carrier.code)
    return carrier


def _carrier_named(work: Work, code: str) -> Organisation:
    found = _carriers(work, [code])
    return found[0]


def _carriers(work: Work, codes: Sequence[str]) -> Sequence[Organisation]:
    """Other carriers that work here: those named, or all; a group is asked by name alone."""
    query = select(Organisation).where(
        col(Organisation.kind).in_(CARRIERS), col(Organisation.disabled_at).is_(None),
        col(Organisation.id).not_in(work.actor.organisations),
    )  # fmt: skip
    wanted = list(dict.fromkeys(codes))
    if len(wanted) > MOST_CARRIERS:
        raise Invalid("notice.too_many_carriers", most=MOST_CARRIERS)
    if wanted:
        query = query.where(col(Organisation.code).in_(wanted))
    else:
        query = query.where(Organisation.kind != OrganisationKind.BASIC_CARRIER_GROUP)
    found = work.session.exec(query.order_by(Organisation.code).limit(MOST_CARRIERS)).all()
    missing = sorted(set(wanted) - {one.code for one in found})
    if missing or not found:
        raise Conflict("notice.no_carrier", code=", ".join(missing) or "—")
    return found


def _written(
    work: Work,
    form: NoticeForm,
    subject: _Subject,
    agent: Agent | None,
    recipient: Organisation,
) -> Notice:
    own = work.actor.organisation_id
    if own is None:
        raise NotAllowed("notice.report_by_platform", actor=work.actor.name)
    day = china_day(work.at)
    answer = "shop_confirmation" if form.kind is NoticeKind.INQUIRY else "platform_removal"
    about = About(
        kind=form.kind,
        sender=work.session.get_one(Organisation, own).name,
        recipient=recipient.name,
        shop=subject.shop,
        finding=subject.finding,
        agent=f"{agent.agent_no} {agent.name}" if agent else "",
        words=form.words.strip(),
        evidence=_evidence(work, subject),
        acknowledge=parameter("platform_acknowledgement", day),
        answer=parameter(answer, day),
    )
    number = next_number(work)
    notice = work.add(
        Notice(
            number=number,
            kind=form.kind,
            case_id=subject.case.id if subject.case else None,
            finding_id=subject.finding.id if subject.finding else None,
            agent_id=agent.id if agent else None,
            organisation_id=subject.shop.organisation_id if subject.shop else own,
            recipient_id=recipient.id,
            platform=subject.shop.platform if subject.shop else work.actor.platform or "",
            language=form.language,
            evidence=list(about.evidence),
            subject=subject_about(number, about, form.language),
            body=body_about(number, about, form.language),
            state=NoticeState.DRAFT,
            promised_at=work.at,
        )
    )
    work.record("notice.drafted", notice, kind=form.kind.value, recipient=recipient.code)
    return notice


def _evidence(work: Work, subject: _Subject) -> list[str]:
    findings = [subject.finding] if subject.finding else []
    if subject.case is not None:
        query = select(Finding).where(Finding.case_id == subject.case.id)
        findings = list(work.session.exec(query).all())
    return sorted({digest for one in findings for digest in one.evidence})


def _must_be_a_draft(notice: Notice) -> None:
    if notice.state is not NoticeState.DRAFT:
        raise Conflict("notice.not_a_draft", number=notice.number, state=notice.state)
