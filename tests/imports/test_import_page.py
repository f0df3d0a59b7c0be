"""The imports page, as a channel manager uses it."""

import pytest

from console.actions.imports.plan import list_imports
from console.actions.imports.run import run_import
from console.desk import House
from models.channel.imports import ImportState
from tests.conftest import Desks
from tests.imports.files import agents_csv
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
    at = console.open("imports", desks.approver)
    assert not [one for one in at.button if one.key == "imports:open"]


def test_the_page_speaks_english(console: Console, desks: Desks) -> None:
    at = console.open("imports", desks.manager, language="en")
    assert "Nothing was imported yet" in shown(at)
