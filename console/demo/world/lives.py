"""How each shop fared under one organisation's patrols: when it was met, found, told of, gone."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from console.demo.world.made import MONTH, MONTHS, MadeAgent, Outlet, World
from console.demo.world.titles import Trade
from models.channel.licences import Ground
from models.patrol.findings import FindingState
from models.patrol.judge import Basis
from models.patrol.shops import ShopState
from models.rules import FindingKind, Tier, package_rules
from models.staff import Organisation

_K, _G, _F, _S = FindingKind, Ground, FindingState, ShopState
BAD: Final = "nanqiao"
"""The platform that takes its time, and where shops come back."""
Wrong = tuple[Trade, FindingKind, Ground, Basis]
_STRANGERS: Final[dict[Wrong, float]] = {
    (Trade.CARDS, _K.NO_DELEGATION, _G.NO_DELEGATION, Basis.NOTHING_SHOWN): 52,
    (Trade.CARDS, _K.NO_DELEGATION, _G.SOMEONE_ELSES_NUMBER, Basis.NUMBER_OF_ANOTHER): 9,
    (Trade.CARDS, _K.BADGE_MISUSE, _G.FORGED_BADGE, Basis.BADGE_FORGED): 4,
    (Trade.CARDS, _K.NO_BUSINESS_LICENCE, _G.NO_BUSINESS_LICENCE, Basis.NO_FIRM): 6,
    (Trade.INDUSTRY_CARDS, _K.IOT_CARD_ONLINE, _G.INDUSTRY_CARD, Basis.OFFERS): 11,
    (Trade.REAL_NAME, _K.FALSE_REGISTRATION, _G.FORBIDDEN_OFFER, Basis.OFFERS): 9,
    (Trade.READERS, _K.IDREADER_CRACK_TOOL, _G.FORBIDDEN_OFFER, Basis.OFFERS): 4,
    (Trade.DEVICES, _K.ILLEGAL_DEVICE, _G.FORBIDDEN_OFFER, Basis.OFFERS): 5,
}
_AGENTS: Final[dict[Wrong, float]] = {
    (Trade.CARDS, _K.SCOPE_EXCEEDED, _G.OUT_OF_SCOPE, Basis.PROVINCE_NOT_NAMED): 40,
    (Trade.CARDS, _K.BADGE_MISSING, _G.NOT_DISPLAYED, Basis.BADGE_DEAD): 35,
    (Trade.CARDS, _K.LICENCE_NOT_DISPLAYED, _G.NOT_DISPLAYED, Basis.NOTHING_SHOWN): 25,
}
"""What is found at shops of agents; it is mended, not taken down."""
_AGENTS_SHARE, _OTHERS_SHARE = 0.42, 0.13
"""Of all shops: those of agents, and those that sell no cards. The rest are strangers."""
_TROUBLED: Final = 0.16
_DISMISSED: Final = (0.24, 0.10)
"""Shares of false alarms, eighteen months ago and now."""
_SLOW, _FAST = 11.0, 3.2
"""Median days from the notice to a shop that is gone, eighteen months ago and now."""
_PROVINCES: Final = {"42": 1.35, "51": 1.2, "35": 0.9, "33": 0.75, "44": 0.85, "11": 0.8}
_STILL_THERE: Final = 0.9
_SPRING: Final = (3, 4, 9)


@dataclass(slots=True)
class Life:
    """A shop before its row: each moment is None where it has not come so far."""

    platform: str
    outlet: Outlet | None
    agent: MadeAgent | None
    trade: Trade
    met: Sequence[int]
    """The runs that saw it, as places in its organisation's runs of that platform."""
    first_seen: datetime
    state: ShopState
    wrong: Wrong | None = None
    tier: Tier = Tier.MINOR
    found_in: int = 0
    found_at: datetime | None = None
    finding: FindingState = _F.OPEN
    looked_at: datetime | None = None
    has_case: bool = False
    noticed_at: datetime | None = None
    gone_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_back_soon(self) -> float:
        """How likely a shop like it stands there again."""
        return 0.0 if self.gone_at is None else 0.26 if self.platform == BAD else 0.07


def progress(world: World, at: datetime) -> float:
    """0 at the beginning of the patrols, 1 now."""
    return 1 - min(1.0, max(0.0, (world.now - at) / (MONTH * MONTHS)))


def drawn_life(
    world: World, owner: Organisation, platform: str, runs: Sequence[datetime],
    outlets: list[tuple[MadeAgent, Outlet]],
) -> Life:  # fmt: skip
    """`runs` are the moments of the organisation's patrols of that platform, in order. An outlet
    that is taken is no longer among them.
    """
    chance, share = world.rng, world.rng.random()
    first = _first_run(chance, runs)
    if share < _AGENTS_SHARE and outlets:
        agent, outlet = outlets.pop()
        later = bisect_left(runs, agent.admitted_at)
        first = min(max(first, later), len(runs) - 1)
        life = Life(platform, outlet, agent, Trade.CARDS, (), runs[first], _S.LICENSED)
        _meet(chance, life, runs, first, None)
        if chance.random() < _TROUBLED and agent.admitted_at < runs[first]:
            _go_wrong(world, owner, life, runs, first, _AGENTS)
        return life
    is_other = share > 1 - _OTHERS_SHARE
    trade, state = (Trade.OTHER, _S.NOT_CARDS) if is_other else (Trade.CARDS, _S.SUSPECTED)
    life = Life(platform, None, None, trade, (), runs[first], state)
    if not is_other:
        _go_wrong(world, owner, life, runs, first, _STRANGERS)
    _meet(chance, life, runs, first, life.gone_at)
    return life


