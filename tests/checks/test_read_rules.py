"""What a read has to be like to count: its reader, its number, its fault, its time."""

from typing import Any

import pytest

from console.actions.checks.card_reads import accept_read, reads_of
from console.actions.checks.device_doors import make_pack
from console.actions.checks.devices import device_record, judge_reader
from console.actions.checks.spot_moves import open_session
from console.actions.checks.spot_sweeps import sweep_checks
from models.checks.devices import DeviceState, WhyQuarantined
from models.checks.spot_checks import CheckState, SpotCheck
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from tests.checks.laptops import (
    SAM,
    SIM,
    USB,
    Laptop,
    approved,
    for_tests,
    pack_ask,
    session,
    sim,
)
from tests.checks.spot_world import assigned, card, opened, scene
from tests.conftest import ONLY_SQLITE, Clock, Desks
from tests.stock.files import iccid


def refused(
    laptop: Laptop, token: str, code: str, kind: type[Invalid | Conflict] = Invalid
) -> None:
    with pytest.raises(kind, match=rf"reader\.{code}"):
        accept_read(laptop.house, token)


# The reader


@pytest.mark.requirement("004-3.3-h")
def test_a_virtual_reader_counts_only_in_an_organisation_for_tests(desks: Desks) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    virtual = USB | {"name": "Virtual PCD 00 00", "usb": "", "virtual": True}
    own = laptop.id
    refused(laptop, laptop.read(laptop.task(), reader=virtual), "virtual_refused")
    device = device_record(desks.manager, own).device
    assert (device.state, device.why) == (DeviceState.QUARANTINED, WhyQuarantined.VIRTUAL)
    (row,) = reads_of(desks.inspector, check.id)
    assert row.refusal == "reader.virtual_refused"
    trying, _ = for_tests(desks)
    session(desks, trying, number="SC-2")
    assert trying.sends(trying.task(), reader=virtual).is_new


@ONLY_SQLITE
@pytest.mark.requirement("004-3.3-h")
@pytest.mark.parametrize(
    "reader",
    [
        USB | {"name": "Virtual PCD 00 00"},
        USB | {"name": "virtual pcd 01"},
        USB | {"name": " Simulator of cards"},
        USB | {"name": ""},
        USB | {"name": "/dev/pts/3"},
        USB | {"name": "/dev/ttyp1"},
        USB | {"name": "/tmp/reader"},  # noqa: S108 - of a laptop
        SAM | {"usb": ""},
        SAM | {"usb": "16c0:05dc"},
    ],
    ids=lambda one: f"{one['name']}-{one['usb']}",
)
def test_a_virtual_reader_is_known_whatever_it_says_of_itself(
    desks: Desks, reader: dict[str, Any]
) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    own = laptop.id
    refused(laptop, laptop.read(laptop.task(), reader=reader), "virtual_refused")
    record = device_record(desks.manager, own)
    assert record.device.why is WhyQuarantined.VIRTUAL
    assert [one.is_virtual for one in record.readers] == [True]
    (row,) = reads_of(desks.inspector, check.id)
    assert row.reader["virtual"] is True


@ONLY_SQLITE
@pytest.mark.parametrize(
    "reader",
    [
        USB | {"usb": ""},
        USB | {"name": "HID Global OMNIKEY 3x21 Smart Card Reader", "usb": "076b:3031"},
        SAM | {"name": "/dev/ttyUSB0", "usb": "1A86:7523"},
        SAM | {"name": "/dev/ttyACM0", "usb": "0400:c35a"},
        SAM | {"name": "/dev/ttyS0"},
        SAM | {"name": "COM3", "usb": "0403:6001"},
    ],
    ids=lambda one: f"{one['name']}-{one['usb']}",
)
def test_a_real_reader_is_not_taken_for_a_virtual_one(desks: Desks, reader: dict[str, Any]) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    assert laptop.sends(laptop.task(), reader=reader).is_new


# The number


@ONLY_SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"iccid": iccid(521)},
        {"iccid": f"{iccid(520)}F"},
        {"iccid_raw": "98" * 10},
        sim("8986"),
        sim("89860112345678901"),
        sim("8986F11234567890123"),
        {"iccid": "", "iccid_raw": "FF" * 10},
    ],
    ids=lambda one: f"{one.get('iccid')}-{one.get('iccid_raw')}",
)
def test_a_card_without_the_number_of_its_chip_is_no_card(
    desks: Desks, wrong: dict[str, Any]
) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    refused(laptop, laptop.read(laptop.task(), card=SIM | wrong), "read_malformed")
    assert reads_of(desks.inspector, check.id) == []


@ONLY_SQLITE
@pytest.mark.parametrize("number", ["898601123456789012", "898699A0214365870921", iccid(7)])
def test_a_number_has_eighteen_to_twenty_places(desks: Desks, number: str) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    laptop.sends(laptop.task(), card=sim(number))
    (row,) = reads_of(desks.inspector, check.id)
    assert row.iccid == number


# The fault


