"""Complaints and reports: what came in, who handles it, what was found, and the answer."""

from collections.abc import Mapping

import streamlit as st

from console.actions.cases.complaints.lists import (
    ComplaintRecord,
    complaint_record,
    list_complaints,
)
from console.actions.cases.complaints.lodging import MOST_FILES, Enclosed, Told, take_down
from console.i18n import t
from console.pages.case_words import province_name
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    NOTHING,
    Column,
    Kind,
    Tone,
    choice,
    cursor,
    day,
    empty,
    facts,
    filters,
    labelled,
    last_day,
    left_until,
    link_to,
    list_or_record,
    list_tools,
    moment,
    page_head,
    record_head,
    record_table,
    search,
    section,
    show_once,
    state_word,
    timeline,
    two_columns,
)
from console.pages.moves.complaints import complaint_moves
from models.cases.complaints import (
    OPEN,
    Complaint,
    ComplaintKind,
    ComplaintSource,
    ComplaintState,
)
from models.permissions import Permission
from models.provinces import provinces

P = Permission
TONES: Mapping[str, Tone] = {
    ComplaintState.RECEIVED: Tone.WAITING,
    ComplaintState.ACCEPTED: Tone.BUSY,
    ComplaintState.INVESTIGATING: Tone.BUSY,
    ComplaintState.ANSWERED: Tone.GOOD,
    ComplaintState.REWARDED: Tone.GOOD,
}
PICTURES = {"application/pdf": ":material/picture_as_pdf:"}
LATE = {"yes": True, "no": False}


def show_list() -> None:
    with page_head(t("complaints_page.title"), t("complaints_page.hint")):
        if desk.actor.may(P.COMPLAINT_HANDLE) or desk.actor.may(P.ACCOUNT_USE):
            taking_down()
    with filters():
        q = search(t("complaints_page.search"))
        state = choice(
            "state", t("complaints_page.state"), labelled("complaint_state", [*ComplaintState])
        )
        kind = choice(
            "kind", t("complaints_page.kind"), labelled("complaint_kind", [*ComplaintKind])
        )
        late = choice(
            "late", t("complaints_page.late"),
            {"yes": t("complaints_page.is_late"), "no": t("complaints_page.in_time")}, width=130,
        )  # fmt: skip
        mine = choice("who", t("complaints_page.who"), {"me": t("complaints_page.mine")}, width=130)
    with refusals_shown():
        show_rows(q, state, kind, late, mine)


def show_rows(
    q: str, state: str | None, kind: str | None, late: str | None, mine: str | None
) -> None:
    tools = list_tools(desk, "complaints")
    found = list_complaints(
        desk,
        state=ComplaintState(state) if state else None,
        kind=ComplaintKind(kind) if kind else None,
        late=LATE[late] if late else None,
        mine=mine is not None,
        words=q,
        after=cursor("complaints", q, state, kind, late, mine, tools.sort),
        order=tools.order,
    )
    if not found.rows:
        is_filtered = any((q, state, kind, late, mine))
        empty(
            t("complaints_page.none_found" if is_filtered else "complaints_page.none"),
            t("complaints_page.none_found_next" if is_filtered else "complaints_page.none_next"),
        )
        return
    record_table(found.rows, tools.shown(columns()), key="complaints")
    tools.pager(found, "complaints")


def due_word(row: Complaint) -> str:
    if row.state not in OPEN:
        return t("complaints_page.was_late") if row.is_late else ""
    return f"{last_day(row.due_at)} · {left_until(row.due_at, desk.now())}"


def columns() -> list[Column[Complaint]]:
    return [
        Column(t("complaints_page.number"), lambda row: row.number, width=140),
        Column(
            t("complaints_page.state"),
            lambda row: row.state,
            Kind.STATE,
            "complaint_state",
            TONES,
            110,
        ),
        Column(t("complaints_page.kind"), lambda row: t(f"complaint_kind.{row.kind}"), width=170),
        Column(
            t("complaints_page.shop"),
            lambda row: " ".join(filter(None, [row.platform, row.shop])),
            width=190,
        ),
        Column(t("complaints_page.due"), due_word, width=175),
        Column(
            t("complaints_page.source"), lambda row: t(f"complaint_source.{row.source}"), width=110
        ),
        Column(t("complaints_page.received"), lambda row: row.created_at, Kind.DATE, width=110),
    ]


def taking_down() -> None:
    with st.popover(t("complaints_page.take_down"), icon=":material/add_call:"):
        st.caption(t("complaints_page.take_down_hint"))
        may = desk.actor.may(P.COMPLAINT_HANDLE)
        sources = [one for one in ComplaintSource if one is not ComplaintSource.PUBLIC]
        with st.form("complaint:new", border=False):
            source = st.selectbox(
                t("complaints_page.source"),
                sources if may else [ComplaintSource.STAFF],
                format_func=lambda one: t(f"complaint_source.{one}"),
            )
            number = st.text_input(t("complaints_page.source_number"), max_chars=64)
            kind = st.selectbox(
                t("complaints_page.kind"), [*ComplaintKind],
                format_func=lambda one: t(f"complaint_kind.{one}"),
            )  # fmt: skip
            shop = st.text_input(t("complaints_page.shop"), max_chars=500)
            iccid = st.text_input(
                t("complaint_form.iccid"), max_chars=40, help=t("complaint_form.iccid_hint")
            )
            text = st.text_area(t("complaints_page.text"), max_chars=4000)
            place = st.selectbox(
                t("complaints_page.province"), [*provinces()], index=None,
                format_func=province_name,
            )  # fmt: skip
            contact = st.text_input(t("complaints_page.contact"), max_chars=120)
            files = st.file_uploader(
                t("complaints_page.files"), ["png", "jpg", "jpeg", "pdf"],
                accept_multiple_files=True, max_upload_size=10,
            )  # fmt: skip
            sent = st.form_submit_button(t("complaints_page.keep"), type="primary")
        if sent:
            with refusals_shown():
                told = Told(
                    kind, text, shop=shop, province=place or "", contact=contact, iccid=iccid
                )
                brought = [Enclosed(one.name, one.getvalue()) for one in files[: MOST_FILES + 1]]
                made = take_down(desk, told, brought, source=source, source_number=number)
                show_once(t("complaints_page.code_for", number=made.number), made.code)
                st.rerun()


