"""Parts of rectification notices: their issues, their rounds, and those of a case."""

from typing import Any, Final

import streamlit as st

from console.actions.cases.rectifications.lists import (
    RectificationRecord,
    open_until,
    rectifications_of_case,
)
from console.desk import Desk
from console.i18n import Language, spoken, t
from console.pages.frame import plain
from console.pages.kit import (
    Absent,
    Column,
    Kind,
    Tone,
    last_day,
    left_until,
    moment,
    record_table,
    section,
)
from console.pages.kit.records import PAGES_FOLDER
from models.cases.cases import OVER, Case
from models.cases.extensions import Extension, ExtensionState
from models.cases.rectifications import (
    AT_THE_UNIT,
    Rectification,
    RectificationIssue,
    RectificationState,
)
from models.permissions import Permission
from models.rules import rule_refs

TONES: Final = {
    "drafted": Tone.WAITING,
    "issued": Tone.BUSY,
    "acknowledged": Tone.BUSY,
    "submitted": Tone.WARNING,
    "overdue": Tone.BAD,
    "escalated": Tone.BAD,
    "closed": Tone.GOOD,
    "reported": Tone.GOOD,
}
TIER_TONES: Final = {"minor": Tone.WAITING, "general": Tone.WARNING, "serious": Tone.BAD}
_SIGNS: Final = {
    True: ":green[:material/check_circle:]",
    False: ":red[:material/cancel:]",
    None: ":gray[:material/radio_button_unchecked:]",
}


def rule_word(rule: str) -> str:
    """A rule as it is cited, in the reader's language."""
    ref = rule_refs().get(rule)
    if ref is None:
        return rule
    words = ref.zh if spoken.get() is Language.ZH else ref.en
    return f"{ref.id} · {words}"


def due_word(row: Rectification, desk: Desk) -> str:
    """By when what is due of whoever has the next step."""
    due = open_until(row)
    if due is None:
        return ""
    what = {RectificationState.ISSUED: "acknowledge", RectificationState.SUBMITTED: "recheck"}
    word = t(f"rectifications_page.due_{what.get(row.state, 'correct')}")
    return f"{word} {last_day(due)} · {left_until(due, desk.now())}"


def columns(desk: Desk) -> list[Column[Rectification]]:
    return [
        Column(
            t("rectifications_page.number"),
            lambda row: row.number or t("rectifications_page.draft"),
            width=140,
        ),
        Column(
            t("rectifications_page.state"),
            lambda row: row.state,
            Kind.STATE,
            "rectification_state",
            TONES,
            95,
        ),
        Column(t("rectifications_page.unit"), lambda row: row.unit_name, width=160),
        Column(t("rectifications_page.subject"), lambda row: row.subject, width=165),
        Column(
            t("rectifications_page.tier"), lambda row: row.tier, Kind.STATE, "tier", TIER_TONES, 80
        ),
        Column(t("rectifications_page.due"), lambda row: due_word(row, desk), width=215),
        Column(t("rectifications_page.round"), lambda row: row.round, Kind.NUMBER, width=60),
        Column(t("rectifications_page.issued"), lambda row: row.issued_at, Kind.DATE, width=95),
    ]


def show_rectifications(desk: Desk, case: Case) -> Absent | None:
    """Those of a case, and the way to another one."""
    if not desk.actor.may(Permission.RECTIFICATION_READ):
        return None
    found = rectifications_of_case(desk, case.id)
    own = case.organisation_id in desk.actor.organisations
    goes_on = case.state not in OVER and case.merged_into_id is None
    may = own and goes_on and desk.actor.may(Permission.RECTIFICATION_ISSUE)
    if not found:
        name = t("rectifications_page.of_case")
        return Absent(name, (lambda: _draft_of(case)) if may else None)
    section(t("rectifications_page.of_case"))
    record_table(found, columns(desk), key="case:rectifications", open_page="rectifications")
    if may:
        _draft_of(case)
    return None


