"""Badges: one for each agent and shop; check a code, look one up, replace one that was copied."""

from pathlib import Path

import streamlit as st

from console.actions.channel.badges import (
    BadgeRecord,
    badge_record,
    list_badges,
    mark_copied,
    mark_displayed,
    reissue_badge,
)
from console.i18n import t
from console.pages.badge_parts import beside, logo_popover, studio
from console.pages.channel_parts import platform_names
from console.pages.channel_words import TONES, move_of
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    choice,
    cursor,
    empty,
    facts,
    filters,
    labelled,
    link_to,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    page_head,
    record_head,
    record_table,
    search,
    timeline,
    two_columns,
)
from models.channel.badges import Badge, BadgeMove, BadgeState
from models.channel.public import shop_number
from models.permissions import Permission

P = Permission
NEIGHBOURS = Path(__file__).parent


def show_list() -> None:
    with page_head(t("badges_page.title"), t("badges_page.hint")):
        if desk.actor.may(P.BADGE_DESIGN) and desk.actor.carriers:
            logo_popover(desk)
        if st.button(t("badges_page.check"), key="check", icon=":material/qr_code_scanner:"):
            st.switch_page(NEIGHBOURS / "badge_check.py")
    with filters():
        words = search(t("badges_page.search"))
        state = choice("state", t("agents_page.state"), labelled("badge_state", list(BadgeState)))
    with refusals_shown():
        show_rows(words, state)


def show_rows(words: str, state: str | None) -> None:
    tools = list_tools(desk, "badges")
    found = list_badges(
        desk,
        words,
        state=BadgeState(state) if state else None,
        after=cursor("badges", words, state, tools.sort),
        order=tools.order,
    )
    if not found.rows:
        empty(t("badges_page.none"), t("badges_page.none_next"))
        return
    names = platform_names(desk)
    columns = [
        Column[Badge](t("badges_page.number"), lambda row: row.badge_id, width=170),
        Column[Badge](
            t("agents_page.state"), lambda row: row.state, Kind.STATE, "badge_state", TONES, 110
        ),
        Column[Badge](t("agents_page.platform"), lambda row: names.get(row.platform, row.platform)),
        Column[Badge](t("badges_page.issued"), lambda row: row.issued_at, Kind.MOMENT),
        Column[Badge](t("badges_page.expires"), lambda row: row.expires_at, Kind.MOMENT),
    ]
    record_table(found.rows, tools.shown(columns), key="badges")
    tools.pager(found, "badges")


def show_badge(badge_id: str) -> None:
    record = badge_record(desk, badge_id)
    badge = record.badge
    with record_head(
        badge.badge_id, record.shop.name, area="badge_state", state=badge.state, tones=TONES
    ):
        if desk.actor.is_house or badge.carrier_id in desk.actor.carriers:
            moves_of(record)
    if badge.reason:
        st.warning(t("licences_page.why", reason=plain(badge.reason)))
    left, right = two_columns()
    with left:
        studio(desk, record)
        show_facts(record)
    with right:
        beside(desk, record)
        timeline(record.deeds)


def moves_of(record: BadgeRecord) -> None:
    badge, open_moves = record.badge, record.badge.open_moves()
    moves = [
        move_of(
            "badges_page.reissue",
            lambda _: reissue_badge(desk, badge.id, badge.version),
            P.BADGE_ISSUE,
            "autorenew",
            when=BadgeMove.REISSUE in open_moves,
            main=True,
        ),
        move_of(
            "badges_page.displayed",
            lambda proof: mark_displayed(desk, badge.id, proof=proof),
            P.BADGE_ISSUE,
            "visibility",
            when=BadgeMove.DISPLAYED_SEEN in open_moves,
            reason=True,
        ),
        move_of(
            "badges_page.copied",
            lambda seen_at: mark_copied(desk, badge.id, seen_at=seen_at),
            P.BADGE_ISSUE,
            "content_copy",
            when=BadgeMove.COPIED_DETECTED in open_moves,
            reason=True,
        ),
    ]
    next_moves(desk, moves, f"{badge.id}:{badge.version}")


def show_facts(record: BadgeRecord) -> None:
    badge, shop = record.badge, record.shop
    facts(
        {
            t("agents_page.number"): record.agent.agent_no,
            t("agents_page.name"): record.agent.name,
            t("licences_page.number"): record.licence.number,
            t("agents_page.platform"): platform_names(desk).get(shop.platform, shop.platform),
            t("agents_page.shop_number"): shop_number(shop.shop_key),
            t("agents_page.shop_url"): shop.url,
            t("badges_page.issued"): moment(badge.issued_at),
            t("badges_page.expires"): moment(badge.expires_at),
        }
    )
    with st.container(horizontal=True):
        link_to(record.agent.title, "agents", record.agent.id, key="badge:agent")
        link_to(record.licence.number, "licences", record.licence.id, key="badge:licence")


desk = my_desk()
list_or_record(show_list, show_badge)
