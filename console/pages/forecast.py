"""What is to be expected in the weeks ahead, how sure that is, and what is known to end."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from console.actions.oversight.analysis.workload import (
    EndKind,
    Incoming,
    endings,
    workload,
)
from console.i18n import t
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    NOTHING,
    chart,
    empty,
    figures,
    page_head,
    section,
    stacked_chart,
    view,
)
from models.oversight.forecast import COVERAGE, FEWEST, Expected, Forecast, Method
from models.permissions import Permission

SHOWN = 52
"""Weeks of the past in the picture."""
MOST_MINUTES = 480


def show() -> None:
    page_head(t("forecast_page.title"), t("forecast_page.hint"))
    with refusals_shown():
        coming = workload(desk)
        if not coming:
            empty(t("forecast_page.none"), t("forecast_page.none_next"))
        else:
            show_figures(coming)
            kinds = {one.kind.value: t(f"inflow.{one.kind}") for one in coming}
            chosen = view(kinds, "kind")
            show_one(next(one for one in coming if one.kind == chosen))
            show_hours(coming)
        if desk.actor.may(Permission.LICENCE_READ):
            show_endings()


def show_figures(coming: Sequence[Incoming]) -> None:
    figures({t(f"inflow.{one.kind}"): total_word(one.forecast) for one in coming})
    st.caption(t("forecast_page.totals"))


def total_word(found: Forecast | None) -> str:
    return NOTHING if found is None else f"{sum(one.count for one in found.weeks):,.0f}"


def show_one(one: Incoming) -> None:
    if one.forecast is None:
        empty(
            t("forecast_page.too_short", n=len(one.past), fewest=FEWEST),
            t("forecast_page.too_short_next"),
        )
        return
    draw(one, one.forecast)
    st.caption(f":material/calculate: {method_word(one.forecast)}")
    st.caption(error_word(one.forecast))


def draw(one: Incoming, found: Forecast) -> None:
    import plotly.graph_objects as go

    past = dict(list(one.past.items())[-SHOWN:])
    middle = [week.count for week in found.weeks]
    lines = [
        go.Scatter(x=list(past), y=list(past.values()), name=t("forecast_page.past"),
                   mode="lines+markers", marker={"symbol": "circle", "size": 5}),
        *band(one, found.weeks),
        go.Scatter(x=list(one.ahead), y=middle, name=t("forecast_page.expected"),
                   mode="lines+markers", line={"dash": "dash"},
                   marker={"symbol": "diamond", "size": 8}),
    ]  # fmt: skip
    axes = {"yaxis": {"rangemode": "tozero"}, "xaxis": {"tickformat": "%Y-%m-%d"}}
    figure = go.Figure(lines, axes)
    table = pd.DataFrame(
        {
            t("forecast_page.week"): [monday.isoformat() for monday in one.ahead],
            t("forecast_page.expected"): [f"{week.count:.1f}" for week in found.weeks],
            t("forecast_page.between"): list(map(between_word, found.weeks)),
        }
    )
    chart(t(f"inflow.{one.kind}"), figure, table, key=f"forecast:{one.kind}",
          hint=t("forecast_page.chart_hint", n=one.this_week), height=340)  # fmt: skip


def band(one: Incoming, weeks: Sequence[Expected]) -> list[object]:
    """From the lower bound to the upper, between two dotted lines."""
    import plotly.graph_objects as go

    sure = [(day, week) for day, week in zip(one.ahead, weeks, strict=True) if week.low is not None]
    if not sure:
        return []
    days, known = zip(*sure, strict=True)
    style = {"mode": "lines", "line": {"dash": "dot", "width": 1, "color": "#7D8C90"}}
    return [
        go.Scatter(x=list(days), y=[week.high for week in known], showlegend=False, **style),
        go.Scatter(x=list(days), y=[week.low for week in known], fill="tonexty",
                   fillcolor="rgba(47, 163, 154, .16)", name=t("forecast_page.interval",
                   share=f"{COVERAGE:.0%}"), **style),
    ]  # fmt: skip


def between_word(week: Expected) -> str:
    if week.low is None or week.high is None:
        return NOTHING
    return f"{week.low:.0f} – {week.high:.0f}"


def method_word(found: Forecast) -> str:
    word = "by_last_year" if found.method is Method.LAST_YEAR else "by_level"
    return t(f"forecast_page.{word}")


def error_word(found: Forecast) -> str:
    if found.error is None or found.within is None:
        return t("forecast_page.no_trials")
    return t(
        "forecast_page.trials",
        n=found.trials,
        error=f"{found.error:.1f}",
        within=f"{found.within:.0%}",
        share=f"{COVERAGE:.0%}",
    )


def show_hours(coming: Sequence[Incoming]) -> None:
    """Nobody's time is recorded here, so the minutes are the reader's own."""
    known = [one for one in coming if one.forecast is not None]
    if not known:
        return
    section(t("forecast_page.hours"), t("forecast_page.hours_hint"))
    with st.container(horizontal=True):
        minutes = {
            one.kind: st.number_input(
                t("forecast_page.minutes", kind=t(f"inflow.{one.kind}")),
                0, MOST_MINUTES, 0, 5, key=f"minutes:{one.kind}", width=190,
            )
            for one in known
        }  # fmt: skip
    if not any(minutes.values()):
        return
    weeks = known[0].ahead
    parts = {
        t(f"inflow.{one.kind}"): [
            round(week.count * minutes[one.kind] / 60, 1)
            for week in (one.forecast.weeks if one.forecast else ())
        ]
        for one in known
        if minutes[one.kind]
    }
    stacked_chart(t("forecast_page.hours_ahead"), [day.isoformat() for day in weeks], parts,
                  key="forecast:hours")  # fmt: skip


def show_endings() -> None:
    found = endings(desk)
    section(t("forecast_page.ends"), t("forecast_page.ends_hint"))
    if not any(n for months in found.values() for n in months.values()):
        empty(t("forecast_page.no_ends"), t("forecast_page.no_ends_next"))
        return
    months = list(found[EndKind.LICENCES])
    parts = {t(f"end_kind.{kind}"): list(counts.values()) for kind, counts in found.items()}
    stacked_chart(t("forecast_page.by_month"), months, parts, key="forecast:ends")


desk = my_desk()
show()
