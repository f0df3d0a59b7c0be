"""PC/SC as far as a counter needs it: a thin layer on `smartcard.scard` with named faults.

What a call answers means one of three things here. `ServiceDown`: drop the context, open another.
`CardFault`: this card can't be read now, and the code says why. `CardReset`: another program has
reset the card, begin again. pyscard's own monitors end with the service and tell cards apart by
their ATR, which a whole batch shares; `Monitor` goes by the event counter of each reader.

Any call that speaks with a card may hang for ever when the card does: only in a child process.
"""
# ruff: noqa: N802 - functions are called as PC/SC calls them

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, cast

State = tuple[str, int]
Row = tuple[str, int, list[int]]


class Scard(Protocol):
    """The functions of `smartcard.scard` that are used; each gives its hresult first."""

    def SCardEstablishContext(self, scope: int, /) -> tuple[int, int]: ...
    def SCardReleaseContext(self, context: int, /) -> int: ...
    def SCardListReaders(self, context: int, groups: list[str], /) -> tuple[int, list[str]]: ...
    def SCardGetStatusChange(
        self, context: int, milliseconds: int, states: list[State], /
    ) -> tuple[int, list[Row]]: ...
    def SCardConnect(
        self, context: int, reader: str, share: int, protocols: int, /
    ) -> tuple[int, int, int]: ...
    def SCardReconnect(
        self, card: int, share: int, protocols: int, first: int, /
    ) -> tuple[int, int]: ...
    def SCardBeginTransaction(self, card: int, /) -> int: ...
    def SCardTransmit(
        self, card: int, protocol: int, command: list[int], /
    ) -> tuple[int, list[int]]: ...
    def SCardDisconnect(self, card: int, last: int, /) -> int: ...


_SCOPE_USER: Final = 0
_SHARED: Final = 2
_T0, _T1 = 1, 2
_LEAVE, _UNPOWER = 0, 2
_CHANGED, _PRESENT = 0x02, 0x20
_COUNTER: Final = 16
"""Bits of a state below its event counter."""
_PLUG: Final = "\\\\?PnP?\\Notification"
"""The reader that is none: its state changes when readers come and go."""

_SUCCESS: Final = 0
_TIMEOUT: Final = 0x8010000A
_NO_READERS: Final = 0x8010002E
_SHARING: Final = 0x8010000B
_RESET: Final = 0x80100068
_UNKNOWN_READER: Final = frozenset({0x80100009, 0x80100017})

_SERVICE: Final[Mapping[int, str]] = {
    0x8010001D: "service_down",
    0x8010001E: "service_stopped",  # Windows, when the last reader is pulled
    0x80100013: "service_down",
    0x80100003: "service_down",
    0x80100001: "service_down",
    0x80100018: "service_down",
    0x80100012: "service_down",
    6: "service_down",  # Windows' own ERROR_INVALID_HANDLE
    109: "service_down",  # and its ERROR_BROKEN_PIPE, of a remote session
    0x8010006A: "access_denied",  # polkit
    0x80100027: "access_denied",
}
_CARD: Final[Mapping[int, str]] = {
    0x8010000C: "card_left",  # no card
    0x80100016: "card_left",  # not transacted
    0x80100069: "card_left",  # removed
    0x80100009: "card_left",  # and its reader with it
    0x80100017: "card_left",
    _SHARING: "busy",
    0x80100031: "busy",
}
"""Everything else that a card is to blame for (mute at power-up, protocol) is `unreadable`."""
_BUSY_PAUSES: Final = (0.2, 0.4)
"""Seconds between three tries at a card that another program holds."""


