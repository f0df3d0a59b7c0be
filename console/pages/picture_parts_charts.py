"""Charts of a picture: what passed by month, how far findings get, how long it takes, and where."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from console.actions.oversight.pictures import Picture
from console.actions.oversight.told import (
    NOTHING,
    Names,
    counts_word,
    interval_word,
    name_word,
    span_word,
    value_word,
)
from console.desk import Desk
from console.i18n import t
from console.pages.kit import chart, funnel_chart, line_chart
from console.pages.kit.layout import box
from console.pages.picture_parts_drill import drill
from models.oversight.figures import Cut, Indicator, OversightFigure
from models.oversight.reading import LESS_IS_BETTER, Measure, interval, measure_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

_I = Indicator
_DAY: Final = 86_400
MOST_BARS: Final = 20
"""Of a picture; the table behind it has them all."""
COLOUR: Final = "#2F8780"
_BAR: Final = 26
"""Pixels of a bar's row; a picture of few bars has its usual height."""
PALE: Final = "#A9B7BB"
"""Of bars that are of too few, which are hatched too."""

TRENDS: Final[Mapping[str, Sequence[Indicator]]] = {
    "shops": (_I.UNLICENSED_NEW, _I.UNLICENSED_RELISTED, _I.UNLICENSED_GONE),
    "cases": (_I.CASES_OPENED, _I.CASES_CLOSED, _I.CASES_SERIOUS, _I.OVERDUE),
    "flow": (_I.FINDINGS, _I.NOTICES, _I.INDUSTRY_BREACHES),
    "times": (_I.TIME_TO_FINDING, _I.TIME_TO_NOTICE, _I.TIME_TO_GONE),
    "shares": (_I.FOUND_BEFORE_REPORT, _I.CASES_TRUE, _I.BADGES_SHOWN),
    "checks": (_I.SPOT_CHECKS_PASSED, _I.REAL_NAME, _I.CARDS_RECOVERED),
}
"""Which lines are seen together: those of one kind that speak of one thing."""
FUNNEL: Final = (_I.UNLICENSED_NEW, _I.FINDINGS, _I.NOTICES, _I.UNLICENSED_GONE)


def size_of(figure: OversightFigure) -> float | None:
    """What is drawn of a figure: a count, a share in per cent, or a median in days."""
    match measure_of(figure.indicator):
        case Measure.TIME:
            return None if figure.median_s is None else figure.median_s / _DAY
        case Measure.SHARE:
            return None if figure.share is None else figure.share * 100
        case Measure.COUNT | Measure.PART:
            return figure.count


def compared_size_of(figure: OversightFigure) -> float | None:
    """The same, but of some the share: who has more of all has more of them, too."""
    if measure_of(figure.indicator) is Measure.PART:
        return None if figure.share is None else figure.share * 100
    return size_of(figure)


def trend_chart(desk: Desk, picture: Picture, name: str) -> bool:
    """Lines of one kind over the months; False, and nothing drawn, where there are none."""
    lines: dict[str, dict[str, float]] = {}
    for indicator in TRENDS[name]:
        months = picture.trend(indicator)
        points = {
            month: size for month, one in months.items() if (size := size_of(one)) is not None
        }
        if points:
            lines[t(f"indicator.{indicator}")] = points
    if not lines:
        return False
    title = t(f"picture.trend_{name}")
    line_chart(title, lines, key=f"trend:{name}", hint=t(f"picture.trend_{name}_hint"))
    ways(desk, TRENDS[name], f"trend:{name}")
    return True


def funnel(desk: Desk, picture: Picture) -> None:
    """From what was listed to what is gone."""
    stages = {t(f"picture.stage_{one}"): _count(picture, one) for one in FUNNEL}
    funnel_chart(t("picture.funnel"), stages, key="picture:funnel", hint=t("picture.funnel_hint"))
    ways(desk, FUNNEL, "funnel")


def _count(picture: Picture, indicator: Indicator) -> int:
    figure = picture.now(indicator)
    return figure.count if figure else 0


def times_chart(
    indicator: Indicator, figures: Sequence[OversightFigure], cut: Cut, names: Names
) -> None:
    """Per platform a line from the median to what nine of ten stay below; signs tell them apart."""
    import plotly.graph_objects as go

    known = [one for one in figures if one.median_s is not None]
    words = [f"{name_word(cut, one.name, names)}{few_mark(one)}" for one in known]
    ends = [[(one.median_s or 0) / _DAY, (one.p90_s or one.median_s or 0) / _DAY] for one in known]
    rails: list[Any] = [
        go.Scatter(
            x=[x for pair in ends for x in (*pair, None)],
            y=[y for word in words for y in (word, word, None)],
            mode="lines", line={"width": 2, "color": PALE}, showlegend=False, hoverinfo="skip",
        )
    ]  # fmt: skip
    for at, (label, sign) in enumerate((("median", "circle"), ("p90", "diamond-open"))):
        rails.append(
            go.Scatter(
                x=[pair[at] for pair in ends], y=words, mode="markers", name=t(f"picture.{label}"),
                marker={"symbol": sign, "size": 11, "color": COLOUR},
            )
        )  # fmt: skip
    figure = go.Figure(rails, {
        "xaxis": {"rangemode": "tozero", "ticksuffix": f" {t('picture.unit_days')}"},
        "yaxis": {"type": "category", "autorange": "reversed"},
    })  # fmt: skip
    name = t(f"indicator.{indicator}")
    title = t("picture.times_by", name=name, cut=t(f"cut.{cut}"))
    hint = f"{t(f'indicator.{indicator}_definition')} {t('picture.times_hint')}"
    table = ranking_table(known, cut, names)
    height = tall(len(known))
    chart(title, figure, table, key=f"times:{indicator}", hint=hint, height=height)


