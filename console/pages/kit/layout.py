"""The top of a page, what it says back, its filters, and what stands where nothing is."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import streamlit as st
from streamlit.errors import StreamlitDuplicateElementKey

from console.desk import Desk
from console.i18n import listed, t
from console.pages.frame import (
    PASSWORD_PAGE,
    my_desk,
    plain,
    refusal_kept,
    show_refusal_kept,
)

PAGES_FOLDER: Final = Path(__file__).parents[1]
DEED: Final = "kit:deed"
"""Set when somebody has done something, so that what waits for them is counted anew."""
_FLASH: Final = "kit:flash"
_AFTER: Final = "kit:after"
_ACTIVE: Final = "kit:active"
_SECRET: Final = "kit:secret"  # noqa: S105 - a key of session state, not a secret
SORT: Final = "sort"
"""The part of the address that says how a list is sorted, which narrows nothing."""
LIVE: Final = "400ms"
LONGEST_SEARCH: Final = 100


def box(kind: str, **settings: Any) -> AbstractContextManager[object]:  # noqa: ANN401 - st.container's
    """A container that our style sheet dresses by its `kind`, however many a page has."""
    for number in count(1):
        try:
            return st.container(key=f"{kind}_{number}", **settings)
        except StreamlitDuplicateElementKey:
            continue
    raise AssertionError


def page_head(title: str, hint: str = "") -> AbstractContextManager[object]:
    """Title and hint at the left; what is drawn `with` it are the page's actions, at the right.

    Shows what `flash` and `show_once` left behind, so every page calls it first.
    """
    say_left_behind()
    with box("page_head"):
        left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.title(title, anchor=False)
    if hint:
        left.caption(hint)
    return right.container(horizontal=True, horizontal_alignment="right", gap="small")


def section(title: str, hint: str = "") -> None:
    """A heading inside a page."""
    st.subheader(title, anchor=False)
    if hint:
        st.caption(hint)


@dataclass(frozen=True, slots=True)
class After:
    """What stays in sight after a deed: where its record is, and how it is taken back."""

    message: str
    page: str = ""
    id: UUID | str | None = None
    undo: Callable[[Desk], object] | None = None


def flash(
    message: str,
    *,
    page: str = "",
    id: UUID | str | None = None,  # noqa: A002 - as `WorkItem` has it
    undo: Callable[[Desk], object] | None = None,
) -> None:
    """Say that something is done, on the page that comes after `st.rerun`.

    `page` and `id` lead to the record that was made or changed elsewhere; `undo` is the inverse
    use case, where the domain has one, with all but the desk filled in.
    """
    st.session_state[_FLASH] = message
    st.session_state[DEED] = True
    if page or undo is not None:
        st.session_state[_AFTER] = After(message, page, id, undo)
    else:
        st.session_state.pop(_AFTER, None)


def say_left_behind() -> None:
    """What the run before left to say; `page_head` and `record_head` begin with it."""
    st.session_state[_ACTIVE] = []
    show_refusal_kept()
    _show_secret()
    if (message := st.session_state.pop(_FLASH, None)) is not None:
        st.toast(str(message), icon=":material/check_circle:")
    after = st.session_state.get(_AFTER)
    if isinstance(after, After):
        _show_after(after)


def _show_after(after: After) -> None:
    """A toast holds no button and is gone when one reaches for it."""
    with box("kit_after", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/check_circle: {after.message}", width="content")
        if after.page and st.button(
            t("console.open_it"), key="kit:after:open", type="tertiary",
            icon=":material/arrow_outward:",
        ):  # fmt: skip
            st.session_state.pop(_AFTER, None)
            query = {} if after.id is None else {"id": str(after.id)}
            st.switch_page(PAGES_FOLDER / f"{after.page}.py", query_params=query)
        if after.undo is not None:
            st.button(
                t("console.undo"), key="kit:after:undo", icon=":material/undo:",
                on_click=_take_back, args=(after,),
            )  # fmt: skip
        st.button(
            t("console.close"), key="kit:after:close", type="tertiary", icon=":material/close:",
            on_click=_forget_after,
        )  # fmt: skip


def _forget_after() -> None:
    st.session_state.pop(_AFTER, None)


def _take_back(after: After) -> None:
    """By the inverse use case, with the rights of this moment; a refusal is shown by the page."""
    _forget_after()
    if after.undo is not None:
        with refusal_kept():
            after.undo(my_desk())
            flash(t("console.undone"))


@dataclass(frozen=True, slots=True)
class _Shown:
    title: str
    secret: str


def show_once(title: str, secret: str) -> None:
    """Show a key or one-time password until its reader puts it away; it is kept nowhere else."""
    st.session_state[_SECRET] = _Shown(title, secret)


def _show_secret() -> None:
    shown = st.session_state.get(_SECRET)
    if not isinstance(shown, _Shown):
        return
    with st.container(border=True, key="kit_secret"):
        st.markdown(f":material/key: **{plain(shown.title)}**")
        st.code(shown.secret, language=None)
        st.caption(t("console.shown_once"))
        st.button(t("console.put_away"), key="kit:put_away", on_click=_put_away, type="primary")


def _put_away() -> None:
    st.session_state.pop(_SECRET, None)


@dataclass(frozen=True, slots=True)
class Active:
    """A filter that is in use: its name in the address, what it is called, and what it says."""

    name: str
    label: str
    value: str
    is_bound: bool = False
    """Whether the widget is the address's own (`search`, `flag`) and has to be set by itself."""

    @property
    def words(self) -> str:
        if not self.value:
            return self.label
        return t("list_tools.chip", label=self.label, value=self.value)


