"""What a list offers: its filters as chips, its order, its columns, and itself as a file."""

import csv
import json
from typing import Any

import pytest

from console.actions.exports.asking import ask_export
from console.actions.exports.registry import LISTS
from console.actions.exports.taking import export_list
from console.actions.today.filters import save_filter
from console.desk import House
from console.i18n import t
from models.oversight.exports import ExportFormat
from tests.cases.world import sent
from tests.channel.stories import licensed, submitted
from tests.conftest import Desks
from tests.exports.rows import FREE, many_agents
from tests.pages import Console, checked, errors, grid, shown


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def heads(at: Any, place: int = 0) -> list[str]:  # noqa: ANN401 - AppTest's element
    """The labels of a grid's columns, as its reader sees them."""
    settings = json.loads(at.dataframe[place].proto.columns)
    return [one["label"] for one in settings.values() if one.get("label")]


def chips(at: Any) -> list[str]:  # noqa: ANN401
    return [one.label for one in at.button if str(one.key).startswith("chip:")]


def opened(at: Any, key: str) -> Any:  # noqa: ANN401
    at.session_state[key] = True
    return checked(at.run())


def links(at: Any) -> list[str]:  # noqa: ANN401
    return [one.proto.body for one in at.get("html")]


def test_each_filter_is_a_chip_that_can_be_taken_away(console: Console, desks: Desks) -> None:
    many_agents(desks, 4)
    at = console.open("agents", desks.manager, state="active", province="44")
    assert chips(at) == ["状态：在委托", "省份：广东（44）"]
    assert len(grid(at)) == 2

    at.button(key="chip:state").click()
    checked(at.run())
    assert chips(at) == ["省份：广东（44）"]
    assert len(grid(at)) == 4

    at.button(key="kit:clear").click()
    checked(at.run())
    assert chips(at) == []
    assert "province" not in at.query_params


def test_a_toggle_is_a_chip_too_and_its_view_can_be_saved(console: Console, desks: Desks) -> None:
    save_filter(desks.manager, "cases", "逾期", "overdue=true")
    at = console.open("cases", desks.manager)
    (saved,) = [one for one in at.button if one.label == "逾期"]

    saved.click()
    checked(at.run())
    assert at.toggle(key="overdue").value is True
    assert chips(at) == ["只看逾期"]

    at.button(key="chip:overdue").click()
    checked(at.run())
    assert at.toggle(key="overdue").value is False


def test_nothing_found_says_why_and_offers_to_clear(console: Console, desks: Desks) -> None:
    many_agents(desks, 2)
    at = console.open("agents", desks.manager, province="11")

    assert "当前筛选：省份：北京（11）" in shown(at).replace("\\", "")
    at.button(key="kit:empty:clear").click()
    checked(at.run())
    assert len(grid(at)) == 2


def test_an_empty_list_without_filters_blames_none(console: Console, desks: Desks) -> None:
    at = console.open("agents", desks.manager)

    assert "当前筛选" not in shown(at)


def test_the_order_stands_in_the_address_and_goes_on_over_ties(
    console: Console, desks: Desks
) -> None:
    many_agents(desks, 120, name="同名")
    at = console.open("agents", desks.manager, sort="oldest")
    seen = [row[1] for row in _numbers(at)]
    for _ in range(2):
        at.button(key="agents:on").click()
        checked(at.run())
        seen += [row[1] for row in _numbers(at)]

    assert len(seen) == len(set(seen)) == 120
    assert seen == sorted(seen)


def _numbers(at: Any) -> list[list[Any]]:  # noqa: ANN401
    return [["", *(cell for cell in row if str(cell).startswith("CT-"))] for row in grid(at)]


def test_a_column_that_is_left_out_is_not_sent(console: Console, desks: Desks) -> None:
    many_agents(desks, 1)
    whole = heads(console.open("agents", desks.manager))
    at = console.open("agents", desks.manager, hide="uscc")

    assert [one for one in whole if one not in heads(at)] == ["统一社会信用代码"]
    at = opened(at, "columns:agents")
    at.checkbox(key="column:agents:uscc").check()
    checked(at.run())
    assert heads(at) == whole


