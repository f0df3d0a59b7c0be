"""What the rules want of a case stays wanted: after a transfer, a merger, an appeal, a leave."""

from typing import Any

import pytest

from console.actions.cases.assigning import assign_task
from console.actions.cases.authorities.appeals import (
    AppealForm,
    accept_case_appeal,
    decide_case_appeal,
    lodge_case_appeal,
)
from console.actions.cases.authorities.reports import ReportForm, note_report, transfer_case
from console.actions.cases.interim import stop_at_once
from console.actions.cases.late import sweep_late
from console.actions.cases.merging import merge_cases, unmerge
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import open_case
from console.actions.cases.recheck import recheck
from console.actions.cases.rectifications.answers import submit_rectification
from console.actions.cases.rectifications.rechecks import recheck_rectification
from console.actions.cases.rectifications.sweeps import sweep_rectifications
from console.actions.cases.tracing.recovery import note_recovery, recovery_record
from console.actions.cases.tracing.source_cases import open_source_case
from console.actions.cases.tracing.trace import give_up_trace
from console.actions.channel.licences import revoke_licence
from console.actions.channel.tellings import acknowledge_telling, list_tellings
from console.actions.waiting import WorkState
from console.actions.work import work_items
from models.cases.appeals import CaseAppealMove
from models.cases.cases import Case, CaseState, TierBasis
from models.cases.measures import Measure, MeasureState
from models.cases.reports import Organ
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.cases.traces import WhyNotTraceable
from models.patrol.findings import Finding, FindingState
from models.permissions import Permission, Role
from models.refusals import Conflict, NotAllowed
from models.rules import FindingKind, Tier, china_day, end_of
from models.staff import User
from tests.cases.core import at_agent, case_of, earlier, refused_lowerings, tasks, waits
from tests.cases.orders import PAPER, told
from tests.cases.rectify import acknowledged, answers, verdicts
from tests.cases.test_case_appeals import accepted, against_agent, fresh, measures
from tests.cases.world import (
    PAPERS,
    REASON,
    REMEDY,
    all_else_proven,
    decided,
    found,
    looked_at,
    opened,
    person,
    removed,
    row,
)
from tests.channel.stories import admitted
from tests.conftest import NOON, ONLY_SQLITE, Clock, Desks
from tests.stock.world import channel, traced, with_task

MINOR: dict[str, Any] = {"kind": FindingKind.BADGE_MISSING, "tier": Tier.MINOR}
GENERAL: dict[str, Any] = {"kind": FindingKind.SCOPE_EXCEEDED, "tier": Tier.GENERAL}
POLICE = ReportForm(Organ.POLICE, "广州市公安局天河区分局", "穗公天接〔2026〕301号", NOON)
MARKET = ReportForm(Organ.MARKET_REGULATION, "天河区市场监管局", "穗天市监收12", NOON)


# After a transfer


@ONLY_SQLITE
def test_of_four_offences_a_case_is_decided_before_the_matter_goes_elsewhere(desks: Desks) -> None:
    agent = admitted(desks)
    at = at_agent(desks, agent.id, kind=FindingKind.CARD_RAISING)
    case = open_case(desks.manager, at.ids)
    with pytest.raises(NotAllowed) as no:
        transfer_case(desks.approver, case.id, POLICE, PAPER)
    note_report(desks.manager, case.id, POLICE, PAPER)

    assert no.value.code == "report.mandatory"
    assert no.value.facts["missing"] == ["cancel_delegation", "blacklist"]
    assert [one.actor_name for one in refused_lowerings(desks)] == ["li.hua"]
    assert case_of(desks, case.id).state is CaseState.INVESTIGATING
    decided_ = against_agent(desks, FindingKind.CARD_RAISING, serial=2)[0]
    transfer_case(desks.approver, decided_.id, POLICE, PAPER)
    left = {one.kind for one in tasks(desks, decided_.id) if one.state is TaskState.OPEN}
    assert left == {TaskKind.REVOKE_LICENCE, TaskKind.PUBLICATION, TaskKind.BLACKLIST}


