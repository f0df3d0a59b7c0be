"""A list of 100,000 agents prepared, approved, written out and compared with the next.

    python -m tests.bench.bench_publication [AGENTS] [--database URL]

Processor seconds, so that other work on the machine is not counted; those of the clock beside.
Memory is what the process grew by at its highest.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Final

from sqlalchemy import text

from console.actions.channel.editions import publication_record
from console.actions.channel.golden import write_register
from console.actions.channel.publish import prepare_publication, publish
from console.database import WRITING, migrate
from console.desk import House
from console.settings import Settings
from tests.bench.figures import Figure, keep
from tests.bench.register_data import fill

SECONDS: Final = 60
MEGABYTES: Final = 256
CARRIER: Final = "CT-44"


def peak() -> int:
    return getrusage(RUSAGE_SELF).ru_maxrss // 1024


def filled(folder: Path, database: str | None, agents: int) -> None:
    """In a process of its own, so that its memory is not counted."""
    house = House.open(Settings(data=folder, database_url=database))
    migrate(house.engine)
    fill(house, agents)
    house.engine.dispose()


def run(agents: int, database: str | None) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filling = get_context("spawn").Process(target=filled, args=(folder, database, agents))
        filling.start()
        filling.join()
        house = House.open(Settings(data=folder, database_url=database))
        desk, before, spent = house.desk(), peak(), dict[str, float]()

        def timed(step: str, do: Callable[[], object]) -> None:
            began, wall = time.process_time(), time.monotonic()
            do()
            spent[step] = time.process_time() - began
            spent[f"{step}_wall"] = time.monotonic() - wall

        timed("first", lambda: _out(house))
        with house.engine.execution_options(**{WRITING: True}).begin() as connection:
            # A hundredth of the names is another from here on.
            word = "UPDATE agents SET name = name || '分公司' WHERE serial % 100 = 0"
            connection.execute(text(word))
        drafts = list[str]()
        timed("prepared", lambda: drafts.append(str(prepare_publication(desk, CARRIER).id)))
        timed("published", lambda: publish(desk, drafts[0]))
        timed("written", lambda: write_register(desk, folder / "register"))
        timed("compared", lambda: publication_record(desk, drafts[0]))
        found = publication_record(desk, drafts[0]).publication
        spent |= {"rows": found.rows, "changed": found.changed, "grew": peak() - before}
        house.engine.dispose()
    return spent


def _out(house: House) -> None:
    publish(house.desk(), prepare_publication(house.desk(), CARRIER).id)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("agents", type=int, nargs="?", default=100_000)
    parser.add_argument("--database")
    given = parser.parse_args()
    found = run(given.agents, given.database)
    assert found["rows"] == given.agents
    assert found["changed"] == given.agents // 100
    steps = ("prepared", "published", "written")
    whole = sum(found[step] for step in steps)
    wall = sum(found[f"{step}_wall"] for step in steps)
    parts = ", ".join(f"{step} {found[step]:.1f}" for step in steps)
    parts += f"; {wall:.1f} s by the clock"
    count = f"{given.agents:,} agents"
    keep(
        "publication",
        [
            Figure(
                "publication", f"publication of {count}", f"{whole:.1f} CPU s",
                f"≤ {SECONDS} s", whole <= SECONDS, parts,
            ),
            Figure(
                "publication", f"two editions of {count} compared",
                f"{found['compared']:.1f} CPU s",
                "≤ 10 s", found["compared"] <= 10,
            ),
            Figure(
                "publication", f"memory for a publication of {count}", f"{found['grew']:.0f} MB",
                f"≤ {MEGABYTES} MB", found["grew"] <= MEGABYTES,
            ),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
