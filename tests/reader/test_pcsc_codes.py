"""What PC/SC may answer and can't be made to answer here: Windows' codes, moments, bad contacts."""

import subprocess
import sys
import time
from collections.abc import Iterable
from types import ModuleType
from typing import Any

import pytest

from reader_agent.cards.pcsc import CardFault, Context, Monitor, ServiceDown
from reader_agent.cards.sim import SimFault
from reader_agent.cards.sim_worker import Worker
from reader_agent.cards.watch import SETTLE, Watch
from tests.reader.scripted import EMPTY, GOOD, PRESENT, READER, Enough, Scripted, state
from tests.reader.stack import ROOT

NO_SERVICE, STOPPED, INVALID_HANDLE = 0x8010001D, 0x8010001E, 0x80100003
UNKNOWN_READER, REMOVED, RESET = 0x80100009, 0x80100069, 0x80100068


def said_by(scard: Scripted) -> list[dict[str, Any]]:
    """What the monitor tells its parent until the script is over."""
    said: list[dict[str, Any]] = []

    def tell(event: str, **facts: object) -> None:
        said.append({"event": event, **facts, "told": time.monotonic_ns()})

    with pytest.raises(Enough):
        Watch(tell, scard).run()
    return said


def kinds(said: Iterable[dict[str, Any]]) -> list[str]:
    return [one["event"] for one in said]


def test_the_windows_service_stops_with_the_last_reader_and_starts_with_the_next() -> None:
    scard = Scripted(
        states=[state(1), STOPPED, state(0, EMPTY), state(1)], establish=[GOOD, NO_SERVICE]
    )
    said = said_by(scard)
    assert kinds(said) == [
        *("service", "readers", "card", "service", "gone", "readers"),
        *("service", "service", "readers", "card"),
    ]
    reasons = [(one["up"], one["reason"]) for one in said if one["event"] == "service"]
    assert reasons == [
        (True, ""), (False, "service_stopped"), (False, "service_down"), (True, ""),
    ]  # fmt: skip
    assert scard.released == 2, "a context that is of no more use is given back"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (STOPPED, "service_stopped"),
        (STOPPED - (1 << 32), "service_stopped"),
        (INVALID_HANDLE, "service_down"),
        (INVALID_HANDLE - (1 << 32), "service_down"),
        (6, "service_down"),
        (109, "service_down"),
        (0x8010006A, "access_denied"),
        (0x80100099, "service_down"),
    ],
)
def test_whatever_the_service_says_of_itself_is_a_reason(code: int, reason: str) -> None:
    """As Windows counts, negative, and as Linux does; its own errors, and one that nobody knows."""
    with pytest.raises(ServiceDown) as down:
        Context(Scripted(establish=[code]))
    assert down.value.reason == reason
    with pytest.raises(ServiceDown):
        Context(Scripted(readers=[code])).readers()


def test_pyscard_that_is_not_installed_is_a_reason_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", None)
    with pytest.raises(ServiceDown) as down:
        Context()
    assert down.value.reason == "pyscard_missing"


def test_the_library_that_pyscard_loads_is_another_thing_to_miss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "smartcard", ModuleType("smartcard"))
    monkeypatch.delitem(sys.modules, "smartcard.scard", raising=False)  # of an earlier test
    with pytest.raises(ServiceDown) as down:
        Context()
    assert down.value.reason == "library_missing"


def test_a_reader_that_is_pulled_takes_its_card_along() -> None:
    said = said_by(Scripted(readers=[[READER], []], states=[state(1)]))
    assert kinds(said) == ["service", "readers", "card", "gone", "readers"]
    assert said[-1]["readers"] == []


def test_a_reader_that_is_pulled_between_two_questions_ends_nothing() -> None:
    said = said_by(Scripted(states=[UNKNOWN_READER, state(1)]))
    assert kinds(said) == ["service", "readers", "card"]


def test_the_first_event_of_a_reader_is_told_at_once() -> None:
    said = said_by(Scripted(states=[state(0, EMPTY), state(1), 1.0]))
    card = said[-1]
    assert card["told"] - card["at_ns"] < 50_000_000


def test_contacts_that_bounce_are_waited_for() -> None:
    script: list[int | float] = [state(0, EMPTY), state(1), state(2, EMPTY), state(3), 1.0]
    said = said_by(Scripted(states=script))
    assert kinds(said) == ["service", "readers", "card", "gone", "card"]
    last = said[-1]
    assert (last["counter"], last["atr"]) == (3, "3B9F")
    assert SETTLE * 1e9 <= last["told"] - last["at_ns"] < SETTLE * 5e9


