"""Card stock and traces by API, command line and page; and a list that is searched."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.cards.stock import batch_record, find_card, list_batches, list_channels
from console.actions.cases.tracing.recovery import recovery_record
from console.actions.cases.tracing.trace import trace_record
from console.desk import Desk, House
from console.i18n import Language, texts
from models.cases.cases import Case
from models.cases.tasks import TaskKind
from models.cases.traces import TraceState
from models.permissions import Role
from models.refusals import Invalid, NotFound
from tests.cases.test_api import Program, good
from tests.cases.world import opened
from tests.conftest import ONLY_SQLITE, Desks
from tests.imports.conftest import Run, channel
from tests.pages import Console, checked, grid, moves, press, shown
from tests.stock.files import HEADER, iccid, line, stock_csv
from tests.stock.world import channel as channel_row
from tests.stock.world import stocked, traced, with_task

__all__ = ["channel"]
ZH, EN = texts(Language.ZH), texts(Language.EN)
REASON = "该批卡未在库存系统登记，出库单已遗失"


def test_batches_are_found_by_card_number_or_channel(desks: Desks) -> None:
    stocked(desks)

    def numbers(words: str, desk: Desk = desks.manager) -> list[str]:
        return [row.number for row in list_batches(desk, words).rows]

    assert numbers("") == ["PC-0002", "PC-0001"]
    assert numbers(f"{iccid(150)}8") == ["PC-0002"]
    assert numbers(iccid(999)) == []
    assert numbers("PC-0001") == ["PC-0001"]
    assert numbers("QD-02") == numbers("龙腾") == ["PC-0002"]
    assert numbers("%") == []
    assert numbers("", desks.regulator) == ["PC-0002", "PC-0001"]
    assert numbers("", desks.other_regulator) == numbers("", desks.other_manager) == []
    assert numbers(iccid(150), desks.regulator) == ["PC-0002"]
    assert [row.code for row in list_channels(desks.manager, "QD-01").rows] == ["QD-01"]
    first = list_batches(desks.manager, limit=1)
    after = list_batches(desks.manager, after=first.next, limit=1)
    assert [row.number for row in (*first.rows, *after.rows)] == ["PC-0002", "PC-0001"]
    with pytest.raises(NotFound):
        batch_record(desks.other_manager, first.rows[0].id)


@ONLY_SQLITE
def test_a_program_brings_stock_traces_a_case_and_notes_what_came_back(desks: Desks) -> None:
    program = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    case = traced(desks)
    batches = good(program.get("/stock/batches?q=PC-0001"))["items"]
    assert [one["cards"] for one in batches] == [100]
    record = good(program.get(f"/stock/batches/{batches[0]['id']}"))
    assert record["ranges"] == [{"first": iccid(0), "last": iccid(99), "cards": 100}]
    card = good(program.get(f"/stock/cards/{iccid(5)}1"))
    assert [one["code"] for one in card["chain"]] == ["QD-01", "QD-00"]
    assert (card["issuer"], card["batch"]["number"]) == ("ctcc", "PC-0001")
    assert good(program.get(f"/stock/cards/{iccid(500)}"))["batch"] is None
    assert program.get("/stock/cards/123").status_code == 422
    (source,) = good(program.get("/stock/channels?q=QD-01"))["items"]
    assert good(program.get(f"/stock/channels/{source['id']}"))["cards"] == 100

    at = f"/cases/{case.id}/trace"
    body = {"text": f"{iccid(5)}\n{iccid(6)}", "how": "测试购买"}
    first = program.post(f"{at}/cards", once="same", json=body)
    assert good(first) == good(program.post(f"{at}/cards", once="same", json=body))
    trace = good(program.get(at))
    assert (trace["state"], trace["total"], trace["missing"]) == ("open", 2, {})
    wrong = program.post(f"{at}/cards", json={"text": "x", "how": "测试"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "trace.iccid_format")
    assert program.post(f"{at}/give-up", json={"why_not": "no_card", "reason": REASON}).is_error
    assert good(program.post(f"{at}/conclude"))["id"] == str(case.id)
    made = good(program.post(f"/cases/{case.id}/source-cases", json={"channel_id": source["id"]}))
    (told,) = good(program.get(at))["channels"]
    assert (told["case_id"], told["cards"]) == (made["id"], 2)
    with_task(desks, case, TaskKind.RECOVER_CARDS)
    note = {"ordered": 98, "recovered": 90, "missing_why": "8 张已售"}
    good(program.post(f"/cases/{case.id}/recovery", json=note))
    counted = good(program.get(f"/cases/{case.id}/recovery"))
    assert (counted["missing"], counted["is_open"], len(counted["notes"])) == (8, False, 1)
    assert program.get(f"/cases/{uuid4()}/trace").status_code == 404


def test_a_carrier_brings_stock_and_asks_for_a_card_at_the_command_line(
    channel: Run, tmp_path: Path
) -> None:
    file = tmp_path / "stock.csv"
    file.write_bytes(stock_csv([line(0, 99), line(50)], HEADER, "gb18030"))
    done = channel("stock", "import", str(file), "--organisation", "CT")
    assert (done.returncode, "接收 1 行，退回 1 行" in done.stdout) == (1, True)
    assert "PC-0001" in (tmp_path / "stock-rejects.csv").read_text("utf-8-sig")
    found = channel("stock", "find", f"{iccid(7)}4")
    assert (found.returncode, "PC-0001" in found.stdout, "穗通经营部" in found.stdout) == (
        0,
        True,
        True,
    )


@ONLY_SQLITE
def test_what_is_no_card_is_not_looked_for(desks: Desks) -> None:
    with pytest.raises(Invalid, match="no_iccid"):
        find_card(desks.manager, "12")
    assert find_card(desks.manager, iccid(500)).place is None


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


@ONLY_SQLITE
def test_stock_is_shown_by_batch_and_by_channel(console: Console, desks: Desks) -> None:
    at = console.open("stock", desks.manager)
    assert ZH["stock_page.none_next"] in shown(at)
    stocked(desks)
    at = console.open("stock", desks.manager)
    assert [row[0] for row in grid(at)] == ["PC-0002", "PC-0001"]
    at = console.open("stock", desks.regulator, language="en", q=iccid(3))
    assert [row[0] for row in grid(at)] == ["PC-0001"]
    assert not [one for one in at.button if one.key == "stock:import"]
    at = console.open("stock", desks.manager, q="8986001234567890123")
    assert "中国移动" in shown(at)
    (batch,) = list_batches(desks.manager, "PC-0002").rows
    at = console.open("stock", desks.manager, id=str(batch.id))
    assert grid(at)[0][:2] == [iccid(100), iccid(199)]
    assert [row[1] for row in grid(at, 1)] == ["QD-02", "QD-00"]
    press(at, "stock:channel")
    assert str(batch.channel_id) in str(at.query_params["id"])
    at = console.open("stock", desks.manager, id=str(channel_row(desks, "QD-00").id))
    assert sorted(row[0] for row in grid(at, 1)) == ["QD-01", "QD-02"]


SCRIPT = """
import streamlit as st
from console.actions.cases.tracing.trace import trace_record
from console.pages.frame import my_desk
from console.pages.kit import page_head
from console.pages.trace_parts import show_recovery, show_trace
desk = my_desk()
page_head("x")
case = trace_record(desk, st.query_params["id"]).case
show_trace(desk, case)
show_recovery(desk, case)
"""


def parts(console: Console, desk: Desk, case: Case) -> AppTest:
    console.sign_in(desk)
    at = AppTest.from_string(SCRIPT, default_timeout=30)
    at.query_params["id"] = str(case.id)
    return checked(at.run())


def fill(at: AppTest, kind: str, name: str, value: Any) -> None:  # noqa: ANN401
    boxes: list[Any] = list(at.get(kind))
    (box,) = [one for one in boxes if str(one.key).endswith(f":{name}")]
    box.set_value(value)


@ONLY_SQLITE
def test_an_owner_traces_cards_on_the_cases_record(console: Console, desks: Desks) -> None:
    stocked(desks)
    case = opened(desks)
    at = parts(console, desks.manager, case)
    assert ZH["trace_page.none_next"] in shown(at)
    at = press(at, "move:trace_begin:")
    at = parts(console, desks.manager, case)
    assert set(moves(at)) == {"trace_add", "trace_give_up"}
    fill(at, "text_area", "cards", f"{iccid(5)}\n{iccid(900)}")
    fill(at, "text_input", "how", "测试购买")
    press(at, "move:trace_add:")
    record = trace_record(desks.manager, case.id)
    assert record.total == 2
    at = parts(console, desks.manager, case)
    assert [row[1] for row in grid(at)] == ["QD-01 穗通经营部 ← QD-00 广东分销中心", "—"]
    assert [list(row[2]) for row in grid(at)] == [[], ["库存中没有"]]
    (lost,) = [one for one in record.cards.rows if one.why_not]
    (pick,) = [one for one in at.selectbox if str(one.key).startswith("move:trace_drop")]
    pick.set_value(str(lost.id))
    press(at, "move:trace_drop:")
    press(parts(console, desks.manager, case), "move:trace_conclude:")
    record = trace_record(desks.manager, case.id)
    assert record.trace is not None
    assert record.trace.state is TraceState.TRACED
    press(parts(console, desks.manager, case), "move:open_source:")
    record = trace_record(desks.manager, case.id)
    assert record.channels[0].case is not None
    at = parts(console, desks.regulator, case)
    assert (moves(at), grid(at)[0][0]) == ([], iccid(5))


@ONLY_SQLITE
def test_an_owner_notes_what_came_back_on_the_cases_record(console: Console, desks: Desks) -> None:
    case = traced(desks)
    with_task(desks, case, TaskKind.RECOVER_CARDS)
    at = parts(console, desks.manager, case)
    assert ZH["recovery_page.none_next"] in shown(at)
    fill(at, "number_input", "ordered", 100)
    fill(at, "number_input", "recovered", 95)
    fill(at, "text_area", "why", "5 张已售出")
    press(at, "move:recovery_note:")
    record = recovery_record(desks.manager, case.id)
    assert (record.counted, record.task) == ((100, 95, 5), None)
    at = parts(console, desks.regulator, case)
    assert grid(at)[0][1:] == [100, 95, 5, "5 张已售出"]
