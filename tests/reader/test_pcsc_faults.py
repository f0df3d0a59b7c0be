"""What goes wrong at a counter, on a real pcscd (READER A.6): each row, and what the agent says."""

import signal
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from reader_agent.cards.pcsc import CardReset, Context, library
from reader_agent.cards.sim import Sim
from tests.reader.stack import SLOTS, Child, Message, Stack, until

ALL: Final = ["iccid", "imsi", "mnc_len", "spn", "gid1", "msisdn"]
CN20, CN19 = "89869900123456789018", "8986990012345678907"
EXCLUSIVE, SHARED, BOTH, RESET, LEAVE = 1, 2, 3, 1, 0


class Reader:
    """The watch and the worker of one slot, as the parent keeps them."""

    def __init__(self, sims: Stack, watch: Child, worker: Child, slot: int) -> None:
        self.sims = sims
        self.watch = watch
        self.worker = worker
        self.slot = slot

    def card(self) -> int:
        """The next card that comes; its count."""
        return int(self.watch.until("card", reader=SLOTS[self.slot])["counter"])

    def begin(self, counter: int, *fields: str) -> None:
        self.worker.say(do="read", id=counter, counter=counter, fields=fields or ("iccid",))
        self.worker.until("busy", id=counter)

    def read(self, counter: int, *fields: str) -> Message:
        self.begin(counter, *fields)
        return self.worker.next()

    def put(self, profile: str, **differences: str) -> int:
        self.sims.insert(profile, self.slot, **differences)
        return self.card()


@pytest.fixture
def watch(sims: Stack) -> Iterator[Child]:
    """A monitor that has looked around: pcscd is up, nothing is in."""
    del sims
    with Child("cards.watch") as watch:
        assert [watch.next()["event"] for _ in range(2)] == ["service", "readers"]
        yield watch


@pytest.fixture
def reader(sims: Stack, watch: Child) -> Iterator[Reader]:
    with Child("cards.sim_worker", SLOTS[0]) as worker:
        worker.until("ready")
        yield Reader(sims, watch, worker, 0)


@contextmanager
def held(share: int) -> Generator[tuple[int, int]]:
    """Another program has the card of slot 0: its context and its handle."""
    scard = library()
    _, context = scard.SCardEstablishContext(0)
    hresult, handle, _ = scard.SCardConnect(context, SLOTS[0], share, BOTH)
    assert hresult == 0
    yield context, handle
    scard.SCardDisconnect(handle, LEAVE)
    scard.SCardReleaseContext(context)


def fault_of(told: Message) -> tuple[str, str, str]:
    assert told["event"] == "fault", told
    return told["code"], told["stage"], told.get("sw", "")


def test_an_agent_that_starts_before_the_service_waits_for_it(sims: Stack) -> None:
    sims.pcscd_end()
    with Child("cards.watch") as watch:
        down = watch.next()
        assert (down["event"], down["up"], down["reason"]) == ("service", False, "service_down")
        sims.pcscd_start()
        assert watch.next().items() >= {"event": "service", "up": True, "reason": ""}.items()
        assert watch.next()["readers"] == list(SLOTS)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_service_may_end_at_any_time_and_the_card_that_is_in_is_read_when_it_is_back(
    reader: Reader, how: signal.Signals
) -> None:
    assert reader.read(reader.put("usim-cn20"))["card"]["iccid"] == CN20
    reader.sims.pcscd_end(how)
    service, gone, readers = (reader.watch.next() for _ in range(3))
    assert (service["up"], gone["event"], readers["readers"]) == (False, "gone", [])
    reader.sims.pcscd_start()
    reader.watch.until("service", up=True)
    # The card's own line to the daemon is the virtual reader's: it is put in anew.
    assert reader.read(reader.put("usim-cn19"))["card"]["iccid"] == CN19


def test_the_service_ends_while_a_card_is_read(reader: Reader) -> None:
    reader.sims.fault(latency_ms=300)
    reader.begin(reader.put("usim-cn20"))
    reader.sims.pcscd_end(signal.SIGKILL)
    assert fault_of(reader.worker.next()) == ("card_left", "service", "")
    assert fault_of(reader.read(1)) == ("card_left", "service", ""), "still nobody answers"


def test_a_service_without_any_reader(sims: Stack) -> None:
    with sims.without_readers(), Child("cards.watch") as watch:
        assert watch.next()["up"] is True
        assert watch.next()["readers"] == []
        assert Context().readers() == []
        with Child("cards.sim_worker", SLOTS[0]) as worker:
            worker.say(do="read", id=1, counter=1, fields=["iccid"])
            assert fault_of(worker.until("fault")) == ("card_left", "reader", "")


