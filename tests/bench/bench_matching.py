"""Shops matched with agents: exactly by id and address, and the doubles among the names.

Marked on the shipped sets with a half kept out, on the sets repeated to 50,000 agents, and on a
market of the same words at 100,000 shops and 50,000 agents, whose seed no threshold has seen.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import os
import secrets
import time
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models.patrol.matching import AgentIndex, match_shops
from tests.bench.figures import Figure, keep
from tests.bench.market import SETS, agents_table, built, repeated

SEED: Final = int(os.environ.get("SEED", "0")) or secrets.randbelow(1 << 30)
F1, SECONDS = 0.85, 4.0
"""At least; at most so many CPU seconds for 100,000 shops and 50,000 agents."""
COPIES: Final = 25
DOUBLES: Final = ("looks_like", "by_name")


@dataclass(frozen=True)
class Marked:
    precision: float
    recall: float
    is_exact: bool
    """Authorised shops have the very agent of the truth, and nobody else is authorised."""
    seconds: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def __str__(self) -> str:
        return f"F1 {self.f1:.3f} (P {self.precision:.3f}, R {self.recall:.3f})"


def mark(agents: pa.Table, shops: pa.Table) -> Marked:
    begun = time.process_time()
    index = AgentIndex(agents)
    found = match_shops(shops.combine_chunks().to_batches()[0], index)
    seconds = time.process_time() - begun
    rows = list(
        zip(
            shops["rel"].to_pylist(),
            shops["true_agent"].to_pylist(),
            found.column("shop_match").to_pylist(),
            found.column("agent_no").to_pylist(),
            strict=True,
        )
    )
    exact = {"auth_id": "by_id", "auth_url": "by_url"}
    told = [(rel, true, agent) for rel, true, match, agent in rows if match in DOUBLES]
    right = sum(rel == "impersonator" and true == agent for rel, true, agent in told)
    doubles = sum(rel == "impersonator" for rel, *_ in rows)
    return Marked(
        precision=right / len(told) if told else 1.0,
        recall=right / doubles if doubles else 1.0,
        is_exact=all(
            (match == exact.get(rel) and agent == true)
            if rel in exact
            else match not in exact.values()
            for rel, true, match, agent in rows
        ),
        seconds=seconds,
    )


def main() -> None:
    agents = pq.read_table(SETS / "agents_20000.parquet").rename_columns({"agent_id": "agent_no"})
    shops = pq.read_table(SETS / "shops_20000.parquet")
    odd = pc.equal(pc.bit_wise_and(pa.array(range(shops.num_rows)), 1), 1)
    halves = [mark(agents, shops.filter(part)) for part in (odd, pc.invert(odd))]
    many = mark(agents_table(50_000), pa.concat_tables(repeated(shops, COPIES, agents=True)))
    market = built(50_000, 100_000, SEED)
    made = mark(market.agents, market.shops)
    exact = all(one.is_exact for one in (*halves, many))
    keep(
        "matching",
        [
            Figure("matching", "shops by id and address, against the truth",
                   "equal" if exact else "NOT equal", "equal", exact),
            *(
                Figure("matching", f"doubles, shipped set, {name} half", str(one),
                       f"F1 ≥ {F1}", one.f1 >= F1)
                for name, one in zip(("odd", "even"), halves, strict=True)
            ),
            Figure("matching", "doubles, shipped sets repeated (75,000 × 50,000)", str(many),
                   f"F1 ≥ {F1}", many.f1 >= F1, f"{many.seconds:.2f} CPU-s"),
            Figure("matching", f"doubles, market of the same words (100,000 × 50,000, seed {SEED})",
                   str(made), f"F1 ≥ {F1}", made.f1 >= F1),
            Figure("matching", "CPU of that, with the index", f"{made.seconds:.2f} s",
                   f"≤ {SECONDS:g} s", made.seconds <= SECONDS),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
