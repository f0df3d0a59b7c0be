"""Cases that may be about the same: before one is opened, and beside one that is."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console.actions.cases.similar import Similar, similar_cases, similar_to_case
from console.desk import Desk
from console.i18n import t
from console.pages.case_words import CASES, against
from console.pages.frame import plain
from console.pages.kit import link_to, state_pill
from console.pages.kit.layout import box
from models.cases.cases import Case

MOST_SHOWN = 6


def show_similar(desk: Desk, finding_ids: Sequence[UUID]) -> None:
    """For whoever is about to open a case on these findings."""
    found = similar_cases(desk, finding_ids)
    if found:
        st.warning(t("case_pages.similar_hint"), icon=":material/content_copy:")
    else:
        st.caption(f":material/check_circle: {t('case_pages.similar_none')}")
    _list(found)


def show_similar_to(desk: Desk, case: Case) -> None:
    """Looked for only when it is asked for."""
    if desk.actor.platform is not None:
        return
    if st.toggle(t("case_pages.similar"), key=f"similar:{case.id}"):
        found = similar_to_case(desk, case.id)
        if not found:
            st.caption(t("case_pages.similar_none"))
        _list(found)


def _list(found: Sequence[Similar]) -> None:
    for one in found[:MOST_SHOWN]:
        with box("kit_card", border=True, gap=None):
            link_to(one.case.reference, "cases", one.case.id, key=f"similar:{one.case.id}")
            st.markdown(plain(against(one.case)))
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                state_pill("case_state", one.case.state, CASES)
                for why in one.why:
                    st.badge(t(f"similar_why.{why}"), color="orange")
