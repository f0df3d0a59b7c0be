"""Whether a badge is scanned more, or elsewhere, than it was: a reason to look (BADGE 2.6).

Two cumulative sums of log-likelihood ratios, of daily numbers and of the mix of provinces, against
what the badge itself did before. Neither is a verdict: a shop that advertises looks the same.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from models.provinces import provinces
from models.rules import parameter

NOWHERE: Final = "00"
"""The province of a scan that nobody can place."""
_HUNDRED: Final = 100
_BACKGROUND: Final = 10.0
"""Scans, spread over all provinces, that are added to what was seen: once is no surprise."""
_ELSEWHERE: Final = 0.5
"""The share of scans that a copy is thought to bring, from anywhere in the country."""
_LAG: Final = 7
"""The last days are judged, and do not yet judge."""
_MOST_NAMED: Final = 5

Day = Mapping[str, int]
"""Scans of one day by province."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Scores are natural logarithms of how much likelier a copy is than nothing new."""

    baseline_days: int
    least_scans: int
    rise: float
    """The number of scans, as a multiple of the usual one, that is looked for."""
    count: float
    mix: float

    @classmethod
    def on(cls, day: date) -> "Limits":
        def value(code: str) -> int:
            return parameter(code, day).value

        return cls(
            baseline_days=value("scan_watch_baseline"),
            least_scans=value("scan_watch_least"),
            rise=value("scan_watch_rise") / _HUNDRED,
            count=value("scan_watch_count") / _HUNDRED,
            mix=value("scan_watch_mix") / _HUNDRED,
        )


@dataclass(frozen=True, slots=True)
class Watched:
    count: float
    mix: float
    provinces: tuple[str, ...] = ()
    """Where more scans came from than before, the most surprising first."""

    def is_alarm(self, limits: Limits) -> bool:
        return self.count >= limits.count or self.mix >= limits.mix

    def score(self, limits: Limits) -> float:
        """How far over its limit the higher of the two stands; from 1 on it is an alarm."""
        return max(self.count / limits.count, self.mix / limits.mix)


QUIET: Final = Watched(0.0, 0.0)


def watch(days: Sequence[Day], limits: Limits, since: int = 0) -> Watched:
    """The scores at the last of the days, which follow one another without a gap.

    Days before `since` only teach what is usual: somebody looked then, and closed the matter.
    """
    return next(iter(deque(each_day(days, limits, since), maxlen=1)), QUIET)


def each_day(days: Sequence[Day], limits: Limits, since: int = 0) -> Iterator[Watched]:
    """The scores as they stood at the end of every day."""
    count = mix = 0.0
    surprises: dict[str, float] = {}
    usual = _Usual()
    for at, day in enumerate(days):
        if at >= _LAG:
            usual.learn(days[at - _LAG], limits.baseline_days)
        if at >= since and usual.is_known(limits):
            count = max(0.0, count + _of_count(sum(day.values()), usual, limits.rise))
            gains = _of_mix(day, usual)
            mix = max(0.0, mix + sum(gains.values()))
            for province, gain in gains.items():
                surprises[province] = surprises.get(province, 0.0) + gain
            if mix == 0:
                surprises.clear()
        yield Watched(count, mix, _named(surprises))


def _named(surprises: Mapping[str, float]) -> tuple[str, ...]:
    gained = [one for one, gain in surprises.items() if gain > 0]
    return tuple(sorted(gained, key=lambda one: -surprises[one])[:_MOST_NAMED])


class _Usual:
    """What the badge did in a sliding window of days."""

    def __init__(self) -> None:
        self.window: deque[Day] = deque()
        self.scans = 0
        self.placed: dict[str, int] = {}

    def learn(self, day: Day, longest: int) -> None:
        self.window.append(day)
        self._count(day, 1)
        if len(self.window) > longest:
            self._count(self.window.popleft(), -1)

    def _count(self, day: Day, sign: int) -> None:
        for province, scans in day.items():
            self.scans += sign * scans
            if province != NOWHERE:
                self.placed[province] = self.placed.get(province, 0) + sign * scans

    def is_known(self, limits: Limits) -> bool:
        return len(self.window) >= _LEAST_DAYS and self.scans >= limits.least_scans

    @property
    def a_day(self) -> float:
        """The mean, put up by its own standard error: few days do not know it well."""
        return (self.scans + math.sqrt(self.scans + 1)) / len(self.window)


_LEAST_DAYS: Final = 28


def _of_count(scans: int, usual: _Usual, rise: float) -> float:
    """Of a Poisson count: the logarithm of its likelihood at the raised rate over the usual."""
    return scans * math.log(rise) - usual.a_day * (rise - 1)


def _of_mix(day: Day, usual: _Usual) -> Mapping[str, float]:
    placed, total = usual.placed, sum(usual.placed.values()) + _BACKGROUND
    anywhere = 1 / len(provinces())
    gains: dict[str, float] = {}
    for province, scans in day.items():
        if province == NOWHERE:
            continue
        share = (placed.get(province, 0) + _BACKGROUND * anywhere) / total
        copied = (1 - _ELSEWHERE) * share + _ELSEWHERE * anywhere
        gains[province] = scans * math.log(copied / share)
    return gains