@pytest.mark.requirement("004-3.4-c")
def test_what_a_transfer_leaves_to_the_carrier_waits_is_late_and_is_proven(
    desks: Desks, clock: Clock
) -> None:
    case = told(desks)
    transfer_case(desks.manager, case.id, POLICE, PAPER)
    assert waits(desks.manager, case) == {"task_recover_cards"}
    clock.pass_(days=60)
    sweep_late(desks.house)
    (recovery,) = tasks(desks, case.id, TaskKind.RECOVER_CARDS)
    assert recovery.is_late
    note_recovery(desks.manager, case.id, 100, 97, "3 张已售出，机主已另行核实")

    (done,) = tasks(desks, case.id, TaskKind.RECOVER_CARDS)
    assert (done.state, done.is_late) == (TaskState.DONE, False)
    assert waits(desks.manager, case) == set()
    assert case_of(desks, case.id).state is CaseState.TRANSFERRED


@ONLY_SQLITE
def test_a_report_to_another_organ_is_made_after_a_transfer_where_it_is_left(desks: Desks) -> None:
    case = decided(desks, Measure.REMOVE_LISTINGS, kind=FindingKind.ILLEGAL_DEVICE)
    send_notice(desks.manager, case.id)
    transfer_case(desks.manager, case.id, MARKET, PAPER)
    note_report(desks.manager, case.id, POLICE, PAPER)

    assert {one.state for one in tasks(desks, case.id, TaskKind.POLICE_REPORT)} == {TaskState.DONE}
    with pytest.raises(Conflict) as over:
        note_report(desks.manager, case.id, POLICE, PAPER)
    assert over.value.code == "report.case_over"


@ONLY_SQLITE
def test_a_measure_that_outlives_a_transfer_is_appealed_against(desks: Desks, clock: Clock) -> None:
    told_ = AppealForm("未售卡", "店主")
    nothing = transferred(desks, opened(desks, shop_no=2))
    stopped = opened(desks)
    stop_at_once(
        desks.manager, stopped.id, [Measure.REMOVE_LISTINGS],
        reason=REASON, remedy=REMEDY, papers=PAPERS,
    )  # fmt: skip
    send_notice(desks.manager, stopped.id)
    clock.pass_(days=20)
    transferred(desks, stopped)
    with pytest.raises(Conflict) as no:
        lodge_case_appeal(desks.manager, nothing.id, told_, PAPER)
    appeal = lodge_case_appeal(desks.manager, stopped.id, told_, PAPER)
    accept_case_appeal(desks.approver, appeal.id)
    decide_case_appeal(fresh(desks), appeal.id, CaseAppealMove.DISMISS, "维持")

    assert no.value.code == "case_appeal.not_now"
    assert case_of(desks, stopped.id).state is CaseState.TRANSFERRED
    again = accepted(desks, stopped)
    third = person(desks, "san.shen", "CT-44", Role.APPROVER)
    decide_case_appeal(third, again.id, CaseAppealMove.UPHOLD, "原认定事实不清")
    assert case_of(desks, stopped.id).state is CaseState.REVERSED
    assert {one.state for one in measures(desks, stopped).values()} == {MeasureState.LIFTED}


def transferred(desks: Desks, case: Case) -> Case:
    transfer_case(desks.approver, case.id, POLICE, PAPER)
    return case


# Tiers


def test_minor_findings_of_merged_cases_add_up_and_fall_apart_with_them(desks: Desks) -> None:
    main, other, third = (opened(desks, shop_no=9001 + at, **MINOR) for at in range(3))
    merge_cases(desks.manager, main.id, [other.id], "同一经营者")
    assert case_of(desks, main.id).tier is Tier.MINOR
    merge_cases(desks.manager, main.id, [third.id], "同一经营者")
    together = case_of(desks, main.id)
    unmerge(desks.manager, third.id, "不是同一人")

    assert (together.tier, together.tier_basis) == (Tier.GENERAL, TierBasis.MINOR_REPEATED)
    apart = case_of(desks, main.id)
    assert (apart.tier, apart.tier_basis) == (Tier.MINOR, TierBasis.KIND)


