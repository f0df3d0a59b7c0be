"""A score orders attention: more of a fault never lowers it, and no part runs away with it."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.oversight.intervals import wilson
from models.oversight.scores import GOOD, ScorePart, points_of, score, weights

COUNTS = st.integers(0, 400)
WORDS: Mapping[ScorePart, list[str]] = {
    part: [*own.weights] or ["bad", GOOD] for part, own in weights().part.items()
}
TALLIES = st.fixed_dictionaries(
    {part: st.fixed_dictionaries(dict.fromkeys(words, COUNTS)) for part, words in WORDS.items()}
)


def test_the_parts_make_a_hundred_at_most() -> None:
    by = weights()

    assert set(by.part) == set(ScorePart)
    assert sum(own.most for own in by.part.values()) == 100


def test_who_has_no_record_has_no_score() -> None:
    found = score({}, weights())

    assert found.points == 0
    assert [one.part for one in found.parts] == list(weights().part)


def test_what_is_shown_of_each_part_adds_up_to_the_score() -> None:
    found = score(
        {
            ScorePart.CASES: {"serious": 1, "minor": 1},
            ScorePart.COMPLAINTS: {"about": 2},
            ScorePart.SPOT_CHECKS: {"bad": 1, GOOD: 1},
        },
        weights(),
    )
    points = {one.part: one.points for one in found.parts}

    assert points[ScorePart.CASES] == 24
    assert points[ScorePart.COMPLAINTS] == 4
    assert found.points == pytest.approx(sum(points.values()))


def test_one_bad_check_of_one_says_less_than_ten_of_ten() -> None:
    def points(bad: int, good: int = 0) -> float:
        return score({ScorePart.BADGE: {"bad": bad, GOOD: good}}, weights()).points

    assert 0 < points(1) < points(3) < points(10) < weights().part[ScorePart.BADGE].most
    assert points(1, good=9) < points(1)
    assert points(0, good=9) == 0


def test_a_share_of_few_is_marked() -> None:
    few = weights().few

    def is_few(checks: int) -> bool:
        (part,) = (
            one
            for one in score({ScorePart.SPOT_CHECKS: {GOOD: checks}}, weights()).parts
            if one.part is ScorePart.SPOT_CHECKS
        )
        return part.is_few

    assert is_few(few - 1)
    assert not is_few(few)
    assert not is_few(0)


@given(TALLIES)
def test_a_score_stays_within_0_and_100_and_ranks_as_it_is_shown(
    tallies: Mapping[ScorePart, Mapping[str, int]],
) -> None:
    found = score(tallies, weights())

    assert 0 <= found.points <= 100
    assert points_of(tallies, weights()) == found.points
    assert all(0 <= one.points <= one.most for one in found.parts)


@given(TALLIES, st.sampled_from(list(ScorePart)), st.data())
def test_one_more_fault_never_lowers_a_score(
    tallies: dict[ScorePart, dict[str, int]], part: ScorePart, data: st.DataObject
) -> None:
    word = data.draw(st.sampled_from([one for one in WORDS[part] if one != GOOD]))
    worse = tallies | {part: tallies[part] | {word: tallies[part][word] + 1}}

    assert score(worse, weights()).points >= score(tallies, weights()).points


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_lies_in_its_interval(count: int, more: int) -> None:
    base = count + more
    low, high = wilson(count, base)

    assert 0 <= low <= count / base <= high <= 1
    assert wilson(more, base) == pytest.approx((1 - high, 1 - low))
    wider = wilson(count, base)
    narrower = wilson(10 * count, 10 * base)
    assert narrower[1] - narrower[0] < wider[1] - wider[0]


def test_of_none_nothing_is_known() -> None:
    assert wilson(0, 0) == (0, 1)
    assert wilson(0, 3)[0] == 0
    assert wilson(3, 3)[1] == 1
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-4)  # Newcombe 1998, table I
