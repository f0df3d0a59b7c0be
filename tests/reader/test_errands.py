"""Which reads are wanted, and that no challenge serves two of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reader_agent.counter.asks import Ask
from reader_agent.counter.errands import Errands
from reader_agent.outbox.packs import Packs
from reader_agent.outbox.spool import Spool
from reader_agent.wire.tasks import Challenge, Pack, Task
from tests.reader.far_console import FarConsole, nonce

NOW = datetime.now(UTC)
"""When this file was loaded, which may be half an hour before its last test."""
LATER = NOW + timedelta(hours=9)
TASK = Task(
    "0d0f7a3e-6f0c-4b5e-9a52-1f6f0f3f4d10", "SC-2026-0001", "sim", "南山路营业厅", ("imsi", "spn"),
    LATER, nonce(), LATER,
)  # fmt: skip


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[Packs]:
    spool = Spool.open(tmp_path / "spool.db")
    yield Packs(spool)
    spool.close()


@pytest.fixture
def errands(packs: Packs) -> Errands:
    return Errands(packs, lambda _: None, lambda: 0)


def taken(errands: Errands) -> Ask:
    ask = errands.take("sim")
    assert isinstance(ask, Ask), ask
    return ask


def pack_of(count: int) -> Pack:
    told = FarConsole().task("sim", "imsi") | {"number": TASK.number}
    until = NOW + timedelta(hours=4)
    return Pack(TASK, tuple(Challenge(nonce(), until) for _ in range(count)), told)


def test_a_challenge_serves_one_read(errands: Errands) -> None:
    errands.heard([TASK])
    assert taken(errands).challenge == TASK.challenge
    assert errands.take("sim") == "no_challenge"
    errands.heard([TASK])
    assert errands.take("sim") == "no_challenge", "the console may repeat itself"


def test_the_answer_to_a_read_brings_the_next_challenge(errands: Errands) -> None:
    errands.heard([TASK])
    following = Challenge(nonce(), LATER)
    ask = taken(errands)
    errands.following(ask.task, ask.kind, following)
    errands.heard([TASK])
    assert taken(errands).challenge == following.challenge


def test_looking_uses_nothing_up(errands: Errands) -> None:
    errands.heard([TASK])
    assert errands.wanted("sim") == errands.wanted("sim")
    assert taken(errands).challenge == TASK.challenge


def test_a_challenge_that_was_not_needed_comes_back(errands: Errands) -> None:
    errands.heard([TASK])
    errands.give_back(taken(errands))
    assert taken(errands).challenge == TASK.challenge


def test_a_challenge_that_is_nearly_past_is_not_used(errands: Errands) -> None:
    errands.heard([replace(TASK, challenge_until=datetime.now(UTC) + timedelta(seconds=3))])
    assert errands.take("sim") == "no_challenge"


def test_the_consoles_clock_is_what_counts(packs: Packs) -> None:
    ahead = Errands(packs, lambda _: None, lambda: 240_000)
    now = datetime.now(UTC)
    begun = now - timedelta(minutes=4)
    ahead.heard([replace(TASK, expires_at=now, challenge_until=begun + timedelta(minutes=3))])
    assert taken(ahead).challenge == TASK.challenge


def test_a_task_that_is_over_wants_nothing(errands: Errands) -> None:
    errands.heard([replace(TASK, expires_at=NOW)])
    assert errands.wanted("sim") == "no_task"


def test_another_kind_of_card_is_another_errand(errands: Errands) -> None:
    errands.heard([TASK])
    assert errands.wanted("id") == "no_task"


def test_of_two_checks_one_has_to_be_named(errands: Errands, packs: Packs) -> None:
    other = replace(TASK, task="1" + TASK.task[1:], number="SC-2026-0002", challenge=nonce())
    errands.heard([TASK, other])
    assert errands.take("sim") == "several_tasks"
    for name in (other.task, other.number):
        named = Errands(packs, lambda _: None, lambda: 0, chosen=name)
        named.heard([TASK, other])
        assert taken(named).task == other.task


def test_fewer_fields_may_be_read_and_never_more(packs: Packs) -> None:
    errands = Errands(packs, lambda _: None, lambda: 0, fields=["imsi", "msisdn"])
    errands.heard([TASK])
    assert list(taken(errands).fields) == ["imsi"]


def test_away_from_the_console_packed_challenges_serve_one_read_each(
    errands: Errands, packs: Packs
) -> None:
    pack = pack_of(2)
    packs.keep(pack, NOW)
    errands.heard([TASK])
    assert not taken(errands).offline
    errands.away()
    asks = [taken(errands), taken(errands)]
    assert all(ask.offline for ask in asks)
    assert {ask.challenge for ask in asks} == {one.challenge for one in pack.challenges}
    assert errands.take("sim") == "no_challenge"


def test_a_laptop_that_starts_without_a_network_reads_for_what_it_packed(
    errands: Errands, packs: Packs
) -> None:
    assert errands.away()
    assert errands.take("sim") == "no_pack"
    packs.keep(pack_of(1), NOW)
    assert taken(errands).number == TASK.number


def test_when_the_console_is_back_packs_are_left_alone(errands: Errands, packs: Packs) -> None:
    packs.keep(pack_of(1), NOW)
    errands.away()
    errands.heard([])
    assert errands.take("sim") == "no_task", "the console says what is open"


def test_the_consoles_word_stops_all_reading_until_it_says_otherwise(errands: Errands) -> None:
    errands.heard([TASK])
    assert errands.stop("stopped")
    assert not errands.stop("stopped"), "that is no news"
    assert errands.take("sim") == "stopped"
    errands.heard([TASK])
    assert taken(errands).task == TASK.task


@pytest.mark.parametrize("skew_ms", [300_001, -300_001])
def test_with_a_clock_that_is_off_no_card_is_taken_until_it_is_right(
    packs: Packs, skew_ms: int
) -> None:
    skews = [skew_ms]
    errands = Errands(packs, lambda _: None, lambda: skews[-1])
    errands.heard([replace(TASK, expires_at=LATER, challenge_until=LATER)])
    assert errands.clock() == "clock_off"
    assert errands.clock() == "", "that is no news"
    assert errands.wanted("sim") == errands.take("sim") == "clock_off"
    skews.append(0)
    assert taken(errands).challenge == TASK.challenge
    assert (errands.clock(), errands.clock()) == ("clock_right", "")


def test_what_could_not_be_kept_is_not_read(errands: Errands) -> None:
    errands.heard([TASK])
    assert errands.room(there=False)
    assert errands.take("sim") == "spool_full"
    assert errands.room(there=True)
    assert taken(errands).task == TASK.task


def on_disk(packs_of: Path) -> bytes:
    """The spool as it lies there, with its log of changes."""
    return b"".join(path.read_bytes() for path in sorted(packs_of.glob("spool.db*")))


def salted(until: datetime) -> tuple[Pack, bytes]:
    told = FarConsole().task("id") | {"number": TASK.number}
    task = replace(TASK, kind="id", salt=told["salt"])
    return Pack(task, (Challenge(nonce(), until),), told), str(told["salt"]).encode()


def next_start(packs: Packs) -> None:
    Errands(packs, lambda _: None, lambda: 0)


def next_answer(packs: Packs) -> None:
    errands = Errands(packs, lambda _: None, lambda: 3_600_000)
    errands.skew_ms = lambda: 0
    errands.heard([])


def next_read(packs: Packs) -> None:
    packs.take(TASK.task, "id", datetime.now(UTC))


def next_look(packs: Packs) -> None:
    packs.tasks(datetime.now(UTC))


@pytest.mark.requirement("004-2.1-c")
@pytest.mark.parametrize("later", [next_start, next_answer, next_read, next_look])
def test_with_its_pack_the_salt_of_a_trip_is_gone_from_the_disk(
    packs: Packs, tmp_path: Path, later: Callable[[Packs], None]
) -> None:
    pack, salt = salted(datetime.now(UTC) - timedelta(seconds=1))
    packs.keep(pack, NOW - timedelta(hours=1))
    assert salt in on_disk(tmp_path), "the trip needed it"
    later(packs)
    assert salt not in on_disk(tmp_path)


def test_with_the_last_read_of_a_pack_its_salt_is_gone(packs: Packs, tmp_path: Path) -> None:
    pack, salt = salted(NOW + timedelta(hours=4))
    packs.keep(pack, NOW)
    assert packs.take(TASK.task, "id", NOW) is not None
    assert salt not in on_disk(tmp_path)
