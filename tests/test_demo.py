"""The sample that `channel demo` loads: each page has something true to show, and a next step."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from console.actions.cases.boards import COLUMNS, EVERY, case_board
from console.actions.cases.complaints.figures import Answered, complaints_compared
from console.actions.checks.card_reads import read_record
from console.actions.checks.devices import device_record, list_devices
from console.actions.checks.spot_lists import (
    CheckRecord,
    PassRate,
    RateBy,
    check_record,
    days,
    list_checks,
    pass_rates,
)
from console.actions.checks.spot_plans import list_plans, plan_record
from console.actions.patrol import checks as checklists
from console.actions.patrol.clusters import list_clusters
from console.actions.patrol.evidence_view import evidence_of
from console.actions.patrol.plan import list_runs
from console.actions.patrol.sources import list_sources
from console.actions.staff.sign_in import actor_named
from console.actions.work import work_items
from console.demo import load
from console.desk import Desk, House
from console.settings import Settings
from models.cases.cases import Case, CaseState
from models.checks.devices import CardReaderState, DeviceState, WhyQuarantined
from models.checks.judging import CheckRule
from models.checks.reads import Chain, ReadKind, ReadState
from models.checks.spot_checks import CheckState, Verdict
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import RunState
from models.permissions import Permission
from models.rules import FindingKind, china_day
from models.staff import Door
from tests.conftest import Clock
from tests.databases import SqliteHouses


@pytest.fixture(scope="module")
def shown(sqlite_houses: SqliteHouses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The sample, loaded once: it is only looked at."""
    folder = tmp_path_factory.mktemp("sample")
    url = sqlite_houses.fresh(folder, is_staffed=False)
    settings = Settings(data=folder, database_url=url, public_url="http://127.0.0.1:8501")
    house = replace(House.open(settings), now=Clock())
    assert load(house, 0)
    yield house
    house.engine.dispose()


def at(house: House, login: str) -> Desk:
    return house.desk(actor_named(house, login, Door.CONSOLE))


def checks_of(desk: Desk) -> list[CheckRecord]:
    return [check_record(desk, one.id) for one in list_checks(desk).rows]


def test_the_sample_has_checklists_to_fill_filled_and_waiting_for_the_second_person(
    shown: House,
) -> None:
    manager, approver = at(shown, "chen.ming"), at(shown, "li.hua")
    assert not load(shown, 0)
    now, handed_in, brought, *_ = list_runs(manager).rows
    assert [one.state for one in (now, handed_in, brought)] == [
        RunState.IN_PROGRESS, RunState.SUBMITTED, RunState.CLOSED,
    ]  # fmt: skip
    assert (now.checked, now.drawn, now.faults) == (3, 7, [])
    (second,) = checklists.list_checks(approver, to_review=True).rows
    seen = checklists.check_record(approver, second.id)
    assert (seen.run.id, seen.check.reviewed_at) == (handed_in.id, None)
    assert "patrol_fill" in {item.kind for item in work_items(at(shown, "he.jing"))}
    assert "check_review" in {item.kind for item in work_items(approver)}
    assert [cluster.size for cluster in list_clusters(manager)] == [2]
    with approver.begin(Permission.FINDING_READ) as work:
        found = work.all(work.select(Finding).where(Finding.run_id == now.id))
    assert all(evidence_of(approver, one.id).captures for one in found)
    (source,) = list_sources(manager).rows
    assert "lanhai.example" in source.mapping


def test_the_sample_has_a_case_at_every_stage_and_complaints_of_each_kind(shown: House) -> None:
    manager = at(shown, "chen.ming")
    board = {one.state: one.count for one in case_board(manager, EVERY)}
    assert set(board) == set(COLUMNS)
    assert all(board.values())
    with manager.begin(Permission.CASE_READ) as work:
        states = {one.state for one in work.all(work.select(Case))}
    assert {CaseState.CLOSED, CaseState.APPEALED} <= states
    assert "case_appeal_accept" in {item.kind for item in work_items(at(shown, "li.hua"))}
    compared = complaints_compared(at(shown, "gd.jianguan"))
    assert compared.whole == Answered(in_time=4, late=1, waiting=1)


