"""Rectification notices (整改通知): drafted, issued, reminded of, escalated, reported (4.12)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.rectifications.raising import go_up
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.badge_picture import check_letters
from models.cases.cases import OVER, Case, TierBasis
from models.cases.instructions import Instruction, InstructionState
from models.cases.rectifications import (
    Delivery,
    Rectification,
    RectificationIssue,
    RectificationMove,
    RectificationState,
)
from models.channel.agents import Agent
from models.patrol.findings import Finding, FindingMove, FindingState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import Deadline, Tier, china_day, end_of, package_rules, rule_refs
from models.staff import Actor, Organisation, OrganisationKind

MOST_ISSUES: Final = 30
_LONGEST: Final = {"what": 1000, "subject": 200, "remedy": 2000, "unit_name": 200, "proof": 300}
_OPEN_INSTRUCTION: Final = (InstructionState.ACCEPTED, InstructionState.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class IssueForm:
    """One thing to put right, and the rule that it breaks."""

    what: str
    rule: str
    finding_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class RectificationForm:
    """What a notice says. The unit is an organisation by its code, an agent, or a name."""

    subject: str
    issues: Sequence[IssueForm]
    tier: Tier = Tier.GENERAL
    unit: str = ""
    agent_id: UUID | None = None
    unit_name: str = ""
    delivery: Delivery = Delivery.PORTAL
    remedy: str = ""
    case_id: UUID | None = None
    instruction_id: UUID | None = None


@dataclass(slots=True)
class _Unit:
    id: UUID | None = None
    agent_id: UUID | None = None
    name: str = ""
    findings: list[Finding] = field(default_factory=list[Finding])


def draft_rectification(desk: Desk, form: RectificationForm) -> Rectification:
    """Write a notice that nobody but the own organisation sees yet."""
    words = _checked(desk, form)
    with desk.begin(Permission.RECTIFICATION_ISSUE) as work:
        owner = _own_organisation(work)
        row = Rectification(
            organisation_id=owner.id,
            province=owner.province,
            unit_name="",
            tier=form.tier,
            due_at=work.at,
            created_at=work.at,
        )
        _fill(work, row, form, words)
        work.add(row)
        work.session.flush()
        _add_issues(work, row, form)
        work.record("rectification.drafted", row, **_told(row, form))
        return row


def redraft_rectification(
    desk: Desk, row_id: UUID | str, form: RectificationForm, *, version: int | None = None
) -> Rectification:
    """Write a draft anew."""
    words = _checked(desk, form)
    with desk.begin(Permission.RECTIFICATION_ISSUE) as work:
        row = issued_by_us(work, row_id, version)
        if row.state is not RectificationState.DRAFTED:
            raise Conflict("rectification.issued_already", number=row.title)
        _fill(work, row, form, words)
        for issue in issues_of(work, row):
            work.session.delete(issue)
        work.session.flush()
        _add_issues(work, row, form)
        row.version += 1
        work.record("rectification.redrafted", row, **_told(row, form))
        return row


def issue_rectification(
    desk: Desk, row_id: UUID | str, *, proof: str = "", version: int | None = None
) -> Rectification:
    """Give it a number and a due date, and deliver it; `proof` says how a letter or mail went."""
    must_name_nobodys_number(desk, proof)
    with desk.begin(Permission.RECTIFICATION_ISSUE) as work:
        row = issued_by_us(work, row_id, version)
        row.move(RectificationMove.ISSUE)
        if row.case_id is not None:
            _must_go_on(work.session.get_one(Case, row.case_id))
        if row.delivery is not Delivery.PORTAL and not proof.strip():
            raise Invalid("rectification.delivery_proof", delivery=row.delivery)
        year = china_day(work.at).year
        (serial,) = next_numbers(work, f"rectifications:{year}", 1)
        row.number = f"RCT-{year}-{serial:06}"
        row.issued_by, row.issued_at = work.actor.id, work.at
        row.delivery_proof = _fits("proof", proof)
        begin_round(work, row)
        issues = issues_of(work, row)
        # First of all the deeds: a request that is sent again is answered with the notice.
        work.record(
            "rectification.issued", row, round=row.round, tier=row.tier.value,
            unit=row.unit_name, delivery=row.delivery.value, due_at=row.due_at.isoformat(),
            issues=[{"what": one.what, "rule": one.rule} for one in issues],
            rule=row.rule_version,
        )  # fmt: skip
        for issue in issues:
            _take_finding(work, row, issue)
        return row


def remind(
    desk: Desk, row_id: UUID | str, delivery: Delivery, proof: str, *, version: int | None = None
) -> Rectification:
    """A second notice went by another channel than the first; with what shows it."""
    must_name_nobodys_number(desk, proof)
    with desk.begin(Permission.RECTIFICATION_ISSUE) as work:
        row = issued_by_us(work, row_id, version)
        row.move(RectificationMove.REMIND)
        if delivery is row.delivery or (delivery is Delivery.PORTAL and row.unit_id is None):
            raise Conflict("rectification.another_channel", number=row.title)
        if not proof.strip():
            raise Invalid("rectification.delivery_proof", delivery=delivery)
        row.reminded_at, row.reminder_delivery = work.at, delivery
        row.reminder_proof = _fits("proof", proof)
        row.reminder_due_at, row.is_reminder_due = None, False
        work.record("rectification.reminded", row, delivery=delivery.value, reason=proof.strip())
        return row


def escalate(
    desk: Desk, row_id: UUID | str, reason: str, *, version: int | None = None
) -> Rectification:
    """An overdue one goes up: the ground for a case or accountability is kept with it."""
    if not reason.strip():
        raise Invalid("channel.reason_needed")
    must_name_nobodys_number(desk, reason)
    with desk.begin(Permission.RECTIFICATION_RECHECK) as work:
        row = issued_by_us(work, row_id, version)
        if row.state is RectificationState.SUBMITTED:
            raise Conflict("rectification.rounds_left", number=row.title)
        go_up(work, row, TierBasis.DUE_MISSED, work.actor.id, reason.strip())
        return row


def report_back(
    desk: Desk, row_id: UUID | str, receipt: str, *, version: int | None = None
) -> Rectification:
    """The administration that ordered it was told that it is done, and gave this receipt."""
    if not receipt.strip():
        raise Invalid("rectification.receipt_needed")
    must_name_nobodys_number(desk, receipt)
    with desk.begin(Permission.RECTIFICATION_ISSUE) as work:
        row = issued_by_us(work, row_id, version)
        if row.instruction_id is None:
            raise Conflict("rectification.not_ordered", number=row.title)
        row.move(RectificationMove.REPORT_BACK)
        row.report_receipt = receipt.strip()[:200]
        work.record("rectification.reported", row, receipt=row.report_receipt)
        return row


def begin_round(work: Work, row: Rectification) -> None:
    """From now on the unit has so long to acknowledge and to correct."""
    due = _due(work, row)
    first, again = (
        deadline(work, "rectification_acknowledgement"),
        deadline(work, "rectification_reminder"),
    )
    row.due_at, row.rule_version = due.at, due.version
    row.acknowledge_due_at, row.reminder_due_at = first.at, again.at
    row.is_reminder_due = False
    row.acknowledged_at = row.submitted_at = row.reminded_at = row.recheck_due_at = None
    row.acknowledged_by = row.submitted_by = ""
    row.submitted_by_id = None


def _due(work: Work, row: Rectification) -> Deadline:
    """By the tier; what is wanted at once is wanted the same day. A regulator's date holds."""
    if row.instruction_id is not None:
        wanted = work.session.get_one(Instruction, row.instruction_id)
        if row.round == 1 and wanted.due_at <= work.at:
            raise Conflict("rectification.date_passed", number=wanted.document_no)
        return Deadline(wanted.due_at, provisional=False, version=wanted.number)
    due = deadline(work, f"rectification_{row.tier.value}")
    return Deadline(max(due.at, end_of(china_day(work.at))), due.provisional, due.version)


