"""Listens to all children in one place and keeps every reader's worker going.

The threads of children, tasks and sender put what they hear on one queue; everything is decided in
the thread that runs `run`. This process never loads the PC/SC or serial libraries.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Final, cast

from reader_agent.counter.asks import KINDS, Asks, Kind, Voice
from reader_agent.counter.child import ID_LIMIT, SIM_LIMIT, Child, Message, Worker, module
from reader_agent.counter.states import Event, State
from reader_agent.counter.stations import IdStation, SimStation, Station
from reader_agent.counter.usb import seen_as
from reader_agent.policy import Pace

_ASKS: Final[Message] = {"event": "asks"}
_STOP: Final[Message] = {"event": "stop"}
_LONGEST_WAIT: Final = 0.5
_OWN_WORDS: Final = frozenset({"access_denied", "pyscard_missing"})
"""Why there is no service, where that has a sentence of its own."""


@dataclass(frozen=True, slots=True)
class Commands:
    """How the children are started."""

    watch: Callable[[], Sequence[str]] = lambda: module("cards.watch")
    sim: Callable[[str], Sequence[str]] = lambda reader: module("cards.sim_worker", reader)
    identity: Callable[[str], Sequence[str]] = lambda port: module("documents.id_worker", port)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which readers are served: of these kinds, this PC/SC reader alone, this port."""

    kinds: Sequence[Kind] = KINDS
    reader: str | None = None
    port: str | None = None


