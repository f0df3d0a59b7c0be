"""A reader with its worker: what the state machine says is done here, one read at a time."""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from reader_agent.counter.asks import Ask, Asks, Done, Kind, Voice
from reader_agent.counter.child import Message, Worker
from reader_agent.counter.states import NEVER_SENT, Event, Slot, State
from reader_agent.policy import Pace

_SETTLE: Final = 0.15
"""Seconds in which the contacts of a card that was just put in may still bounce."""
_CLOCKS: Final = 0.05
"""Seconds by which two clocks may differ within a pause."""
_AGAIN: Final = 1.0
"""Seconds until an identity reader that failed without a card is armed again."""
_ANOTHER_CHANCE: Final = 60.0


@dataclass(slots=True)
class Station(ABC):
    """What both kinds of readers share. Times are `time.monotonic()` in seconds."""

    kind: Kind
    name: str
    worker: Worker
    asks: Asks
    pace: Pace
    tell: Voice
    slot: Slot = field(default_factory=Slot)
    at: float | None = None
    """When `tick` has something to do besides the worker's limits."""
    ask: Ask | None = None
    begun_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    read_id: int = 0
    told: str = ""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def reader(self) -> dict[str, Any]:
        """The reader as a signed read names it."""
        nobody = {"usb": "", "serial": "", "sam_id": "", "virtual": True}
        return {**nobody, **self.facts, "name": self.name}

    @abstractmethod
    def wish(self, now: float) -> None:
        """What the reader should do now; called when that may have changed."""

    @abstractmethod
    def heard(self, message: Message, now: float) -> None:
        """A line of the worker."""

    @abstractmethod
    def tick(self, now: float) -> None:
        """Something is due."""

    def due(self) -> float | None:
        return min((at for at in (self.at, self.worker.due()) if at is not None), default=None)

    def say_once(self, code: str, **facts: object) -> None:
        """The same reason is told once until something else was."""
        if code != self.told:
            self.told = code
            self.tell(code, reader=self.name, **facts)

    def not_now(self, reason: str) -> None:
        if reason != self.told:
            self.told = reason
            self.tell("not_now", reader=self.name, reason=reason)

    def end(self, end: str, **answer: Any) -> None:  # noqa: ANN401 - the card or fault of a Done
        ask, self.ask = self.ask, None
        if ask is None:
            return
        if end == NEVER_SENT:
            self.asks.give_back(ask)
        self.told = ""
        done = Done(ask, end, self.reader, self.begun_at, self.slot.card_ns, **answer)
        self.asks.done(done)

    def interrupt(self, event: Event) -> bool:
        """What ends a read without an answer: nothing was read, so nothing is sent."""
        if not self.slot.move(event):
            return False
        self.at = None
        if self.ask is not None:
            self.end(NEVER_SENT)
        return True

    def must_wait(self, now: float, *, is_card_in: bool = True) -> bool:
        """Whether the pace says no; then `tick` tries again."""
        pause = self.pace.may_read(now - _CLOCKS)
        if pause is None:
            return False
        if is_card_in or pause.code != "too_fast":
            self.say_once(pause.code, seconds=round(pause.seconds))
        self.at = now + pause.seconds
        return True

    def take(self, now: float) -> Ask | None:
        """What the card in the reader is read for, its challenge taken."""
        if self.must_wait(now):
            return None
        ask = self.asks.take(self.kind)
        if isinstance(ask, str):
            self.not_now(ask)
            return None
        # Side by side: the console judges the pace by the time that the read names.
        self.begun_at = datetime.now(UTC)
        self.pace.note(time.monotonic())
        self.ask = ask
        return ask

    def died(self, message: Message, now: float) -> None:
        if self.worker.died(str(message.get("crash", "")), now):
            if self.slot.move(Event.DIED) and self.ask is not None:
                self.asks.give_back(self.ask)
                self.ask = None
            self.tell("worker_died", reader=self.name, reason=self.worker.crash)
            return
        self.interrupt(Event.GIVEN_UP)
        self.tell("reader_given_up", reader=self.name, reason=self.worker.crash)

    def went_mute(self, code: str) -> None:
        if self.slot.move(Event.MUTE):
            self.end(code, fault={"code": code, "stage": "watchdog"})


