"""A page's filters under names: one press brings them back, a small form keeps those in sight."""

from urllib.parse import parse_qsl, urlencode

import streamlit as st

from console.actions.today.filters import (
    LONGEST_NAME,
    list_filters,
    plain_query,
    remove_filter,
    save_filter,
)
from console.desk import Desk
from console.i18n import t
from console.pages.frame import plain, refusal_kept, refusals_shown
from console.pages.kit.layout import flash
from models.today import SavedFilter

_SEARCH = "q"
"""What `search` keeps, and keeps even where it is empty and not in the address."""


def saved_row(desk: Desk, page: str) -> None:
    """A page's saved filters, and the form that saves, in the row of `list_tools`.

    `page` is the file's name. Everything that `search`, `choice`, `chips`, `flag` and `view` keep
    in the page's address comes back, order and columns too; which record is open and which screen
    of the list does not.
    """
    rows = list_filters(desk, page)
    address = st.query_params
    current = plain_query(
        urlencode([(key, one) for key in address for one in address.get_all(key)])
    )
    if not rows and not current:
        return
    for row in rows:
        _chip(desk, row, is_on=row.query == current)
    if current and all(row.query != current for row in rows):
        _saving(desk, page, current)
    mine = [row for row in rows if row.user_id == desk.actor.id]
    if mine:
        _removing(desk, mine)


def _chip(desk: Desk, row: SavedFilter, *, is_on: bool) -> None:
    shared = row.organisation_id is not None
    st.button(
        plain(row.name),
        key=f"saved:{row.id}",
        icon=":material/group:" if shared else ":material/bookmark:",
        type="primary" if is_on else "secondary",
        help=t(
            "saved_filters.shared_help" if row.user_id != desk.actor.id else "saved_filters.own"
        ),
        on_click=_apply,
        args=(row.query,),
    )


def _apply(query: str) -> None:
    """The address as it was kept, and nothing of what stands in it now.

    What a widget binds to the address (`search`) is set by the widget; the rest follows it.
    """
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query):
        given.setdefault(name, []).append(value)
    bound = {name for name in {_SEARCH, *given, *st.query_params} if name in st.session_state}
    for name in bound:
        value = given.get(name, [""])[-1]
        is_flag = isinstance(st.session_state[name], bool)
        st.session_state[name] = value == "true" if is_flag else value
    for name in set(st.query_params) - bound - given.keys():
        del st.query_params[name]
    for name in given.keys() - bound:
        st.query_params[name] = given[name]


def _saving(desk: Desk, page: str, query: str) -> None:
    with st.popover(t("saved_filters.save"), icon=":material/bookmark_add:", type="tertiary"):
        name = st.text_input(t("saved_filters.name"), max_chars=LONGEST_NAME, key="saved:name")
        shared = st.checkbox(t("saved_filters.share"), key="saved:shared")
        if st.button(t("saved_filters.keep"), key="saved:keep", type="primary"):
            with refusals_shown():
                save_filter(desk, page, name, query, shared=shared)
                flash(t("saved_filters.kept"))
                st.rerun()


def _removing(desk: Desk, rows: list[SavedFilter]) -> None:
    with st.popover(t("saved_filters.tidy"), icon=":material/bookmark_remove:", type="tertiary"):
        for row in rows:
            st.button(
                t("saved_filters.remove", name=plain(row.name)),
                key=f"saved:remove:{row.id}",
                on_click=_remove,
                args=(desk, row),
            )


def _remove(desk: Desk, row: SavedFilter) -> None:
    shared = row.organisation_id is not None
    with refusal_kept():
        remove_filter(desk, row.id)
        flash(
            t("saved_filters.removed", name=plain(row.name)),
            undo=lambda now: save_filter(now, row.page, row.name, row.query, shared=shared),
        )
