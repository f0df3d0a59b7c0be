"""Appeals on a case's page: lodge one, take it in, decide it, with what was said."""

from typing import Final

import streamlit as st

from console.actions.cases.authorities.appeals import (
    LONGEST_WORDS,
    AppealForm,
    CaseAppealRecord,
    accept_case_appeal,
    case_appeals_of,
    decide_case_appeal,
    is_appealable,
    list_case_appeals,
    lodge_case_appeal,
    who_may_appeal,
    withdraw_case_appeal,
)
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import packed, unpacked
from console.pages.channel_words import move_of
from console.pages.file_forms import Given
from console.pages.frame import plain
from console.pages.instruction_forms import one_file
from console.pages.kit import (
    Absent,
    Column,
    Kind,
    Next,
    Tone,
    choice,
    cursor,
    empty,
    facts,
    filters,
    labelled,
    last_day,
    moment,
    next_moves,
    pager,
    record_table,
    section,
    state_pill,
)
from console.pages.kit.layout import box
from models.cases.appeals import CaseAppeal, CaseAppealMove, CaseAppealState
from models.cases.cases import Case
from models.permissions import Permission
from models.rules import china_day, parameter

TONES: Final = {
    CaseAppealState.LODGED.value: Tone.WAITING,
    CaseAppealState.ACCEPTED.value: Tone.BUSY,
    CaseAppealState.UPHELD.value: Tone.GOOD,
    CaseAppealState.DISMISSED.value: Tone.OVER,
    CaseAppealState.WITHDRAWN.value: Tone.OVER,
}
_OPEN: Final = (CaseAppealState.LODGED, CaseAppealState.ACCEPTED)
_M: Final = CaseAppealMove


def show_case_appeals(desk: Desk, case: Case) -> Absent | None:
    """The section of a case's page, with its moves, for those who may read appeals."""
    if not desk.actor.may(Permission.APPEAL_READ):
        return None
    own = desk.actor.is_house or case.organisation_id in desk.actor.organisations
    records = case_appeals_of(desk, case.id)

    def begin() -> None:
        if own:
            next_moves(desk, [_lodging(desk, case)], f"{case.id}:{case.version}")

    if not records:
        return Absent(t("case_appeal_part.title"), begin)
    window = parameter("case_appeal_window", china_day(case.decided_at or desk.now()))
    section(t("case_appeal_part.title"), t("case_appeal_part.hint", days=window.value))
    with st.container(horizontal=True):
        begin()
    for record in records:
        with box("kit_appeal", border=True):
            _show(desk, record, own=own)
    return None


def _show(desk: Desk, record: CaseAppealRecord, *, own: bool) -> None:
    appeal = record.appeal
    is_open = appeal.state in _OPEN
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(appeal.number)}** {plain(appeal.appellant)}", width="content")
        state_pill("case_appeal_state", appeal.state, TONES)
        if is_open and appeal.due_at <= desk.now():
            st.badge(t("case_appeal_part.late"), icon=":material/schedule:", color="red")
    told = {
        t("case_appeal_part.ground"): appeal.ground,
        t("case_appeal_part.lodged_at"): moment(appeal.lodged_at),
    }
    if is_open:
        told[t("case_appeal_part.due")] = last_day(appeal.due_at)
    else:
        told[t("case_appeal_part.decision")] = appeal.decision
        told[t("case_appeal_part.decided_at")] = moment(appeal.decided_at)
    facts(told)
    with st.container(horizontal=True, gap="small"):
        address = f"/files/case-appeals/{appeal.id}"
        st.link_button(t("case_appeal_part.paper"), address, icon=":material/download:")
        if own:
            next_moves(desk, _moves(desk, record), f"{appeal.id}:{appeal.state}")
    decides = appeal.state is CaseAppealState.ACCEPTED and desk.actor.may(Permission.APPEAL_DECIDE)
    if own and decides and record.has_hand:
        st.caption(t("case_appeal_part.by_another"))


