"""What is foretold comes from the past alone, and says how wrong it would have been."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.oversight.forecast import (
    FEWEST,
    FEWEST_TRIALS,
    YEAR,
    Method,
    best_alpha,
    forecast,
    smoothed,
)

WEEKS = st.lists(st.integers(0, 300), min_size=FEWEST, max_size=130)


def test_too_short_a_past_foretells_nothing() -> None:
    assert forecast([3] * (FEWEST - 1)) is None
    assert forecast([]) is None
    assert forecast([3] * FEWEST) is not None


def test_what_always_came_goes_on_coming() -> None:
    found = forecast([12] * 40)

    assert found is not None
    assert {(one.count, one.low, one.high) for one in found.weeks} == {(12, 12, 12)}
    assert (found.error, found.within) == (0, 1)


def test_without_enough_trials_no_interval_is_given() -> None:
    found = forecast([5, 9, 4, 8, 6, 7, 5, 9, 4, 8])

    assert found is not None
    assert {one.low for one in found.weeks} == {None}
    assert (found.error, found.within) == (None, None)


def test_a_season_is_taken_from_the_year_before() -> None:
    year = [10 + 40 * (week % 26 < 3) for week in range(YEAR)]
    found = forecast([*year, *year[:40]])

    assert found is not None
    assert found.method is Method.LAST_YEAR
    assert [one.count for one in found.weeks] == [float(each) for each in year[40:48]]


def test_a_new_level_is_followed_where_no_season_is() -> None:
    draw = random.Random(7)  # noqa: S311 - no secret
    past = [draw.randint(8, 12) for _ in range(60)] + [draw.randint(28, 32) for _ in range(40)]
    found = forecast(past)

    assert found is not None
    assert found.method is Method.LEVEL
    assert found.weeks[0].count == pytest.approx(30, abs=2)


def test_the_interval_holds_about_what_it_says() -> None:
    draw = random.Random(3)  # noqa: S311 - no secret
    past = [draw.randint(20, 60) for _ in range(104)]
    found = forecast(past)
    later = [draw.randint(20, 60) for _ in range(400)]

    assert found is not None
    first = found.weeks[0]
    assert first.low is not None and first.high is not None  # noqa: PT018 - both or none
    held = sum(first.low <= each <= first.high for each in later) / len(later)
    assert 0.6 <= held <= 1
    assert found.within == pytest.approx(0.8, abs=0.15)


@given(WEEKS)
def test_nothing_below_nothing_is_expected_and_intervals_hold_their_guess(past: list[int]) -> None:
    found = forecast(past)

    assert found is not None
    assert len(found.weeks) == 8
    for one in found.weeks:
        assert one.count >= 0
        if one.low is not None and one.high is not None:
            assert 0 <= one.low <= one.count <= one.high
    assert found.method is Method.LEVEL or len(past) >= YEAR + FEWEST_TRIALS


@given(WEEKS, st.sampled_from([0.1, 0.3, 0.5]))
def test_a_level_lies_among_what_came(past: list[int], alpha: float) -> None:
    assert min(past) - 1e-9 <= smoothed(past, alpha) <= max(past) + 1e-9
    assert best_alpha(past) in {0.1, 0.2, 0.3, 0.5}


def test_the_trials_know_nothing_of_what_came_after() -> None:
    """A past that breaks off into nonsense is an error of the trials, and no guess before it."""
    calm = [20, 22] * 30
    found, broken = forecast(calm), forecast([*calm, 900])

    assert found is not None
    assert broken is not None
    assert broken.error is not None and found.error is not None  # noqa: PT018 - both or none
    assert broken.error > found.error
    assert [one.count for one in found.weeks] == pytest.approx([21] * 8, abs=1)
    assert all(a.count == b.count for a, b in pairwise(found.weeks))