@dataclass
class Supervisor:
    asks: Asks
    tell: Voice
    pace: Pace
    """One for all readers: the console counts the device's reads."""
    wanted: Wanted = field(default_factory=Wanted)
    commands: Commands = field(default_factory=Commands)
    sim_limit: float = SIM_LIMIT
    id_limit: float = ID_LIMIT

    def __post_init__(self) -> None:
        # SimpleQueue.put may be called by a signal handler; Queue.put may not.
        self._heard: SimpleQueue[tuple[Child | None, Message]] = SimpleQueue()
        self._stopping = False
        self._watch: Worker | None = None
        self._sims: dict[str, SimStation] = {}
        self._present: set[str] = set()
        self._is_served = False
        self._id: IdStation | None = None
        self.has_given_up = False
        """Nobody watches the readers any more: whoever started the agent has to start it anew."""
        self.missing: dict[Kind, str] = {}
        """By kind, why no reader of it is there; a kind is absent until that is known."""

    def stop(self) -> None:
        """Ends `run` soon; any thread and a signal handler may call it."""
        self._heard.put((None, _STOP))

    def asks_changed(self) -> None:
        """Somebody wants other reads than before."""
        self._heard.put((None, _ASKS))

    @property
    def stations(self) -> list[Station]:
        ids: list[Station] = [self._id] if self._id is not None else []
        return [*self._sims.values(), *ids]

    @property
    def is_missing(self) -> str | None:
        """Why nothing can be read, once every kind that is wanted was heard of."""
        codes = [self.missing.get(kind, "") for kind in self.wanted.kinds]
        return codes[0] if codes and all(codes) else None

    def run(self, finished: Callable[[], bool] = lambda: False) -> None:
        self._open()
        try:
            while not self._stopping and not finished():
                self._turn()
        finally:
            self._close()

    def _open(self) -> None:
        if "sim" in self.wanted.kinds:
            self._watch = Worker(self.commands.watch(), self._post)
            self._watch.start()
        if "id" not in self.wanted.kinds:
            return
        if self.wanted.port is None:
            self.missing["id"] = "no_port"
            return
        command = self.commands.identity(self.wanted.port)
        worker = Worker(command, self._post, self.id_limit)
        self._id = IdStation("id", self.wanted.port, worker, self.asks, self.pace, self.tell)
        worker.start()

    def _close(self) -> None:
        for station in self.stations:
            station.worker.close()
        if self._watch is not None:
            self._watch.close()

    def _post(self, child: Child, message: Message) -> None:
        self._heard.put((child, message))

    def _turn(self) -> None:
        """One message, or the next thing that is due."""
        due = [station.due() for station in self.stations]
        due.append(self._watch.due() if self._watch else None)
        first = min((at for at in due if at is not None), default=None)
        wait = None if first is None else max(0.0, first - time.monotonic())
        if sys.platform == "win32":
            # There Ctrl-C is heard only between two waits.
            wait = _LONGEST_WAIT if wait is None else min(wait, _LONGEST_WAIT)
        try:
            child, message = self._heard.get(timeout=wait)
        except Empty:
            pass
        else:
            self._hear(child, message, time.monotonic())
        now = time.monotonic()
        for station in self.stations:
            if (at := station.due()) is not None and at <= now:
                station.tick(now)
        if self._watch is not None:
            self._watch.tick(now)

    def _hear(self, child: Child | None, message: Message, now: float) -> None:
        if child is None:
            self._stopping = self._stopping or message is _STOP
            for station in self.stations:
                station.wish(now)
        elif self._watch is not None and self._watch.owns(child):
            self._monitored(message, now)
        else:
            for station in self.stations:
                if station.worker.owns(child):
                    station.heard(message, now)
            self._hear_of_ids(message)
        if self._id is not None:
            self._id.wish(now)  # another reader's read may have begun a pause

    def _hear_of_ids(self, message: Message) -> None:
        if message.get("event") != "port":
            return
        if message.get("up"):
            self.missing.pop("id", None)
        else:
            self.missing["id"] = "port_down"

    def _monitored(self, message: Message, now: float) -> None:
        match message.get("event"):
            case "service":
                self._service(up=bool(message["up"]), reason=str(message.get("reason") or ""))
            case "readers":
                self._readers(cast("list[str]", message["readers"]))
            case "card":
                if (station := self._sims.get(message["reader"])) is not None:
                    station.card(message, now)
            case "gone":
                if (station := self._sims.get(message["reader"])) is not None:
                    station.interrupt(Event.GONE)
                    station.told = ""
            case "ended":
                self._monitor_died(message, now)
            case _:
                pass

    def _service(self, *, up: bool, reason: str) -> None:
        if up:
            self._is_served = True
            self.missing.pop("sim", None)
            self.tell("service_up")
            return
        self.missing["sim"] = reason if reason in _OWN_WORDS else "service_down"
        for station in self._sims.values():
            station.interrupt(Event.SERVICE_LOST)
        self._present.clear()
        self._is_served = False
        self.tell(self.missing["sim"], reason=reason)

    def _readers(self, names: Sequence[str]) -> None:
        if not self._is_served:
            return  # what a service that is gone has no more is not news
        served = {name for name in names if self.wanted.reader in {None, name}}
        for name in self._present - served:
            self._sims[name].interrupt(Event.READER_LOST)
            self._sims[name].worker.close()
            self.tell("reader_lost", reader=name)
        for name in sorted(served - self._present):
            self._reader_found(name)
        self._present = served
        if served:
            self.missing.pop("sim", None)
        else:
            self.missing["sim"] = "no_reader"
            self.tell("no_reader")

    def _reader_found(self, name: str) -> None:
        station = self._sims.get(name)
        if station is None or station.slot.state is State.NO_READER:
            worker = Worker(self.commands.sim(name), self._post, self.sim_limit)
            station = SimStation("sim", name, worker, self.asks, self.pace, self.tell)
            station.facts = seen_as(name)
            self._sims[name] = station
        station.found()
        self.tell("reader_found", reader=name)

    def _monitor_died(self, message: Message, now: float) -> None:
        watch = cast("Worker", self._watch)
        again = watch.died(str(message.get("crash", "")), now)
        self._service(up=False, reason=watch.crash)
        self.tell("monitor_died" if again else "monitor_given_up", reason=watch.crash)
        if not again:
            self.has_given_up = self._stopping = True
