"""A measured figure beside its target, and the table of all of them."""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

RESULTS: Final = Path(__file__).parent / "results"
PAGE: Final = Path(__file__).parents[2] / "docs/benchmarks.md"

_TABLE: Final = (
    "| what | measured | target | | against, in the same run |",
    "| --- | --- | --- | --- | --- |",
)


@dataclass(frozen=True)
class Figure:
    bench: str
    what: str
    measured: str
    target: str
    is_met: bool
    against: str = ""
    """The limit or peer of the same run that the figure is a ratio to."""


def keep(bench: str, figures: Iterable[Figure]) -> None:
    """Print the figures and keep them for the page."""
    rows = list(figures)
    for row in rows:
        mark = "✓" if row.is_met else "✗"
        print(f"{mark} {row.what}: {row.measured} (target {row.target}) {row.against}")
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1)
    (RESULTS / f"{bench}.json").write_text(text, "utf-8")


def write_page() -> None:
    """docs/benchmarks.md: what was measured here, and what other runs measured as they wrote it."""
    parts = _written_before()
    for path in RESULTS.glob("*.json"):
        figures = (Figure(**one) for one in json.loads(path.read_text("utf-8")))
        parts[path.stem] = [_row(one) for one in figures]
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench`, last on {datetime.now(UTC):%F}; each part by its own bench.",
        f"Python {platform.python_version()}, {os.cpu_count()} shared cores; go by the ratios.",
    ]
    for name, rows in sorted(parts.items()):
        lines += ["", f"## {name}", "", *_TABLE, *rows]
    PAGE.write_text("\n".join(lines) + "\n", "utf-8")


def _row(figure: Figure) -> str:
    mark = "✓" if figure.is_met else "✗"
    told = (figure.what, figure.measured, figure.target, mark, figure.against)
    return f"| {' | '.join(told)} |"


def _written_before() -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    rows: list[str] = []
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            rows = parts.setdefault(line.removeprefix("## "), [])
        elif line.startswith("| ") and line not in _TABLE:
            rows.append(line)
    return parts
