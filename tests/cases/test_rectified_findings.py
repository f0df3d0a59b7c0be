"""Rectification notices of findings, cases and instructions: what each gives back to it."""

from datetime import timedelta

import pytest

from console.actions.cases.open import open_case
from console.actions.cases.rectifications.answers import (
    acknowledge_rectification,
    submit_rectification,
)
from console.actions.cases.rectifications.issuing import (
    draft_rectification,
    escalate,
    issue_rectification,
    issues_of_findings,
    report_back,
)
from console.actions.cases.rectifications.rechecks import recheck_rectification
from console.actions.cases.rectifications.sweeps import sweep_rectifications
from models.cases.instructions import InstructionState
from models.cases.rectifications import RectificationState
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import FindingKind, Tier, rule_refs
from tests.cases.rectify import (
    answers,
    closed,
    code_of,
    form,
    instruction,
    submitted,
    verdicts,
    waits,
)
from tests.cases.world import found, opened, row
from tests.conftest import Clock, Desks


def test_findings_go_by_notice_and_close_with_it(desks: Desks) -> None:
    seen = found(
        desks,
        kind=FindingKind.BADGE_MISSING,
        tier=Tier.MINOR,
        shop_state=ShopState.NON_COMPLIANT,
    )
    issues = issues_of_findings(desks.manager, seen.ids)
    assert issues[0].rule in rule_refs()
    draft = draft_rectification(desks.manager, form(issues=issues, tier=Tier.MINOR))
    again = draft_rectification(desks.manager, form(issues=issues, tier=Tier.MINOR))
    issue_rectification(desks.manager, draft.id)
    assert row(desks, Finding, seen.ids[0]).state is FindingState.RECTIFYING
    with pytest.raises(Conflict):
        issue_rectification(desks.manager, again.id)
    acknowledge_rectification(desks.platform, draft.id)
    submit_rectification(desks.platform, draft.id, answers(1))
    recheck_rectification(desks.inspector, draft.id, verdicts("+"))
    assert row(desks, Finding, seen.ids[0]).state is FindingState.CLOSED
    assert row(desks, Shop, seen.shop.id).state is ShopState.LICENSED


def test_what_was_not_put_right_in_time_goes_into_a_case(desks: Desks, clock: Clock) -> None:
    seen = found(desks, kind=FindingKind.BADGE_MISSING, tier=Tier.MINOR)
    issues = issues_of_findings(desks.manager, seen.ids)
    sent = draft_rectification(desks.manager, form(issues=issues, tier=Tier.MINOR))
    issue_rectification(desks.manager, sent.id)
    with pytest.raises(Conflict) as early:
        open_case(desks.manager, seen.ids)
    clock.pass_(days=1)
    sweep_rectifications(desks.house)
    escalate(desks.approver, sent.id, "逾期未整改")
    case = open_case(desks.manager, seen.ids)

    assert code_of(early) == "case.finding_not_confirmed"
    assert row(desks, Finding, seen.ids[0]).state is FindingState.IN_CASE
    assert row(desks, Finding, seen.ids[0]).case_id == case.id


def test_serious_findings_and_lower_tiers_are_refused(desks: Desks) -> None:
    grave = found(desks)
    with pytest.raises(Conflict) as no:
        draft_rectification(
            desks.manager, form(issues=issues_of_findings(desks.manager, grave.ids))
        )
    assert code_of(no) == "rectification.serious_finding"
    general = found(desks, tier=Tier.GENERAL, shop_no=2)
    issues = issues_of_findings(desks.manager, general.ids)
    with pytest.raises(Conflict) as no:
        draft_rectification(desks.manager, form(issues=issues, tier=Tier.MINOR))
    assert code_of(no) == "rectification.tier_too_low"


def test_the_last_notice_of_a_case_proves_its_task(desks: Desks) -> None:
    case = opened(desks)
    with desks.house.begin(Permission.CASE_OPEN) as work:
        task = work.add(
            CaseTask(
                case_id=case.id,
                organisation_id=case.organisation_id,
                kind=TaskKind.RECTIFICATION,
                due_at=work.at,
            )
        )
        work.record("task.planted", task)
    first, second = submitted(desks, case_id=case.id), submitted(desks, case_id=case.id)
    recheck_rectification(desks.inspector, first.id, verdicts("++"))
    assert row(desks, CaseTask, task.id).state is TaskState.OPEN
    recheck_rectification(desks.inspector, second.id, verdicts("++"))
    done = row(desks, CaseTask, task.id)
    assert (done.state, done.facts) == (TaskState.DONE, {"rectification": second.number})


@pytest.mark.requirement("003-10.2-2")
def test_a_regulators_date_holds_and_it_is_told_when_all_is_done(
    desks: Desks, clock: Clock
) -> None:
    wanted = instruction(desks, clock.at + timedelta(days=3))
    done = closed(desks, instruction_id=wanted.id)
    assert (done.due_at, done.rule_version) == (wanted.due_at, wanted.number)
    assert "rectification_report" in waits(desks.manager)
    with pytest.raises(Invalid):
        report_back(desks.manager, done.id, "")
    told = report_back(desks.manager, done.id, "粤通管收〔2026〕3 号")
    assert (told.state, told.report_receipt) == (
        RectificationState.REPORTED,
        "粤通管收〔2026〕3 号",
    )
    with pytest.raises(Conflict):
        report_back(desks.manager, closed(desks).id, "x")


def test_an_instruction_that_is_late_or_not_accepted_gives_no_notice(
    desks: Desks, clock: Clock
) -> None:
    wanted = instruction(desks, clock.at + timedelta(days=3), InstructionState.RECEIVED)
    with pytest.raises(Conflict) as no:
        draft_rectification(desks.manager, form(instruction_id=wanted.id))
    assert code_of(no) == "rectification.instruction_not_open"
