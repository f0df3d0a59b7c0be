"""Workers that hang, die or talk nonsense: real processes, and what becomes of the card."""

import json
import os
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import pytest

from reader_agent.counter.asks import LocalAsks
from reader_agent.counter.child import Lives
from reader_agent.counter.states import State
from reader_agent.counter.supervisor import Commands, Supervisor, Wanted
from reader_agent.policy import Pace
from tests.reader.counter import Counter
from tests.reader.far_console import far_console
from tests.reader.odd_workers import CARD
from tests.reader.stack import until

READER = "Reader 00 00"


def odd(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "tests.reader.odd_workers", name, *arguments]


class Bench:
    """A supervisor in a thread, its monitor's lines in the test's hand."""

    def __init__(self, folder: Path, worker: str) -> None:
        self.marker = folder / "marker"
        self._pipe = folder / "monitor"
        os.mkfifo(self._pipe)
        self._told: SimpleQueue[tuple[str, dict[str, Any]]] = SimpleQueue()
        self.asks = LocalAsks("sim", [])
        commands = Commands(
            watch=lambda: odd("puppet", str(self._pipe)),
            sim=lambda _: odd(worker, str(self.marker)),
        )
        self.supervisor = Supervisor(
            self.asks, self._hear, Pace(), Wanted(("sim",)), commands, sim_limit=0.4
        )
        self._thread = Thread(target=self.supervisor.run)

    @contextmanager
    def running(self) -> Generator["Bench"]:
        self._thread.start()
        with self._pipe.open("w") as self._lines:
            self.monitor("service", up=True)
            self.monitor("readers", readers=[READER])
            yield self
        self.supervisor.stop()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def monitor(self, event: str, **facts: object) -> None:
        self._lines.write(json.dumps({"event": event, **facts}) + "\n")
        self._lines.flush()

    def end_monitor(self) -> None:
        self._lines.write("end\n")
        self._lines.flush()

    def card(self, counter: int = 1, *, was_in: bool = False) -> None:
        at_ns = time.monotonic_ns()
        facts = {"counter": counter, "atr": "3B", "at_ns": at_ns, "was_in": was_in}
        self.monitor("card", reader=READER, **facts)

    def gone(self, counter: int = 2) -> None:
        self.monitor("gone", reader=READER, counter=counter)

    def hears(self, code: str) -> dict[str, Any]:
        while True:
            try:
                told, facts = self._told.get(timeout=20)
            except Empty:
                raise AssertionError(f"nobody told {code}") from None
            if told == code:
                return facts

    def ends(self, count: int) -> list[str]:
        until(lambda: len(self.asks.ends) >= count)
        return [done.end for done in self.asks.ends]

    @property
    def state(self) -> State:
        (station,) = self.supervisor.stations
        return station.slot.state

    @property
    def pid(self) -> int | None:
        (station,) = self.supervisor.stations
        return station.worker.pid

    def _hear(self, code: str, /, **facts: object) -> None:
        self._told.put((code, facts))


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path, request.param).running() as bench:
        yield bench


