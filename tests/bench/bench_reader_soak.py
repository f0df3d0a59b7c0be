"""Two readers, thousands of cards in and out: none missed, none mixed up, nothing grows.

    python -m tests.bench.bench_reader_soak [CARDS]

The real agent, pcscd and console. Neither keeps the pace of two seconds and sixty an hour here.
Each third card is swapped for the next within milliseconds, the others are taken out first.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlmodel import select

from console.actions.checks import read_rules
from console.actions.checks.spot_moves import open_session
from models.checks.reads import CardRead, ReadState
from models.checks.spot_checks import SpotCheck
from models.permissions import Permission
from tests.bench.bench_reader import console, paired
from tests.bench.figures import Figure, keep
from tests.e2e.reader_world import Unit
from tests.reader.stack import SLOTS, Child, Stack, stack_running

GROWTH: Final = 1.1
"""Of memory and of open files, from a tenth of the way to the end."""
SESSION: Final = 600
"""Seconds after which the inspector opens the session again."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of the agent and its children together."""

    kib: int
    files: int


def family(pid: int) -> Iterator[int]:
    yield pid
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in tasks.read_text("ascii").split():
            yield from family(int(child))


def size_of(agent: Child) -> Size:
    pids = list(family(agent.process.pid))
    status = [Path(f"/proc/{pid}/status").read_text("ascii") for pid in pids]
    return Size(
        sum(int(one.split("VmRSS:")[1].split()[0]) for one in status),
        sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
    )


def iccid(serial: int) -> str:
    return f"898603{serial:013}0"


def soak(unit: Unit, cards: Stack, count: int) -> tuple[Sequence[int], Size, Size]:
    """Milliseconds of each card, and the agent's size early and at the end."""
    check, opened, early, took = unit.check(), time.monotonic(), None, list[int]()
    with eager(unit) as agent:
        unit.counter.hears(agent, "task_open", *["reader_found"] * len(SLOTS))
        for serial in range(count):
            if time.monotonic() - opened > SESSION:
                opened = reopened(unit, check)
            slot = serial % len(SLOTS)
            if serial % 3:
                cards.remove(slot)
            cards.insert("usim-cn20", slot, iccid=iccid(serial))
            took.append(int(agent.until("read_relayed", reader=SLOTS[slot])["event_to_ack_ms"]))
            if serial == count // 10:
                early = size_of(agent)
        late = size_of(agent)
    assert early is not None
    return took, early, late


def reopened(unit: Unit, check: SpotCheck) -> float:
    assert unit.device_id is not None
    open_session(unit.desks.inspector, check.id, unit.device_id, notice_shown=False)
    return time.monotonic()


def eager(unit: Unit) -> Child:
    return Child(
        "eager_agent", "--json", "--state", str(unit.counter.state), "run", package="tests.bench"
    )


def kept(unit: Unit) -> list[tuple[str, str]]:
    """Number and reader of all that the console accepted, in the order of the device's chain."""
    with unit.desks.house.begin(Permission.SPOT_CHECK_READ) as work:
        rows = work.session.exec(
            select(CardRead)
            .where(CardRead.state == ReadState.ACCEPTED, CardRead.fault == "")
            .order_by("seq")
        )
        return [(row.iccid, str(row.reader["name"])) for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("cards", type=int, nargs="?", default=2_000)
    count = parser.parse_args().cards
    rules = [one for one in read_rules.RULES if getattr(one, "__name__", "") != "_pace"]
    read_rules.RULES = rules  # pyright: ignore[reportConstantRedefinition]
    with tempfile.TemporaryDirectory() as name, stack_running() as cards:
        folder = Path(name)
        (folder / "house").mkdir()
        with console(folder / "house") as (desks, base):
            unit = paired(desks, base, folder / "laptop")
            took, early, late = soak(unit, cards, count)
            found = kept(unit)
    wanted = [(iccid(serial), SLOTS[serial % len(SLOTS)]) for serial in range(count)]
    missed, mixed = len(set(wanted) - set(found)), len(set(found) - set(wanted))
    twice = len(found) - len(set(found))
    memory, files = late.kib / early.kib, late.files / early.files
    what = f"{count:,} cards in two readers"
    told = f"{missed} missed, {mixed} mixed up, {twice} twice"
    grown = f"{memory:.2f} × {early.kib >> 10} MiB, {files:.2f} × {early.files} files"
    figures = [
        Figure("reader_soak", what, told, "none", found == wanted, f"slowest {max(took)} ms"),
        Figure("reader_soak", "the agent's growth over that", grown, f"≤ {GROWTH} ×",
               max(memory, files) <= GROWTH),
    ]  # fmt: skip
    keep("reader_soak", figures)


if __name__ == "__main__":
    main()
