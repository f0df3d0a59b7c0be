"""Ten million records of use × 100,000 batches; a tenth as many, and three times as many.

    python -m tests.bench.bench_monitoring

`RECORDS` says how many the middle run has; `DASK=0` leaves Dask out. The peer is what Arrow alone
does with the same columns: sums and different devices and regions for each card and month.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.bench.bench_end_to_end import Ran, commanded, cpu_of
from tests.bench.figures import Figure, keep
from tests.bench.usage_data import DAYS, world, write_usage
from tests.screening.dask import dask

RATE, SHARE, MEMORY, LINEAR, RATIO = 1_500_000, 0.5, 2000, 1.2, 1.6
BATCHES: Final = 100_000
RECORDS: Final = int(os.environ.get("RECORDS", "10000000"))
_A_CARD: Final = 0.83 * DAYS
_PEER: Final = "--peer"
_COLUMNS: Final = ("iccid", "day", "bytes", "voice", "sms", "device", "region")
_SUMS: Final = [("bytes", "sum"), ("voice", "sum"), ("sms", "sum"),
                ("device", "count_distinct"), ("region", "count_distinct")]  # fmt: skip


@dataclass(frozen=True)
class Given:
    scopes: Path
    usage: Path
    records: int


def written(folder: Path, records: int, *, by_card: bool) -> Given:
    made = world(BATCHES, round(records / _A_CARD))
    scopes, usage = folder / "scopes.parquet", folder / f"use-{records}-{by_card}.parquet"
    pq.write_table(made.scopes, scopes)
    return Given(scopes, usage, write_usage(usage, made, by_card=by_card))


def monitored(given: Given, target: Path, engine: str = "local") -> Ran:
    more = ("--scopes", str(given.scopes), "--engine", engine)
    return commanded("monitor", str(given.usage), str(target), *more)


def aggregate(path: str) -> None:
    """The peer, in a process of its own."""
    table = pq.read_table(path, columns=list(_COLUMNS))
    table = table.append_column("month", pc.month(table["day"]))
    table.group_by(["iccid", "month"]).aggregate(_SUMS)


def peer(given: Given) -> tuple[float, float]:
    """Seconds on the wall and of the processor."""
    code = [sys.executable, "-m", "tests.bench.bench_monitoring", _PEER, str(given.usage)]
    before, begun = os.times(), time.monotonic()
    subprocess.run(code, check=True)
    after = os.times()
    spent = after.children_user + after.children_system
    return time.monotonic() - begun, spent - before.children_user - before.children_system


def _middle(folder: Path, *, by_card: bool) -> tuple[list[Figure], Given, Ran]:
    given = written(folder, RECORDS, by_card=by_card)
    wall, cpu = peer(given)
    ran = monitored(given, folder / "hits.parquet")
    rate, share = given.records / ran.wall, cpu / ran.cpu
    order = "by card" if by_card else "in no order"
    what = f"{given.records:,} records × {BATCHES:,} batches, {order}"
    return [
        Figure("monitoring", what, f"{rate:,.0f}/s = {share:.0%} of the peer by processor's time",
               f"≥ {RATE:,}/s or ≥ {SHARE:.0%}", rate >= RATE or share >= SHARE,
               f"{ran.wall:.1f} s, {ran.cpu:.1f} CPU-s; Arrow's group_by of the same columns "
               f"{wall:.1f} s, {cpu:.1f} CPU-s; load {os.getloadavg()[0]:.1f}"),
        Figure("monitoring", "the same, memory of all processes", f"{ran.together} MB",
               f"≤ {MEMORY} MB", ran.together <= MEMORY, f"largest {ran.most} MB"),
    ], given, ran  # fmt: skip


def _beside_dask(folder: Path, given: Given, local: Ran) -> Figure:
    with dask() as (engine, pids):
        before = cpu_of(pids)
        ran = monitored(given, folder / "dask.parquet", engine)
        cpu = ran.cpu + cpu_of(pids) - before
    same = pq.read_table(folder / "dask.parquet").equals(pq.read_table(folder / "hits.parquet"))
    ratio = cpu / local.cpu
    return Figure(
        "monitoring", "Dask, scheduler and two workers: CPU", f"{ratio:.2f} ×", f"≤ {RATIO} ×",
        same and ratio <= RATIO,
        f"of the local engine's; hits {'equal' if same else 'NOT equal'}; {ran.wall:.1f} s",
    )  # fmt: skip


def _grown(folder: Path, records: int, middle: float) -> list[Figure]:
    """`middle` are the processor's seconds for a record of the middle run."""
    given = written(folder, records, by_card=False)
    ran = monitored(given, folder / "grown.parquet")
    given.usage.unlink()
    per = ran.cpu / given.records / middle
    return [
        Figure("monitoring", f"cost of a record, {given.records:,} against {RECORDS:,}",
               f"{per:.2f} ×", f"≤ {LINEAR} ×", per <= LINEAR,
               f"{ran.wall:.1f} s, {ran.cpu:.1f} CPU-s; load {os.getloadavg()[0]:.1f}"),
        Figure("monitoring", "the same, memory of all processes", f"{ran.together} MB",
               f"≤ {MEMORY} MB", ran.together <= MEMORY, f"largest {ran.most} MB"),
    ]  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures, given, _ = _middle(folder, by_card=True)
        given.usage.unlink()
        more, given, ran = _middle(folder, by_card=False)
        figures += more
        if os.environ.get("DASK") != "0":
            figures.append(_beside_dask(folder, given, ran))
        given.usage.unlink()
        middle = ran.cpu / given.records
        small = written(folder, RECORDS // 10, by_card=False)
        least = monitored(small, folder / "small.parquet").cpu / small.records
        figures.append(
            Figure("monitoring", f"cost of a record, {RECORDS:,} against {small.records:,}",
                   f"{middle / least:.2f} ×", f"≤ {LINEAR} ×", middle <= least * LINEAR)
        )  # fmt: skip
        keep("monitoring", [*figures, *_grown(folder, RECORDS * 3, middle)])


if __name__ == "__main__":
    if _PEER in sys.argv:
        aggregate(sys.argv[-1])
    else:
        main()
