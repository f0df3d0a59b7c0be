"""Whose administration is competent for which measure: the three routers of notice 182 三(四).

The filing place answers for a website, the cards' home for cards and the channel that they came
from, the platform's home for what a platform does or leaves undone (004-3.4-b to 004-3.4-g).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.cases.cases import Case
from models.cases.instructions import Jurisdiction
from models.cases.measures import BY_PLATFORM, Measure
from models.provinces import province_of_code
from models.tokens import OWN_SITE

_J: Final = Jurisdiction
DUTIES: Final[Mapping[Jurisdiction, Sequence[str]]] = {
    _J.FILING_PLACE: ("004-3.4-b",),
    _J.CARD_HOME: ("004-3.4-c", "004-3.4-d", "004-3.4-e"),
    _J.PLATFORM_HOME: ("004-3.4-f", "004-3.4-g"),
}
"""The duties that give each administration its say."""
NOBODYS: Final = frozenset({Measure.REPORT_POLICE})
"""What no communications administration orders: the police take it."""


@dataclass(frozen=True, slots=True)
class Competent:
    """An administration, why it is the one, and for which measures."""

    authority: str
    """`CA-44`."""
    jurisdiction: Jurisdiction
    measures: tuple[Measure, ...]


def router_of(measure: Measure, *, is_own_site: bool) -> Jurisdiction | None:
    """By which router a measure finds its administration; None for what none of them orders."""
    if measure in NOBODYS:
        return None
    if measure in BY_PLATFORM:
        return _J.FILING_PLACE if is_own_site else _J.PLATFORM_HOME
    return _J.CARD_HOME


def place_of(case: Case, jurisdiction: Jurisdiction) -> str | None:
    """The province that the router leads to, where the case knows it."""
    match jurisdiction:
        case Jurisdiction.FILING_PLACE:
            return case.filing_place
        case Jurisdiction.CARD_HOME:
            return case.card_home
        case Jurisdiction.PLATFORM_HOME:
            return case.platform_home


def administrations_of(case: Case, measures: Iterable[Measure]) -> list[Competent]:
    """Who is competent for what of a case; nobody for a place that the case does not know."""
    ordered = _by_router(case, measures)
    found: list[Competent] = []
    for jurisdiction in Jurisdiction:
        province = province_of_code(place_of(case, jurisdiction) or "")
        if jurisdiction in ordered and province is not None:
            found.append(Competent(province.authority, jurisdiction, tuple(ordered[jurisdiction])))
    return found


def places_missing(case: Case, measures: Iterable[Measure]) -> list[Jurisdiction]:
    """The routers that a measure needs and that lead nowhere yet."""
    ordered = _by_router(case, measures)
    return [
        one
        for one in Jurisdiction
        if one in ordered and province_of_code(place_of(case, one) or "") is None
    ]


def _by_router(case: Case, measures: Iterable[Measure]) -> dict[Jurisdiction, list[Measure]]:
    """Each measure once, in the order of the measures."""
    wanted, found = set(measures), dict[Jurisdiction, list[Measure]]()
    for measure in Measure:
        router = router_of(measure, is_own_site=case.platform == OWN_SITE)
        if measure in wanted and router is not None:
            found.setdefault(router, []).append(measure)
    return found
