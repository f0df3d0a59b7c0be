"""Who applied when, how it came out, and for which years each was licensed: drawn, not yet kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from console.demo.world.made import MONTH, World
from models.channel.agents import AgentState
from models.channel.licences import LicenceState
from models.provinces import provinces
from models.rules import china_day
from models.staff import CARRIERS, Organisation, OrganisationKind

_A, _L = AgentState, LicenceState
ADMITTED: Final = 24
"""Months over which agents came in."""
_YEAR: Final = timedelta(days=365)
_FRESH: Final = (_A.DRAFT, _A.SUBMITTED, _A.VERIFYING, _A.NEEDS_CORRECTION)
"""Of these days: nobody waits for long."""
_STATES: Final = {
    _A.ACTIVE: 74.0, _A.ELIGIBLE: 6.0, _A.EXITED: 5.0, _A.REJECTED: 4.0, _A.SUSPENDED: 3.0,
    _A.BLACKLISTED: 2.0, _A.VERIFYING: 0.9, _A.NEEDS_CORRECTION: 0.8, _A.SUBMITTED: 0.3,
    _A.DRAFT: 0.4,
}  # fmt: skip
_LAST: Final = {
    _A.ACTIVE: _L.ACTIVE, _A.SUSPENDED: _L.SUSPENDED, _A.EXITED: _L.TERMINATED,
    _A.BLACKLISTED: _L.REVOKED,
}  # fmt: skip
_LARGE: Final = {"44": 5.0, "33": 3.2, "32": 3.0, "37": 2.6, "41": 2.4, "51": 2.2, "11": 2.0}
_OFFICE: Final = 20.0
"""How much larger the office is that a newcomer sits in."""
_BY_GROUP: Final = {"CT": 3.0, "YF": 2.2, "HZ": 1.6, "XG": 0.8}
_RESELLER: Final = 1.4
_SPRING: Final = (3, 4)


@dataclass(frozen=True, slots=True)
class Term:
    """One year of one agent's licence."""

    begins_on: date
    ends_on: date
    state: LicenceState
    ended_at: datetime | None
    """Of one that was suspended, ended or revoked before its time."""


@dataclass(frozen=True, slots=True)
class Firm:
    carrier: Organisation
    province: str
    applied_at: datetime
    admitted_at: datetime
    state: AgentState
    terms: Sequence[Term]
    """The latest last."""

    @property
    def mark(self) -> str:
        return self.carrier.code.partition("-")[0]


def drawn_firms(world: World) -> list[Firm]:
    """As many as the scale says, the earliest first."""
    carriers = [one for one in world.organisations.values() if one.kind in CARRIERS]
    offices = [one for one in carriers if one.kind is not OrganisationKind.BASIC_CARRIER_GROUP]
    weights = [weight_of(one) for one in offices]
    drawn = world.rng.choices(offices, weights, k=world.many(5000))
    months = _months(world)
    firms = [_firm(world, one, months) for one in drawn]
    return sorted(firms, key=lambda one: one.applied_at)


def weight_of(carrier: Organisation) -> float:
    """How much of all there is happens at a carrier."""
    place = _LARGE.get(carrier.province or "", 1.0)
    if carrier.kind is OrganisationKind.RESELLER:
        return _RESELLER * place / 3
    share = _BY_GROUP.get(carrier.code.partition("-")[0], 1.0)
    return share * (_OFFICE if carrier.code == "CT-44" else place)


def _months(world: World) -> list[float]:
    """How many came in each month, the latest first: more and more of them, most in spring."""
    return [
        (1.6 if (world.now - MONTH * back).month in _SPRING else 1.0) * (1.4 - back / 40)
        for back in range(ADMITTED)
    ]


def _firm(world: World, carrier: Organisation, months: Sequence[float]) -> Firm:
    chance = world.rng
    state = chance.choices(list(_STATES), list(_STATES.values()))[0]
    (back,) = chance.choices(range(ADMITTED), months)
    admitted = world.now - MONTH * (back + chance.random()) - timedelta(days=3)
    if state in _FRESH:
        admitted = world.ago(chance.uniform(0.1, 4.5))
    applied = admitted - timedelta(days=chance.uniform(2, 9) if state not in _FRESH else 0.1)
    province = carrier.province or "44"
    if carrier.code == "CT-44" and chance.random() < 0.15:  # noqa: PLR2004 - some from next door
        province = "45"
    terms = _terms(world, admitted, state)
    return Firm(carrier, province, applied, admitted, state, terms)


def _terms(world: World, admitted: datetime, state: AgentState) -> Sequence[Term]:
    today, chance = china_day(world.now), world.rng
    begins = china_day(admitted + timedelta(days=chance.uniform(1, 8)))
    if state in _LAST:
        begins = min(begins, today)
    is_over = state is _A.ELIGIBLE and begins + _YEAR < today
    if begins > today or not (state in _LAST or is_over):
        return _asked(world, begins) if state is _A.ELIGIBLE else ()
    terms: list[Term] = []
    while begins + _YEAR <= today:
        terms.append(Term(begins, begins + _YEAR - timedelta(days=1), _L.EXPIRED, None))
        begins += _YEAR
    if not is_over:
        since = max(admitted + timedelta(days=9), world.now - (today - begins))
        ended = since + max(world.now - since, timedelta()) * chance.uniform(0.1, 0.98)
        last = _LAST[state]
        at = None if last is _L.ACTIVE else min(ended, world.now)
        terms.append(Term(begins, begins + _YEAR - timedelta(days=1), last, at))
    return terms


def _asked(world: World, begins: date) -> Sequence[Term]:
    """Fit, and not licensed yet: some have asked these days, some are still being written."""
    share = world.rng.random()
    begins = max(begins, china_day(world.now) + timedelta(days=3))
    ends = begins + _YEAR - timedelta(days=1)
    if share < 0.2:  # noqa: PLR2004 - a fifth
        return (Term(begins, ends, _L.PENDING_APPROVAL, None),)
    return (Term(begins, ends, _L.DRAFT, None),) if share < 0.35 else ()  # noqa: PLR2004 - the next


def nearby(province: str) -> list[str]:
    """Where an agent may sell: at home, and in the two provinces behind it in the standard."""
    codes = list(provinces())
    at = codes.index(province)
    return sorted({codes[(at + step) % len(codes)] for step in range(3)})