def test_the_menu_says_how_many_rows_there_are_and_links_to_our_own_routes(
    console: Console, desks: Desks
) -> None:
    many_agents(desks, 4)
    at = opened(console.open("agents", desks.manager, state="active"), "export:agents")

    assert "共 2 行" in shown(at)
    assert [one for one in links(at) if "/files/lists/agents.csv?state=active" in one]
    assert all('target="_self"' in one for one in links(at) if "/files/" in one)


def test_who_may_take_no_list_is_offered_none(console: Console, desks: Desks) -> None:
    many_agents(desks, 1)
    at = console.open("staff", desks.admin)

    at.session_state["export:staff"] = True
    assert not [one for one in links(checked(at.run())) if "/files/lists" in one]


def test_a_long_list_is_asked_for_in_the_menu_and_decided_on_its_page(
    console: Console, desks: Desks
) -> None:
    many_agents(desks, FREE + 1)
    at = opened(console.open("agents", desks.manager), "export:agents")
    assert "超过 1,000 行" in shown(at)
    at.text_area(key="export:agents:why").set_value("季度核对")
    checked(at.run())
    at.button(key="export:agents:ask").click()
    checked(at.run())
    assert errors(at) == []

    waiting = console.open("exports", desks.approver, view="waiting")
    (row,) = grid(waiting)
    assert "网络代理商" in row


def test_a_regulator_is_told_to_narrow_the_list(console: Console, desks: Desks) -> None:
    many_agents(desks, FREE + 1)
    at = opened(console.open("agents", desks.regulator), "export:agents")

    assert "请缩小筛选范围" in shown(at)
    assert not [one for one in at.button if one.key == "export:agents:ask"]


def test_the_page_of_exports_goes_from_request_to_file(console: Console, desks: Desks) -> None:
    many_agents(desks, FREE + 1)
    request = ask_export(desks.manager, "agents", "state=&sort=number", ExportFormat.CSV, "核对")
    mine = console.open("exports", desks.manager, id=str(request.id))
    assert "正在等待" in shown(mine)

    at = console.open("exports", desks.approver, id=str(request.id))
    at.button(key=f"move:approve:{request.id}:{request.version}:sure").click()
    checked(at.run())
    assert errors(at) == []

    mine = console.open("exports", desks.manager, id=str(request.id))
    assert [one for one in links(mine) if f"/files/exports/{request.id}" in one]


OF_PAGES = (
    ("agents", "manager"), ("admission", "approver"), ("licences", "manager"),
    ("badges", "manager"), ("cases", "manager"), ("findings", "manager"), ("shops", "manager"),
    ("patrols", "manager"), ("notices", "platform"), ("audit", "auditor"), ("staff", "auditor"),
)  # fmt: skip


@pytest.mark.parametrize(("page", "who"), OF_PAGES)
def test_a_file_has_the_columns_and_rows_that_its_page_shows(
    console: Console, desks: Desks, page: str, who: str
) -> None:
    """But for what is told from the moment of looking, as how long is left."""
    licensed(desks)
    sent(desks)
    submitted(desks.manager, 7)
    reader, listed = getattr(desks, who), LISTS[page]
    at = console.open(page, reader)
    known = listed.heads(reader)
    (place,) = [nth for nth, _ in enumerate(at.dataframe) if known[0] in heads(at, nth)]
    file = export_list(reader, page, "", ExportFormat.CSV)
    assert file.path is not None
    with file.path.open(encoding="utf-8-sig", newline="") as taken:
        head, *rows = csv.reader(taken)
    file.path.unlink()

    drawn = heads(at, place)
    assert [one for one in drawn if one != t("case_pages.left")] == head == known
    first = [row[-len(drawn) :][drawn.index(head[0])] for row in grid(at, place)]
    assert [row[0] for row in rows] == first
    assert first