def ways(desk: Desk, indicators: Sequence[Indicator], key: str) -> None:
    """Under a chart: to the rows of each of its lines or stages."""
    with box("kit_ways", horizontal=True, gap="small"):
        for one in indicators:
            drill(desk, one, key=f"ways:{key}:{one}", label=t(f"indicator.{one}"))


def few_mark(figure: OversightFigure) -> str:
    return " *" if figure.is_few else ""


class Order(StrEnum):
    WORST = "worst"
    BEST = "best"
    MOST = "most"
    LEAST = "least"
    NAME = "name"


def orders_of(indicator: Indicator) -> Sequence[Order]:
    """Good and bad only where something says which of them more is."""
    says = indicator in LESS_IS_BETTER or measure_of(indicator) is Measure.SHARE
    return (Order.WORST, Order.BEST, Order.NAME) if says else (Order.MOST, Order.LEAST, Order.NAME)


def ranked(
    figures: Sequence[OversightFigure], order: Order, word: Callable[[OversightFigure], str]
) -> Sequence[OversightFigure]:
    """In that order, those of too few after all others."""

    def place(one: OversightFigure) -> tuple[bool, float, str]:
        size = compared_size_of(one) or 0.0
        most_is_worst = one.indicator in LESS_IS_BETTER
        falls = order is (Order.WORST if most_is_worst else Order.BEST) or order is Order.MOST
        by_size = 0.0 if order is Order.NAME else -size if falls else size
        return one.is_few, by_size, word(one)

    return sorted((one for one in figures if compared_size_of(one) is not None), key=place)


def ranking_chart(  # noqa: PLR0913 - the parts of a picture
    title: str, figures: Sequence[OversightFigure], cut: Cut, names: Names, *, key: str, hint: str
) -> None:
    """Lying bars, the first of them; those of too few are pale and hatched.

    A share has its interval as a whisker.
    """
    shown = ranking_figure(figures[:MOST_BARS], cut, names)
    table = ranking_table(figures, cut, names)
    chart(title, shown, table, key=key, hint=hint, height=tall(min(len(figures), MOST_BARS)))


def tall(bars: int) -> int:
    return max(280, 80 + _BAR * bars)


def ranking_figure(shown: Sequence[OversightFigure], cut: Cut, names: Names) -> "go.Figure":
    import plotly.graph_objects as go

    sizes = [compared_size_of(one) or 0.0 for one in shown]
    whiskers = _whiskers(shown, sizes)
    bar = go.Bar(
        x=sizes, y=[name_word(cut, one.name, names) for one in shown], orientation="h",
        text=[value_word(one) for one in shown], cliponaxis=False,
        textposition="none" if whiskers else "outside", width=min(0.8, len(shown) / 4),
        error_x=whiskers,
        marker={
            "color": [PALE if one.is_few else COLOUR for one in shown],
            "pattern": {"shape": ["/" if one.is_few else "" for one in shown]},
        },
    )  # fmt: skip
    across = (
        {"range": [0, 100], "ticksuffix": "%"}
        if whiskers
        else {"range": [0, max(sizes, default=0) * 1.2 or 1]}
    )
    return go.Figure(bar, {"xaxis": across, "yaxis": {"type": "category", "autorange": "reversed"}})


def _whiskers(shown: Sequence[OversightFigure], sizes: Sequence[float]) -> dict[str, Any] | None:
    """From the lower to the upper end of each share's interval, in per cent; None of no shares."""
    between = [interval(one) for one in shown]
    if not any(between):
        return None
    pairs = [
        (size - low_high[0] * 100, low_high[1] * 100 - size) if low_high else (0.0, 0.0)
        for low_high, size in zip(between, sizes, strict=True)
    ]
    return {
        "type": "data", "symmetric": False, "thickness": 1.2, "width": 3, "color": "#7D8C90",
        "arrayminus": [below for below, _ in pairs], "array": [above for _, above in pairs],
    }  # fmt: skip


def ranking_table(figures: Sequence[OversightFigure], cut: Cut, names: Names) -> pd.DataFrame:
    """Each with its counts; a rank only for those of enough."""
    ranks = iter(range(1, len(figures) + 1))
    return pd.DataFrame(
        {
            t("picture.rank"): [
                t("picture.unranked") if one.is_few else str(next(ranks)) for one in figures
            ],
            t(f"cut.{cut}"): [name_word(cut, one.name, names) for one in figures],
            t("picture.value"): [value_word(one) for one in figures],
            t("picture.counts"): [counts_word(one) or NOTHING for one in figures],
            t("picture.p90"): [span_word(one.p90) for one in figures],
            t("picture.interval"): [interval_word(one) or NOTHING for one in figures],
        }
    )


def caution() -> None:
    """What is said wherever shares of few may be compared."""
    st.caption(f":material/info: {t('picture.caution')}")
