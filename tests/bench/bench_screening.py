"""Titles screened a second, in one process and in two, and that ten times as many take ten times.

The titles are `listings_20000.parquet` of the study, repeated with a number behind each so that no
two are the same; name the file by `LISTINGS`, else it is looked for beside the repository.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models.patrol.screening import screen_batch
from tests.bench.figures import Figure, keep

SHARED: Final = Path(__file__).parents[3] / "shared/screening/listings_20000.parquet"
LISTINGS: Final = Path(os.environ.get("LISTINGS", str(SHARED)))
MILLIONS: Final = int(os.environ.get("MILLIONS", "10"))
ROWS, MEMORY = 350_000, 450
KEYWORDS: Final = "流量卡|电话卡|手机卡|上网卡|SIM卡|物联卡|实名|猫池"


def titles() -> pa.Array:
    return pq.read_table(LISTINGS, columns=["title"])["title"].combine_chunks().cast(pa.string())


def batch(number: int) -> pa.RecordBatch:
    """Twenty thousand titles that no other batch has."""
    return pa.RecordBatch.from_arrays(
        [pc.binary_join_element_wise(titles(), f"{number}", " ")], ["title"]
    )


def screened(numbers: range) -> tuple[int, float]:
    """How many rows, and CPU seconds of the screening alone."""
    rows, spent = 0, 0.0
    for number in numbers:
        given = batch(number)
        began = time.process_time()
        rows += screen_batch(given).num_rows
        spent += time.process_time() - began
    return rows, spent


def keywords(numbers: range) -> float:
    """CPU seconds of a peer that looks for eight words, as a filter of a sheet does."""
    spent = 0.0
    for number in numbers:
        column = batch(number).column("title")
        began = time.process_time()
        pc.match_substring_regex(column, KEYWORDS)
        spent += time.process_time() - began
    return spent


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    screened(range(1))
    rows, one = screened(range(10))
    peer = keywords(range(10))
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(screened, [range(1), range(1)]))
        began = time.perf_counter()
        done = sum(found for found, _ in pool.map(screened, [range(15), range(15, 30)]))
        two = done / (time.perf_counter() - began)
    small, first = screened(range(MILLIONS * 5))
    after_small = memory()
    large, second = screened(range(MILLIONS * 50))
    per = (second / large) / (first / small)
    load = f"load {os.getloadavg()[0]:.1f}"
    keep(
        "screening",
        [
            Figure("screening", "titles a CPU second, one process", f"{rows / one:,.0f}",
                   "≥ 175,000", rows / one >= ROWS / 2,
                   f"eight words by regex: {rows / peer:,.0f}; {load}"),
            Figure("screening", "titles a second, two processes", f"{two:,.0f}",
                   f"≥ {ROWS:,}", two >= ROWS, load),
            Figure("screening", f"cost of a title, {large:,} against {small:,}", f"{per:.2f} ×",
                   "≤ 1.15 ×", per <= 1.15, load),
            Figure("screening", f"memory, {large:,} titles streamed", f"{memory():.0f} MB",
                   f"≤ {MEMORY} MB", memory() <= MEMORY, f"{after_small:.0f} MB after {small:,}"),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
