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
    """docs/benchmarks.md from everything that was kept."""
    lines = [
        "# Benchmarks",
        "",
        f"Written by `make bench` on {datetime.now(UTC):%F}.",
        f"Python {platform.python_version()}, {os.cpu_count()} shared cores; go by the ratios.",
        "",
        "| what | measured | target | | against, in the same run |",
        "| --- | --- | --- | --- | --- |",
    ]
    for path in sorted(RESULTS.glob("*.json")):
        for row in (Figure(**one) for one in json.loads(path.read_text("utf-8"))):
            mark = "✓" if row.is_met else "✗"
            lines.append(f"| {row.what} | {row.measured} | {row.target} | {mark} | {row.against} |")
    PAGE.write_text("\n".join(lines) + "\n", "utf-8")
