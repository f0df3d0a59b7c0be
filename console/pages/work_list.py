"""Where a day begins: what is late, due and waiting for whoever is here."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from console.actions.today.counted import waiting_of
from console.actions.waiting import MOST_ALIKE, WorkItem, WorkState
from console.i18n import t
from console.pages.frame import bare, my_desk, plain, refusals_shown, said
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
    state_word,
)
from console.pages.kit.drawn import address_of, follow_click
from console.pages.kit.lines import Alike, Line, LineList, Rest, show_lines
from console.pages.work_bulk import BULKS, show_bulk, show_picks
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
_BLANK: Final = "\0"
"""Stands for the title in a kind's words, to part what is before it from what is after."""


def kind_word(kind: str) -> str:
    """What is to be done, without what it is to be done to."""
    return said(f"work_kind.{kind}", t(f"work.{kind}", title="").strip())


def counted(items: Sequence[WorkItem]) -> str:
    """How many, as far as anybody counts: a kind that reaches its cap may go on."""
    capped = any(totals[kind] >= MOST_ALIKE for kind in {item.kind for item in items})
    return f"{len(items):,}+" if capped else f"{len(items):,}"


def by_kind(items: Sequence[WorkItem]) -> dict[str, list[WorkItem]]:
    found: dict[str, list[WorkItem]] = {}
    for item in items:
        found.setdefault(item.kind, []).append(item)
    return found


def when_due(item: WorkItem, *, is_asked: bool = False) -> str:
    """The last day and how far that is; what others are late with has no pill, but a sign."""
    if item.due is None:
        return ""
    sign = "⚠ " if is_asked and item.state is WorkState.OVERDUE else ""
    return f"{sign}{last_day(item.due)} · {left_until(item.due, desk.now())}"


def alike_of(
    kind: str, items: Sequence[WorkItem], rest: Rest | None = None, *, is_asked: bool = False
) -> Alike:
    """What stands before and after a title of the kind; some need none, and show none."""
    before, blank, after = t(f"work.{kind}", title=_BLANK).partition(_BLANK)
    lines = [
        Line(
            bare(one.title) if blank else "",
            when_due(one, is_asked=is_asked),
            address_of(one.page, one.id),
        )
        for one in items
    ]
    return Alike(before, after, lines, rest)


def rest_of(kind: str, alike: Sequence[WorkItem], shown: int) -> Rest | None:
    left = len(alike) - shown
    if left <= 0:
        return None
    count = f"{left}+" if totals[kind] >= MOST_ALIKE else str(left)
    if shown == FEW:
        return Rest(t("work_list.more", n=count), address_of("", kind=kind))
    return Rest(t("work_list.more_there", n=count), address_of(alike[0].page))


def list_of(state: WorkState, items: Sequence[WorkItem], most: int) -> LineList:
    """A list per state, its kinds together, the most urgent first."""
    kinds = [
        alike_of(kind, alike[:most], rest_of(kind, alike, most))
        for kind, alike in by_kind(items).items()
    ]
    return LineList(kinds, state_word("work_list", state), TONES[state], counted(items))


def show_all(items: Sequence[WorkItem]) -> None:
    by_state = {state: [one for one in items if one.state is state] for state in WorkState}
    figures({t(f"work_list.{state}"): counted(rows) for state, rows in by_state.items()})
    kinds = by_kind(items)
    with filters():
        named = {kind: f"{kind_word(kind)} · {counted(alike)}" for kind, alike in kinds.items()}
        chosen = choice("kind", t("work_list.kind"), named, width=420)
        mine_or_theirs()
    if chosen is not None:
        by_state = {state: [one for one in rows if one.kind == chosen]
                    for state, rows in by_state.items()}  # fmt: skip
    most = FEW if chosen is None else MANY
    lists = [list_of(state, rows, most) for state, rows in by_state.items() if rows]
    if chosen is not None and chosen in BULKS:
        shown = [rows[:MANY] for rows in by_state.values() if rows]
        show_bulk(desk, chosen, [one for rows in shown for one in rows])
        for listed, rows in zip(lists, shown, strict=True):
            show_picks(listed, rows)
    else:
        show_lines(lists, t("work_list.go"), "work:mine")


def mine_or_theirs() -> None:
    """Where there is more than one's own work: how much waits for others, and the way there."""
    if asked:
        late = sum(one.state is WorkState.OVERDUE for one in asked)
        key = "work_list.asked_late" if late else "work_list.asked_n"
        st.caption(t(key, n=len(asked), late=late))


def show_asked() -> None:
    """What others have been asked for: theirs to do, one's own to remember."""
    section(t("work_list.asked"), t("work_list.asked_hint"))
    kinds = [alike_of(item.kind, [item], is_asked=True) for item in asked[:MANY]]
    show_lines([LineList(kinds)], t("work_list.look"), "work:asked")


def what_next() -> str:
    """What somebody of such roles can do of their own accord."""
    roles = sorted(desk.actor.roles - {Role.SELF})
    return " ".join(t(f"work_list.next_{role}") for role in roles) or t("work_list.next_nobody")


follow_click()
desk = my_desk()
totals: dict[str, int] = {}
asked: Sequence[WorkItem] = ()
with refusals_shown():
    waiting = waiting_of(desk)
    found, asked = waiting.items, waiting.asked
    totals |= {kind: len(alike) for kind, alike in by_kind(found).items()}
    hint = t("work_list.hint", name=plain(desk.actor.name)) if found else ""
    with page_head(t("work_list.title"), hint):
        link_to(t("work_list.elsewhere"), "account", key="to:account")
    if found:
        show_all(found)
    else:
        empty(t("work_list.none"), what_next())
    if asked:
        show_asked()
