"""A figure in words: as pages, PDFs and sheets say it, each in the language that is spoken."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from sqlmodel import col

from console.desk import Desk
from console.i18n import Language, spoken, t
from models.oversight.figures import Cut, Indicator, OversightFigure
from models.oversight.reading import (
    NONE_AT_BEST,
    SHARE_BOUNDS,
    TIME_BOUNDS,
    Measure,
    Standing,
    interval,
    measure_of,
)
from models.permissions import Permission
from models.provinces import provinces
from models.staff import Organisation

_I = Indicator
NOTHING: Final = "—"
_HOURS: Final = 48
"""Below two days hours say more."""
_MOST_CODES: Final = 200
Names = Mapping[str, str]
"""What codes of organisations are called."""
HEADLINE: Final = (
    _I.OVERDUE, _I.UNLICENSED_LIVE, _I.TIME_TO_GONE, _I.LISTS_CURRENT, _I.BADGES_SHOWN,
    _I.CASES_SERIOUS,
)  # fmt: skip
"""What tells most, the most urgent first."""
GROUPS: Final[Mapping[str, Sequence[Indicator]]] = {
    "channel": (_I.LISTS_CURRENT, _I.LICENSED_AGENTS, _I.LICENSED_SHOPS, _I.BADGES_SHOWN),
    "shops": (
        _I.UNLICENSED_LIVE, _I.UNLICENSED_NEW, _I.UNLICENSED_RELISTED, _I.UNLICENSED_GONE,
    ),
    "times": (
        _I.TIME_TO_FINDING, _I.TIME_TO_NOTICE, _I.TIME_TO_GONE, _I.FOUND_BEFORE_REPORT,
    ),
    "cases": (
        _I.CASES_OPEN, _I.CASES_SERIOUS, _I.OVERDUE, _I.CASES_TRUE,
        _I.FINDINGS, _I.NOTICES, _I.CASES_OPENED, _I.CASES_CLOSED,
    ),
    "checks": (
        _I.SPOT_CHECKS_PASSED, _I.REAL_NAME, _I.CARDS_RECOVERED,
        _I.INDUSTRY_COMPLETE, _I.INDUSTRY_BREACHES,
    ),
}  # fmt: skip
"""Every indicator, by what it speaks of."""


def value_word(figure: OversightFigure | None) -> str:
    """`95.0%`, `2.5 天` or `1,234`; a dash where nothing was there to be counted."""
    if figure is None:
        return NOTHING
    match measure_of(figure.indicator):
        case Measure.TIME:
            return span_word(figure.median)
        case Measure.SHARE:
            return NOTHING if figure.share is None else f"{figure.share:.1%}"
        case Measure.COUNT | Measure.PART:
            return f"{figure.count:,}"


def counts_word(figure: OversightFigure | None) -> str:
    """What a share is of, or of how many times the median is; empty of a plain count."""
    if figure is None or not figure.base:
        return ""
    match measure_of(figure.indicator):
        case Measure.TIME:
            return t("picture.of_times", n=f"{figure.base:,}", p90=span_word(figure.p90))
        case Measure.SHARE:
            return f"{figure.count:,} / {figure.base:,}"
        case Measure.PART:
            return t("picture.of_all", n=f"{figure.base:,}", share=f"{figure.share:.1%}")
        case Measure.COUNT:
            return ""


def span_word(time: timedelta | None) -> str:
    if time is None:
        return NOTHING
    hours = time.total_seconds() / 3600
    if hours < _HOURS:
        return t("picture.hours", n=f"{hours:.1f}")
    return t("picture.days", n=f"{hours / 24:.1f}")


def interval_word(figure: OversightFigure | None) -> str:
    """`59.6%–98.2%`, in which the true share lies 95 times of 100."""
    between = interval(figure) if figure is not None else None
    return f"{between[0]:.1%}–{between[1]:.1%}" if between else ""


def standing_word(standing: Standing) -> str:
    return t(f"standing.{standing}")


def bounds_word(indicator: Indicator) -> str:
    """From where on a figure is called good or bad; empty where nothing says so."""
    if indicator in SHARE_BOUNDS:
        good, fair = SHARE_BOUNDS[indicator]
        return t("picture.share_bounds", good=f"{good:.0%}", fair=f"{fair:.0%}")
    if indicator in TIME_BOUNDS:
        good, fair = (one.days for one in TIME_BOUNDS[indicator])
        return t("picture.time_bounds", good=good, fair=fair)
    return t("picture.none_at_best") if indicator in NONE_AT_BEST else ""


def names_of(desk: Desk, codes: Iterable[str]) -> Names:
    """What these organisations are called; a code that is nobody's is left out."""
    wanted = sorted(set(codes))[:_MOST_CODES]
    if not wanted:
        return {}
    with desk.begin(Permission.RULE_READ) as work:
        found = work.select(Organisation).where(col(Organisation.code).in_(wanted))
        return {row.code: row.name for row in work.all(found)}


def name_word(cut: Cut, name: str, names: Names) -> str:
    """What a platform, province or carrier of a figure is called."""
    if cut is Cut.PROVINCE:
        return province_name(name)
    return names.get(name, name) or t("picture.nobodys")


def province_name(code: str) -> str:
    found = provinces().get(code)
    if found is None:
        return code or t("picture.nowhere")
    return found.zh if spoken.get() is Language.ZH else found.en
