"""The imports page, as a channel manager uses it."""

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.imports.plan import list_imports, plan_import
from console.actions.imports.run import run_import
from console.desk import Desk, House
from console.pages.navigation import entries_for
from models.channel.imports import ImportKind, ImportState
from tests.conftest import Desks
from tests.imports.files import agents_csv, csv_text
from tests.pages import Console, checked, errors, grid, move, moves, press, shown


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def test_without_imports_the_page_says_what_to_do(console: Console, desks: Desks) -> None:
    at = console.open("imports", desks.manager)
    assert "还没有导入过文件" in shown(at)


def test_a_file_is_tried_then_imported(console: Console, desks: Desks) -> None:
    at = press(console.open("imports", desks.manager), "imports:open")
    file = agents_csv(3, row2={"省份": "火星"})
    at = checked(at.file_uploader[0].set_value(("名单.csv", file, "text/csv")).run())
    assert "企业名称" in at.dataframe[0].value.columns
    at = press(at, "imports:dry")
    (tried,) = list_imports(desks.manager).rows
    assert tried.is_dry
    assert "本页自动更新" in shown(at)
    run_import(desks.manager, tried.id)
    at = console.open("imports", desks.manager, id=str(tried.id))
    assert "尚未保存" in shown(at)
    assert moves(at) == ["real"]
    at = move(at, "real")
    real = list_imports(desks.manager).rows[0]
    assert (real.is_dry, real.state) == (False, ImportState.WAITING)
    run_import(desks.manager, real.id)
    at = console.open("imports", desks.manager, id=str(real.id))
    assert f"/files/imports/{real.id}/rejects.csv" in [
        one.proto.url for one in at.get("link_button")
    ]
    assert moves(at) == []
    rows = grid(console.open("imports", desks.manager))
    assert [row[0] for row in rows] == ["名单.csv", "名单.csv"]


def test_a_bad_file_is_refused_on_the_spot(console: Console, desks: Desks) -> None:
    at = press(console.open("imports", desks.manager), "imports:open")
    at = checked(at.file_uploader[0].set_value(("a.csv", b"PK\x03\x04", "text/csv")).run())
    assert errors(at)
    assert list_imports(desks.manager).rows == []


def test_who_may_not_import_is_offered_nothing(console: Console, desks: Desks) -> None:
    at = console.open("imports", desks.regulator)
    assert not [one for one in at.button if one.key == "imports:open"]


def test_the_page_speaks_english(console: Console, desks: Desks) -> None:
    at = console.open("imports", desks.manager, language="en")
    assert "Nothing was imported yet" in shown(at)


def offered(at: AppTest) -> list[str]:
    (box,) = [one for one in at.selectbox if one.key == "imports:kind"]
    return box.options


def entries(desk: Desk) -> set[str]:
    return {entry.name for entry in entries_for(desk.actor)}


def test_each_is_offered_what_they_may_bring(console: Console, desks: Desks) -> None:
    at = press(console.open("imports", desks.manager), "imports:open")
    assert offered(at) == ["代理商", "网店", "商品信息", "卡号库存"]
    at = press(console.open("imports", desks.platform), "imports:open")
    assert offered(at) == ["商品信息"]
    at = press(console.open("imports", desks.iot), "imports:open")
    assert offered(at) == ["行业卡卡号"]


def test_the_page_is_found_by_who_may_bring_something(desks: Desks) -> None:
    assert "imports" in entries(desks.manager)
    assert "imports" in entries(desks.platform)
    assert "imports" in entries(desks.iot)
    assert "imports" not in entries(desks.approver)
    assert "imports" not in entries(desks.regulator)


def test_a_platform_brings_its_listings_and_sees_no_other_imports(
    console: Console, desks: Desks
) -> None:
    plan_import(desks.manager, "agents", "名单.csv", agents_csv(1))
    at = press(console.open("imports", desks.platform), "imports:open")
    header = ["平台", "商品编号", "标题", "店铺编号"]
    rows = [["lanhai", "1", "流量卡", "s-1"], ["honghai", "2", "流量卡", "s-2"]]
    file = csv_text(header, rows).encode()
    at = checked(at.file_uploader[0].set_value(("商品.csv", file, "text/csv")).run())
    at = press(at, "imports:real")
    (brought,) = list_imports(desks.platform).rows
    assert (brought.kind, brought.rows) == (ImportKind.LISTINGS, 2)
    assert run_import(desks.platform, brought.id).accepted == 1
    at = console.open("imports", desks.platform, id=str(brought.id))
    assert f"/files/imports/{brought.id}/rejects.csv" in [
        one.proto.url for one in at.get("link_button")
    ]
    assert [row[0] for row in grid(console.open("imports", desks.platform))] == ["商品.csv"]