def _first_run(chance: Random, runs: Sequence[datetime]) -> int:
    """Most in spring and when schools begin, and a little fewer every month."""
    weights = [
        (1.9 if at.month in _SPRING else 1.0) * (1.35 - 0.6 * nth / len(runs))
        for nth, at in enumerate(runs)
    ]
    return chance.choices(range(len(runs)), weights)[0]


def _meet(
    chance: Random, life: Life, runs: Sequence[datetime], first: int, until: datetime | None
) -> None:
    """Every run could see it as long as it is there, and some do not."""
    there = [
        nth for nth in range(first, len(runs)) if until is None or runs[nth] < until
    ]  # fmt: skip
    keep = 0.45 if until is None else 0.8
    seen = {first, life.found_in, *(nth for nth in there if chance.random() < keep)}
    if until is None and chance.random() < _STILL_THERE:
        seen.add(len(runs) - 1)
    life.met = sorted(nth for nth in seen if nth >= first)


def _go_wrong(  # noqa: PLR0913, PLR0917 - a shop and what it stands among
    world: World, owner: Organisation, life: Life, runs: Sequence[datetime], first: int,
    ways: dict[Wrong, float],
) -> None:  # fmt: skip
    chance = world.rng
    life.wrong = wrong = chance.choices(list(ways), list(ways.values()))[0]
    life.trade = wrong[0]
    is_reseller = owner.kind.value == "reseller"
    life.tier = package_rules().finding(wrong[1]).tier_for(is_reseller=is_reseller)
    late = chance.choices((0, 1, 2), (78 + 14 * progress(world, runs[first]), 16, 6))[0]
    life.found_in = nth = min(first + late, len(runs) - 1)
    life.found_at = min(runs[nth] + timedelta(hours=chance.uniform(1, 20)), world.now)
    _look(world, life, life.found_at)


def _look(world: World, life: Life, found: datetime) -> None:
    """A second person confirms or dismisses it; of these days some are still open."""
    chance, far = world.rng, progress(world, found)
    days = chance.lognormvariate(0.9 - 0.8 * far, 0.5)
    looked = found + timedelta(days=days)
    if looked > world.now:
        life.state = life.state if life.agent else _S.SUSPECTED
        return
    life.looked_at = looked
    before, now = _DISMISSED
    if chance.random() < before + (now - before) * far:
        life.finding = _F.FALSE_POSITIVE
        life.state, life.trade = (life.state, life.trade) if life.agent else (
            _S.NOT_CARDS, Trade.OTHER,
        )  # fmt: skip
        return
    life.finding = _F.CONFIRMED
    life.state = _S.NON_COMPLIANT if life.agent else _S.UNLICENSED
    if life.agent:
        _mend(world, life, looked)
    else:
        _pursue(world, life, looked)


def _mend(world: World, life: Life, looked: datetime) -> None:
    """An agent is told to put it right, and is looked at again."""
    told = looked + timedelta(days=world.rng.uniform(0.3, 2))
    if told > world.now:
        return
    life.finding = _F.RECTIFYING
    closed = told + timedelta(days=world.rng.uniform(6, 24))
    if closed < world.now and world.rng.random() < 0.93:  # noqa: PLR2004 - a few are never done
        life.finding, life.closed_at, life.state = _F.CLOSED, closed, _S.LICENSED


def _pursue(world: World, life: Life, looked: datetime) -> None:
    """A case, a notice to the platform, a shop that is gone, and two clean looks after it."""
    chance = world.rng
    opened = looked + timedelta(days=chance.uniform(0.1, 1.2))
    if opened > world.now or life.tier is Tier.MINOR:
        return
    life.finding, life.has_case = _F.IN_CASE, True
    noticed = opened + timedelta(
        days=chance.lognormvariate(1.2 - 0.5 * progress(world, opened), 0.5)
    )
    if noticed > world.now:
        return
    life.noticed_at, life.state = noticed, _S.PLATFORM_NOTIFIED
    gone = noticed + timedelta(days=_days_until_gone(world, life.platform, noticed))
    if gone > world.now or chance.random() < (0.06 if life.platform == BAD else 0.015):
        if world.now - noticed > timedelta(days=12):
            life.state = _S.ESCALATED
        return
    life.gone_at, life.state = gone, _S.REMOVED
    closed = gone + timedelta(days=chance.uniform(24, 40))
    if closed < world.now:
        life.closed_at, life.finding, life.state = closed, _F.CLOSED, _S.CLOSED


def _days_until_gone(world: World, platform: str, noticed: datetime) -> float:
    median = _SLOW + (_FAST - _SLOW) * progress(world, noticed)
    factor = _PROVINCES.get(world.platforms[platform] or "", 1.0)
    if platform == BAD:
        factor *= 2.6
    return median * factor * world.rng.lognormvariate(0, 0.55)
