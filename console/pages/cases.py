"""Cases for those who work at them, notices for the platform that they went to."""

import streamlit as st

from console.actions.cases.lists import (
    CaseRecord,
    NoticeRecord,
    case_record,
    list_cases,
    list_notices,
)
from console.actions.cases.mailboxes import my_mailbox, remove_mailbox, set_mailbox
from console.i18n import Language, spoken, t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Tone,
    choice,
    cursor,
    empty,
    facts,
    filters,
    flash,
    labelled,
    last_day,
    list_or_record,
    moment,
    page_head,
    pager,
    record_head,
    record_table,
    search,
    section,
    state_pill,
    timeline,
    two_columns,
    view,
)
from console.pages.moves.cases import case_moves, notice_moves
from console.pages.patrol_words import TIERS
from models.cases.cases import Case, CaseState
from models.cases.notices import AnswerOutcome, Notice, NoticeState
from models.channel.public import shop_number
from models.patrol.findings import Finding
from models.patrol.shops import SeenListing
from models.permissions import Permission
from models.provinces import province_of_code

NOTICE_TONES = {NoticeState.TURNED_DOWN.value: Tone.BAD, NoticeState.ANSWERED.value: Tone.GOOD}
OUTCOME_TONES = {
    AnswerOutcome.KEPT.value: Tone.BAD,
    AnswerOutcome.MORE_WANTED.value: Tone.WARNING,
    AnswerOutcome.REMOVED.value: Tone.GOOD,
    AnswerOutcome.SERVICE_STOPPED.value: Tone.GOOD,
    AnswerOutcome.CORRECTED.value: Tone.GOOD,
}
LATE = ":red-badge[:material/schedule: {word}]"


def due_word(case: Case) -> str:
    late = f" · {t('case_page.late')}" if case.is_overdue(desk.now()) else ""
    return f"{last_day(case.due_at)}{late}"


def case_columns() -> list[Column[Case]]:
    return [
        Column(t("case_page.reference"), lambda row: row.reference, width=150),
        Column(t("case_page.state"), lambda row: row.state, Kind.STATE, "case_state", width=120),
        Column(t("case_page.shop"), lambda row: row.shop_name, width=220),
        Column(t("case_page.platform"), lambda row: row.platform, width=110),
        Column(
            t("case_page.kind"), lambda row: [t(f"finding_kind.{row.kind}")], Kind.WORDS, width=150
        ),
        Column(t("case_page.tier"), lambda row: row.tier, Kind.STATE, "tier", TIERS, width=90),
        Column(t("case_page.due"), due_word, width=170),
        Column(t("case_page.opened"), lambda row: row.created_at, Kind.DATE, width=110),
    ]


def notice_columns() -> list[Column[Notice]]:
    return [
        Column(t("case_page.number"), lambda row: row.number, width=150),
        Column(
            t("case_page.state"), lambda row: row.state, Kind.STATE, "notice_state", NOTICE_TONES
        ),
        Column(t("case_page.subject"), lambda row: row.subject, width=320),
        Column(t("case_page.platform"), lambda row: row.platform, width=110),
        Column(t("case_page.sent"), lambda row: row.sent_at, Kind.MOMENT, width=140),
        Column(t("case_page.acknowledge_due"), lambda row: row.acknowledge_due_at, Kind.DUE),
        Column(t("case_page.answer_due"), lambda row: row.answer_due_at, Kind.DUE),
    ]


def show_cases() -> None:
    with filters():
        q = search(t("case_page.search"))
        state = choice("state", t("case_page.state"), labelled("case_state", list(CaseState)))
        late = st.toggle(t("case_page.overdue_only"), key="overdue", bind="query-params")
    after = cursor("cases", q, state, late)
    found = list_cases(desk, state=state, overdue=late, q=q, after=after)
    if not found.rows:
        next_ = "none_next_platform" if desk.actor.platform else "none_next"
        return empty(t("case_page.none"), t(f"case_page.{next_}"))
    record_table(found.rows, case_columns(), key="cases")
    return pager(found, "cases")


def show_notices() -> None:
    with filters():
        state = choice("notice", t("case_page.state"), labelled("notice_state", list(NoticeState)))
        late = st.toggle(t("case_page.overdue_only"), key="overdue", bind="query-params")
    found = list_notices(desk, state=state, overdue=late, after=cursor("notices", state, late))
    if not found.rows:
        next_ = "none_next_platform" if desk.actor.platform else "no_notices_next"
        return empty(t("case_page.no_notices"), t(f"case_page.{next_}"))
    record_table(found.rows, notice_columns(), key="notices", identity=lambda row: row.case_id)
    return pager(found, "notices")


def show_mailbox() -> None:
    box = my_mailbox(desk)
    st.caption(t("case_page.mailbox_hint"))
    if box is None:
        st.markdown(t("case_page.mailbox_none"))
    else:
        st.code(box.url, language=None)
    url = st.text_input(t("case_page.mailbox_url"), box.url if box else "", max_chars=500)
    key = st.text_input(t("case_page.mailbox_key"), type="password", max_chars=500)
    with st.container(horizontal=True):
        save = st.button(t("case_page.mailbox_save"), key="mailbox:save", type="primary")
        remove = box is not None and st.button(t("case_page.mailbox_remove"), key="mailbox:remove")
    if save:
        set_mailbox(desk, url, key)
        flash(t("case_page.mailbox_saved"))
        st.rerun()
    if remove:
        remove_mailbox(desk)
        flash(t("case_page.mailbox_removed"))
        st.rerun()


