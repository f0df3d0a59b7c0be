"""The catalogue of hostile answers at full size: what each group costs, and that nobody is reached.

    python -m tests.bench.bench_hostile [--pace SECONDS] [GROUP...]

One after another first, for seconds and memory of each; then all by sixteen workers at once.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from console.database import migrate
from console.desk import House
from console.settings import Settings
from tests.bench.figures import Figure, keep
from tests.fetch.world import Result, hostile_world

SECONDS, MEGABYTES, ALL_MEGABYTES, ALL_SECONDS = 30.0, 64, 512, 900
_MIB: Final = 1 << 20


def _memory(key: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))


def run(pace: float, groups: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        house = House.open(Settings(data=Path(name)))
        migrate(house.engine)
        with hostile_world(house.desk(), Path(name, "lanes"), pace_seconds=pace) as world:
            opened = _memory("VmRSS")  # with the sites and all that they serve
            if groups:
                world.cases = [case for case in world.cases if case.group in groups]
            alone: list[tuple[Result, int]] = []
            for case in world.cases:
                Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak begins anew
                before = _memory("VmRSS")
                result = world.run(case)
                alone.append((result, _memory("VmHWM") - before))
            world.names.forget()
            Path("/proc/self/clear_refs").write_text("5", "ascii")
            began = time.monotonic()
            together = world.run_all()
            took, peak = time.monotonic() - began, _memory("VmHWM") - opened
            whole = not list(house.evidence.verify_all())
            hits = world.hits
        house.engine.dispose()
    return {"alone": alone, "together": together, "took": took, "hits": hits, "whole": whole,
            "peak": peak}  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("groups", nargs="*")
    options.add_argument("--pace", type=float, default=0.05)
    given = options.parse_args()
    found = run(given.pace, given.groups)
    figures: list[Figure] = []
    by_group: dict[str, list[tuple[Result, int]]] = defaultdict(list)
    for result, grown in found["alone"]:
        by_group[result.case.group].append((result, grown))
    for group, met in by_group.items():
        good = sum(result.is_good for result, _ in met)
        slowest, most = max(r.seconds for r, _ in met), max(grown for _, grown in met)
        figures.append(
            Figure(
                "hostile", f"hostile answers: {group}, {len(met)} cases",
                f"{good} as they may end, {slowest:.1f} s, +{most / _MIB:.0f} MB",
                f"all, ≤ {SECONDS:.0f} s, ≤ +{MEGABYTES} MB",
                good == len(met) and slowest <= SECONDS and most <= MEGABYTES * _MIB,
            )
        )  # fmt: skip
        for result, _ in met:
            if not result.is_good:
                print(result.case.key, result.found.outcome, result.found.reason)
    lost = len(found["alone"]) - len(found["together"])
    bad = sum(not result.is_good for result in found["together"])
    figures.append(
        Figure(
            "hostile", f"all {len(found['together'])} at once, 16 workers",
            f"{found['took']:.0f} s, peak +{found['peak'] / _MIB:.0f} MB, {bad} bad, {lost} lost, "
            f"{found['hits']} canaries reached, evidence {'whole' if found['whole'] else 'BROKEN'}",
            f"≤ {ALL_SECONDS} s, ≤ {ALL_MEGABYTES} MB, 0, 0, 0, whole",
            found["took"] <= ALL_SECONDS and found["peak"] <= ALL_MEGABYTES * _MIB
            and not (bad or lost or found["hits"]) and found["whole"],
            f"at a pace of {given.pace} s a host",
        )
    )  # fmt: skip
    keep("hostile", figures)


if __name__ == "__main__":
    main()
