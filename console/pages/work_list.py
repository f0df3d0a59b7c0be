"""Where a day begins: what is late, due and waiting for whoever is here."""

from collections.abc import Mapping

import streamlit as st

from console.actions.work import WorkItem, WorkState, work_items
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Tone,
    empty,
    figures,
    last_day,
    left_until,
    link_to,
    page_head,
    state_pill,
)
from models.permissions import Role

TONES: Mapping[str, Tone] = {
    WorkState.OVERDUE: Tone.BAD,
    WorkState.DUE: Tone.WARNING,
    WorkState.WAITING: Tone.WAITING,
}

MOST_ALIKE = 5


def show(place: int, item: WorkItem) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", gap="medium", key=f"kit_line_{place}"
    ):
        st.markdown(t(f"work.{item.kind}", title=f"**{plain(item.title)}**"), width="stretch")
        if item.due is not None:
            left = left_until(item.due, desk.now())
            st.caption(f"{last_day(item.due)} · {left}", width="content")
        link_to(t("work_list.go"), item.page, item.id, key=f"go:{place}")


def show_state(state: WorkState, items: list[tuple[int, WorkItem]]) -> None:
    """A list per state; of many alike the first few, for the page behind them shows all."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state_pill("work_list", state, TONES)
    with st.container(border=True, key=f"kit_list_{state}"):
        for kind in dict.fromkeys(item.kind for _, item in items):
            alike = [(place, item) for place, item in items if item.kind == kind]
            for place, item in alike[:MOST_ALIKE]:
                show(place, item)
            if len(alike) > MOST_ALIKE:
                st.caption(t("work_list.more", n=len(alike) - MOST_ALIKE))


def show_all(items: list[WorkItem]) -> None:
    counts = {state: sum(item.state is state for item in items) for state in WorkState}
    figures({t(f"work_list.{state}"): count for state, count in counts.items()})
    for state in WorkState:
        of_state = [(at, item) for at, item in enumerate(items) if item.state is state]
        if of_state:
            show_state(state, of_state)


def what_next() -> str:
    """What somebody of such roles can do of their own accord."""
    roles = sorted(desk.actor.roles - {Role.SELF})
    return " ".join(t(f"work_list.next_{role}") for role in roles) or t("work_list.next_nobody")


desk = my_desk()
with refusals_shown():
    found = work_items(desk)
    hint = t("work_list.hint", name=plain(desk.actor.name)) if found else ""
    page_head(t("work_list.title"), hint)
    if found:
        show_all(found)
    else:
        empty(t("work_list.none"), what_next())
