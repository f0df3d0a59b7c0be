"""Instructions, reports and appeals by API, as files, and on the pages that people see."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from console.actions.audit import list_deeds
from console.actions.cases.authorities.instructions import (
    instruction_record,
    list_instructions,
    report_back,
)
from console.actions.cases.authorities.reports import reports_of
from console.actions.staff.people import add_client
from console.desk import Desk, House
from console.web import files
from console.web.api.app import build
from console.web.site import Site
from models.cases.cases import Case, CaseState
from models.cases.instructions import InstructionState
from models.permissions import Role
from tests.browser import Visitor, web_app
from tests.cases.orders import FORM, PROOF, accepted, begun, entered, told
from tests.cases.test_files import as_
from tests.cases.world import PDF, PNG, decided, opened, person, row
from tests.conftest import Clock, Desks
from tests.pages import Console, checked, errors, grid, moves, press, shown

Ask = Callable[..., httpx.Response]
RECEIPT = {"organ": "police", "organ_name": "天河区分局", "report_no": "301"}
RECEIPT["reported_at"] = "2026-03-02T11:30:00+08:00"

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""What the doors do is the same on both; the use cases behind them are tested on both."""


@pytest.fixture
def ask(house: House, desks: Desks) -> Ask:
    """One request by a program of an organisation, with an idempotency key of its own."""
    api, keys, made = build(house), dict[Role, str](), list[int]()

    def send(
        role: Role,
        method: str,
        path: str,
        key: str = "",
        of: str = "CT-44",
        **options: Any,  # noqa: ANN401
    ) -> httpx.Response:
        if role not in keys:
            _, keys[role] = add_client(desks.security, organisation=of, name=role, roles=[role])
        made.append(1)
        headers = {
            "Authorization": f"Bearer {keys[role]}",
            "Idempotency-Key": key or f"key-{len(made)}",
            "Accept-Language": "en",
        }

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=api)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, headers=headers, **options)

        return asyncio.run(go())

    return send


def document() -> dict[str, str]:
    return {
        "authority": FORM.authority,
        "jurisdiction": FORM.jurisdiction.value,
        "document_no": FORM.document_no,
        "issued_on": FORM.issued_on.isoformat(),
        "due_on": FORM.due_on.isoformat(),
        "subject": FORM.subject,
        "wanted": FORM.wanted,
    }


def paper(field: str, name: str = "来文.pdf", data: bytes = PDF) -> dict[str, Any]:
    return {field: (name, data, "application/octet-stream")}


def test_a_program_enters_an_instruction_once_and_carries_it_to_its_end(
    ask: Ask, desks: Desks
) -> None:
    manager, approver = Role.CHANNEL_MANAGER, Role.APPROVER
    case = decided(desks)
    asked = {"data": document(), "files": paper("document")}
    made = ask(manager, "POST", "/instructions", key="one", **asked)
    assert made.status_code == 201, made.text
    again = ask(manager, "POST", "/instructions", key="one", **asked)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == made.json()
    assert made.json()["due_at"] == "2026-03-06T16:00:00Z"
    base = f"/instructions/{made.json()['id']}"
    assert ask(manager, "POST", "/instructions", **asked).json()["code"] == (
        "instruction.entered_already"
    )
    assert ask(manager, "POST", f"{base}/accept").status_code == 403
    steps: list[tuple[Role, str, dict[str, Any]]] = [
        (approver, "accept", {}),
        (manager, "attach", {"json": {"case_id": str(case.id)}}),
        (manager, "begin", {}),
        (manager, "report", {"data": {"words": "收回 37 张"}, "files": paper("proof", "a", PNG)}),
        (manager, "more", {"json": {"reason": "补充", "due_on": "2026-03-20"}}),
        (manager, "report", {"data": {"words": "已补充"}, "files": paper("proof", "a", PNG)}),
        (manager, "detach", {"json": {"reason": "另案"}}),
        (approver, "close", {"json": {"receipt": "已收"}}),
    ]
    for role, step, options in steps:
        done = ask(role, "POST", f"{base}/{step}", **options)
        assert done.status_code == 200, (step, done.text)
    assert ask(manager, "GET", base).json()["state"] == "closed"
    found = ask(manager, "GET", "/instructions", params={"state": "closed", "q": "粤通管函"})
    assert [one["number"] for one in found.json()["items"]] == ["INS-2026-000001"]
    assert ask(Role.REGULATOR, "POST", f"{base}/begin", of="CA-44").status_code == 403
    assert ask(Role.REGULATOR, "GET", base).status_code == 200


