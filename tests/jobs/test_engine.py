"""Durable work as DBOS does it for us: on both databases, through stops, errors and kills."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from console.desk import Desk, House
from console.jobs import engine
from console.jobs.base import Kind, Sweep
from console.jobs.engine import Engine
from console.jobs.seats import SWEEPER, FileLocks, locks_of
from models.base import new_id
from tests.conftest import ONE_A_DAY

PACE = 0.05


class Steps:
    """Work of so many steps a row, that remembers what it did."""

    def __init__(self, count: int, *rows: UUID) -> None:
        self.left = dict.fromkeys(rows, count)
        self.done: list[UUID] = []
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()

    def queued(self, _desk: Desk) -> list[UUID]:
        return [row for row, left in self.left.items() if left]

    def advance(self, _desk: Desk, row: UUID) -> bool:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        threading.Event().wait(0.02)
        with self.lock:
            self.at_once -= 1
            self.left[row] -= 1
            self.done.append(row)
            return self.left[row] > 0


@contextmanager
def running(house: House, *kinds: Kind, sweeps: tuple[Sweep, ...] = ()) -> Generator[Engine]:
    started = engine.start(house, kinds=kinds, sweeps=sweeps, pace=PACE)
    try:
        yield started
    finally:
        started.stop()


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        threading.Event().wait(0.05)


def test_rows_that_wait_are_worked_at_to_their_end(house: House) -> None:
    rows = [new_id() for _ in range(5)]
    work = Steps(3, *rows)
    with running(house, Kind("count", work.queued, work.advance)):
        until(lambda: not any(work.left.values()))
    assert sorted(work.done) == sorted(rows * 3)
    assert work.most_at_once <= engine.AT_ONCE


def test_rows_of_one_lane_go_one_after_another(house: House) -> None:
    work = Steps(3, *(new_id() for _ in range(4)))
    kind = Kind("count", work.queued, work.advance, lane=lambda _desk, _row: "lanhai")
    with running(house, kind):
        until(lambda: not any(work.left.values()), 40)
    assert work.most_at_once == 1


def test_a_row_that_waits_again_is_worked_at_again(house: House) -> None:
    row = new_id()
    work = Steps(1, row)
    with running(house, Kind("count", work.queued, work.advance)):
        until(lambda: not work.left[row])
        work.left[row] = 2
        until(lambda: not work.left[row])
    assert len(work.done) == 3


def test_a_stop_lets_the_step_end_and_the_next_start_goes_on(house: House) -> None:
    row = new_id()
    work = Steps(500, row)
    kind = Kind("count", work.queued, work.advance)
    with running(house, kind) as started:
        until(lambda: len(work.done) > 3)
        began = time.monotonic()
        started.stopping.set()
    assert time.monotonic() - began < 5
    done = len(work.done)
    work.left[row] = 3
    with running(house, kind):
        until(lambda: not work.left[row])
    assert len(work.done) == done + 3


def test_a_step_that_fails_is_tried_again(house: House) -> None:
    row, tries = new_id(), list[int]()
    waiting = [row]

    def advance(_desk: Desk, _row: UUID) -> bool:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("the disk is full")
        waiting.clear()
        return False

    with running(house, Kind("count", lambda _desk: list(waiting), advance)):
        until(lambda: not waiting)
    assert len(tries) == 3


def test_a_failing_sweep_does_not_stop_the_others(house: House) -> None:
    swept = list[str]()

    def fails(_desk: Desk) -> None:
        swept.append("fails")
        raise OSError

    sweeps = (
        Sweep("fails", timedelta(seconds=0), fails),
        Sweep("works", timedelta(seconds=0), lambda _desk: swept.append("works")),
        Sweep("seldom", timedelta(hours=1), lambda _desk: swept.append("seldom")),
    )
    with running(house, sweeps=sweeps):
        until(lambda: swept.count("works") > 2)
    assert swept.count("seldom") == 1


def test_one_process_has_one_engine(house: House) -> None:
    with running(house), pytest.raises(RuntimeError, match="once a process"):
        engine.start(house, kinds=(), sweeps=())


def test_only_one_process_sweeps(house: House) -> None:
    first, second = locks_of(house), locks_of(house)
    assert first.take(SWEEPER)
    assert not second.take(SWEEPER)
    first.close()
    assert second.take(SWEEPER)
    second.close()


def test_two_processes_sit_on_two_seats(house: House) -> None:
    locks = locks_of(house)
    assert locks.take(1)
    with running(house) as started:
        assert started.seat == 2
    locks.close()


WORKER = """
import sys
from pathlib import Path
from uuid import UUID
from console.desk import House
from console.jobs import engine
from console.jobs.base import Kind
from console.settings import Settings
import threading

folder, url = Path(sys.argv[1]), sys.argv[2]
house = House.open(Settings(data=folder, database_url=url))
log = folder / "steps"

def advance(desk, row):
    done = len(log.read_text()) if log.exists() else 0
    threading.Event().wait(0.02)
    with log.open("a") as file:
        file.write("x")
    return done + 1 < 60

def queued(desk):
    return [] if log.exists() and len(log.read_text()) >= 60 else [UUID(sys.argv[3])]

engine.start(house, kinds=(Kind("count", queued, advance),), sweeps=(), pace=0.05)
threading.Event().wait(60)
"""


@ONE_A_DAY
def test_a_killed_process_goes_on_where_it_was(database: str, tmp_path: Path) -> None:
    row, log = str(new_id()), tmp_path / "steps"
    command = [sys.executable, "-c", WORKER, str(tmp_path), database, row]
    for goal in (10, 30, 60):
        worker = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        try:
            until(lambda goal=goal: log.exists() and len(log.read_text()) >= goal, 40)
        finally:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
    assert len(log.read_text()) == 60


def test_work_of_a_seat_that_nobody_sits_on_is_taken_over(
    house: House, database: str, tmp_path: Path
) -> None:
    row, log = new_id(), tmp_path / "steps"
    locks = locks_of(house)
    assert locks.take(1)
    command = [sys.executable, "-c", WORKER, str(tmp_path), database, str(row)]
    worker = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    try:
        until(lambda: log.exists() and len(log.read_text()) >= 5, 40)
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    locks.close()
    done = len(log.read_text())
    waiting = [row]

    def advance(_desk: Desk, _row: UUID) -> bool:
        waiting.clear()
        return False

    with running(house, Kind("count", lambda _desk: list(waiting), advance)) as started:
        assert started.seat == 1
        until(lambda: not waiting)
    assert len(log.read_text()) == done


def test_file_locks_are_lost_with_their_holder(tmp_path: Path) -> None:
    first, second = FileLocks(tmp_path), FileLocks(tmp_path)
    assert first.take(3)
    assert first.take(3)
    assert not second.take(3)
    first.free(3)
    assert second.take(3)
    second.close()
