"""What officers see of patrols: plans, triage by keys, checklists, shops, evidence, coverage."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.patrol.checks import list_checks
from console.actions.patrol.plans import PlanTerms, add_plan, list_plans
from console.actions.patrol.sources import save_source
from console.actions.patrol.starting import run_plan_now
from console.desk import House
from console.i18n import Language, texts
from console.pages.kit.marks import counted, marked, words_of
from models.patrol.checks import ITEMS, CheckAnswer, ShopCheck
from models.patrol.findings import Finding, FindingState
from models.patrol.plans import Cadence
from models.patrol.runs import PatrolRun, RunState
from models.patrol.shops import Shop
from models.permissions import Permission
from tests.conftest import Desks
from tests.pages import Console, checked, errors, grid, move, moves, press, shown, tick
from tests.patrol.walks import (
    at_large,
    mapping,
    planned,
    row_of,
    rows_of,
    shop_open,
    walked,
    walking,
)


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(at_large(house), monkeypatch)


def found(desks: Desks) -> list[Finding]:
    """A patrol of the plain shop, and what waits of it, the most urgent first."""
    with shop_open() as stand:
        walked(desks.manager, planned(desks.manager, stand))
    rows = [one for one in rows_of(desks.manager, Finding) if one.state is FindingState.OPEN]
    return sorted(rows, key=lambda one: (-one.risk, -one.id.int))


def opened(at: AppTest) -> str:
    """The record that the address names."""
    value = at.query_params["id"]
    return value if isinstance(value, str) else value[0]


def drawn_run(desks: Desks) -> PatrolRun:
    """A run by a plan that draws every shop for a checklist."""
    with shop_open() as stand:
        source = save_source(desks.manager, "蓝海", mapping(stand))
        later = desks.manager.now() + timedelta(days=20)
        terms = PlanTerms(Cadence.MONTHLY, 100)
        plan = add_plan(desks.manager, "每月", source.id, terms, first_at=later)
        return walked(desks.manager, run_plan_now(walking(desks.manager), plan.id))


WHAT_NEXT = {
    "shops": "shops_page.none_next",
    "plans": "plans_page.none_next",
    "checks": "checks_page.none_to_fill_next",
    "triage": "triage_page.none_next",
    "coverage": "coverage_page.none_next",
    "patrols": "patrols_page.none_next",
    "findings": "findings_page.none_next",
}


@pytest.mark.parametrize("page", WHAT_NEXT)
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_empty_page_says_what_to_do_next(
    console: Console, desks: Desks, page: str, language: Language
) -> None:
    at = console.open(page, desks.approver, language=language)
    assert errors(at) == []
    assert texts(language)[WHAT_NEXT[page]] in shown(at)


def test_words_that_counted_are_marked_and_nothing_from_outside_is_rendered() -> None:
    title = "纯流量卡 手 机*卡 ![x](http://evil.example/a.png) <b>:red[免实名]</b>"
    text = marked(title, ["流量卡", "手机卡", "免实名"])

    assert ":orange-background[**流量卡**]" in text
    assert r":orange-background[**手 机\*卡**]" in text, "over signs and blanks between letters"
    assert "![x](" not in text
    assert "<b>" not in text
    assert ":red[" not in text
    assert marked("电话卡", []) == "电话卡"


def test_a_reason_is_a_word_and_its_weight() -> None:
    assert counted(["手机卡 +3", "配件 -2", "无"]) == [("手机卡", "+3"), ("配件", "-2"), ("无", "")]
    assert words_of(["手机卡 +3", "配件 -2", "sound:流量卡 +2", "卡 +0.2"]) == ["手机卡", "流量卡"]


def test_a_plan_is_made_changed_paused_and_run_on_its_page(console: Console, desks: Desks) -> None:
    with shop_open() as stand:
        save_source(desks.manager, "蓝海", mapping(stand))
    at = console.open("plans", desks.manager)
    assert moves(at) == ["add"]
    at.text_input[0].set_value("每月巡查")
    next(box for box in at.selectbox if "source" in str(box.key)).set_value("蓝海")
    move(checked(at.run()), "add")
    (plan,) = list_plans(desks.manager).rows
    assert (plan.name, plan.cadence, plan.share) == ("每月巡查", Cadence.MONTHLY, 20)

    at = console.open("plans", desks.manager, id=str(plan.id))
    assert moves(at) == ["now", "edit", "pause"]
    assert "还没有巡查过" in shown(at)
    move(at, "pause", "平台维护")
    at = console.open("plans", desks.manager, id=str(plan.id))
    assert moves(at) == ["now", "edit", "resume"]
    assert "平台维护" in shown(at)
    run = run_plan_now(walking(desks.manager), plan.id)
    assert len(grid(console.open("plans", desks.manager, id=str(plan.id)))) == 1
    assert run.plan_id == plan.id
    assert moves(console.open("plans", desks.regulator, id=str(plan.id))) == []


def test_a_card_is_decided_by_one_press_and_the_next_one_comes(
    console: Console, desks: Desks
) -> None:
    first, second, *_ = found(desks)
    at = console.open("triage", desks.approver)
    assert first.number in shown(at).replace("\\", "")

    at = press(at, "triage:confirm")
    assert row_of(desks.manager, Finding, first.id).state is FindingState.CONFIRMED
    assert opened(at) == str(second.id)

    at = press(at, "triage:no_cards")
    looked = row_of(desks.manager, Finding, second.id)
    assert looked.state is FindingState.FALSE_POSITIVE
    assert looked.reason == "不售电话卡"
    while [one for one in at.button if one.key == "triage:lawful"]:
        at = press(at, "triage:lawful")
    assert "没有待研判的问题" in shown(at)


def test_next_and_previous_go_through_the_queue(console: Console, desks: Desks) -> None:
    first, second, *_ = found(desks)
    at = press(console.open("triage", desks.approver), "triage:next")
    assert opened(at) == str(second.id)
    at = press(at, "triage:previous")
    assert opened(at) == str(first.id)


def test_whoever_ran_the_patrol_and_who_only_reads_decide_nothing(
    console: Console, desks: Desks
) -> None:
    found(desks)
    for desk in (desks.manager, desks.regulator, desks.inspector):
        at = console.open("triage", desk)
        assert [one for one in at.button if one.key == "triage:confirm"] == []
        assert "研判" in shown(at)


def test_a_refusal_of_a_pressed_key_is_told_on_the_next_screen(
    console: Console, desks: Desks
) -> None:
    first, *_ = found(desks)
    at = console.open("triage", desks.approver)
    with desks.house.begin(Permission.FINDING_CONFIRM) as work:
        row = work.session.get_one(Finding, first.id)
        row.version += 1
        work.record("finding.found", row)

    at = press(at, "triage:confirm")
    assert "已被他人修改" in errors(at)[0]
    assert row_of(desks.manager, Finding, first.id).state is FindingState.OPEN


def test_many_are_dismissed_or_merged_at_once_and_taken_apart_again(
    console: Console, desks: Desks
) -> None:
    first, second, *_ = found(desks)
    at = tick(console.open("triage", desks.approver, view="list"), 0, 1)
    assert moves(at) == ["confirm_all", "dismiss_all", "merge"]
    move(at, "merge", "同一件事")
    assert row_of(desks.manager, Finding, second.id).merged_into_id == first.id

    at = console.open("findings", desks.approver, id=str(first.id))
    assert "已并入本问题" in shown(at)
    at = console.open("findings", desks.approver, id=str(second.id))
    assert moves(at) == ["unmerge"]
    move(at, "unmerge")
    assert row_of(desks.manager, Finding, second.id).merged_into_id is None


def test_a_finding_shows_its_evidence_with_fields_exchanges_custody_and_downloads(
    console: Console, desks: Desks
) -> None:
    first, *_ = found(desks)
    at = console.open("findings", desks.approver, id=str(first.id))

    words = shown(at)
    for part in ("取证记录", "提取的字段", "网络往来", "robots 判断", "经手记录", "没有页面截图"):
        assert part in words, part
    links = [one.proto.url for one in at.get("link_button")]
    assert f"/files/evidence/finding/{first.id}.zip" in links
    assert any(link.endswith(first.evidence[0]) or first.evidence[0] in link for link in links)
    at = console.open("findings", desks.approver, id=str(first.id), language="en")
    assert "Custody" in shown(at)
    assert errors(console.open("findings", desks.other_approver, id=str(first.id)))


def test_a_shop_shows_what_it_sells_what_comes_next_and_its_findings(
    console: Console, desks: Desks
) -> None:
    first, *_ = found(desks)
    at = console.open("shops", desks.manager)
    assert errors(at) == []
    assert len(grid(at)) == 3

    at = console.open("shops", desks.manager, id=str(first.shop_id))
    words = shown(at)
    assert first.number in words.replace("\\", "")
    assert ":orange-background[" in words
    for part in ("接下来", "确认无委托", "售卖的商品"):
        assert part in words
    assert errors(console.open("shops", desks.other_manager, id=str(first.shop_id)))


def test_shops_are_found_by_name_and_number(console: Console, desks: Desks) -> None:
    found(desks)
    shop = rows_of(desks.manager, Shop)[0]
    assert len(grid(console.open("shops", desks.manager, q=shop.name))) == 1
    assert len(grid(console.open("shops", desks.manager, q=shop.shop_key[-3:]))) == 1
    at = console.open("shops", desks.manager, q="没有这家店")
    assert "没有符合条件的网店" in shown(at)


def test_a_run_shows_funnel_draw_and_evidence(console: Console, desks: Desks) -> None:
    run = drawn_run(desks)
    at = console.open("patrols", desks.manager, id=str(run.id))
    assert errors(at) == []
    assert at.get("plotly_chart")
    assert moves(at) == ["stop"]
    at = console.open("patrols", desks.manager, id=str(run.id), view="draw")
    assert run.seed in [one.value for one in at.code]
    assert len(grid(at)) == run.drawn
    at = console.open("patrols", desks.regulator, id=str(run.id), view="evidence")
    assert "证据目录" in shown(at)
    assert moves(at) == []


def test_a_checklist_is_answered_by_keys_and_the_next_shop_comes(
    console: Console, desks: Desks
) -> None:
    run = drawn_run(desks)
    checks = list_checks(desks.manager, run_id=run.id).rows
    at = console.open("checks", desks.manager, run=str(run.id))
    assert len(grid(at)) == len(checks) >= 2

    at = console.open("checks", desks.manager, id=str(checks[0].id))
    for _ in ITEMS:
        at = press(at, "fill:key:good")
    at = press(at, "fill:done")
    done = row_of(desks.manager, ShopCheck, checks[0].id)
    assert done.done_at is not None
    assert set(done.answers.values()) == {CheckAnswer.GOOD.value}
    assert opened(at) == str(checks[1].id)


def fill_all(console: Console, desks: Desks, run: PatrolRun) -> None:
    for check in list_checks(desks.manager, run_id=run.id).rows:
        at = console.open("checks", desks.manager, id=str(check.id))
        for item in ITEMS:
            answer = "bad" if item is ITEMS[1] else "good"
            at = press(at, f"fill:key:{answer}")
        press(at, "fill:done")


def test_a_full_run_is_handed_in_and_a_second_person_answers_unseen(
    console: Console, desks: Desks
) -> None:
    run = drawn_run(desks)
    fill_all(console, desks, run)
    at = console.open("patrols", desks.manager, id=str(run.id))
    assert moves(at) == ["hand_in", "stop"]
    move(at, "hand_in")
    assert row_of(desks.manager, PatrolRun, run.id).state is RunState.SUBMITTED

    drawn = [one for one in rows_of(desks.manager, ShopCheck) if one.is_review_drawn]
    assert drawn
    at = console.open("checks", desks.approver, id=str(drawn[0].id))
    assert "独立作答" in shown(at)
    assert "不合格" not in [one.value for one in at.markdown]
    for _ in ITEMS:
        at = press(at, "review:key:good")
    at = press(at, "review:done")
    assert row_of(desks.manager, ShopCheck, drawn[0].id).differences == [ITEMS[1].value]
    assert "不一致" in shown(at)
    at.text_area[0].set_value("以复核为准")
    at = press(checked(at.run()), "settle:key:good")
    press(at, "settle:done")
    assert row_of(desks.manager, ShopCheck, drawn[0].id).is_settled


def test_coverage_prints_how_it_counts_beside_every_figure(console: Console, desks: Desks) -> None:
    found(desks)
    at = console.open("coverage", desks.regulator)
    assert "只计最近 35 天" in shown(at)
    assert next(one.value for one in at.metric) == "2"
    assert len(at.get("plotly_chart")) == 4
    for part in ("runs", "speed", "table"):
        assert errors(console.open("coverage", desks.regulator, view=part, language="en")) == []
