"""The engine of durable work: DBOS, told by rows that wait what to do, and killed at any time.

`start` sits the process down on a seat, opens DBOS and starts one thread that each second puts
waiting rows on DBOS's queue and sweeps what is due. One workflow is one row; its id is the row's.
"""

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import structlog
from dbos import (
    DBOS,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    SetEnqueueOptions,
    SetWorkflowID,
    StepOptions,
    WorkflowStatus,
)
from sqlalchemy.exc import SQLAlchemyError

from console.desk import Desk, House
from console.jobs.base import Kind, Sweep
from console.jobs.clock import Clock
from console.jobs.registry import KINDS, SWEEPS
from console.jobs.seats import SEATS, SWEEPER, Locks, locks_of
from models.refusals import Refusal

AT_ONCE: Final = 2
"""Rows that one process works at."""
AGAIN_AFTER: Final = timedelta(minutes=1)
"""How long a row whose work broke off is left alone."""
_QUEUE: Final = "rows"
_LANES: Final = "lanes"
_UNDER_WAY: Final = frozenset({"ENQUEUED", "PENDING", "DELAYED"})
_TRIES: Final = StepOptions(retries_allowed=True, max_attempts=4, interval_seconds=0.5)
_LONGEST_STOP: Final = 5.0
_one_engine: Final = threading.Lock()
_log: Final = structlog.get_logger(__name__)


class _Stopping(BaseException):
    """The process ends. Not an Exception: DBOS must leave the work unfinished, not failed."""


@dataclass(slots=True)
class Engine:
    """Durable work under way in this process; DBOS allows one a process."""

    desk: Desk
    kinds: Sequence[Kind]
    clock: Clock
    locks: Locks
    seat: int
    run: Callable[[str, str], None] = field(init=False)
    thread: threading.Thread = field(init=False)
    closing: ExitStack = field(default_factory=ExitStack)
    stopping: threading.Event = field(default_factory=threading.Event)
    busy: set[str] = field(default_factory=set[str])
    idle: threading.Condition = field(default_factory=threading.Condition)

    def stop(self) -> None:
        """Let the steps under way end, and leave the rest to the next start; at most 5 s."""
        self.stopping.set()
        with self.idle:
            self.idle.wait_for(lambda: not self.busy, timeout=_LONGEST_STOP)
        self.thread.join(_LONGEST_STOP)
        self.closing.close()

    def tick(self) -> None:
        """Put waiting rows to work, and sweep what is due."""
        for kind in self.kinds:
            for row_id in kind.queued(self.desk):
                self._promise(kind, row_id)
        if self.locks.take(SWEEPER):
            self.clock.tick(self.desk)
            self._take_over()

    def _promise(self, kind: Kind, row_id: UUID) -> None:
        name = f"{kind.name}:{row_id}"
        before = _status_of(name)
        if before is not None:
            if before.status in _UNDER_WAY or not _may_begin_again(before):
                return
            DBOS.delete_workflow(name)
        lane = None if kind.lane is None else kind.lane(self.desk, row_id)
        with SetWorkflowID(name), SetEnqueueOptions(queue_partition_key=lane):
            queue = _QUEUE if lane is None else _LANES
            DBOS.enqueue_workflow(queue, self.run, kind.name, str(row_id))

    def _take_over(self) -> None:
        """Work of seats that nobody sits on goes on here: their process was killed."""
        others = [f"seat-{seat}" for seat in SEATS if seat != self.seat]
        pending = DBOS.list_workflows(status="PENDING", executor_id=others, load_input=False)
        for seat in {int(str(one.executor_id).removeprefix("seat-")) for one in pending}:
            if self.locks.take(seat):
                left = [one for one in pending if one.executor_id == f"seat-{seat}"]
                for one in left:
                    DBOS.resume_workflow(one.workflow_id)
                self.locks.free(seat)

    @contextmanager
    def busy_with(self, name: str) -> Generator[None]:
        with self.idle:
            self.busy.add(name)
        try:
            yield
        finally:
            with self.idle:
                self.busy.discard(name)
                self.idle.notify_all()

    def watch(self, pace: float) -> None:
        while not self.stopping.wait(pace):
            try:
                self.tick()
            except (SQLAlchemyError, OSError, Refusal):
                # A database that restarts must not end the watch; the next second asks again.
                _log.exception("jobs.tick_failed")


def start(
    house: House,
    *,
    kinds: Sequence[Kind] = KINDS,
    sweeps: Sequence[Sweep] = SWEEPS,
    pace: float = 1.0,
) -> Engine:
    """Go on with what was left undone, and take up what waits, until `stop`."""
    if not _one_engine.acquire(blocking=False):
        raise RuntimeError("DBOS runs once a process")
    with ExitStack() as undo:
        undo.callback(_one_engine.release)
        locks = locks_of(house)
        undo.callback(locks.close)
        seat = next((one for one in SEATS if locks.take(one)), None)
        if seat is None:
            raise RuntimeError(f"more than {len(SEATS)} workers at one database")
        undo.callback(DBOS.destroy, destroy_registry=True)
        DBOS(config=_config(house, seat))
        engine = Engine(house.desk(), kinds, Clock(sweeps), locks, seat)
        engine.run = _workflow(engine)
        DBOS.launch()
        _open_queues(pace)
        engine.closing = undo.pop_all()
    engine.thread = threading.Thread(target=engine.watch, args=(pace,), name="jobs", daemon=True)
    engine.thread.start()
    return engine


def _open_queues(pace: float) -> None:
    register = partial(
        DBOS.register_queue,
        worker_concurrency=AT_ONCE,
        polling_interval_sec=pace,
        on_conflict="always_update",
    )
    register(_QUEUE)
    register(_LANES, partition_concurrency=1)


def _workflow(engine: Engine) -> Callable[[str, str], None]:
    by_name = {kind.name: kind for kind in engine.kinds}

    def step(name: str, row_id: str) -> bool:
        return by_name[name].advance(engine.desk, UUID(row_id))

    @DBOS.workflow(name="row")
    def run(name: str, row_id: str) -> None:
        """All steps of one row. DBOS writes each down, and skips those after a restart."""
        with engine.busy_with(f"{name}:{row_id}"):
            while DBOS.run_step(_TRIES, step, name, row_id):
                if engine.stopping.is_set():
                    raise _Stopping

    return run


def _config(house: House, seat: int) -> DBOSConfig:
    return DBOSConfig(
        name="channel",
        system_database_url=house.settings.durable_url,
        # A constant: a new release goes on with what the old one left.
        application_version="1",
        executor_id=f"seat-{seat}",
        serializer=DBOSPortableJSONSerializer(),  # its default is pickle
        enable_otlp=False,
        log_level="ERROR",
        sys_db_pool_size=5,
        use_listen_notify=False,
        scheduler_polling_interval_sec=3600.0,
    )


def _status_of(name: str) -> WorkflowStatus | None:
    found: Any = DBOS.get_workflow_status(name)
    return found


def _may_begin_again(before: WorkflowStatus) -> bool:
    """A row that still waits behind an ended workflow: promised anew, or its work broke off."""
    if before.status == "SUCCESS":
        return True
    ended = (before.completed_at or before.updated_at or 0) / 1000
    return time.time() - ended > AGAIN_AFTER.total_seconds()
