"""Notices between organisations: those that wait here, those sent, and each one as a thread."""

from uuid import UUID

import streamlit as st

from console.actions.cases.notices.offered import carriers_to_ask, nameable_findings
from console.actions.cases.notices.threads import Thread, thread_record
from console.actions.cases.notices.writing import (
    LONGEST_WORDS,
    NoticeForm,
    ask_carriers,
    write_notice,
)
from console.i18n import t
from console.pages.case_notices import (
    notice_badges,
    notice_extensions,
    notice_facts,
    notice_talk,
)
from console.pages.case_words import NOTICES, notice_title
from console.pages.frame import my_desk, plain
from console.pages.kit import (
    Next,
    flash,
    link_to,
    list_or_record,
    next_moves,
    open_record,
    page_head,
    record_head,
    section,
    timeline,
    two_columns,
)
from console.pages.moves.notices import notice_moves
from console.pages.notice_lists import mailbox_button, show_notices
from models.cases.notices import Notice, NoticeKind
from models.permissions import Permission

P = Permission
MOST_FINDINGS = 30


def show_list() -> None:
    hint = "platform_hint" if desk.actor.platform else "hint"
    with page_head(t("notices_page.title"), t(f"notices_page.{hint}")):
        mailbox_button(desk)
        next_moves(desk, [reporting(), inquiring()], "new")
    show_notices(desk, "notices")


def finding_choice(key: str) -> UUID | None:
    options = {
        str(one.id): f"{one.number} · {one.shop} · {t(f'ground.{one.ground}')}"
        for one in nameable_findings(desk, MOST_FINDINGS)
    }
    chosen = st.selectbox(
        t("notices_page.finding"), list(options), index=None, key=f"{key}:finding",
        format_func=lambda one: plain(options[one]), placeholder=t("notices_page.choose_finding"),
    )  # fmt: skip
    return UUID(chosen) if chosen else None


def words_box(key: str) -> str:
    return st.text_area(t("notice_moves.words"), key=f"{key}:words", max_chars=LONGEST_WORDS)


def reporting() -> Next:
    """A platform tells a carrier of a violation by its agent (004-3.3-n)."""
    form: list[NoticeForm] = []

    def ask(key: str) -> str:
        st.caption(t("notices_page.report_hint"))
        finding = finding_choice(key)
        agent = st.text_input(t("notices_page.agent"), key=f"{key}:agent", max_chars=64).strip()
        words = words_box(key)
        form[:] = [NoticeForm(NoticeKind.REPORT, words, finding_id=finding, agent=agent)]
        return "ready" if finding or (agent and words.strip()) else ""

    def act(_: str) -> None:
        drafted(write_notice(desk, form[0]))

    return Next(
        "report", t("notices_page.report"), t("notices_page.report_will"), act, P.NOTICE_WRITE,
        is_open=desk.actor.platform is not None, ask=ask, icon=":material/flag:", main=True,
    )  # fmt: skip


def inquiring() -> Next:
    """One carrier asks others whether a shop is their agent's."""
    form: list[NoticeForm] = []
    asked: list[str] = []

    def ask(key: str) -> str:
        finding = finding_choice(key)
        others = carriers_to_ask(desk)
        asked[:] = st.multiselect(
            t("notices_page.carriers"), list(others), key=f"{key}:carriers",
            format_func=lambda one: plain(others[one]), placeholder=t("notices_page.all_carriers"),
        )  # fmt: skip
        form[:] = [NoticeForm(NoticeKind.INQUIRY, words_box(key), finding_id=finding)]
        return "ready" if finding else ""

    def act(_: str) -> str:
        sent = ask_carriers(desk, form[0], asked)
        return t("notices_page.asked", n=len(sent))

    return Next(
        "inquire", t("notices_page.inquire"), t("notices_page.inquire_will"), act, P.NOTICE_WRITE,
        is_open=desk.actor.platform is None, ask=ask, icon=":material/contact_support:",
    )  # fmt: skip


def drafted(notice: Notice) -> None:
    flash(t("notices_page.drafted", number=notice.number))
    open_record(None, notice.id)


def show_thread(notice_id: str) -> None:
    thread = thread_record(desk, notice_id)
    notice = thread.notice
    with record_head(
        notice.number, notice_title(notice), area="notice_state", state=notice.state, tones=NOTICES
    ):
        if desk.actor.may(P.EVIDENCE_READ) and notice.evidence:
            st.link_button(
                t("case_page.pack"), f"/files/evidence/notice/{notice.id}.zip",
                icon=":material/folder_zip:",
            )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(t(f"notice_kind.{notice.kind}"), color="gray")
        notice_badges(desk, notice)
    notice_moves(desk, notice, thread.answers, thread.extensions, thread.outgoing)
    left, right = two_columns()
    with left:
        show_thread_parts(thread)
    with right:
        links(notice)
        timeline(thread.history)


def show_thread_parts(thread: Thread) -> None:
    notice = thread.notice
    notice_facts(desk, notice, {t("notices_page.from"): thread.sender,
                                t("notices_page.to"): thread.recipient})  # fmt: skip
    section(t("notices_page.letter"))
    st.code(notice.body, language=None, wrap_lines=True)
    section(t("notices_page.talk"))
    notice_talk(desk, notice, thread.answers, thread.proofs, thread.messages)
    notice_extensions(thread.extensions)


def links(notice: Notice) -> None:
    with st.container(gap=None):
        if notice.case_id is not None:
            link_to(t("notices_page.to_case"), "cases", notice.case_id, key="to:case")
        if notice.finding_id is not None and desk.actor.may(P.FINDING_READ):
            link_to(t("notices_page.to_finding"), "findings", notice.finding_id, key="to:finding")


desk = my_desk()
list_or_record(show_list, show_thread)
