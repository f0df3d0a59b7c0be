"""How things stand in the reader's own scope, each figure with what it counts."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

import pandas as pd
import streamlit as st

from console.actions.cases.complaints.figures import (
    Answered,
    ComplaintsCompared,
    complaints_compared,
)
from console.actions.overview import Overview, overview
from console.i18n import t
from console.pages.channel_parts import platform_names
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    bar_chart,
    chart,
    empty,
    figures,
    moment,
    page_head,
    section,
    stacked_chart,
)
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
            with column.container(border=True, height="stretch"):
                st.metric(label, figure)
                st.caption(definition)


def words(area: str, counts: Mapping[S, int]) -> dict[str, float]:
    return {t(f"{area}.{state}"): count for state, count in counts.items()}


def show_shops(seen: Overview) -> None:
    """One bar per platform, parted by state; each part has its own pattern."""
    import plotly.graph_objects as go

    names = platform_names(desk)
    platforms = list(dict.fromkeys(platform for platform, _ in seen.shops))
    shown = [names.get(one, one) for one in platforms]
    states = list(dict.fromkeys(state for _, state in seen.shops))
    figure = go.Figure(layout={"barmode": "stack"})
    for at, state in enumerate(states):
        counts = [seen.shops.get((platform, state), 0) for platform in platforms]
        pattern = {"shape": _PATTERNS[at % len(_PATTERNS)]}
        figure.add_trace(  # pyright: ignore[reportUnknownMemberType]
            go.Bar(x=shown, y=counts, name=t(f"shop_state.{state}"), marker={"pattern": pattern})
        )
    table = pd.DataFrame(
        [
            {
                t("overview.platform"): names.get(platform, platform),
                t("overview.state"): t(f"shop_state.{state}"),
                t("overview.count"): count,
            }
            for (platform, state), count in seen.shops.items()
        ]
    )
    chart(t("overview.shops_by_platform"), figure, table, key="overview:shops")


def show_charts(seen: Overview) -> None:
    """Two abreast, and none of what the reader has nothing of."""
    drawn: list[Callable[[], object]] = []
    if seen.cases:
        drawn.append(lambda: states("cases", "case_state", seen.cases))
    if seen.shops:
        drawn.append(lambda: show_shops(seen))
    if seen.agents:
        drawn.append(lambda: states("agents", "agent_state", seen.agents))
    if seen.findings:
        drawn.append(lambda: states("findings", "finding_state", seen.findings))
    for start in range(0, len(drawn), 2):
        for place, draw in zip(st.columns(2), drawn[start : start + 2], strict=False):
            with place:
                draw()


def states(name: str, area: str, counts: Mapping[S, int]) -> None:
    title = t(f"overview.{name}_by_state")
    bar_chart(title, words(area, counts), key=f"overview:{name}", lying=True)


def show_complaints(seen: ComplaintsCompared) -> None:
    """How they were answered, month by month; and by whom, where several are compared."""
    whole = seen.whole
    section(t("overview.complaints"), t("overview.complaints_hint", n=seen.not_counted))
    done = whole.in_time + whole.late
    share = f" · {whole.in_time / done:.0%}" if done else ""
    figures(
        {
            t("overview.complaints_received"): whole.received,
            t("overview.complaints_in_time"): f"{whole.in_time:,}{share}",
            t("overview.complaints_late"): whole.late,
            t("overview.complaints_median"): length(seen.median),
        },
        {
            t("overview.complaints_in_time"): t("overview.complaints_in_time_definition"),
            t("overview.complaints_late"): t("overview.complaints_late_definition"),
            t("overview.complaints_median"): t("overview.complaints_median_definition"),
        },
    )
    several = len(seen.organisations) > 1
    left, right = st.columns(2) if several else (st.container(), st.container())
    with left:
        compare("complaints_by_month", since_first(seen.months))
    if several:
        with right:
            compare("complaints_by_organisation", seen.organisations, lying=True)


def since_first(months: Mapping[str, Answered]) -> Mapping[str, Answered]:
    """Without the empty months at the beginning, but half a year at least."""
    names = list(months)
    first = next((at for at, name in enumerate(names) if months[name].received), 0)
    return {name: months[name] for name in names[min(first, len(names) - 6) :]}


def compare(name: str, counts: Mapping[str, Answered], *, lying: bool = False) -> None:
    stacked_chart(
        t(f"overview.{name}"),
        list(counts),
        {
            t("overview.complaints_in_time"): [one.in_time for one in counts.values()],
            t("overview.complaints_late"): [one.late for one in counts.values()],
            t("overview.complaints_waiting"): [one.waiting for one in counts.values()],
        },
        key=f"overview:{name}",
        lying=lying,
    )


def go_on() -> None:
    """To the lists behind the figures, filtered as the figures are."""
    ways: list[tuple[str, str, Permission, dict[str, str]]] = [
        ("open_cases", "cases", Permission.CASE_READ, {"view": "cases"}),
        ("open_overdue", "cases", Permission.CASE_READ, {"view": "cases", "overdue": "true"}),
        ("open_findings", "findings", Permission.FINDING_READ, {"state": "open"}),
        ("open_agents", "agents", Permission.AGENT_READ, {}),
        ("open_complaints", "complaints", Permission.COMPLAINT_READ, {}),
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
    may = desk.actor.may(Permission.COMPLAINT_READ)
    complaints = complaints_compared(desk) if may else None
    has_complaints = complaints is not None and complaints.whole.received > 0
    if found.is_empty and not has_complaints:
        empty(t("overview.nothing"), t("overview.nothing_next"))
    else:
        show_metrics(found)
        go_on()
        show_charts(found)
        if complaints is not None and has_complaints:
            show_complaints(complaints)