def active_filters() -> list[Active]:
    """What the list of this run is narrowed by, in the order of its widgets."""
    return list(st.session_state.get(_ACTIVE, ()))


def _note_active(name: str, label: str, value: str, *, is_bound: bool = False) -> None:
    """A widget says that it narrows the list; outside of `filters()` nobody asks."""
    kept = [one for one in active_filters() if one.name != name]
    st.session_state[_ACTIVE] = [*kept, Active(name, label, value, is_bound)]


def drop_filters(names: Sequence[str]) -> None:
    """For `on_click`: these filters ask for nothing any more."""
    bound = {one.name for one in active_filters() if one.is_bound}
    for name in names:
        if name in bound:
            is_flag = isinstance(st.session_state.get(name), bool)
            st.session_state[name] = False if is_flag else ""
        else:
            st.query_params.pop(name, None)


def clear_button(key: str) -> None:
    """Take all filters away at once."""
    st.button(
        t("list_tools.clear"),
        key=key,
        icon=":material/filter_alt_off:",
        type="tertiary",
        on_click=drop_filters,
        args=([one.name for one in active_filters()],),
    )


def empty(title: str, what_to_do: str, action: Callable[[], object] | None = None) -> None:
    """What stands where a list has no rows: why it is empty and what to do next.

    A list that is narrowed names what narrows it, and offers to take that away.
    """
    active = active_filters()
    with box("kit_empty", border=True, horizontal_alignment="center", gap="small"):
        st.markdown(":gray[:material/inbox:]", width="content")
        st.markdown(f"**{title}**", width="content")
        st.caption(what_to_do, width="content")
        if active:
            said = plain(listed(one.words for one in active))
            st.caption(t("list_tools.because", filters=said), width="content")
            clear_button("kit:empty:clear")
        if action is not None:
            action()


def filters() -> AbstractContextManager[object]:
    """One row, to hold `search`, `choice` and `chips`."""
    return box("kit_filters", horizontal=True, vertical_alignment="bottom", gap="small")


def search(label: str, key: str = "q", *, width: int = 320) -> str:
    """What is searched for, as it is typed; kept in the URL as `?q=`."""
    found = st.text_input(
        label,
        key=key,
        type="search",
        icon=":material/search:",
        placeholder=label,
        label_visibility="collapsed",
        max_chars=LONGEST_SEARCH,
        live=LIVE,
        bind="query-params",
        width=width,
    )
    words = (found or "").strip()
    if words:
        _note_active(key, label, words, is_bound=True)
    return words


def flag(key: str, label: str) -> bool:
    """Whether the list is narrowed to something; kept in the URL as `?key=true`."""
    is_on = st.toggle(label, key=key, bind="query-params")
    if is_on:
        _note_active(key, label, "", is_bound=True)
    return is_on


