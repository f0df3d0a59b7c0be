"""Cards by number and by range, against an oracle that holds every card by itself."""

from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from console.actions.cards.places import places
from models.cards.numbers import CardFault, card_key, card_number, card_of, range_of, ranges_of
from models.formats import Iccid
from models.permissions import Permission
from tests.conftest import Desks
from tests.stock.files import brought, iccid, line

KEYS = st.from_regex(r"8986[0-9]{2}[0-9A-F]{13}", fullmatch=True)
DIGITS = st.from_regex(r"8986[0-9]{15}", fullmatch=True)
SPACE = 40
STORIES = count(1)


def card(key: str) -> Iccid:
    found = card_of(key)
    assert isinstance(found, Iccid)
    return found


@given(KEYS, KEYS)
@example("898600FFFFFFFFFFFFF", "898600000000000000F")
@example("8986999999999999999", "8986990000000000A00")
def test_a_number_stands_for_one_card_alone(one: str, other: str) -> None:
    number = card_number(one)
    assert card_key(number) == one
    assert -(2**63) <= number < 2**63
    assert (number == card_number(other)) is (one == other)


@given(DIGITS, DIGITS)
def test_cards_of_digits_lie_in_the_order_of_their_digits(one: str, other: str) -> None:
    assert (card_number(one) < card_number(other)) is (one < other)


@given(KEYS, st.integers(0, 300))
def test_the_cards_behind_a_card_follow_in_their_last_digits(key: str, steps: int) -> None:
    """Whatever letters stand before: the last four digits count on."""
    first, last = f"{key[:15]}0000", f"{key[:15]}{steps:04}"
    held = range_of(card(first), card(last))
    assert not isinstance(held, CardFault)
    assert held.cards == steps + 1
    assert [card_key(held.first + at) for at in (0, steps)] == [first, last]
    assert [(one.first, one.last) for one in ranges_of([card(last), card(first)])] == (
        [(held.first, held.last)] if steps == 1 else
        [(held.first, held.first), (held.last, held.last)]
    )  # fmt: skip


Row = tuple[int, int, int]


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, SPACE), st.integers(0, 9), st.integers(0, 3)),
            min_size=1, max_size=12,
        ),
        min_size=1, max_size=3,
    )
)  # fmt: skip
@pytest.mark.requirement("004-3.3-h")
def test_no_card_is_given_out_twice_and_every_card_is_found(
    desks: Desks, files: Sequence[Sequence[Row]]
) -> None:
    """Files of ranges, one after the other: what is taken, and where each card is then."""
    story = next(STORIES)
    base = story * 1_000
    held: dict[int, str] = {}
    for at, rows in enumerate(files):
        lines: list[dict[str, str]] = []
        taken = 0
        for first, more, batch in rows:
            number = f"PC-{story}-{at}-{batch}"
            lines.append(line(base + first, base + first + more, 批次号=number))
            cards = range(first, first + more + 1)
            if held.keys().isdisjoint(cards):
                held |= dict.fromkeys(cards, number)
                taken += 1
        tried = brought(desks.manager, lines, dry=True)
        imported = brought(desks.manager, lines)
        assert (imported.accepted, tried.accepted) == (taken, taken)
    numbers = {at: card_number(iccid(base + at)) for at in range(SPACE + 20)}
    with desks.manager.begin(Permission.STOCK_READ) as work:
        found = places(work, numbers.values())
    assert {
        at: found[number].batch.number for at, number in numbers.items() if number in found
    } == (held)