def show_complaint(complaint_id: str) -> None:
    record = complaint_record(desk, complaint_id)
    row = record.complaint
    with record_head(
        row.number,
        t(f"complaint_kind.{row.kind}"),
        area="complaint_state",
        state=row.state,
        tones=TONES,
    ):
        if desk.actor.is_house or row.organisation_id in desk.actor.organisations:
            complaint_moves(desk, record)
    show_urgency(row)
    left, right = two_columns()
    with left:
        show_words(record)
        show_card(record)
        show_handling(record)
        show_files(row)
    with right:
        show_links(record)
        timeline(record.deeds)


def show_urgency(row: Complaint) -> None:
    if row.state in OPEN:
        left = left_until(row.due_at, desk.now())
        words = t("complaints_page.answer_until", day=last_day(row.due_at), left=left)
        (st.error if desk.now() >= row.due_at else st.info)(words, icon=":material/schedule:")
    elif row.is_late:
        st.badge(t("complaints_page.was_late"), icon=":material/schedule:", color="red")


def show_words(record: ComplaintRecord) -> None:
    row = record.complaint
    with st.container(border=True):
        st.caption(t("complaints_page.text"))
        st.markdown(plain(row.text))
    facts(
        {
            t("complaints_page.shop"): row.shop,
            t("complaints_page.platform"): row.platform,
            t("complaints_page.source"): " ".join(
                filter(None, [t(f"complaint_source.{row.source}"), row.source_number])
            ),
            t("complaints_page.province"): province_name(row.province or ""),
            t("complaints_page.contact"): row.contact_mask or t("complaints_page.anonymous"),
            t("complaints_page.received"): moment(row.created_at),
        }
    )


def show_card(record: ComplaintRecord) -> None:
    """Whose the device's card is, for whoever handles it; the reporter is never told."""
    row, card = record.complaint, record.card
    if not row.iccid:
        return
    told = {"ICCID": row.iccid}
    if card is not None:
        told |= {
            t("complaints_page.card_batch"): card.batch.number,
            t("complaints_page.card_purchaser"): card.purchaser.name,
            t("complaints_page.card_product"): card.batch.product,
        }
    facts(told, t("complaints_page.card"))
    st.caption(t("complaints_page.card_secret" if card else "complaints_page.card_unknown"))
    if card is not None:
        link_to(card.batch.number, "industry", card.batch.id, key="complaint:batch")
        for one in card.findings:
            words = f"{one.number} · {state_word('usage_finding_state', one.state)}"
            link_to(words, "usage_findings", one.id, key=f"complaint:{one.id}")


def show_handling(record: ComplaintRecord) -> None:
    row = record.complaint
    handling = {
        t("complaints_page.organisation"): record.organisation.name,
        t("complaints_page.handler"): record.handler.name if record.handler else "",
        t("complaints_page.about"): record.about.name if record.about else "",
        t("complaints_page.due"): last_day(row.due_at),
        t("complaints_page.fault"): t(f"complaint_fault.{row.fault}") if row.fault else "",
        t("complaints_page.counts"): counts_word(row),
        t("complaints_page.answered"): moment(row.answered_at),
        t("complaints_page.rewarded"): reward_word(row),
    }
    known = {label: words for label, words in handling.items() if words and words != NOTHING}
    facts(known, t("complaints_page.handling"))
    if row.answer:
        with st.container(border=True):
            st.caption(t("complaints_page.answer"))
            st.markdown(plain(row.answer))


def reward_word(row: Complaint) -> str:
    return f"{row.reward} · {day(row.rewarded_at)}" if row.reward else ""


def counts_word(row: Complaint) -> str:
    if row.fault is None:
        return ""
    if row.counts_in_rate:
        return t("complaints_page.does_count")
    return t("complaints_page.does_not_count", paper=row.fault_paper)


def show_files(row: Complaint) -> None:
    if not row.files:
        return
    section(t("complaints_page.files"))
    for file in row.files:
        st.link_button(
            plain(file["name"]),
            f"/files/complaints/{row.id}/{file['sha256']}",
            icon=PICTURES.get(file["media_type"], ":material/image:"),
        )  # fmt: skip


def show_links(record: ComplaintRecord) -> None:
    if record.case is not None:
        link_to(record.case.reference, "cases", record.case.id, key="complaint:case")
    if record.finding is not None:
        link_to(record.finding.number, "findings", record.finding.id, key="complaint:finding")
    if record.shop is not None:
        link_to(record.shop.name, "shops", record.shop.id, key="complaint:shop")


desk = my_desk()
list_or_record(show_list, show_complaint)
