"""Screening takes the processor for long: the database is not held meanwhile."""

from collections.abc import Callable, Sequence

import pytest

from console.actions.imports.plan import plan_import
from console.actions.imports.reading import close_readings
from console.actions.imports.run import run_import
from console.actions.patrol import screened
from console.desk import House
from models.patrol.runs import PatrolRun
from models.patrol.screening import Model, Screened, screen_many
from tests.conftest import Desks
from tests.imports.files import csv_text
from tests.patrol.walks import planned, rows_of, shop_open, walked

Screen = Callable[[Sequence[tuple[str, str]], Model | None], list[Screened]]


def watched(house: House, read: list[str]) -> Screen:
    """The screen, which finds every connection of the house back in its pool."""

    def screen(offers: Sequence[tuple[str, str]], model: Model | None = None) -> list[Screened]:
        assert "Checked out connections: 0" in house.engine.pool.status()
        read.extend(title for title, _ in offers)
        return screen_many(offers, model)

    return screen


def test_no_transaction_is_open_while_a_page_is_screened(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = list[str]()
    monkeypatch.setattr(screened, "screen_many", watched(desks.house.house, read))
    with shop_open() as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    assert len(read) == run.listings > 0


def test_no_transaction_is_open_while_a_files_rows_are_screened(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = list[str]()
    monkeypatch.setattr(screened, "screen_many", watched(desks.house.house, read))
    rows = [["平台", "商品编号", "标题", "店铺编号"], ["lanhai", "1", "大流量卡", "s-1"]]
    content = csv_text(rows[0], rows[1:]).encode()
    run_import(desks.manager, plan_import(desks.manager, "listings", "商品.csv", content).id)
    close_readings()

    assert read == ["大流量卡"]
    assert [run.cards for run in rows_of(desks.manager, PatrolRun)] == [1]
