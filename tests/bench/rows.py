"""A figure, beside the limit or the peer that it is held against."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    name: str
    value: float
    unit: str
    limit: str = ""
    """The target in words, as `>= 0.5`; empty where there is none."""
    ratio: float | None = None
    """Against the peer of the same run, where one is named."""


def keep(name: str, rows: list[Row]) -> None:
    """Print the rows, and leave them as JSON lines in `results/<name>.json`."""
    RESULTS.mkdir(exist_ok=True)
    lines = [json.dumps(asdict(row), ensure_ascii=False) for row in rows]
    (RESULTS / f"{name}.json").write_text("\n".join(lines) + "\n", "utf-8")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:6.2f}x"
        sys.stdout.write(f"{row.name:44} {row.value:12,.2f} {row.unit:8} {ratio:8} {row.limit}\n")
