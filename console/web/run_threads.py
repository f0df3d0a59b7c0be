"""Threads of the console's runs: started apart from the sockets, and two at a time.

Streamlit starts a thread for each run where all sockets are held, and whoever starts a thread
waits until it has had its first turn: with a hundred people the sockets stood still for a quarter
of the time. And runs that share one processor all end late; in a line the first ones end early.
"""

from queue import SimpleQueue
from threading import Semaphore, Thread
from time import monotonic
from typing import Final, Protocol

import structlog
from streamlit.runtime import app_session
from streamlit.runtime.scriptrunner import ScriptRunner, ScriptRunnerEvent

_AT_A_TIME: Final = 2
_LONGEST_WAIT: Final = 0.25
"""Seconds in the line: nobody waits for somebody's long run."""
_MAKES_RUNS: Final = "ScriptRunner"
"""What a session of Streamlit calls to begin a run."""


class Run(Protocol):
    def go(self, *, holds_place: bool) -> None: ...


class Line:
    """Starts runs in their order, by a thread of its own."""

    def __init__(self, longest_wait: float = _LONGEST_WAIT) -> None:
        self._free = Semaphore(_AT_A_TIME)
        self._asked: SimpleQueue[tuple[float, Run]] = SimpleQueue()
        self._longest_wait = longest_wait

    def begin(self) -> None:
        Thread(target=self._start_all, name="run-starter", daemon=True).start()

    def join(self, run: Run) -> None:
        self._asked.put((monotonic(), run))

    def leave(self) -> None:
        self._free.release()

    def _start_all(self) -> None:
        while True:
            since, run = self._asked.get()
            waits = max(0.0, since + self._longest_wait - monotonic())
            run.go(holds_place=self._free.acquire(timeout=waits))


_line: Final = Line()


class InLine(ScriptRunner):
    """A run that begins when its turn has come."""

    _holds_place = False

    def start(self) -> None:
        _line.join(self)

    def go(self, *, holds_place: bool) -> None:
        self._holds_place = holds_place
        try:
            super().start()
        except RuntimeError as error:  # no thread is to be had; the next click asks again
            structlog.get_logger(__name__).error("run_not_started", reason=str(error))
            self._leave()
            self.on_event.send(self, event=ScriptRunnerEvent.SHUTDOWN)

    def _run_script_thread(self) -> None:
        try:
            super()._run_script_thread()
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._holds_place:
            _line.leave()


def put_in_line() -> None:
    """From now on, all runs of this process."""
    if getattr(app_session, _MAKES_RUNS) is not InLine:
        setattr(app_session, _MAKES_RUNS, InLine)
        _line.begin()
