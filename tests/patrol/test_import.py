"""Listings that came in a file are judged as if a patrol had seen them."""

from collections.abc import Iterator

import pytest

from console.actions.imports.plan import plan_import
from console.actions.imports.reading import close_readings
from console.actions.imports.rejects import rejects_file
from console.actions.imports.run import run_import
from console.actions.patrol.plan import queued_runs
from console.desk import Desk
from models.channel.imports import Import
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun, RunState
from models.patrol.shops import SeenListing
from models.refusals import NotAllowed
from tests.conftest import Desks
from tests.imports.files import csv_text, read_csv
from tests.patrol.walks import license_shop, row_of, rows_of, walked

HEADER = ["平台", "商品编号", "标题", "店铺编号", "店铺名称", "价格", "销量"]
ROWS = [
    ["lanhai", "1", "大流量卡 全国通用", "s-1", "星河通信", "19.90", "12"],
    ["lanhai", "2", "物联网卡 批发", "s-2", "北辰物联", "1,234.56", ""],
    ["lanhai", "3", "手机壳", "s-3", "小城数码", "", ""],
]


@pytest.fixture(autouse=True)
def _files_put_away() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    yield
    close_readings()


def brought(desk: Desk, rows: list[list[str]], *, dry: bool = False) -> Import:
    content = csv_text(HEADER, rows).encode()
    return run_import(desk, plan_import(desk, "listings", "商品.csv", content, dry=dry).id)


def test_a_file_of_listings_becomes_a_run_with_findings(desks: Desks) -> None:
    license_shop(desks, "s-1")
    imported = brought(desks.manager, ROWS)

    assert (imported.accepted, imported.rejected) == (3, 0)
    (run,) = rows_of(desks.manager, PatrolRun)
    assert queued_runs(desks.house) == [run.id]
    run = walked(desks.manager, run)
    assert run.state is RunState.SUBMITTED
    assert (run.listings, run.cards, run.shops, run.findings) == (3, 2, 3, 2)
    finding = rows_of(desks.manager, Finding)[0]
    assert finding.evidence == [imported.sha256]
    assert finding.found_by == desks.manager.actor.id
    assert row_of(desks.manager, PatrolRun, run.id).register_sha256


def test_rows_that_cannot_be_kept_say_why(desks: Desks) -> None:
    bad = [
        ["lanhai", "1", "流量卡", "s-1", "", "abc", ""],
        ["lanhai", "2", "流量卡", "s-1", "", "-1", ""],
        ["lanhai", "3", "流量卡", "s-1", "", "", "1.5"],
        ["", "4", "流量卡", "s-1", "", "", ""],
        ["lanhai", "5", "", "s-1", "", "", ""],
        ["lanhai", "6", "流量卡", "", "", "", ""],
        ["lan hai", "7", "流量卡", "s-1", "", "", ""],
        ["lanhai", "8", "流量卡", "s-1", "", "", ""],
        ["lanhai", "8", "流量卡", "s-1", "", "", ""],
    ]
    imported = brought(desks.manager, bad)

    assert (imported.accepted, imported.rejected) == (1, 8)
    reasons = [row["原因"] for row in read_csv(rejects_file(desks.manager, imported.id)[0])]
    assert "不是数字" in reasons[0]
    assert all(reasons)


def test_a_dry_run_keeps_nothing(desks: Desks) -> None:
    imported = brought(desks.manager, [*ROWS, ROWS[0]], dry=True)

    assert (imported.accepted, imported.rejected) == (3, 1)
    assert rows_of(desks.manager, PatrolRun) == []
    assert rows_of(desks.manager, SeenListing) == []


def test_a_platform_brings_its_own_listings_alone(desks: Desks) -> None:
    imported = brought(desks.platform, [*ROWS, ["honghai", "9", "流量卡", "s-1", "", "", ""]])

    assert (imported.accepted, imported.rejected) == (3, 1)
    with pytest.raises(NotAllowed):
        brought(desks.regulator, ROWS)
