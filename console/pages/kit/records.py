"""One record: its head, its facts, the moves that are open, and its history beside it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from inspect import getfile
from pathlib import Path
from typing import Final
from uuid import UUID

import streamlit as st

from console.desk import Desk
from console.i18n import t
from console.pages.frame import plain, refusal_text, refusals_shown, said
from console.pages.kit.gone import show_gone
from console.pages.kit.layout import PAGES_FOLDER, After, box, flash, say_left_behind
from console.pages.kit.words import (
    LOOKS,
    NOTHING,
    Tone,
    actor_word,
    deed_word,
    moment,
    state_word,
    tone_of,
)
from models.audit import AuditEntry
from models.permissions import Permission
from models.refusals import NotFound, Refusal

LONGEST_REASON: Final = 500
_FACT_COLUMNS: Final = 2
_SHORT_HISTORY: Final = 8


def chosen_id() -> str | None:
    """The record that the address names: `/console/agents?id=…`; None is the list."""
    return st.query_params.get("id") or None


def open_record(page: str | None, row_id: object, **more: str) -> None:
    """Go to a record: of another page by its file's name (`"agents"`), of this one by None.

    `more` says in the address what of it is to be shown.
    """
    query = {"id": str(row_id), **more}
    if page is not None:
        st.switch_page(PAGES_FOLDER / f"{page}.py", query_params=query)
    st.query_params.update(query)
    st.rerun()


def list_or_record(show_list: Callable[[], object], show_record: Callable[[str], object]) -> None:
    """The whole of a page: its list, or the record that the address names.

    Where there is none to be shown stand why not, and the way back.
    """
    row_id = chosen_id()
    if row_id is None:
        with refusals_shown():
            show_list()
        return
    try:
        show_record(row_id)
    except NotFound as no:
        # A page is its file, and a record of another page is looked for by that page's name.
        show_gone(Path(getfile(show_record)).stem, row_id, no)
        back_to_list("kit_back_refused")
    except Refusal as no:
        st.error(refusal_text(no), icon=":material/block:")
        back_to_list("kit_back_refused")


def back_to_list(key: str = "kit_back") -> None:
    """The way back from a record; put it above the record's head."""
    st.button(
        t("console.back_to_list"),
        key=key,
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=leave_record,
    )


def leave_record() -> None:
    """The run that follows shows the list: the record that was open is no more the reader's."""
    for name in ("id", "party", "card"):
        st.query_params.pop(name, None)


def link_to(label: str, page: str, row_id: object | None = None, *, key: str, **more: str) -> None:
    """A word that opens another page or a record on it; `more` as `open_record` has it."""
    if st.button(plain(label), key=key, type="tertiary", icon=":material/arrow_outward:"):
        if row_id is None:
            st.switch_page(PAGES_FOLDER / f"{page}.py")
        open_record(page, row_id, **more)


def state_pill(area: str, value: str, tones: Mapping[str, Tone] | None = None) -> None:
    """A state as sign, word and colour."""
    look = LOOKS[tone_of(value, tones)]
    st.badge(state_word(area, value), icon=look.icon, color=look.colour)


def record_head(
    number: str,
    title: str,
    *,
    area: str = "",
    state: str = "",
    tones: Mapping[str, Tone] | None = None,
) -> AbstractContextManager[object]:
    """Number, title and state of a record; with it a row for `next_moves` at the right."""
    say_left_behind()
    back_to_list()
    with box("page_head_record"):
        left, right = st.columns([5, 6], vertical_alignment="bottom")
    with left:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":gray[{plain(number)}]", width="content")
            if state:
                state_pill(area, state, tones)
        st.title(plain(title), anchor=False)
    return right.container(horizontal=True, horizontal_alignment="right", gap="small")


def two_columns() -> tuple[AbstractContextManager[object], AbstractContextManager[object]]:
    """The record at the left, its history at the right."""
    left, right = st.columns([2, 1], gap="large")
    return left, right


