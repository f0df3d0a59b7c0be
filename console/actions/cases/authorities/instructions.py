"""Instructions received (监管指令): entered, accepted by another, carried out, reported back.

An administration orders outside this house (DOMAIN 4.1); whoever received the document enters it
here, and the administration of that province sees how far it is (003-10.2-2, 004-3.4).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlmodel import col, or_, select

from console.actions.audit import history
from console.actions.cases.authorities.kept import Brought, Kept, keep, must_be_a_paper, short
from console.actions.cases.decide import written
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.channel.numbers import next_numbers
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.cases.cases import Case
from models.cases.instructions import (
    OPEN,
    Instruction,
    InstructionMove,
    InstructionState,
    Jurisdiction,
)
from models.cases.measures import CaseMeasure, Measure, MeasureState
from models.cases.routers import Competent, administrations_of, place_of, places_missing
from models.permissions import Permission
from models.provinces import province_of_code
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day, end_of
from models.staff import Organisation

LONGEST_NUMBER: Final = 64
LONGEST_SUBJECT: Final = 500
LONGEST_WORDS: Final = 4000
LONGEST_RECEIPT: Final = 200
AT_ONCE: Final = 500
LAST_DAY: Final = date(2100, 12, 31)
_YEAR: Final = re.compile(r"[\[(【〔]((?:19|20)\d\d)[\])】〕]")


@dataclass(frozen=True, slots=True)
class InstructionForm:
    authority: str
    """`CA-44`."""
    jurisdiction: Jurisdiction
    document_no: str
    issued_on: date
    due_on: date
    """The last day that the document leaves, in China."""
    subject: str
    wanted: str
    case_id: UUID | str | None = None


@dataclass(frozen=True, slots=True)
class InstructionRecord:
    instruction: Instruction
    receiver: Organisation
    case: Case | None
    """The case it is about, where the actor may know of it."""
    competent: Sequence[Competent]
    missing: Sequence[Jurisdiction]
    """Routers that the case needs and that lead nowhere yet."""
    deeds: Sequence[AuditEntry]


def enter_instruction(desk: Desk, form: InstructionForm, document: Brought | None) -> Instruction:
    """Put down what was received, with the document itself; another person accepts it."""
    form = _checked(desk, form)
    paper = must_be_a_paper(document)
    with desk.begin(Permission.INSTRUCTION_EDIT) as work:  # before anything is written to disk
        _must_be_new(work, _own_organisation(work), form)
    kept = keep(desk, paper)
    with desk.begin(Permission.INSTRUCTION_EDIT) as work:
        owner = _own_organisation(work)
        _must_be_new(work, owner, form)
        row = work.add(_row(work, owner, form, kept))
        facts = {"authority": row.authority, "document": row.document_no, "sha256": row.sha256}
        if form.case_id is not None:
            case = _own_case(work, row, form.case_id)
            row.case_id = case.id
            facts["case"] = case.reference
        work.record("instruction.entered", row, due_at=row.due_at.isoformat(), **facts)
        return row


def _checked(desk: Desk, form: InstructionForm) -> InstructionForm:
    province = province_of_code(form.authority)
    if province is None or form.authority.strip().upper() != province.authority:
        raise Invalid("instruction.no_such_authority", authority=form.authority)
    _must_be_a_day(form.due_on)
    if form.due_on < form.issued_on:
        raise Invalid(
            "instruction.due_before_issue", due=form.due_on.isoformat(),
            issued=form.issued_on.isoformat(),
        )  # fmt: skip
    if form.issued_on > china_day(desk.now()):
        raise Invalid("instruction.not_issued_yet", issued=form.issued_on.isoformat())
    number = written(plain_number(form.document_no), "document_no", LONGEST_NUMBER)
    subject = written(form.subject, "subject", LONGEST_SUBJECT)
    wanted = written(form.wanted, "wanted", LONGEST_WORDS)
    must_name_nobodys_number(desk, number, subject, wanted)
    return InstructionForm(
        province.authority, form.jurisdiction, number, form.issued_on, form.due_on, subject,
        wanted, form.case_id,
    )  # fmt: skip


def _must_be_a_day(due_on: date) -> None:
    if due_on > LAST_DAY:
        raise Invalid("instruction.due_too_far", due=due_on.isoformat(), last=LAST_DAY.isoformat())


def plain_number(words: str) -> str:
    """A document number as offices write it: no blanks, the year in 〔〕 (GB/T 9704)."""
    shown = "".join(unicodedata.normalize("NFKC", words).split())
    return _YEAR.sub(r"〔\1〕", shown)


def _own_organisation(work: Work) -> UUID:
    if work.actor.organisation_id is None:
        raise NotAllowed("instruction.receivers_only", actor=work.actor.name)
    return work.actor.organisation_id


def _must_be_new(work: Work, organisation_id: UUID, form: InstructionForm) -> None:
    known = work.session.exec(
        select(Instruction.number).where(
            Instruction.organisation_id == organisation_id,
            Instruction.authority == form.authority,
            Instruction.document_no == form.document_no,
        )
    ).first()
    if known is not None:
        raise Conflict("instruction.entered_already", document=form.document_no, number=known)


def _row(work: Work, organisation_id: UUID, form: InstructionForm, kept: Kept) -> Instruction:
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"instructions:{year}", 1)
    return Instruction(
        number=f"INS-{year}-{serial:06}",
        organisation_id=organisation_id,
        authority=form.authority,
        province=form.authority.removeprefix("CA-"),
        jurisdiction=form.jurisdiction,
        document_no=form.document_no,
        issued_on=form.issued_on,
        subject=form.subject,
        wanted=form.wanted,
        sha256=kept.sha256,
        file_name=kept.name,
        due_at=end_of(form.due_on),
        entered_by=work.actor.id,
        created_at=work.at,
    )


def accept_instruction(desk: Desk, instruction_id: UUID | str) -> Instruction:
    """It is ours to carry out, and was entered as it stands; said by another than entered it."""
    with desk.begin(Permission.INSTRUCTION_CONFIRM) as work:
        row = _own(work, instruction_id)
        row.move(InstructionMove.ACCEPT)
        if row.entered_by == work.actor.id:
            raise NotAllowed("instruction.same_person", number=row.number)
        row.accepted_by = work.actor.id
        work.record("instruction.accepted", row)
        return row


def begin_instruction(desk: Desk, instruction_id: UUID | str) -> Instruction:
    with desk.begin(Permission.INSTRUCTION_EDIT) as work:
        row = _own(work, instruction_id)
        row.move(InstructionMove.BEGIN)
        work.record("instruction.begun", row)
        return row


def report_back(
    desk: Desk,
    instruction_id: UUID | str,
    report: str,
    proof: Brought | None,
    receipt: str = "",
) -> Instruction:
    """Tell the administration what was done, with the proof; its receipt may come later."""
    words = written(report, "report", LONGEST_WORDS)
    given = short(receipt, "receipt", LONGEST_RECEIPT)
    must_name_nobodys_number(desk, words, given)
    paper = must_be_a_paper(proof)
    with desk.begin(Permission.INSTRUCTION_EDIT) as work:
        _own(work, instruction_id)
    kept = keep(desk, paper)
    with desk.begin(Permission.INSTRUCTION_EDIT) as work:
        row = _own(work, instruction_id)
        row.is_late = row.is_late or row.is_overdue(work.at)
        row.move(InstructionMove.REPORT_BACK)
        row.report, row.receipt = words, given
        row.report_sha256, row.report_name = kept.sha256, kept.name
        row.reported_by, row.reported_at = work.actor.id, work.at
        facts = {"report": words, "sha256": kept.sha256, "receipt": given, "late": row.is_late}
        work.record("instruction.reported_back", row, **facts)
        return row


def ask_more(
    desk: Desk, instruction_id: UUID | str, reason: str, due_on: date | None = None
) -> Instruction:
    """The administration is not content; a new day only where it has set one."""
    why = written(reason, "reason", LONGEST_WORDS)
    must_name_nobodys_number(desk, why)
    if due_on is not None:
        _must_be_a_day(due_on)
        if due_on < china_day(desk.now()):
            raise Invalid("instruction.due_over", due=due_on.isoformat())
    with desk.begin(Permission.INSTRUCTION_EDIT) as work:
        row = _own(work, instruction_id)
        row.move(InstructionMove.ASK_MORE)
        if due_on is not None:
            row.due_at, row.is_late = end_of(due_on), False
        work.record("instruction.more_asked", row, reason=why, due_at=row.due_at.isoformat())
        return row


def close_instruction(desk: Desk, instruction_id: UUID | str, receipt: str = "") -> Instruction:
    """The administration has taken the report: its receipt says so; seen by a second person."""
    given = short(receipt, "receipt", LONGEST_RECEIPT)
    must_name_nobodys_number(desk, given)
    with desk.begin(Permission.INSTRUCTION_CONFIRM) as work:
        row = _own(work, instruction_id)
        row.move(InstructionMove.CLOSE)
        if row.reported_by == work.actor.id:
            raise NotAllowed("instruction.same_person", number=row.number)
        row.receipt = given or row.receipt
        if not row.receipt:
            raise Conflict("instruction.receipt_needed", number=row.number)
        work.record("instruction.closed", row, receipt=row.receipt)
        return row


def attach_instruction(desk: Desk, instruction_id: UUID | str, case_id: UUID | str) -> Instruction:
    """It is about that case: of the same organisation, and of the administration's place."""
    with desk.begin(Permission.INSTRUCTION_EDIT) as work:
        row = _own(work, instruction_id)
        _must_not_be_over(row)
        if row.case_id is not None:
            raise Conflict("instruction.attached_already", number=row.number)
        case = _own_case(work, row, case_id)
        row.case_id = case.id
        row.version += 1
        work.record("instruction.attached", row, case=case.reference)
        return row


