"""The child process that watches the readers: `python -m reader_agent.cards.watch`.

It outlives the service: stopped, killed or not yet started, it is asked again until it answers.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reader_agent.cards.pcsc import Context, Monitor, Scard, ServiceDown, Slot
from reader_agent.lines import Line

SETTLE: Final = 0.15
"""Seconds that a reader whose contacts bounce has to be quiet before its card is told."""
_LOOK: Final = 1.0
_FIRST_RETRY, _LAST_RETRY = 0.2, 5.0


@dataclass(frozen=True)
class Arrival:
    slot: Slot
    at_ns: int
    due: float
    was_in: bool
    """It was there when the reader was first looked at."""


class Watch:
    """Turns what the service knows into events, each told once."""

    def __init__(self, tell: Callable[..., None], scard: Scard | None = None) -> None:
        self._tell = tell
        self._scard = scard
        self._pause = _FIRST_RETRY
        self._service: tuple[bool, str] | None = None
        self._readers: list[str] | None = None
        self._seen: dict[str, Slot] = {}
        self._changed: dict[str, float] = {}
        self._told: set[str] = set()
        """Readers whose card was told, and not yet that it is gone."""
        self._arrivals: dict[str, Arrival] = {}

    def run(self) -> None:
        while True:
            try:
                self._follow()
            except ServiceDown as down:
                self._lost(down.reason)
            time.sleep(self._pause)
            self._pause = min(self._pause * 2, _LAST_RETRY)

    def _follow(self) -> None:
        """Until the service goes away."""
        context = Context(self._scard)
        try:
            monitor = Monitor(context)
            while True:
                self._notice_readers(monitor.readers())
                self._notice(monitor.wait(self._patience()))
                self._tell_due()
                self._pause = _FIRST_RETRY
        finally:
            context.close()

    def _patience(self) -> float:
        now = time.monotonic()
        return min((max(one.due - now, 0) for one in self._arrivals.values()), default=_LOOK)

    def _notice_readers(self, names: list[str]) -> None:
        if self._service != (True, ""):
            self._service = (True, "")
            self._tell("service", up=True, reason="")
        for name in set(self._seen) - set(names):
            self._gone(name, self._seen.pop(name).counter)
        if names != self._readers:
            self._readers = names
            self._tell("readers", readers=names)

    def _notice(self, slots: dict[str, Slot]) -> None:
        now, at_ns = time.monotonic(), time.monotonic_ns()
        for name, slot in slots.items():
            before = self._seen.get(name)
            self._seen[name] = slot
            if before and (before.counter, before.is_present) == (slot.counter, slot.is_present):
                continue
            # A swap within moments shows in the counter alone: that card is gone too.
            self._gone(name, slot.counter)
            if slot.is_present:
                is_bouncing = now - self._changed.get(name, -SETTLE) < SETTLE
                due = now + SETTLE * is_bouncing
                self._arrivals[name] = Arrival(slot, at_ns, due, was_in=before is None)
            if before:
                self._changed[name] = now

    def _tell_due(self) -> None:
        now = time.monotonic()
        for name in [name for name, one in self._arrivals.items() if one.due <= now]:
            one = self._arrivals.pop(name)
            self._told.add(name)
            slot = one.slot
            facts = {"counter": slot.counter, "atr": slot.atr, "at_ns": one.at_ns}
            self._tell("card", reader=name, **facts, was_in=one.was_in)

    def _gone(self, name: str, counter: int) -> None:
        self._arrivals.pop(name, None)
        if name in self._told:
            self._told.remove(name)
            self._tell("gone", reader=name, counter=counter)

    def _lost(self, reason: str) -> None:
        # First of all, so that nobody takes what follows for a hand that pulled the cards out.
        if self._service != (False, reason):
            self._service = (False, reason)
            self._tell("service", up=False, reason=reason)
        for name, slot in self._seen.items():
            self._gone(name, slot.counter)
        self._seen.clear()
        self._changed.clear()
        if self._readers:
            self._tell("readers", readers=[])
        self._readers = None


if __name__ == "__main__":
    Watch(Line().say).run()