def test_bad_instructions_are_refused_and_break_nothing(ask: Ask) -> None:
    for changed in ({"due_on": "9999-12-31"}, {"authority": "CA-81"}, {"due_on": "2026-02-01"}):
        asked = {"data": document() | changed, "files": paper("document")}
        assert ask(Role.CHANNEL_MANAGER, "POST", "/instructions", **asked).status_code == 422
    asked = {"data": document(), "files": paper("document", "a.pdf", b"MZ")}
    assert ask(Role.CHANNEL_MANAGER, "POST", "/instructions", **asked).status_code == 422
    assert ask(Role.CHANNEL_MANAGER, "POST", "/instructions", data=document()).status_code == 422


def test_a_program_reads_who_is_competent_and_reports_and_transfers(ask: Ask, desks: Desks) -> None:
    manager, case = Role.CHANNEL_MANAGER, told(desks)
    places = ask(manager, "GET", f"/cases/{case.id}/jurisdiction").json()
    assert [(one["authority"], one["jurisdiction"]) for one in places["competent"]] == [
        ("CA-44", "card_home"), ("CA-33", "platform_home"),
    ]  # fmt: skip
    assert places["missing"] == []
    noted = ask(manager, "POST", f"/cases/{case.id}/reports", data=RECEIPT, files=paper("receipt"))
    assert noted.status_code == 201, noted.text
    back = ask(manager, "POST", f"/reports/{noted.json()['id']}/feedback", json={"words": "已立案"})
    assert back.json()["feedback"] == "已立案"
    for wrong in ("2026-03-02T11:30:00", "0001-01-01T00:00:00+14:00", "2999-01-01T00:00:00Z"):
        asked = {"data": RECEIPT | {"reported_at": wrong}, "files": paper("receipt")}
        assert ask(manager, "POST", f"/cases/{case.id}/reports", **asked).status_code == 422
    asked = {"data": RECEIPT, "files": paper("receipt")}
    gone = ask(manager, "POST", f"/cases/{case.id}/transfer", key="t", **asked)
    assert gone.json()["is_transfer"]
    again = ask(manager, "POST", f"/cases/{case.id}/transfer", key="t", **asked)
    assert again.json() == gone.json()
    assert len(ask(manager, "GET", f"/cases/{case.id}/reports").json()) == 2
    assert row(desks, Case, case.id).state is CaseState.TRANSFERRED


def test_a_program_lodges_an_appeal_and_another_decides(ask: Ask, desks: Desks) -> None:
    manager, approver, case = Role.CHANNEL_MANAGER, Role.APPROVER, decided(desks)
    given = {"data": {"ground": "不服", "appellant": "店主"}, "files": paper("paper")}
    made = ask(manager, "POST", f"/cases/{case.id}/appeals", key="a", **given)
    assert made.status_code == 201, made.text
    assert ask(manager, "POST", f"/cases/{case.id}/appeals", key="a", **given).json() == made.json()
    base = f"/case-appeals/{made.json()['id']}"
    assert ask(approver, "POST", f"{base}/accept").json()["state"] == "accepted"
    body = {"decision": "withdraw", "reason": "x"}
    assert ask(approver, "POST", f"{base}/decide", json=body).status_code == 422
    done = ask(approver, "POST", f"{base}/decide", json={"decision": "uphold", "reason": "属实"})
    assert done.json()["state"] == "upheld"
    assert row(desks, Case, case.id).state is CaseState.REVERSED
    listed = ask(approver, "GET", "/case-appeals", params={"state": "upheld"}).json()["items"]
    of_case = ask(approver, "GET", f"/cases/{case.id}/appeals").json()
    assert listed == of_case == [ask(approver, "GET", base).json()]
    assert ask(manager, "POST", f"{base}/withdraw", json={"reason": "x"}).status_code == 409


