"""Files of agents as carriers send them."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.bench.bench_import import HEADER, agent_rows

SHOP_HEADER = (*HEADER, "平台", "店铺ID", "店铺名称", "店铺链接")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def good(count: int, first: int = 0) -> list[list[str]]:
    return list(agent_rows(first + count))[first:]


def agents_csv(count: int, **at: Mapping[str, str]) -> bytes:
    """Good rows; `row3={"省份": "火星"}` spoils the third row of data."""
    rows = good(count)
    for name, changes in at.items():
        row = rows[int(name.removeprefix("row")) - 1]
        for column, value in changes.items():
            row[HEADER.index(column)] = value
    return csv_text(HEADER, rows).encode("utf-8-sig")


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