def detach_instruction(desk: Desk, instruction_id: UUID | str, reason: str) -> Instruction:
    """It was about something else."""
    why = written(reason, "reason", LONGEST_WORDS)
    must_name_nobodys_number(desk, why)
    with desk.begin(Permission.INSTRUCTION_EDIT) as work:
        row = _own(work, instruction_id)
        _must_not_be_over(row)
        if row.case_id is None:
            raise Conflict("instruction.not_attached", number=row.number)
        reference = work.session.get_one(Case, row.case_id).reference
        row.case_id = None
        row.version += 1
        work.record("instruction.detached", row, reason=why, case=reference)
        return row


def _must_not_be_over(row: Instruction) -> None:
    if row.state is InstructionState.CLOSED:
        raise Conflict("instruction.over", number=row.number)


def _own(work: Work, instruction_id: UUID | str) -> Instruction:
    """Under lock, and received by the actor's own: a regulator and a stranger only read."""
    row = work.get(Instruction, instruction_id)
    if not work.actor.is_house and row.organisation_id not in work.actor.organisations:
        raise NotAllowed("instruction.receivers_only", actor=work.actor.name)
    return row


def _own_case(work: Work, row: Instruction, case_id: UUID | str) -> Case:
    case = work.get(Case, case_id)
    if case.organisation_id != row.organisation_id:
        raise Conflict("instruction.not_your_case", reference=case.reference)
    if case.merged_into_id is not None:
        raise Conflict("case.merged", reference=case.reference)
    has = place_of(case, row.jurisdiction)
    if has != row.province:
        raise Conflict(
            "instruction.wrong_place",
            reference=case.reference,
            jurisdiction=row.jurisdiction,
            authority=row.authority,
            has=f"CA-{has}" if has else "—",
        )
    return case


