"""The identity reader's own language: the SAM_V frames of GA 467 over a serial line.

    to the reader     AA AA AA 96 69 | Len1 Len2 | CMD Para        | XOR
    from the reader   AA AA AA 96 69 | Len1 Len2 | SW1 SW2 SW3 ... | XOR

Len counts what follows it, the XOR too; the XOR is over Len1 to the last byte before it. Nothing
here is signed: who owns the machine can forge what the reader says (READER C.2, D.3).
"""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum
from functools import reduce
from struct import unpack
from typing import Final, Self, TypeVar

import serial

if sys.platform == "win32":
    LINE_ERRORS: Final = (OSError,)
else:
    import termios

    LINE_ERRORS: Final = (OSError, termios.error)
    """Serial's own errors are OSErrors; a pulled cable also raises the terminal's."""

PREAMBLE: Final = bytes.fromhex("AAAAAA9669")
MOST: Final = 4096
"""The largest Len; a whole answer with fingerprints has 2,314."""
TEXT_SIZE: Final = 256
_HEAD: Final = len(PREAMBLE) + 2
_LEAST: Final = 4
_BAUD: Final = 115_200
_TICK: Final = 0.05
"""Seconds that one look at the line takes when nothing comes."""

_Found = TypeVar("_Found")


class IdFault(StrEnum):
    """Why a card was not read, as it goes over the wire (docs/reader.md)."""

    MUTE = "id_mute"
    BAD_FRAME = "id_bad_frame"
    READ_FAILED = "id_read_failed"
    SELECT_FAILED = "id_select_failed"
    FORGED = "id_forged"
    """A finding rather than a fault: reader or card say that the card is none."""
    REFUSED = "id_refused"
    UNAUTHORISED = "id_unauthorised"
    SELF_TEST = "id_self_test"
    UNPLUGGED = "id_unplugged"


class Sw(IntEnum):
    """SW3, the byte that tells how it went (READER C.2)."""

    DONE = 0x90
    FOUND = 0x9F
    NOT_FOUND = 0x80


_MEANINGS: Final = {
    0x10: IdFault.BAD_FRAME,  # our checksum arrived wrong
    0x11: IdFault.BAD_FRAME,  # our length did
    0x31: IdFault.REFUSED,
    0x32: IdFault.FORGED,
    0x33: IdFault.FORGED,
    0x41: IdFault.READ_FAILED,
    0x60: IdFault.SELF_TEST,
    0x66: IdFault.UNAUTHORISED,
    0x81: IdFault.SELECT_FAILED,
}


class Command(Enum):
    """All that is ever asked of a reader. Fingerprints (30 10) and addresses (30 03) are not.

    Command and parameter; seconds to wait; how many bytes of the answer stay in memory. Of a
    read those are the two lengths and the text: the photo behind them goes by and is not kept.
    """

    STATUS = bytes.fromhex("11FF"), 1.5, 0
    SAM_ID = bytes.fromhex("12FF"), 1.5, 16
    FIND = bytes.fromhex("2001"), 1.5, 0
    SELECT = bytes.fromhex("2002"), 1.5, 0
    READ = bytes.fromhex("3001"), 4.0, 4 + TEXT_SIZE

    def __init__(self, body: bytes, patience: float, keeps: int) -> None:
        self.body = body
        self.patience = patience
        self.keeps = keeps

    @property
    def stage(self) -> str:
        return self.name.lower()


class Faulty(Exception):
    """A card was not read. It carries codes and nothing that came off a card."""

    def __init__(self, code: IdFault, stage: str, sw: int | None = None) -> None:
        super().__init__(code.value, stage)
        self.code = code
        self.stage = stage
        self.sw = "" if sw is None else f"{sw:02x}"

    @classmethod
    def of(cls, command: Command, sw: int) -> Self:
        other = IdFault.SELECT_FAILED if command is Command.SELECT else IdFault.READ_FAILED
        return cls(_MEANINGS.get(sw, other), command.stage, sw)


@dataclass(slots=True)
class Answer:
    """`size` bytes came behind the status; of these the first, as many as were to be kept."""

    sw: int
    size: int
    data: bytearray = field(repr=False)

    def wipe(self) -> None:
        self.data[:] = bytes(len(self.data))


def framed(body: bytes) -> bytes:
    """A frame around command, parameter and data (or around the status and data of an answer)."""
    counted = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + counted + bytes([_xor(counted)])


def _xor(data: Iterable[int], start: int = 0) -> int:
    return reduce(int.__xor__, data, start)


