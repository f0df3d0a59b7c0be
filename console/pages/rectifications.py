"""Rectification notices: those that one issued, those that one received, and each with its way."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import streamlit as st

from console.actions.cases.rectifications.issuing import (
    RectificationForm,
    draft_rectification,
    is_issuer,
    redraft_rectification,
)
from console.actions.cases.rectifications.lists import (
    RectificationRecord,
    Side,
    list_rectifications,
    rectification_record,
)
from console.actions.staff.people import named_organisations
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    choice,
    cursor,
    empty,
    facts,
    filters,
    flash,
    labelled,
    last_day,
    link_to,
    list_or_record,
    list_tools,
    moment,
    open_record,
    page_head,
    record_head,
    record_table,
    search,
    section,
    timeline,
    two_columns,
    view,
)
from console.pages.moves.rectifications import rectification_moves
from console.pages.rectification_forms import (
    Begun,
    begun_again,
    begun_from,
    rectification_fields,
)
from console.pages.rectification_parts import (
    TONES,
    columns,
    show_extensions,
    show_issues,
    show_standing,
)
from models.cases.rectifications import Rectification, RectificationState
from models.permissions import Permission
from models.rules import Tier

P = Permission
NEW: Final = "rectifications:new"
ROUND: Final = "rectifications:form"
BEGINS: Final = ("case", "findings")
OVERDUE: Final = "overdue"


def show_list() -> None:
    may_issue = desk.actor.may(P.RECTIFICATION_ISSUE)
    begun = {name: st.query_params.get(name) for name in BEGINS}
    with page_head(t("rectifications_page.title"), t("rectifications_page.hint")):
        if may_issue and st.button(
            t("rectifications_page.new"), key="rectifications:open", type="primary",
            icon=":material/build_circle:",
        ):  # fmt: skip
            st.session_state[NEW] = not st.session_state.get(NEW, False)
    if may_issue and (st.session_state.get(NEW) or any(begun.values())):
        with refusals_shown():
            drafting(begun_from(desk, case=begun["case"], findings=begun["findings"]))
    side = view({one.value: t(f"rectification_side.{one}") for one in sides()}, "side")
    with filters():
        words = search(t("rectifications_page.search"))
        states = labelled("rectification_state", list(RectificationState))
        state = choice("state", t("rectifications_page.state"), states)
        tier = choice("tier", t("rectifications_page.tier"), labelled("tier", list(Tier)))
        late = choice(
            "late", t("rectifications_page.late"), {OVERDUE: t("rectifications_page.only_late")}
        )
    with refusals_shown():
        show_rows(side, words, state, tier, late)


def sides() -> list[Side]:
    """Platforms mostly receive, and carriers mostly issue; who watches over both sees both."""
    if desk.actor.platform is not None:
        return [Side.RECEIVED, Side.ISSUED]
    if desk.actor.provinces or desk.actor.organisation_id is None:
        return [Side.ALL]
    return [Side.ISSUED, Side.RECEIVED]


def show_rows(side: str, words: str, state: str | None, tier: str | None, late: str | None) -> None:
    tools = list_tools(desk, "rectifications")
    found = list_rectifications(
        desk,
        side=Side(side),
        state=RectificationState(state) if state else None,
        tier=Tier(tier) if tier else None,
        overdue=late == OVERDUE,
        q=words,
        after=cursor("rectifications", side, words, state, tier, late, tools.sort),
        order=tools.order,
    )
    if not found.rows:
        is_filtered = any((words, state, tier, late))
        which = "none_found" if is_filtered else f"none_{side}"
        empty(t(f"rectifications_page.{which}"), t(f"rectifications_page.{which}_next"))
        return
    record_table(found.rows, tools.shown(columns(desk)), key="rectifications")
    tools.pager(found, "rectifications")


def drafting(
    begun: Begun, save: Callable[[RectificationForm], Rectification] | None = None
) -> None:
    round_ = int(st.session_state.get(ROUND, 0))
    with st.container(border=True, key="rectification_form"):
        st.markdown(f"**{t('rectification_form.title')}**")
        form = rectification_fields(desk, f"rectification:{round_}", begun)
        if not st.button(t("rectification_form.keep"), key="rectification:keep", type="primary"):
            return
        with refusals_shown():
            kept = save(form) if save else draft_rectification(desk, form)
            st.session_state.pop(NEW, None)
            st.session_state[ROUND] = round_ + 1
            for name in BEGINS:
                st.query_params.pop(name, None)
            flash(t("rectification_form.kept"))
            open_record(None, kept.id)


def show_record(row_id: str) -> None:
    record = rectification_record(desk, row_id)
    row = record.row
    with record_head(
        row.number or t("rectifications_page.draft"),
        row.subject,
        area="rectification_state",
        state=row.state,
        tones=TONES,
    ):
        rectification_moves(desk, record)
        if row.number is not None:
            st.link_button(
                t("rectifications_page.document"), f"/files/rectifications/{row.id}.pdf",
                icon=":material/picture_as_pdf:",
            )  # fmt: skip
    show_standing(row, desk)
    if not (is_issuer(desk.actor, row) or row.unit_id == desk.actor.organisation_id):
        st.caption(t("rectifications_page.reads_only"))
    left, right = two_columns()
    with left:
        show_issues(record)
        show_extensions(list(record.extensions))
        show_facts(record)
        redrafting(record)
    with right:
        show_links(record)
        timeline(record.deeds)


def redrafting(record: RectificationRecord) -> None:
    """A draft is changed where it stands."""
    row = record.row
    own = is_issuer(desk.actor, row) and desk.actor.may(P.RECTIFICATION_ISSUE)
    if row.state is not RectificationState.DRAFTED or not own:
        return
    with st.expander(t("rectifications_page.redraft"), icon=":material/edit:"):
        codes = {one.id: one.code for one in named_organisations(desk)}
        code = codes.get(row.unit_id, "") if row.unit_id else ""
        drafting(
            begun_again(record, code),
            lambda form: redraft_rectification(desk, row.id, form, version=row.version),
        )


def show_facts(record: RectificationRecord) -> None:
    row = record.row
    section(t("rectifications_page.about"))
    known = {
        t("rectifications_page.unit"): row.unit_name,
        t("rectifications_page.issuer"): record.issuer.name,
        t("rectifications_page.tier"): t(f"tier.{row.tier}"),
        t("rectifications_page.round"): t("rectifications_page.round_of", n=row.round),
        t("rectifications_page.due"): last_day(row.due_at),
        t("rectifications_page.delivery"): t(f"delivery.{row.delivery}"),
        t("rectifications_page.proof"): row.delivery_proof,
        t("rectifications_page.issued"): moment(row.issued_at),
        t("rectifications_page.acknowledged"): said_by(row.acknowledged_at, row.acknowledged_by),
        t("rectifications_page.reminded"): reminded(row),
        t("rectifications_page.submitted"): said_by(row.submitted_at, row.submitted_by),
        t("rectifications_page.result"): row.result,
        t("rectifications_page.receipt"): row.report_receipt,
        t("rectifications_page.remedy"): row.remedy,
    }
    facts({label: words for label, words in known.items() if words})
    if row.acknowledged_sha256:
        st.link_button(
            plain(row.acknowledged_name), f"/files/rectifications/{row.id}/receipt",
            icon=":material/attach_file:", type="tertiary",
        )  # fmt: skip


def said_by(at: datetime | None, who: str) -> str:
    return f"{moment(at)} · {who}" if at else ""


def reminded(row: Rectification) -> str:
    if row.reminded_at is None or row.reminder_delivery is None:
        return ""
    how = t(f"delivery.{row.reminder_delivery}")
    return f"{moment(row.reminded_at)} · {how} · {row.reminder_proof}"


def show_links(record: RectificationRecord) -> None:
    if record.case is not None:
        link_to(record.case.reference, "cases", record.case.id, key="rectification:case")
    if record.instruction is not None:
        wanted = record.instruction
        link_to(wanted.document_no, "instructions", wanted.id, key="rectification:instruction")
    if record.row.agent_id is not None and desk.actor.may(P.AGENT_READ):
        link_to(record.row.unit_name, "agents", record.row.agent_id, key="rectification:agent")


desk = my_desk()
list_or_record(show_list, show_record)
