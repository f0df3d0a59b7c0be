"""The provinces as tiles: each of the same size, where it lies, with its name and its figure."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd
import streamlit as st

from console.actions.oversight.told import (
    NOTHING,
    counts_word,
    interval_word,
    province_name,
    value_word,
)
from console.i18n import t
from console.pages.kit import figures_grid
from models.oversight.figures import Indicator, OversightFigure
from models.oversight.reading import Measure, measure_of
from models.provinces import provinces

if TYPE_CHECKING:
    import plotly.graph_objects as go

_GRID: Final = (
    "..............23",
    "........15....22",
    "65..626414111221",
    "..63..61411337..",
    "54..515042343231",
    "....5352433633..",
    "......454435....",
    "......46........",
)
"""Rows of tiles from north to south, two letters a tile; neighbours lie as on a map."""
PLACES: Final[Mapping[str, tuple[int, int]]] = {
    line[at : at + 2]: (row, at // 2)
    for row, line in enumerate(_GRID)
    for at in range(0, len(line), 2)
    if line[at] != "."
}
_SIDE: Final = 0.94
_HEIGHT: Final = 470


class Shade(NamedTuple):
    tile: str
    letters: str
    """Readable on the tile; both are the same by day and by night."""
    pattern: str = ""


SHADES: Final = (
    Shade("#E3F1EF", "#10262B"),
    Shade("#B5DAD5", "#10262B"),
    Shade("#7FBDB6", "#10262B"),
    Shade("#27766F", "#FFFFFF"),
    Shade("#12504C", "#FFFFFF"),
)
"""From few to many."""
FEW_SHADE: Final = Shade("#D9DEE0", "#10262B", "/")
NO_SHADE: Final = Shade("#EEF0F1", "#4A5A60")


def tile_map(
    indicator: Indicator,
    figures: Mapping[str, OversightFigure],
    *,
    chosen: str | None,
    key: str,
    to: str,
) -> None:
    """The map, and its figures behind it as a table; the province that is chosen has an edge.

    Whoever presses a tile finds its province under `to` in the page's address.
    """
    title = t("picture.map_of", name=t(f"indicator.{indicator}"))

    def pressed() -> None:
        points: Any = st.session_state[key].selection.points
        if points:
            st.query_params[to] = str(points[0]["customdata"][0])

    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.caption(f"{t(f'indicator.{indicator}_definition')} {t('picture.map_key')}")
        st.plotly_chart(  # pyright: ignore[reportUnknownMemberType]
            _drawn(figures, chosen),
            theme="streamlit",
            key=key,
            config={"displayModeBar": False},
            alt=_alt(title, figures),
            on_select=pressed,
            selection_mode="points",
        )
        with st.expander(t("console.figures"), icon=":material/table_rows:"):
            figures_grid(_table(figures), key=f"{key}:table")


def _drawn(figures: Mapping[str, OversightFigure], chosen: str | None) -> "go.Figure":
    import plotly.graph_objects as go

    codes = list(PLACES)
    shades = [shade_of(figures, code) for code in codes]
    words = [value_word(figures.get(code)) for code in codes]
    tiles = go.Bar(
        x=[PLACES[code][1] for code in codes],
        y=[_SIDE] * len(codes),
        base=[-PLACES[code][0] - _SIDE / 2 for code in codes],
        width=_SIDE,
        text=[f"{_broken(code)}<br><b>{word}</b>" for code, word in zip(codes, words, strict=True)],
        textposition="inside", insidetextanchor="middle", textangle=0,
        insidetextfont={"size": 13, "color": [shade.letters for shade in shades]},
        customdata=[
            [code, province_name(code), word, counts_word(figures.get(code))]
            for code, word in zip(codes, words, strict=True)
        ],
        hovertemplate="%{customdata[1]} %{customdata[2]} %{customdata[3]}<extra></extra>",
        marker={
            "color": [shade.tile for shade in shades],
            "pattern": {
                "shape": [shade.pattern for shade in shades], "fgcolor": "#8FA0A6", "size": 7,
                "solidity": 0.18,
            },
            "line": {"width": [3 if code == chosen else 0 for code in codes], "color": "#D08A2A"},
        },
        unselected={"marker": {"opacity": 1}},
    )  # fmt: skip
    hidden = {"visible": False, "fixedrange": True}
    return go.Figure(
        tiles,
        {
            "xaxis": {**hidden, "range": [-0.55, 7.55]},
            "yaxis": {**hidden, "range": [-7.55, 0.55]},
            "height": _HEIGHT,
            "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
            "barmode": "overlay",
            "showlegend": False,
            "dragmode": False,
        },
    )


def _broken(code: str) -> str:
    """A name of two words stands on two lines."""
    return province_name(code).replace(" ", "<br>")


def shade_of(figures: Mapping[str, OversightFigure], code: str) -> Shade:
    """By fifths of what there is to compare; what is of few is hatched and compared with none."""
    figure = figures.get(code)
    if figure is None or _size(figure) is None:
        return NO_SHADE
    if _says_little(figure):
        return FEW_SHADE
    sizes = [_size(one) for one in figures.values() if not _says_little(one)]
    return SHADES[_step(_size(figure) or 0.0, [one for one in sizes if one is not None])]


def _says_little(figure: OversightFigure) -> bool:
    """A count is a count, whatever it is of."""
    return figure.is_few and measure_of(figure.indicator) is not Measure.PART


def _size(figure: OversightFigure) -> float | None:
    match measure_of(figure.indicator):
        case Measure.TIME:
            return figure.median_s
        case Measure.SHARE:
            return figure.share
        case Measure.COUNT | Measure.PART:
            return figure.count


def _step(size: float, sizes: Sequence[float]) -> int:
    """Which shade: equal parts between the least and the most."""
    least, most = min(sizes), max(sizes)
    if least == most:
        return len(SHADES) // 2
    bounds = [least + (most - least) * at / len(SHADES) for at in range(len(SHADES) + 1)]
    for at, (_, upper) in enumerate(pairwise(bounds)):
        if size <= upper:
            return at
    return len(SHADES) - 1


def _alt(title: str, figures: Mapping[str, OversightFigure]) -> str:
    """What the map shows to those who do not see it: the three that have most."""
    sized = [(size, code) for code, one in figures.items() if (size := _size(one)) is not None]
    most = sorted(sized, reverse=True)[:3]
    told = [f"{province_name(code)} {value_word(figures[code])}" for _, code in most]
    return t("picture.map_alt", title=title, most=" · ".join(told) or NOTHING)


def _table(figures: Mapping[str, OversightFigure]) -> pd.DataFrame:
    rows = [(code, figures.get(code)) for code in provinces()]
    return pd.DataFrame(
        {
            t("picture.province"): [province_name(code) for code, _ in rows],
            t("picture.value"): [value_word(one) for _, one in rows],
            t("picture.counts"): [counts_word(one) for _, one in rows],
            t("picture.interval"): [interval_word(one) for _, one in rows],
        }
    )