class Inbox:
    """Finds the first whole answer in what a line delivers, however it was cut.

    What comes before the preamble is thrown away. Holds at most the head of a frame and the bytes
    that are to be kept. `take` raises ValueError at an impossible length or a wrong XOR; the
    message is empty, since a message with bytes of a card in it would end up in a log.
    """

    def __init__(self, keeps: int) -> None:
        self.is_empty = True
        self._keeps = 3 + keeps
        self._head = bytearray()
        self._body = bytearray()
        self._size = 0
        self._came = 0
        self._sum = 0

    def take(self, piece: bytes) -> Answer | None:
        self.is_empty = self.is_empty and not piece
        if not self._size:
            piece = self._begin(piece)
        piece = piece[: self._size - self._came]
        kept = min(self._keeps, self._size - 1) - self._came
        self._body += piece[: max(kept, 0)]
        self._came += len(piece)
        self._sum = _xor(piece, self._sum)
        if not self._size or self._came < self._size:
            return None
        if self._sum:
            raise ValueError
        return Answer(self._body[2], self._size - 4, self._body[3:])

    def wipe(self) -> None:
        self._body[:] = bytes(len(self._body))

    def _begin(self, piece: bytes) -> bytes:
        """What of the piece is behind the head of a frame; nothing while none is whole."""
        self._head += piece
        at = self._head.find(PREAMBLE)
        del self._head[: at if at >= 0 else max(0, len(self._head) - len(PREAMBLE) + 1)]
        if len(self._head) < _HEAD:
            return b""
        counted, rest = self._head[len(PREAMBLE) : _HEAD], bytes(self._head[_HEAD:])
        del self._head[_HEAD:]
        size = int.from_bytes(counted, "big")
        if not _LEAST <= size <= MOST:
            raise ValueError
        self._size, self._sum = size, _xor(counted)
        return rest


class SerialLine:
    """A serial port with an identity reader at its far end, for nobody else while it is open.

    Every method raises `Faulty`; a port that cannot be opened raises `LINE_ERRORS`.
    """

    def __init__(self, port: str) -> None:
        self._serial = serial.Serial(
            port, _BAUD, timeout=_TICK, write_timeout=Command.FIND.patience, exclusive=True
        )

    def close(self) -> None:
        try:
            self._serial.close()
        except LINE_ERRORS:  # the cable is out; there is nothing left to close
            return

    def touch(self) -> None:
        """Notices a pulled cable without asking the reader anything."""
        self._guarded("idle", lambda: self._serial.in_waiting)

    def ask(self, command: Command) -> Answer:
        """One command and its answer. What lay on the line before belongs to nobody."""
        self._guarded(command.stage, lambda: self._send(command))
        inbox = Inbox(command.keeps)
        try:
            return self._answer(command, inbox)
        except ValueError:
            raise Faulty(IdFault.BAD_FRAME, command.stage) from None
        finally:
            inbox.wipe()

    def done(self, command: Command) -> Answer:
        """The same where only 90 will do."""
        answer = self.ask(command)
        if answer.sw != Sw.DONE:
            raise Faulty.of(command, answer.sw)
        return answer

    def sam_id(self) -> str:
        """The security module's number, as printed: 05.03-20260101-0000012345-0987654321."""
        answer = self.done(Command.SAM_ID)
        if answer.size != Command.SAM_ID.keeps:
            raise Faulty(IdFault.BAD_FRAME, Command.SAM_ID.stage)
        first, second, day, number, random = unpack("<HHIII", answer.data)
        return f"{first:02d}.{second:02d}-{day:08d}-{number:010d}-{random:010d}"

    def text(self) -> Answer:
        """The 256 bytes of text of the card that was selected, behind their two lengths.

        Its photo was counted and thrown away. The caller wipes the answer.
        """
        answer = self.done(Command.READ)
        text, photo = (int.from_bytes(answer.data[at : at + 2], "big") for at in (0, 2))
        if text != TEXT_SIZE or answer.size != 4 + text + photo:
            answer.wipe()
            raise Faulty(IdFault.BAD_FRAME, Command.READ.stage)
        return answer

    def _send(self, command: Command) -> None:
        self._serial.reset_input_buffer()
        self._serial.write(framed(command.body))

    def _answer(self, command: Command, inbox: Inbox) -> Answer:
        until = time.monotonic() + command.patience
        while time.monotonic() < until:
            answer = inbox.take(self._guarded(command.stage, self._next))
            if answer is not None:
                return answer
        code = IdFault.MUTE if inbox.is_empty else IdFault.BAD_FRAME
        raise Faulty(code, command.stage)

    def _next(self) -> bytes:
        return self._serial.read(min(self._serial.in_waiting or 1, MOST))

    def _guarded(self, stage: str, act: Callable[[], _Found]) -> _Found:
        try:
            return act()
        except serial.SerialTimeoutException:
            raise Faulty(IdFault.MUTE, stage) from None
        except LINE_ERRORS:
            raise Faulty(IdFault.UNPLUGGED, stage) from None
