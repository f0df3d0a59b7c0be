"""What a reader does next, move by move."""

from itertools import product

import pytest

from reader_agent.counter.states import FAULT_CODES, MOVES, NEVER_SENT, Event, Slot, State

S, E = State, Event
STEPS = [
    # a read, from an empty house to an empty reader
    (S.SERVICE_DOWN, E.READER_FOUND, S.EMPTY),
    (S.NO_READER, E.READER_FOUND, S.EMPTY),
    (S.EMPTY, E.CARD, S.CARD_IN),
    (S.CARD_IN, E.ASKED, S.READING),
    (S.READING, E.ANSWERED, S.WAIT_REMOVAL),
    (S.WAIT_REMOVAL, E.GONE, S.EMPTY),
    # a card that does not wait for the end
    (S.CARD_IN, E.GONE, S.EMPTY),
    (S.READING, E.GONE, S.EMPTY),
    (S.SETTLING, E.GONE, S.EMPTY),
    # contacts that bounce
    (S.READING, E.SHAKY, S.SETTLING),
    (S.SETTLING, E.SETTLED, S.READING),
    # workers that hang or die
    (S.READING, E.MUTE, S.WAIT_REMOVAL),
    (S.READING, E.DIED, S.CARD_IN),
    (S.SETTLING, E.DIED, S.CARD_IN),
    # a service that comes back to a card that had its read
    (S.EMPTY, E.SAME_CARD, S.WAIT_REMOVAL),
    # from wherever
    *((state, E.SERVICE_LOST, S.SERVICE_DOWN) for state in S),
    *((state, E.READER_LOST, S.NO_READER) for state in S),
    *((state, E.GIVEN_UP, S.NO_READER) for state in S),
]


@pytest.mark.parametrize(("before", "event", "after"), STEPS)
def test_a_reader_moves(before: State, event: Event, after: State) -> None:
    slot = Slot(before)
    assert slot.move(event)
    assert slot.state is after


def test_the_table_has_these_moves_and_no_other() -> None:
    assert dict(MOVES) == {(before, event): after for before, event, after in STEPS}


@pytest.mark.parametrize(("state", "event"), [pair for pair in product(S, E) if pair not in MOVES])
def test_what_means_nothing_changes_nothing(state: State, event: Event) -> None:
    slot = Slot(state)
    assert not slot.move(event)
    assert slot.state is state


@pytest.mark.parametrize("ending", [E.ANSWERED, E.MUTE])
def test_one_insertion_gives_one_read(ending: Event) -> None:
    slot = waiting()
    assert slot.card(1, 10)
    assert slot.asked()
    slot.move(ending)
    assert not slot.card(1, 20)
    assert not slot.asked()
    assert slot.state is S.WAIT_REMOVAL
    slot.move(E.GONE)
    assert slot.card(3, 30)
    assert slot.asked()


@pytest.mark.parametrize("code", FAULT_CODES)
def test_after_any_fault_the_card_has_to_leave(code: str) -> None:
    slot = reading()
    slot.faulted(code)
    if slot.state is S.SETTLING:
        assert slot.settled()
        slot.faulted(code)
    assert slot.state is S.WAIT_REMOVAL
    assert not slot.card(1, 20)
    slot.move(E.GONE)
    assert slot.state is S.EMPTY


def test_an_unreadable_card_is_tried_a_second_time_and_no_third() -> None:
    slot = reading()
    assert slot.faulted("unreadable") is E.SHAKY
    assert slot.settled()
    assert slot.faulted("unreadable") is E.ANSWERED
    assert slot.state is S.WAIT_REMOVAL


def test_a_card_is_never_asked_twice_at_once() -> None:
    slot = reading()
    assert not slot.asked()


def test_a_card_that_was_read_before_the_service_went_away_is_not_read_again() -> None:
    slot = reading()
    slot.move(E.ANSWERED)
    slot.move(E.SERVICE_LOST)
    slot.move(E.READER_FOUND)
    assert slot.card(1, 20, was_in=True)
    assert slot.state is S.WAIT_REMOVAL


def test_a_card_that_comes_after_the_service_is_a_new_one() -> None:
    slot = reading()
    slot.move(E.ANSWERED)
    slot.move(E.SERVICE_LOST)
    slot.move(E.READER_FOUND)
    assert slot.card(1, 20, was_in=False)
    assert slot.state is S.CARD_IN


def test_a_card_whose_read_the_service_cut_short_is_read_when_it_is_back() -> None:
    slot = reading()
    slot.move(E.SERVICE_LOST)
    slot.move(E.READER_FOUND)
    assert slot.card(1, 20, was_in=True)
    assert slot.state is S.CARD_IN


def test_a_reader_that_was_unplugged_brings_a_new_card() -> None:
    slot = reading()
    slot.move(E.ANSWERED)
    slot.move(E.READER_LOST)
    slot.move(E.READER_FOUND)
    assert slot.card(1, 20, was_in=True)
    assert slot.state is S.CARD_IN


def test_the_fault_that_is_never_sent_is_the_card_that_left() -> None:
    assert NEVER_SENT in FAULT_CODES


def waiting() -> Slot:
    slot = Slot()
    slot.move(E.READER_FOUND)
    return slot


def reading() -> Slot:
    slot = waiting()
    slot.card(1, 10)
    slot.asked()
    return slot
