"""A carrier's card stock: rows a second of its import, and where cards are among ten million.

    python -m tests.bench.bench_stock [ROWS] [--only sqlite|postgresql]

Processor seconds, so that a second core is not counted as speed.
"""

import argparse
import csv
import random
import tempfile
import time
from pathlib import Path
from typing import Final

from sqlalchemy import text

from console.actions.cards.places import places
from console.actions.imports.plan import plan_import, the_import
from console.actions.imports.run import advance_import
from console.actions.staff.people import add_organisation
from console.database import migrate
from console.desk import House
from console.settings import Settings
from models.channel.imports import Import
from models.permissions import Permission
from models.staff import OrganisationKind
from tests.bench.figures import Figure, keep
from tests.bench.servers import postgres

RATE: Final = 5_000
LOOK_UPS: Final = 10_000
AT_ONCE: Final = 1_000
TIMES: Final = 3
"""Range, batch and channel of a card would be three bare statements."""
CARDS: Final = 100
"""Of each range."""
_ISSUER: Final = 8986030000000000000
_HEADER: Final = (
    "渠道编码", "渠道名称", "渠道类型", "上级渠道编码", "省份", "批次号", "产品", "配送日期",
    "起始ICCID", "终止ICCID",
)  # fmt: skip


def write_rows(path: Path, count: int) -> None:
    """Ranges of 100 cards, 20 a batch, to 1,000 channels below ten; in no order of numbers."""
    order = list(range(count))
    random.Random(182).shuffle(order)  # noqa: S311
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for at in range(10):
            writer.writerow([f"QD-{at}", f"分销中心{at}", "经销商", "", "广东", "", "", "", "", ""])
        for at, place in enumerate(order):
            batch = at // 20
            channel = batch % 1_000
            first = _ISSUER + place * CARDS
            writer.writerow(
                [f"QD-{channel // 100}-{channel}", f"经营部{channel}", "社会渠道",
                 f"QD-{channel // 100}", "广东", f"PC-{batch:06}", "青年卡", "2026-01-15",
                 str(first), str(first + CARDS - 1)]
            )  # fmt: skip


def brought(house: House, path: Path) -> tuple[Import, float]:
    began = time.process_time()
    planned = plan_import(house.desk(), "stock", path.name, path, organisation="CT-44")
    while advance_import(house.desk(), planned.id):
        pass
    return the_import(house.desk(), planned.id), time.process_time() - began


def bare(house: House, wanted: list[int]) -> float:
    """Seconds of a statement a card, straight to the driver, that finds its range and no more."""
    statement = text(
        "SELECT last, batch_id FROM stock_ranges WHERE carrier_id = (SELECT id FROM organisations"
        " WHERE code = 'CT-44') AND first <= :number ORDER BY first DESC LIMIT 1"
    )
    began = time.perf_counter()
    with house.engine.connect() as connection:
        for number in wanted:
            connection.execute(statement, {"number": number}).first()
    return time.perf_counter() - began


def looked_up(house: House, rows: int) -> tuple[float, float, float]:
    """Seconds for all in lots, of the bare statements, and milliseconds of one by itself."""
    chance = random.Random(183)  # noqa: S311
    wanted = [_ISSUER + chance.randrange(rows * CARDS * 11 // 10) for _ in range(LOOK_UPS)]
    began, found = time.perf_counter(), set[int]()
    for at in range(0, LOOK_UPS, AT_ONCE):
        with house.desk().begin(Permission.STOCK_READ) as work:
            found |= places(work, wanted[at : at + AT_ONCE]).keys()
    took = time.perf_counter() - began
    each: list[float] = []
    for number in wanted[:200]:
        began = time.perf_counter()
        with house.desk().begin(Permission.STOCK_READ) as work:
            places(work, [number])
        each.append(time.perf_counter() - began)
    assert found == {number for number in wanted if number < _ISSUER + rows * CARDS}
    return took, bare(house, wanted), sorted(each)[int(len(each) * 0.95)] * 1_000


def run(rows: int, database: str | None) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "stock.csv"
        write_rows(path, rows)
        house = House.open(Settings(data=folder, database_url=database))
        migrate(house.engine)
        for code, kind in (("CT-44", OrganisationKind.BASIC_CARRIER_PROVINCE),):
            add_organisation(house.desk(), code=code, kind=kind, name="中国电信广东", province="44")
        imported, took = brought(house, path)
        again, _ = brought(house, path)
        seconds, barely, slowest = looked_up(house, rows)
        house.engine.dispose()
    kind = "PostgreSQL" if database else "SQLite"
    rate, what = round(imported.rows / took), f"{rows:,} ranges of {CARDS} cards on {kind}"
    is_whole = imported.accepted == imported.rows and again.rejected == rows
    return [
        Figure("stock", f"import of {what}", f"{rate:,} rows/s/core", f"≥ {RATE:,}",
               is_whole and rate >= RATE, f"{imported.accepted:,} accepted"),
        Figure("stock", f"{LOOK_UPS:,} cards looked up in {what}, up to their channels",
               f"{seconds:.2f} s", f"≤ {TIMES} × bare", seconds <= TIMES * barely,
               f"{barely:.2f} s for a bare statement a card; one by itself p95 {slowest:.1f} ms"),
    ]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("rows", type=int, nargs="?", default=100_000)
    options.add_argument("--only", choices=["sqlite", "postgresql"])
    given = options.parse_args()
    figures: list[Figure] = []
    if given.only != "postgresql":
        figures += run(given.rows, None)
    if given.only != "sqlite":
        with postgres() as url:
            figures += run(given.rows, url)
    keep("stock", figures)


if __name__ == "__main__":
    main()