def issued_by_us(work: Work, row_id: UUID | str, version: int | None = None) -> Rectification:
    """The notice under lock, of the actor's own organisation, as the door showed it."""
    row = work.get(Rectification, row_id)
    if not is_issuer(work.actor, row):
        raise NotAllowed("rectification.not_the_issuer", number=row.title)
    must_be_as_shown(row, version)
    return row


def must_be_as_shown(row: Rectification, version: int | None) -> None:
    if version is not None and row.version != version:
        raise Conflict("channel.changed_meanwhile", title=row.title)


def is_issuer(actor: Actor, row: Rectification) -> bool:
    return actor.is_house or row.organisation_id in actor.organisations


def is_unit(actor: Actor, row: Rectification) -> bool:
    """Whose answer it waits for; of a unit that does not work here the issuer enters it."""
    if actor.is_house:
        return True
    if row.unit_id is not None:
        return row.unit_id == actor.organisation_id
    return row.organisation_id in actor.organisations


def issues_of(work: Work, row: Rectification) -> Sequence[RectificationIssue]:
    """Of a notice that the actor was given, in their order."""
    return work.session.exec(
        select(RectificationIssue)
        .where(RectificationIssue.rectification_id == row.id)
        .order_by(col(RectificationIssue.number))
    ).all()