def facts(pairs: Mapping[str, object], title: str = "", *, abreast: int = _FACT_COLUMNS) -> None:
    """A definition list; every value is shown as plain words. `abreast`: how many in a row."""
    with box("kit_facts", border=True):
        if title:
            st.markdown(f"**{title}**")
        items = list(pairs.items())
        for start in range(0, len(items), abreast):
            columns = st.columns(abreast)
            for column, (label, value) in zip(columns, items[start:], strict=False):
                column.caption(label)
                column.markdown(NOTHING if value is None or value == "" else plain(value))


def timeline(entries: Sequence[AuditEntry], title: str = "") -> None:
    """Who did what to the record and when; the latest first."""
    with box("kit_history"):
        st.markdown(f"**{title or t('console.history')}**")
        if not entries:
            st.caption(t("console.no_history"))
        for entry in entries[:_SHORT_HISTORY]:
            _entry(entry)
        if len(entries) > _SHORT_HISTORY:
            with st.expander(t("console.older", n=len(entries) - _SHORT_HISTORY)):
                for entry in entries[_SHORT_HISTORY:]:
                    _entry(entry)


def _entry(entry: AuditEntry) -> None:
    who = plain(" · ".join(filter(None, [actor_word(entry), entry.organisation])))
    reason = entry.facts.get("reason")
    words = f"**{plain(deed_word(entry.deed) + _of_what(entry))}**"
    quoted = f"  \n“{plain(reason)}”" if reason else ""
    with st.container(gap=None):
        st.markdown(words + quoted)
        st.caption(f"{moment(entry.at)} · {who}")


def _of_what(entry: AuditEntry) -> str:
    """Which of a case's tasks a deed is about: several are made at once."""
    kind = entry.facts.get("kind")
    is_task = entry.deed.startswith("task.") and isinstance(kind, str)
    return f" · {said(f'task_kind.{kind}', str(kind))}" if is_task else ""


@dataclass(frozen=True, slots=True)
class Next:
    """A move that a record offers: what it is called, what it will do, and the deed itself.

    `act` gets the reason (empty when none is asked for) and may answer words for `flash`, or all
    of it: where the record is that it made, and how it is taken back.
    """

    key: str
    label: str
    will: str
    """What happens when it is confirmed, in a full sentence."""
    act: Callable[[str], str | After | None]
    permission: Permission
    is_open: bool = True
    reason: bool = False
    ask: Callable[[str], str] | None = None
    """Draws the move's own inputs, keyed by what it is given; `act` gets its answer instead."""
    icon: str | None = None
    main: bool = False
    undo: Callable[[Desk], object] | None = None
    """The inverse use case, where the domain has one; offered once the deed is done."""


def next_moves(desk: Desk, moves: Sequence[Next], row_id: UUID | str) -> int:
    """A button per move that is open and permitted, each confirmed in words; how many there are."""
    shown = [move for move in moves if move.is_open and desk.actor.may(move.permission)]
    for move in shown:
        _ask(move, f"move:{move.key}:{row_id}")
    return len(shown)


def _words_for(move: Next, key: str) -> str:
    if move.ask is not None:
        return move.ask(key)
    if move.reason:
        words = st.text_area(t("console.reason"), key=key, max_chars=LONGEST_REASON)
        return words.strip()
    return ""


def _ask(move: Next, key: str) -> None:
    round_ = int(st.session_state.get(f"{key}:round", 0))
    with st.popover(
        move.label,
        icon=move.icon,
        type="primary" if move.main else "secondary",
        key=f"{key}:{round_}",
    ):
        st.markdown(move.will)
        words = _words_for(move, f"{key}:words:{round_}")
        sure = st.button(t("console.confirm", move=move.label), key=f"{key}:sure", type="primary")
        if sure and (move.reason or move.ask) and not words:
            st.error(t("console.reason_needed" if move.reason else "console.fill_in"))
        elif sure:
            with refusals_shown():
                message = move.act(words)
                st.session_state[f"{key}:round"] = round_ + 1
                after = (
                    message if isinstance(message, After) else After(message or t("console.done"))
                )
                undo = after.undo or move.undo
                flash(after.message, page=after.page, id=after.id, undo=undo)
                st.rerun()
