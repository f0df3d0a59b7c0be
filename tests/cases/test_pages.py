"""The pages of cases and of the overview, as each role sees them."""

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.cases.decide import propose
from console.actions.cases.lists import case_record, list_cases
from console.actions.work import work_items
from console.desk import Desk, House
from console.pages.frame import plain
from models.cases.cases import CaseState, Measure
from models.cases.notices import NoticeState
from models.permissions import Role
from models.refusals import NotFound
from tests.cases.world import (
    PNG,
    REASON,
    REMEDY,
    decided,
    opened,
    person,
    proposed,
    removed,
    sent,
)
from tests.conftest import Clock, Desks
from tests.pages import Console, checked, errors, grid, move, moves, press, shown

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def console(house: House, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    del desks
    return Console(house, monkeypatch)


def box(at: AppTest, ends: str) -> AppTest:
    (found,) = [one for one in at.text_area if str(one.key).endswith(ends)]
    found.set_value(REASON)
    return at


def test_an_owner_proposes_and_an_approver_decides(console: Console, desks: Desks) -> None:
    case = opened(desks)
    at = console.open("cases", desks.manager, id=str(case.id))
    assert moves(at) == ["propose"]
    press(box(at, ":reason"), "move:propose")
    assert moves(at) == []
    at = console.open("cases", desks.approver, id=str(case.id))
    assert moves(at) == ["approve", "return"]
    move(at, "approve")
    assert case_record(desks.manager, case.id).case.state is CaseState.DECIDED
    at = console.open("cases", desks.manager, id=str(case.id))
    assert moves(at) == ["send"]
    move(at, "send")
    assert case_record(desks.manager, case.id).case.state is CaseState.EXECUTING


def test_who_may_not_decide_is_offered_no_button(console: Console, desks: Desks) -> None:
    both = person(desks, "liang.ban", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    case = opened(desks)
    propose(both, case.id, Measure.REMOVE_SHOP, REASON, REMEDY)
    colleague = person(desks, "tong.shi", "CT-44", Role.CHANNEL_MANAGER)

    assert moves(console.open("cases", both, id=str(case.id))) == []
    assert moves(console.open("cases", colleague, id=str(case.id))) == []
    assert moves(console.open("cases", desks.approver, id=str(case.id))) == ["approve", "return"]


def test_a_platform_acknowledges_and_answers_with_proof(console: Console, desks: Desks) -> None:
    notice = sent(desks)
    at = console.open("cases", desks.platform)
    assert grid(at)[0][0] == notice.number
    at = console.open("cases", desks.platform, id=str(notice.case_id))
    assert moves(at) == ["acknowledge", "answer"]
    assert "<b>" not in shown(at).replace(r"\<b\>", "").replace(notice.body, "")
    move(at, "acknowledge")
    press(at, "move:answer")
    assert "至少附一个" in errors(at)[0]
    at.file_uploader[0].upload("清理后.png", PNG, "image/png")
    press(at, "move:answer")

    record = case_record(desks.manager, notice.case_id)
    assert record.notices[0].notice.state is NoticeState.ANSWERED
    assert record.notices[0].proofs[0].name == "清理后.png"
    assert moves(at) == []


def test_a_third_person_rechecks(console: Console, desks: Desks) -> None:
    second = person(desks, "he.cha", "CT-44", Role.APPROVER)
    notice = sent(desks)
    removed(desks, notice)
    at = console.open("cases", desks.approver, id=str(notice.case_id))
    assert moves(at) == []
    move(console.open("cases", second, id=str(notice.case_id)), "clean", "没有再发现")

    assert case_record(second, notice.case_id).case.state is CaseState.CLOSED


def test_a_regulator_sees_the_whole_case_and_no_button(console: Console, desks: Desks) -> None:
    notice = sent(desks)
    removed(desks, notice)
    at = console.open("cases", desks.regulator, id=str(notice.case_id))

    assert moves(at) == []
    words = shown(at)
    assert "不能更改" in words
    assert "广东省通信管理局" in words
    assert len(at.dataframe) == 2
    other = console.open("cases", desks.other_regulator, id=str(notice.case_id))
    assert "找不到" in errors(other)[0]


def test_lists_are_filtered_and_say_what_to_do_when_empty(console: Console, desks: Desks) -> None:
    assert "发现问题" in shown(console.open("cases", desks.manager))
    assert "收到通报后" in shown(console.open("cases", desks.other_platform))
    case, _ = opened(desks), decided(desks, shop_no=2)
    at = console.open("cases", desks.manager, state="investigating")
    assert [row[0] for row in grid(at)] == [case.reference]
    assert console.open("cases", desks.manager, language="en", q="000002").title[0].value == "Cases"


def test_the_work_list_names_the_next_step_to_who_may_take_it(
    desks: Desks, console: Console, clock: Clock
) -> None:
    def kinds(desk: Desk) -> set[str]:
        return {one.kind for one in work_items(desk)}

    case = proposed(desks)
    opened(desks, shop_no=2)
    decided(desks, shop_no=3)
    notice = sent(desks, shop_no=4)
    assert kinds(desks.manager) == {"case_propose", "case_send"}
    assert kinds(desks.approver) == {"case_approve"}
    assert kinds(desks.platform) == {"notice_acknowledge"}
    assert kinds(desks.other_platform) == kinds(desks.regulator) == set()
    clock.pass_(days=5)
    assert "notice_late" in kinds(desks.manager)
    removed(desks, notice)
    assert "notice_late" not in kinds(desks.manager)
    assert "case_recheck" not in kinds(desks.approver)
    assert "case_recheck" in kinds(person(desks, "he.cha", "CT-44", Role.APPROVER))
    assert plain(case.reference) in shown(console.open("work_list", desks.approver))


def test_the_overview_has_its_figures_definitions_and_tables(
    console: Console, desks: Desks
) -> None:
    assert "范围内暂无数据" in shown(console.open("overview", desks.other_regulator))
    notice = sent(desks)
    removed(desks, notice)
    opened(desks, shop_no=2)
    at = console.open("overview", desks.regulator)

    assert {one.label: one.value for one in at.metric}["未结案件"] == "2"
    assert "未结案、未撤销、未移送" in shown(at)
    assert "监管账号只读" in shown(at)
    assert len(at.dataframe) == 4
    assert console.open("overview", desks.manager, language="en").title[0].value == "Overview"


def test_a_platform_sets_where_its_notices_go(console: Console, desks: Desks) -> None:
    at = console.open("cases", desks.platform)
    at.text_input[0].set_value("http://10.0.0.1/x")
    press(at, "mailbox:save")
    assert "须为 https" in errors(at)[0]
    at.text_input[0].set_value("https://lanhai.example/in")
    press(at, "mailbox:save")
    checked(at)
    assert at.code[0].value == "https://lanhai.example/in"
    with pytest.raises(NotFound):
        case_record(desks.platform, "x")
    assert list_cases(desks.platform).rows == []
