"""Charts in the theme's own colours, each with its figures behind it as a table."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from console.i18n import t
from console.pages.kit.tables import figures_grid

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HEIGHT: Final = 280
_WIDEST: Final = 0.8
_FEW: Final = 6
_PATTERNS: Final = ("", "/", ".", "x", "\\", "-", "+", "|")
_DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash")
_SIGNS: Final = ("circle", "square", "diamond", "triangle-up", "x")


def bar_chart(title: str, numbers: Mapping[str, float], *, key: str, lying: bool = False) -> None:
    """One bar per name, in the order given. `lying` for long names."""
    import plotly.graph_objects as go

    names, sizes = list(numbers), list(numbers.values())
    width = _wide(names)
    bar = (
        go.Bar(x=sizes, y=names, orientation="h", width=width)
        if lying
        else go.Bar(x=names, y=sizes, width=width)
    )
    counts = {"dtick": 1} if max(sizes, default=0) < _FEW else {}  # half a case is none
    upright = {"yaxis": counts}
    figure = go.Figure(
        bar,
        # Names may be numbers, as those of cards are.
        {"xaxis": counts, "yaxis": {"type": "category", "autorange": "reversed"}}
        if lying
        else upright,
    )
    chart(title, figure, pd.DataFrame({t("console.name_column"): names, title: sizes}), key=key)


def _wide(names: Sequence[str]) -> float:
    """Of the room that a bar has: one alone would fill the picture."""
    return min(_WIDEST, len(names) / 4)


def line_chart(
    title: str, series: Mapping[str, Mapping[Any, float]], *, key: str, hint: str = ""
) -> None:
    """One line per series of x to y, each with a dash and a sign of its own."""
    import plotly.graph_objects as go

    lines = [
        go.Scatter(
            x=list(points), y=list(points.values()), name=name, mode="lines+markers",
            line={"dash": _DASHES[at % len(_DASHES)]},
            marker={"symbol": _SIGNS[at % len(_SIGNS)], "size": 8},
        )
        for at, (name, points) in enumerate(series.items())
    ]  # fmt: skip
    spelled = any(isinstance(x, str) for points in series.values() for x in points)
    across = {"type": "category"} if spelled else {}
    figure = go.Figure(lines, {"xaxis": across, "yaxis": {"rangemode": "tozero"}})
    chart(title, figure, pd.DataFrame(series), key=key, hint=hint)


def stacked_chart(  # noqa: PLR0913 - the parts of a picture
    title: str,
    names: Sequence[str],
    parts: Mapping[str, Sequence[float]],
    *,
    key: str,
    hint: str = "",
    lying: bool = False,
) -> None:
    """One bar per name, parted; each part has a pattern of its own, to be told without colour.

    `lying` for long names.
    """
    import plotly.graph_objects as go

    bars = [
        go.Bar(x=list(sizes) if lying else list(names), y=list(names) if lying else list(sizes),
               name=part, orientation="h" if lying else "v", width=_wide(names),
               marker={"pattern": {"shape": _PATTERNS[at % len(_PATTERNS)]}})
        for at, (part, sizes) in enumerate(parts.items())
    ]  # fmt: skip
    most = max((sum(column) for column in zip(*parts.values(), strict=True)), default=0)
    counts = {"dtick": 1, "rangemode": "tozero"} if most < _FEW else {}
    kinds = {"type": "category", **({"autorange": "reversed"} if lying else {})}
    axes = {"xaxis": counts, "yaxis": kinds} if lying else {"xaxis": kinds, "yaxis": counts}
    figure = go.Figure(bars, {"barmode": "stack", **axes})
    table = pd.DataFrame({t("console.name_column"): list(names), **parts})
    chart(title, figure, table, key=key, hint=hint)


def funnel_chart(title: str, stages: Mapping[str, int], *, key: str, hint: str = "") -> None:
    """How many are left after each stage; every number is written on its bar."""
    import plotly.graph_objects as go

    names, counts = list(stages), list(stages.values())
    words = [f"{count:,}" for count in counts]
    bars = go.Funnel(
        y=names, x=counts, text=words, textinfo="text", textposition="auto",
        connector={"line": {"width": 1}, "fillcolor": "rgba(125, 140, 144, .14)"},
    )  # fmt: skip
    figure = go.Figure(bars, {"yaxis": {"automargin": True}, "showlegend": False})
    table = pd.DataFrame({t("console.name_column"): names, title: counts})
    chart(title, figure, table, key=key, hint=hint)


def chart(  # noqa: PLR0913 - the parts of a picture
    title: str,
    figure: "go.Figure",
    table: pd.DataFrame,
    *,
    key: str,
    hint: str = "",
    height: int = _HEIGHT,
) -> None:
    """Any Plotly figure as this console shows it: the theme colours it, nothing pops up over it.

    `hint` says beside it what is counted, and how.
    """
    figure.update_layout(  # pyright: ignore[reportUnknownMemberType]
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        bargap=0.35,
    )
    with st.container(border=True):
        st.markdown(f"**{title}**")
        if hint:
            st.caption(hint)
        st.plotly_chart(  # pyright: ignore[reportUnknownMemberType]
            figure, theme="streamlit", key=key, config={"displayModeBar": False}, alt=title
        )
        with st.expander(t("console.figures"), icon=":material/table_rows:"):
            figures_grid(table, key=f"{key}:table", with_index=True)