def test_the_sample_has_a_laptop_at_work_one_that_waits_and_one_whose_clock_ran_on(
    shown: House,
) -> None:
    manager = at(shown, "chen.ming")
    pending, held, active = list_devices(manager).rows
    assert [one.state for one in (pending, held, active)] == [
        DeviceState.PENDING, DeviceState.QUARANTINED, DeviceState.ACTIVE,
    ]  # fmt: skip
    assert (held.why, held.refused) == (WhyQuarantined.CLOCK, 1)
    record = device_record(manager, active.id)
    assert record.asker
    assert record.approver
    assert len({record.asker.id, record.approver.id, record.holder.id}) == 3
    assert not any(one.is_virtual for one in record.readers)
    assert [one.state for one in record.readers if one.sam_id] == [CardReaderState.ALLOWED]


def test_the_sample_s_checks_stand_at_every_place_that_waits_for_somebody(shown: House) -> None:
    manager = at(shown, "chen.ming")
    states = {one.check.state for one in checks_of(manager)}
    assert states == set(CheckState) - {CheckState.COMPARED, CheckState.PURGED}
    waiting = {
        login: {item.kind for item in work_items(at(shown, login))}
        for login in ("chen.ming", "zhou.jie", "li.hua")
    }
    assert {"spot_assign", "spot_repeat"} <= waiting["chen.ming"]
    assert {"spot_do", "spot_submit", "spot_follow_up"} <= waiting["zhou.jie"]
    assert "spot_review" in waiting["li.hua"]
    today = china_day(shown.now())
    month = days(manager, today.replace(day=1), today.replace(day=31))
    assert [one.on for one in month if one.on > today and one.checks]


def test_the_sample_s_test_purchase_leads_to_its_channel_and_agent_and_to_a_finding(
    shown: House,
) -> None:
    (bought,) = (one for one in checks_of(at(shown, "li.hua")) if one.purchase)
    assert (bought.check.state, bought.check.verdict) == (CheckState.FAILED, Verdict.FAILED)
    assert bought.finding
    assert bought.finding.kind is FindingKind.ACTIVATED_BEFORE_VERIFY
    assert bought.finding.state is FindingState.OPEN
    assert bought.agent
    (trace,) = bought.traces
    assert (trace["agent"], trace["in_scope"]) == (bought.agent.agent_no, True)
    assert bought.agent.agent_no in {one["agent_no"] for one in trace["chain"]}
    (wrong,) = (one for one in bought.answers if one["ok"] is False)
    assert wrong["rule"] == CheckRule.HANDOVER_BEFORE_ACTIVE


def test_every_read_of_the_sample_can_be_proved_and_none_says_who_anybody_is(
    shown: House,
) -> None:
    manager = at(shown, "chen.ming")
    reads = [(one.device, read) for one in checks_of(manager) for read in one.reads]
    assert {read.kind for _, read in reads} == set(ReadKind)
    assert {read.refusal for _, read in reads if read.state is ReadState.REFUSED} == {
        "reader.clock_off", "reader.sam_unapproved",
    }  # fmt: skip
    assert {read.chain for _, read in reads} == {Chain.WHOLE}
    for _, read in reads:
        record = read_record(manager, read.id)
        is_kept = read.state is ReadState.ACCEPTED or read.kind is ReadKind.SIM
        assert False not in {one.holds for one in record.proofs}, record.proofs
        assert not is_kept or record.proofs[0].holds
        if read.kind is ReadKind.ID:
            assert read.facts.keys() <= {"doc", "no_check", "expired", "sam_id"}


def test_the_sample_s_plan_can_be_drawn_again_by_its_seed(shown: House) -> None:
    manager = at(shown, "chen.ming")
    (plan,) = list_plans(manager).rows
    assert plan_record(manager, plan.id).is_same
    assert plan.size < plan.frame_size


def test_the_sample_s_checks_came_out_well_and_badly_over_agents_platforms_and_provinces(
    shown: House,
) -> None:
    manager = at(shown, "chen.ming")

    def judged(by: RateBy) -> list[PassRate]:
        return [one for one in pass_rates(manager, by) if one.key and one.judged]

    assert len(judged(RateBy.AGENT)) >= 4
    for by in (RateBy.PLATFORM, RateBy.PROVINCE):
        assert len(judged(by)) == 2
        assert all(one.counts.get(Verdict.PASSED) for one in judged(by))
