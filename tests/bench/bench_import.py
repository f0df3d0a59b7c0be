"""Rows a second of an import of agents, against the barest loop that fills the same columns.

    python -m tests.bench.bench_import [ROWS] [--database URL]

Processor seconds, so that a second core is not counted as speed.
"""

import argparse
import csv
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from console.actions.imports.plan import plan_import
from console.actions.imports.run import advance_import
from console.actions.staff.people import add_organisation
from console.database import migrate
from console.desk import House
from console.settings import Settings
from models.channel.imports import ImportState
from models.formats import organisation_check_character, uscc_check_character
from models.provinces import provinces
from models.staff import OrganisationKind
from tests.bench.figures import Figure, keep

RATE: Final = 10_000
MEGABYTES: Final = 512
HEADER: Final = (
    "企业名称", "统一社会信用代码", "省份", "法定代表人", "联系方式", "营业执照有效期",
)  # fmt: skip
_WORDS: Final = "通信网络信息科技电子商贸数码移动联华信达恒远盛世宏图"
_NAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"


def agent_rows(count: int) -> Iterator[list[str]]:
    """Firms as carriers list them, each with a true check character; always the same."""
    chance, names = random.Random(182), [one.zh for one in provinces().values()]  # noqa: S311
    codes = list(provinces())
    for at in range(count):
        place = at % len(codes)
        number = f"{at:08d}"
        body = f"91{codes[place]}0100{number}{organisation_check_character(number)}"
        firm = "".join(chance.choices(_WORDS, k=6))
        yield [
            f"{names[place]}{firm}有限公司{at}",
            body + uscc_check_character(body),
            names[place],
            "".join(chance.choices(_NAMES, k=3)),
            f"400{at:07d}",
            "长期" if at % 3 else "2035-12-31",
        ]


def write_rows(path: Path, count: int, encoding: str = "utf-8-sig") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(agent_rows(count))


def bare(path: Path, folder: Path) -> float:
    """Processor seconds of `csv.reader` into `executemany`, one transaction, one unique index."""
    database = sqlite3.connect(folder / "bare.db")
    database.execute("PRAGMA journal_mode=wal")
    database.execute("CREATE TABLE rows (a, b UNIQUE, c, d, e, f)")
    began = time.process_time()
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        with database:
            database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", reader)
    took = time.process_time() - began
    database.close()
    return took


def run(rows: int, database: str | None) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "agents.csv"
        write_rows(path, rows)
        barely = bare(path, folder)
        house = House.open(Settings(data=folder, database_url=database))
        migrate(house.engine)
        kind = OrganisationKind.BASIC_CARRIER_GROUP
        add_organisation(house.desk(), code="CT", kind=kind, name="中国电信")
        began, wall = time.process_time(), time.monotonic()
        planned = plan_import(house.desk(), "agents", path.name, path, organisation="CT")
        read = time.process_time() - began
        while advance_import(house.desk(), planned.id):
            pass
        took, waited = time.process_time() - began, time.monotonic() - wall
        ended = _ended(house, planned.id)
        house.engine.dispose()
    return {
        "rows": rows,
        "accepted": ended[1],
        "done": ended[0] is ImportState.DONE,
        "rows_a_second_a_core": round(rows / took),
        "rows_a_second": round(rows / waited),
        "seconds_of_first_reading": round(read, 2),
        "bare_rows_a_second_a_core": round(rows / barely),
        "share_of_bare": round(barely / took, 3),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _ended(house: House, import_id: object) -> tuple[ImportState, int]:
    from console.actions.imports.plan import the_import

    imported = the_import(house.desk(), str(import_id))
    return imported.state, imported.accepted


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("rows", type=int, nargs="?", default=1_000_000)
    options.add_argument("--database")
    given = options.parse_args()
    found = run(given.rows, given.database)
    rate, peak = int(found["rows_a_second_a_core"]), int(found["peak_megabytes"])
    share = f"{found['share_of_bare']} of the bare loop; {found['accepted']:,.0f} accepted"
    rows = f"{given.rows:,} agents on {'PostgreSQL' if given.database else 'SQLite'}"
    is_whole = bool(found["done"])
    figures = [
        Figure(
            "import", f"import of {rows}", f"{rate:,} rows/s/core", f"≥ {RATE:,}",
            is_whole and rate >= RATE, share,
        ),
        Figure(
            "import", f"import of {rows}, memory", f"{peak} MB", f"≤ {MEGABYTES} MB",
            is_whole and peak <= MEGABYTES,
        ),
    ]  # fmt: skip
    keep("import", figures)


if __name__ == "__main__":
    main()
