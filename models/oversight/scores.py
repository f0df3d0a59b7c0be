"""An agent's score: what its record adds up to, so that people look at the right ones first.

It orders attention and decides nothing. Weights are data (`models/data/scores.toml`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from models.data import packaged
from models.oversight.intervals import wilson

GOOD: Final = "good"
"""The word of what was looked at and was well; it is part of a share and adds nothing."""


class ScorePart(StrEnum):
    CASES = "cases"
    """Not those that an appeal reversed."""
    FINDINGS = "findings"
    """Confirmed, and in no case: what is in one counts there."""
    SPOT_CHECKS = "spot_checks"
    BADGE = "badge"
    """Checklists on which the badge was not displayed."""
    RECTIFICATIONS = "rectifications"
    """Those whose due date went by."""
    COMPLAINTS = "complaints"


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class PartWeights:
    most: float
    weights: Mapping[str, float] = Field(default_factory=dict[str, float])
    """Empty: the part is a share."""

    @property
    def is_share(self) -> bool:
        return not self.weights


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Weights:
    version: str
    months: int
    few: int
    ends_days: int
    part: Mapping[ScorePart, PartWeights]


@cache
def weights() -> Weights:
    return Weights(**packaged("scores.toml"))


Tally = Mapping[str, int]
"""Deeds of a part by the word that its weights have for them; of a share also those that are
`GOOD`.
"""


@dataclass(frozen=True, slots=True)
class PartScore:
    part: ScorePart
    bad: int
    """How many count."""
    base: int | None
    """Of a share: how many were looked at."""
    points: float
    most: float
    is_few: bool
    """A share of so few says little."""

    @property
    def is_full(self) -> bool:
        """More of the same would add nothing."""
        return self.points >= self.most


@dataclass(frozen=True, slots=True)
class Score:
    """From 0 to 100; the parts that add nothing are in it too."""

    parts: tuple[PartScore, ...]

    @property
    def points(self) -> float:
        return round(sum(one.points for one in self.parts), 1)


def score(tallies: Mapping[ScorePart, Tally], by: Weights) -> Score:
    """Each part by its weights, and no part more than its most."""
    return Score(
        tuple(_part(part, tallies.get(part, {}), own, by.few) for part, own in by.part.items())
    )


def points_of(tallies: Mapping[ScorePart, Tally], by: Weights) -> float:
    """The points of `score` alone: to rank many."""
    return round(sum(_points(tally, by.part[part]) for part, tally in tallies.items()), 1)


def _part(part: ScorePart, tally: Tally, by: PartWeights, few: int) -> PartScore:
    bad, base = _bad(tally), sum(tally.values()) if by.is_share else None
    is_few = base is not None and 0 < base < few
    return PartScore(part, bad, base, _points(tally, by), by.most, is_few)


def _bad(tally: Tally) -> int:
    return sum(count for word, count in tally.items() if word != GOOD)


def _points(tally: Tally, by: PartWeights) -> float:
    if by.is_share:
        base = sum(tally.values())
        return round(by.most * wilson(_bad(tally), base)[0], 1) if base else 0.0
    return min(by.most, sum(by.weights[word] * count for word, count in tally.items()))