def test_the_papers_are_given_to_who_may_read_them_and_on_record(desks: Desks) -> None:
    site = Site.of(desks.house.house)
    visitor = Visitor(web_app(site, files.routes(site)))
    made = begun(desks)
    report_back(desks.manager, made.id, "收回 37 张", PROOF)
    address = f"/files/instructions/{made.id}"
    for desk in (desks.manager, desks.regulator):
        got = as_(visitor, desk).get(f"{address}/document")
        assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
        deed = list_deeds(desks.audit, limit=1).rows[0]
        assert (deed.deed, deed.actor_id) == ("instruction.downloaded", desk.actor.id)
        assert visitor.get(f"{address}/report").content == PNG
        assert "attachment" in got.headers["content-disposition"]
    assert visitor.get(f"{address}/other").status_code == 404
    untouched = entered(desks.manager, document_no="粤通管函〔2026〕13号")
    assert visitor.get(f"/files/instructions/{untouched.id}/report").status_code == 404
    for desk in (desks.other_manager, desks.other_regulator, desks.platform):
        assert as_(visitor, desk).get(f"{address}/document").status_code == 404
    assert as_(visitor, None).get(f"{address}/document").status_code == 303


@pytest.fixture
def console(house: House, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    del desks
    return Console(house, monkeypatch)


def fill(at: AppTest, begins: str, ends: str, value: Any) -> None:  # noqa: ANN401 - the widget's
    fields = [*at.text_input, *at.text_area, *at.selectbox, *at.date_input]
    keys = [str(field.key) for field in fields]
    (place,) = [n for n, key in enumerate(keys) if key.startswith(begins) and key.endswith(ends)]
    fields[place].set_value(value)


def upload(at: AppTest, begins: str, name: str, data: bytes) -> None:
    (box,) = [one for one in at.file_uploader if str(one.key).startswith(begins)]
    box.upload(name, data, "application/octet-stream")


def test_an_instruction_is_entered_accepted_and_reported_on_the_page(
    console: Console, desks: Desks
) -> None:
    assert "录入指令" in shown(console.open("instructions", desks.manager))
    at = console.open("instructions", desks.manager)
    press(at, "instructions:sure")
    assert "请填写完整" in errors(at)[0]
    fill(at, "instructions:add", ":0:authority", FORM.authority)
    fill(at, "instructions:add", ":basis", FORM.jurisdiction.value)
    fill(at, "instructions:add", ":0:no", FORM.document_no)
    fill(at, "instructions:add", ":issued", FORM.issued_on)
    fill(at, "instructions:add", ":due", FORM.due_on)
    fill(at, "instructions:add", ":subject", FORM.subject)
    fill(at, "instructions:add", ":wanted", FORM.wanted)
    upload(at, "instructions:add", "来文.pdf", PDF)
    press(at, "instructions:sure")
    (made,) = list_instructions(desks.manager).rows
    assert grid(console.open("instructions", desks.regulator))[0][0] == FORM.document_no

    at = console.open("instructions", desks.manager, id=str(made.id))
    assert moves(at) == ["attach"]
    at = console.open("instructions", desks.approver, id=str(made.id))
    assert moves(at) == ["accept"]
    press(at, "move:accept")
    press(console.open("instructions", desks.manager, id=str(made.id)), "move:begin")
    at = console.open("instructions", desks.manager, id=str(made.id))
    fill(at, "move:report", ":words", "收回 37 张")
    upload(at, "move:report", "清单.png", PNG)
    press(at, "move:report")
    kept = instruction_record(desks.manager, made.id).instruction
    assert (kept.state, kept.report) == (InstructionState.REPORTED_BACK, "收回 37 张")


def test_a_regulator_reads_an_instruction_and_finds_no_button(
    console: Console, desks: Desks, clock: Clock
) -> None:
    case = opened(desks)
    made = accepted(desks, case_id=case.id)
    clock.pass_(days=6)
    at = console.open("instructions", desks.regulator, id=str(made.id))
    assert moves(at) == []
    words = shown(at)
    assert "不能更改" in words
    assert "广东省通信管理局" in words
    assert "办理期限 2026-03-06 已过，收文单位尚未报告" in words
    assert "尚未拟定或决定措施" in words
    assert grid(sections(console, desks.regulator, case))[0][0] == FORM.document_no
    other = console.open("instructions", desks.other_regulator, id=str(made.id))
    assert "找不到" in errors(other)[0]
    assert "收文单位录入" in shown(console.open("instructions", desks.other_regulator))
    late = console.open("instructions", desks.manager, language="en", overdue="true")
    assert "Overdue" in str(grid(late))


SECTIONS = """
import streamlit as st
from console.actions.cases.lists import case_record
from console.pages.appeal_parts import show_case_appeals
from console.pages.frame import my_desk
from console.pages.jurisdiction_parts import show_instructions, show_jurisdiction
from console.pages.kit import show_absent
from console.pages.report_parts import show_reports
desk = my_desk()
case = case_record(desk, st.query_params["id"]).case
parts = [show_reports(desk, case), show_case_appeals(desk, case), show_instructions(desk, case)]
show_jurisdiction(desk, case)
show_absent(parts)
"""


def sections(console: Console, desk: Desk, case: Case) -> AppTest:
    """The two sections of a case's page, alone."""
    console.sign_in(desk)
    at = AppTest.from_string(SECTIONS, default_timeout=30)
    at.query_params["id"] = str(case.id)
    return checked(at.run())


def test_a_report_is_noted_on_the_case_and_feedback_added(console: Console, desks: Desks) -> None:
    case = told(desks)
    assert moves(sections(console, desks.regulator, case)) == []
    assert "报告与移送" not in shown(sections(console, desks.platform, case))
    at = sections(console, desks.manager, case)
    assert moves(at) == ["note", "transfer", "lodge"]
    fill(at, "move:note", ":name", "天河区分局")
    fill(at, "move:note", ":no", "301")
    upload(at, "move:note", "回执.pdf", PDF)
    press(at, "move:note")
    (report,) = reports_of(desks.manager, case.id)
    assert (report.organ_name, len(report.evidence)) == ("天河区分局", 1)
    at = sections(console, desks.manager, case)
    assert "尚无反馈" in shown(at)
    fill(at, "move:add_feedback", ":words", "已立案侦查")
    press(at, "move:add_feedback")
    assert "已立案侦查" in shown(sections(console, desks.regulator, case))
    at = sections(console, desks.manager, case)
    fill(at, "move:transfer", ":name", "天河区分局")
    fill(at, "move:transfer", ":no", "302")
    upload(at, "move:transfer", "回执.pdf", PDF)
    press(at, "move:transfer")
    assert row(desks, Case, case.id).state is CaseState.TRANSFERRED
    left = moves(sections(console, desks.manager, case))
    assert left == ["add_feedback", "add_feedback", "lodge"]  # what was decided still holds


def test_an_appeal_is_lodged_heard_and_decided_on_the_case(console: Console, desks: Desks) -> None:
    case = decided(desks)
    assert "没有符合条件的案件申诉" in shown(console.open("appeals", desks.approver, view="cases"))
    at = sections(console, desks.manager, case)
    fill(at, "move:lodge", ":ground", "委托书 <b>有效</b>")
    upload(at, "move:lodge", "申诉书.pdf", PDF)
    press(at, "move:lodge")
    listed = grid(console.open("appeals", desks.approver, view="cases"))
    assert [one[0] for one in listed] == ["APL-2026-000001"]
    press(sections(console, desks.approver, case), "move:accept")
    at = sections(console, desks.approver, case)
    assert moves(at) == ["note"]
    assert "由未参与的审批人决定" in shown(at)
    assert "<b>" not in shown(at).replace(r"\<b\>", "")
    another = person(desks, "he.cha", "CT-44", Role.APPROVER)
    at = sections(console, another, case)
    assert [one for one in moves(at) if one not in {"note", "transfer"}] == ["uphold", "dismiss"]
    fill(at, "move:uphold", ":decision", "原认定事实不清")
    press(at, "move:uphold")
    assert row(desks, Case, case.id).state is CaseState.REVERSED
    assert "原认定事实不清" in shown(sections(console, desks.manager, case))