@ONLY_SQLITE
def test_a_finding_whose_case_an_appeal_reversed_counts_for_nothing(desks: Desks) -> None:
    place = found(desks, **MINOR)
    other = opened(desks, shop_no=9002, **MINOR)
    for serial in range(2):
        earlier(desks, place, serial, days_ago=3, state=FindingState.IN_CASE, case_id=other.id)
    with desks.house.begin(Permission.CASE_OPEN) as work:
        work.get(Case, other.id).state = CaseState.REVERSED
        work.no_deed()

    assert open_case(desks.manager, place.ids).tier is Tier.MINOR


@ONLY_SQLITE
def test_a_refusal_and_a_second_missed_date_weigh_in_the_case_of_the_notice(
    desks: Desks, clock: Clock
) -> None:
    case = opened(desks, **MINOR)
    refused = submit_rectification(
        desks.platform, acknowledged(desks, case_id=case.id).id, answers(1, 2, refused=(2,))
    )
    recheck_rectification(desks.inspector, refused.id, verdicts("+-"))
    first = case_of(desks, case.id)
    late = acknowledged(desks, case_id=case.id)
    clock.pass_(days=20)
    sweep_rectifications(desks.house)
    assert case_of(desks, case.id).tier is Tier.GENERAL
    submit_rectification(desks.platform, late.id, answers())
    recheck_rectification(desks.inspector, late.id, verdicts("+-"))
    clock.pass_(days=40)
    sweep_rectifications(desks.house)
    second = case_of(desks, case.id)

    assert (first.tier, first.tier_basis) == (Tier.GENERAL, TierBasis.NOT_CORRECTED)
    assert (second.tier, second.tier_basis) == (Tier.SERIOUS, TierBasis.DUE_MISSED)


# Where the cards came from, and what came back


@pytest.mark.requirement("004-3.3-i")
def test_channels_that_are_known_are_taken_on_though_other_cards_led_nowhere(
    desks: Desks,
) -> None:
    case = traced(desks, 5, 900)
    made = with_task(desks, case, TaskKind.TRACE)
    give_up_trace(
        desks.manager, case.id, WhyNotTraceable.NOT_IN_STOCK, "该卡未在库存系统登记，出库单遗失"
    )

    assert row(desks, CaseTask, made.id).state is TaskState.DONE
    (wanted,) = tasks(desks, case.id, TaskKind.SOURCE_CASE)
    assert (wanted.target, wanted.state) == (str(channel(desks, "QD-01").id), TaskState.OPEN)
    assert {"trace_source_case", "task_source_case"} <= waits(desks.manager, case)
    assert case_of(desks, case.id).state is CaseState.EXECUTING
    open_source_case(desks.manager, case.id, wanted.target)
    assert case_of(desks, case.id).state is CaseState.WAITING_RECHECK


@ONLY_SQLITE
@pytest.mark.requirement("004-3.4-c")
def test_cards_called_back_in_cases_that_went_on_as_one_are_counted_together(
    desks: Desks,
) -> None:
    main, other = decided(desks), decided(desks, shop_no=2)
    note_recovery(desks.manager, other.id, 50, 20, "30 张待收回", is_last=False)
    merge_cases(desks.manager, main.id, [other.id], "同一经营者")
    note_recovery(desks.manager, main.id, 100, 100)

    assert recovery_record(desks.manager, main.id).counted == (150, 120, 30)
    done = tasks(desks, main.id, TaskKind.RECOVER_CARDS)
    assert [(one.state, one.facts["missing"]) for one in done] == [(TaskState.DONE, 30)] * 2


# Platforms


