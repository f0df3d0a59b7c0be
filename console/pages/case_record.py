"""One case, whole: where it stands, what comes next, and all that hangs on it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import streamlit as st

from console.actions.cases.lists import CaseRecord, case_record
from console.actions.cases.story import deeds_of_case
from console.desk import Desk
from console.i18n import t
from console.pages import case_decision, case_notices, case_parts
from console.pages.appeal_parts import show_case_appeals
from console.pages.case_similar import show_similar_to
from console.pages.case_words import CASES, against
from console.pages.channel_parts import platform_names
from console.pages.frame import plain
from console.pages.jurisdiction_parts import show_instructions
from console.pages.kit import (
    Absent,
    last_day,
    left_until,
    link_to,
    next_moves,
    record_head,
    show_absent,
    state_pill,
    timeline,
    two_columns,
)
from console.pages.kit.layout import box
from console.pages.kit.steps import steps
from console.pages.moves.cases import case_moves
from console.pages.moves.supervising import supervising
from console.pages.patrol_words import TIERS
from console.pages.rectification_parts import show_rectifications
from console.pages.report_parts import show_reports
from console.pages.trace_parts import show_recovery, show_trace
from models.cases.cases import Case, CaseState
from models.permissions import Permission

_STEPS: Final = ("investigate", "decide", "execute", "recheck", "close")
_AT: Final[Mapping[CaseState, int]] = {
    CaseState.OPENED: 0,
    CaseState.INVESTIGATING: 0,
    CaseState.DECISION_PROPOSED: 1,
    CaseState.DECIDED: 2,
    CaseState.EXECUTING: 2,
    CaseState.WAITING_RECHECK: 3,
    CaseState.CLOSED: len(_STEPS),
}
_FIRST: Final[Mapping[CaseState, Sequence[str]]] = {
    CaseState.DECISION_PROPOSED: ("measures",),
    CaseState.DECIDED: ("tasks", "recovery", "notices"),
    CaseState.EXECUTING: ("tasks", "recovery", "notices"),
    CaseState.WAITING_RECHECK: ("looks",),
    CaseState.APPEALED: ("appeals",),
}
"""What somebody has to do something about at that stage; in the others the order is the work's."""
_STOPPED: Final = (CaseState.REVERSED, CaseState.TRANSFERRED)


def show_record(desk: Desk, case_id: str) -> None:
    record = case_record(desk, case_id)
    case = record.case
    with record_head(
        case.reference, against(case), area="case_state", state=case.state, tones=CASES
    ):
        _files(desk, case)
        case_moves(desk, record)
    _standing(desk, record)
    with box("kit_bar", horizontal=True, gap="small"):
        next_moves(desk, supervising(desk, record), case.id)
    names = platform_names(desk)
    left, right = two_columns()
    with left:
        _left(desk, record, names)
    with right:
        _right(desk, record)


def _left(desk: Desk, record: CaseRecord, names: dict[str, str]) -> None:
    """The parts that the case's stage is about come first; what it does not have, in one row."""
    case = record.case
    if desk.actor.platform is not None:
        case_notices.show_notices(desk, record, names)
        case_parts.show_facts(desk, record, names)
        case_parts.show_measures(record)
        case_parts.show_found(record)
        return
    parts: dict[str, Callable[[], Absent | None]] = {
        "facts": lambda: case_parts.show_facts(desk, record, names),
        "parties": lambda: case_parts.show_parties(desk, record),
        "trace": lambda: show_trace(desk, case),
        "editor": lambda: case_decision.show_editor(desk, record),
        "measures": lambda: case_parts.show_measures(record),
        "tasks": lambda: case_parts.show_tasks(desk, record),
        "recovery": lambda: show_recovery(desk, case),
        "notices": lambda: case_notices.show_notices(desk, record, names),
        "looks": lambda: case_parts.show_looks(desk, record),
        "rectifications": lambda: show_rectifications(desk, case),
        "appeals": lambda: show_case_appeals(desk, case),
        "reports": lambda: show_reports(desk, case),
        "instructions": lambda: show_instructions(desk, case),
        "found": lambda: case_parts.show_found(record),
    }
    first = _FIRST.get(case.state, ())
    show_absent([parts[name]() for name in [*first, *(one for one in parts if one not in first)]])


def _right(desk: Desk, record: CaseRecord) -> None:
    case_parts.show_routers(desk, record)
    case_parts.show_rules(record)
    case_parts.show_linked(desk, record)
    show_similar_to(desk, record.case)
    timeline(deeds_of_case(desk, record))


def _files(desk: Desk, case: Case) -> None:
    with st.popover(t("case_pages.files"), icon=":material/download:"):
        st.caption(t("case_pages.files_hint"))
        st.link_button(
            t("case_pages.case_file"), f"/files/cases/{case.id}.pdf", icon=":material/description:"
        )
        if desk.actor.may(Permission.EVIDENCE_READ):
            st.link_button(
                t("case_page.pack"),
                f"/files/evidence/pack/{case.id}.zip",
                icon=":material/folder_zip:",
            )


def _standing(desk: Desk, record: CaseRecord) -> None:
    """Tier and its basis, what is due, the steps, and in a sentence what comes next."""
    case, now = record.case, desk.now()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        state_pill("tier", case.tier, TIERS)
        st.caption(t("case_pages.tier_basis", basis=t(f"tier_basis.{case.tier_basis}")),
                   width="content")  # fmt: skip
        if case.due_at is not None:
            words = f"{last_day(case.due_at)} · {left_until(case.due_at, now)}"
            late = case.is_overdue(now)
            st.badge(t("case_pages.due_on", due=words), icon=":material/schedule:",
                     color="red" if late else "gray")  # fmt: skip
    if case.merged_into_id is not None:
        st.info(t("case_pages.is_merged"), icon=":material/merge:")
        link_to(t("case_pages.goes_on_there"), "cases", case.merged_into_id, key="to:merged")
        return
    at_state = case.appealed_from or case.state
    at = _AT.get(at_state, 2)
    note = t("case_state.appealed") if case.state is CaseState.APPEALED else ""
    steps([t(f"case_step.{one}") for one in _STEPS], at, note=note, stopped=case.state in _STOPPED)
    if desk.actor.provinces:
        st.caption(f":material/visibility: {t('case_page.read_only')}")
    elif desk.actor.platform is None:
        st.caption(f":material/arrow_forward: {_next_words(record)}")


def _next_words(record: CaseRecord) -> str:
    """What has to happen for the case to go on, and by whom."""
    case = record.case
    open_tasks = sum(one.state == "open" for one in record.tasks)
    look = next((one for one in record.looks if one.done_at is None), None)
    if case.state is CaseState.OPENED and case.owner_id is None:
        return t("case_next.unowned")
    return t(
        f"case_next.{case.state}",
        owner=plain(record.owner) or t("case_pages.nobody"),
        tasks=open_tasks,
        look=last_day(look.due_at) if look else "—",
    )
