"""What goes to the police and to other authorities, and the transfer of a whole case."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from console.actions.cases.authorities.reports import (
    ReportForm,
    add_feedback,
    note_report,
    report_evidence,
    reports_of,
    transfer_case,
    why_not_reported,
)
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.tasks import tasks_of
from console.desk import Desk
from models.cases.cases import CASE_MOVES, Case, CaseMove, CaseState
from models.cases.measures import Measure
from models.cases.notices import Notice, NoticeState
from models.cases.reports import Organ
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.channel.licences import Ground
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from models.rules import FindingKind
from tests.cases.orders import PAPER, told
from tests.cases.world import decided, opened, proposed, row
from tests.conftest import NOON, Desks

POLICE = ReportForm(Organ.POLICE, "广州市公安局天河区分局", "穗公天接〔2026〕301号", NOON, "附证据")
MARKET = ReportForm(Organ.MARKET_REGULATION, "天河区市场监管局", "穗天市监收12", NOON)
CRACK = {"kind": FindingKind.IDREADER_CRACK_TOOL, "ground": Ground.FORBIDDEN_OFFER}


def refused(kind: type[Refusal], act: Callable[[], object]) -> Refusal:
    with pytest.raises(kind) as no:
        act()
    return no.value


def tasks(desks: Desks, case: Case, kind: TaskKind) -> list[CaseTask]:
    with desks.house.begin(Permission.CASE_READ) as work:
        return [one for one in tasks_of(work, case) if one.kind is kind]


def set_state(desks: Desks, case: Case, state: CaseState) -> None:
    with desks.house.begin(Permission.CASE_SEND) as work:
        work.session.get_one(Case, case.id).state = state
        work.no_deed()


@pytest.mark.requirement("004-3.3-p")
def test_a_report_that_the_police_took_is_the_proof_of_its_task(desks: Desks) -> None:
    case = decided(desks, Measure.REMOVE_LISTINGS, **CRACK)
    (task,) = tasks(desks, case, TaskKind.POLICE_REPORT)
    assert (task.state, task.is_mandatory) == (TaskState.OPEN, True)
    evidence = report_evidence(desks.manager, case.id)
    assert len(evidence) == 1
    note_report(desks.manager, case.id, MARKET, PAPER)
    assert tasks(desks, case, TaskKind.POLICE_REPORT)[0].state is TaskState.OPEN
    report = note_report(desks.approver, case.id, replace(POLICE, evidence=evidence), PAPER)
    (task,) = tasks(desks, case, TaskKind.POLICE_REPORT)
    assert (task.state, task.facts["report"]) == (TaskState.DONE, POLICE.report_no)
    assert [one.report_no for one in reports_of(desks.regulator, case.id)] == [
        MARKET.report_no, POLICE.report_no,
    ]  # fmt: skip
    assert (report.evidence, report.receipt_name) == (evidence, "来文.pdf")
    assert reports_of(desks.manager, case.id)[1].words_given == "附证据"


@pytest.mark.requirement("004-3.3-p")
def test_a_case_of_a_cracking_tool_does_not_end_before_the_police_know(desks: Desks) -> None:
    case = opened(desks, **CRACK)

    def why() -> str:
        with desks.house.begin(Permission.CASE_READ) as work:
            no = why_not_reported(work, work.get(Case, case.id))
        return no.code if no else ""

    assert why() == "report.police_needed"
    no = refused(Conflict, lambda: transfer_case(desks.manager, case.id, MARKET, PAPER))
    assert no.code == "report.police_needed"
    assert reports_of(desks.manager, case.id) == []
    note_report(desks.manager, case.id, POLICE, PAPER)
    assert why() == ""
    transfer_case(desks.manager, case.id, MARKET, PAPER)
    assert row(desks, Case, case.id).state is CaseState.TRANSFERRED


def test_a_transfer_to_the_police_is_the_report_to_them(desks: Desks) -> None:
    case = decided(desks, Measure.REMOVE_LISTINGS, **CRACK)
    # The platform is told all the same: nobody else does it.
    no = refused(Conflict, lambda: transfer_case(desks.manager, case.id, POLICE, PAPER))
    assert no.code == "report.platform_first"
    notice = send_notice(desks.manager, case.id)
    report = transfer_case(desks.manager, case.id, POLICE, PAPER)
    assert report.is_transfer
    kept = row(desks, Case, case.id)
    assert (kept.state, kept.due_at, kept.closed_at) == (CaseState.TRANSFERRED, None, NOON)
    assert tasks(desks, case, TaskKind.POLICE_REPORT)[0].state is TaskState.DONE
    assert tasks(desks, case, TaskKind.NOTIFY_PLATFORM)[0].state is TaskState.NOT_NEEDED
    assert row(desks, Notice, notice.id).state is NoticeState.CLOSED
    for act in (note_report, transfer_case):
        no = refused(Conflict, lambda act=act: act(desks.manager, case.id, POLICE, PAPER))
        assert no.code == "report.case_over"


def test_what_the_carrier_itself_must_do_stays_to_be_done_after_a_transfer(desks: Desks) -> None:
    case = told(desks)
    transfer_case(desks.manager, case.id, POLICE, PAPER)
    (recovery,) = tasks(desks, case, TaskKind.RECOVER_CARDS)
    assert (recovery.is_mandatory, recovery.state) == (True, TaskState.OPEN)


def test_a_case_is_transferred_from_every_state_that_the_table_has(desks: Desks) -> None:
    case = proposed(desks)
    for state in CaseState:
        set_state(desks, case, state)
        if (state, CaseMove.TRANSFER) in CASE_MOVES:
            transfer_case(desks.manager, case.id, MARKET, PAPER)
            assert row(desks, Case, case.id).state is CaseState.TRANSFERRED
        else:
            refused(Conflict, lambda: transfer_case(desks.manager, case.id, MARKET, PAPER))
            assert row(desks, Case, case.id).state is state


IMPOSSIBLE: list[tuple[dict[str, object], str]] = [
    ({"organ_name": " "}, "case.words_needed"),
    ({"report_no": ""}, "case.words_needed"),
    ({"words": "x" * 4001}, "case.words_needed"),
    ({"reported_at": NOON + timedelta(minutes=1)}, "report.bad_time"),
    ({"reported_at": NOON.replace(year=1999)}, "report.bad_time"),
    ({"words": "嫌疑人 11010519491231002X"}, "admission.identity_number"),
    ({"evidence": ["0" * 64]}, "report.foreign_evidence"),
    ({"evidence": [str(one) for one in range(101)]}, "report.too_much_evidence"),
]


def test_what_no_receipt_says_is_refused(desks: Desks) -> None:
    case = opened(desks)
    for changed, code in IMPOSSIBLE:
        form = replace(POLICE, **changed)
        no = refused(Invalid, lambda form=form: note_report(desks.manager, case.id, form, PAPER))
        assert no.code == code, changed
    assert reports_of(desks.manager, case.id) == []


def test_a_report_takes_its_receipt_and_the_own_people(desks: Desks) -> None:
    case = decided(desks)
    assert (
        refused(Invalid, lambda: note_report(desks.manager, case.id, POLICE, None)).code
        == "paper.needed"
    )

    def try_(desk: Desk) -> Callable[[], object]:
        return lambda: note_report(desk, case.id, POLICE, PAPER)

    for desk in (desks.regulator, desks.inspector, desks.platform):
        refused(NotAllowed, try_(desk))
    refused(NotFound, try_(desks.other_manager))
    report = note_report(desks.manager, case.id, POLICE, PAPER)
    refused(NotFound, lambda: add_feedback(desks.other_manager, report.id, "已立案"))
    refused(NotAllowed, lambda: add_feedback(desks.regulator, report.id, "已立案"))


def test_feedback_is_added_and_never_replaced(desks: Desks) -> None:
    case = opened(desks)
    report = transfer_case(desks.manager, case.id, POLICE, PAPER)
    add_feedback(desks.manager, report.id, "已受理")
    add_feedback(desks.approver, report.id, "已立案侦查")
    (kept,) = reports_of(desks.manager, case.id)
    assert (kept.feedback, kept.feedback_at) == ("已受理\n已立案侦查", NOON)