def _draft_of(case: Case) -> None:
    if st.button(
        t("rectifications_page.draft_of_case"),
        key="case:rectify",
        icon=":material/build_circle:",
        help=t("rectifications_page.none_of_case_next"),
    ):
        st.switch_page(PAGES_FOLDER / "rectifications.py", query_params={"case": str(case.id)})


def show_issues(record: RectificationRecord) -> None:
    section(t("rectifications_page.issues"))
    for issue in record.issues:
        with st.container(border=True):
            _issue(issue)


def _issue(issue: RectificationIssue) -> None:
    sign = _SIGNS[issue.is_good]
    st.markdown(f"{sign} **{issue.number}. {plain(issue.what)}**")
    st.caption(plain(rule_word(issue.rule)))
    if issue.done:
        said = "refused_words" if issue.is_refused else "done_words"
        st.markdown(t(f"rectifications_page.{said}", words=plain(issue.done)))
    if issue.remark:
        st.markdown(t("rectifications_page.remark_words", words=plain(issue.remark)))
    if issue.sha256:
        _file(issue.file_name, f"/files/rectification-issues/{issue.id}")
    if issue.earlier:
        with st.expander(t("rectifications_page.earlier", n=len(issue.earlier))):
            for said in reversed(issue.earlier):
                _earlier(issue, said)


def _earlier(issue: RectificationIssue, said: dict[str, Any]) -> None:
    st.markdown(f"**{t('rectifications_page.round_of', n=said['round'])}**")
    words = "refused_words" if said.get("is_refused") else "done_words"
    st.markdown(t(f"rectifications_page.{words}", words=plain(said["done"])))
    st.markdown(t("rectifications_page.remark_words", words=plain(said["remark"])))
    if said.get("sha256"):
        address = f"/files/rectification-issues/{issue.id}?round={said['round']}"
        _file(str(said["file_name"]), address)


def _file(name: str, address: str) -> None:
    st.link_button(plain(name), address, icon=":material/attach_file:", type="tertiary")


def show_standing(row: Rectification, desk: Desk) -> None:
    """What is urgent about it, in one line above all else."""
    now = desk.now()
    if row.state is RectificationState.ESCALATED:
        ground = t(f"tier_basis_rectification.{row.escalated_ground}")
        st.error(t("rectifications_page.is_escalated", ground=ground), icon=":material/report:")
    elif row.state is RectificationState.OVERDUE:
        words = t("rectifications_page.is_overdue", day=last_day(row.due_at), n=row.misses)
        st.error(words, icon=":material/schedule:")
    elif row.state in AT_THE_UNIT:
        left = left_until(row.due_at, now)
        words = t("rectifications_page.is_open", day=last_day(row.due_at), left=left)
        if row.state is RectificationState.ISSUED and row.acknowledge_due_at is not None:
            day, until = last_day(row.acknowledge_due_at), left_until(row.acknowledge_due_at, now)
            words = f"{t('rectifications_page.to_acknowledge', day=day, left=until)} {words}"
        st.info(words, icon=":material/schedule:")
    elif row.state is RectificationState.SUBMITTED and row.is_late:
        st.warning(t("rectifications_page.came_late"), icon=":material/schedule:")
    if row.is_reminder_due:
        st.warning(t("rectifications_page.reminder_due"), icon=":material/notifications_active:")


def show_extensions(extensions: list[Extension]) -> None:
    if not extensions:
        return
    section(t("rectifications_page.extensions"))
    for one in extensions:
        with st.container(border=True):
            state = t(f"extension_state.{one.state}")
            span = f"{last_day(one.old_due_at)} → {last_day(one.new_due_at)}"
            st.markdown(f"**{plain(span)}** · {state}")
            st.caption(moment(one.asked_at))
            st.markdown(plain(one.reason))
            if one.state is not ExtensionState.ASKED:
                st.markdown(t("rectifications_page.answer_words", words=plain(one.answer)))
