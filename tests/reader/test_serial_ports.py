"""Which serial ports an identity reader may be behind, and which are nobody's."""

import os
from pathlib import Path
from typing import Final

import pytest
from serial.tools.list_ports_common import ListPortInfo

from reader_agent.documents import serial_ports
from reader_agent.documents.serial_ports import SerialPort, port_at, ports


def usb(path: Path, vid: int | None, pid: int | None, serial: str | None = None) -> ListPortInfo:
    info = ListPortInfo(str(path))
    info.vid, info.pid, info.serial_number = vid, pid, serial
    return info


BY_ID: Final = "usb-1a86_USB_Serial-if00-port0"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A laptop with a port on the board, a modem, and a bridge that readers are built with."""
    for name in ("ttyS0", "ttyACM0", "ttyUSB3"):
        (tmp_path / name).touch()
    (tmp_path / "by-id").mkdir()
    (tmp_path / "by-id" / BY_ID).symlink_to(tmp_path / "ttyUSB3")
    found = [
        usb(tmp_path / "ttyS0", None, None),
        usb(tmp_path / "ttyACM0", 0x12D1, 0x1001, "modem"),
        usb(tmp_path / "ttyUSB3", 0x1A86, 0x7523),
    ]
    monkeypatch.setattr(serial_ports, "BY_ID", tmp_path / "by-id")
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: found)
    return tmp_path


def test_ports_on_usb_are_listed_known_ones_first_and_by_names_that_stay(machine: Path) -> None:
    bridge, modem = ports()
    assert bridge == SerialPort(str(machine / "by-id" / BY_ID), "1a86:7523", "")
    assert modem == SerialPort(str(machine / "ttyACM0"), "12d1:1001", "modem")
    assert (bridge.is_virtual, modem.is_virtual) == (False, True)


@pytest.mark.parametrize("name", [f"by-id/{BY_ID}", "ttyUSB3"])
def test_a_port_is_known_by_any_of_its_names(name: str, machine: Path) -> None:
    at = port_at(str(machine / name))
    assert at == SerialPort(str(machine / name), "1a86:7523", "")
    assert not at.is_virtual


def test_a_pty_is_virtual_under_whatever_name(machine: Path) -> None:
    far, near = os.openpty()
    disguise = machine / "by-id" / "usb-reader"
    disguise.symlink_to(os.ttyname(near))
    assert port_at(str(disguise)).is_virtual
    assert port_at(os.ttyname(near)).is_virtual
    assert str(disguise) not in {port.path for port in ports()}
    for end in (far, near):
        os.close(end)


def test_a_port_on_the_board_is_nobodys(machine: Path) -> None:
    assert port_at(str(machine / "ttyS0")).is_virtual
    assert port_at(str(machine / "gone")).is_virtual


def test_a_port_may_call_itself_anything_and_a_read_holds_what_fits(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = usb(machine / "ttyUSB3", 0x1A86, 0x7523, "A\n\u202e\x1b" + "7" * 99)
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: [one])
    assert port_at(str(machine / "ttyUSB3")).serial == "A " + "7" * 62
