"""Notices as their list: what waits for the reader, what was sent, and the form of a new one."""

from typing import Final

import streamlit as st

from console.actions.cases.boards import escalated_notices
from console.actions.cases.notices.answers import answering
from console.actions.cases.notices.mailboxes import (
    my_mailbox,
    remove_mailbox,
    renew_secret,
    set_mailbox,
)
from console.actions.cases.notices.threads import Direction, list_threads
from console.desk import Desk
from console.i18n import t
from console.pages.case_words import NOTICES, notice_due, notice_title
from console.pages.channel_parts import platform_names
from console.pages.frame import plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    choice,
    cursor,
    empty,
    filters,
    flag,
    flash,
    labelled,
    last_day,
    left_until,
    list_tools,
    open_record,
    record_table,
    section,
    show_once,
    state_pill,
    view,
)
from console.pages.kit.layout import box
from console.pages.moves.notices import is_to_us
from models.cases.instructions import Jurisdiction
from models.cases.notices import RECEIVED, Notice, NoticeKind, NoticeState

MOST_WAITING: Final = 6
_WAITS: Final = (NoticeState.SENT, NoticeState.ACKNOWLEDGED)


def show_notices(desk: Desk, page: str) -> None:
    """`page` is whose saved filters stand with it."""
    is_regulator = bool(desk.actor.provinces)
    if not is_regulator:
        show_waiting(desk)
    elif view({one: t(f"notices_page.of_{one}") for one in ("all", "escalated")}, "of") != "all":
        _show_escalated(desk, page)
        return
    with filters():
        way = None
        if not is_regulator:
            way = choice("way", t("notices_page.way"), labelled("notice_direction",
                         list(Direction)), width=140)  # fmt: skip
        kind = choice("what", t("notices_page.kind"), labelled("notice_kind", list(NoticeKind)),
                      width=140)  # fmt: skip
        states = list(RECEIVED) if way == Direction.IN else list(NoticeState)
        state = choice("notice", t("case_page.state"), labelled("notice_state", states), width=140)
        late = flag("overdue", t("case_page.overdue_only"))
    tools = list_tools(desk, page, "notices")
    found = list_threads(
        desk, kind=kind, direction=way, state=state, overdue=late, order=tools.order,
        after=cursor("notices", way, kind, state, late, tools.sort),
    )  # fmt: skip
    if not found.rows:
        next_ = "none_next_platform" if desk.actor.platform else "no_notices_next"
        is_narrow = any([way, kind, state, late])
        title = "case_page.no_notices" if is_narrow else "notices_page.none_yet"
        empty(t(title), t("case_pages.none_narrow_any" if is_narrow else f"case_page.{next_}"))
        return
    record_table(found.rows, tools.shown(_columns(desk)), key="notices", open_page="notices")
    tools.pager(found, "notices")


def _show_escalated(desk: Desk, page: str) -> None:
    """For a regulator: what a platform let pass, by the router that makes it its own."""
    with filters():
        options = labelled("jurisdiction", list(Jurisdiction))
        router = choice("router", t("case_pages.router"), options)
    tools = list_tools(desk, page, "escalated_notices")
    found = escalated_notices(
        desk, Jurisdiction(router) if router else None, cursor("escalated", router)
    )
    if not found.rows:
        empty(t("notices_page.no_escalated"), t("notices_page.no_escalated_next"))
        return
    names = platform_names(desk)
    grounds: list[Column[Notice]] = [
        Column(t("case_page.number"), lambda row: row.number, width=150),
        Column(t("case_page.state"), lambda row: row.state, Kind.STATE, "notice_state", NOTICES),
        Column(t("case_page.platform"), lambda row: names.get(row.platform, row.platform)),
        Column(t("notices_page.escalated_ground"), _ground, width=260),
        Column(t("notices_page.escalated_at"), lambda row: row.escalated_at, Kind.MOMENT),
        Column(t("case_page.answer_due"), lambda row: row.answer_due_at, Kind.DUE),
        Column(t("case_page.subject"), notice_title, width=270),
    ]
    record_table(found.rows, tools.shown(grounds), key="escalated", open_page="notices")
    tools.pager(found, "escalated")


def _ground(notice: Notice) -> str:
    ground = notice.escalated_ground
    return t(f"notice_ground_told.{ground}") if ground else ""


