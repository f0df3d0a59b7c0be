"""Reports to the police and to other authorities, and the transfer of a whole case (4.9).

What a seller of cracking tools does goes to the police before its case can end (004-3.3-p); what
the organ says to it is added later (Anti-Fraud Law art. 26).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.case_orders import settle_usage
from console.actions.cases.authorities.kept import Brought, Kept, keep, must_be_a_paper, short
from console.actions.cases.decide import written
from console.actions.cases.notices.threads import close_threads
from console.actions.cases.orders import family_of, kinds_of, without_choice
from console.actions.cases.tasks import AT_ONCE_TO_POLICE, prove, tasks_of
from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import Desk, Work
from models.cases.cases import ENDED, Case, CaseMove, CaseState
from models.cases.notices import Notice
from models.cases.reports import AuthorityReport, Organ
from models.cases.tasks import CaseTask, TaskKind, TaskMove, TaskState
from models.patrol.findings import Finding
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, Refusal
from models.staff import Organisation

LONGEST_NAME: Final = 200
LONGEST_NUMBER: Final = 64
LONGEST_WORDS: Final = 4000
MOST_EVIDENCE: Final = 100
FIRST_YEAR: Final = 2000
_REPORTS: Final = frozenset({TaskKind.POLICE_REPORT, TaskKind.AUTHORITY_REPORT})


@dataclass(frozen=True, slots=True)
class ReportForm:
    organ: Organ
    organ_name: str
    report_no: str
    reported_at: datetime
    """When the organ took it, by its receipt."""
    words: str = ""
    evidence: Sequence[str] = ()
    """Manifests of the case's findings that went with it."""


def note_report(
    desk: Desk, case_id: UUID | str, form: ReportForm, receipt: Brought | None
) -> AuthorityReport:
    """A report that an organ has taken, with its receipt; the task that asked for it is done."""
    form, paper = _checked(desk, form), must_be_a_paper(receipt)
    kept = _keep(desk, case_id, form, paper)
    with desk.begin(Permission.CASE_TRANSFER) as work:
        return _noted(work, _own(work, case_id), form, kept)


def transfer_case(
    desk: Desk, case_id: UUID | str, form: ReportForm, receipt: Brought | None
) -> AuthorityReport:
    """The whole matter is another authority's, whose receipt says so: the case ends here.

    The platform was told before. What the carrier itself must do stays open until it is proven;
    the rest falls away.
    """
    form, paper = _checked(desk, form), must_be_a_paper(receipt)
    kept = _keep(desk, case_id, form, paper)
    with desk.begin(Permission.CASE_TRANSFER) as work:
        case = _own(work, case_id)
        if (no := why_not_transferred(work, case)) is not None:
            raise no
        report = _noted(work, case, form, kept, whole=True)
        work.session.flush()
        if (no := why_not_reported(work, case)) is not None:
            raise no
        case.move(CaseMove.TRANSFER)
        case.due_at, case.closed_at = None, work.at
        work.record(
            "case.transferred", case, organ=form.organ.value, name=form.organ_name,
            report=form.report_no,
        )  # fmt: skip
        _let_go(work, case, form.report_no)
        settle_usage(work, case)
        close_threads(work, case)
        return report


def _let_go(work: Work, case: Case, report_no: str) -> None:
    """Tasks that the transfer makes needless; a platform has been told by then."""
    for task in tasks_of(work, case, TaskState.OPEN):
        is_notice = task.kind is TaskKind.NOTIFY_PLATFORM
        if is_notice and task.is_mandatory and not _is_told(work, case, task):
            raise Conflict(
                "report.platform_first", reference=case.reference, platform=task.target_name
            )
        if is_notice or not task.is_mandatory:
            task.move(TaskMove.WAIVE)
            task.done_at, task.done_by = work.at, work.actor.id
            task.words_given, task.is_late = report_no, False
            work.record("task.waived", task, report=report_no)


def _is_told(work: Work, case: Case, task: CaseTask) -> bool:
    """Or nobody works here for that platform, who could be."""
    sent = select(Notice.id).where(
        Notice.case_id == case.id,
        Notice.platform == task.target,
        col(Notice.sent_at).is_not(None),
    )
    known = select(Organisation.id).where(Organisation.code == task.target)
    return work.session.exec(sent).first() is not None or work.session.exec(known).first() is None


def add_feedback(desk: Desk, report_id: UUID | str, words: str) -> AuthorityReport:
    """What the organ said to it; said again, it stands below what it said before."""
    said = written(words, "feedback", LONGEST_WORDS)
    must_name_nobodys_number(desk, said)
    with desk.begin(Permission.CASE_TRANSFER) as work:
        report = work.get(AuthorityReport, report_id)
        _must_be_own(work, work.get(Case, report.case_id))
        whole = f"{report.feedback}\n{said}".strip()
        report.feedback = written(whole, "feedback", LONGEST_WORDS)
        report.feedback_at = work.at
        work.record("report.feedback", report, feedback=said)
        return report


def why_not_transferred(work: Work, case: Case) -> Refusal | None:
    """Of four offences the carrier decides itself, before it hands the rest of the matter on.

    A report to the police waits for no decision.
    """
    missing = [] if case.decided_at is not None else without_choice(work, case)
    if not missing:
        return None
    return NotAllowed("report.mandatory", reference=case.reference, missing=missing)


