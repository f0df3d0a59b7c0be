"""The child process that reads SIM cards: `python -m reader_agent.cards.sim_worker READER`.

A mute card blocks it for ever, and nothing inside can end that: the parent does.
"""

import sys
from collections.abc import Collection
from typing import Any

from reader_agent.cards.pcsc import Card, CardFault, CardReset, Context, Scard, ServiceDown, Slot
from reader_agent.cards.sim import Sim, SimFault
from reader_agent.lines import Line


class Worker:
    """Reads one card at a time; the line to the service is kept open from one to the next."""

    def __init__(self, reader: str, scard: Scard | None = None) -> None:
        self._reader = reader
        self._scard = scard
        self._context: Context | None = None

    def read(self, counter: int, fields: Collection[str]) -> dict[str, Any]:
        """The card that came with that count, and none that took its place; else `SimFault`."""
        before = self._slot()
        if before.counter != counter or not before.is_present:
            raise SimFault("card_left", "before")
        card = self._read(fields)
        if self._slot().counter != counter:
            raise SimFault("card_left", "after")
        return card | {"atr": before.atr}

    def _read(self, fields: Collection[str]) -> dict[str, Any]:
        try:
            with self._open().card(self._reader) as card:
                return _read(card, fields)
        except CardFault as fault:
            raise SimFault(fault.code, "connect") from fault
        except CardReset:
            raise SimFault("busy", "connect") from None
        except ServiceDown:
            self._drop()
            raise SimFault("card_left", "service") from None

    def _slot(self) -> Slot:
        """By a line to the service that stands: the last one may be of a service that ended."""
        for is_last in (False, True):
            try:
                return self._open().slot(self._reader)
            except CardFault as fault:
                raise SimFault(fault.code, "reader") from fault
            except ServiceDown:
                self._drop()
                if is_last:
                    break
        raise SimFault("card_left", "service")

    def _open(self) -> Context:
        self._context = self._context or Context(self._scard)
        return self._context

    def _drop(self) -> None:
        if self._context:
            self._context.close()
        self._context = None


def _read(card: Card, fields: Collection[str]) -> dict[str, Any]:
    try:
        card.begin()
        return Sim(card).read(fields)
    except CardReset:
        # Another program reset it: from the start, once.
        card.begin_again()
        return Sim(card).read(fields)


def main() -> None:
    worker = Worker(sys.argv[1])
    line = Line()
    line.say("ready")
    while True:
        order = line.heard.get()
        number = order["id"]
        line.say("busy", id=number)
        try:
            card = worker.read(order["counter"], order["fields"])
        except SimFault as fault:
            sw = {"sw": fault.sw} if fault.sw else {}
            line.say("fault", id=number, code=fault.code, stage=fault.stage, **sw)
        else:
            line.say("read", id=number, card=card, counter=order["counter"])


if __name__ == "__main__":
    main()