class ServiceDown(Exception):
    """Nobody answers for the readers. `reason`: one of `_SERVICE`, `pyscard_missing` or
    `library_missing` (what pyscard loads).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CardFault(Exception):
    """`code` as the wire has it (docs/reader.md); `hresult` for the log."""

    def __init__(self, code: str, hresult: int = _SUCCESS) -> None:
        super().__init__(f"{code} {hresult:08X}")
        self.code = code
        self.hresult = hresult


class CardReset(Exception):
    pass


@dataclass(frozen=True)
class Slot:
    """What a reader holds. Each insertion and each removal adds one to its counter."""

    counter: int
    is_present: bool
    atr: str
    """Upper-case hex; empty when there is no card, or none that answers."""

    @classmethod
    def of(cls, state: int, atr: Sequence[int]) -> "Slot":
        is_present = bool(state & _PRESENT)
        answer = bytes(atr).hex().upper() if is_present else ""
        return cls(state >> _COUNTER & 0xFFFF, is_present, answer)


class Answer(NamedTuple):
    data: bytes
    sw: int


def library() -> Scard:
    try:
        from smartcard import scard
    except ModuleNotFoundError:
        raise ServiceDown("pyscard_missing") from None
    except ImportError:
        raise ServiceDown("library_missing") from None
    return cast("Scard", scard)


class Context:
    """A line to the service; after `ServiceDown` it is of no more use."""

    def __init__(self, scard: Scard | None = None) -> None:
        self._scard = scard or library()
        hresult, self._handle = self._scard.SCardEstablishContext(_SCOPE_USER)
        _serving(hresult)

    def close(self) -> None:
        self._scard.SCardReleaseContext(self._handle)

    def readers(self) -> list[str]:
        hresult, names = self._scard.SCardListReaders(self._handle, [])
        if _unsigned(hresult) == _NO_READERS:
            return []
        _serving(hresult)
        return names

    def slot(self, reader: str) -> Slot:
        """What it holds now."""
        hresult, rows = self._scard.SCardGetStatusChange(self._handle, 0, [(reader, 0)])
        _good(hresult)
        _, state, atr = rows[0]
        return Slot.of(state, atr)

    def changes(self, states: Mapping[str, int], seconds: float) -> list[Row]:
        """All of these readers as soon as one differs from its state; none when time is over."""
        milliseconds = max(int(seconds * 1000), 0)
        asked = list(states.items())
        hresult, rows = self._scard.SCardGetStatusChange(self._handle, milliseconds, asked)
        if _unsigned(hresult) == _TIMEOUT:
            return []
        if _unsigned(hresult) in _UNKNOWN_READER:
            # Pulled since the readers were listed. Some drivers list it for a moment more.
            time.sleep(0.05)
            return []
        _serving(hresult)
        return rows

    @contextmanager
    def card(self, reader: str) -> Generator["Card"]:
        """The card in that reader, which is left without power: whoever comes next begins anew."""
        handle, protocol = self._connected(reader)
        try:
            yield Card(self._scard, handle, protocol)
        finally:
            self._scard.SCardDisconnect(handle, _UNPOWER)

    def _connected(self, reader: str) -> tuple[int, int]:
        pauses = iter(_BUSY_PAUSES)
        while True:
            hresult, handle, protocol = self._scard.SCardConnect(
                self._handle, reader, _SHARED, _T0 | _T1
            )
            pause = next(pauses, None) if _unsigned(hresult) == _SHARING else None
            if pause is None:
                _good(hresult)
                return handle, protocol
            time.sleep(pause)


class Card:
    """One card. Nobody else speaks with it between `begin` and the end of the context's block."""

    def __init__(self, scard: Scard, handle: int, protocol: int) -> None:
        self._scard = scard
        self._handle = handle
        self._protocol = protocol

    @property
    def is_t1(self) -> bool:
        return self._protocol == _T1

    def begin(self) -> None:
        _good(self._scard.SCardBeginTransaction(self._handle))

    def begin_again(self) -> None:
        """After `CardReset`."""
        hresult, self._protocol = self._scard.SCardReconnect(
            self._handle, _SHARED, _T0 | _T1, _LEAVE
        )
        _good(hresult)
        self.begin()

    def transmit(self, command: bytes) -> Answer:
        hresult, answer = self._scard.SCardTransmit(self._handle, self._protocol, list(command))
        _good(hresult)
        # A card that is pulled in the middle may "succeed" with nothing, or half a status word.
        if len(answer) < 2:  # noqa: PLR2004 - a status word's length
            raise CardFault("card_left")
        return Answer(bytes(answer[:-2]), answer[-2] << 8 | answer[-1])


class Monitor:
    """Waits for what changes at any reader. It needs a new one where the context is new."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._states: dict[str, int] = {_PLUG: 0}

    def readers(self) -> list[str]:
        """Their names; `wait` watches these, and whether there are others."""
        names = self._context.readers()
        self._states = {name: self._states.get(name, 0) for name in (*names, _PLUG)}
        return names

    def wait(self, seconds: float) -> dict[str, Slot]:
        """What each holds, as soon as anything is new; empty when time is over."""
        rows = self._context.changes(self._states, seconds)
        self._states.update((name, state & ~_CHANGED) for name, state, _ in rows)
        return {name: Slot.of(state, atr) for name, state, atr in rows if name != _PLUG}


def _unsigned(hresult: int) -> int:
    """Windows gives the same codes as negative numbers."""
    return hresult & 0xFFFFFFFF


def _serving(hresult: int) -> None:
    code = _unsigned(hresult)
    if code != _SUCCESS:
        raise ServiceDown(_SERVICE.get(code, "service_down"))


def _good(hresult: int) -> None:
    code = _unsigned(hresult)
    if code == _RESET:
        raise CardReset
    if code in _SERVICE:
        raise ServiceDown(_SERVICE[code])
    if code != _SUCCESS:
        raise CardFault(_CARD.get(code, "unreadable"), code)
