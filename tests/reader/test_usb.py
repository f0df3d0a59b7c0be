"""What a PC/SC reader is called in a signed read."""

from pathlib import Path

import pytest

from reader_agent.counter.usb import seen_as

_TWIN = "Gemalto PC Twin Reader"


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """As Linux shows them: a folder for a device, one in it for each interface."""
    plug(tmp_path, "1-1", "0b", "08e6:3437", "A1B2", product="PC Twin Reader")
    plug(tmp_path, "1-2", "03", "046d:c31c", "", manufacturer="Logitech")
    return tmp_path


def plug(devices: Path, port: str, kind: str, usb: str, serial: str, **names: str) -> None:
    interface = devices / port / f"{port}:1.0"
    interface.mkdir(parents=True)
    (interface / "bInterfaceClass").write_text(f"{kind}\n")
    vendor, _, product = usb.partition(":")
    (devices / port / "idVendor").write_text(f"{vendor}\n")
    (devices / port / "idProduct").write_text(f"{product}\n")
    for name, told in {"serial": serial, **names}.items():
        if told:
            (devices / port / name).write_text(f"{told}\n")


def test_the_one_card_reader_is_known_by_its_usb_ids(devices: Path) -> None:
    seen = seen_as(f"{_TWIN} 00 00", devices)
    assert (seen["usb"], seen["serial"], seen["virtual"]) == ("08e6:3437", "A1B2", False)


def test_of_two_readers_the_serial_number_in_the_name_tells_which(devices: Path) -> None:
    plug(devices, "1-3", "0b", "076b:3031", "C3D4")
    seen = seen_as("OMNIKEY AG 3121 (C3D4) 01 00", devices)
    assert (seen["usb"], seen["serial"]) == ("076b:3031", "C3D4")
    plug(devices, "1-4", "0b", "08e6:3437", "E5F6", product="PC Twin Reader")
    assert seen_as(f"{_TWIN} 00 00", devices)["usb"] == "", "better none than a guess"


@pytest.mark.parametrize("name", ["Remote Reader 00 00", "USB Smart Card Reader 01 00", "00 00"])
def test_a_reader_that_is_not_plugged_in_takes_no_others_id(name: str, devices: Path) -> None:
    plug(devices, "1-3", "0b", "1a44:0001", "", product="USB Smart Card Reader")
    assert (seen_as(name, devices)["usb"], seen_as(name, devices)["serial"]) == ("", "")


def test_a_maker_is_known_by_the_first_word_of_its_name(devices: Path) -> None:
    plug(
        devices,
        "1-3",
        "0b",
        "058f:9540",
        "",
        manufacturer="Alcor Micro Corp.",
        product="EMV Reader",
    )
    assert seen_as("Alcor Micro AU9560 00 00", devices)["usb"] == "058f:9540"


def test_a_serial_number_is_cut_to_what_a_read_has_room_for(devices: Path) -> None:
    plug(devices, "1-3", "0b", "076b:3031", "C\x1b[2J3" * 40, manufacturer="OMNIKEY AG")
    serial = seen_as("OMNIKEY AG 3121 00 00", devices)["serial"]
    assert serial == ("C[2J3" * 40)[:64]
    long = seen_as(f"OMNIKEY AG 3121 ({'9' * 99}) 00 00", devices)["serial"]
    assert long == "9" * 64


@pytest.mark.parametrize("name", ["Virtual PCD 00 00", "Virtual PCD PC Twin Reader (A1B2) 00 00"])
def test_a_virtual_reader_is_called_one(name: str, devices: Path) -> None:
    seen = seen_as(name, devices)
    assert (seen["usb"], seen["serial"], seen["virtual"]) == ("", "", True)


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    assert seen_as(f"{_TWIN} 00 00", tmp_path / "none")["usb"] == ""