def test_contacts_that_part_again_were_no_card() -> None:
    script: list[int | float] = [
        state(0, EMPTY), state(1), state(2, EMPTY), state(3), 0.05, state(4, EMPTY), 1.0,
    ]  # fmt: skip
    assert kinds(said_by(Scripted(states=script)))[2:] == ["card", "gone"]


def test_a_swap_that_shows_in_the_count_alone_is_two_events() -> None:
    said = said_by(Scripted(states=[state(1), 0.2, state(3), 0.2]))
    assert [(one["event"], one.get("counter")) for one in said[2:]] == [
        ("card", 1), ("gone", 3), ("card", 3),
    ]  # fmt: skip


def test_a_reader_that_is_in_use_is_no_news() -> None:
    in_use = 0x100
    said = said_by(Scripted(states=[state(1), state(1, PRESENT | in_use), state(1), 0.1]))
    assert kinds(said) == ["service", "readers", "card"]


def test_a_service_that_never_comes_is_asked_ever_more_seldom() -> None:
    begun = time.monotonic()
    scard = Scripted(establish=[NO_SERVICE] * 20, is_over=lambda: time.monotonic() - begun > 1.3)
    assert kinds(said_by(scard)) == ["service"]
    assert 20 - len(scard.establish) == 3, "after 0.2, 0.4 and 0.8 seconds"


def test_a_card_that_was_swapped_behind_its_last_command_was_not_read() -> None:
    worker = Worker(READER, Scripted(states=[state(1), state(3)]))
    assert refused(worker, 1) == ("card_left", "after")


def test_a_worker_whose_service_was_restarted_opens_another_line() -> None:
    scard = Scripted(states=[state(5), state(5), NO_SERVICE, state(1), state(1)])
    worker = Worker(READER, scard)
    for counter in (5, 1):
        assert worker.read(counter, ["iccid"])["iccid"] == "89869900123456789018"
    assert scard.released == 1


def test_a_card_that_another_program_resets_ever_again_is_busy() -> None:
    scard = Scripted(states=[state(1), state(1)], transmit=[GOOD, RESET])
    assert Worker(READER, scard).read(1, ["iccid"])["apdus"] == 3, "counted from the start"
    assert scard.reconnected == 1, "else each command is refused for the same reason"
    ever = Worker(READER, Scripted(states=[state(1)], transmit=[GOOD, RESET, GOOD, RESET]))
    assert refused(ever, 1) == ("busy", "connect")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (0x8010000C, ("card_left", "connect")),
        (REMOVED, ("card_left", "connect")),
        (REMOVED - (1 << 32), ("card_left", "connect")),
        (0x80100066, ("unreadable", "connect")),
        (0x8010000F, ("unreadable", "connect")),
        (0x80100017, ("card_left", "connect")),
        (STOPPED, ("card_left", "service")),
        (INVALID_HANDLE, ("card_left", "service")),
    ],
)
def test_a_card_that_gives_no_connection_says_why(code: int, told: tuple[str, str]) -> None:
    assert refused(Worker(READER, Scripted(states=[state(1)], connect=[code])), 1) == told


def test_a_fault_of_the_card_keeps_the_services_own_code_for_the_log() -> None:
    with (
        pytest.raises(CardFault) as fault,
        Context(Scripted(connect=[0x80100066])).card(READER),
    ):
        pass
    assert str(fault.value) == "unreadable 80100066"


def test_a_monitor_gives_back_each_state_as_it_was_told() -> None:
    """Else every question is answered at once, and the machine is kept busy for nothing."""
    scard = Scripted(states=[state(1), state(2, EMPTY)])
    monitor = Monitor(Context(scard))
    for _ in range(2):
        monitor.readers()
        monitor.wait(1)
    assert [dict(states)[READER] for states in scard.asked] == [0, 1 << 16 | PRESENT]


def test_what_a_library_prints_spoils_no_line() -> None:
    noisy = "from reader_agent.lines import Line; line = Line(); print('noise'); line.say('ready')"
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", noisy], cwd=ROOT, **pipes) as process:
        assert process.stdout
        assert process.stderr
        said, printed = process.stdout.read(), process.stderr.read()
    assert (said, printed) == (b'{"event":"ready"}\n', b"noise\n")


def refused(worker: Worker, counter: int) -> tuple[str, str]:
    with pytest.raises(SimFault) as fault:
        worker.read(counter, ["iccid"])
    return fault.value.code, fault.value.stage