def _moves(desk: Desk, record: CaseAppealRecord) -> list[Next]:
    appeal, p = record.appeal, Permission
    open_ = appeal.open_moves()

    def decided(move: CaseAppealMove, icon: str, *, main: bool) -> Next:
        return move_of(
            f"case_appeal_part.{move}",
            lambda why: decide_case_appeal(desk, appeal.id, move, why),
            p.APPEAL_DECIDE, icon, when=move in open_ and not record.has_hand, ask=_decision,
            main=main,
        )  # fmt: skip

    return [
        move_of("case_appeal_part.accept", lambda _: accept_case_appeal(desk, appeal.id),
                p.APPEAL_DECIDE, "inbox", when=_M.ACCEPT in open_, main=True),
        decided(_M.UPHOLD, "gavel", main=True),
        decided(_M.DISMISS, "cancel", main=False),
        move_of("case_appeal_part.withdraw",
                lambda why: withdraw_case_appeal(desk, appeal.id, why), p.APPEAL_LODGE,
                "backspace", when=_M.WITHDRAW in open_, reason=True),
    ]  # fmt: skip


def _decision(key: str) -> str:
    words = st.text_area(
        t("case_appeal_part.decision"), key=f"{key}:decision", max_chars=LONGEST_WORDS
    )
    return words.strip()


def _lodging(desk: Desk, case: Case) -> Next:
    given = Given()

    def lodge(words: str) -> None:
        values = unpacked(words)
        form = AppealForm(values["ground"], values["appellant"], values["party"] or None)
        lodge_case_appeal(desk, case.id, form, one_file(given))

    return move_of(
        "case_appeal_part.lodge", lodge, Permission.APPEAL_LODGE, "balance",
        when=is_appealable(desk, case.id), ask=lambda key: _fields(desk, case, key, given),
    )  # fmt: skip


def _fields(desk: Desk, case: Case, key: str, given: Given) -> str:
    names = {str(one.id): one.name for one in who_may_appeal(desk, case.id)}
    party = st.selectbox(
        t("case_appeal_part.party"), [*names, ""], key=f"{key}:party",
        format_func=lambda one: plain(names[one]) if one else t("case_appeal_part.other_party"),
    )  # fmt: skip
    appellant = ""
    if not party:
        appellant = st.text_input(
            t("case_appeal_part.appellant"), key=f"{key}:appellant", max_chars=200
        )
    ground = st.text_area(
        t("case_appeal_part.ground"), key=f"{key}:ground", max_chars=LONGEST_WORDS
    )
    has_file = given.ask(t("case_appeal_part.file"), f"{key}:file")
    if not (ground.strip() and has_file and (party or appellant.strip())):
        return ""
    return packed(party=party, appellant=appellant, ground=ground)


def show_case_appeal_list(desk: Desk) -> None:
    """Appeals against cases, the most urgent first; each opens its case."""
    with filters():
        state = choice(
            "case_state",
            t("appeals_page.state"),
            labelled("case_appeal_state", list(CaseAppealState)),
        )
    found = list_case_appeals(
        desk, CaseAppealState(state) if state else None, after=cursor("case_appeals", state)
    )
    if not found.rows:
        empty(t("case_appeal_part.none_found"), t("case_appeal_part.none_found_next"))
        return
    columns = [
        Column[CaseAppeal](t("case_appeal_part.number"), lambda row: row.number, width=160),
        Column[CaseAppeal](t("case_appeal_part.appellant"), lambda row: row.appellant, width=220),
        Column[CaseAppeal](t("appeals_page.state"), lambda row: row.state, Kind.STATE,
                           "case_appeal_state", TONES, 110),
        Column[CaseAppeal](t("case_appeal_part.due"), lambda row: row.due_at, Kind.DUE),
        Column[CaseAppeal](t("case_appeal_part.lodged_at"), lambda row: row.lodged_at,
                           Kind.MOMENT),
        Column[CaseAppeal](t("case_appeal_part.ground"), lambda row: row.ground, width=320),
    ]  # fmt: skip
    record_table(
        found.rows, columns, key="case_appeals", open_page="cases",
        identity=lambda row: row.case_id,
    )  # fmt: skip
    pager(found, "case_appeals")
