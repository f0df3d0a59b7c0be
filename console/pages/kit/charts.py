"""Charts in the theme's own colours, each with its figures behind it as a table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import streamlit as st

from console.i18n import t

if TYPE_CHECKING:
    import plotly.graph_objects as go

_HEIGHT: Final = 280
_FEW: Final = 6


def bar_chart(title: str, numbers: Mapping[str, float], *, key: str, lying: bool = False) -> None:
    """One bar per name, in the order given. `lying` for long names."""
    import plotly.graph_objects as go

    names, sizes = list(numbers), list(numbers.values())
    bar = go.Bar(x=sizes, y=names, orientation="h") if lying else go.Bar(x=names, y=sizes)
    counts = {"dtick": 1} if max(sizes, default=0) < _FEW else {}  # half a case is none
    upright = {"yaxis": counts}
    figure = go.Figure(
        bar, {"xaxis": counts, "yaxis": {"autorange": "reversed"}} if lying else upright
    )
    chart(title, figure, pd.DataFrame({t("console.name_column"): names, title: sizes}), key=key)


def line_chart(title: str, series: Mapping[str, Mapping[Any, float]], *, key: str) -> None:
    """One line per series of x to y."""
    import plotly.graph_objects as go

    lines = [
        go.Scatter(x=list(points), y=list(points.values()), name=name, mode="lines")
        for name, points in series.items()
    ]
    figure = go.Figure(lines)
    chart(title, figure, pd.DataFrame(series), key=key)


def chart(title: str, figure: "go.Figure", table: pd.DataFrame, *, key: str) -> None:
    """Any Plotly figure as this console shows it: the theme colours it, nothing pops up over it."""
    figure.update_layout(  # pyright: ignore[reportUnknownMemberType]
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.1},
        bargap=0.35,
    )
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.plotly_chart(  # pyright: ignore[reportUnknownMemberType]
            figure, theme="streamlit", key=key, config={"displayModeBar": False}, alt=title
        )
        with st.expander(t("console.figures"), icon=":material/table_rows:"):
            st.dataframe(table, key=f"{key}:table")  # pyright: ignore[reportUnknownMemberType]
