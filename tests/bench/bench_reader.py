"""From a card on the reader to the console's receipt, with the real agent, pcscd and console.

    python -m tests.bench.bench_reader [CARDS]

Virtual SIM cards of 0 and 25 ms per command behind the real PC/SC daemon, an identity reader on a
pty with 700 ms of card time at 115,200 baud. The agent keeps its pace, two seconds from card to
card and sixty an hour, so each of the three has a laptop of its own.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from console.database import migrate
from console.desk import House
from console.settings import Settings
from models.base import utc_now
from tests.bench.figures import Figure, keep
from tests.conftest import Desks, desks_of, staff
from tests.e2e.reader_world import Unit, for_tests
from tests.reader.counter import Program
from tests.reader.idreader import Simulator
from tests.reader.stack import Child, Stack, stack_running
from tests.serving import served

PERSON: Final = "test-a"
SIM_LIMITS: Final = {0: (50, 150), 25: (150, 250)}
"""By milliseconds of a command: p50 and p95."""
ID_LIMIT: Final = 1400
PACE: Final = 2.0
"""Seconds from card to card (check_card_gap)."""


@contextmanager
def console(folder: Path) -> Generator[tuple[Desks, str]]:
    """A house of its own on SQLite, people at their desks, and where it listens."""
    url = f"sqlite:///{folder / 'channel.db'}"
    house = House.open(Settings(data=folder, database_url=url))
    migrate(house.engine)
    staff(url)
    desks = desks_of(replace(house, now=utc_now))
    for_tests(desks)
    with served(desks.house.house) as base:
        yield desks, base
    house.engine.dispose()


def paired(desks: Desks, base: str, folder: Path) -> Unit:
    unit = Unit(desks, Program(folder))
    unit.pair(base)
    return unit


def sims(unit: Unit, cards: Stack, latency: int, count: int) -> list[int]:
    """Milliseconds from event to receipt, of each card."""
    unit.check()
    with unit.counter.starts("run") as agent:
        unit.counter.hears(agent, "task_open", "reader_found")
        return [one_card(agent, cards, latency, serial) for serial in range(count)]


def one_card(agent: Child, cards: Stack, latency: int, serial: int) -> int:
    time.sleep(PACE)  # else the agent waits, and that would be measured
    cards.insert("usim-cn20", iccid=f"898603{serial:013}0")
    cards.fault(latency_ms=latency)
    took = int(agent.until("read_relayed")["event_to_ack_ms"])
    cards.remove()
    return took


def identities(unit: Unit, folder: Path, count: int) -> list[int]:
    """Milliseconds from a document's being put down to its receipt."""
    unit.check(identity=True)
    options = ("--pace-baud", "115200", "--read-ms", "700")
    begins = unit.counter.starts
    with (
        Simulator.running(folder, *options) as reader,
        begins("run", "--port", reader.port) as agent,
    ):
        agent.until("task_open", kind="id")
        reader.place(PERSON)
        agent.until("read_refused")
        unit.allow_the_module()
        return [one_document(agent, reader) for _ in range(count)]


def one_document(agent: Child, reader: Simulator) -> int:
    reader("lift")
    agent.until("id_armed")
    time.sleep(PACE)
    begun = time.monotonic()
    reader.place(PERSON)
    agent.until("read_relayed")
    return round((time.monotonic() - begun) * 1000)


def percentiles(times: Sequence[int]) -> tuple[float, float]:
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return statistics.median(times), cuts[18]


def figure(what: str, times: Sequence[int], limits: tuple[int | None, int]) -> Figure:
    middle, late = percentiles(times)
    asked = f"p50 ≤ {limits[0]} ms, p95 ≤ {limits[1]} ms" if limits[0] else f"p95 ≤ {limits[1]} ms"
    is_met = late <= limits[1] and (limits[0] is None or middle <= limits[0])
    return Figure(
        "reader", what, f"p50 {middle:.0f} ms, p95 {late:.0f} ms", asked, is_met,
        f"{len(times)} cards, {late / limits[1]:.0%} of the limit",
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("cards", type=int, nargs="?", default=50)
    count = parser.parse_args().cards
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name, stack_running() as cards:
        folder = Path(name)
        (folder / "house").mkdir()
        with console(folder / "house") as (desks, base):
            for latency, limits in SIM_LIMITS.items():
                times = sims(paired(desks, base, folder / f"sim{latency}"), cards, latency, count)
                what = f"card event to receipt, ICCID, {latency} ms a command"
                figures.append(figure(what, times, limits))
            documents = identities(paired(desks, base, folder / "id"), folder, count)
            what = "identity card placed to receipt, 700 ms of card, 115,200 baud"
            figures.append(figure(what, documents, (None, ID_LIMIT)))
    keep("reader", figures)


if __name__ == "__main__":
    main()