def issues_of_findings(desk: Desk, finding_ids: Sequence[UUID | str]) -> list[IssueForm]:
    """What a notice on these findings would begin with."""
    with desk.begin(Permission.FINDING_READ) as work:
        found = [work.get(Finding, one) for one in finding_ids]
    return [_issue_of(one) for one in found]


def issues_of_case(desk: Desk, case_id: UUID | str) -> list[IssueForm]:
    """What a notice of this case would begin with; its findings go on in the case."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        found = work.all(
            work.select(Finding).where(Finding.case_id == case.id).order_by(col(Finding.id))
        )
    kinds = list(dict.fromkeys([case.kind, *(one.kind for one in found)]))
    rules = package_rules()
    return [IssueForm(rules.finding(kind).zh, _rule_of(rules.finding(kind).duties, kind.value))
            for kind in kinds]  # fmt: skip


def _issue_of(finding: Finding) -> IssueForm:
    rule = package_rules().finding(finding.kind)
    what = f"{rule.zh}（{finding.number}）"
    return IssueForm(what, _rule_of(rule.duties, finding.kind.value), finding.id)


def _rule_of(duties: Sequence[str], otherwise: str) -> str:
    return duties[0] if duties else otherwise


def _own_organisation(work: Work) -> Organisation:
    if work.actor.organisation_id is None:
        raise Invalid("rectification.whose")
    return work.session.get_one(Organisation, work.actor.organisation_id)


def _checked(desk: Desk, form: RectificationForm) -> tuple[str, str]:
    """Subject and remedy as they are kept."""
    if not form.subject.strip():
        raise Invalid("rectification.subject_needed")
    if not 1 <= len(form.issues) <= MOST_ISSUES:
        raise Invalid("rectification.issues_needed", most=MOST_ISSUES)
    for issue in form.issues:
        if not issue.what.strip():
            raise Invalid("rectification.issue_words")
        _fits("what", issue.what)
        if issue.rule not in rule_refs():
            raise Invalid("rectification.no_such_rule", rule=issue.rule[:64])
    must_name_nobodys_number(
        desk, form.subject, form.remedy, form.unit_name, *(one.what for one in form.issues)
    )
    subject, remedy = _fits("subject", form.subject), _fits("remedy", form.remedy)
    issues = " ".join(one.what for one in form.issues)
    printed = {"subject": subject, "remedy": remedy, "issues": issues}
    check_letters({name: " ".join(words.split()) for name, words in printed.items()})
    return subject, remedy


def _fits(name: str, words: str) -> str:
    """The words as they are kept."""
    if len(words.strip()) > _LONGEST[name]:
        raise Invalid("rectification.too_long", part=name, most=_LONGEST[name])
    return words.strip()


def _fill(work: Work, row: Rectification, form: RectificationForm, words: tuple[str, str]) -> None:
    unit = _unit_of(work, form)
    if form.delivery is Delivery.PORTAL and unit.id is None:
        raise Conflict("rectification.no_portal", unit=unit.name)
    row.subject, row.remedy = words
    row.tier, row.delivery = form.tier, form.delivery
    row.unit_id, row.agent_id, row.unit_name = unit.id, unit.agent_id, unit.name
    row.case_id = _case_of(work, form)
    row.instruction_id = _instruction_of(work, form)
    row.due_at = _due(work, row).at


def _unit_of(work: Work, form: RectificationForm) -> _Unit:
    """One organisation, one agent, or one name: never two of them."""
    if sum(map(bool, (form.unit.strip(), form.agent_id, form.unit_name.strip()))) != 1:
        raise Invalid("rectification.one_unit")
    if form.agent_id is not None:
        agent = work.get(Agent, form.agent_id)
        if not work.actor.is_house and agent.carrier_id not in work.actor.carriers:
            raise NotAllowed("channel.not_your_carrier", title=agent.title)
        return _Unit(None, agent.id, agent.name)
    if form.unit.strip():
        return _organisation_unit(work, form.unit.strip())
    return _Unit(name=_fits("unit_name", form.unit_name))


def _organisation_unit(work: Work, code: str) -> _Unit:
    found = work.session.exec(select(Organisation).where(Organisation.code == code)).first()
    if found is None:
        raise Invalid("rectification.no_such_unit", unit=code[:32])
    own = work.actor.is_house or found.id in work.actor.organisations
    if not own and found.kind is not OrganisationKind.PLATFORM:
        raise NotAllowed("rectification.not_your_unit", unit=found.name)
    return _Unit(found.id, None, found.name)


def _case_of(work: Work, form: RectificationForm) -> UUID | None:
    if form.case_id is None:
        return None
    case = work.get(Case, form.case_id)
    if not work.actor.is_house and case.organisation_id not in work.actor.organisations:
        raise NotAllowed("rectification.not_your_case", reference=case.reference)
    _must_go_on(case)
    return case.id


def _must_go_on(case: Case) -> None:
    if case.state in OVER or case.merged_into_id is not None:
        raise Conflict("rectification.case_ended", reference=case.reference)


def _instruction_of(work: Work, form: RectificationForm) -> UUID | None:
    if form.instruction_id is None:
        return None
    wanted = work.get(Instruction, form.instruction_id)
    if not work.actor.is_house and wanted.organisation_id not in work.actor.organisations:
        raise NotAllowed("rectification.not_your_instruction", number=wanted.document_no)
    if wanted.state not in _OPEN_INSTRUCTION:
        raise Conflict("rectification.instruction_not_open", number=wanted.document_no)
    return wanted.id


def _add_issues(work: Work, row: Rectification, form: RectificationForm) -> None:
    for number, issue in enumerate(form.issues, 1):
        if issue.finding_id is not None:
            _must_be_noticed(work, row, work.get(Finding, issue.finding_id))
        work.add(
            RectificationIssue(
                rectification_id=row.id,
                number=number,
                finding_id=issue.finding_id,
                what=issue.what.strip(),
                rule=issue.rule,
            )
        )


def _must_be_noticed(work: Work, row: Rectification, finding: Finding) -> None:
    """Minor and general ones go by notice; serious ones are a case's (DOMAIN 4.8)."""
    if not work.actor.is_house and finding.organisation_id not in work.actor.organisations:
        raise NotAllowed("rectification.not_your_finding", number=finding.number)
    if finding.state is not FindingState.CONFIRMED:
        raise Conflict("case.finding_not_confirmed", number=finding.number, state=finding.state)
    if finding.tier is Tier.SERIOUS:
        raise Conflict("rectification.serious_finding", number=finding.number)
    if row.tier < finding.tier:
        raise Conflict("rectification.tier_too_low", number=finding.number, tier=finding.tier)


def _take_finding(work: Work, row: Rectification, issue: RectificationIssue) -> None:
    if issue.finding_id is None:
        return
    finding = work.get(Finding, issue.finding_id)
    _must_be_noticed(work, row, finding)
    finding.move(FindingMove.TO_NOTICE)
    work.record("finding.rectifying", finding, notice=row.number)


def _told(row: Rectification, form: RectificationForm) -> dict[str, object]:
    return {
        "unit": row.unit_name,
        "tier": row.tier.value,
        "rules": [one.rule for one in form.issues],
        "issues": len(form.issues),
    }


def is_due(row: Rectification, at: datetime) -> bool:
    return at >= row.due_at
