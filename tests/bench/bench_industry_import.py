"""A million industry cards named one by one, loaded into their batch.

    python -m tests.bench.bench_industry_import [CARDS] [--only sqlite|postgresql] [--mixed]

Processor seconds from the file to the last range, so that who else works on the machine is not
counted; the clock beside them. `--mixed` names the cards in no order.
"""

import argparse
import random
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Final

from sqlmodel import func, select

from console.actions.cards.industry.batches import draft_batch
from console.actions.cards.industry.purchasers import add_purchaser
from console.actions.imports.plan import plan_import
from console.actions.imports.run import run_import
from console.actions.staff.people import add_organisation
from console.database import migrate
from console.desk import Desk, House
from console.settings import Settings
from models.cards.classes import CardClass
from models.cards.industry import IndustryBatch
from models.cards.ranges import IndustryRange
from models.formats import luhn_digit
from models.permissions import Permission
from models.staff import OrganisationKind
from tests.bench.figures import Figure, keep
from tests.bench.servers import postgres
from tests.channel.stories import uscc

SECONDS: Final = 60
_ISSUER: Final = "898604"


def iccid(serial: int) -> str:
    body = f"{_ISSUER}{serial:013d}"
    return body + luhn_digit(body)


def write_cards(path: Path, number: str, count: int, *, mixed: bool) -> None:
    order = list(range(count))
    if mixed:
        random.Random(182).shuffle(order)  # noqa: S311
    with path.open("w", encoding="utf-8-sig") as file:
        file.write("批次号,ICCID\n")
        file.writelines(f"{number},{iccid(at)}\n" for at in order)


def ordered(desk: Desk, count: int) -> IndustryBatch:
    add_organisation(
        desk, code="CM-44", kind=OrganisationKind.BASIC_CARRIER_PROVINCE, name="中国移动广东",
        province="44",
    )  # fmt: skip
    buyer = add_purchaser(
        desk, name="广州禾苗智能表计有限公司", uscc=uscc(1), province="44", organisation="CM-44"
    )
    return draft_batch(
        desk, purchaser=buyer.id, card_class=CardClass.I1, ordered=count, product="抄表",
        use_statement=f"远程抄表 {date(2026, 1, 1)}",
    )  # fmt: skip


def run(count: int, database: str | None, *, mixed: bool) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        house = House.open(Settings(data=folder, database_url=database))
        migrate(house.engine)
        desk = house.desk()
        batch = ordered(desk, count)
        path = folder / "cards.csv"
        write_cards(path, batch.number, count, mixed=mixed)
        began, worked = time.perf_counter(), time.process_time()
        planned = plan_import(desk, "industry_cards", path.name, path, organisation="CM-44")
        done = run_import(desk, planned.id)
        took, worked = time.perf_counter() - began, time.process_time() - worked
        with desk.begin(Permission.INDUSTRY_READ) as work:
            ranges = work.session.exec(select(func.count()).select_from(IndustryRange)).one()
            loaded = work.session.get_one(IndustryBatch, batch.id).cards
        house.engine.dispose()
    where = "PostgreSQL" if database else "SQLite"
    how = "in no order" if mixed else "in order"
    is_whole = done.accepted == loaded == count and ranges == 1
    return [
        Figure("industry_import", f"{count:,} ICCIDs one by one, {how}, loaded on {where}",
               f"{worked:.1f} s", f"≤ {SECONDS} s",
               is_whole and worked <= SECONDS * count / 1_000_000,
               f"{loaded:,} cards in {ranges} range; {took:.1f} s by the clock"),
    ]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("cards", type=int, nargs="?", default=1_000_000)
    options.add_argument("--only", choices=["sqlite", "postgresql"])
    options.add_argument("--mixed", action="store_true")
    given = options.parse_args()
    figures: list[Figure] = []
    if given.only != "postgresql":
        figures += run(given.cards, None, mixed=given.mixed)
    if given.only != "sqlite":
        with postgres() as url:
            figures += run(given.cards, url, mixed=given.mixed)
    keep("industry_import_mixed" if given.mixed else "industry_import", figures)


if __name__ == "__main__":
    main()
