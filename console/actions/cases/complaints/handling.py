"""Complaints are accepted, looked into, answered and closed (DOMAIN 4.13, 001-13).

Whoever is complained about neither handles the complaint nor learns of it here, and nobody
handles their own.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.found import Sighting, add_finding
from console.actions.cases.complaints.addressee import colleague_in, may_handle
from console.actions.cases.complaints.device_cards import device_card, must_name_no_purchaser
from console.actions.cases.complaints.lodging import LONGEST, context_of
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.channel.held import must_say_why
from console.desk import Desk, Work
from models.cards.monitoring import FoundBy, UsageFinding
from models.cards.numbers import card_number
from models.cases.cases import Case
from models.cases.complaints import (
    OPEN,
    Complaint,
    ComplaintKind,
    ComplaintMove,
    ComplaintState,
    Fault,
)
from models.patrol.findings import Finding
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import FindingKind, china_day
from models.staff import Organisation, User

_LONGEST_REASON = 1000
_LONGEST_REWARD = 300
_LONGEST_PAPER = 120


def accept_complaint(
    desk: Desk, complaint_id: UUID | str, *, handler_id: UUID | str | None = None
) -> Complaint:
    """Take it on, oneself or for a colleague."""
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _own(work, complaint_id)
        row.move(ComplaintMove.ACCEPT)
        row.handler_id = _handler(work, row, handler_id)
        work.record("complaint.accepted", row, handler=str(row.handler_id))
        return row


def assign_handler(
    desk: Desk, complaint_id: UUID | str, handler_id: UUID | str, *, reason: str
) -> Complaint:
    """Give it to another colleague."""
    why = _words(desk, reason)
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _own(work, complaint_id)
        _must_wait(row)
        if row.state is ComplaintState.RECEIVED:
            raise Conflict("complaint.accept_first", number=row.number)
        row.handler_id = _handler(work, row, handler_id)
        row.version += 1
        work.record("complaint.assigned", row, handler=str(row.handler_id), reason=why)
        return row


def name_colleague(desk: Desk, complaint_id: UUID | str, login: str, *, reason: str) -> Complaint:
    """Say whom it is about: from now on they do not handle it, nor see it."""
    why = _words(desk, reason)
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _own(work, complaint_id)
        _must_wait(row)
        user = work.session.exec(
            select(User).where(
                User.login == login.strip().lower(), User.organisation_id == row.organisation_id
            )
        ).first()
        if user is None:
            raise Invalid("complaint.no_such_colleague", login=login.strip()[:64])
        row.about_id = user.id
        row.handler_id = None if row.handler_id == user.id else row.handler_id
        row.version += 1
        work.record("complaint.colleague_named", row, reason=why)
        return row


def pass_on(desk: Desk, complaint_id: UUID | str, code: str, *, reason: str) -> Complaint:
    """To the organisation that can answer it, before it is accepted; its time goes on."""
    why = _words(desk, reason)
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _own(work, complaint_id)
        if row.state is not ComplaintState.RECEIVED:
            raise Conflict("complaint.accepted_already", number=row.number)
        target = work.session.exec(
            select(Organisation).where(Organisation.code == code.strip())
        ).first()
        if target is None or target.disabled_at is not None or not _staffed(work, target.id, row):
            raise Invalid("complaint.nobody_there", code=code.strip()[:32])
        before = work.session.get_one(Organisation, row.organisation_id)
        about = colleague_in(work, row.kind, row.text, target.id)
        row.organisation_id, row.about_id = target.id, about.id if about else None
        row.version += 1
        work.record("complaint.passed_on", row, **{"from": before.code, "to": target.code},
                    reason=why)  # fmt: skip
        return row


def investigate(desk: Desk, complaint_id: UUID | str, *, plan: str) -> Complaint:
    why = _words(desk, plan)
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _handled(work, complaint_id)
        row.move(ComplaintMove.INVESTIGATE)
        work.record("complaint.investigated", row, reason=why)
        return row


def answer_complaint(
    desk: Desk, complaint_id: UUID | str, *, answer: str, fault: Fault, paper: str = ""
) -> Complaint:
    """What the reporter reads under their code, and whether we were at fault.

    One about re-registration is without fault only by a paper of the administration's check
    (004-4.2-c).
    """
    words = must_say_why(answer)
    if len(words) > LONGEST["text"]:
        raise Invalid("complaint.too_long", field="complaint_answer", most=LONGEST["text"])
    if len(paper) > _LONGEST_PAPER:
        raise Invalid("complaint.too_long", field="complaint_paper", most=_LONGEST_PAPER)
    must_name_nobodys_number(desk, words, paper)
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _handled(work, complaint_id)
        needs = row.kind is ComplaintKind.RE_REGISTRATION and fault is Fault.NONE
        if needs and not paper.strip():
            raise Conflict("complaint.fault_paper_needed", number=row.number)
        must_name_no_purchaser(work, row, words)
        row.move(ComplaintMove.ANSWER)
        row.answer, row.fault, row.fault_paper = words, fault, paper.strip()
        row.answered_by, row.answered_at = work.actor.id, work.at
        row.is_late = work.at >= row.due_at
        work.record("complaint.answered", row, fault=fault.value, late=row.is_late)
        return row


def card_resold(desk: Desk, complaint_id: UUID | str, *, reason: str) -> UsageFinding:
    """It is so: the card of a device was sold on. Another person looks at that finding."""
    why = _words(desk, reason)
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _handled(work, complaint_id)
        _must_wait(row)
        known = device_card(work, row)
        if known is None:
            raise Conflict("complaint.card_unknown", number=row.number)
        if any(one.source_id == row.id for one in known.findings):
            raise Conflict("complaint.found_already", number=row.number)
        day = china_day(row.created_at)
        seen = Sighting(
            FoundBy.COMPLAINT,
            FindingKind.IOT_RESALE,
            day,
            day,
            card_number(row.iccid),
            facts={"who": row.number, "said": why},
            source_id=row.id,
            reported_by=work.actor.id,
        )
        row.version += 1
        work.record("complaint.card_resold", row, reason=why)
        return add_finding(work, known.batch, seen)


def close_complaint(desk: Desk, complaint_id: UUID | str, *, reason: str) -> Complaint:
    why = _words(desk, reason)
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _handled(work, complaint_id)
        row.move(ComplaintMove.CLOSE)
        work.record("complaint.closed", row, reason=why)
        return row


def reward(desk: Desk, complaint_id: UUID | str, *, what: str, paper: str) -> Complaint:
    """What a true report was rewarded with, and by which paper (003-7.2-2)."""
    given = f"{must_say_why(what)} · {must_say_why(paper)}"
    if len(given) > _LONGEST_REWARD:
        raise Invalid("complaint.too_long", field="complaint_reward", most=_LONGEST_REWARD)
    must_name_nobodys_number(desk, given)
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _own(work, complaint_id)
        must_name_no_purchaser(work, row, given)
        row.move(ComplaintMove.REWARD)
        row.reward, row.rewarded_at = given, work.at
        work.record("complaint.rewarded", row, reward=given)
        return row


def link_complaint(
    desk: Desk,
    complaint_id: UUID | str,
    *,
    case: str = "",
    finding: str = "",
    shop_id: UUID | str | None = None,
) -> Complaint:
    """Tie it to what it led to: a case by its reference, a finding by its number, a shop."""
    if not (case.strip() or finding.strip() or shop_id):
        raise Invalid("complaint.nothing_to_link")
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _own(work, complaint_id)
        if case.strip():
            wanted = work.select(Case).where(Case.reference == case.strip().upper())
            row.case_id = work.one(wanted, Case).id
        if finding.strip():
            found = work.select(Finding).where(Finding.number == finding.strip().upper())
            row.finding_id = work.one(found, Finding).id
        if shop_id:
            row.shop_id = work.get(Shop, shop_id).id
        row.version += 1
        work.record("complaint.linked", row, case=case.strip(), finding=finding.strip())
        return row


def contact_of(desk: Desk, complaint_id: UUID | str) -> str:
    """The contact in clear, for whoever handles it; the look is a deed of its own."""
    with desk.begin(Permission.COMPLAINT_HANDLE) as work:
        row = _handled(work, complaint_id)
        if row.contact is None:
            raise Conflict("complaint.anonymous", number=row.number)
        work.record("complaint.contact_seen", row)
        sealed, context = row.contact, context_of(row.id)
    return desk.house.vault.open(sealed, context).decode()


def handlers_for(desk: Desk, complaint_id: UUID | str) -> Sequence[User]:
    """Colleagues who may handle it; who works elsewhere is told no names."""
    with desk.begin(Permission.COMPLAINT_READ) as work:
        row = work.get(Complaint, complaint_id)
        if not work.actor.is_house and row.organisation_id not in work.actor.organisations:
            return []
        kept_out = {one for one in (row.about_id, row.lodged_by) if one}
        return work.all(
            select(User)
            .where(User.organisation_id == row.organisation_id, col(User.disabled_at).is_(None))
            .where(col(User.id).not_in(kept_out), may_handle(row.kind))
            .order_by(col(User.login))
        )


def _staffed(work: Work, organisation_id: UUID, row: Complaint) -> bool:
    query = select(User.id).where(
        User.organisation_id == organisation_id,
        col(User.disabled_at).is_(None),
        may_handle(row.kind),
    )
    return work.session.exec(query.limit(1)).first() is not None


def _own(work: Work, complaint_id: UUID | str) -> Complaint:
    row = work.get(Complaint, complaint_id)
    if not work.actor.is_house and row.organisation_id not in work.actor.organisations:
        raise NotAllowed("complaint.not_your_organisation", number=row.number)
    _must_be_another(row, work.actor.id)
    return row


def _handled(work: Work, complaint_id: UUID | str) -> Complaint:
    row = _own(work, complaint_id)
    if not work.actor.is_house and row.handler_id != work.actor.id:
        raise NotAllowed("complaint.not_its_handler", number=row.number)
    return row


def _must_be_another(row: Complaint, user_id: UUID | None) -> None:
    if user_id is not None and user_id in {row.about_id, row.lodged_by}:
        raise NotAllowed("complaint.same_person", number=row.number)


def _must_wait(row: Complaint) -> None:
    if row.state not in OPEN:
        raise Conflict("complaint.answered_already", number=row.number)


def _handler(work: Work, row: Complaint, handler_id: UUID | str | None) -> UUID:
    """A colleague of the organisation who may, and whom it is not about."""
    if handler_id is None:
        me = work.actor.id and work.session.get(User, work.actor.id)
        if not me:
            raise Invalid("complaint.handler_needed")  # the house and programs are nobody
        return me.id
    user = work.get(User, handler_id)
    _must_be_another(row, user.id)
    able = work.session.exec(
        select(User.id).where(User.id == user.id, may_handle(row.kind))
    ).first()
    if user.organisation_id != row.organisation_id or user.disabled_at or able is None:
        raise Conflict("complaint.cannot_handle", login=user.login)
    return user.id


def _words(desk: Desk, words: str) -> str:
    said = must_say_why(words)
    if len(said) > _LONGEST_REASON:
        raise Invalid("channel.field_too_long", field="reason", most=_LONGEST_REASON)
    must_name_nobodys_number(desk, said)
    return said
