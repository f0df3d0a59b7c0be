"""How urgent a finding is, from 0 to 1000, and what each part of that is for."""

from dataclasses import dataclass
from enum import StrEnum
from math import log10
from typing import Final

from models.rules import Tier


class RiskReason(StrEnum):
    TIER = "tier"
    OFFER = "offer"
    """How grave what is offered is."""
    SURENESS = "sureness"
    TRADE = "trade"
    """Sales times price."""
    STOLEN = "stolen"
    """Somebody else's number or badge, or a forged one."""
    REPEAT = "repeat"
    CLUSTER = "cluster"
    DISGUISE = "disguise"


@dataclass(frozen=True, slots=True)
class RiskFacts:
    tier: Tier
    severity: int = 0
    """Of its worst offer, 0 to 100."""
    sureness: float = 0.0
    """Of its surest offer, 0 to 1."""
    trade: float = 0.0
    """Yuan: sales times price over its offers."""
    is_stolen: bool = False
    repeats: int = 0
    """Confirmed findings at the same shop before."""
    cluster: int = 1
    """Shops that seem to be one operator's, with this one."""
    is_disguised: bool = False


@dataclass(frozen=True, slots=True)
class Risk:
    score: int
    parts: tuple[tuple[RiskReason, int], ...]
    """Each part that counts with its points, the heaviest first."""


_TIERS: Final = {Tier.SERIOUS: 400, Tier.GENERAL: 220, Tier.MINOR: 80}
_OFFER, _SURENESS, _TRADE, _STOLEN, _DISGUISE = 150, 100, 100, 100, 50
_REPEAT, _MOST_REPEATS = 25, 2
_CLUSTER, _MOST_OTHERS = 10, 5
_MUCH: Final = 6
"""Ten to this many yuan is the most that counts."""


def risk_of(facts: RiskFacts) -> Risk:
    """The parts together are at most 1000."""
    trade = min(log10(1 + max(0.0, facts.trade)) / _MUCH, 1)
    points = {
        RiskReason.TIER: _TIERS[facts.tier],
        RiskReason.OFFER: round(_OFFER * min(max(facts.severity, 0), 100) / 100),
        RiskReason.SURENESS: round(_SURENESS * min(max(facts.sureness, 0.0), 1.0)),
        RiskReason.TRADE: round(_TRADE * trade),
        RiskReason.STOLEN: _STOLEN * facts.is_stolen,
        RiskReason.REPEAT: _REPEAT * min(facts.repeats, _MOST_REPEATS),
        RiskReason.CLUSTER: _CLUSTER * min(max(facts.cluster - 1, 0), _MOST_OTHERS),
        RiskReason.DISGUISE: _DISGUISE * facts.is_disguised,
    }
    parts = sorted(((reason, n) for reason, n in points.items() if n), key=lambda part: -part[1])
    return Risk(sum(points.values()), tuple(parts))
