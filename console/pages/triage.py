"""Triage: the most urgent finding first, one card at a time, decided by one key."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import streamlit as st

from console.actions.patrol.findings import (
    FindingRecord,
    confirm_finding,
    dismiss_finding,
    finding_record,
    shops_of,
)
from console.actions.patrol.screenshots import screenshot_of
from console.actions.patrol.shops import platforms_seen
from console.actions.patrol.triage import (
    Duplicate,
    Wanted,
    merge_findings,
    next_in_queue,
    suggest_duplicates,
    triage,
    unmerge,
)
from console.desk import Desk
from console.i18n import listed, t
from console.pages import finding_parts, triage_list
from console.pages.channel_parts import platform_names
from console.pages.frame import my_desk, plain, refusal_kept, refusals_shown, show_refusal_kept
from console.pages.kit import (
    chips,
    choice,
    chosen_id,
    empty,
    facts,
    filters,
    flash,
    labelled,
    last_day,
    link_to,
    moment,
    page_head,
    section,
    state_pill,
    timeline,
    two_columns,
    view,
)
from console.pages.kit.layout import box
from console.pages.kit.records import LONGEST_REASON
from console.pages.offer_parts import picture
from console.pages.patrol_words import FINDINGS, SHOPS, TIERS
from models.channel.public import shop_number
from models.patrol.findings import Finding, FindingMove
from models.permissions import Permission
from models.rules import FindingKind, Tier

P = Permission
REASONS: Final[Mapping[str, str]] = {
    "lawful": "1",
    "no_cards": "2",
    "own_number": "3",
    "in_hand": "4",
}
"""Why a finding is dismissed, each with its key."""
AHEAD: Final = 8
_TRAIL: Final = "triage:trail"
_LONGEST_TRAIL: Final = 50


def wanted_now() -> Wanted:
    names = platform_names(desk)
    with filters():
        codes = {code: names.get(code, code) for code in platforms_seen(desk)}
        platform = choice("platform", t("sources_page.platform"), codes, width=170)
        tier = choice("tier", t("findings_page.tier"), labelled("tier", list(Tier)), width=130)
        kinds = labelled("finding_kind", list(FindingKind))
        kind = choice("kind", t("findings_page.kind"), kinds, width=220)
        new = chips("new", t("run_page.only_new"), {"yes": t("run_page.only_new")})
    run = st.query_params.get("run")
    return Wanted(
        platform,
        Tier(tier) if tier else None,
        FindingKind(kind) if kind else None,
        UUID(run) if run else None,
        bool(new),
    )


def show_card(wanted: Wanted) -> None:
    ahead = triage(desk, None, wanted, limit=AHEAD).rows
    finding_id = chosen_id() or (str(ahead[0].id) if ahead else None)
    if finding_id is None:
        empty(t("triage_page.none"), t("triage_page.none_next"))
        return
    record = finding_record(desk, finding_id)
    acting(record, wanted)
    left, right = two_columns()
    with left:
        card(record)
    with right:
        show_queue(ahead, record.finding.id)
        show_alike(record.finding, suggest_duplicates(desk, record.finding.id))
        show_earlier(record)
        timeline(record.deeds)


def card(record: FindingRecord) -> None:
    finding, shop = record.finding, record.shop
    with box("kit_card", border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":gray[{plain(finding.number)}]", width="content")
            state_pill("shop_state", shop.state, SHOPS)
            st.caption(t("triage_page.due", day=last_day(finding.look_due_at)), width="content")
        st.subheader(plain(shop.name), anchor=False)
        finding_parts.pills(finding)
        finding_parts.because(finding)
        finding_parts.risk(finding)
    finding_parts.offers(finding)
    show_page(finding)
    finding_parts.alike(finding)
    finding_parts.badges(finding)
    facts(
        {
            t("findings_page.shop_key"): f"{shop.platform} {shop_number(shop.shop_key)}",
            t("shops_page.licence"): shop.licence_shown,
            t("shops_page.province"): shop.province_shown,
            t("shops_page.last"): moment(shop.last_seen_at),
        },
        t("triage_page.shop"),
    )


def show_page(finding: Finding) -> None:
    """The shop's page as the run saw it, where a browser was at hand."""
    link = screenshot_of(desk, finding)
    if link:
        with box("kit_shot", border=True):
            st.caption(f":material/photo_camera: {t('finding_page.screenshot')}")
            picture(link, t("finding_page.screenshot"))


def acting(record: FindingRecord, wanted: Wanted) -> None:
    """One bar for every decision, and a key for each of its buttons."""
    finding = record.finding
    key, version = str(finding.id), finding.version
    with box("kit_bar", border=True, gap="small"):
        if may_decide(finding):
            with st.container(horizontal=True, gap="small"):
                st.button(t("triage_page.confirm"), key="triage:confirm", type="primary",
                          icon=":material/check_circle:", shortcut="Y", on_click=confirm,
                          args=(key, version, wanted))  # fmt: skip
                for word, letter in REASONS.items():
                    st.button(t(f"dismiss_reason.{word}"), key=f"triage:{word}", shortcut=letter,
                              icon=":material/cancel:", on_click=dismiss,
                              args=(key, version, wanted, word))  # fmt: skip
                other_reason(key, version, wanted)
        else:
            st.caption(f":material/visibility: {t(f'triage_page.{why_not(finding)}')}")
        with st.container(horizontal=True, gap="small"):
            st.button(t("triage_page.previous"), key="triage:previous", shortcut="K",
                      icon=":material/arrow_upward:", type="tertiary",
                      disabled=not st.session_state.get(_TRAIL), on_click=go_back)  # fmt: skip
            st.button(t("triage_page.next"), key="triage:next", shortcut="J",
                      icon=":material/arrow_downward:", type="tertiary", on_click=go_on,
                      args=(key, wanted))  # fmt: skip
            if st.button(t("triage_page.open"), key="triage:open", shortcut="O",
                         icon=":material/arrow_outward:", type="tertiary"):  # fmt: skip
                triage_list.open_finding(finding.id)


