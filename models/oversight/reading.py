"""What a figure says: of which kind it is, whether it stands well, and how sure a share is."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from models.oversight.figures import Indicator, OversightFigure
from models.oversight.intervals import wilson

_I = Indicator


class Measure(StrEnum):
    COUNT = "count"
    PART = "part"
    """A count of some, of which one asks how many there are and of how many."""
    SHARE = "share"
    TIME = "time"


class Standing(StrEnum):
    """How a figure stands by its bounds."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    FEW = "few"
    """Of too few to be judged."""
    PLAIN = "plain"
    """Nothing says what would be good: the number of cases of a year."""


TIMES: Final = frozenset({_I.TIME_TO_FINDING, _I.TIME_TO_NOTICE, _I.TIME_TO_GONE})
PARTS: Final = frozenset({_I.OVERDUE, _I.CASES_SERIOUS})
SHARES: Final = frozenset({
    _I.LISTS_CURRENT, _I.BADGES_SHOWN, _I.FOUND_BEFORE_REPORT, _I.CASES_TRUE,
    _I.SPOT_CHECKS_PASSED, _I.INDUSTRY_COMPLETE, _I.CARDS_RECOVERED, _I.REAL_NAME,
})  # fmt: skip
LESS_IS_BETTER: Final = TIMES | {
    _I.UNLICENSED_LIVE, _I.UNLICENSED_NEW, _I.UNLICENSED_RELISTED, _I.CASES_SERIOUS, _I.OVERDUE,
    _I.INDUSTRY_BREACHES,
}  # fmt: skip

SHARE_BOUNDS: Final[Mapping[Indicator, tuple[float, float]]] = {
    _I.LISTS_CURRENT: (1.0, 0.9),
    _I.BADGES_SHOWN: (0.95, 0.8),
    _I.CASES_TRUE: (0.9, 0.7),
    _I.SPOT_CHECKS_PASSED: (0.95, 0.8),
    _I.INDUSTRY_COMPLETE: (1.0, 0.95),
    _I.CARDS_RECOVERED: (0.95, 0.8),
    _I.REAL_NAME: (1.0, 0.95),
}
"""From which share on a figure is good, and from which it only needs a look; bad below."""
TIME_BOUNDS: Final[Mapping[Indicator, tuple[timedelta, timedelta]]] = {
    _I.TIME_TO_FINDING: (timedelta(days=1), timedelta(days=7)),
    _I.TIME_TO_NOTICE: (timedelta(days=3), timedelta(days=7)),
    _I.TIME_TO_GONE: (timedelta(days=3), timedelta(days=7)),
}
"""Up to which median a time is good, and up to which it only needs a look."""
NONE_AT_BEST: Final[Mapping[Indicator, Standing]] = {
    _I.OVERDUE: Standing.BAD,
    _I.UNLICENSED_LIVE: Standing.WARNING,
}
"""Of what there should be none, and how one of it stands."""


def measure_of(indicator: Indicator) -> Measure:
    if indicator in TIMES:
        return Measure.TIME
    if indicator in PARTS:
        return Measure.PART
    return Measure.SHARE if indicator in SHARES else Measure.COUNT


def standing(figure: OversightFigure | None) -> Standing:
    """By the bounds of its indicator; a share or a time of few is not judged."""
    if figure is None:
        return Standing.PLAIN
    indicator = figure.indicator
    if indicator in NONE_AT_BEST:
        return NONE_AT_BEST[indicator] if figure.count else Standing.GOOD
    if indicator not in SHARE_BOUNDS and indicator not in TIME_BOUNDS:
        return Standing.PLAIN
    if not figure.base:
        return Standing.PLAIN
    if figure.is_few and indicator is not _I.LISTS_CURRENT:
        return Standing.FEW
    return _by_bounds(figure)


def _by_bounds(figure: OversightFigure) -> Standing:
    """A list is a duty of its own: the one of two that is late is not too few to be late."""
    if figure.indicator in TIME_BOUNDS:
        good, fair = TIME_BOUNDS[figure.indicator]
        median = figure.median
        if median is None:
            return Standing.PLAIN
        return Standing.GOOD if median <= good else _fair(is_fair=median <= fair)
    least, fairly = SHARE_BOUNDS[figure.indicator]
    share = figure.share or 0.0
    return Standing.GOOD if share >= least else _fair(is_fair=share >= fairly)


def _fair(*, is_fair: bool) -> Standing:
    return Standing.WARNING if is_fair else Standing.BAD


def interval(figure: OversightFigure) -> tuple[float, float] | None:
    """Between which shares the true one lies, 95 times of 100; None of what is no share."""
    if not figure.base or measure_of(figure.indicator) not in {Measure.SHARE, Measure.PART}:
        return None
    return wilson(figure.count, figure.base)
