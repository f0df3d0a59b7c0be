"""Plans start runs by themselves: when due, once, in the planner's name, in the night window."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from console.actions.channel.badges import list_badges
from console.actions.channel.signals import Report, close_signal, report_badge
from console.actions.patrol.figures import coverage, trend
from console.actions.patrol.plan import (
    get_run,
    list_runs,
    plan_run,
    queued_runs,
    stop_run,
)
from console.actions.patrol.plans import (
    PlanTerms,
    add_plan,
    edit_plan,
    list_plans,
    pause_plan,
    plan_record,
    possible_assignees,
    resume_plan,
)
from console.actions.patrol.run import advance_run
from console.actions.patrol.sources import disable_source, save_source
from console.actions.patrol.starting import patrol_signal, run_plan_now, start_due_plans
from console.actions.patrol.sweeps import note_overdue_runs
from console.actions.patrol.triage import triage
from console.actions.staff.people import disable_user
from console.actions.work import work_items
from console.desk import Desk
from models.channel.signals import SignalOutcome
from models.patrol.checks import ShopCheck
from models.patrol.plans import Cadence, PatrolPlan, PlanWarning, hour_is_within
from models.patrol.runs import PatrolRun, RunState, Source
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.channel.stories import licensed
from tests.conftest import Clock, Desks
from tests.patrol.walks import (
    mapping,
    plain_cards,
    row_of,
    rows_of,
    shop_open,
    shops_by_key,
    walked,
)
from tests.shops import Stand


def source_of(desk: Desk, stand: Stand, name: str = "蓝海") -> Source:
    return save_source(desk, name, mapping(stand))


@pytest.fixture
def source(desks: Desks) -> Source:
    with shop_open() as stand:
        return source_of(desks.manager, stand)


def who(desk: Desk) -> UUID:
    assert desk.actor.id is not None
    return desk.actor.id


def kinds_of_work(desk: Desk) -> dict[str, str]:
    return {item.kind: item.title for item in work_items(desk)}


@pytest.mark.parametrize(
    ("cadence", "next_day"),
    [
        (Cadence.NIGHTLY, date(2026, 2, 1)),
        (Cadence.WEEKLY, date(2026, 2, 7)),
        (Cadence.MONTHLY, date(2026, 2, 28)),
        (Cadence.QUARTERLY, date(2026, 4, 30)),
    ],
)
def test_each_cadence_has_its_next_day(cadence: Cadence, next_day: date) -> None:
    assert cadence.after(date(2026, 1, 31)) == next_day


def test_a_window_opens_and_closes_by_beijings_hours_and_may_go_over_midnight() -> None:
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)
    for begins, ends in product(range(24), range(25)):
        if begins == ends:
            continue
        hours = [*range(begins, ends)] or [*range(begins, 24), *range(ends)]
        within = [
            n for n in range(24) if hour_is_within(midnight + timedelta(hours=n), begins, ends)
        ]
        assert within == sorted(hours), (begins, ends)


@pytest.mark.requirement("004-3.3-a")
def test_a_plan_starts_a_run_when_it_is_due_and_never_two(
    desks: Desks, source: Source, clock: Clock
) -> None:
    plan = add_plan(desks.manager, "每晚", source.id, PlanTerms(Cadence.NIGHTLY, share=0))

    assert start_due_plans(desks.house) == 1
    assert start_due_plans(desks.house) == 0
    (run,) = list_runs(desks.manager).rows
    assert (run.plan_id, run.share, run.actor["name"]) == (plan.id, 0, "chen.ming")
    assert run.due_at is not None
    clock.pass_(days=1)
    assert start_due_plans(desks.house) == 0  # the first is still under way
    with pytest.raises(Conflict):
        plan_run(desks.manager, source.id)


def test_runs_missed_while_the_server_was_down_are_one(
    desks: Desks, source: Source, clock: Clock
) -> None:
    plan = add_plan(desks.manager, "每晚", source.id, PlanTerms(Cadence.NIGHTLY, share=0))
    clock.pass_(days=12)

    assert start_due_plans(desks.house) == 1

    assert len(list_runs(desks.manager).rows) == 1
    assert row_of(desks.manager, PatrolPlan, plan.id).next_at > clock.at
    assert row_of(desks.manager, PatrolPlan, plan.id).next_at <= clock.at + timedelta(days=1)


def test_outside_the_night_window_nothing_is_asked(
    desks: Desks, source: Source, clock: Clock
) -> None:
    """It is noon in Beijing."""
    terms = PlanTerms(Cadence.NIGHTLY, share=0, from_hour=22, until_hour=6)
    add_plan(desks.manager, "夜间", source.id, terms)
    assert start_due_plans(desks.house) == 0

    clock.pass_(hours=11)
    assert start_due_plans(desks.house) == 1
    (run,) = list_runs(desks.manager).rows
    assert queued_runs(desks.house) == [run.id]
    clock.pass_(hours=8)  # seven in the morning
    assert queued_runs(desks.house) == []
    assert not advance_run(desks.house, run.id)
    assert get_run(desks.manager, run.id).state is RunState.PLANNED


def test_a_plan_whose_planner_is_gone_is_paused_and_waits_for_somebody(
    desks: Desks, source: Source
) -> None:
    plan = add_plan(desks.manager, "每月", source.id)
    disable_user(desks.admin, who(desks.manager))

    assert start_due_plans(desks.house) == 0

    row = row_of(desks.house, PatrolPlan, plan.id)
    assert row.paused_at is not None
    assert "chen.ming" in row.pause_reason
    assert list_runs(desks.approver).rows == []
    assert kinds_of_work(desks.manager)["plan_stopped"] == "每月"


def test_a_plan_of_a_source_out_of_use_is_paused(desks: Desks, source: Source) -> None:
    plan = add_plan(desks.manager, "每月", source.id)
    disable_source(desks.manager, source.id, "停用")

    assert start_due_plans(desks.house) == 0
    assert row_of(desks.manager, PatrolPlan, plan.id).is_broken
    with pytest.raises(Conflict) as no:
        resume_plan(desks.manager, plan.id)
    assert no.value.code == "patrol.source_disabled"


def test_a_plan_is_paused_and_resumed_with_its_reason(desks: Desks, source: Source) -> None:
    plan = add_plan(desks.manager, "每月", source.id)
    with pytest.raises(Invalid):
        pause_plan(desks.manager, plan.id, " ")
    pause_plan(desks.manager, plan.id, "平台改版")
    with pytest.raises(Conflict):
        pause_plan(desks.manager, plan.id, "再停")
    assert start_due_plans(desks.house) == 0
    assert "plan_stopped" not in kinds_of_work(desks.manager)
    assert [one.id for one in list_plans(desks.manager, paused=True).rows] == [plan.id]

    resume_plan(desks.manager, plan.id)

    assert start_due_plans(desks.house) == 1
    deeds = [deed.deed for deed in plan_record(desks.manager, plan.id).deeds]
    assert deeds == ["plan.resumed", "plan.paused", "plan.added"]
    with pytest.raises(Conflict):
        resume_plan(desks.manager, plan.id)


@pytest.mark.requirement("004-3.3-b")
def test_a_platforms_plan_patrols_each_month_and_never_seldomer(desks: Desks, clock: Clock) -> None:
    with shop_open() as stand:
        own = source_of(desks.platform, stand)
    with pytest.raises(Invalid) as no:
        add_plan(desks.platform, "每季", own.id, PlanTerms(Cadence.QUARTERLY))
    assert no.value.code == "plan.too_seldom"
    assert no.value.facts["rule"] == "platform_patrol/1"

    plan = add_plan(desks.platform, "每月", own.id)
    assert plan.share == 20
    for month in (3, 4):
        assert start_due_plans(desks.house) == 1
        run, *_ = list_runs(desks.platform).rows
        assert (run.plan_id, run.state, run.created_at.month) == (plan.id, RunState.PLANNED, month)
        stop_run(desks.platform, run.id, "已由人工巡查")
        clock.pass_(days=31)


def test_a_carriers_plan_is_warned_of_where_it_is_below_policy(desks: Desks) -> None:
    with shop_open() as stand:
        source = source_of(desks.manager, stand)
    whole = add_plan(desks.manager, "每季", source.id, PlanTerms(Cadence.QUARTERLY))
    assert whole.share == 100
    warned = {
        (Cadence.QUARTERLY, 50): [PlanWarning.QUARTERLY_NOT_WHOLE],
        (Cadence.MONTHLY, 5): [PlanWarning.SHARE_TOO_SMALL],
        (Cadence.NIGHTLY, 0): [PlanWarning.NO_CHECKLISTS],
        (Cadence.MONTHLY, 20): [],
    }
    for (cadence, share), warnings in warned.items():
        edit_plan(desks.manager, whole.id, PlanTerms(cadence, share))
        assert plan_record(desks.manager, whole.id).warnings == warnings


def test_terms_that_cannot_be_are_refused(desks: Desks, source: Source) -> None:
    manager, inspector = who(desks.manager), who(desks.inspector)
    refused = {
        "plan.bad_share": PlanTerms(share=101),
        "plan.bad_window": PlanTerms(from_hour=5, until_hour=5),
        "plan.same_substitute": PlanTerms(assignee_id=inspector, substitute_id=inspector),
        "plan.cannot_fill": PlanTerms(assignee_id=who(desks.auditor)),
    }
    for code, terms in refused.items():
        with pytest.raises(Invalid) as no:
            add_plan(desks.manager, "每月", source.id, terms)
        assert no.value.code == code
    with pytest.raises(Invalid):
        add_plan(desks.manager, "每月", source.id, PlanTerms(assignee_id=who(desks.platform)))
    with pytest.raises(Invalid):
        add_plan(desks.manager, " ", source.id)
    plan = add_plan(desks.manager, "每月", source.id, PlanTerms(assignee_id=inspector))
    with pytest.raises(Conflict):
        add_plan(desks.manager, "每月", source.id)
    with pytest.raises(Conflict):
        edit_plan(desks.manager, plan.id, PlanTerms(), version=plan.version + 1)
    assert {manager, inspector} == {one.id for one in possible_assignees(desks.manager)}


def test_plans_are_their_organisations_own(desks: Desks, source: Source) -> None:
    plan = add_plan(desks.manager, "每月", source.id)

    for desk in (desks.approver, desks.inspector, desks.regulator):
        with pytest.raises(NotAllowed):
            pause_plan(desk, plan.id, "x")
    for desk in (desks.other_manager, desks.platform):
        assert list_plans(desk).rows == []
        with pytest.raises(NotFound):
            pause_plan(desk, plan.id, "x")
    with pytest.raises(Invalid):
        add_plan(desks.house, "房子", source.id)


@pytest.mark.requirement("004-3.3-a")
@pytest.mark.parametrize("is_handed_in", [False, True])
def test_a_run_that_is_late_says_so_once(
    desks: Desks, source: Source, clock: Clock, is_handed_in: bool
) -> None:
    run = plan_run(desks.manager, source.id)
    if is_handed_in:
        with desks.house.begin(Permission.SWEEP) as work:
            work.session.get_one(PatrolRun, run.id).state = RunState.SUBMITTED
            work.no_deed()
    clock.pass_(days=30)

    assert note_overdue_runs(desks.house) == (0 if is_handed_in else 1)
    assert note_overdue_runs(desks.house) == 0
    assert (get_run(desks.manager, run.id).overdue_at is None) is is_handed_in
    assert ("patrol_late" in kinds_of_work(desks.manager)) is not is_handed_in


def test_coverage_and_trend_are_counted_from_runs(desks: Desks, clock: Clock) -> None:
    with shop_open(plain_cards) as stand:
        source = source_of(desks.manager, stand)
        plan = add_plan(desks.manager, "每月", source.id, PlanTerms(share=50))
        run = walked(desks.manager, run_plan_now(desks.manager, plan.id))
        clock.pass_(days=40)
        with desks.house.begin(Permission.SWEEP) as work:
            work.session.get_one(PatrolRun, run.id).state = RunState.CLOSED
            work.no_deed()
        again = walked(desks.manager, plan_run(desks.manager, source.id))

    april, march = coverage(desks.manager)
    assert (march.month, march.runs, march.shops, march.flagged_shops) == ("2026-03", 1, 3, 2)
    assert (march.findings, march.drawn, march.share, march.news) == (2, 1, 50, run.flagged)
    assert (april.month, april.findings, april.news) == ("2026-04", 0, 0)
    assert [point.run_id for point in trend(desks.manager)] == [run.id, again.id]
    assert [point.run_id for point in trend(desks.manager, plan_id=plan.id)] == [run.id]
    assert coverage(desks.other_manager) == []
    assert list(triage(desks.manager).rows)


def test_a_signal_sends_a_patrol_to_its_shop(desks: Desks) -> None:
    """Whatever the lot says: nothing else is drawn."""
    licensed(desks, numbers=("s-1",))
    badge = list_badges(desks.manager).rows[0]
    signal = report_badge(desks.house.house, badge.badge_id, Report(platform="lanhai", shop="x"))
    with pytest.raises(Conflict) as no:
        patrol_signal(desks.manager, signal.id)
    assert no.value.code == "patrol.no_source_of"
    with shop_open(plain_cards) as stand:
        source_of(desks.manager, stand)
        run = patrol_signal(desks.manager, signal.id)
        assert patrol_signal(desks.manager, signal.id).id == run.id  # the one that is under way
        run = walked(desks.manager, run)

    (check,) = rows_of(desks.manager, ShopCheck)
    assert shops_by_key(desks.manager)["shop:s-1"].id == check.shop_id
    assert (run.state, run.drawn, run.asked_shops) == (RunState.IN_PROGRESS, 1, ["shop:s-1"])
    close_signal(desks.manager, signal.id, SignalOutcome.NOTHING, "已到店查看")
    with pytest.raises(Conflict):
        patrol_signal(desks.manager, signal.id)
    with pytest.raises(NotFound):
        patrol_signal(desks.other_manager, signal.id)
