"""A file of a million listings screened and matched with 50,000 agents; ten million for memory.

`LISTINGS` says how many go through memory (a multiple of 20,000); `DASK=0` leaves Dask out.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from tests.bench.figures import Figure, keep
from tests.bench.market import agents_table, write_listings
from tests.screening.dask import dask

WALL, MEMORY, FLAT, RATIO = 9.0, 1500, 450, 1.6
LISTINGS: Final = int(os.environ.get("LISTINGS", "10000000"))
_PAGE: Final = resource.getpagesize()


@dataclass(frozen=True)
class Ran:
    wall: float
    cpu: float
    """Of the command and its children; of Dask's workers nothing."""
    most: int
    """MB of the largest process at its largest."""
    together: int
    """MB of all of them, what they share counted once."""


def run(source: Path, target: Path, agents: Path, engine: str = "local") -> Ran:
    given = ("--register", str(agents), "--engine", engine)
    return commanded("screen", str(source), str(target), *given)


def commanded(*given: str) -> Ran:
    """`channel` with these words, watched."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("channel")), *given],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    seen = _Seen(process.pid)
    seen.start()
    code = process.wait()
    wall = time.monotonic() - begun
    seen.ended.set()
    seen.join()
    if code:
        sys.exit(f"channel {' '.join(given)}: {code}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(wall, cpu, seen.most, seen.together)


class _Seen(threading.Thread):
    """Looks at a process and its children, five times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.ended = threading.Event()
        self.most = self.together = 0

    def run(self) -> None:
        while not self.ended.wait(0.2):
            sizes = [_memory(pid) for pid in family(self._pid)]
            self.most = max(self.most, *(own for own, _ in sizes), 0)
            self.together = max(self.together, sum(share for _, share in sizes))


def family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        children = []
    return [pid, *(one for child in children for one in family(int(child)))]


def _memory(pid: int) -> tuple[int, int]:
    """MB resident, and MB of it that is its own share."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0, 0
    found = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith(" kB")}
    return found.get("Rss", 0) >> 10, found.get("Pss", 0) >> 10


def cpu_of(pids: list[int]) -> float:
    """Seconds of processor time that processes have had so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        agents, million = folder / "agents.parquet", folder / "million.parquet"
        pq.write_table(agents_table(50_000), agents)
        write_listings(million, 1_000_000)
        whole = run(million, folder / "out.parquet", agents)
        figures = [
            Figure("end_to_end", "1,000,000 listings × 50,000 agents, wall", f"{whole.wall:.1f} s",
                   f"≤ {WALL:g} s", whole.wall <= WALL,
                   f"{whole.cpu:.1f} CPU-s, load {os.getloadavg()[0]:.1f}"),
            Figure("end_to_end", "the same, memory of all processes", f"{whole.together} MB",
                   f"≤ {MEMORY} MB", whole.together <= MEMORY, f"largest {whole.most} MB"),
        ]  # fmt: skip
        if os.environ.get("DASK") != "0":
            figures.append(_beside_dask(million, folder, agents, whole))
        million.unlink()
        (folder / "out.parquet").unlink()
        figures += _streamed(folder, agents)
        keep("end_to_end", figures)


def _beside_dask(million: Path, folder: Path, agents: Path, local: Ran) -> Figure:
    with dask() as (engine, pids):
        before = cpu_of(pids)
        ran = run(million, folder / "dask.parquet", agents, engine)
        cpu = ran.cpu + cpu_of(pids) - before
    same = pq.read_table(folder / "dask.parquet").equals(pq.read_table(folder / "out.parquet"))
    (folder / "dask.parquet").unlink()
    ratio = cpu / local.cpu
    return Figure(
        "end_to_end", "Dask, scheduler and two workers: CPU", f"{ratio:.2f} ×", f"≤ {RATIO} ×",
        same and ratio <= RATIO,
        f"of the local engine's; answers {'equal' if same else 'NOT equal'}; {ran.wall:.1f} s",
    )  # fmt: skip


def _streamed(folder: Path, agents: Path) -> list[Figure]:
    source = folder / "many.parquet"
    write_listings(source, LISTINGS)
    ran = run(source, folder / "many-out.parquet", agents)
    return [
        Figure("end_to_end", f"{LISTINGS:,} listings streamed, largest process", f"{ran.most} MB",
               f"≤ {FLAT} MB", ran.most <= FLAT,
               f"{ran.together} MB together; {ran.wall:.0f} s, {ran.cpu:.0f} CPU-s"),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
