"""The page of notices: what waits for either side, reports and inquiries, and a thread's moves."""

from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.cases.notices.mailboxes import my_mailbox
from console.actions.cases.notices.threads import close, list_threads, thread_record
from console.actions.work import work_items
from console.desk import House
from models.cases.notices import Notice, NoticeKind, NoticeState
from models.patrol.findings import FindingState
from models.permissions import Permission, Role
from tests.cases.world import found, person, removed, sent
from tests.conftest import Desks
from tests.pages import Console, checked, errors, grid, move, moves, press, shown

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def console(house: House, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    del desks
    return Console(house, monkeypatch)


def write(at: AppTest, part: str, words: str) -> AppTest:
    (box,) = [one for one in at.text_area if part in str(one.key)]
    box.set_value(words)
    return at


def test_what_waits_stands_first_with_its_timer(console: Console, desks: Desks) -> None:
    notice = sent(desks)
    at = console.open("notices", desks.platform)
    assert "等待贵平台处理" in shown(at)
    assert grid(at)[0][0] == notice.number
    press(at, f"waits:{notice.id}")
    assert at.query_params["id"] == str(notice.id)
    assert {"acknowledge", "answer", "ask_time", "say"} <= set(moves(at))
    ours = console.open("notices", desks.manager)
    assert "等待贵平台处理" not in shown(ours)
    assert grid(ours)[0][0] == notice.number


def test_both_sides_write_to_each_other(console: Console, desks: Desks) -> None:
    notice = sent(desks)
    press(write(console.open("notices", desks.platform, id=str(notice.id)), "move:say:",
                "请补充店铺截图"), "move:say:")  # fmt: skip
    at = console.open("notices", desks.manager, id=str(notice.id))
    assert "请补充店铺截图" in shown(at)
    assert "对方" in shown(at)
    removed(desks, notice)
    at = console.open("notices", desks.manager, id=str(notice.id))
    press(write(at, "move:ask_again:", "缺少冻结账号的证明"), "move:ask_again:")
    assert thread_record(desks.manager, notice.id).notice.state is NoticeState.ACKNOWLEDGED


@pytest.mark.requirement("004-3.3-c")
def test_more_time_is_asked_for_by_one_side_and_given_by_an_approver_of_the_other(
    console: Console, desks: Desks
) -> None:
    notice = sent(desks)
    at = console.open("notices", desks.platform, id=str(notice.id))
    (until,) = [one for one in at.date_input if "ask_time" in str(one.key)]
    until.set_value(thread_record(desks.manager, notice.id).notice.answer_due_at)
    press(write(at, "move:ask_time:", "店主失联，正在核实"), "move:ask_time:")
    assert errors(at) == []
    assert "ask_time" not in moves(at)
    assert not {"grant_time", "refuse_time"} & set(
        moves(console.open("notices", desks.manager, id=str(notice.id)))
    )
    at = console.open("notices", desks.approver, id=str(notice.id))
    move(at, "grant_time", "同意")
    (asked,) = thread_record(desks.manager, notice.id).extensions
    assert asked.state == "granted"


def test_a_regulator_reads_a_thread_and_writes_nothing(console: Console, desks: Desks) -> None:
    notice = sent(desks)
    at = console.open("notices", desks.regulator, id=str(notice.id))
    assert moves(at) == []
    assert moves(console.open("notices", desks.regulator)) == []
    other = console.open("notices", desks.other_regulator, id=str(notice.id))
    assert "找不到" in errors(other)[0]


@pytest.mark.requirement("004-3.4-f")
def test_a_regulator_sees_what_a_platform_let_pass_by_its_router(
    console: Console, desks: Desks
) -> None:
    notice = sent(desks)
    assert "会自动升级" in shown(console.open("notices", desks.regulator, of="escalated"))
    with desks.house.begin(Permission.CASE_SEND) as work:
        row = work.get(Notice, notice.id)
        row.escalated_at, row.escalated_ground = work.at, "platform_failed_to_stop"
        work.no_deed()
    at = console.open("notices", desks.regulator, of="escalated", router="card_home")
    assert grid(at)[0][0] == notice.number
    assert "未及时制止" in grid(at)[0][3]
    empty = console.open("notices", desks.regulator, of="escalated", router="filing_place")
    assert "会自动升级" in shown(empty)


def test_a_carrier_asks_others_about_a_shop(console: Console, desks: Desks) -> None:
    row = found(desks, state=FindingState.OPEN)
    at = console.open("notices", desks.manager)
    (choice,) = [one for one in at.selectbox if str(one.key).endswith(":finding")]
    choice.set_value(str(row.ids[0]))
    press(checked(at.run()), "move:inquire:")
    sent_ = list_threads(desks.manager, kind=NoticeKind.INQUIRY).rows
    assert sent_
    assert {one.finding_id for one in sent_} == {UUID(str(row.ids[0]))}


def test_a_late_answer_is_given_on_the_page_of_the_thread(console: Console, desks: Desks) -> None:
    notice = sent(desks)
    with desks.house.begin(Permission.CASE_SEND) as work:
        close(work, work.get(Notice, notice.id))
    assert notice.number not in [one.title for one in work_items(desks.platform)]
    at = console.open("notices", desks.platform, id=str(notice.id))
    assert {"acknowledge", "say"} & set(moves(at)) == set()
    assert "逾期答复存档" in shown(at)
    (box,) = [one for one in at.selectbox if str(one.key).endswith(":outcome")]
    box.set_value("kept")
    write(at, "move:answer:", "该店已注销，无需处置")
    press(at, "move:answer:")
    assert errors(at) == []
    (given,) = thread_record(desks.manager, notice.id).answers
    assert given.is_late
    assert "answer" not in moves(console.open("notices", desks.manager, id=str(notice.id)))


def test_a_carrier_sets_where_its_own_notices_go(console: Console, desks: Desks) -> None:
    assert "mailbox:save" not in [one.key for one in console.open("cases", desks.manager).button]
    at = console.open("notices", desks.manager)
    (address,) = [one for one in at.text_input if "https" in one.label]
    address.set_value("https://ct.example/in")
    press(at, "mailbox:save")
    assert my_mailbox(desks.manager) is not None
    assert my_mailbox(desks.platform) is my_mailbox(desks.other_manager) is None
    for reader in (desks.regulator, desks.inspector):
        keys = [one.key for one in console.open("notices", reader).button]
        assert "mailbox:save" not in keys


def test_an_empty_page_says_what_to_do(console: Console, desks: Desks) -> None:
    assert "案件批准后" in shown(console.open("notices", desks.manager))
    assert "report" in moves(console.open("notices", desks.platform))
    auditor = person(desks, "tie.shu", "CT-44", Role.AUDITOR)
    assert moves(console.open("notices", auditor, language="en")) == []
