"""Reads identity cards behind one serial port, in a process of its own.

    python -m reader_agent.documents.id_worker PORT

JSON lines. In: `arm` (one read), `disarm`; the end of stdin ends it. Out: `port`, `found`, `read`,
`fault`, `lifted`. An `arm` is answered by one read or one fault; after either the reader must say
once that nothing lies on it before anything is read again. What was read is reduced here to
answers and marks; nothing of a person is in any line, an exception, or on stderr.
"""

import binascii
import signal
import sys
import time
from base64 import b64decode
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from errno import EACCES, EAGAIN, ENOENT, EPERM
from queue import Empty
from typing import Final, NoReturn, Self

from reader_agent.documents.identity_fields import SALT_SIZE, reduced_card
from reader_agent.documents.idlayout import Unreadable
from reader_agent.documents.samv import LINE_ERRORS, Command, Faulty, IdFault, SerialLine, Sw
from reader_agent.documents.serial_ports import port_at
from reader_agent.lines import Line, Message
from reader_agent.plain import LONGEST_SAM_ID, cut

_BETWEEN_FINDS: Final = 0.32
"""Seconds. Readers find nothing when asked more often than every 300 ms (READER C.3)."""
_BETWEEN_LOOKS: Final = 0.5
"""Seconds between two looks at a cable that is not used, or for a port that is not there."""
_CHINA: Final = timezone(timedelta(hours=8))
"""A document is valid until a day in China is over, wherever the laptop believes it is."""

_NO_PORT: Final = {
    ENOENT: IdFault.UNPLUGGED.value,
    EACCES: "port_denied",
    EPERM: "port_denied",
    EAGAIN: "port_taken",
}
_BREAKS: Final = frozenset({IdFault.UNPLUGGED, IdFault.MUTE, IdFault.SELF_TEST})
"""After these the port is opened anew."""


@dataclass(frozen=True, slots=True)
class Armed:
    id: int
    salt: bytes = field(repr=False)

    @classmethod
    def of(cls, order: Message) -> Self | None:
        """None without a whole salt: marks made without one would tell the number."""
        salt = str(order.get("salt", ""))
        try:
            drawn = b64decode(salt + "=" * (-len(salt) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            return None
        return cls(int(order["id"]), drawn) if len(drawn) == SALT_SIZE else None


class Worker:
    """One port and what lies on its reader. All of it happens in the thread that calls `run`."""

    def __init__(self, port: str, parent: Line) -> None:
        self._port, self._parent = port, parent
        self._at = port_at(port)
        self._said: Message = {}
        self._line: SerialLine | None = None
        self._armed: Armed | None = None
        self._is_asked_for_health = False
        self._lies = False
        """What was read, or could not be, may still lie there."""
        self._asked_at = 0.0
        self._due = 0.0

    def run(self) -> NoReturn:
        while True:
            self._obey()
            self._due = time.monotonic() + self._act()

    def _obey(self) -> None:
        """Takes orders until something is due."""
        with suppress(Empty):
            while True:
                left = max(0.0, self._due - time.monotonic())
                self._take(self._parent.heard.get(timeout=left))

    def _take(self, order: Message) -> None:
        self._armed = None
        if order.get("do") != "arm":
            return
        self._armed = Armed.of(order)
        self._is_asked_for_health = False
        if self._armed is None:
            self._tell_fault(int(order["id"]), Faulty(IdFault.READ_FAILED, "arm"))
        elif self._line is not None:
            self._due = min(self._due, self._asked_at + _BETWEEN_FINDS)

    def _act(self) -> float:
        """Does what is due; the seconds until something is due again."""
        line = self._line or self._open()
        if line is None:
            return _BETWEEN_LOOKS
        try:
            if self._armed is None and not self._lies:
                line.touch()
                return _BETWEEN_LOOKS
            self._look(line)
        except Faulty as fault:
            self._failed(fault)
        return max(0.0, self._asked_at + _BETWEEN_FINDS - time.monotonic())

    def _open(self) -> SerialLine | None:
        """The line, where a reader at its end answers and is well."""
        try:
            line = SerialLine(self._port)
        except LINE_ERRORS as error:
            self._tell_port(_NO_PORT.get(getattr(error, "errno", None) or 0, "port_unusable"))
            return None
        try:
            line.done(Command.STATUS)
            sam_id = cut(line.sam_id(), LONGEST_SAM_ID)
        except Faulty as fault:
            line.close()
            self._tell_port(fault.code.value)
            return None
        self._line, self._at = line, port_at(self._port)
        self._tell_port("", sam_id)
        return line

    def _look(self, line: SerialLine) -> None:
        self._asked_at = time.monotonic()
        if not self._is_asked_for_health:
            line.done(Command.STATUS)
            self._is_asked_for_health = True
            self._asked_at = time.monotonic()
        sw = line.ask(Command.FIND).sw
        if sw == Sw.NOT_FOUND:
            if self._lies:
                self._lies = False
                self._parent.say("lifted")
        elif self._lies or self._armed is None:
            return
        elif sw == Sw.FOUND:
            self._read(line, self._armed)
        else:
            raise Faulty.of(Command.FIND, sw)

    def _read(self, line: SerialLine, armed: Armed) -> None:
        self._parent.say("found", id=armed.id, at_ns=time.monotonic_ns())
        line.done(Command.SELECT)
        answer = line.text()
        today = datetime.now(_CHINA).date()
        try:
            with memoryview(answer.data)[4:] as block:
                card = reduced_card(block, armed.salt, today)
        except Unreadable:
            raise Faulty(IdFault.READ_FAILED, "decode") from None
        finally:
            answer.wipe()
        self._armed, self._lies = None, True
        self._parent.say("read", id=armed.id, card=card)

    def _failed(self, fault: Faulty) -> None:
        """While an old card lies there nothing is said of faults: they concern no new one."""
        if fault.code in _BREAKS:
            self._close()
            self._tell_port(fault.code.value)
        if self._armed is not None and not self._lies:
            armed, self._armed, self._lies = self._armed, None, True
            self._tell_fault(armed.id, fault)

    def _tell_port(self, reason: str, sam_id: str = "") -> None:
        told: Message = {
            "up": not reason,
            "reason": reason,
            "sam_id": sam_id,
            "virtual": self._at.is_virtual,
            "usb": self._at.usb,
            "serial": self._at.serial,
        }
        if told != self._said:
            self._said = told
            self._parent.say("port", **told)

    def _tell_fault(self, number: int, fault: Faulty) -> None:
        sw = {"sw": fault.sw} if fault.sw else {}
        self._parent.say("fault", id=number, code=fault.code.value, stage=fault.stage, **sw)

    def _close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


def main(port: str) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is the parent's to handle
    Worker(port, Line()).run()


if __name__ == "__main__":
    main(sys.argv[1])