def test_a_reader_without_a_card_is_not_read(reader: Reader) -> None:
    assert fault_of(reader.read(0)) == ("card_left", "before", "")


@pytest.mark.parametrize("commands", range(4))
def test_a_card_that_is_pulled_in_the_middle_was_never_read(reader: Reader, commands: int) -> None:
    reader.sims.fault(yank_after=commands) if commands else reader.sims.fault(latency_ms=200)
    counter = reader.put("usim-cn20")
    reader.begin(counter)
    if not commands:
        reader.sims.remove()
    assert fault_of(reader.worker.next())[0] == "card_left"
    reader.watch.until("gone", reader=SLOTS[0])


def test_a_card_that_was_pulled_before_anybody_looked_was_never_read(reader: Reader) -> None:
    counter = reader.put("usim-cn20")
    reader.sims.remove()
    reader.watch.until("gone", reader=SLOTS[0])
    assert fault_of(reader.read(counter)) == ("card_left", "before", "")


def test_half_a_status_word_is_a_card_that_left(reader: Reader) -> None:
    reader.sims.fault(short_after=3)
    assert fault_of(reader.read(reader.put("usim-cn20"))) == ("card_left", "iccid", "")


def test_a_card_that_another_program_resets_is_read_from_the_start(sims: Stack) -> None:
    with Child("cards.watch") as watch:
        sims.insert("usim-cn20")
        watch.until("card")
        context = Context()
        with context.card(SLOTS[0]) as card:
            with held(SHARED) as (_, handle):
                library().SCardReconnect(handle, SHARED, BOTH, RESET)
            with pytest.raises(CardReset):
                card.begin()
            card.begin_again()
            assert Sim(card).read(["iccid"])["iccid"] == CN20
        context.close()


def test_a_card_is_left_without_power_so_that_the_next_program_begins_anew(
    reader: Reader,
) -> None:
    counter = reader.put("usim-cn20")
    times: list[int] = []
    for _ in range(2):
        assert reader.read(counter)["event"] == "read"
        times.append(reader.sims.stats()["power_on"])
    assert times[1] == times[0] + 1


def test_a_card_that_another_program_keeps_is_busy_and_the_program_lives(reader: Reader) -> None:
    counter = reader.put("usim-cn20")
    with held(EXCLUSIVE):
        begun = time.monotonic()
        assert fault_of(reader.read(counter)) == ("busy", "connect", "")
        assert 0.5 < time.monotonic() - begun < 3, "three tries"
    assert reader.read(counter)["card"]["iccid"] == CN20


def test_a_card_that_another_program_gives_back_soon_is_read(reader: Reader) -> None:
    counter = reader.put("usim-cn20")
    with held(EXCLUSIVE):
        reader.begin(counter)
        assert reader.worker.is_silent(0.1)
    assert reader.worker.next()["card"]["iccid"] == CN20


def test_a_read_waits_for_another_programs_transaction(reader: Reader) -> None:
    counter = reader.put("usim-cn20")
    with held(SHARED) as (_, handle):
        assert library().SCardBeginTransaction(handle) == 0
        reader.begin(counter)
        assert reader.worker.is_silent(0.4)
    assert reader.worker.next()["card"]["iccid"] == CN20


def test_a_mute_card_blocks_its_own_worker_and_nothing_else(reader: Reader) -> None:
    reader.sims.fault(mute_after=2)
    reader.begin(reader.put("usim-cn20"))
    assert reader.worker.is_silent(0.5)
    with Child("cards.sim_worker", SLOTS[1]) as other:
        beside = Reader(reader.sims, reader.watch, other, 1)
        assert beside.read(beside.put("usim-cn19"))["card"]["iccid"] == CN19
    assert reader.worker.is_silent(0.1), "it hangs until it is killed"
    reader.worker.process.kill()
    reader.sims.fault()
    reader.sims.remove()
    reader.watch.until("gone", reader=SLOTS[0])
    with Child("cards.sim_worker", SLOTS[0]) as worker:
        again = Reader(reader.sims, reader.watch, worker, 0)
        assert again.read(again.put("usim-hex"))["card"]["iccid"] == "8986990A123456789012"


@pytest.mark.parametrize("atr", ["3B", "0000"])
def test_a_card_whose_first_answer_is_nonsense_is_unreadable(reader: Reader, atr: str) -> None:
    told = reader.read(reader.put("usim-cn20", atr=atr))
    assert fault_of(told) == ("unreadable", "connect", "")


