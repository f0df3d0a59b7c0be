"""A finding's offers and the industry batches that they may be of: matched, and judged."""

import streamlit as st

from console.actions.cards.industry.offers import (
    LinkRecord,
    judge_link,
    links_of,
    shows_cards,
    suggest_links,
)
from console.actions.checks.test_purchases import LONGEST, plan_purchase
from console.actions.patrol.findings import FindingRecord
from console.desk import Desk
from console.i18n import t
from console.pages.channel_words import move_of
from console.pages.frame import plain
from console.pages.kit import Next, Tone, link_to, next_moves, section, state_pill
from console.pages.kit.layout import box
from console.pages.purchase_forms import plan_fields, plan_of
from models.checks.test_purchases import OfferLinkState
from models.patrol.findings import Finding, FindingState
from models.permissions import Permission

_TONES = {
    OfferLinkState.SUGGESTED.value: Tone.WAITING,
    OfferLinkState.CONFIRMED.value: Tone.BAD,
    OfferLinkState.REJECTED.value: Tone.OVER,
}


def offer_moves(desk: Desk, record: FindingRecord) -> list[Next]:
    """Match it with batches, or buy one to see."""
    finding, listings = record.finding, record.listings
    offer = next((one.url or one.title_seen for one in listings), "")[: LONGEST["offer"]]

    def match(_: str) -> str:
        found = suggest_links(desk, finding.id)
        return t("offer_links.matched", n=len(found))

    def plan(words: str) -> str:
        row = plan_purchase(desk, plan_of(words))
        return t("purchases_page.planned", number=row.number)

    stands = finding.state is not FindingState.FALSE_POSITIVE
    has_cards = stands and shows_cards(finding, listings)
    return [
        Next("match_batches", t("offer_links.match"), t("offer_links.match_will"), match,
             Permission.USAGE_JUDGE, is_open=has_cards, icon=":material/join_inner:"),
        Next("plan", t("purchases_page.plan"), t("purchases_page.plan_will"), plan,
             Permission.TEST_PURCHASE_EDIT, is_open=has_cards,
             ask=lambda key: plan_fields(key, finding.number, offer),
             icon=":material/add_shopping_cart:"),
    ]  # fmt: skip


def show_offer_links(desk: Desk, finding: Finding) -> None:
    """Of the reader's own carrier alone."""
    if not desk.actor.may(Permission.INDUSTRY_READ):
        return
    records = links_of(desk, finding.id)
    if not records:
        return
    section(t("offer_links.title"), t("offer_links.hint"))
    for one in records:
        _show(desk, one)


def _show(desk: Desk, record: LinkRecord) -> None:
    link, batch = record.link, record.batch
    with box("kit_offer", border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            state_pill("offer_link_state", link.state, _TONES)
            st.badge(t(f"link_by.{link.how}"), color="gray")
            link_to(batch.number, "industry", batch.id, key=f"offer:{link.id}")
        unit = record.purchaser.name if record.purchaser else ""
        st.markdown(plain(" · ".join(filter(None, [unit, batch.product]))))
        st.caption(t("offer_links.said", words=plain(link.said)))
        if record.usage_finding is not None:
            found = record.usage_finding
            link_to(found.number, "usage_findings", found.id, key=f"offer:found:{link.id}")
        next_moves(desk, _judging(desk, record), link.id)


def _judging(desk: Desk, record: LinkRecord) -> list[Next]:
    link = record.link
    is_open = link.state is OfferLinkState.SUGGESTED and link.carrier_id in desk.actor.carriers
    return [
        move_of(
            "offer_links.confirm",
            lambda why: judge_link(desk, link.id, confirm=True, reason=why),
            Permission.USAGE_JUDGE, "link", when=is_open, reason=True, main=True,
        ),
        move_of(
            "offer_links.reject",
            lambda why: judge_link(desk, link.id, confirm=False, reason=why),
            Permission.USAGE_JUDGE, "link_off", when=is_open, reason=True,
        ),
    ]  # fmt: skip
