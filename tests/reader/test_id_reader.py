"""The process that reads identity cards, at a simulated reader: all people, every fault."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Generator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import pytest
from serial import Serial

from reader_agent.documents.identity_fields import mark
from tests.reader.idreader import PEOPLE, SALT, IdWorker, Message, Simulator, reading

CHINA: Final = timezone(timedelta(hours=8))
CLEAR: Final = ("name", "no", "valid_from", "valid_to")
"""What a console might ask for that means ill; it gets none of it."""
SAM_ID: Final = "05.03-20260101-0000012345-0987654321"


@pytest.fixture
def sim(tmp_path: Path) -> Generator[Simulator]:
    with Simulator.running(tmp_path, "--min-poll-ms", "300") as simulator:
        yield simulator


@pytest.fixture
def worker(sim: Simulator) -> Generator[IdWorker]:
    with reading(sim.port) as own:
        assert own.hear("port")["up"]
        yield own


def card_of(person: str) -> dict[str, Any]:
    """What the console is told of a person, whatever it asks for."""
    one = PEOPLE[person]
    return {
        "doc": one["type"] or "resident",
        "no_check": person != "test-badcheck",
        "expired": one["end"] < f"{datetime.now(CHINA):%Y%m%d}",  # 长期 is behind every digit
        "no_mac": mark(SALT, one["no"]),
        "name_mac": mark(SALT, one["name"]),
    }


def replug(sim: Simulator, worker: IdWorker) -> None:
    """The cable is out and in again, and the worker knows it."""
    sim("unplug")
    down = worker.hear("port")
    assert (down["up"], down["reason"], down["sam_id"]) == (False, "id_unplugged", "")
    sim("plug")
    assert worker.hear("port")["up"]


def read(worker: IdWorker, number: int) -> Message:
    """The rest of a read that was found."""
    found = worker.hear("found")
    assert found["id"] == number
    assert isinstance(found["at_ns"], int)
    answer = worker.hear("read")
    assert answer["id"] == number
    card: Message = answer["card"]
    return card


@pytest.mark.requirement("004-2.1-b", "004-2.1-c", "000-4.3-a")
def test_everybody_is_read_one_after_another(sim: Simulator, worker: IdWorker) -> None:
    for number, person in enumerate(PEOPLE, 1):
        worker.arm(number, CLEAR)
        sim.place(person)
        assert read(worker, number) == card_of(person)
        sim("lift")
        worker.hear("lifted")


@pytest.mark.requirement("001-11-c", "000-4.2-c")
def test_nothing_of_a_person_leaves_the_process_unasked(sim: Simulator, worker: IdWorker) -> None:
    for number, person in enumerate(["test-newaddr", "test-hk", "test-foreign23"], 1):
        worker.arm(number)
        sim.place(person)
        read(worker, number)
        sim("lift")
        worker.hear("lifted")
        said = json.dumps(worker.lines, ensure_ascii=False)
        assert not any(word in said for word in PEOPLE[person].values() if len(word) > 2)


def test_the_port_tells_its_module_and_that_it_is_none_of_a_reader(sim: Simulator) -> None:
    with reading(sim.port) as worker:
        told = {"reason": "", "sam_id": SAM_ID, "virtual": True, "usb": "", "serial": ""}
        assert worker.hear("port") == {"event": "port", "up": True, **told}


def test_a_reader_that_nobody_waits_for_is_left_alone(sim: Simulator, worker: IdWorker) -> None:
    worker.arm(1)
    worker.say(do="disarm")
    worker.say(do="arm", id=9, salt="")  # an order it turns down, so that it has taken the others
    assert worker.hear("fault")["id"] == 9
    replug(sim, worker)
    asked = sim("stats")["find"]
    sim.place("test-a")
    replug(sim, worker)
    assert sim("stats")["find"] == asked
    worker.arm(2)
    assert read(worker, 2)["doc"] == "resident"


def test_a_slow_card_on_a_slow_line_is_read(tmp_path: Path) -> None:
    pace = ["--pace-baud", "115200", "--read-ms", "700", "--min-poll-ms", "300"]
    with Simulator.running(tmp_path, *pace) as sim, reading(sim.port) as worker:
        worker.hear("port")
        worker.arm(1, CLEAR)
        sim.place("test-longname")
        assert read(worker, 1) == card_of("test-longname")


@pytest.mark.parametrize("faults", [{"garbage": 1}, {"chunk": 16}, {"garbage": 1, "chunk": 60}])
def test_noise_and_pieces_on_the_line_do_no_harm(
    faults: dict[str, int], sim: Simulator, worker: IdWorker
) -> None:
    sim.fault(**faults)
    worker.arm(1, CLEAR)
    sim.place("test-x")
    assert read(worker, 1) == card_of("test-x")


def test_a_card_on_a_reader_that_finds_it_again_counts_once(tmp_path: Path) -> None:
    with Simulator.running(tmp_path, "--no-sticky") as sim, reading(sim.port) as worker:
        worker.hear("port")
        sim.place("test-a")
        worker.arm(1)
        read(worker, 1)
        worker.arm(2)
        sim.wait("find", sim("stats")["find"] + 3)
        assert worker.has_said_nothing(), "it was not lifted"
        sim("lift")
        worker.hear("lifted")
        sim.place("test-a")
        read(worker, 2)


def test_a_card_that_could_not_be_read_must_be_lifted_too(tmp_path: Path) -> None:
    with Simulator.running(tmp_path, "--no-sticky") as sim, reading(sim.port) as worker:
        worker.hear("port")
        sim.fault(sw_read="41")
        sim.place("test-a")
        worker.arm(1)
        worker.hear("found")
        assert worker.hear("fault")["code"] == "id_read_failed"
        sim.fault()
        worker.arm(2)
        sim.wait("find", sim("stats")["find"] + 2)
        assert worker.has_said_nothing()
        sim("lift")
        worker.hear("lifted")
        sim.place("test-a")
        read(worker, 2)


@pytest.mark.parametrize(
    ("sw", "code"),
    [
        ("31", "id_refused"),
        ("32", "id_forged"),
        ("33", "id_forged"),
        ("40", "id_read_failed"),
        ("41", "id_read_failed"),
    ],
)
def test_what_the_reader_says_against_a_card_is_told(
    sw: str, code: str, sim: Simulator, worker: IdWorker
) -> None:
    sim.fault(sw_read=sw)
    sim.place("test-a")
    worker.arm(7, CLEAR)
    worker.hear("found")
    fault = {"event": "fault", "id": 7, "code": code, "stage": "read", "sw": sw}
    assert worker.hear("fault") == fault
    worker.hear("lifted")


def test_a_card_taken_away_too_early_is_not_half_read(sim: Simulator, worker: IdWorker) -> None:
    sim.fault(lift_before_read=1)
    sim.place("test-a")
    worker.arm(1)
    worker.hear("found")
    assert worker.hear("fault")["sw"] == "41"
    worker.hear("lifted")


@pytest.mark.parametrize(
    ("fault", "code", "stage", "sw"),
    [
        ("unauthorised", "id_unauthorised", "find", "66"),
        ("bad_xor", "id_bad_frame", "status", None),
        ("truncate", "id_bad_frame", "status", None),
    ],
)
def test_a_fault_of_the_reader_ends_the_one_read(  # noqa: PLR0917 - fault, its words, both ends
    fault: str, code: str, stage: str, sw: str | None, sim: Simulator, worker: IdWorker
) -> None:
    sim.fault(**{fault: 1})
    worker.arm(1)
    told = worker.hear("fault")
    assert (told["code"], told["stage"], told.get("sw")) == (code, stage, sw)
    sim.fault()
    worker.hear("lifted")
    worker.arm(2)
    sim.place("test-a")
    read(worker, 2)


def test_a_reader_that_babbles_is_not_pressed(sim: Simulator, worker: IdWorker) -> None:
    sim.fault(bad_xor=1)
    worker.arm(1)
    worker.hear("fault")
    asked, begun = sim("stats")["frames"], time.monotonic()
    sim.wait("frames", asked + 4)
    assert time.monotonic() - begun > 3 * 0.3


@pytest.mark.parametrize(
    ("fault", "code", "sw"), [("mute", "id_mute", None), ("selftest", "id_self_test", "60")]
)
def test_a_reader_that_is_not_well_is_down_until_it_is(
    fault: str, code: str, sw: str | None, sim: Simulator, worker: IdWorker
) -> None:
    sim.fault(**{fault: 1})
    worker.arm(1)
    down = worker.hear("port")
    assert (down["up"], down["reason"]) == (False, code)
    told = worker.hear("fault")
    assert (told["code"], told["stage"], told.get("sw")) == (code, "status", sw)
    sim.fault()
    assert worker.hear("port")["up"]
    worker.hear("lifted")


def test_a_frame_spoilt_in_the_middle_of_a_read_is_no_card(tmp_path: Path) -> None:
    with Simulator.running(tmp_path, "--read-ms", "1500") as sim, reading(sim.port) as worker:
        worker.hear("port")
        sim.place("test-a")
        worker.arm(1, CLEAR)
        worker.hear("found")
        sim.fault(bad_xor=1)
        told = worker.hear("fault")
        assert (told["id"], told["code"]) == (1, "id_bad_frame")
        assert told["stage"] in {"select", "read"}


def test_who_waited_before_the_cable_was_in_is_served(sim: Simulator, worker: IdWorker) -> None:
    sim("unplug")
    worker.hear("port")
    worker.arm(1)
    sim.place("test-a")
    sim("plug")
    assert worker.hear("port")["up"]
    read(worker, 1)


def test_a_cable_pulled_in_the_middle_of_a_read_is_a_fault(tmp_path: Path) -> None:
    with Simulator.running(tmp_path, "--read-ms", "2500") as sim, reading(sim.port) as worker:
        worker.hear("port")
        sim.place("test-a")
        worker.arm(1)
        worker.hear("found")
        sim("unplug")
        assert worker.hear("port")["reason"] == "id_unplugged"
        told = worker.hear("fault")
        assert told["code"] == "id_unplugged"
        assert told["stage"] in {"select", "read"}


def test_a_port_that_another_program_holds_is_waited_for(sim: Simulator) -> None:
    with Serial(sim.port, exclusive=True) as other, reading(sim.port) as worker:
        assert worker.hear("port")["reason"] == "port_taken"
        other.close()
        assert worker.hear("port")["up"]
        with pytest.raises(OSError, match="exclusively lock"):
            Serial(sim.port, exclusive=True)


@pytest.mark.parametrize("salt", ["", "AA", urlsafe_b64encode(bytes(31)).decode(), "*" * 43])
def test_without_a_salt_nobody_is_read(salt: str, sim: Simulator, worker: IdWorker) -> None:
    sim.place("test-a")
    worker.say(do="arm", id=3, fields=["no"], salt=salt)
    fault = {"event": "fault", "id": 3, "code": "id_read_failed", "stage": "arm"}
    assert worker.hear("fault") == fault
    assert sim("stats")["find"] == 0