def show_list() -> None:
    is_platform = desk.actor.platform is not None
    with page_head(
        t("case_page.title"), t("case_page.platform_hint" if is_platform else "case_page.hint")
    ):
        if is_platform and desk.actor.may(Permission.CASE_ANSWER):
            with (
                st.popover(t("case_page.mailbox"), icon=":material/move_to_inbox:"),
                refusals_shown(),
            ):
                show_mailbox()
    names = ["notices", "cases"] if is_platform else ["cases", "notices"]
    with refusals_shown():
        if view({name: t(f"case_page.{name}") for name in names}) == "cases":
            show_cases()
        else:
            show_notices()


def place(code: str | None) -> str | None:
    province = province_of_code(code) if code else None
    if province is None:
        return code
    return province.authority_zh if spoken.get() is Language.ZH else province.authority_en


def show_facts(record: CaseRecord) -> None:
    case = record.case
    pairs: dict[str, object] = {
        t("case_page.shop"): f"{case.shop_name}（{shop_number(case.shop_key)}）",
        t("case_page.platform"): case.platform,
        t("case_page.kind"): t(f"finding_kind.{case.kind}"),
        t("case_page.ground"): t(f"notice_ground.{case.ground}"),
        t("case_page.tier"): t(f"tier.{case.tier}"),
        t("case_page.measure"): t(f"measure.{case.measure}") if case.measure else None,
        t("case_page.due"): due_word(case),
        t("case_page.opened"): moment(case.created_at),
    }
    if record.owner:
        pairs[t("case_page.owner")] = record.owner
    if case.closed_at:
        pairs[t("case_page.closed")] = moment(case.closed_at)
    facts(pairs, t("case_page.facts"))
    if case.reason:
        facts({t("case_page.reason"): case.reason, t("case_page.remedy"): case.remedy})
    facts(
        {
            t("case_page.card_home"): place(case.card_home),
            t("case_page.platform_home"): place(case.platform_home),
            t("case_page.filing_place"): place(case.filing_place),
        },
        t("case_page.jurisdiction"),
    )


def show_found(record: CaseRecord) -> None:
    if record.findings:
        section(t("case_page.findings"))
        columns: list[Column[Finding]] = [
            Column(t("case_page.finding_number"), lambda row: row.number, width=160),
            Column(t("case_page.state"), lambda row: row.state, Kind.STATE, "finding_state"),
            Column(t("case_page.kind"), lambda row: [t(f"finding_kind.{row.kind}")], Kind.WORDS),
            Column(t("case_page.tier"), lambda row: row.tier, Kind.STATE, "tier", TIERS),
        ]
        record_table(record.findings, columns, key="case_findings", open_page="findings")
    if record.listings:
        section(t("case_page.listings"))
        seen: list[Column[SeenListing]] = [
            Column(t("case_page.listing_title"), lambda row: row.title_seen, width=300),
            Column(t("case_page.url"), lambda row: row.url, width=260),
            Column(t("case_page.seen"), lambda row: row.seen_at, Kind.MOMENT, width=140),
            Column(t("case_page.evidence"), lambda row: row.evidence_sha256, width=160),
        ]
        record_table(record.listings, seen, key="case_listings", opens=False)


def show_notice(one: NoticeRecord) -> None:
    notice = one.notice
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(notice.number)}**", width="content")
            state_pill("notice_state", notice.state, NOTICE_TONES)
            if notice.is_overdue(desk.now()):
                st.markdown(LATE.format(word=t("case_page.late")), width="content")
        facts(
            {
                t("case_page.sent"): moment(notice.sent_at),
                t("case_page.receipt"): notice.receipt,
                t("case_page.acknowledge_due"): last_day(notice.acknowledge_due_at),
                t("case_page.answer_due"): last_day(notice.answer_due_at),
            }
        )
        if notice.last_words and not desk.actor.platform:
            st.caption(t("case_page.last_words"))
            st.code(notice.last_words, language=None)
        with st.expander(notice_title(notice)):
            st.code(notice.body, language=None, wrap_lines=True)
        show_answers(one)
        notice_moves(desk, notice)


def notice_title(notice: Notice) -> str:
    return plain(notice.subject)


def show_answers(one: NoticeRecord) -> None:
    for given in one.answers:
        with st.container(horizontal=True, vertical_alignment="center"):
            state_pill("answer_outcome", given.outcome, OUTCOME_TONES)
            st.caption(f"{moment(given.at)} · {plain(given.answered_by)}")
        if given.words_given:
            st.markdown(f"> {plain(given.words_given)}")
    if not one.answers and one.notice.state in {NoticeState.SENT, NoticeState.ACKNOWLEDGED}:
        st.caption(t("case_page.waits"))
    for proof in one.proofs:
        label = f"{plain(proof.name)} · {proof.size / 1024:,.0f} KB"
        st.link_button(label, f"/files/proofs/{proof.id}", icon=":material/attach_file:")


def show_record(case_id: str) -> None:
    record = case_record(desk, case_id)
    case = record.case
    with record_head(case.reference, case.shop_name, area="case_state", state=case.state):
        if desk.actor.may(Permission.EVIDENCE_READ):
            st.link_button(
                t("case_page.pack"),
                f"/files/evidence/pack/{case.id}.zip",
                icon=":material/folder_zip:",
            )
        last = record.notices[0].notice if record.notices else None
        case_moves(desk, case, last)
    if desk.actor.provinces:
        st.caption(f":material/visibility: {t('case_page.read_only')}")
    left, right = two_columns()
    with left:
        show_facts(record)
        if record.notices:
            section(t("case_page.notices"))
        for one in record.notices:
            show_notice(one)
        show_found(record)
    with right:
        timeline(record.history)


desk = my_desk()
list_or_record(show_list, show_record)
