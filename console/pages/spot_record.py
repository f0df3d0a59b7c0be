"""One spot check, whole: where it stands, the cards as they come in, and what they come to."""

from typing import Final

import streamlit as st

from console.actions.checks.spot_lists import CheckRecord, check_record
from console.desk import Desk
from console.i18n import listed, t
from console.pages.channel_parts import platform_names
from console.pages.frame import plain
from console.pages.kit import (
    Absent,
    day,
    facts,
    last_day,
    left_until,
    link_to,
    moment,
    next_moves,
    record_head,
    section,
    show_absent,
    state_pill,
    timeline,
    two_columns,
)
from console.pages.kit.layout import box
from console.pages.kit.steps import steps
from console.pages.spot_answers import edit_order, show_answers, show_order, show_three_way
from console.pages.spot_live import show_live
from console.pages.spot_moves import check_moves
from console.pages.spot_reads import show_reads
from console.pages.spot_trace import show_way
from console.pages.spot_words import CHECKS, VERDICTS
from models.checks.spot_checks import CheckState, Verdict
from models.permissions import Permission

_STEPS: Final = ("assign", "read", "compare", "review")
_AT: Final = {
    CheckState.PLANNED: 0,
    CheckState.ASSIGNED: 1,
    CheckState.READING: 1,
    CheckState.COMPARED: 2,
    CheckState.PASSED: 3,
    CheckState.FAILED: 3,
    CheckState.INCONCLUSIVE: 3,
    CheckState.ABORTED: 3,
    CheckState.CLOSED: 4,
    CheckState.PURGED: 4,
}
_BEFORE: Final = frozenset({CheckState.PLANNED, CheckState.ASSIGNED, CheckState.READING})


def show_record(desk: Desk, check_id: str) -> None:
    record = check_record(desk, check_id)
    check = record.check
    with record_head(
        check.number, check.subject, area="check_state", state=check.state, tones=CHECKS
    ):
        next_moves(desk, check_moves(desk, record), f"{check.id}:{check.version}")
    _standing(desk, record)
    left, right = two_columns()
    with left:
        if check.state is CheckState.READING:
            show_live(desk, check)
        _came_to(record)
        _order(desk, record)
        if record.reads and check.state is not CheckState.READING:
            show_reads(desk, record)
        if check.verdict is not None:
            gone = {"order": check.order, "reads": record.reads}
            show_absent(Absent(t(f"spot_page.{one}")) for one, row in gone.items() if not row)
    with right:
        _links(record)
        _about(desk, record)
        timeline(record.deeds)


def _standing(desk: Desk, record: CheckRecord) -> None:
    """The steps, the verdict, what is due, and in a sentence what comes next."""
    check, now = record.check, desk.now()
    went = [one for one in _STEPS if one != "compare" or check.verdict is not Verdict.ABORTED]
    at = _AT[check.state] - (len(_STEPS) - len(went))
    steps([t(f"spot_step.{one}") for one in went], at)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if check.verdict is not None and check.state in {CheckState.CLOSED, CheckState.PURGED}:
            state_pill("verdict", check.verdict, VERDICTS)
        if check.result is not None:
            st.badge(t(f"result_code.{check.result}"), icon=":material/person_off:", color="red")
        for name in ("recheck_due", "review_due"):
            due = getattr(check, f"{name}_at")
            over = check.reviewed_at is not None or (
                name == "recheck_due" and record.next_check is not None
            )
            if due is not None and not over:
                words = f"{t(f'spot_page.{name}')} {last_day(due)} · {left_until(due, now)}"
                st.badge(words, icon=":material/schedule:", color="red" if due <= now else "gray")
    if record.asks_service:
        st.warning(t("spot_page.follow_up_due"), icon=":material/contact_support:")
    if desk.actor.provinces:
        st.caption(f":material/visibility: {t('spot_page.read_only')}")
    st.caption(f":material/arrow_forward: {plain(_next_words(record))}")


