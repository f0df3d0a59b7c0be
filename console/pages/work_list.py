"""Where a day begins: what is late, due and waiting for whoever is here."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from console.actions.asked import asked_items
from console.actions.today.counted import note_counted
from console.actions.waiting import MOST_ALIKE
from console.actions.work import WorkItem, WorkState, work_items
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown, said
from console.pages.kit import (
    Tone,
    choice,
    empty,
    figures,
    filters,
    last_day,
    left_until,
    link_to,
    page_head,
    section,
    state_pill,
)
from console.pages.kit.layout import box
from console.pages.work_bulk import BULKS, picks, show_bulk
from models.permissions import Role

TONES: Mapping[str, Tone] = {
    WorkState.OVERDUE: Tone.BAD,
    WorkState.WARNING: Tone.WARNING,
    WorkState.DUE: Tone.BUSY,
    WorkState.WAITING: Tone.WAITING,
}
FEW: Final = 5
"""Of a kind in a state, while the kinds are seen together."""
MANY: Final = 50
"""Of the one kind that is chosen."""

Placed = tuple[int, WorkItem]


def kind_word(kind: str) -> str:
    """What is to be done, without what it is to be done to."""
    return said(f"work_kind.{kind}", t(f"work.{kind}", title="").strip())


def counted(items: Sequence[WorkItem]) -> str:
    """How many, as far as anybody counts: a kind that reaches its cap may go on."""
    kinds = [item.kind for item in items]
    capped = any(totals[kind] >= MOST_ALIKE for kind in set(kinds))
    return f"{len(items):,}+" if capped else f"{len(items):,}"


def show(place: int, item: WorkItem, *, in_bulk: bool = False) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", gap="medium", key=f"kit_line_{place}"
    ):
        if in_bulk:
            picks(item)
        st.markdown(t(f"work.{item.kind}", title=f"**{plain(item.title)}**"), width="stretch")
        if item.due is not None:
            left = left_until(item.due, desk.now())
            st.caption(f"{last_day(item.due)} · {left}", width="content")
        link_to(t("work_list.go"), item.page, item.id, key=f"go:{place}")


def show_state(state: WorkState, items: Sequence[Placed], most: int) -> None:
    """A list per state, its kinds together, the most urgent first."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state_pill("work_list", state, TONES)
        st.caption(counted([item for _, item in items]), width="content")
    with st.container(border=True, key=f"kit_list_{state}"):
        for kind in dict.fromkeys(item.kind for _, item in items):
            alike = [(place, item) for place, item in items if item.kind == kind]
            for place, item in alike[:most]:
                show(place, item, in_bulk=most == MANY and kind in BULKS)
            if len(alike) > most:
                more(state, kind, [item for _, item in alike], most)


def more(state: WorkState, kind: str, alike: Sequence[WorkItem], shown: int) -> None:
    left = len(alike) - shown
    count = f"{left}+" if totals[kind] >= MOST_ALIKE else str(left)
    with box("kit_more", horizontal=True, vertical_alignment="center", gap="small"):
        if shown == FEW:
            st.button(
                t("work_list.more", n=count), key=f"more:{state}:{kind}", type="tertiary",
                icon=":material/unfold_more:", on_click=open_kind, args=(kind,),
            )  # fmt: skip
        else:
            link_to(t("work_list.more_there", n=count), alike[0].page, key=f"there:{state}:{kind}")


def open_kind(kind: str) -> None:
    st.query_params["kind"] = kind


def show_all(items: Sequence[WorkItem]) -> None:
    by_state = {state: [one for one in items if one.state is state] for state in WorkState}
    figures({t(f"work_list.{state}"): counted(rows) for state, rows in by_state.items()})
    with filters():
        kinds = {
            kind: f"{kind_word(kind)} · {counted([one for one in items if one.kind == kind])}"
            for kind in dict.fromkeys(one.kind for one in items)
        }
        kind = choice("kind", t("work_list.kind"), kinds, width=420)
        mine_or_theirs()
    if kind is not None and kind in BULKS:
        show_bulk(desk, kind, [one for one in items if one.kind == kind][:MANY])
    placed = [(at, one) for at, one in enumerate(items) if kind is None or one.kind == kind]
    for state in WorkState:
        of_state = [(at, one) for at, one in placed if one.state is state]
        if of_state:
            show_state(state, of_state, FEW if kind is None else MANY)


def mine_or_theirs() -> None:
    """Where there is more than one's own work: how much waits for others, and the way there."""
    if asked:
        late = sum(one.state is WorkState.OVERDUE for one in asked)
        key = "work_list.asked_late" if late else "work_list.asked_n"
        st.caption(t(key, n=len(asked), late=late))


def show_asked() -> None:
    """What others have been asked for: theirs to do, one's own to remember."""
    section(t("work_list.asked"), t("work_list.asked_hint"))
    with st.container(border=True, key="kit_list_asked"):
        for at, item in enumerate(asked[:MANY]):
            place = f"asked_{at}"
            with st.container(
                horizontal=True, vertical_alignment="center", gap="medium", key=f"kit_line_{place}"
            ):
                title = f"**{plain(item.title)}**"
                st.markdown(t(f"work.{item.kind}", title=title), width="stretch")
                if item.due is not None:
                    left = left_until(item.due, desk.now())
                    sign = "⚠ " if item.state is WorkState.OVERDUE else ""
                    st.caption(f"{sign}{last_day(item.due)} · {left}", width="content")
                link_to(t("work_list.look"), item.page, item.id, key=f"go:{place}")


def what_next() -> str:
    """What somebody of such roles can do of their own accord."""
    roles = sorted(desk.actor.roles - {Role.SELF})
    return " ".join(t(f"work_list.next_{role}") for role in roles) or t("work_list.next_nobody")


desk = my_desk()
totals: dict[str, int] = {}
asked: list[WorkItem] = []
with refusals_shown():
    found = work_items(desk)
    asked += asked_items(desk)
    note_counted(desk, found)
    for one in found:
        totals[one.kind] = totals.get(one.kind, 0) + 1
    hint = t("work_list.hint", name=plain(desk.actor.name)) if found else ""
    with page_head(t("work_list.title"), hint):
        link_to(t("work_list.elsewhere"), "account", key="to:account")
    if found:
        show_all(found)
    else:
        empty(t("work_list.none"), what_next())
    if asked:
        show_asked()
