"""Commands to one SIM card, each followed until it is answered whole (TS 102 221 10.1, 7.3.1).

Only commands that read are sent. The one VERIFY asks how many tries are left and carries no PIN:
a VERIFY with one takes a try away from somebody's card.
"""

from typing import Final, Protocol

from reader_agent.cards import decode
from reader_agent.cards.pcsc import Answer

UICC, GSM = 0x00, 0xA0
"""Classes of commands: of today's cards, and of 2G cards."""
OK: Final = 0x9000

_SELECT, _READ_BINARY, _READ_RECORD, _GET_RESPONSE, _VERIFY = 0xA4, 0xB0, 0xB2, 0xC0, 0x20
_READING: Final = frozenset({_SELECT, _READ_BINARY, _READ_RECORD, _GET_RESPONSE})
_BY_ID, _BY_NAME = 0x00, 0x04
_WANTS_FCP, _WANTS_NOTHING = 0x04, 0x0C
_ABSOLUTE: Final = 0x04
_BAD_P2: Final = 0x6A86
_MORE: Final = frozenset({0x61, 0x9F})
_MOST_PARTS: Final = 4
"""Of one answer. A card that always has more would be listened to for ever."""
_OTHER_LENGTH: Final = 0x6C


class Link(Protocol):
    @property
    def is_t1(self) -> bool: ...
    def transmit(self, command: bytes, /) -> Answer: ...


class Chip:
    """`cla` is the class that it understands, `sent` how many commands it got (APDUs)."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._quiet = _WANTS_NOTHING
        self.cla = UICC
        self.sent = 0

    @property
    def is_uicc(self) -> bool:
        return self.cla == UICC

    def select(self, fid: int) -> Answer:
        """A file or a directory, without what the card says of it; 9000 when it is there."""
        return self._selected(_BY_ID, fid.to_bytes(2, "big"))

    def select_application(self, aid: str) -> Answer:
        return self._selected(_BY_NAME, bytes.fromhex(aid))

    def describe(self, fid: int) -> Answer:
        """The same, with what the card says of it."""
        # T=0 has no place for both lengths: how much there is to fetch is told by 61xx.
        longest = b"\0" if self._link.is_t1 else b""
        return self._whole(self._select(_BY_ID, _WANTS_FCP, fid.to_bytes(2, "big")) + longest)

    def file(self, fid: int, size: int = 0) -> Answer:
        """A file's first bytes, or why there are none. Size 0: as many as it has."""
        if size or self.is_uicc:
            told = self.select(fid)
        else:
            told, size = self._measured(fid)
        return self._whole(self._command(_READ_BINARY, 0, 0, size)) if told.sw == OK else told

    def first_record(self, fid: int) -> Answer:
        told, size = (self.select(fid), 0) if self.is_uicc else self._measured(fid)
        return self.record(1, size) if told.sw == OK else told

    def record(self, number: int, size: int = 0) -> Answer:
        """One of the file that is selected."""
        return self._whole(self._command(_READ_RECORD, number, _ABSOLUTE, size))

    def ask_tries(self) -> Answer:
        """63Cx with how many are left before PIN1 blocks, 6983 when none is."""
        without_pin = self._command(_VERIFY, 0, 1, 0)
        return self._send(without_pin[:4] if self._link.is_t1 else without_pin)

    def _measured(self, fid: int) -> tuple[Answer, int]:
        """Selects a file of a 2G card, which wants to be asked for the very size that it has."""
        told = self.describe(fid)
        try:
            found = decode.gsm_file(told.data)
        except decode.Undecodable:
            return told, 0
        return told, min(found.record_size or found.size, 0xFF)

    def _selected(self, way: int, name: bytes) -> Answer:
        told = self._send(self._select(way, self._quiet, name))
        if told.sw == _BAD_P2 and self._quiet == _WANTS_NOTHING:
            # Some cards can't but answer.
            self._quiet = _WANTS_FCP
            told = self._send(self._select(way, self._quiet, name))
        return Answer(b"", OK) if told.sw >> 8 in _MORE else told

    def _select(self, way: int, wants: int, name: bytes) -> bytes:
        return self._command(_SELECT, way, wants if self.is_uicc else 0, len(name)) + name

    def _command(self, instruction: int, first: int, second: int, size: int) -> bytes:
        return bytes([self.cla, instruction, first, second, size])

    def _whole(self, command: bytes) -> Answer:
        told = self._send(command)
        data = told.data
        for _ in range(_MOST_PARTS):
            if told.sw >> 8 not in _MORE:
                break
            told = self._send(self._command(_GET_RESPONSE, 0, 0, told.sw & 0xFF))
            data += told.data
        return Answer(data, told.sw)

    def _send(self, command: bytes) -> Answer:
        told = self.transmit(command)
        if told.sw >> 8 == _OTHER_LENGTH:
            told = self.transmit(command[:4] + bytes([told.sw & 0xFF]))
        return told

    def transmit(self, command: bytes) -> Answer:
        asks_tries = command[1] == _VERIFY and not any(command[4:])
        if command[1] not in _READING and not asks_tries:
            raise ValueError("not a command that reads")
        self.sent += 1
        return self._link.transmit(command)