def list_instructions(  # noqa: PLR0913 - a list's filters
    desk: Desk,
    *,
    state: InstructionState | None = None,
    overdue: bool = False,
    q: str = "",
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[Instruction]:
    """The latest first. `q` is part of a document number or of a subject, or our own number."""
    with desk.begin(Permission.INSTRUCTION_READ) as work:
        query = work.select(Instruction)
        if state is not None:
            query = query.where(Instruction.state == state)
        if overdue:
            query = query.where(col(Instruction.state).in_(OPEN), Instruction.due_at <= work.at)
        if words := q.strip():
            columns = (col(Instruction.number), col(Instruction.subject))
            found = [one.icontains(words, autoescape=True) for one in columns]
            document = col(Instruction.document_no).contains(plain_number(words), autoescape=True)
            query = query.where(or_(*found, document))
        return work.slice(query, order or Order.by(Instruction.id), after, limit)


def instruction_record(desk: Desk, instruction_id: UUID | str) -> InstructionRecord:
    with desk.begin(Permission.INSTRUCTION_READ) as work:
        row = work.get(Instruction, instruction_id)
        receiver = work.session.get_one(Organisation, row.organisation_id)
        case = None
        if row.case_id is not None and work.actor.may(Permission.CASE_READ):
            case = work.session.exec(work.select(Case).where(Case.id == row.case_id)).first()
        ordered = measures_in(work, case) if case is not None else []
        return InstructionRecord(
            row,
            receiver,
            case,
            administrations_of(case, ordered) if case is not None else [],
            places_missing(case, ordered) if case is not None else [],
            history(work, row),
        )


def instructions_of(desk: Desk, case_id: UUID | str) -> Sequence[Instruction]:
    """What was ordered in a case that the actor may know of, the first one first."""
    with desk.begin(Permission.INSTRUCTION_READ) as work:
        case = work.get(Case, case_id)
        query = work.select(Instruction).where(Instruction.case_id == case.id)
        return work.all(query.order_by(col(Instruction.id)))


def measures_in(work: Work, case: Case) -> list[Measure]:
    """What is proposed or ordered in a case that the actor was given, as far as they may know."""
    held = work.select(CaseMeasure).where(
        CaseMeasure.case_id == case.id, col(CaseMeasure.state).not_in(_GONE)
    )
    return [one.measure for one in work.all(held.order_by(col(CaseMeasure.id)))]


_GONE: Final = (MeasureState.DROPPED, MeasureState.LIFTED)


def jurisdiction_of(
    desk: Desk, case_id: UUID | str
) -> tuple[Sequence[Competent], Sequence[Jurisdiction]]:
    """Whose administrations are competent in a case, and which places are not known yet."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        ordered = measures_in(work, case)
        return administrations_of(case, ordered), places_missing(case, ordered)


def attachable_cases(
    desk: Desk, authority: str, jurisdiction: Jurisdiction
) -> Sequence[tuple[UUID, str]]:
    """Own cases of that administration's place, the latest first: id, and what tells them apart."""
    province = province_of_code(authority)
    if province is None or desk.actor.organisation_id is None:
        return []
    with desk.begin(Permission.CASE_READ) as work:
        rows = work.session.exec(
            work.select(Case)
            .where(Case.organisation_id == work.actor.organisation_id)
            .where(getattr(Case, jurisdiction.value) == province.code)
            .where(col(Case.merged_into_id).is_(None))
            .order_by(col(Case.id).desc())
            .limit(PAGE)
        ).all()
        return [(row.id, " · ".join(filter(None, [row.reference, row.shop_name]))) for row in rows]
