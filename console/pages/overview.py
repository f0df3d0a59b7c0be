"""How things stand in the reader's own scope, each figure with what it counts."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

import pandas as pd
import streamlit as st

from console.actions.overview import Overview, overview
from console.i18n import t
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import bar_chart, chart, empty, moment, page_head
from console.pages.navigation import FOLDER
from models.permissions import Permission

S = TypeVar("S", bound=StrEnum)
_PATTERNS = ("", "/", "x", ".", "\\", "+", "-", "|")
"""Of bars: shops' states are told apart without colour too."""


def length(time: timedelta | None) -> str:
    if time is None:
        return "—"
    hours = time.total_seconds() / 3600
    if hours < 48:  # noqa: PLR2004 - below two days hours say more
        return t("overview.hours", n=f"{hours:.1f}")
    return t("overview.days", n=f"{hours / 24:.1f}")


def metrics(seen: Overview) -> list[tuple[str, str, str]]:
    """Label, figure and definition."""
    removal, lists = seen.removal, seen.lists
    told = (
        t("overview.removal_definition", n=removal.count)
        if removal.count
        else t("overview.removal_none")
    )
    newest = (
        t("overview.newest_list", at=moment(lists.newest_at))
        if lists.newest_at
        else t("overview.no_list")
    )
    findings = {state.value: count for state, count in seen.findings.items()}
    return [
        (t("overview.findings_open"), f"{findings.get('open', 0):,}",
         t("overview.findings_open_definition")),
        (t("overview.findings_confirmed"), f"{findings.get('confirmed', 0):,}",
         t("overview.findings_confirmed_definition")),
        (t("overview.cases_open"), f"{seen.cases_open:,}", t("overview.cases_open_definition")),
        (t("overview.overdue"), f"{seen.overdue:,}", t("overview.overdue_definition")),
        (t("overview.removal"), length(removal.median), told),
        (t("overview.agents"), f"{sum(seen.agents.values()):,}", t("overview.agents_definition")),
        (t("overview.licences_ending"), f"{seen.licences_ending:,}",
         t("overview.licences_ending_definition")),
        (t("overview.lists_stale"), f"{lists.stale:,}",
         f"{t('overview.lists_definition', n=lists.current)} {newest}"),
    ]  # fmt: skip


def show_metrics(seen: Overview) -> None:
    rows = metrics(seen)
    for start in (0, 4):
        columns = st.columns(4)
        for column, (label, figure, definition) in zip(columns, rows[start:], strict=False):
            with column.container(border=True):
                st.metric(label, figure)
                st.caption(definition)


def words(area: str, counts: Mapping[S, int]) -> dict[str, float]:
    return {t(f"{area}.{state}"): count for state, count in counts.items()}


def show_shops(seen: Overview) -> None:
    """One bar per platform, parted by state; each part has its own pattern."""
    import plotly.graph_objects as go

    platforms = list(dict.fromkeys(platform for platform, _ in seen.shops))
    states = list(dict.fromkeys(state for _, state in seen.shops))
    figure = go.Figure(layout={"barmode": "stack"})
    for at, state in enumerate(states):
        counts = [seen.shops.get((platform, state), 0) for platform in platforms]
        pattern = {"shape": _PATTERNS[at % len(_PATTERNS)]}
        figure.add_trace(  # pyright: ignore[reportUnknownMemberType]
            go.Bar(
                x=platforms, y=counts, name=t(f"shop_state.{state}"), marker={"pattern": pattern}
            )
        )
    table = pd.DataFrame(
        [
            {
                t("overview.platform"): platform,
                t("overview.state"): t(f"shop_state.{state}"),
                t("overview.count"): count,
            }
            for (platform, state), count in seen.shops.items()
        ]
    )
    chart(t("overview.shops_by_platform"), figure, table, key="overview:shops")


def show_charts(seen: Overview) -> None:
    left, right = st.columns(2)
    with left:
        bar_chart(
            t("overview.cases_by_state"), words("case_state", seen.cases), key="overview:cases",
            lying=True,
        )  # fmt: skip
        bar_chart(
            t("overview.agents_by_state"), words("agent_state", seen.agents),
            key="overview:agents", lying=True,
        )  # fmt: skip
    with right:
        show_shops(seen)
        bar_chart(
            t("overview.findings_by_state"), words("finding_state", seen.findings),
            key="overview:findings", lying=True,
        )  # fmt: skip


def go_on() -> None:
    """To the lists behind the figures, filtered as the figures are."""
    ways: list[tuple[str, str, Permission, dict[str, str]]] = [
        ("open_cases", "cases", Permission.CASE_READ, {"view": "cases"}),
        ("open_overdue", "cases", Permission.CASE_READ, {"view": "cases", "overdue": "true"}),
        ("open_findings", "findings", Permission.FINDING_READ, {"state": "open"}),
        ("open_agents", "agents", Permission.AGENT_READ, {}),
    ]
    with st.container(horizontal=True):
        for name, page, permission, query in ways:
            file = FOLDER / f"{page}.py"
            if not (desk.actor.may(permission) and file.exists()):
                continue
            if st.button(t(f"overview.{name}"), key=f"go:{name}", icon=":material/arrow_outward:"):
                st.switch_page(file, query_params=query)


desk = my_desk()
page_head(t("overview.title"), t("overview.hint"))
if desk.actor.provinces:
    st.caption(f":material/visibility: {t('overview.read_only')}")
with refusals_shown():
    found = overview(desk)
    if found.is_empty:
        empty(t("overview.nothing"), t("overview.nothing_next"))
    else:
        show_metrics(found)
        go_on()
        show_charts(found)
