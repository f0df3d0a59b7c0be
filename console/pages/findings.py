"""Findings: what shops do that they may not, for a second pair of eyes."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console.actions.cases.open import open_case
from console.actions.patrol.evidence_view import EvidenceView, evidence_of
from console.actions.patrol.findings import (
    FindingRecord,
    confirm_finding,
    confirm_findings,
    dismiss_finding,
    finding_record,
    list_findings,
    shops_of,
)
from console.actions.patrol.triage import unmerge
from console.i18n import t
from console.pages import evidence_parts, finding_parts
from console.pages.case_similar import show_similar
from console.pages.frame import my_desk, refusal_text, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
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
    next_moves,
    open_record,
    page_head,
    record_head,
    record_table,
    section,
    timeline,
    two_columns,
)
from console.pages.offer_links import offer_moves, show_offer_links
from console.pages.patrol_words import FINDINGS, GROUNDS, TIERS
from models.channel.licences import Ground
from models.channel.public import shop_number
from models.patrol.findings import Finding, FindingMove, FindingState
from models.permissions import Permission
from models.rules import Tier

P = Permission


def show_list() -> None:
    with page_head(t("findings_page.title"), t("findings_page.hint")):
        pass
    with filters():
        states = labelled("finding_state", list(FindingState))
        state = choice("state", t("findings_page.state"), states)
        tier = choice("tier", t("findings_page.tier"), labelled("tier", list(Tier)))
        ground = choice("ground", t("findings_page.ground"), labelled("ground", list(Ground)))
    with refusals_shown():
        tools = list_tools(desk, "findings")
        found = list_findings(
            desk,
            cursor("findings", state, tier, ground, tools.sort),
            state=FindingState(state) if state else None,
            tier=Tier(tier) if tier else None,
            ground=Ground(ground) if ground else None,
            order=tools.order,
        )
        if not found.rows:
            empty(t("findings_page.none"), t("findings_page.none_next"))
            return
        may = desk.actor.may(P.FINDING_CONFIRM)
        chosen = record_table(
            found.rows, tools.shown(columns(found.rows)), key="findings", select=may
        )
        tools.pager(found, "findings")
        if may:
            bulk(chosen)


def columns(rows: Sequence[Finding]) -> list[Column[Finding]]:
    shops = shops_of(desk, rows)
    return [
        Column[Finding](t("findings_page.number"), lambda row: row.number, width=150),
        Column[Finding](t("findings_page.shop"), lambda row: shops[row.shop_id].name, width=200),
        Column[Finding](t("sources_page.platform"), lambda row: row.platform, width=100),
        Column[Finding](
            t("findings_page.ground"), lambda row: row.ground, Kind.STATE, "ground", GROUNDS, 160
        ),
        Column[Finding](
            t("findings_page.tier"), lambda row: row.tier, Kind.STATE, "tier", TIERS, 90
        ),
        Column[Finding](
            t("findings_page.state"),
            lambda row: row.state, Kind.STATE, "finding_state", FINDINGS, 110,
        ),
        Column[Finding](
            t("findings_page.due"), lambda row: row.look_due_at, Kind.DUE, width=150
        ),
    ]  # fmt: skip


def bulk(chosen: list[UUID]) -> None:
    def confirm(_reason: str) -> str:
        done = confirm_findings(desk, chosen)
        refused = [refusal_text(looked.refusal) for looked in done if looked.refusal]
        st.session_state["findings:refused"] = refused
        good = sum(looked.refusal is None for looked in done)
        return t("findings_page.confirmed_n", n=good, refused=len(done) - good)

    for refused in st.session_state.pop("findings:refused", []):
        st.warning(refused)
    if not chosen:
        st.caption(t("findings_page.choose"))
    move = Next(
        "confirm_all",
        t("findings_page.confirm_n", n=len(chosen)),
        t("findings_page.confirm_will"),
        confirm,
        P.FINDING_CONFIRM,
        is_open=bool(chosen),
        icon=":material/done_all:",
        main=True,
    )
    next_moves(desk, [move], "findings")


def show_finding(finding_id: str) -> None:
    record = finding_record(desk, finding_id)
    finding, shop = record.finding, record.shop
    with record_head(
        finding.number, shop.name, area="finding_state", state=finding.state, tones=FINDINGS
    ):
        next_moves(desk, moves(record), finding.id)
    seen = evidence_of(desk, finding.id) if desk.actor.may(P.EVIDENCE_READ) else None
    left, right = two_columns()
    with left:
        if finding.merged_into_id is not None:
            st.info(t("finding_page.merged_into"), icon=":material/merge:")
        finding_parts.pills(finding)
        finding_parts.because(finding)
        finding_parts.offers(finding)
        finding_parts.alike(finding)
        finding_parts.badges(finding)
        show_facts(record)
        show_offer_links(desk, finding)
        if seen is not None:
            show_evidence(seen)
    with right:
        links(record)
        finding_parts.risk(finding)
        if seen is not None:
            evidence_parts.stamps(seen.stamps)
        timeline(record.deeds)
        if seen is not None:
            evidence_parts.custody(seen.custody)


def show_facts(record: FindingRecord) -> None:
    finding, shop = record.finding, record.shop
    facts(
        {
            t("findings_page.shop_key"): f"{shop.platform} {shop_number(shop.shop_key)}",
            t("findings_page.shop_state"): t(f"shop_state.{shop.state}"),
            t("findings_page.due"): last_day(finding.look_due_at),
            t("findings_page.found_at"): moment(finding.created_at),
            t("findings_page.register"): record.run.register_sha256 if record.run else "",
            t("findings_page.reason"): finding.reason,
        }
    )


def show_evidence(seen: EvidenceView) -> None:
    section(t("findings_page.evidence"), t("findings_page.evidence_hint"))
    if not seen.captures:
        empty(t("finding_page.no_captures"), t("finding_page.no_captures_next"))
        return
    st.link_button(
        t("finding_page.pack"), seen.pack_link, icon=":material/folder_zip:", type="primary"
    )
    evidence_parts.screenshot(seen)
    evidence_parts.seen_pictures(seen.pictures)
    evidence_parts.captures(seen)


def links(record: FindingRecord) -> None:
    with st.container(gap=None):
        link_to(record.shop.name, "shops", record.shop.id, key="to:shop")
        if record.run is not None:
            link_to(record.run.number, "patrols", record.run.id, key="to:run")
        if record.check is not None:
            link_to(record.check.number, "spot_checks", record.check.id, key="to:check")
        if record.finding.case_id is not None:
            link_to(t("findings_page.case"), "cases", record.finding.case_id, key="to:case")
        if record.finding.merged_into_id is not None:
            words = t("finding_page.goes_on")
            link_to(words, "findings", record.finding.merged_into_id, key="to:merged")
    if record.merged:
        st.markdown(f"**{t('finding_page.merged')}**")
        for one in record.merged:
            words = f"{one.number} {t(f'ground.{one.ground}')}"
            link_to(words, "findings", one.id, key=f"to:{one.id}")
    if record.earlier:
        st.markdown(f"**{t('triage_page.earlier')}**")
        for one in record.earlier[:5]:
            words = f"{one.number} · {t(f'finding_state.{one.state}')}"
            link_to(words, "findings", one.id, key=f"to:earlier:{one.id}")


def moves(record: FindingRecord) -> list[Next]:
    finding = record.finding
    return [*_judging(finding), *_going_on(finding), *offer_moves(desk, record)]


def _judging(finding: Finding) -> list[Next]:
    """The second look, by another than who found it."""
    is_open = FindingMove.CONFIRM in finding.open_moves() and finding.merged_into_id is None
    other = finding.found_by is None or finding.found_by != desk.actor.id

    def tier_choice(key: str) -> str:
        tiers = [tier.value for tier in Tier if tier >= finding.tier]
        chosen = st.selectbox(
            t("findings_page.tier"), tiers, key=key, format_func=lambda one: t(f"tier.{one}")
        )
        return chosen or ""

    def confirm(tier: str) -> None:
        confirm_finding(desk, finding.id, tier=Tier(tier), version=finding.version)

    def dismiss(reason: str) -> None:
        dismiss_finding(desk, finding.id, reason, version=finding.version)

    def no_cards(reason: str) -> None:
        dismiss_finding(desk, finding.id, reason, sells_no_cards=True, version=finding.version)

    if is_open and not other and desk.actor.may(P.FINDING_CONFIRM):
        st.caption(t("findings_page.own"))
    is_open = is_open and other
    return [
        Next("confirm", t("findings_page.confirm"), t("findings_page.confirm_will"), confirm,
             P.FINDING_CONFIRM, is_open=is_open, ask=tier_choice, icon=":material/check_circle:",
             main=True),
        Next("dismiss", t("findings_page.dismiss"), t("findings_page.dismiss_will"), dismiss,
             P.FINDING_CONFIRM, is_open=is_open, reason=True, icon=":material/cancel:"),
        Next("no_cards", t("findings_page.no_cards"), t("findings_page.no_cards_will"), no_cards,
             P.FINDING_CONFIRM, is_open=is_open, reason=True, icon=":material/block:"),
    ]  # fmt: skip


def _going_on(finding: Finding) -> list[Next]:
    """Out of the finding that it was merged into, or into a case."""

    def take_out(_reason: str) -> str:
        unmerge(desk, finding.id)
        return t("finding_page.unmerged")

    def likely_case(_key: str) -> str:
        show_similar(desk, [finding.id])
        return "seen"

    def to_case(_reason: str) -> None:
        case = open_case(desk, [finding.id])
        flash(t("findings_page.opened", reference=case.reference))
        open_record("cases", case.id)

    return [
        Next("unmerge", t("finding_page.unmerge"), t("finding_page.unmerge_will"), take_out,
             P.FINDING_CONFIRM, is_open=finding.merged_into_id is not None,
             icon=":material/call_split:"),
        Next("open_case", t("findings_page.open_case"), t("findings_page.open_case_will"), to_case,
             P.CASE_OPEN, ask=likely_case, icon=":material/gavel:", main=True,
             is_open=desk.actor.sees_channels and FindingMove.TO_CASE in finding.open_moves()),
    ]  # fmt: skip


desk = my_desk()
list_or_record(show_list, show_finding)
