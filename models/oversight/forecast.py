"""What comes in the weeks ahead, from what came: a smoothed level, or last year's same week.

Which of the two is taken is decided by how each would have done in the past, and so is the
interval: no distribution is assumed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor
from statistics import fmean
from typing import Final

YEAR: Final = 52
"""Weeks."""
FEWEST: Final = 8
"""Weeks of the past without which nothing is foretold."""
FEWEST_TRIALS: Final = 12
"""Errors without which an interval would be a guess."""
COVERAGE: Final = 0.8
"""Of the trials, so many lie within the interval."""
_ALPHAS: Final = (0.1, 0.2, 0.3, 0.5)
_MOST_TRIALS: Final = 26


class Method(StrEnum):
    LEVEL = "level"
    """The recent weeks, the latest weighing most (simple exponential smoothing)."""
    LAST_YEAR = "last_year"
    """The same week a year before (seasonal naive)."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One week ahead: how many, and between what."""

    count: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    method: Method
    weeks: Sequence[Expected]
    """The first is the week after the last that is known."""
    error: float | None
    """Mean absolute error of the trials, pieces a week; None where there were too few."""
    trials: int
    """Weeks of the past that were foretold from those before them, over all distances."""
    within: float | None
    """Share of the trials that the interval made without them held: what it is worth."""


Guess = Callable[[Sequence[int], int], float]
"""What a method says of the week `ahead` (1 is the next) after these."""


def forecast(past: Sequence[int], ahead: int = 8) -> Forecast | None:
    """`past` is counts of whole weeks, the oldest first; None where they are too few."""
    if len(past) < FEWEST:
        return None
    tried = {method: _trials(past, guess, ahead) for method, guess in _guesses(past).items()}
    method = min(tried, key=lambda one: (_mean_error(tried[one]), one != Method.LEVEL))
    guess, errors = _GUESSES[method], tried[method]
    weeks = [
        _expected(guess(past, distance), errors.get(distance, ()))
        for distance in range(1, ahead + 1)
    ]
    everything = [error for each in errors.values() for error in each]
    is_tried = len(errors.get(1, ())) >= FEWEST_TRIALS
    return Forecast(
        method,
        weeks,
        fmean(map(abs, everything)) if is_tried else None,
        len(everything),
        _held(errors) if is_tried else None,
    )


def smoothed(past: Sequence[int], alpha: float) -> float:
    """The level after the last week."""
    level = float(past[0])
    for count in past[1:]:
        level += alpha * (count - level)
    return level


def best_alpha(past: Sequence[int]) -> float:
    """The one by which each week was best foretold from those before it."""

    def error(alpha: float) -> float:
        level, total = float(past[0]), 0.0
        for count in past[1:]:
            total += abs(count - level)
            level += alpha * (count - level)
        return total

    return min(_ALPHAS, key=error)


def _level(past: Sequence[int], _ahead: int) -> float:
    return smoothed(past, best_alpha(past))


def _last_year(past: Sequence[int], ahead: int) -> float:
    return float(past[len(past) - YEAR + ahead - 1])


_GUESSES: Final[Mapping[Method, Guess]] = {
    Method.LEVEL: _level,
    Method.LAST_YEAR: _last_year,
}


def _guesses(past: Sequence[int]) -> Mapping[Method, Guess]:
    """A year before can be tried only where there was one, with weeks to try it on."""
    has_years = len(past) >= YEAR + FEWEST_TRIALS
    return _GUESSES if has_years else {Method.LEVEL: _level}


def _trials(past: Sequence[int], guess: Guess, ahead: int) -> dict[int, list[float]]:
    """By distance: what came less what would have been said of it, knowing only what was before.

    Both methods are tried on the same weeks, or the one with the easier weeks would win.
    """
    first = YEAR if len(past) >= YEAR + FEWEST_TRIALS else FEWEST
    origins = range(max(first, len(past) - _MOST_TRIALS), len(past))
    found: dict[int, list[float]] = {}
    for origin in origins:
        for distance in range(1, min(ahead, len(past) - origin) + 1):
            said = guess(past[:origin], distance)
            found.setdefault(distance, []).append(past[origin + distance - 1] - said)
    return found


def _mean_error(errors: Mapping[int, Sequence[float]]) -> float:
    everything = [abs(error) for each in errors.values() for error in each]
    return fmean(everything) if everything else 0.0


def _expected(count: float, errors: Sequence[float]) -> Expected:
    if len(errors) < FEWEST_TRIALS:
        return Expected(max(0.0, count), None, None)
    low, high = _bounds(errors)
    return Expected(max(0.0, count), max(0.0, count + low), max(0.0, count + high))


def _bounds(errors: Sequence[float]) -> tuple[float, float]:
    """The errors between which the middle `COVERAGE` of them lie, the guess itself included."""
    ranked, cut = sorted(errors), (1 - COVERAGE) / 2
    low, high = floor(cut * len(ranked)), ceil((1 - cut) * len(ranked)) - 1
    return min(0.0, ranked[low]), max(0.0, ranked[high])


def _held(errors: Mapping[int, Sequence[float]]) -> float:
    """Each trial against the interval that all others of its distance make."""
    held = list[bool]()
    for each in errors.values():
        if len(each) < FEWEST_TRIALS:
            continue
        for at, error in enumerate(each):
            low, high = _bounds([*each[:at], *each[at + 1 :]])
            held.append(low <= error <= high)
    return fmean(held)
