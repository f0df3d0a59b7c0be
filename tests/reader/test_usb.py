"""What a PC/SC reader is called in a signed read."""

from pathlib import Path

import pytest

from reader_agent.usb import seen_as

_TWIN = "Gemalto PC Twin Reader"


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """As Linux shows them: a folder for a device, one in it for each interface."""
    plug(tmp_path, "1-1", "0b", "08e6:3437", "A1B2")
    plug(tmp_path, "1-2", "03", "046d:c31c", "")
    return tmp_path


def plug(devices: Path, port: str, kind: str, usb: str, serial: str) -> None:
    interface = devices / port / f"{port}:1.0"
    interface.mkdir(parents=True)
    (interface / "bInterfaceClass").write_text(f"{kind}\n")
    vendor, _, product = usb.partition(":")
    (devices / port / "idVendor").write_text(f"{vendor}\n")
    (devices / port / "idProduct").write_text(f"{product}\n")
    if serial:
        (devices / port / "serial").write_text(f"{serial}\n")


def test_the_one_card_reader_is_known_by_its_usb_ids(devices: Path) -> None:
    seen = seen_as(f"{_TWIN} 00 00", devices)
    assert (seen["usb"], seen["serial"], seen["virtual"]) == ("08e6:3437", "A1B2", False)


def test_of_two_readers_the_serial_number_in_the_name_tells_which(devices: Path) -> None:
    plug(devices, "1-3", "0b", "076b:3031", "C3D4")
    seen = seen_as("OMNIKEY AG 3121 (C3D4) 01 00", devices)
    assert (seen["usb"], seen["serial"]) == ("076b:3031", "C3D4")
    assert seen_as(f"{_TWIN} 00 00", devices)["usb"] == "", "better none than a guess"


def test_a_virtual_reader_is_called_one(devices: Path) -> None:
    seen = seen_as("Virtual PCD 00 00", devices)
    assert (seen["usb"], seen["serial"], seen["virtual"]) == ("", "", True)


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    assert seen_as(f"{_TWIN} 00 00", tmp_path / "none")["usb"] == ""
