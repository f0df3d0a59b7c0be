"""The pages of cases and of the overview, as each role sees them."""

from typing import Any
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from console.actions import waiting
from console.actions.cases.boards import CaseFilters, case_board, find_cases
from console.actions.cases.decide import propose
from console.actions.cases.lists import case_record
from console.actions.oversight.pictures import count_pictures
from console.actions.work import work_items
from console.desk import Desk, House
from console.i18n import t
from console.pages.case_decision import MOST_SUGGESTED, rules_like
from console.pages.frame import plain
from models.cases.cases import CaseState
from models.cases.instructions import Jurisdiction
from models.cases.measures import Measure, least_measures
from models.cases.notices import Notice, NoticeState
from models.permissions import Role
from models.refusals import NotFound
from models.rules import FindingKind, Tier, rule_refs
from tests.cases.world import (
    PNG,
    REASON,
    all_else_proven,
    decided,
    established,
    found,
    measures_with,
    opened,
    person,
    proposal,
    proposed,
    removed,
    sent,
)
from tests.conftest import Clock, Desks
from tests.pages import (
    Console,
    checked,
    errors,
    grid,
    move,
    moves,
    press,
    press_way,
    shown,
    tick,
    tiles,
)

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def console(house: House, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    del desks
    return Console(house, monkeypatch)


def case_of(notice: Notice) -> UUID:
    assert notice.case_id is not None
    return notice.case_id


def box(at: AppTest, ends: str, words: str = REASON) -> AppTest:
    (found,) = [one for one in at.text_area if str(one.key).endswith(ends)]
    found.set_value(words)
    return at


def chosen(at: AppTest, ends: str, *measures: Measure) -> AppTest:
    (found,) = [one for one in at.multiselect if str(one.key).endswith(ends)]
    found.set_value([one.value for one in measures])
    return checked(at.run())


def test_an_owner_proposes_and_an_approver_decides(console: Console, desks: Desks) -> None:
    case = established(desks, opened(desks))
    at = console.open("cases", desks.manager, id=str(case.id))
    assert "propose" not in moves(at)
    box(at, "decision:reason").run()
    assert "propose" in moves(at)
    press(at, "move:propose")
    assert not {"propose", "approve"} & set(moves(at))
    at = console.open("cases", desks.approver, id=str(case.id))
    assert {"approve", "return"} <= set(moves(at))
    move(at, "approve")
    assert case_record(desks.manager, case.id).case.state is CaseState.DECIDED
    at = console.open("cases", desks.manager, id=str(case.id))
    assert "send" in moves(at)
    move(at, "send")
    assert case_record(desks.manager, case.id).case.state is CaseState.EXECUTING


def test_the_editor_names_what_is_missing_and_lets_nothing_less_be_proposed(
    console: Console, desks: Desks
) -> None:
    case = established(desks, opened(desks, kind=FindingKind.SECONDARY_RESALE))
    at = box(console.open("cases", desks.manager, id=str(case.id)), "decision:reason")
    chosen(at, "decision:measure", Measure.WARN)
    assert "未达到规定的处置要求" in errors(at)[0]
    wanted = case_record(desks.manager, case.id).wanted
    assert all(t(f"outcome.{one}") in errors(at)[0] for one in wanted)
    assert "propose" not in moves(at)
    chosen(at, "decision:measure", *least_measures(wanted))
    assert errors(at) == []
    assert "propose" in moves(at)


def test_rules_are_searched_and_stand_on_the_record(console: Console, desks: Desks) -> None:
    assert rules_like("") == []
    assert "004-0-a" in rules_like("移动通信转售 抬头")
    assert len(rules_like("的")) == MOST_SUGGESTED
    case = established(desks, opened(desks))
    at = console.open("cases", desks.manager, id=str(case.id))
    (search,) = [one for one in at.text_input if str(one.key).endswith(":rules:q")]
    search.set_value("004-3.3-c").run()
    key = f"case:{case.id}:decision:rules"
    assert at.session_state[key] == [case.kind.value]
    at.session_state[key] = [case.kind.value, "004-3.3-c"]
    press(box(checked(at.run()), "decision:reason").run(), "move:propose")
    assert case_record(desks.manager, case.id).case.rules == [case.kind.value, "004-3.3-c"]
    at = console.open("cases", desks.approver, id=str(case.id))
    assert rule_refs()["004-3.3-c"].zh[:12] in shown(at).replace("\\", "")


def test_the_notice_is_seen_before_it_is_proposed(console: Console, desks: Desks) -> None:
    case = established(desks, opened(desks))
    at = box(console.open("cases", desks.manager, id=str(case.id)), "decision:reason")
    (preview,) = [one for one in at.toggle if str(one.key).endswith(":preview")]
    preview.set_value(True)
    checked(at.run())
    assert any(REASON in one.value and case.reference in one.value for one in at.code)


def test_parties_are_heard_and_shares_set_on_the_record(console: Console, desks: Desks) -> None:
    case = opened(desks)
    (party,) = case_record(desks.manager, case.id).parties
    at = console.open("cases", desks.manager, id=str(case.id))
    assert "尚未听取" in shown(at)
    press(box(at, f"hear:{party.id}:words:0", "店主称代亲友出售"), f"move:hear:{party.id}")
    assert case_record(desks.manager, case.id).parties[0].statement == "店主称代亲友出售"
    assert "尚未听取" not in shown(at)
    (name,) = [
        one
        for one in at.text_input
        if "add_party" in str(one.key) and str(one.key).endswith(":name")
    ]
    name.set_value("星河手机维修部")
    press(at, "move:add_party")
    shares = {str(one.key).rpartition(":")[2]: one for one in at.number_input}
    assert len(shares) == 2
    shares[str(party.id)].set_value(60)
    at.run()
    assert "目前合计 60%" in "".join(one.value for one in at.warning)


def test_who_may_not_decide_is_offered_no_button(console: Console, desks: Desks) -> None:
    both = person(desks, "liang.ban", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    case = established(desks, opened(desks))
    propose(both, case.id, proposal(measures_with(desks, case, Measure.REMOVE_SHOP)))
    colleague = person(desks, "tong.shi", "CT-44", Role.CHANNEL_MANAGER)

    decisive = {"approve", "return"}
    assert not decisive & set(moves(console.open("cases", both, id=str(case.id))))
    assert not decisive & set(moves(console.open("cases", colleague, id=str(case.id))))
    assert decisive <= set(moves(console.open("cases", desks.approver, id=str(case.id))))


def test_a_platform_acknowledges_and_answers_with_proof(console: Console, desks: Desks) -> None:
    notice = sent(desks)
    at = console.open("cases", desks.platform)
    assert "等待贵平台处理" in shown(at)
    assert grid(at)[0][0] == notice.number
    at = console.open("cases", desks.platform, id=str(case_of(notice)))
    assert {"acknowledge", "answer"} <= set(moves(at))
    assert "<b>" not in shown(at).replace(r"\<b\>", "").replace(notice.body, "")
    move(at, "acknowledge")
    press(at, "move:answer")
    assert "至少附一个" in errors(at)[0]
    (files,) = [one for one in at.file_uploader if ":answer:" in str(one.key)]
    files.upload("清理后.png", PNG, "image/png")
    press(at, "move:answer")

    record = case_record(desks.manager, case_of(notice))
    assert record.notices[0].notice.state is NoticeState.ANSWERED
    assert record.notices[0].proofs[0].name == "清理后.png"
    assert not {"acknowledge", "answer"} & set(moves(at))


def test_a_platform_sees_nothing_of_the_carriers_own_work(console: Console, desks: Desks) -> None:
    notice = sent(desks)
    words = shown(console.open("cases", desks.platform, id=str(case_of(notice))))
    assert "店主称系代亲友出售" not in words
    assert "任务" not in words
    assert "店主称系代亲友出售" in shown(
        console.open("cases", desks.manager, id=str(case_of(notice)))
    )


def test_tasks_stand_as_a_list_with_their_proofs(console: Console, desks: Desks) -> None:
    notice = sent(desks)
    tasks = case_record(desks.manager, case_of(notice)).tasks
    at = console.open("cases", desks.manager, id=str(case_of(notice)))
    assert f"已完成 {sum(one.state == 'done' for one in tasks)} / {len(tasks)}" in shown(at)
    assert "通报平台：" in shown(at)
    all_else_proven(desks, case_of(notice))
    removed(desks, notice)
    at = console.open("cases", desks.manager, id=str(case_of(notice)))
    assert f"已完成 {len(tasks)} / {len(tasks)}" in shown(at)
    assert "复查" in shown(at)


def test_a_third_person_rechecks(console: Console, desks: Desks, clock: Clock) -> None:
    second = person(desks, "he.cha", "CT-44", Role.APPROVER)
    notice = sent(desks)
    removed(desks, notice)
    all_else_proven(desks, case_of(notice))
    at = console.open("cases", desks.approver, id=str(case_of(notice)))
    assert not {"clean", "dirty"} & set(moves(at))
    at = console.open("cases", second, id=str(case_of(notice)))
    assert "还须进行下一次复查" in shown(at)
    move(at, "clean", "没有再发现")
    clock.pass_(days=30)
    move(console.open("cases", second, id=str(case_of(notice))), "clean", "没有再发现")

    assert case_record(second, case_of(notice)).case.state is CaseState.CLOSED


def test_the_board_shows_each_state_with_its_count(console: Console, desks: Desks) -> None:
    case, _ = opened(desks), decided(desks, shop_no=2)
    at = console.open("cases", desks.manager, look="board")
    assert case.reference in shown(at)
    counts = {one.state: one.count for one in case_board(desks.manager, CaseFilters())}
    assert counts[CaseState.INVESTIGATING] == counts[CaseState.DECIDED] == 1
    assert sum(counts.values()) == 2
    press(at, f"board:{case.id}")
    assert at.query_params["id"] == str(case.id)
    only = case_board(desks.manager, CaseFilters(state=CaseState.DECIDED))
    assert [one.state for one in only] == [CaseState.DECIDED]


@pytest.mark.requirement("004-3.4-a")
def test_a_regulator_narrows_its_cases_to_one_router(desks: Desks) -> None:
    case = opened(desks)
    assert (case.card_home, case.platform_home, case.filing_place) == ("44", "33", None)

    def seen(desk: Desk, router: Jurisdiction | None) -> list[str]:
        return [one.reference for one in find_cases(desk, CaseFilters(router=router)).rows]

    assert seen(desks.regulator, None) == [case.reference]
    assert seen(desks.regulator, Jurisdiction.CARD_HOME) == [case.reference]
    assert seen(desks.regulator, Jurisdiction.PLATFORM_HOME) == []
    assert seen(desks.regulator, Jurisdiction.FILING_PLACE) == []


def test_cases_are_narrowed_by_tier_platform_province_and_owner(desks: Desks) -> None:
    case = opened(desks)

    def found(**asked: Any) -> bool:  # noqa: ANN401 - the filters
        return bool(find_cases(desks.manager, CaseFilters(**asked)).rows)

    assert found(tier=case.tier, platform="lanhai", province="33", mine=True, q="星河")
    assert found(q="ｃａｓｅ 2026")
    assert not found(q="星河2026")
    assert not found(q="。")
    assert not found(tier=Tier.MINOR)
    assert not found(platform="qingyun")
    assert not found(province="51")
    assert not find_cases(desks.approver, CaseFilters(mine=True)).rows


def test_many_cases_are_sent_at_once_after_a_look_at_each(console: Console, desks: Desks) -> None:
    ready, waits = decided(desks), opened(desks, shop_no=2)
    at = tick(console.open("cases", desks.manager), 0, 1)
    assert "目前是“核查中”" in shown(at)
    press(at, "move:bulk_send")
    assert case_record(desks.manager, ready.id).case.state is CaseState.EXECUTING
    assert case_record(desks.manager, waits.id).case.state is CaseState.INVESTIGATING
    assert waits.reference in "".join(one.value for one in at.warning)


def test_several_cases_are_merged_into_the_one_that_is_named(
    console: Console, desks: Desks
) -> None:
    first, second = opened(desks), opened(desks, shop_no=2)
    at = tick(console.open("cases", desks.manager), 0, 1)
    press(box(at, ":reason", "同一经营者"), "move:bulk_merge")
    merged = case_record(desks.manager, second.id).case
    assert merged.merged_into_id == first.id
    at = console.open("cases", desks.manager, id=str(second.id))
    assert "本案已并案" in shown(at)
    move(at, "unmerge", "不是同一经营者")
    assert case_record(desks.manager, second.id).case.merged_into_id is None


def test_before_a_case_is_opened_similar_ones_are_named(console: Console, desks: Desks) -> None:
    case = opened(desks)
    more = found(desks, shop_no=9002)
    at = console.open("findings", desks.manager, id=str(more.ids[0]))
    words = shown(at)
    assert plain(case.reference) in words
    assert "同名网店" in words


def test_a_regulator_sees_the_whole_case_and_no_button(console: Console, desks: Desks) -> None:
    notice = sent(desks)
    removed(desks, notice)
    at = console.open("cases", desks.regulator, id=str(case_of(notice)))

    assert moves(at) == []
    words = shown(at)
    assert "不能更改" in words
    assert "广东省通信管理局" in words
    assert len(at.dataframe) == 2
    other = console.open("cases", desks.other_regulator, id=str(case_of(notice)))
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
    assert {"case_propose", "case_send"} <= kinds(desks.manager)
    assert "case_approve" in kinds(desks.approver)
    assert "notice_acknowledge" in kinds(desks.platform)
    assert kinds(desks.other_platform) == kinds(desks.regulator) == set()
    clock.pass_(days=5)
    assert "notice_late" in kinds(desks.manager)
    removed(desks, notice)
    all_else_proven(desks, case_of(notice))
    assert "notice_late" not in kinds(desks.manager)
    assert "case_recheck" not in kinds(desks.approver)
    assert "case_recheck" in kinds(person(desks, "he.cha", "CT-44", Role.APPROVER))
    assert case.reference in shown(console.open("work_list", desks.approver))


def test_many_of_a_kind_are_told_by_their_count_and_opened_alone(
    console: Console, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        opened(desks, shop_no=number)
    at = console.open("work_list", desks.manager)
    assert "同类还有 2 项" in shown(at)
    at = press_way(at, "work:mine", "?kind=case_propose")
    assert at.query_params["kind"] == "case_propose"
    assert shown(at).count("待拟处理") == 7
    monkeypatch.setattr(waiting, "MOST_ALIKE", 7)
    assert "7+" in {one.value for one in console.open("work_list", desks.manager).metric}


def test_the_overview_has_its_figures_and_definitions(console: Console, desks: Desks) -> None:
    assert "尚未统计" in shown(console.open("overview", desks.other_regulator))
    notice = sent(desks)
    removed(desks, notice)
    opened(desks, shop_no=2)
    count_pictures(desks.house)
    at = console.open("overview", desks.regulator)

    assert {one["label"]: one["value"] for one in tiles(at)}["未结案件"] == "2"
    assert "尚未结案、撤销或移送的案件数" in shown(at)
    assert "监管账号只读" in shown(at)
    assert console.open("overview", desks.manager, language="en").title[0].value == "Overview"


def test_a_platform_sets_where_its_notices_go(console: Console, desks: Desks) -> None:
    at = console.open("cases", desks.platform)
    at.text_input[0].set_value("http://10.0.0.1/x")
    press(at, "mailbox:save")
    assert "须为 https" in errors(at)[0]
    at.text_input[0].set_value("https://lanhai.example/in")
    press(at, "mailbox:save")
    checked(at)
    assert "https://lanhai.example/in" in [one.value for one in at.code]
    with pytest.raises(NotFound):
        case_record(desks.platform, "x")
    assert find_cases(desks.platform).rows == []
