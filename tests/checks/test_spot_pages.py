"""Spot checks as an inspector, a planner, a reviewer and a regulator see them."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextArea

from console.actions.checks.read_files import read_file
from console.actions.checks.spot_checks import assign_check, note_order
from console.actions.checks.spot_lists import check_record, list_checks
from console.actions.checks.spot_live import newest_reads, pulse_of
from console.actions.checks.spot_moves import refuse_check
from console.actions.checks.spot_plans import list_plans
from console.actions.checks.spot_submit import submit_check
from console.actions.checks.test_purchases import receive_purchase
from console.pages.spot_trace import hops
from console.web import files
from console.web.site import Site
from models.checks.orders import OrderFacts
from models.checks.reads import ReadKind
from models.checks.spot_checks import CheckState, ResultCode
from models.refusals import NotFound
from models.rules import china_day
from tests.browser import Visitor, web_app
from tests.cases.test_files import as_, last_deed
from tests.checks.spot_world import (
    OURS,
    allow_reader,
    assigned,
    card,
    compared,
    kept,
    opened,
    planned,
    scene,
)
from tests.checks.world import batch, ordered, parcel
from tests.conftest import Clock, Desks
from tests.pages import Console, checked, errors, grid, move, moves, press, tick
from tests.pages import shown as marked_up
from tests.stock.files import iccid


def shown(page: AppTest) -> str:
    """Every word on the page, as it is read: without the marks that keep it from being rendered."""
    return marked_up(page).replace("\\", "").replace("\u2060", "")


@pytest.fixture
def console(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(desks.house.house, monkeypatch)


def test_empty_pages_say_what_to_do_first(desks: Desks, console: Console) -> None:
    assert "用右上角“安排抽查”" in shown(console.open("spot_checks", desks.manager))
    assert "安排了抽查后会列在这里" in shown(console.open("spot_checks", desks.inspector))
    assert "这个月没有安排抽查" in shown(
        console.open("spot_checks", desks.inspector, view="calendar")
    )
    assert "写明目的、依据和家数" in shown(console.open("spot_plans", desks.manager))
    assert "按代理商、平台和省份" in shown(console.open("spot_rates", desks.regulator))
    words = shown(console.open("spot_checks", desks.manager, language="en", state="failed"))
    assert "Loosen the filters" in words


def test_a_check_is_planned_for_a_shop_and_assigned(desks: Desks, console: Console) -> None:
    here = scene(desks)
    page = console.open("spot_checks", desks.manager)
    (shops,) = [one for one in page.selectbox if str(one.key).endswith(":shop")]
    checked(shops.select(str(here.shop.id)).run())
    page = move(page, "plan_one")
    assert not errors(page)
    (row,) = list_checks(desks.manager).rows
    assert (row.shop_id, row.state) == (here.shop.id, CheckState.PLANNED)
    assert moves(page) == ["assign"]
    assert "待指派：请指定检查员和日期" in shown(page)
    (who,) = [one for one in page.selectbox if str(one.key).endswith(":who")]
    checked(who.select("zhou.jie").run())
    assert not errors(move(page, "assign"))
    assert check_record(desks.manager, row.id).check.assignee_id == desks.inspector.actor.id
    assert moves(console.open("spot_checks", desks.approver, id=str(row.id))) == []


def test_a_parcel_that_came_leads_to_a_check_of_its_cards(desks: Desks, console: Console) -> None:
    bought = ordered(desks)
    waiting = console.open("test_purchases", desks.manager, id=str(bought.id))
    assert "plan_one" not in moves(waiting)
    receive_purchase(desks.iot, bought.id, parcel(iccid(1)))
    page = console.open("test_purchases", desks.manager, id=str(bought.id))
    assert not errors(move(page, "plan_one"))
    (row,) = list_checks(desks.manager).rows
    assert row.purchase_id == bought.id
    page = console.open("spot_checks", desks.manager, id=str(row.id))
    assert [one for one in page.button if one.label == bought.number.replace("-", "\\-")]


def test_the_calendar_counts_days_and_opens_one(
    desks: Desks, console: Console, clock: Clock
) -> None:
    here = scene(desks)
    later = china_day(clock.at) + timedelta(days=3)
    row = planned(desks, here)
    assign_check(desks.manager, row.id, "zhou.jie", later)
    page = console.open("spot_checks", desks.inspector, view="calendar")
    (number,) = [one for one in page.button if one.key == f"calendar:{later}"]
    assert number.label == "1 项"
    page = checked(number.click().run())
    assert [one[0] for one in grid(page)] == [row.number]
    assert f"{later} 的抽查" in shown(page)
    page = press(page, "calendar:on")
    assert "2026 年 04 月" in shown(page)
    assert not page.dataframe


@pytest.mark.requirement("004-2.1-c")
def test_no_form_of_a_check_has_a_field_for_a_person(desks: Desks, console: Console) -> None:
    here = scene(desks)
    row = opened(desks, here, wants_identity=True, use_approval="SP-1")
    page = console.open("spot_checks", desks.inspector, id=str(row.id))
    assert "身份信息只能由读卡器读取，禁止人工录入" in shown(page)
    labels = [str(one.label) for one in (*page.text_input, *page.text_area)]
    assert labels
    assert not [one for one in labels if "姓名" in one or "证件" in one or "身份证" in one]


def _cards(page: AppTest) -> TextArea:
    (cards,) = [one for one in page.text_area if str(one.key).endswith(":iccids")]
    return cards


def test_the_order_is_noted_and_stays_as_it_was_noted(
    desks: Desks, console: Console, clock: Clock
) -> None:
    row = assigned(desks, scene(desks))
    note_order(desks.inspector, row.id, kept(clock))
    page = console.open("spot_checks", desks.inspector, id=str(row.id))
    page = press(page, "order:save")
    assert not errors(page)
    assert check_record(desks.inspector, row.id).order == kept(clock)
    _cards(page).set_value(" ".join([iccid(1)] * 21))
    page = press(page, "order:save")
    assert "最多 20 个卡号" in errors(page)[0]
    _cards(page).set_value(iccid(2))
    assert not errors(press(page, "order:save"))
    assert check_record(desks.inspector, row.id).order.iccids == (iccid(2),)


def test_what_is_read_appears_with_what_to_do_next(
    desks: Desks, console: Console, clock: Clock
) -> None:
    here = scene(desks)
    row = opened(desks, here)
    page = console.open("spot_checks", desks.inspector, id=str(row.id))
    assert moves(page) == ["submit", "open_session", "refuse"]
    assert "请把电话卡放上读卡器" in shown(page)
    assert "还剩 15:00" in shown(page)
    clock.pass_(seconds=20)
    here.laptop.sends(here.laptop.task(), kind=ReadKind.FAULT)
    page = checked(page.run())
    assert "卡没有应答，也可能被另一个程序占着。请取出卡" in shown(page)
    clock.pass_(seconds=20)
    here.laptop.sends(here.laptop.task(), card=card())
    page = checked(page.run())
    assert iccid(OURS) in shown(page)
    assert "该读的都读到了" in shown(page)
    clock.pass_(minutes=15)
    assert "时间到：请提交已经读到的卡" in shown(checked(page.run()))


@pytest.mark.requirement("004-3.2-h")
def test_holder_document_and_data_are_shown_as_the_three_that_agree(
    desks: Desks, console: Console, clock: Clock
) -> None:
    here = scene(desks)
    row = opened(desks, here, wants_identity=True, use_approval="SY-2026-1")
    allow_reader(desks, here)
    clock.pass_(seconds=3)
    here.laptop.sends(here.laptop.task("sim"), card=card())
    page = console.open("spot_checks", desks.inspector, id=str(row.id))
    assert "请本人把身份证件放上身份证阅读器" in shown(page)
    clock.pass_(seconds=3)
    here.laptop.sends(here.laptop.task("id"))
    page = shown(checked(page.run()))
    assert "居民身份证 · 在有效期内" in page
    assert "该读的都读到了" in page
    note_order(desks.inspector, row.id, kept(clock, compare_agrees=False))
    submit_check(desks.inspector, row.id)
    page = tick(console.open("spot_checks", desks.inspector, id=str(row.id)), 2)
    words = shown(page)
    assert "三者一致" in words
    assert "按电信企业答复" in words
    assert [word for word in words.splitlines() if word.endswith((" 一致", " 不一致"))] == [
        ":green[:material/check_circle:] 一致", ":red[:material/cancel:] 不一致",
    ]  # fmt: skip
    assert "已加密保存，这里只显示摘要" in words
    read = check_record(desks.inspector, row.id).reads[2]
    with pytest.raises(NotFound):
        read_file(desks.inspector, read.id)


def test_a_laptop_that_is_silent_is_told_of(desks: Desks, console: Console, clock: Clock) -> None:
    row = opened(desks, scene(desks))
    clock.pass_(minutes=5)
    page = shown(console.open("spot_checks", desks.inspector, id=str(row.id), language="en"))
    assert "The reader device is not connected" in page


def test_a_session_is_followed_by_one_small_question(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    row = opened(desks, here)
    before = pulse_of(desks.inspector, row.id)
    assert (before.reads, before.version) == (0, row.version)
    assert pulse_of(desks.inspector, row.id) == before
    clock.pass_(seconds=20)
    here.laptop.sends(here.laptop.task(), card=card())
    after = pulse_of(desks.inspector, row.id)
    assert (after.reads, after.newest) == (1, clock.at)
    assert [one.read.iccid for one in newest_reads(desks.inspector, row.id)] == [iccid(OURS)]
    with pytest.raises(NotFound):
        pulse_of(desks.other_manager, row.id)


@pytest.mark.requirement("004-3.3-h")
def test_a_failed_check_shows_each_rule_and_where_the_card_went_astray(
    desks: Desks, console: Console, clock: Clock
) -> None:
    batch(desks)
    said = {"iccids": (iccid(520),), "manual_entry": True}
    failed = compared(desks, clock, scene(desks), serial=520, **said).check
    page = console.open("spot_checks", desks.inspector, id=str(failed.id))
    words = shown(page)
    assert "发现不符，已形成问题" in words
    assert "没有人工录入身份证信息" in words
    assert "004-2.1-c" in words
    assert "断开的一环标红" in words
    assert "行业卡不得在网店出售" in words
    assert moves(page) == []
    review = console.open("spot_checks", desks.approver, id=str(failed.id))
    assert moves(review) == ["review"]
    assert not errors(move(review, "review", "核对无误"))
    assert "核对无误" in shown(console.open("spot_checks", desks.regulator, id=str(failed.id)))


@pytest.mark.requirement("004-3.3-h")
@pytest.mark.parametrize(
    ("ground", "breaks", "stands"),
    [
        ("unknown_card", "batch", "unknown"),
        ("no_agent", "agent", "unknown"),
        ("other_channel", "agent", "broken"),
        ("no_delegation", "licence", "broken"),
        ("out_of_scope", "licence", "broken"),
        ("industry_card", "shop", "broken"),
    ],
)
def test_the_way_of_a_card_breaks_where_its_ground_says(
    ground: str, breaks: str, stands: str
) -> None:
    link = {"code": "QD-01", "name": "天河", "kind": "own_hall", "agent_no": ""}
    trace: dict[str, Any] = {
        "iccid": iccid(1), "issuer": "ctcc", "matched": "range", "stock": "PC-1",
        "is_industry": ground == "industry_card", "grounds": [ground], "agent": "CT-44-1",
        "licence": "L-1", "chain": [link, link | {"name": "总仓"}],
    }  # fmt: skip
    way = hops(trace, shop="龙腾专营店", agent="龙腾")
    assert [one.kind for one in way if one.stands != "whole"] == [breaks]
    assert [one.stands for one in way if one.kind == breaks] == [stands]
    if ground != "industry_card":
        kinds = ["card", "batch", "channel", "channel", "agent", "licence", "shop"]
        assert [one.kind for one in way] == kinds
        assert [one.name for one in way][2:4] == ["总仓", "天河"]


@pytest.mark.requirement("004-1-b")
def test_who_was_not_checked_is_asked_about_before_anything_is_closed(
    desks: Desks, console: Console
) -> None:
    row = opened(desks, scene(desks))
    refuse_check(desks.inspector, row.id, ResultCode.REFUSED_CHECK, "店员拒绝出示订单")
    assert moves(console.open("spot_checks", desks.approver, id=str(row.id))) == []
    page = console.open("spot_checks", desks.inspector, id=str(row.id))
    assert moves(page) == ["follow_up"]
    assert "请查明是否仍向其提供了服务" in shown(page)
    (answer,) = [one for one in page.button_group if str(one.key).endswith(":refused")]
    answer.set_value("yes")
    (note,) = [one for one in page.text_area if str(one.key).endswith(":note")]
    note.set_value("电话核实，未开通")
    assert not errors(move(page, "follow_up"))
    assert check_record(desks.inspector, row.id).check.service_refused is True
    assert moves(console.open("spot_checks", desks.approver, id=str(row.id))) == ["review"]


def test_a_read_shows_its_token_and_how_it_is_verified(
    desks: Desks, console: Console, clock: Clock
) -> None:
    check = compared(desks, clock, scene(desks)).check
    page = tick(console.open("spot_checks", desks.inspector, id=str(check.id)), 0)
    words = shown(page)
    assert "由该设备密钥签名" in words
    assert "不成立" not in words
    read = check_record(desks.inspector, check.id).reads[0]
    assert read.sha256 in [one.value for one in page.code]
    site = Site.of(desks.house.house)
    visitor = Visitor(web_app(site, files.routes(site)))
    path = f"/files/card-reads/{read.id}.jws"
    assert as_(visitor, desks.other_manager).get(path).status_code == 404
    assert as_(visitor, desks.platform).get(path).status_code == 403
    answer = as_(visitor, desks.auditor).get(path)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert sha256(answer.content).hexdigest() == read.sha256
    assert last_deed(desks).deed == "card_read.downloaded"


def test_a_sample_is_drawn_and_drawn_again_alike(desks: Desks, console: Console) -> None:
    scene(desks)
    page = console.open("spot_plans", desks.manager)
    (name,) = [one for one in page.text_input if str(one.key).endswith(":name")]
    name.set_value("春季专项")
    (size,) = [one for one in page.number_input if str(one.key).endswith(":size")]
    size.set_value(1)
    page = move(page, "draw")
    assert "按所存的种子和名单重抽了一遍，结果相同" in shown(page)
    (plan,) = list_plans(desks.manager).rows
    words = shown(console.open("spot_plans", desks.regulator, id=str(plan.id)))
    assert "结果相同" in words
    assert plan.seed in words
    assert moves(console.open("spot_plans", desks.inspector)) == []


def test_rates_are_told_with_their_counts(desks: Desks, console: Console, clock: Clock) -> None:
    here = scene(desks)
    compared(desks, clock, here)
    clock.pass_(minutes=1)
    second = opened(desks, here)
    note_order(desks.inspector, second.id, OrderFacts(manual_entry=True))
    submit_check(desks.inspector, second.id)
    for by in ("agent", "platform", "province"):
        page = console.open("spot_rates", desks.regulator, by=by)
        assert not errors(page)
        assert "50.0%" in [one.value for one in page.metric]
        assert "50.0%（1/2）" in [cell for row in grid(page, -1) for cell in row]


def test_a_regulator_reads_results_and_changes_nothing(
    desks: Desks, console: Console, clock: Clock
) -> None:
    here = scene(desks)
    check = compared(desks, clock, here, manual_entry=True).check
    page = console.open("spot_checks", desks.regulator, id=str(check.id))
    assert moves(page) == []
    assert "您可以查看，不能改动" in shown(page)
    assert not console.open("spot_checks", desks.other_regulator).dataframe
    assert "没有此项权限" in " ".join(errors(console.open("devices", desks.regulator)))
