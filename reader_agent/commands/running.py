"""`run` and `read`: the readers, the spool and the console put together until somebody ends it."""

import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from types import FrameType
from typing import Final

from reader_agent.build import this_agent
from reader_agent.commands.exits import Exit
from reader_agent.commands.voice import Running
from reader_agent.counter.asks import Done, LocalAsks
from reader_agent.counter.errands import Errands
from reader_agent.counter.keeping import Keeper, Kept
from reader_agent.counter.sender import Sender, Tasks
from reader_agent.counter.states import ENDS_OF_A_READ
from reader_agent.counter.supervisor import Supervisor, Wanted
from reader_agent.kept.device_key import DeviceKey
from reader_agent.kept.folder import StateFolder
from reader_agent.outbox.flush import Outcome
from reader_agent.outbox.packs import Packs
from reader_agent.outbox.spool import Spool
from reader_agent.policy import Pace
from reader_agent.wire.pairing import Console
from reader_agent.wire.relay import Relay

_LAST_WORDS: Final = 3.0
"""Seconds in which a read that is on its way may still arrive when the agent is ended."""
_NO_ROOM: Final = ("spool_full", "spool_damaged")
_HOPELESS: Final = ("no_task", "stopped", "agent_too_old")


@dataclass(slots=True)
class Once:
    """What became of the one read that was asked for."""

    code: int | None = None

    def ended(self, done: Done, why: str) -> None:
        """It was not kept."""
        del done
        self.code = Exit.MISSING if why in _NO_ROOM else Exit.CARD

    def told(self, kept: Kept, outcome: Outcome) -> None:
        if kept.done.end not in ENDS_OF_A_READ:
            self.code = Exit.CARD
        elif outcome.state == "refused":
            self.code = Exit.REFUSED
        else:
            self.code = Exit.SPOOLED if outcome.waits else Exit.OK


@dataclass(slots=True)
class Round:
    """A run of the agent: whom it serves, and whether it ends after one read."""

    folder: StateFolder
    voice: Running
    wanted: Wanted
    chosen: str | None = None
    fields: list[str] | None = None
    once: bool = False
    result: Once = field(default_factory=Once)
    has_given_up: bool = False

    def run(self) -> int:
        """The exit code. NotEnrolled and its like, AgentRunning, SpoolFull."""
        key = DeviceKey.load(self.folder.key_path)
        console = Console.read(self.folder.console_path)
        relay = Relay(console, key, this_agent(), path=self.folder.console_path)
        with self.folder.alone():
            spool = Spool.open(self.folder.spool_path)
            spool.must_have_room()
            if self._serve(key, relay, spool):
                spool.close()
        if self.has_given_up:
            return Exit.MISSING
        if not self.once:
            return Exit.OK
        return Exit.MISSING if self.result.code is None else self.result.code

    def _serve(self, key: DeviceKey, relay: Relay, spool: Spool) -> bool:
        """Whether nobody uses the spool any more."""
        errands = Errands(
            Packs(spool),
            lambda done: keeper.keep(done),  # noqa: PLW0108 - the keeper is made below
            lambda: relay.skew_ms,
            self.chosen,
            self.fields,
        )
        pace = Pace(spool.ages(datetime.now(UTC)), monotonic())
        supervisor = Supervisor(errands, self.voice, pace, self.wanted)
        changed = supervisor.asks_changed
        sender = Sender(relay, spool, errands, self.voice, self._told(changed), changed=changed)
        keeper = Keeper(
            key,
            lambda: replace(relay.console, skew_ms=relay.skew_ms),
            this_agent(),
            spool,
            self.voice,
            sender.hand_over,
            self._lost(errands, sender),
        )
        tasks = Tasks(relay, errands, self.voice, changed, sender.nudge)
        with ended_by_signals(supervisor.stop):
            sender.start()
            tasks.start()
            supervisor.run(lambda: self._is_over(supervisor, errands, tasks))
        tasks.end()
        self.has_given_up = supervisor.has_given_up
        return sender.end(_LAST_WORDS)

    def _told(self, changed: Callable[[], None]) -> Callable[[Kept, Outcome], None]:
        def told(kept: Kept, outcome: Outcome) -> None:
            self.result.told(kept, outcome)
            changed()

        return told

    def _lost(self, errands: Errands, sender: Sender) -> Callable[[Done, str], None]:
        """A read that could not be kept is the last one until the sender has found room."""

        def lost(done: Done, why: str) -> None:
            self.result.ended(done, why)
            if why in _NO_ROOM:
                errands.room(there=False)
                sender.nudge()

        return lost

    def _is_over(self, supervisor: Supervisor, errands: Errands, tasks: Tasks) -> bool:
        if not self.once:
            return False
        if self.result.code is None and supervisor.is_missing is not None:
            self.result.code = Exit.MISSING
        if self.result.code is None and tasks.heard.is_set() and self.chosen is not None:
            self._give_up(errands)
        return self.result.code is not None

    def _give_up(self, errands: Errands) -> None:
        """A task that was named and is not open will not be read for, however long one waits."""
        whys = [errands.wanted(kind) for kind in self.wanted.kinds]
        if all(why in _HOPELESS for why in whys):
            self.voice("not_now", reason=whys[0])
            self.result.code = Exit.REFUSED


def read_here(voice: Running, wanted: Wanted, asks: LocalAsks) -> int:
    """One read that stays here; what was read is in `asks.ends`."""
    supervisor = Supervisor(asks, voice, Pace(), wanted)
    with ended_by_signals(supervisor.stop):
        supervisor.run(lambda: bool(asks.ends) or supervisor.is_missing is not None)
    if not asks.ends:
        return Exit.MISSING
    return Exit.OK if asks.ends[0].end in ENDS_OF_A_READ else Exit.CARD


@contextmanager
def ended_by_signals(stop: Callable[[], None]) -> Generator[None]:
    """Ctrl-C and the service manager's TERM end the agent cleanly."""

    def end(_number: int, _frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
