"""Shops as patrols know them: who is under suspicion, what they sell, and what comes next."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from console.actions.patrol.shops import (
    NearShop,
    ShopRecord,
    kept_pictures,
    list_shops,
    platforms_seen,
    shop_record,
)
from console.i18n import t
from console.pages.channel_parts import platform_names
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    choice,
    cursor,
    day,
    empty,
    facts,
    filters,
    labelled,
    link_to,
    list_or_record,
    list_tools,
    moment,
    page_head,
    record_head,
    record_table,
    search,
    section,
    state_pill,
    timeline,
    two_columns,
)
from console.pages.kit.layout import box
from console.pages.offer_parts import offer, pictures
from console.pages.patrol_words import FINDINGS, LINKS, SHOPS, TIERS
from models.channel.public import shop_number
from models.patrol.findings import Finding, FindingState
from models.patrol.links import LinkKind
from models.patrol.shops import Shop, ShopMove, ShopState

OFFERS_SHOWN: Final = 5
BY_FINDING: Final = frozenset(
    {ShopMove.CONFIRM, ShopMove.CLEAR, ShopMove.NO_CARDS, ShopMove.FINDING}
)
"""What somebody brings about who looks at an open finding; the rest comes from runs and cases."""


def show_list() -> None:
    page_head(t("shops_page.title"), t("shops_page.hint"))
    names = platform_names(desk)
    with filters():
        words = search(t("shops_page.search"))
        states = labelled("shop_state", list(ShopState))
        state = choice("state", t("shops_page.state"), states)
        with refusals_shown():
            seen = platforms_seen(desk)
        options = {code: names.get(code, code) for code in seen}
        platform = choice("platform", t("sources_page.platform"), options)
    with refusals_shown():
        tools = list_tools(desk, "shops")
        found = list_shops(
            desk,
            cursor("shops", words, state, platform),
            state=ShopState(state) if state else None,
            platform=platform,
            words=words,
        )
        if not found.rows:
            is_narrow = bool(words or state or platform)
            word = "none_so" if is_narrow else "none"
            empty(t(f"shops_page.{word}"), t(f"shops_page.{word}_next"))
            return
        columns = [
            Column[Shop](t("shops_page.name"), lambda row: row.name, width=240),
            Column[Shop](
                t("sources_page.platform"), lambda row: names.get(row.platform, row.platform),
                width=110,
            ),
            Column[Shop](
                t("shops_page.key"), lambda row: shop_number(row.shop_key), width=170
            ),
            Column[Shop](
                t("shops_page.state"), lambda row: row.state, Kind.STATE, "shop_state", SHOPS, 120
            ),
            Column[Shop](t("shops_page.licence"), lambda row: row.licence_shown, width=170),
            Column[Shop](t("shops_page.first"), lambda row: row.first_seen_at, Kind.DATE),
            Column[Shop](t("shops_page.last"), lambda row: row.last_seen_at, Kind.MOMENT),
        ]  # fmt: skip
        record_table(found.rows, tools.shown(columns), key="shops")
        tools.pager(found, "shops")


def show_shop(shop_id: str) -> None:
    record = shop_record(desk, shop_id)
    shop = record.shop
    names = platform_names(desk)
    number = f"{names.get(shop.platform, shop.platform)} {shop_number(shop.shop_key)}"
    with record_head(number, shop.name, area="shop_state", state=shop.state, tones=SHOPS):
        for finding in record.findings:
            if finding.state is FindingState.OPEN:
                words = t("shops_page.judge", number=finding.number)
                link_to(words, "triage", finding.id, key=f"judge:{finding.id}")
                break
    left, right = two_columns()
    with left:
        show_facts(record)
        what_next(shop)
        show_offers(record)
        show_pictures(record)
    with right:
        show_findings(record.findings)
        show_near(record.near)
        timeline(record.deeds)


def show_facts(record: ShopRecord) -> None:
    shop, agent = record.shop, record.agent
    facts(
        {
            t("shops_page.licence"): shop.licence_shown,
            t("shops_page.agent"): f"{agent.name} {agent.agent_no}" if agent else None,
            t("shops_page.province"): shop.province_shown,
            t("shops_page.badges"): badges_shown(record),
            t("shops_page.first"): day(shop.first_seen_at),
            t("shops_page.last"): moment(shop.last_seen_at),
        }
    )
    if shop.url:
        st.code(shop.url, language=None, wrap_lines=True)
    with st.container(horizontal=True, gap="small"):
        if agent is not None:
            link_to(agent.name, "agents", agent.id, key="to:agent")
        if record.run is not None:
            link_to(record.run.number, "patrols", record.run.id, key="to:run")


def badges_shown(record: ShopRecord) -> str:
    verdicts = [one.badge_verdict for one in record.pictures if one.badge_verdict]
    if not verdicts:
        return t("shops_page.no_badge")
    return " · ".join(t(f"verdict.{one}") for one in dict.fromkeys(verdicts))


def what_next(shop: Shop) -> None:
    """Where the shop can go from here, and what takes it there."""
    open_moves = shop.open_moves()
    section(t("shops_page.next"), t("shops_page.next_hint"))
    if not open_moves:
        st.caption(t("shops_page.nothing_next"))
        return
    with box("kit_list", border=True):
        for move in open_moves:
            with box("kit_line", horizontal=True, vertical_alignment="center", gap="medium"):
                st.markdown(f"**{t(f'shop_move.{move}')}**", width=150)
                st.caption(t(f"shop_move_by.{move}"), width="stretch")


def show_offers(record: ShopRecord) -> None:
    section(t("shops_page.sells"), t("shops_page.sells_hint"))
    if not record.listings:
        empty(t("shops_page.no_offers"), t("shops_page.no_offers_next"))
        return
    for listing in record.listings[:OFFERS_SHOWN]:
        offer(listing)
    rest = record.listings[OFFERS_SHOWN:]
    if rest:
        with st.expander(t("shops_page.more_offers", n=len(rest))):
            for listing in rest:
                offer(listing)


def show_pictures(record: ShopRecord) -> None:
    section(t("shops_page.pictures"))
    if not record.pictures:
        st.caption(t("shops_page.no_pictures"))
        return
    pictures(record.pictures, kept_pictures(desk, record.pictures))


def show_findings(findings: Sequence[Finding]) -> None:
    st.markdown(f"**{t('shops_page.findings')}**")
    if not findings:
        st.caption(t("shops_page.no_findings"))
    for finding in findings[:10]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            state_pill("finding_state", finding.state, FINDINGS)
            state_pill("tier", finding.tier, TIERS)
            words = f"{finding.number} {t(f'ground.{finding.ground}')}"
            link_to(words, "findings", finding.id, key=f"to:{finding.id}")


def show_near(near: Sequence[NearShop]) -> None:
    """Where the same people seem to sell, and where they sold before."""
    again = [one for one in near if one.link.kind is LinkKind.RELISTED]
    same = [one for one in near if one.link.kind is LinkKind.SAME_OPERATOR]
    for title, links in (("relisted", again), ("same_operator", same)):
        if not links:
            continue
        st.markdown(f"**{t(f'shops_page.{title}')}**")
        for one in links[:10]:
            with st.container(gap=None):
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    state_pill("link_state", one.link.state, LINKS)
                    link_to(one.shop.name, "shops", one.shop.id, key=f"near:{one.link.id}")
                st.caption(because(one))
    if same:
        link_to(t("shops_page.operators"), "operators", key="to:operators")


def because(one: NearShop) -> str:
    reasons = " · ".join(
        f"{t('trait_kind.' + str(reason['kind']))} {plain(reason.get('shown', ''))}"
        for reason in one.link.reasons
    )
    return t("shops_page.because", score=f"{one.link.score:.0%}", reasons=reasons)


desk = my_desk()
list_or_record(show_list, show_shop)
