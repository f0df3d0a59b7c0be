"""What stands where an address leads to nothing: what it named, why, and what to do."""

from difflib import get_close_matches
from typing import Final
from uuid import UUID

import streamlit as st

from console.actions.jumping import Jump, jump, last_known
from console.desk import Desk
from console.i18n import t
from console.pages.frame import my_desk, plain, refusal_text, said
from console.pages.kit.words import deed_word, moment
from console.pages.navigation import FOLDER, PAGES, entries_for, landing_of
from models.refusals import NotFound, Refusal

_LONGEST_SHOWN: Final = 80
_MOST_NEAR: Final = 5


def show_gone(page: str, row_id: str, no: NotFound) -> None:
    """A record that is not to be had: none ever, none any more, or none of the reader's.

    Which of the three it is nobody is told who may not know; the record of deeds tells those who
    may read it. A number in the id's place leads to what it names.
    """
    desk = my_desk()
    named = _named(desk, row_id)
    if named is not None and named.page == page:
        st.query_params["id"] = str(named.id)
        st.rerun()
    st.error(refusal_text(no), icon=":material/block:")
    what = said(f"nav.{page}", t("gone.record"))
    st.markdown(t("gone.what", page=plain(what), id=plain(row_id[:_LONGEST_SHOWN])))
    known = last_known(desk, page, row_id)
    if known is not None:
        st.caption(
            t(
                "gone.known",
                name=plain(known.subject_name),
                deed=plain(deed_word(known.deed)),
                at=moment(known.at),
            )
        )
    st.caption(t("gone.next" if _is_id(row_id) else "gone.no_id"))


def _named(desk: Desk, row_id: str) -> Jump | None:
    if _is_id(row_id):
        return None
    try:
        found = jump(desk, row_id)
    except Refusal:
        return None
    return found.rows[0] if found.exact else None


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def show_no_page(desk: Desk, name: str) -> None:
    """An address without a page, or with one that the reader's roles do not open."""
    mine = entries_for(desk.actor)
    is_page = any(entry.name == name and entry.file.exists() for entry in PAGES)
    with st.container(key="page_head_lost"):
        st.title(t("no_page.title"), anchor=False)
    if is_page:
        st.markdown(t("no_page.not_yours", page=plain(t(f"nav.{name}"))))
        st.caption(t("no_page.ask"))
    else:
        st.markdown(t("no_page.unknown", name=plain(name)))
        st.caption(t("no_page.near"))
    names = [entry.name for entry in mine]
    near = [] if is_page else get_close_matches(name, names, _MOST_NEAR, 0.5)
    for one in dict.fromkeys([*near, landing_of(desk.actor)]):
        if st.button(
            t(f"nav.{one}"), key=f"near:{one}", type="tertiary", icon=":material/arrow_outward:"
        ):
            st.switch_page(FOLDER / f"{one}.py")