@ONLY_SQLITE
@pytest.mark.parametrize(
    "fault",
    [
        {"code": "card_left", "stage": "iccid"},
        {"code": "alien", "stage": "iccid"},
        {"code": "mute", "stage": "Zhou Jie"},
        {"code": "mute", "stage": ""},
        {"code": "mute", "stage": "a" * 17},
        {"code": "mute", "stage": "iccid", "sw": ""},
        {"code": "mute", "stage": "iccid", "sw": "6A8"},
        {"code": "mute", "stage": "iccid", "sw": "6A8211"},
    ],
    ids=str,
)
def test_a_fault_has_no_room_for_words(desks: Desks, fault: dict[str, Any]) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    refused(laptop, laptop.read(laptop.task(), kind="fault", fault=fault), "read_malformed")
    assert reads_of(desks.inspector, check.id) == [], "no word of it is kept"


def test_a_fault_answers_the_challenge_of_its_own_reader(desks: Desks) -> None:
    laptop = approved(desks)
    check = session(desks, laptop, identity=True)
    mute = {"code": "id_mute", "stage": "find"}
    theirs = laptop.read(laptop.task("sim"), kind="fault", fault=mute, reader=SAM)
    refused(laptop, theirs, "challenge_past", Conflict)
    ours = laptop.read(laptop.task("id"), kind="fault")
    refused(laptop, ours, "challenge_past", Conflict)
    assert laptop.sends(laptop.task("sim"), kind="fault").is_new
    assert laptop.sends(laptop.task("id"), kind="fault", fault=mute, reader=SAM).is_new
    found = [(one.fault, one.refusal) for one in reads_of(desks.inspector, check.id)]
    past = "reader.challenge_past"
    assert found == [("id_mute", past), ("mute", past), ("mute", ""), ("id_mute", "")]


@pytest.mark.requirement("004-3.3-h")
def test_that_a_document_is_forged_is_said_by_an_allowed_reader_alone(desks: Desks) -> None:
    laptop = approved(desks)
    session(desks, laptop, card=False, identity=True)
    forged: dict[str, Any] = {
        "kind": "fault", "fault": {"code": "id_forged", "stage": "read", "sw": "32"},
    }  # fmt: skip
    refused(laptop, laptop.read(laptop.task("id"), reader=SAM, **forged), "sam_unapproved")
    refused(laptop, laptop.read(laptop.task("id"), reader=USB, **forged), "sam_unapproved")
    readers = device_record(desks.manager, laptop.id).readers
    allowed = next(one for one in readers if one.sam_id)
    judge_reader(desks.approver, allowed.id, allowed=True)
    assert laptop.sends(laptop.task("id"), reader=SAM, **forged).is_new


# The time


def test_a_pack_lets_a_session_end_and_the_trip_go_on(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    laptop, away = here.laptop, opened(desks, here)
    until, own = away.session_until, laptop.id
    pack = make_pack(laptop.house, laptop.id, pack_ask(away, 2))
    assert pack.task["expires_at"] == pack.challenges[0]["until"]
    with desks.house.begin(Permission.SPOT_CHECK_READ) as work:
        assert work.get(SpotCheck, away.id).session_until == until
    clock.pass_(minutes=9)
    online = laptop.task()
    clock.pass_(minutes=7)
    assert laptop.tasks() == []
    assert sweep_checks(desks.house) == 0
    refused(laptop, laptop.read(online), "task_closed")
    # The laptop is free for another check meanwhile.
    other = assigned(desks, here)
    open_session(desks.inspector, other.id, laptop.id, notice_shown=True)
    assert [one["task"] for one in laptop.tasks()] == [str(other.id)]
    clock.pass_(hours=47)
    first, second = ({**pack.task, "challenge": one["challenge"]} for one in pack.challenges)
    done = laptop.sends(first, offline=True, card=card(), clock_skew_ms=4000)
    assert (done.is_new, done.next) == (True, None)
    # How its clock was on the trip is no news of how it is.
    assert device_record(desks.manager, own).device.skew_ms == 0
    clock.pass_(hours=1)
    refused(laptop, laptop.read(second, offline=True), "challenge_past", Conflict)
    assert [one.is_offline for one in reads_of(desks.inspector, away.id)] == [False, True, True]


def test_a_trip_that_brought_nothing_home_is_broken_off_when_its_pack_ends(
    desks: Desks, clock: Clock
) -> None:
    here = scene(desks)
    away = opened(desks, here)
    pack = make_pack(here.laptop.house, here.laptop.id, pack_ask(away, 1, hours=2))
    clock.pass_(hours=1)
    assert sweep_checks(desks.house) == 0
    clock.pass_(hours=1)
    assert sweep_checks(desks.house) == 1
    with desks.house.begin(Permission.SPOT_CHECK_READ) as work:
        assert work.get(SpotCheck, away.id).state is CheckState.ABORTED
    trip = {**pack.task, "challenge": pack.challenges[0]["challenge"]}
    refused(here.laptop, here.laptop.read(trip, offline=True), "challenge_past", Conflict)
