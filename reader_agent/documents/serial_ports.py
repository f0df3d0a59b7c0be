"""Serial ports that an identity reader may be behind, and whether one is a known reader's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from reader_agent.plain import LONGEST_SERIAL, cut

KNOWN: Final = {
    "0400:c35a": "identity reader",  # seen in public code of readers (READER C.1)
    "0483:5652": "identity reader",  # the same
    "0403:6001": "FTDI FT232",  # Linux drivers/usb/serial/ftdi_sio_ids.h
    "067b:2303": "Prolific PL2303",  # pl2303.h
    "10c4:ea60": "Silicon Labs CP2102",  # cp210x.c
    "1a86:7523": "WCH CH340",  # ch341.c
}
"""USB ids of readers and of the bridges that are built into them. A bridge can be anything's."""

BY_ID: Final = Path("/dev/serial/by-id")


@dataclass(frozen=True, slots=True)
class SerialPort:
    path: str
    usb: str = ""
    """`vid:pid` in lower case; nothing of a port that is not on USB."""
    serial: str = ""

    @property
    def is_virtual(self) -> bool:
        """A pty, or anything else that does not answer as one of the known USB devices does."""
        return self.usb not in KNOWN


def ports() -> list[SerialPort]:
    """USB serial ports, known ones first, by names that stay when they are plugged in elsewhere."""
    names = {str(link.resolve()): str(link) for link in sorted(BY_ID.glob("*"))}
    found = [SerialPort(names.get(one.path, one.path), one.usb, one.serial) for one in _on_usb()]
    return sorted(found, key=lambda port: (port.is_virtual, port.path))


def port_at(path: str) -> SerialPort:
    """What is known of a port, by any of its names."""
    real = str(Path(path).resolve())
    found = next((one for one in _on_usb() if one.path in {path, real}), SerialPort(path))
    return SerialPort(path, found.usb, found.serial)


def _on_usb() -> list[SerialPort]:
    return [
        SerialPort(one.device, f"{one.vid:04x}:{one.pid:04x}", _serial(one))
        for one in list_ports.comports()
        if one.vid is not None and one.pid is not None
    ]


def _serial(port: ListPortInfo) -> str:
    return cut(port.serial_number or "", LONGEST_SERIAL)