@ONLY_SQLITE
@pytest.mark.requirement("004-3.3-f")
def test_a_case_closes_when_each_platform_knows_that_the_delegation_is_cancelled(
    desks: Desks, clock: Clock
) -> None:
    case, _, licence = against_agent(desks, FindingKind.CARD_RAISING)
    second = person(desks, "er.shen", "CT-44", Role.APPROVER)
    for desk in (desks.approver, second):
        revoke_licence(desk, licence.id, reason="养卡", remedy="向省公司申诉")
    removed(desks, send_notice(desks.manager, case.id))
    all_else_proven(desks, case.id)
    assert case_of(desks, case.id).state is CaseState.WAITING_RECHECK
    third = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)
    with pytest.raises(Conflict) as no:
        looked_at(third, clock, case.id)
    (telling,) = list_tellings(desks.platform).rows
    acknowledge_telling(desks.platform, telling.id)

    assert no.value.code == "case.platform_not_told"
    recheck(third, case.id, clean=True, reason="未再发现")
    assert case_of(desks, case.id).state is CaseState.CLOSED


@ONLY_SQLITE
@pytest.mark.requirement("004-3.3-k")
def test_what_may_not_go_on_until_the_decision_waits_for_the_owner_that_day(
    desks: Desks, clock: Clock
) -> None:
    case = opened(desks, kind=FindingKind.SECONDARY_RESALE)
    other = opened(desks, shop_no=2)
    (item,) = [one for one in work_items(desks.manager) if one.kind == "case_stop_now"]
    assert (item.id, item.due) == (case.id, end_of(china_day(NOON)))
    assert "case_stop_now" not in waits(desks.manager, other) | waits(desks.approver, case)
    clock.pass_(days=1)
    (late,) = [one for one in work_items(desks.manager) if one.kind == "case_stop_now"]
    assert late.state is WorkState.OVERDUE
    stop_at_once(
        desks.manager, case.id, [Measure.REMOVE_LISTINGS],
        reason=REASON, remedy=REMEDY, papers=PAPERS,
    )  # fmt: skip
    assert "case_stop_now" not in waits(desks.manager, case)


@ONLY_SQLITE
@pytest.mark.requirement("004-3.3-o")
@pytest.mark.parametrize("at", [0, 1])
def test_what_has_to_stop_at_once_is_what_a_case_of_several_kinds_is_about(
    desks: Desks, at: int
) -> None:
    place = found(desks, findings=2)
    with desks.house.begin(Permission.PATROL_RUN) as work:
        finding = work.session.get_one(Finding, sorted(place.ids)[at])
        finding.kind = FindingKind.IDREADER_CRACK_TOOL
        work.no_deed()

    assert open_case(desks.manager, place.ids).kind is FindingKind.IDREADER_CRACK_TOOL


# People and days


@ONLY_SQLITE
def test_a_task_whose_doer_has_left_falls_to_the_owner_of_the_case(desks: Desks) -> None:
    case = decided(desks)
    colleague = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)
    for task in tasks(desks, case.id):
        if task.state is not TaskState.OPEN:
            continue
        assign_task(desks.manager, task.id, colleague.actor.id or "")
    before = waits(colleague, case)
    assert waits(desks.manager, case) == set()
    with desks.house.begin(Permission.STAFF_EDIT) as work:
        work.session.get_one(User, colleague.actor.id).disabled_at = work.at
        work.no_deed()

    assert waits(desks.manager, case) == before == {"task_recover_cards", "case_send"}


@ONLY_SQLITE
@pytest.mark.requirement("004-3.3-p")
def test_the_police_are_told_of_a_cracking_tool_the_same_day(desks: Desks) -> None:
    tool = decided(desks, Measure.REMOVE_LISTINGS, kind=FindingKind.IDREADER_CRACK_TOOL)
    device = decided(desks, Measure.REMOVE_LISTINGS, kind=FindingKind.ILLEGAL_DEVICE, shop_no=2)
    (at_once,) = tasks(desks, tool.id, TaskKind.POLICE_REPORT)
    (later,) = tasks(desks, device.id, TaskKind.POLICE_REPORT)

    assert (at_once.due_at, at_once.rule_version) == (
        end_of(china_day(NOON)), "crack_tool_transfer/1",
    )  # fmt: skip
    assert later.rule_version == "case_execution/1"
