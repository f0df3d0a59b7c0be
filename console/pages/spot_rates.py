"""What spot checks come to: pass rates by agent, platform and province, with their counts."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import pandas as pd
import streamlit as st

from console.actions.checks.spot_lists import PassRate, RateBy, pass_rates
from console.i18n import t
from console.pages.channel_forms import province_word
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    NOTHING,
    chart,
    choice,
    empty,
    figures,
    figures_grid,
    filters,
    page_head,
    section,
    stacked_chart,
    view,
)
from models.checks.spot_checks import Verdict

SPANS: Final = {"30": 30, "90": 90, "365": 365}
MOST_SHOWN: Final = 15
"""Bars of a picture: those with most failures, of which there are to be told."""
PARTS: Final = (Verdict.PASSED, Verdict.FAILED, Verdict.INCONCLUSIVE, Verdict.ABORTED)


def show_page() -> None:
    with page_head(t("spot_rates.title"), t("spot_rates.hint")):
        pass
    with filters():
        by = view({one.value: t(f"spot_rates.by_{one}") for one in RateBy}, "by")
        spans = {one: t(f"spot_rates.since_{one}") for one in SPANS}
        chosen = choice("since", t("spot_rates.since_all"), spans)
    since = desk.now() - timedelta(days=SPANS[chosen]) if chosen else None
    with refusals_shown():
        rates = pass_rates(desk, RateBy(by), since)
        if not rates:
            empty(t("spot_rates.none"), t("spot_rates.none_next"))
            return
        show_figures(rates)
        show_charts(rates, by)
        show_table(rates, by)


def show_figures(rates: Sequence[PassRate]) -> None:
    total = {one: sum(rate.counts.get(one, 0) for rate in rates) for one in Verdict}
    judged = total[Verdict.PASSED] + total[Verdict.FAILED]
    rate = f"{total[Verdict.PASSED] / judged:.1%}" if judged else NOTHING
    figures(
        {
            t("spot_rates.total"): sum(total.values()),
            t("spot_rates.rate"): rate,
            t("spot_rates.passed"): total[Verdict.PASSED],
            t("spot_rates.failed"): total[Verdict.FAILED],
            t("spot_rates.open"): total[Verdict.INCONCLUSIVE] + total[Verdict.ABORTED],
        }
    )


def show_charts(rates: Sequence[PassRate], by: str) -> None:
    shown = rates[:MOST_SHOWN]
    names = [name_of(rate, by) for rate in shown]
    left, right = st.columns(2, gap="large")
    with left:
        parts = {t(f"verdict.{one}"): [rate.counts.get(one, 0) for rate in shown] for one in PARTS}
        stacked_chart(
            t("spot_rates.counts"), names, parts, key=f"rates:counts:{by}",
            hint=t("spot_rates.counts_hint"), lying=True,
        )  # fmt: skip
    with right:
        known = [rate for rate in shown if rate.judged]
        if known:
            show_rates(known, by)


def show_rates(rates: Sequence[PassRate], by: str) -> None:
    """Each on the same scale from nothing to all, with its share and its counts in words."""
    import plotly.graph_objects as go

    names = [name_of(one, by) for one in rates]
    shares = [(one.per_mille or 0) / 10 for one in rates]
    bar = go.Bar(
        x=shares, y=names, orientation="h", width=min(0.8, len(names) / 4),
        text=[rate_word(one) for one in rates], textposition="outside", cliponaxis=False,
    )  # fmt: skip
    axes = {
        "xaxis": {"range": [0, 160], "tickvals": [0, 25, 50, 75, 100], "ticksuffix": "%"},
        "yaxis": {"type": "category", "autorange": "reversed"},
    }
    table = pd.DataFrame({t("console.name_column"): names, t("spot_rates.rate"): shares})
    chart(t("spot_rates.rates"), go.Figure(bar, axes), table, key=f"rates:rates:{by}",
          hint=t("spot_rates.rates_hint"))  # fmt: skip


def show_table(rates: Sequence[PassRate], by: str) -> None:
    section(t(f"spot_rates.by_{by}"))
    table: dict[str, list[object]] = {t("spot_rates.name"): [name_of(one, by) for one in rates]}
    table |= {t(f"verdict.{v}"): [one.counts.get(v, 0) for one in rates] for v in PARTS}
    table[t("spot_rates.rate")] = [rate_word(one) for one in rates]
    figures_grid(table, key=f"rates:table:{by}")


def rate_word(rate: PassRate) -> str:
    if rate.per_mille is None:
        return NOTHING
    passed, share = rate.counts.get(Verdict.PASSED, 0), f"{rate.per_mille / 10:.1f}%"
    return t("spot_rates.share", share=share, passed=passed, judged=rate.judged)


def name_of(rate: PassRate, by: str) -> str:
    if not rate.key:
        return t("spot_rates.nobodys")
    if by == RateBy.PROVINCE:
        return province_word(rate.key)
    return rate.name or rate.key


desk = my_desk()
show_page()
