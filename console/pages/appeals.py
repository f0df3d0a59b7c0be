"""Appeals: what is due, what a first approver proposes, and how each was answered."""

import streamlit as st

from console.actions.channel.appeals import (
    appeal_record,
    decide_appeal,
    list_appeals,
    withdraw_appeal,
)
from console.desk import Desk
from console.i18n import t
from console.pages.agent_file import deed_of
from console.pages.appeal_parts import show_case_appeal_list
from console.pages.channel_words import TONES, move_of
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    choice,
    cursor,
    empty,
    facts,
    filters,
    labelled,
    last_day,
    link_to,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    page_head,
    pager,
    record_head,
    record_table,
    timeline,
    two_columns,
    view,
)
from models.channel.appeals import Appeal, AppealMove, AppealState
from models.permissions import Permission

P = Permission
CASES = "cases"
PAGE_OF = {"Agent": "agents", "Licence": "licences"}


def show_list() -> None:
    with page_head(t("appeals_page.title"), t("appeals_page.hint")):
        pass
    parts = {"channel": t("case_appeal_part.of_channel"), CASES: t("case_appeal_part.of_cases")}
    if view(parts) == CASES:
        with refusals_shown():
            show_case_appeal_list(desk)
        return
    with filters():
        state = choice(
            "state", t("appeals_page.state"), labelled("appeal_state", list(AppealState))
        )
    with refusals_shown():
        show_rows(state)


def show_rows(state: str | None) -> None:
    list_tools(desk, "appeals")
    found = list_appeals(
        desk, AppealState(state) if state else None, after=cursor("appeals", state)
    )
    if not found.rows:
        empty(t("appeals_page.none"), t("appeals_page.none_next"))
        return
    columns = [
        Column[Appeal](t("appeals_page.subject"), lambda row: row.subject_name, width=300),
        Column[Appeal](t("appeals_page.measure"), lambda row: deed_of(row.measure), width=170),
        Column[Appeal](
            t("appeals_page.state"), lambda row: row.state, Kind.STATE, "appeal_state", TONES, 110
        ),
        Column[Appeal](t("appeals_page.due"), lambda row: row.due_at, Kind.DUE),
        Column[Appeal](t("appeals_page.lodged"), lambda row: row.created_at, Kind.MOMENT),
    ]
    record_table(found.rows, columns, key="appeals")
    pager(found, "appeals")


def moves_of(own: Desk, appeal: Appeal) -> list[Next]:
    def decided(move: AppealMove) -> Next:
        second = "_second" if appeal.proposal is move else ""
        return move_of(
            f"appeals_page.{move}{second}",
            lambda why: decide_appeal(own, appeal.id, move, decision=why),
            P.APPEAL_DECIDE,
            "gavel" if move is AppealMove.UPHOLD else "cancel",
            when=move in appeal.open_moves()
            and not (second and appeal.proposed_by == own.actor.id),
            reason=True,
            main=bool(second),
        )

    return [
        decided(AppealMove.UPHOLD),
        decided(AppealMove.REJECT),
        move_of(
            "appeals_page.withdraw",
            lambda why: withdraw_appeal(own, appeal.id, reason=why),
            P.APPEAL_LODGE,
            "backspace",
            when=AppealMove.WITHDRAW in appeal.open_moves(),
            reason=True,
        ),
    ]


def show_appeal(appeal_id: str) -> None:
    record = appeal_record(desk, appeal_id)
    appeal = record.appeal
    title = appeal.subject_name
    with record_head(
        deed_of(appeal.measure), title, area="appeal_state", state=appeal.state, tones=TONES
    ):
        if desk.actor.is_house or appeal.carrier_id in desk.actor.carriers:
            next_moves(desk, moves_of(desk, appeal), f"{appeal.id}:{appeal.proposal}")
    if appeal.proposal is not None:
        move = t(f"appeal_move.{appeal.proposal}")
        st.info(t("appeals_page.proposed", move=move, decision=plain(appeal.decision)))
    left, right = two_columns()
    with left:
        facts(
            {
                t("appeals_page.measure"): deed_of(appeal.measure),
                t("appeals_page.due"): last_day(appeal.due_at),
                t("appeals_page.ground"): appeal.ground,
                t("appeals_page.lodged"): moment(appeal.created_at),
                t("appeals_page.decision"): appeal.decision if appeal.decided_at else "",
                t("appeals_page.decided"): moment(appeal.decided_at),
            }
        )
        page = PAGE_OF[appeal.subject_kind]
        link_to(t("appeals_page.open_subject"), page, appeal.subject_id, key="appeal:subject")
        if record.paper is not None and desk.actor.may(P.PAPER_READ):
            address = f"/files/papers/{record.paper.id}"
            st.link_button(t("appeals_page.paper"), address, icon=":material/open_in_new:")
    with right:
        timeline(record.deeds)


desk = my_desk()
list_or_record(show_list, show_appeal)