def why_not_reported(work: Work, case: Case) -> Refusal | None:
    """Why the case can't end yet: the police have to know of it and do not (004-3.3-p)."""
    grave = [one for one in kinds_of(work, case) if one in AT_ONCE_TO_POLICE]
    reported = work.session.exec(
        select(AuthorityReport.id).where(
            col(AuthorityReport.case_id).in_(family_of(work, case)),
            AuthorityReport.organ == Organ.POLICE,
        )
    ).first()
    if not grave or reported is not None:
        return None
    return Conflict("report.police_needed", reference=case.reference, kind=grave[0])


def _checked(desk: Desk, form: ReportForm) -> ReportForm:
    name = written(form.organ_name, "organ_name", LONGEST_NAME)
    number = written(form.report_no, "report_no", LONGEST_NUMBER)
    words = short(form.words, "words", LONGEST_WORDS)
    if form.reported_at.year < FIRST_YEAR or form.reported_at > desk.now():
        raise Invalid("report.bad_time", at=form.reported_at.isoformat())
    if len(form.evidence) > MOST_EVIDENCE:
        raise Invalid("report.too_much_evidence", most=MOST_EVIDENCE)
    must_name_nobodys_number(desk, name, number, words)
    evidence = tuple(dict.fromkeys(form.evidence))
    at = form.reported_at.astimezone(UTC)
    return ReportForm(form.organ, name, number, at, words, evidence)


def _keep(desk: Desk, case_id: UUID | str, form: ReportForm, paper: Brought) -> Kept:
    with desk.begin(Permission.CASE_TRANSFER) as work:  # before anything is written to disk
        _must_be_evidence(work, _own(work, case_id), form.evidence)
    return keep(desk, paper)


def _own(work: Work, case_id: UUID | str) -> Case:
    case = work.get(Case, case_id)
    _must_be_own(work, case)
    if case.merged_into_id is not None:
        raise Conflict("case.merged", reference=case.reference)
    if case.state in ENDED and not _is_wanted_still(work, case):
        raise Conflict("report.case_over", reference=case.reference, state=case.state)
    return case


def _is_wanted_still(work: Work, case: Case) -> bool:
    """A transfer to one organ leaves the report to another to be made."""
    left = tasks_of(work, case, TaskState.OPEN)
    is_left = any(one.kind in _REPORTS for one in left)
    return case.state is CaseState.TRANSFERRED and is_left


def _must_be_own(work: Work, case: Case) -> None:
    if not work.actor.is_house and case.organisation_id not in work.actor.organisations:
        raise NotAllowed("report.not_your_case", reference=case.reference)


def _must_be_evidence(work: Work, case: Case, evidence: Sequence[str]) -> None:
    foreign = set(evidence) - set(evidence_of(work, case))
    if foreign:
        raise Invalid("report.foreign_evidence", reference=case.reference, sha256=min(foreign))


def evidence_of(work: Work, case: Case) -> list[str]:
    """The manifests of what was found, of a case that the actor was given."""
    findings = work.session.exec(select(Finding).where(Finding.case_id == case.id)).all()
    return list(dict.fromkeys(one for finding in findings for one in finding.evidence))


def _noted(
    work: Work, case: Case, form: ReportForm, kept: Kept, *, whole: bool = False
) -> AuthorityReport:
    _must_be_evidence(work, case, form.evidence)
    report = work.add(
        AuthorityReport(
            case_id=case.id,
            organ=form.organ,
            organ_name=form.organ_name,
            is_transfer=whole,
            report_no=form.report_no,
            reported_at=form.reported_at,
            words_given=form.words,
            evidence=list(form.evidence),
            receipt_sha256=kept.sha256,
            receipt_name=kept.name,
            noted_by=work.actor.id,
            created_at=work.at,
        )
    )
    work.record(
        "report.noted", report, case=case.reference, organ=form.organ.value, name=form.organ_name,
        sha256=kept.sha256, evidence=list(form.evidence),
    )  # fmt: skip
    is_police = form.organ is Organ.POLICE
    kind = TaskKind.POLICE_REPORT if is_police else TaskKind.AUTHORITY_REPORT
    prove(work, case.id, kind, report=form.report_no, report_id=str(report.id))
    return report


def reports_of(desk: Desk, case_id: UUID | str) -> Sequence[AuthorityReport]:
    """Of a case that the actor may know of, the first one first."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        query = work.select(AuthorityReport).where(AuthorityReport.case_id == case.id)
        return work.all(query.order_by(col(AuthorityReport.id)))


def report_evidence(desk: Desk, case_id: UUID | str) -> Sequence[str]:
    """What of the case's evidence may go with a report."""
    with desk.begin(Permission.CASE_READ) as work:
        return evidence_of(work, work.get(Case, case_id))


def takes_reports(desk: Desk, case_id: UUID | str) -> bool:
    """Whether a report can be noted in the case as it stands."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        goes_on = case.state not in ENDED or _is_wanted_still(work, case)
        return goes_on and case.merged_into_id is None


def one_report(desk: Desk, report_id: UUID | str) -> AuthorityReport:
    with desk.begin(Permission.CASE_READ) as work:
        return work.get(AuthorityReport, report_id)