def show_waiting(desk: Desk) -> None:
    """What has to be acknowledged or answered here."""
    rows = [
        row
        for state in _WAITS
        for row in list_threads(desk, direction=Direction.IN, state=state, limit=MOST_WAITING).rows
    ]
    if not rows:
        return
    rows.sort(key=lambda row: (notice_due(row)[1] is None, notice_due(row)[1], row.id))
    section(t("case_pages.waits_for_you"), t("case_pages.waits_hint"))
    with box("kit_tiles", horizontal=True, gap="small"):
        for row in rows[:MOST_WAITING]:
            _tile(desk, row)


def _tile(desk: Desk, row: Notice) -> None:
    label, due = notice_due(row)
    late = row.is_overdue(desk.now())
    with box("kit_notice_tile", border=True, gap="small", width=330):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            state_pill("notice_state", row.state, NOTICES)
            st.caption(f"{t(f'notice_kind.{row.kind}')} · {plain(row.number)}", width="content")
        st.markdown(plain(notice_title(row)))
        if due is not None:
            st.badge(
                f"{label} {last_day(due)} · {left_until(due, desk.now())}",
                icon=":material/timer:",
                color="red" if late else "blue",
            )
        key = "acknowledge" if row.state is NoticeState.SENT else "answer"
        if st.button(
            t(f"case_page.{key}"), key=f"waits:{row.id}", type="primary" if late else "secondary"
        ):
            open_record("notices", row.id)


def _columns(desk: Desk) -> list[Column[Notice]]:
    now = desk.now()
    names = platform_names(desk) if desk.actor.provinces else {}
    end = "case_page.platform" if desk.actor.provinces else "notices_page.way"

    def left(row: Notice) -> str:
        _, due = notice_due(row)
        return left_until(due, now) if due is not None and row.state in _WAITS else "—"

    def way(row: Notice) -> list[str]:
        """A regulator stands at neither end; it reads which platform is at one."""
        if desk.actor.provinces:
            return [names.get(row.platform, row.platform)]
        return [t("notice_direction.in" if is_to_us(desk, row) else "notice_direction.out")]

    return [
        Column(t("case_page.number"), lambda row: row.number, width=140),
        Column(t("case_page.state"), lambda row: row.state, Kind.STATE, "notice_state", NOTICES,
               95),
        Column(t(end), way, Kind.WORDS, width=110 if desk.actor.provinces else 80),
        Column(t("notices_page.kind"), lambda row: [t(f"notice_kind.{row.kind}")], Kind.WORDS,
               width=90),
        Column(t("case_pages.left"), left, width=95),
        Column(t("case_page.subject"), notice_title, width=265),
        Column(t("case_page.sent"), lambda row: row.sent_at, Kind.MOMENT, width=130),
        Column(t("case_page.answer_due"), lambda row: row.answer_due_at, Kind.DUE, width=110),
    ]  # fmt: skip


def mailbox_button(desk: Desk) -> None:
    """Where an organisation's notices go, for those of it who answer them."""
    if desk.actor.organisation_id is None or not desk.actor.may(answering(desk)):
        return
    with st.popover(t("case_page.mailbox"), icon=":material/move_to_inbox:"), refusals_shown():
        _mailbox(desk)


def _mailbox(desk: Desk) -> None:
    mailbox = my_mailbox(desk)
    st.caption(t("case_page.mailbox_hint"))
    if mailbox is None:
        st.markdown(t("case_page.mailbox_none"))
    else:
        st.code(mailbox.url, language=None)
    url = st.text_input(t("case_page.mailbox_url"), mailbox.url if mailbox else "", max_chars=500)
    key = st.text_input(t("case_page.mailbox_key"), type="password", max_chars=500)
    with st.container(horizontal=True):
        save = st.button(t("case_page.mailbox_save"), key="mailbox:save", type="primary")
        there = mailbox is not None
        renew = there and st.button(t("notices_page.renew_secret"), key="mailbox:renew")
        remove = there and st.button(t("case_page.mailbox_remove"), key="mailbox:remove")
    if save or renew:
        made = set_mailbox(desk, url, key) if save else renew_secret(desk)
        if made.secret:
            show_once(t("notices_page.secret"), made.secret)
        flash(t("case_page.mailbox_saved"))
        st.rerun()
    if remove:
        remove_mailbox(desk)
        flash(t("case_page.mailbox_removed"))
        st.rerun()
