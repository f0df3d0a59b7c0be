"""`smartcard.scard` by rote, for what can't be provoked: Windows' codes, and moments."""
# ruff: noqa: N802 - functions are called as PC/SC calls them

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from reader_agent.cards.pcsc import Row, State

READER: Final = "Counter 0"
GOOD, TIMEOUT = 0, 0x8010000A
PRESENT, EMPTY, CHANGED = 0x20, 0x10, 0x02

_CODES: Final = 0x80000000
_MOMENT: Final = 0.001
_ATR: Final = [0x3B, 0x9F]
_CARD: Final = {
    "00a40004023f00": "9000",
    "00a4000c022fe2": "9000",
    "00b000000a": "986899002143658709819000",
}


class Enough(BaseException):
    """The script is over."""


def state(counter: int, holds: int = PRESENT) -> int:
    return counter << 16 | holds | CHANGED


@dataclass
class Scripted:
    """`scard` by rote. What has no more lines answers well."""

    establish: list[int] = field(default_factory=list[int])
    readers: list[int | list[str]] = field(default_factory=list[int | list[str]])
    states: list[int | float] = field(default_factory=list[int | float])
    """States of the reader; codes; seconds (floats) in which nothing happens."""
    connect: list[int] = field(default_factory=list[int])
    transmit: list[int] = field(default_factory=list[int])
    is_over: Callable[[], bool] = lambda: False
    released: int = 0
    reconnected: int = 0
    asked: list[list[State]] = field(default_factory=list[list[State]])
    """The states that were given with each question for changes."""

    def SCardEstablishContext(self, *_: object) -> tuple[int, int]:
        if self.is_over():
            raise Enough
        return self._next(self.establish), 7

    def SCardReleaseContext(self, *_: object) -> int:
        self.released += 1
        return GOOD

    def SCardListReaders(self, *_: object) -> tuple[int, list[str]]:
        told = self.readers.pop(0) if self.readers else [READER]
        return (told, []) if isinstance(told, int) else (GOOD, told)

    def SCardGetStatusChange(
        self, context: int, milliseconds: int, states: list[State], /
    ) -> tuple[int, list[Row]]:
        del context
        self.asked.append(states)
        if not self.states:
            raise Enough
        told = self.states.pop(0)
        if isinstance(told, float):
            passed = min(told, milliseconds / 1000)
            time.sleep(passed)
            if told - passed > _MOMENT:
                self.states.insert(0, told - passed)
            return TIMEOUT, []
        if not 0 <= told < _CODES:
            return told, []
        return GOOD, [(name, told if name == READER else 0, _ATR) for name, _ in states]

    def SCardConnect(self, *_: object) -> tuple[int, int, int]:
        return self._next(self.connect), 9, 1

    def SCardReconnect(self, *_: object) -> tuple[int, int]:
        self.reconnected += 1
        return GOOD, 1

    def SCardBeginTransaction(self, *_: object) -> int:
        return GOOD

    def SCardTransmit(
        self, card: int, protocol: int, command: list[int], /
    ) -> tuple[int, list[int]]:
        del card, protocol
        code = self._next(self.transmit)
        told = _CARD.get(bytes(command).hex(), "6a82")
        return code, list(bytes.fromhex(told)) if code == GOOD else []

    def SCardDisconnect(self, *_: object) -> int:
        return GOOD

    def _next(self, codes: list[int]) -> int:
        return codes.pop(0) if codes else GOOD
