"""Cases and notices to look at: lists, one record with all that hangs on it, what is late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_

from console.actions.audit import history
from console.actions.cases.hands import hands_of
from console.actions.cases.notices.replies import messages_to, replies_to
from console.actions.cases.orders import wanted_of
from console.desk import Desk, Work
from models.audit import AuditEntry
from models.cards.card_orders import CardOrder
from models.cards.monitoring import UsageFinding
from models.cases.cases import ENDED, Case
from models.cases.measures import CaseMeasure, MeasureState
from models.cases.notices import Answer, Message, Notice, NoticeState, Proof
from models.cases.parties import CaseParty
from models.cases.rechecks import Recheck
from models.cases.tasks import CaseTask
from models.patrol.findings import Finding
from models.patrol.shops import SeenListing
from models.permissions import Permission
from models.rules import Outcome
from models.staff import User

OfCase = TypeVar("OfCase", UsageFinding, CardOrder)
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """One notice with what came back to it."""

    notice: Notice
    answers: Sequence[Answer]
    proofs: Sequence[Proof]
    messages: Sequence[Message] = ()


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """A case and what of it the actor may know."""

    case: Case
    owner: str
    """Whose case it is, by name; empty for other organisations."""
    findings: Sequence[Finding]
    listings: Sequence[SeenListing]
    notices: Sequence[NoticeRecord]
    parties: Sequence[CaseParty]
    measures: Sequence[CaseMeasure]
    tasks: Sequence[CaseTask]
    looks: Sequence[Recheck]
    may_look: bool
    """The actor had no hand in it, and may make the looks after its end."""
    wanted: Sequence[Outcome]
    """What the rules want of it."""
    linked: Sequence[Case]
    """The case that it comes from or goes on in, and those that come from it."""
    history: Sequence[AuditEntry]
    usage: Sequence[UsageFinding] = ()
    """What was found of industry cards, for whoever may know of them."""
    card_orders: Sequence[CardOrder] = ()


@dataclass(frozen=True, slots=True)
class Overdue:
    cases: Sequence[Case]
    notices: Sequence[Notice]


def case_is_overdue(at: datetime) -> ColumnElement[bool]:
    return and_(
        col(Case.state).not_in(ENDED), col(Case.due_at) <= at, col(Case.merged_into_id).is_(None)
    )


def notice_is_overdue(at: datetime) -> ColumnElement[bool]:
    """Not acknowledged in time, or acknowledged and not answered in time."""
    return or_(
        and_(Notice.state == NoticeState.SENT, col(Notice.acknowledge_due_at) <= at),
        and_(Notice.state == NoticeState.ACKNOWLEDGED, col(Notice.answer_due_at) <= at),
    )


def case_record(desk: Desk, case_id: UUID | str) -> CaseRecord:
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        findings = work.all(
            work.select(Finding).where(Finding.case_id == case.id).order_by(col(Finding.number))
        )
        ids = [UUID(one) for finding in findings for one in finding.listing_ids]
        listings = work.all(
            work.select(SeenListing)
            .where(SeenListing.shop_id == case.shop_id, col(SeenListing.id).in_(ids[:_MOST]))
            .order_by(col(SeenListing.id))
        )
        notices = _notices_of(work, case)
        owner = work.session.exec(work.select(User).where(User.id == case.owner_id)).first()
        deeds = _history(work, case, [one.notice for one in notices])
        return CaseRecord(
            case,
            owner.name if owner else "",
            findings,
            listings,
            notices,
            parties=work.all(
                work.select(CaseParty)
                .where(CaseParty.case_id == case.id, col(CaseParty.removed_at).is_(None))
                .order_by(col(CaseParty.id))
            ),
            measures=work.all(
                work.select(CaseMeasure)
                .where(CaseMeasure.case_id == case.id, CaseMeasure.state != MeasureState.DROPPED)
                .order_by(col(CaseMeasure.id))
            ),
            tasks=work.all(
                work.select(CaseTask).where(CaseTask.case_id == case.id).order_by(col(CaseTask.id))
            ),
            looks=work.all(
                work.select(Recheck)
                .where(Recheck.case_id == case.id)
                .order_by(col(Recheck.round), col(Recheck.number))
            ),
            may_look=work.actor.id not in hands_of(work, case),
            wanted=wanted_of(work, case),
            linked=_linked(work, case),
            history=deeds,
            usage=_of_industry(work, case, UsageFinding),
            card_orders=_of_industry(work, case, CardOrder),
        )


def _of_industry(work: Work, case: Case, table: type[OfCase]) -> Sequence[OfCase]:
    if not work.actor.may(Permission.INDUSTRY_READ):
        return ()
    query = work.select(table).where(table.case_id == case.id)
    return work.all(query.order_by(col(table.number)))


def _linked(work: Work, case: Case) -> Sequence[Case]:
    links = (case.parent_id, case.former_id, case.merged_into_id)
    own = [one for one in links if one is not None]
    return work.all(
        work.select(Case)
        .where(
            or_(
                col(Case.id).in_(own),
                col(Case.parent_id) == case.id,
                col(Case.former_id) == case.id,
                col(Case.merged_into_id) == case.id,
            )
        )
        .order_by(col(Case.id))
    )


def notice_record(desk: Desk, notice_id: UUID | str) -> NoticeRecord:
    with desk.begin(Permission.CASE_READ) as work:
        return _with_answers(work, [work.get(Notice, notice_id)])[0]


def case_by_reference(desk: Desk, reference: str) -> Case:
    """By `CASE-2026-000017`, as people say it."""
    with desk.begin(Permission.CASE_READ) as work:
        return work.one(work.select(Case).where(Case.reference == reference.strip().upper()), Case)


def overdue(desk: Desk) -> Overdue:
    """What is late, the latest first."""
    with desk.begin(Permission.CASE_READ) as work:
        cases = work.all(
            work.select(Case).where(case_is_overdue(work.at)).order_by(col(Case.due_at))
        )
        notices = work.all(
            work.select(Notice)
            .where(notice_is_overdue(work.at))
            .order_by(col(Notice.answer_due_at))
        )
        return Overdue(cases, notices)


def _notices_of(work: Work, case: Case) -> Sequence[NoticeRecord]:
    notices = work.all(
        work.select(Notice).where(Notice.case_id == case.id).order_by(col(Notice.id).desc())
    )
    return _with_answers(work, notices)


def _with_answers(work: Work, notices: Sequence[Notice]) -> Sequence[NoticeRecord]:
    """What hangs on notices that the actor was given."""
    answers, proofs = replies_to(work, notices)
    messages = messages_to(work, notices)
    return [
        NoticeRecord(
            notice,
            [one for one in answers if one.notice_id == notice.id],
            [
                proof
                for proof in proofs
                for one in answers
                if one.id == proof.answer_id and one.notice_id == notice.id
            ],
            [one for one in messages if one.notice_id == notice.id],
        )
        for notice in notices
    ]


def _history(work: Work, case: Case, notices: Sequence[Notice]) -> Sequence[AuditEntry]:
    """Deeds on the case and its notices; a platform sees those on its notices alone."""
    inside = work.actor.platform is None
    deeds = list(history(work, case)) if inside else []
    for notice in notices:
        deeds += history(work, notice)
    return sorted(deeds, key=lambda one: one.seq or 0, reverse=True)[:_MOST]
