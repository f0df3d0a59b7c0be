"""Spot checks by API and on the command line, and the ways by which lists find their rows."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

import pytest

from console.actions.checks.spot_lists import RateBy, days, list_checks, pass_rates
from console.actions.checks.spot_moves import open_session
from console.actions.checks.spot_plans import list_plans
from console.actions.checks.spot_submit import submit_check
from console.actions.checks.spot_sweeps import sweep_checks
from console.actions.checks.waiting import CHECK_SOURCES
from console.desk import Desk
from models.checks.spot_checks import CheckState, Verdict
from models.permissions import Role
from models.rules import china_day
from tests.cases import test_case_cli
from tests.cases.programs import Program
from tests.cases.test_api import good
from tests.cases.test_case_cli import Run, read
from tests.checks.spot_world import BASIS, INSPECTOR, OURS, card, compared, scene
from tests.conftest import ONLY_SQLITE, Clock, Desks
from tests.patrol.test_query_plans import plans_of
from tests.stock.files import iccid

channel = test_case_cli.channel


@ONLY_SQLITE
def test_programs_plan_and_follow_and_people_judge(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    lead = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    today = china_day(clock.at).isoformat()
    plan = {
        "name": "三月抽查", "purpose": "campaign", "basis": BASIS, "size": 1, "seed": "5e" * 32,
        "begins_on": today, "ends_on": today,
    }  # fmt: skip
    made = good(lead.post("/spot-check-plans", json=plan, once="p1"))
    assert good(lead.post("/spot-check-plans", json=plan, once="p1")) == made
    assert (made["is_same"], made["frame_size"]) == (True, 1)
    (listed,) = good(lead.get(f"/spot-checks?plan={made['id']}"))["items"]
    path = f"/spot-checks/{listed['id']}"
    to = {"assignee": INSPECTOR, "planned_for": today, "version": listed["version"]}
    row = good(lead.post(f"{path}/assign", json=to))
    assert row["state"] == "assigned"
    stale = lead.post(f"{path}/assign", json=to)
    assert (stale.status_code, stale.json()["code"]) == (409, "channel.changed_meanwhile")
    reader = Program(desks, "CT-44", Role.INSPECTOR)
    session = {"device": str(here.laptop.id), "notice_shown": True, "version": row["version"]}
    no = reader.post(f"{path}/session", json=session)
    assert (no.status_code, no.json()["code"]) == (403, "spot_check.not_yours")
    open_session(desks.inspector, row["id"], here.laptop.id, notice_shown=False)
    here.laptop.sends(here.laptop.task(), card=card())
    submit_check(desks.inspector, row["id"])
    row = good(lead.get(path))
    assert [one["iccid"] for one in row["reads"]] == [iccid(OURS)]
    assert {one["rule"] for one in row["answers"]} == {"card_read", "card_in_scope"}
    assert row["verdict"] == "passed"
    approver = Program(desks, "CT-44", Role.APPROVER)
    key = approver.post(f"{path}/review", json={"note": "已看", "version": row["version"]})
    assert (key.status_code, key.json()["code"]) == (403, "staff.people_only")
    (day,) = good(lead.get(f"/spot-checks/days?first={today}&last={today}"))
    assert day == {"on": today, "counts": {"passed": 1}}
    (rate,) = good(lead.get("/spot-checks/rates?by=platform"))
    assert (rate["key"], rate["per_mille"]) == ("lanhai", 1000)
    trace = good(lead.get(f"/cards/{iccid(OURS)}/trace?shop={here.shop.id}&on={today}"))
    assert (trace["in_scope"], trace["agent"]) == (True, here.agent.agent_no)
    watcher = Program(desks, "CA-44", Role.REGULATOR)
    assert good(watcher.get(path))["verdict"] == "passed"
    assert Program(desks, "lanhai", Role.PLATFORM_OFFICER).get(path).status_code == 403


@ONLY_SQLITE
def test_a_program_plans_one_check_with_its_order(desks: Desks) -> None:
    here = scene(desks)
    lead = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    plan: dict[str, Any] = {
        "purpose": "routine", "basis": BASIS, "shop": str(here.shop.id),
        "order": {"route": "a", "order_no": "DD-1", "ordered_at": "2026-03-01T02:00:00Z"},
    }  # fmt: skip
    row = good(lead.post("/spot-checks", json=plan))
    assert (row["order"]["order_no"], row["agent_id"]) == ("DD-1", str(here.agent.id))
    plan["order"] |= {"name": "王某"}
    assert lead.post("/spot-checks", json=plan).status_code == 422
    plan["order"] = {"order_no": "11010519491231002X"}
    no = lead.post("/spot-checks", json=plan)
    assert (no.status_code, no.json()["code"]) == (422, "admission.identity_number")


@ONLY_SQLITE
def test_it_is_done_by_commands(channel: Run, desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    today = china_day(clock.at).isoformat()
    drawn = channel(
        "chen.ming", "check", "draw", "--name", "三月", "--purpose", "routine", "--basis", BASIS,
        "--size", "1", "--begins", today, "--ends", today,
    )  # fmt: skip
    assert "SP-2026-000001" in drawn
    said = channel(
        "chen.ming", "check", "plan", "--purpose", "complaint", "--basis", BASIS,
        "--shop", str(here.shop.id),
    )  # fmt: skip
    assert "SC-2026-000002" in said
    number = "SC-2026-000001"
    channel("chen.ming", "check", "assign", number, "--to", INSPECTOR, "--day", today)
    (row,) = read(channel, "chen.ming", "check", "list", "--state", "assigned")
    assert (row["number"], row["day"]) == (number, today)
    (check,) = list_checks(desks.inspector, state=CheckState.ASSIGNED).rows
    open_session(desks.inspector, check.id, here.laptop.id, notice_shown=False)
    here.laptop.sends(here.laptop.task(), card=card(900))
    channel("zhou.jie", "check", "submit", number)
    channel("li.hua", "check", "review", number, "--note", "卡号不在库")
    channel("chen.ming", "check", "repeat", number)
    shown = read(channel, "chen.ming", "check", "show", number)
    assert (shown["state"], shown["verdict"]) == ("closed", "inconclusive")
    assert shown["traces"][0]["grounds"] == ["unknown_card"]
    trace = read(channel, "chen.ming", "check", "trace", iccid(OURS), "--shop", str(here.shop.id))
    assert trace["in_scope"] is True


def _swept(desk: Desk) -> object:
    return sweep_checks(desk.house.desk())


def _work(desk: Desk) -> list[object]:
    def of(source: Callable[[Desk], Iterator[object]]) -> list[object]:
        return list(source(desk))

    return [item for source in CHECK_SOURCES for item in of(source)]


TABLES: Final = ("spot_checks", "spot_check_plans", "card_reads", "read_challenges")
LISTS: Final[dict[str, Callable[[Desk], object]]] = {
    "checks": list_checks,
    "checks in a state": lambda desk: list_checks(desk, state=CheckState.READING),
    "checks with a verdict": lambda desk: list_checks(desk, verdict=Verdict.FAILED),
    "plans": list_plans,
    "days": lambda desk: days(
        desk, china_day(desk.now()), china_day(desk.now()) + timedelta(days=30)
    ),
    "rates": lambda desk: pass_rates(desk, RateBy.AGENT),
    "what waits": _work,
    "what time does": _swept,
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("who", ["manager", "inspector", "approver", "regulator"])
def test_no_list_reads_a_whole_table(desks: Desks, name: str, who: str) -> None:
    lines = plans_of(getattr(desks, who), LISTS[name])
    for line in lines:
        for table in TABLES:
            assert f"Seq Scan on {table}" not in line
            if line.startswith(f"SCAN {table}"):
                assert "USING" in line


@ONLY_SQLITE
def test_rates_are_counted_and_not_loaded(desks: Desks, clock: Clock) -> None:
    compared(desks, clock, scene(desks))
    lines = plans_of(desks.manager, lambda desk: pass_rates(desk, RateBy.PROVINCE))
    assert any("ix_spot_checks_told" in line for line in lines)