@pytest.mark.parametrize(
    ("commands", "sw", "told"),
    [
        (1, "6985", ("unreadable", "select", "6985")),
        (2, "6f00", ("iccid_fault", "iccid", "6F00")),
        (3, "6982", ("iccid_fault", "iccid", "6982")),
        (3, "6282", ("iccid_fault", "iccid", "6282")),
    ],
)
def test_a_card_that_refuses_says_where_and_how(
    reader: Reader, commands: int, sw: str, told: tuple[str, str, str]
) -> None:
    reader.sims.fault(sw_after=commands, sw=sw)
    assert fault_of(reader.read(reader.put("usim-cn20"))) == told


def test_what_fails_behind_the_iccid_does_not_take_it_along(reader: Reader) -> None:
    reader.sims.fault(sw_after=9, sw="6f00")
    card = reader.read(reader.put("usim-cn20"), *ALL)["card"]
    assert (card["iccid"], card["imsi"], card["imsi_state"]) == (CN20, None, "fault")


@pytest.mark.requirement("004-3.3-h")
def test_two_cards_of_one_batch_are_told_apart_when_they_are_swapped(reader: Reader) -> None:
    first = reader.put("usim-cn20")
    assert reader.read(first)["card"]["iccid"] == CN20
    reader.sims.insert("usim-cn19")
    assert reader.watch.next()["event"] == "gone"
    second = reader.watch.next()
    assert (second["event"], second["counter"]) == ("card", first + 2)
    assert second["was_in"] is False
    assert reader.read(second["counter"])["card"]["iccid"] == CN19


def test_a_swap_while_the_monitor_was_held_up_is_not_overlooked(reader: Reader) -> None:
    """The same reader, the same ATR, a card before and a card after: only the count differs."""
    first = reader.put("usim-cn20")
    assert reader.read(first)["card"]["iccid"] == CN20
    reader.watch.process.send_signal(signal.SIGSTOP)
    reader.sims.insert("usim-cn19")
    context = Context()
    until(lambda: context.slot(SLOTS[0]).counter == first + 2)
    context.close()
    reader.watch.process.send_signal(signal.SIGCONT)
    gone, card = reader.watch.next(), reader.watch.next()
    assert (gone["event"], card["event"], card["counter"]) == ("gone", "card", first + 2)


@pytest.mark.requirement("004-3.3-h")
def test_a_swap_during_a_read_leaves_no_read_of_either_card(reader: Reader) -> None:
    reader.sims.fault(latency_ms=150)
    reader.begin(reader.put("usim-cn20"), *ALL)
    assert reader.worker.is_silent(0.3)
    reader.sims.insert("usim-cn19")
    assert fault_of(reader.worker.next())[0] == "card_left"
    # The virtual reader itself overlooks what came in its place: it is put in once more.
    reader.sims.fault()
    reader.sims.remove()
    reader.watch.until("gone")
    assert reader.read(reader.put("usim-cn19"))["card"]["iccid"] == CN19


def test_a_read_that_was_ordered_of_the_card_before_is_not_made(reader: Reader) -> None:
    first = reader.put("usim-cn20")
    assert reader.read(first)["card"]["iccid"] == CN20
    second = reader.put("usim-cn19")
    assert fault_of(reader.read(first)) == ("card_left", "before", "")
    assert reader.sims.stats()["apdu"] == 0
    assert reader.read(second)["card"]["iccid"] == CN19


def test_cards_of_both_readers_that_are_in_at_the_start_are_told_once(sims: Stack) -> None:
    for slot in (0, 1):
        sims.insert("usim-cn20", slot)
    context = Context()
    until(lambda: all(context.slot(name).is_present for name in SLOTS))
    context.close()
    with Child("cards.watch") as watch:
        said = [watch.next() for _ in range(4)]
        assert [one["event"] for one in said] == ["service", "readers", "card", "card"]
        assert {one["reader"] for one in said[2:]} == set(SLOTS)
        assert all(one["was_in"] for one in said[2:])
        assert watch.is_silent(1.2), "that it is looked at again is no news"


def test_children_end_with_their_parent_even_while_a_card_is_mute(reader: Reader) -> None:
    reader.sims.fault(mute_after=1)
    reader.begin(reader.put("usim-cn20"))
    assert reader.worker.is_silent(0.2)
    assert (reader.worker.hang_up(), reader.watch.hang_up()) == (0, 0)