def part(key: str, label: str, *, width: int = 320) -> str:
    """A part of the open record by its number, as a card of a batch; kept in the URL as `?key=`.

    Unlike `search` it is looked for once it is entered, may be put there by a link, and goes with
    the record (`leave_record`).
    """
    found = st.text_input(
        label,
        key=_follow_url(key, st.query_params.get(key, "")[:LONGEST_SEARCH]),
        type="search",
        icon=":material/search:",
        placeholder=label,
        label_visibility="collapsed",
        max_chars=LONGEST_SEARCH,
        width=width,
        on_change=_to_url,
        args=(key,),
    )
    return (found or "").strip()


def choice(key: str, label: str, options: Mapping[str, str], *, width: int = 200) -> str | None:
    """One of `options` (value to words), or None for all; kept in the URL as `?key=value`."""
    widget = _follow_url(key, (_in_url(key, options) or [None])[0])
    chosen = st.selectbox(
        label,
        list(options),
        index=None,
        key=widget,
        format_func=lambda value: options.get(value, value),
        placeholder=label,
        label_visibility="collapsed",
        width=width,
        on_change=_to_url,
        args=(key,),
    )
    if chosen is not None and key != SORT:
        _note_active(key, label, options[chosen])
    return chosen


def chips(key: str, label: str, options: Mapping[str, str]) -> list[str]:
    """Any of a few `options` as chips; none chosen is all. Kept in the URL under `key`."""
    widget = _follow_url(key, _in_url(key, options))
    chosen = st.pills(
        label,
        list(options),
        selection_mode="multi",
        key=widget,
        format_func=lambda value: options.get(value, value),
        label_visibility="collapsed",
        on_change=_to_url,
        args=(key,),
    )
    if chosen:
        _note_active(key, label, listed(options[one] for one in chosen))
    return chosen


def view(options: Mapping[str, str], key: str = "view") -> str:
    """Which of a page's few lists is open; kept in the URL. Only the open one is asked for."""
    names = list(options)
    widget = _follow_url(key, (_in_url(key, options) or names)[0])
    chosen = st.segmented_control(
        t("console.view"),
        names,
        required=True,
        key=widget,
        format_func=lambda value: options.get(value, value),
        label_visibility="collapsed",
        on_change=_to_url,
        args=(key,),
    )
    return chosen or names[0]


def _follow_url(key: str, value: object) -> str:
    """Let a filter's widget show what the URL says; the widget's key, `filter:<key>`.

    Streamlit's own `bind` would write the words of the reader's language into the URL.
    """
    widget = f"filter:{key}"
    st.session_state[widget] = value
    return widget


def _in_url(key: str, options: Mapping[str, str]) -> list[str]:
    return [value for value in st.query_params.get_all(key) if value in options]


def _to_url(key: str) -> None:
    chosen = st.session_state[f"filter:{key}"]
    if chosen:
        st.query_params[key] = chosen
    else:
        st.query_params.pop(key, None)


def progress_of(done: int, total: int, label: str) -> None:
    """How far a long piece of work is."""
    share = min(1.0, done / total) if total else 0.0
    st.progress(
        share, text=t("console.progress", label=label, done=f"{done:,}", total=f"{total:,}")
    )


def figures(numbers: Mapping[str, int | str], hints: Mapping[str, str] | None = None) -> None:
    """A row of figures, each with its name."""
    columns = st.columns(max(1, len(numbers)))
    for column, (label, number) in zip(columns, numbers.items(), strict=True):
        shown = f"{number:,}" if isinstance(number, int) else number
        column.metric(label, shown, border=True, help=(hints or {}).get(label))


def labelled(area: str, values: Sequence[str]) -> dict[str, str]:
    """Options for `choice` and `chips`: `labelled("agent_state", list(AgentState))`."""
    return {str(value): t(f"{area}.{value}") for value in values}


def password_first() -> None:
    """What somebody sees whose one-time password is still in force."""
    st.warning(t("console.change_password_first"), icon=":material/password:")
    st.link_button(t("console.change_password"), PASSWORD_PAGE, type="primary")
