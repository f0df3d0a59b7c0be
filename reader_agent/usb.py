"""Which USB device a PC/SC reader is, as far as the system tells without loading a library."""

import re
from pathlib import Path
from typing import Any, Final

_DEVICES: Final = Path("/sys/bus/usb/devices")
_CCID: Final = "0b"
"""Interface class of smart card readers (USB-IF)."""
_SERIAL: Final = re.compile(r"\(([^()]+)\) \d\d \d\d$")
"""How pcsc-lite ends the name of a reader that has a serial number."""


def seen_as(name: str, devices: Path = _DEVICES) -> dict[str, Any]:
    """`usb`, `serial`, `sam_id`, `virtual` of docs/reader.md; empty rather than guessed.

    vpcd's drivers are no readers. A reader of another class of USB devices stays without an id.
    """
    virtual = "virtual" in name.lower()
    usb, serial = ("", "") if virtual else _found(name, devices)
    return {"usb": usb, "serial": serial, "sam_id": "", "virtual": virtual}


def _found(name: str, devices: Path) -> tuple[str, str]:
    interfaces = devices.glob("*/*/bInterfaceClass")
    readers = {path.parents[1] for path in interfaces if _line(path) == _CCID}
    found = [_named(device) for device in readers]
    told = _SERIAL.search(name)
    if told is not None:
        found = [one for one in found if one[1] == told[1]]
    return found[0] if len(found) == 1 else ("", told[1] if told else "")


def _named(device: Path) -> tuple[str, str]:
    usb = f"{_line(device / 'idVendor')}:{_line(device / 'idProduct')}"
    return ("" if usb == ":" else usb), _line(device / "serial")


def _line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