def with_worker(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bench", [name], indirect=True)


@with_worker("well")
def test_a_card_that_is_put_in_is_read_once(bench: Bench) -> None:
    bench.card()
    assert bench.ends(1) == ["read"]
    bench.card()
    bench.gone()
    bench.card(3)
    assert bench.ends(2) == ["read", "read"]
    assert bench.asks.ends[0].card == CARD


@with_worker("mute_once")
def test_a_mute_card_costs_its_worker_and_nothing_else(bench: Bench) -> None:
    bench.card()
    until(bench.marker.exists)
    begun, before = time.monotonic(), bench.pid
    assert bench.ends(1) == ["mute"]
    assert time.monotonic() - begun < 5
    assert bench.asks.ends[0].fault == {"code": "mute", "stage": "watchdog"}
    assert bench.state is State.WAIT_REMOVAL
    assert before is not None
    until(lambda: not Path(f"/proc/{before}").exists())
    bench.gone()
    bench.card(3)
    assert bench.ends(2) == ["mute", "read"]
    assert bench.pid != before


@with_worker("dies_at_once")
def test_a_worker_that_dies_three_times_in_a_minute_is_given_up(bench: Bench) -> None:
    bench.hears("worker_died")
    bench.hears("worker_died")
    assert bench.hears("reader_given_up")["reason"] == "LookupError"
    assert bench.state is State.NO_READER
    assert bench.asks.ends == []


@with_worker("dies_at_once")
def test_a_reader_that_was_given_up_has_another_chance_when_it_is_plugged_in_again(
    bench: Bench,
) -> None:
    bench.hears("reader_given_up")
    bench.monitor("readers", readers=[])
    bench.hears("reader_lost")
    bench.monitor("readers", readers=[READER])
    assert bench.hears("worker_died")["reason"] == "LookupError"


@with_worker("dies_reading_once")
def test_a_card_whose_worker_dies_is_read_by_the_next(bench: Bench) -> None:
    bench.card()
    assert bench.hears("worker_died")["reason"] == ""
    assert bench.ends(1) == ["read"]


@with_worker("shaky_once")
def test_contacts_that_bounce_are_given_a_moment(bench: Bench) -> None:
    bench.card()
    assert bench.ends(1) == ["read"]
    assert bench.marker.exists()


@with_worker("slow")
def test_what_was_read_of_a_card_that_left_is_thrown_away(bench: Bench) -> None:
    bench.card(1)
    until(lambda: bench.supervisor.stations and bench.state is State.READING)
    bench.gone()
    bench.card(3)
    assert bench.ends(1) == ["card_left"]
    bench.marker.touch()
    assert bench.ends(2) == ["card_left", "read"]
    card = bench.asks.ends[1].card
    assert card is not None
    assert card["atr"] == "3"


@with_worker("babbles")
def test_a_worker_that_talks_nonsense_is_ended(bench: Bench) -> None:
    assert bench.hears("worker_died")["reader"] == READER
    assert bench.asks.ends == []


@with_worker("well")
def test_the_service_may_come_and_go(bench: Bench) -> None:
    bench.card()
    assert bench.ends(1) == ["read"]
    bench.monitor("service", up=False, reason="service_down")
    bench.gone()
    bench.monitor("readers", readers=[])
    bench.hears("service_down")
    assert bench.supervisor.is_missing == "service_down"
    bench.monitor("service", up=True)
    bench.monitor("readers", readers=[READER])
    bench.card(was_in=True)
    bench.hears("take_card_out")
    bench.gone()
    bench.card(3)
    assert bench.ends(2) == ["read", "read"]


@with_worker("well")
def test_a_service_that_refuses_this_account_is_told_apart_from_one_that_is_down(
    bench: Bench,
) -> None:
    bench.monitor("service", up=False, reason="access_denied")
    bench.hears("access_denied")
    assert bench.supervisor.is_missing == "access_denied"


@with_worker("well")
def test_a_monitor_that_dies_is_started_again(bench: Bench) -> None:
    bench.end_monitor()
    bench.hears("monitor_died")
    assert not bench.supervisor.has_given_up


def test_without_its_monitor_the_agent_ends_so_that_somebody_starts_it_anew() -> None:
    commands = Commands(watch=lambda: odd("dies_at_once", ""))
    wanted = Wanted(("sim",))
    told: SimpleQueue[str] = SimpleQueue()

    def hear(code: str, /, **_: object) -> None:
        told.put(code)

    supervisor = Supervisor(LocalAsks("sim", []), hear, Pace(), wanted, commands)
    supervisor.run()
    assert supervisor.has_given_up
    assert [told.get() for _ in range(told.qsize())][-1] == "monitor_given_up"


def test_a_worker_may_start_again_later_each_time_and_not_a_third_time() -> None:
    lives = Lives()
    first, second = lives.died(100), lives.died(110)
    assert first is not None
    assert second is not None
    assert 0 < first - 100 < second - 110
    assert lives.died(120) is None


def test_deaths_of_long_ago_are_forgiven() -> None:
    lives = Lives()
    assert [lives.died(at) is not None for at in (0, 100, 200, 300)] == [True] * 4


def test_a_second_agent_refuses(tmp_path: Path) -> None:
    with far_console() as far:
        counter = Counter(far, tmp_path / "state")
        counter.pair()
        with counter.starts("run") as first:
            until((tmp_path / "state/spool.db").exists)
            second = counter.does("run", "--once")
        assert second.code == 4
        assert f"process {first.process.pid}" in second.complaint