def _next_words(record: CheckRecord) -> str:
    who = record.assignee.name if record.assignee else t("spot_page.nobody")
    return t(f"spot_page.now_{record.check.state}", who=who, day=day(record.check.planned_for))


def _came_to(record: CheckRecord) -> None:
    """What is amiss stands in the rules; the way of each card shows where."""
    check = record.check
    if check.verdict is Verdict.ABORTED and check.reason:
        st.warning(plain(check.reason), icon=":material/do_not_disturb_on:")
    if check.service_refused is not None:
        words = t(f"spot_page.follow_up_{'yes' if check.service_refused else 'no'}")
        show = st.success if check.service_refused else st.error
        show(f"{words}  \n{plain(check.follow_up)}", icon=":material/contact_support:")
    if not record.answers:
        return
    show_three_way(record.answers)
    show_answers(record.answers)
    if not record.traces:
        return
    section(t("spot_page.ways"), t("spot_page.ways_hint"))
    shop = record.shop.name if record.shop else ""
    agent = record.agent.name if record.agent else ""
    for trace in record.traces:
        show_way(trace, shop=shop, agent=agent)


def _order(desk: Desk, record: CheckRecord) -> None:
    """Filled in by whoever does the check, while it is not compared."""
    check = record.check
    is_mine = check.assignee_id is not None and check.assignee_id == desk.actor.id
    if is_mine and check.state in _BEFORE and desk.actor.may(Permission.SPOT_CHECK_DO):
        edit_order(desk, check)
    elif check.order:
        show_order(record.order)


def _links(record: CheckRecord) -> None:
    """What came of the check stands first."""
    if record.usage_finding is not None:
        with box("kit_bar"):
            st.caption(t("spot_page.usage_finding"))
            found = record.usage_finding
            link_to(found.number, "usage_findings", found.id, key="to:usage")
    linked = {
        "finding": (record.finding, "findings"),
        "previous": (record.previous, "spot_checks"),
        "next_check": (record.next_check, "spot_checks"),
        "test_purchase": (record.purchase, "test_purchases"),
        "plan": (record.plan, "spot_plans"),
    }
    for name, (row, page) in linked.items():
        if row is not None:
            with box("kit_bar", horizontal=True, vertical_alignment="center", gap="small"):
                st.caption(t(f"spot_page.{name}"), width="content")
                link_to(row.number, page, row.id, key=f"to:{name}")


def _about(desk: Desk, record: CheckRecord) -> None:
    check, names = record.check, platform_names(desk)
    wanted = {"wants_card": check.wants_card, "wants_identity": check.wants_identity}
    told: dict[str, object] = {
        "purpose": t(f"check_purpose.{check.purpose}"),
        "basis": check.basis,
        "wants": listed(t(f"spot_page.{name}") for name, is_on in wanted.items() if is_on),
        "use_approval": check.use_approval,
        "shop": record.shop.name if record.shop else "",
        "agent": record.agent.name if record.agent else "",
        "agent_no": record.agent.agent_no if record.agent else "",
        "platform": names.get(check.platform, check.platform),
        "planned_by": record.planner.name if record.planner else "",
        "assignee": record.assignee.name if record.assignee else "",
        "planned_for": day(check.planned_for) if check.planned_for else "",
        "device": f"{record.device.number} {record.device.host}" if record.device else "",
        "session_until": moment(check.session_until) if check.session_until else "",
        "notice_version": check.notice_version,
        "notice_at": moment(check.notice_shown_at) if check.notice_shown_at else "",
        "compared_at": moment(check.compared_at) if check.compared_at else "",
        "rule_version": check.rule_version,
        "reviewed_by": record.reviewer.name if record.reviewer else "",
        "reviewed_at": moment(check.reviewed_at) if check.reviewed_at else "",
        "review_note": check.review_note,
        "carrier": record.carrier.name,
    }
    facts({t(f"spot_page.{name}"): value for name, value in told.items() if value}, abreast=1)
