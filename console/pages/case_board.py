"""Cases as a board: a column for each state, its count, and its newest few."""

import streamlit as st

from console.actions.cases.boards import BoardColumn, CaseFilters, case_board
from console.desk import Desk
from console.i18n import t
from console.pages.case_words import CASES, against
from console.pages.frame import plain
from console.pages.kit import (
    empty,
    last_day,
    left_until,
    open_record,
    state_pill,
    state_word,
)
from console.pages.kit.layout import box
from console.pages.patrol_words import TIERS
from models.cases.cases import Case


def show_board(desk: Desk, filters: CaseFilters, nothing: str) -> None:
    columns = case_board(desk, filters)
    if not any(column.count for column in columns):
        is_narrow = filters != CaseFilters()
        empty(t("case_page.none" if is_narrow else "case_pages.none_yet"), nothing)
        return
    with box("kit_board"):
        places = st.columns(len(columns), gap="small")
    for place, column in zip(places, columns, strict=True):
        with place:
            _column(desk, column)


def _column(desk: Desk, column: BoardColumn) -> None:
    with box("kit_lane", gap="small"):
        count = f"{column.count}+" if column.is_more else str(column.count)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            state_pill("case_state", column.state, CASES)
            st.markdown(f"**{count}**", width="content")
        if not column.cases:
            st.caption(t("case_pages.lane_empty"))
        for case in column.cases:
            _card(desk, case)
        more = column.count - len(column.cases)
        if more > 0:
            st.button(
                t("case_pages.lane_more", n=f"{more}+" if column.is_more else more),
                key=f"board:more:{column.state}",
                type="tertiary",
                help=state_word("case_state", column.state),
                on_click=_to_table,
                args=(column.state.value,),
            )


def _card(desk: Desk, case: Case) -> None:
    with box("kit_card", border=True, gap=None):
        if st.button(case.reference, key=f"board:{case.id}", type="tertiary"):
            open_record(None, case.id)
        st.markdown(plain(against(case)))
        st.caption(t(f"finding_kind.{case.kind}"))
        state_pill("tier", case.tier, TIERS)
        if case.due_at is not None:  # the year is plain from the days left
            late = case.is_overdue(desk.now())
            words = f"{last_day(case.due_at)[5:]} · {left_until(case.due_at, desk.now())}"
            st.caption(f":red[:material/schedule: {words}]" if late else words)


def _to_table(state: str) -> None:
    st.query_params["state"] = state
    st.query_params["look"] = "table"