@dataclass(slots=True)
class SimStation(Station):
    """A PC/SC reader. The monitor tells of its cards; the worker reads one when told to."""

    ready: bool = False

    def found(self) -> None:
        if self.slot.move(Event.READER_FOUND) and self.worker.pid is None:
            self.ready = False
            self.worker.start()

    def card(self, message: Message, now: float) -> None:
        counter, at_ns = int(message["counter"]), int(message["at_ns"])
        if not self.slot.card(counter, at_ns, was_in=bool(message.get("was_in"))):
            return
        self.told = ""
        if self.slot.state is State.WAIT_REMOVAL:
            self.say_once("take_card_out")
        self.wish(now)
        self.wish(now)

    def wish(self, now: float) -> None:
        """Reads the card that is in if somebody wants it; called when that may have changed."""
        if self.slot.state is not State.CARD_IN or not self.ready or self.ask is not None:
            return
        if self.worker.is_busy or (ask := self.take(now)) is None:
            return
        self.slot.asked()
        self._read(ask, now)

    def heard(self, message: Message, now: float) -> None:
        match message.get("event"):
            case "ready":
                self.ready = True
            case "ended":
                self.ready = False
                self.died(message, now)
            case "read" | "fault":
                self.worker.rest()
                if message.get("id") == self.read_id and self.slot.state is State.READING:
                    self._answered(message, now)
            case _:
                return
        self.wish(now)

    def tick(self, now: float) -> None:
        if self.worker.tick(now):
            self.ready = False
            self.went_mute("mute")
        if self.at is None or now < self.at:
            return
        self.at = None
        if self.slot.state is State.SETTLING and self.ask is not None:
            self.slot.settled()
            self._read(self.ask, now)
        self.wish(now)

    def _read(self, ask: Ask, now: float) -> None:
        self.read_id += 1
        self.worker.busy(now)
        self.worker.say(
            {
                "do": "read",
                "id": self.read_id,
                "counter": self.slot.counter,
                "fields": list(ask.fields),
            }
        )

    def _answered(self, message: Message, now: float) -> None:
        if message["event"] == "read":
            card = message["card"]
            self.slot.move(Event.ANSWERED)
            self.end("pin_locked" if card.get("imsi_state") == "pin" else "read", card=card)
            return
        if self.slot.faulted(str(message["code"])) is Event.SHAKY:
            self.at = now + _SETTLE
            return
        self.end(str(message["code"]), fault=_fault(message))


@dataclass(slots=True)
class IdStation(Station):
    """An identity reader on a serial port. Its worker looks for cards itself, while armed."""

    armed: Ask | None = None
    lost: bool = False
    """The port went away in the middle of a read, whose fault is still to be told."""

    def wish(self, now: float) -> None:
        """Arms the worker while somebody wants an identity read, and disarms it else."""
        if self.slot.state is not State.EMPTY or self.worker.is_busy:
            return
        wanted = self.asks.wanted(self.kind)
        if isinstance(wanted, str):
            self._disarm()
            self.not_now(wanted)
        elif self.must_wait(now, is_card_in=False):
            self._disarm()  # a card that is put down meanwhile is found when the pause is over
        elif self.armed is None or self.armed.task != wanted.task:
            self._arm(wanted)

    def _disarm(self) -> None:
        if self.armed is not None:
            self.armed = None
            self.worker.say({"do": "disarm"})

    def _arm(self, ask: Ask) -> None:
        self.armed = ask
        self.read_id += 1
        fields = list(ask.fields)
        self.worker.say({"do": "arm", "id": self.read_id, "fields": fields, "salt": ask.salt})
        self.say_once("id_armed", number=ask.number)

    def heard(self, message: Message, now: float) -> None:
        event = message.get("event")
        if event == "port":
            self._port(message)
        elif event == "ended":
            self.armed = None
            self.died(message, now)
            self.slot.move(Event.READER_LOST)
            if self.worker.is_given_up:
                self.at = now + _ANOTHER_CHANCE  # nobody tells that the cable was changed
        elif event == "found" and message.get("id") == self.read_id:
            self._found(message, now)
        elif event in {"read", "fault"}:
            self.worker.rest()
            self.armed = None
            if message.get("id") == self.read_id:
                self._answered(message, now)
        elif event == "lifted":
            self.worker.rest()
            self.armed = None
            self.interrupt(Event.GONE)
        self.wish(now)

    def tick(self, now: float) -> None:
        if self.worker.tick(now):
            self.armed = None
            self.went_mute("id_mute")
            self.slot.move(Event.READER_LOST)
        if self.at is not None and now >= self.at:
            self.at = None
            if self.worker.is_given_up:
                self.worker.start()
            self.wish(now)

    def _port(self, message: Message) -> None:
        if message.get("up"):
            names = ("sam_id", "virtual", "usb", "serial")
            self.facts = {name: message[name] for name in names if name in message}
            self.slot.move(Event.READER_FOUND)
            self.told = ""
            self.tell("port_up", reader=self.name, sam_id=self.facts.get("sam_id", ""))
            return
        self.armed = None
        self.lost = self.slot.state is State.READING
        if not self.lost:
            self.interrupt(Event.READER_LOST)
        self.say_once("port_down", reason=message.get("reason", ""))

    def _found(self, message: Message, now: float) -> None:
        self.slot.card(0, int(message["at_ns"]))
        self.worker.busy(now)
        ask = self.take(now)
        if ask is not None and self.armed is not None and ask.task != self.armed.task:
            # Armed for another task, so the marks are made with another's salt.
            self.asks.give_back(ask)
            self.ask = ask = None
        if ask is not None:
            self.slot.asked()
        else:
            self.tell("lift_and_wait", reader=self.name)

    def _answered(self, message: Message, now: float) -> None:
        if self.slot.state is not State.READING:
            # A fault of the reader, with no card of ours on it.
            if message["event"] == "fault":
                self.say_once("id_reader_fault", fault=message["code"])
            self.at = now + _AGAIN
            return
        self.slot.move(Event.ANSWERED)
        if message["event"] == "read":
            self.end("read", card=message["card"])
        else:
            self.end(str(message["code"]), fault=_fault(message))
        if self.lost:
            self.lost = False
            self.slot.move(Event.READER_LOST)


def _fault(message: Message) -> dict[str, Any]:
    return {name: message[name] for name in ("code", "stage", "sw") if message.get(name)}
