"""What every list offers in one way: its filters as chips, saved views, order, columns, files."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from console.actions.exports.asking import ask_export
from console.actions.exports.listed import Asked, Listed
from console.actions.exports.registry import LISTS
from console.actions.exports.taking import approved_hours, free_rows, may_export
from console.desk import Desk, Order, Slice
from console.i18n import t
from console.pages.frame import plain, refusals_shown, show_refusal_kept
from console.pages.kit.layout import (
    SORT,
    active_filters,
    box,
    choice,
    clear_button,
    drop_filters,
    flash,
)
from console.pages.kit.records import LONGEST_REASON
from console.pages.kit.saved import saved_row
from console.pages.kit.tables import Column, pager
from models.base import Table
from models.oversight.exports import ExportFormat
from models.permissions import Permission

Row = TypeVar("Row")
RowOfSlice = TypeVar("RowOfSlice", bound=Table)
HIDE: Final = "hide"
"""The part of the address that names the columns that are left out."""


@dataclass(frozen=True, slots=True)
class ListTools:
    """A list's tools once they are drawn: what is to be asked for, shown, and offered below."""

    desk: Desk
    listed: Listed[Any] | None
    sort: str | None

    @property
    def order(self) -> Order | None:
        """For the use case; None is its own order."""
        if self.listed is None or self.sort is None:
            return None
        return self.listed.sorts.get(self.sort)

    def shown(self, columns: Sequence[Column[Row]]) -> list[Column[Row]]:
        """Those that the reader has not left out; the others are not sent."""
        if self.listed is None:
            return list(columns)
        out = {label for name, label in _columns(self.desk, self.listed).items() if _is_out(name)}
        return [one for at, one in enumerate(columns) if at == 0 or one.label not in out]

    def pager(self, slice_: Slice[RowOfSlice], key: str) -> None:
        """The pager, with the menu of files beside it."""
        may = self.listed is not None and may_export(self.desk, self.listed)
        pager(slice_, key, self._export if may else None)

    def _export(self) -> None:
        if self.listed is None:
            return
        key = f"export:{self.listed.page}"
        menu = st.popover(
            t("list_tools.export"),
            key=key,
            icon=":material/download:",
            type="tertiary",
            on_change="rerun",
        )
        if menu.open:
            with menu, refusals_shown():
                _menu(self.desk, self.listed, key)


def list_tools(desk: Desk, page: str, of: str | None = None) -> ListTools:
    """Draw a list's tools under its `filters()`: how it is sorted, chips, saved views, columns.

    `page` is the file's name, under which views are saved; `of` names another of its lists.
    """
    listed = LISTS.get(of or page)
    show_refusal_kept()
    with box("kit_tools", horizontal=True, vertical_alignment="center", gap="small"):
        sort = _sorting(listed)
        if listed is not None:
            _choosing(desk, listed)
        _chips()
        saved_row(desk, page)
    return ListTools(desk, listed, sort)


def _sorting(listed: Listed[Any] | None) -> str | None:
    if listed is None or not listed.sorts:
        return None
    options = {word: t(f"list_sort.{word}") for word in listed.sorts}
    return choice(SORT, t("list_tools.sort"), options, width=150)


def _chips() -> None:
    """Each filter that is on, to be taken away by itself."""
    active = active_filters()
    for one in active:
        st.button(
            plain(one.words),
            key=f"chip:{one.name}",
            icon=":material/close:",
            icon_position="right",
            help=t("list_tools.drop"),
            on_click=drop_filters,
            args=([one.name],),
        )
    if active:
        clear_button("kit:clear")


def _columns(desk: Desk, listed: Listed[Any]) -> dict[str, str]:
    """What may be left out, by name: all but the first, which says which row it is."""
    return {one.name: t(one.label) for one in listed.cells(desk, ())[1:]}


def _is_out(name: str) -> bool:
    return name in st.query_params.get_all(HIDE)


def _choosing(desk: Desk, listed: Listed[Any]) -> None:
    menu = st.popover(
        t("list_tools.columns"),
        key=f"columns:{listed.page}",
        icon=":material/view_column:",
        type="tertiary",
        on_change="rerun",
    )
    if not menu.open:
        return
    with menu:
        for name, label in _columns(desk, listed).items():
            key = f"column:{listed.page}:{name}"
            st.session_state[key] = not _is_out(name)
            st.checkbox(label, key=key, on_change=_hide, args=(name, key))


def _hide(name: str, key: str) -> None:
    kept = [one for one in st.query_params.get_all(HIDE) if one != name]
    hidden = kept if st.session_state[key] else [*kept, name]
    if hidden:
        st.query_params[HIDE] = hidden
    else:
        st.query_params.pop(HIDE, None)


# Lists as files


def _query(listed: Listed[Any]) -> str:
    """Of the page's address what the list knows."""
    address = st.query_params
    known = {name: address[name] for name in sorted(listed.names) if address.get(name)}
    return urlencode(known)


def _menu(desk: Desk, listed: Listed[Any], key: str) -> None:
    """How many rows there are and what will happen, before anything does."""
    query, free = _query(listed), free_rows(desk)
    count = listed.count(desk, Asked.of(query, listed.names), free + 1)
    if count <= free:
        st.markdown(t("list_tools.export_will", rows=f"{count:,}"))
        with st.container(horizontal=True, gap="small"):
            for kind in ExportFormat:
                file_link(kind.upper(), f"/files/lists/{listed.page}.{kind}?{query}")
    elif desk.actor.may(Permission.EXPORT_ASK):
        _asking(desk, listed, query, key)
    else:
        st.markdown(t("list_tools.export_narrow", most=f"{free:,}"))


def _asking(desk: Desk, listed: Listed[Any], query: str, key: str) -> None:
    st.markdown(t("list_tools.export_ask", most=f"{free_rows(desk):,}", hours=approved_hours(desk)))
    kind = st.segmented_control(
        t("exports_page.format"),
        list(ExportFormat),
        required=True,
        key=f"{key}:format",
        format_func=str.upper,
    )
    why = st.text_area(t("console.reason"), key=f"{key}:why", max_chars=LONGEST_REASON)
    is_ready = bool(why.strip())
    if st.button(t("list_tools.ask"), key=f"{key}:ask", type="primary", disabled=not is_ready):
        ask_export(desk, listed.page, query, ExportFormat(kind or ExportFormat.CSV), why)
        flash(t("list_tools.asked"))
        st.rerun()


def file_link(label: str, address: str) -> None:
    """To one of our own files, in the same tab: an answer that says no comes as a page."""
    with box("kit_file", width="content"):
        st.html(f'<a href="{escape(address)}" target="_self">{escape(label)}</a>')


def said_filter(query: str) -> str:
    """A kept filter as people read it."""
    pairs = parse_qsl(query)
    return " · ".join(f"{name}={value}" for name, value in pairs) or t("list_tools.no_filter")
