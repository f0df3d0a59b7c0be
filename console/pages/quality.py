"""Screening quality over time, by what people said of the findings."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from console.actions.oversight.analysis.quality import Looked, Quality, quality
from console.i18n import t
from console.pages.channel_parts import platform_names
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    NOTHING,
    chart,
    choice,
    day,
    empty,
    figures,
    filters,
    link_to,
    page_head,
    section,
    stacked_chart,
)
from models.oversight.figures import FEW
from models.permissions import Permission

SPANS = {"3": 3, "6": 6, "12": 12, "24": 24}


def show() -> None:
    with page_head(t("quality_page.title"), t("quality_page.hint")):
        if desk.actor.may(Permission.FINDING_READ):
            link_to(t("nav.screening"), "screening", key="to:screening")
        if desk.actor.may(Permission.PATROL_READ):
            link_to(t("nav.coverage"), "coverage", key="to:coverage")
    with filters():
        platform = choice("platform", t("sources_page.platform"), platform_names(desk))
        options = {key: t("coverage_page.last_months", n=key) for key in SPANS}
        months = choice("months", t("coverage_page.months"), options)
    with refusals_shown():
        found = quality(desk, SPANS.get(months or "", 12), platform=platform)
        if not found.whole.found:
            words = "none_there" if platform or months else "none"
            empty(t(f"quality_page.{words}"), t(f"quality_page.{words}_next"))
            return
        show_figures(found.whole)
        show_months(found)
        show_adoptions(found)
        by_kind = {t(f"finding_kind.{kind}"): n for kind, n in found.by_kind.items()}
        by_engine = {name or t("quality_page.no_engine"): n for name, n in found.by_engine.items()}
        left, right = st.columns(2)
        with left:
            show_parts("kind", by_kind)
        with right:
            show_parts("engine", by_engine)


def show_figures(whole: Looked) -> None:
    figures(
        {
            t("quality_page.precision"): share_word(whole.precision),
            t("quality_page.interval"): interval_word(whole),
            t("quality_page.reviewed"): whole.reviewed,
            t("quality_page.open"): t(
                "quality_page.of", share=f"{whole.open / whole.found:.0%}", n=f"{whole.open:,}"
            ),
        },
        {
            t("quality_page.precision"): t("quality_page.precision_help"),
            t("quality_page.interval"): t("quality_page.interval_help"),
            t("quality_page.open"): t("quality_page.open_help"),
        },
    )


def share_word(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.1%}"


def interval_word(looked: Looked) -> str:
    if not looked.reviewed:
        return NOTHING
    low, high = looked.interval
    return f"{low:.1%} – {high:.1%}"


def show_months(found: Quality) -> None:
    import plotly.graph_objects as go

    by_month = found.by_month
    known = {month: one for month, one in by_month.items() if one.reviewed}
    left, right = st.columns(2)
    with left:
        shares = [100 * (one.precision or 0) for one in known.values()]
        line = go.Scatter(
            x=list(known), y=shares, mode="lines+markers", marker={"size": 8},
            error_y={
                "type": "data",
                "array": [100 * one.interval[1] - at for one, at in zip(known.values(), shares,
                                                                        strict=True)],
                "arrayminus": [at - 100 * one.interval[0]
                               for one, at in zip(known.values(), shares, strict=True)],
            },
        )  # fmt: skip
        axes = {
            "xaxis": {"type": "category", "categoryarray": list(found.months)},
            "yaxis": {"range": [0, 105], "ticksuffix": "%"},
        }
        figure = go.Figure(line, axes)
        chart(t("quality_page.by_month"), figure, table_of(by_month), key="quality:months",
              hint=t("quality_page.by_month_hint", few=FEW))  # fmt: skip
    with right:
        parts = {
            t(f"quality_page.{name}"): [getattr(one, name) for one in by_month.values()]
            for name in ("accepted", "discarded", "open")
        }
        stacked_chart(t("quality_page.triaged"), list(by_month), parts, key="quality:triaged",
                      hint=t("quality_page.triaged_hint"))  # fmt: skip


def table_of(rows: Mapping[str, Looked]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t("console.name_column"): list(rows),
            t("quality_page.accepted"): [one.accepted for one in rows.values()],
            t("quality_page.discarded"): [one.discarded for one in rows.values()],
            t("quality_page.open"): [one.open for one in rows.values()],
            t("quality_page.precision"): [share_word(one.precision) for one in rows.values()],
            t("quality_page.interval"): [interval_word(one) for one in rows.values()],
        }
    )


def show_adoptions(found: Quality) -> None:
    """When another model began to screen: what a change in the picture may come from."""
    if not found.adoptions:
        st.caption(f":material/model_training: {t('quality_page.no_adoptions')}")
        return
    section(t("quality_page.adoptions"), t("quality_page.adoptions_hint"))
    with st.container(horizontal=True):
        for at, one in enumerate(found.adoptions):
            words = t("quality_page.adopted", number=one.number, day=day(one.at))
            link_to(words, "screening", one.model_id, key=f"adopted:{at}")


def show_parts(name: str, rows: Mapping[str, Looked]) -> None:
    """Each on the same scale with its share, its counts and how sure that is."""
    import plotly.graph_objects as go

    ranked = dict(sorted(rows.items(), key=lambda row: -row[1].found))
    known = {key: one for key, one in ranked.items() if one.reviewed}
    if not known:
        st.caption(t("quality_page.nothing_reviewed"))
        return
    bar = go.Bar(
        x=[100 * (one.precision or 0) for one in known.values()], y=list(known), orientation="h",
        width=min(0.8, len(known) / 4), text=list(map(counts_word, known.values())),
        textposition="outside", cliponaxis=False,
    )  # fmt: skip
    axes = {
        "xaxis": {"range": [0, 190], "tickvals": [0, 25, 50, 75, 100], "ticksuffix": "%"},
        "yaxis": {"type": "category", "autorange": "reversed", "automargin": True},
    }
    chart(
        t(f"quality_page.by_{name}"), go.Figure(bar, axes), table_of(ranked),
        key=f"quality:{name}", hint=t(f"quality_page.by_{name}_hint", few=FEW),
        height=max(280, 60 + 30 * len(known)),
    )  # fmt: skip


def counts_word(one: Looked) -> str:
    word = "counts_few" if one.reviewed < FEW else "counts"
    return t(
        f"quality_page.{word}", share=share_word(one.precision), n=one.accepted, base=one.reviewed
    )


desk = my_desk()
show()
