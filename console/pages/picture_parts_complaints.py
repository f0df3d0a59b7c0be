"""Complaints compared: month by month, and by whom, where several are compared."""

from collections.abc import Mapping

import streamlit as st

from console.actions.cases.complaints.figures import Answered, complaints_compared
from console.actions.oversight.told import span_word
from console.desk import Desk
from console.i18n import t
from console.pages.kit import empty, figures, link_to, section, stacked_chart


def show_complaints(desk: Desk) -> None:
    seen = complaints_compared(desk)
    whole = seen.whole
    if not whole.received:
        empty(t("overview.no_complaints"), t("overview.no_complaints_next"))
        return
    section(t("overview.complaints"), t("overview.complaints_hint", n=seen.not_counted))
    done = whole.in_time + whole.late
    share = f" · {whole.in_time / done:.0%}" if done else ""
    figures(
        {
            t("overview.complaints_received"): whole.received,
            t("overview.complaints_in_time"): f"{whole.in_time:,}{share}",
            t("overview.complaints_late"): whole.late,
            t("overview.complaints_median"): span_word(seen.median),
        },
        {
            t("overview.complaints_in_time"): t("overview.complaints_in_time_definition"),
            t("overview.complaints_late"): t("overview.complaints_late_definition"),
            t("overview.complaints_median"): t("overview.complaints_median_definition"),
        },
    )
    link_to(t("overview.open_complaints"), "complaints", key="go:complaints")
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
