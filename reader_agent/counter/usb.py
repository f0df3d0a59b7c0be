"""Which USB device a PC/SC reader is, as far as the system tells without loading a library."""

import re
from pathlib import Path
from typing import Any, Final

from reader_agent.plain import LONGEST_SERIAL, cut

_DEVICES: Final = Path("/sys/bus/usb/devices")
_CCID: Final = "0b"
"""Interface class of smart card readers (USB-IF)."""
_SERIAL: Final = re.compile(r"\(([^()]+)\) \d\d \d\d$")
"""How pcsc-lite ends the name of a reader that has a serial number."""

_WORD: Final = re.compile(r"\w+")
_ANYBODY: Final = frozenset({"usb", "smart", "card", "smartcard", "reader", "ccid"})
"""Words that tell no reader from another."""
_TOLD: Final = ("product", "manufacturer", "serial")


def seen_as(name: str, devices: Path = _DEVICES) -> dict[str, Any]:
    """`usb`, `serial`, `sam_id`, `virtual` of docs/reader.md; empty rather than guessed.

    vpcd's drivers are no readers, whatever is plugged in beside them. A reader of another class
    of USB devices stays without an id, and so does one that its device does not answer for: a
    service can give a reader any name.
    """
    virtual = "virtual" in name.lower()
    usb, serial = ("", "") if virtual else _found(name, devices)
    return {"usb": usb, "serial": serial, "sam_id": "", "virtual": virtual}


def _found(name: str, devices: Path) -> tuple[str, str]:
    interfaces = devices.glob("*/*/bInterfaceClass")
    readers = {path.parents[1] for path in interfaces if _line(path) == _CCID}
    told = _SERIAL.search(name)
    serial = cut(told[1], LONGEST_SERIAL) if told else ""
    found = [_named(device) for device in readers if _answers_for(device, name)]
    if serial:
        found = [one for one in found if one[1] == serial]
    return found[0] if len(found) == 1 else ("", serial)


def _answers_for(device: Path, name: str) -> bool:
    """Whether its product, its maker or its serial number stands in the reader's name.

    Drivers spell a maker's legal form in many ways, so that the first word of it is enough.
    """
    words = set(_WORD.findall(name.casefold()))
    product, maker, serial = (_WORD.findall(_line(device / one).casefold()) for one in _TOLD)
    return any(set(told) - _ANYBODY and set(told) <= words for told in (product, maker[:1], serial))


def _named(device: Path) -> tuple[str, str]:
    usb = f"{_line(device / 'idVendor')}:{_line(device / 'idProduct')}"
    return ("" if usb == ":" else usb), cut(_line(device / "serial"), LONGEST_SERIAL)


def _line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