def may_decide(finding: Finding) -> bool:
    return desk.actor.may(P.FINDING_CONFIRM) and why_not(finding) == "reads"


def why_not(finding: Finding) -> str:
    """Why somebody only looks on; `reads` where nothing but the right is missing."""
    actor = desk.actor
    if FindingMove.CONFIRM not in finding.open_moves():
        return "settled"
    if not actor.is_house and finding.organisation_id not in actor.organisations:
        return "not_yours"
    if finding.found_by is not None and finding.found_by == actor.id:
        return "own"
    return "reads"


def other_reason(key: str, version: int, wanted: Wanted) -> None:
    with st.popover(t("triage_page.other"), icon=":material/edit_note:", key=f"other:{key}"):
        words = st.text_area(t("console.reason"), key=f"triage:words:{key}",
                             max_chars=LONGEST_REASON)  # fmt: skip
        st.button(t("findings_page.dismiss"), key="triage:other", type="primary",
                  disabled=not words.strip(), on_click=dismiss_for,
                  args=(key, version, wanted, words, False))  # fmt: skip


def confirm(key: str, version: int, wanted: Wanted) -> None:
    own = my_desk()
    with refusal_kept():
        done = confirm_finding(own, key, version=version)
        flash(t("triage_page.confirmed", number=plain(done.number)))
        step(own, key, wanted)


def dismiss(key: str, version: int, wanted: Wanted, word: str) -> None:
    my_desk()  # whose language the reason is kept in
    dismiss_for(key, version, wanted, t(f"dismiss_reason.{word}"), word == "no_cards")


def dismiss_for(key: str, version: int, wanted: Wanted, words: str, no_cards: bool) -> None:  # noqa: FBT001 - a button's arguments
    own = my_desk()
    with refusal_kept():
        done = dismiss_finding(own, key, words, sells_no_cards=no_cards, version=version)
        flash(t("triage_page.dismissed", number=plain(done.number)))
        step(own, key, wanted)


def go_on(key: str, wanted: Wanted) -> None:
    own = my_desk()
    with refusal_kept():
        step(own, key, wanted)


def step(own: Desk, key: str, wanted: Wanted) -> None:
    """To the one behind in the queue; from its end to its beginning."""
    trail: list[str] = st.session_state.setdefault(_TRAIL, [])
    trail.append(key)
    del trail[:-_LONGEST_TRAIL]
    following = next_in_queue(own, key, wanted) or next_in_queue(own, None, wanted)
    if following is None:
        st.query_params.pop("id", None)
    else:
        st.query_params["id"] = str(following.id)


def go_back() -> None:
    trail: list[str] = st.session_state.get(_TRAIL, [])
    if trail:
        st.query_params["id"] = trail.pop()


def show_queue(ahead: Sequence[Finding], now: UUID) -> None:
    """Who comes next; a press opens it."""
    st.markdown(f"**{t('triage_page.queue')}**")
    shops = shops_of(desk, ahead)
    with box("kit_list", border=True):
        for finding in ahead:
            with box("kit_line", horizontal=True, vertical_alignment="center", gap="small"):
                sign = ":material/arrow_right:" if finding.id == now else ""
                st.markdown(f"{sign}**{finding.risk}**", width=60)
                name = shops[finding.shop_id].name
                st.button(plain(name), key=f"queue:{finding.id}", type="tertiary",
                          on_click=to, args=(str(finding.id),))  # fmt: skip
                state_pill("tier", finding.tier, TIERS)


def to(key: str) -> None:
    st.query_params["id"] = key


def show_alike(finding: Finding, alike: Sequence[Duplicate]) -> None:
    """Others that may be the same thing, with why; merging is taken back on the record."""
    if not alike:
        return
    st.markdown(f"**{t('triage_page.alike')}**")
    for one in alike[:5]:
        with st.container(gap=None):
            words = f"{one.finding.number} {one.shop.name}"
            link_to(words, "findings", one.finding.id, key=f"alike:{one.finding.id}")
            st.caption(listed(t(f"likeness.{why}") for why in one.reasons))
    if may_decide(finding):
        ids = [one.finding.id for one in alike]
        st.button(t("triage_page.merge", n=len(ids)), key="triage:merge", icon=":material/merge:",
                  help=t("triage_page.merge_help"), on_click=merge,
                  args=(str(finding.id), ids))  # fmt: skip


def merge(key: str, ids: list[UUID]) -> None:
    own = my_desk()
    with refusal_kept():
        merge_findings(own, key, ids, t("triage_page.merge_reason"))
        flash(
            t("triage_page.merged", n=len(ids)), page="findings", id=key,
            undo=lambda now: [unmerge(now, one) for one in ids],
        )  # fmt: skip


def show_earlier(record: FindingRecord) -> None:
    if not record.earlier:
        return
    section(t("triage_page.earlier"))
    for one in record.earlier[:5]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            state_pill("finding_state", one.state, FINDINGS)
            words = f"{one.number} {t(f'ground.{one.ground}')}"
            link_to(words, "findings", one.id, key=f"earlier:{one.id}")


desk = my_desk()
page_head(t("triage_page.title"), t("triage_page.hint"))
show_refusal_kept()
with refusals_shown():
    asked = wanted_now()
    if view({one: t(f"triage_page.view_{one}") for one in ("cards", "list")}) == "cards":
        show_card(asked)
    else:
        triage_list.show(desk, asked)
