"""Rectification notices on the page, as each side sees them."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.cases.rectifications.issuing import draft_rectification
from console.actions.cases.rectifications.lists import list_rectifications, rectification_record
from console.desk import House
from models.cases.rectifications import RectificationState
from models.rules import Tier
from tests.cases.rectify import acknowledged, form, instruction, issued, submitted
from tests.cases.world import PDF, PNG, found, opened
from tests.conftest import Clock, Desks
from tests.pages import Console, errors, grid, move, moves, press, shown

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
S = RectificationState


@pytest.fixture
def console(house: House, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    del desks
    return Console(house, monkeypatch)


def put(at: AppTest, kind: str, ends: str, value: object) -> None:
    (found,) = [one for one in at.get(kind) if str(one.key).endswith(ends)]
    found.set_value(value)  # pyright: ignore[reportAttributeAccessIssue,reportUnknownMemberType]


def test_a_manager_writes_a_notice_and_issues_it(console: Console, desks: Desks) -> None:
    at = console.open("rectifications", desks.manager)
    assert "还没有下达过整改通知" in shown(at)
    at = press(at, "rectifications:open")
    put(at, "text_input", ":subject", "亮标")
    put(at, "text_area", ":what:0", "未展示统一标识")
    put(at, "selectbox", ":rule:0", "004-3.1-e")
    at = press(at, "rectification:keep")
    assert "责任单位" in errors(at)[0]
    put(at, "selectbox", ":unit", "lanhai")
    at = press(at, "rectification:keep")
    (draft,) = list_rectifications(desks.manager).rows
    assert draft.state is S.DRAFTED
    at = console.open("rectifications", desks.manager, id=str(draft.id))
    assert moves(at) == ["issue"]
    move(at, "issue")
    assert rectification_record(desks.platform, draft.id).row.number == "RCT-2026-000001"


def test_a_form_begins_with_findings_or_a_case(
    console: Console, desks: Desks, clock: Clock
) -> None:
    general = found(desks, tier=Tier.GENERAL, shop_no=2)
    instruction(desks, clock.at + timedelta(days=9))
    at = console.open("rectifications", desks.manager, findings=str(general.ids[0]))
    (box,) = [one for one in at.text_area if str(one.key).endswith(":what:0")]
    assert general.findings[0].number in str(box.value)
    case = opened(desks)
    at = console.open("rectifications", desks.manager, language="en", case=str(case.id))
    assert any(one.value for one in at.text_area if str(one.key).endswith(":what:0"))


def test_the_unit_acknowledges_and_submits_issue_by_issue(console: Console, desks: Desks) -> None:
    sent = issued(desks)
    at = console.open("rectifications", desks.platform)
    assert grid(at)[0][0] == sent.number
    at = console.open("rectifications", desks.platform, id=str(sent.id))
    assert moves(at) == ["acknowledge"]
    at = move(at, "acknowledge")
    assert moves(at) == ["submit", "ask"]
    for number in (1, 2):
        put(at, "text_area", f":done:{number}", "已改正")
    at = press(at, "move:submit")
    assert "证明材料" in errors(at)[0]
    for place in (0, 1):
        at.file_uploader[place].upload(f"{place}.png", PNG, "image/png")
    press(at, "move:submit")
    assert rectification_record(desks.platform, sent.id).row.state is S.SUBMITTED


def test_a_third_person_rechecks_on_the_page(console: Console, desks: Desks) -> None:
    sent = submitted(desks)
    for nobody in (desks.manager, desks.platform, desks.regulator):
        assert moves(console.open("rectifications", nobody, id=str(sent.id))) == []
    at = console.open("rectifications", desks.inspector, id=str(sent.id))
    assert moves(at) == ["recheck"]
    put(at, "checkbox", ":good:1", value=True)
    put(at, "text_input", ":remark:2", "截图看不清")
    at = press(at, "move:recheck")
    now = rectification_record(desks.inspector, sent.id).row
    assert (now.state, now.round) == (S.ISSUED, 2)
    assert "截图看不清" in shown(at)


def test_more_time_is_asked_for_and_granted_on_the_page(console: Console, desks: Desks) -> None:
    sent = acknowledged(desks)
    at = console.open("rectifications", desks.platform, id=str(sent.id))
    put(at, "text_area", ":why", "更换模板")
    at = press(at, "move:ask")
    assert "更换模板" in shown(at)
    at = console.open("rectifications", desks.approver, id=str(sent.id))
    assert moves(at) == ["grant", "refuse"]
    move(at, "grant", "理由成立")
    assert rectification_record(desks.platform, sent.id).row.due_at > sent.due_at


def test_for_a_name_the_manager_enters_the_receipt(console: Console, desks: Desks) -> None:
    sent = issued(desks, unit_name="城南营业厅")
    at = console.open("rectifications", desks.manager, id=str(sent.id))
    assert moves(at) == ["remind", "acknowledge_for"]
    (box,) = [one for one in at.text_input if str(one.key).endswith(":by")]
    box.set_value("周女士")
    at.file_uploader[0].upload("回执.pdf", PDF, "application/pdf")
    at = press(at, "move:acknowledge_for")
    assert rectification_record(desks.manager, sent.id).row.acknowledged_by == "周女士"


def test_a_regulator_reads_and_a_draft_can_be_changed(console: Console, desks: Desks) -> None:
    sent = submitted(desks)
    at = console.open("rectifications", desks.regulator, id=str(sent.id))
    assert "不能更改" in shown(at)
    assert "还没有整改通知" in shown(console.open("rectifications", desks.other_regulator))
    draft = draft_rectification(desks.manager, form())
    at = console.open("rectifications", desks.manager, id=str(draft.id))
    put(at, "text_input", ":subject", "亮照")
    press(at, "rectification:keep")
    assert rectification_record(desks.manager, draft.id).row.subject == "亮照"
