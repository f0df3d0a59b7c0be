"""What explains a finding: its words, whose name or number, its badges, its risk."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import streamlit as st

from console.i18n import listed, t
from console.pages.frame import plain, said
from console.pages.kit import facts, marked, state_pill, words_of
from console.pages.kit.layout import box
from console.pages.offer_parts import why
from console.pages.patrol_words import FINDINGS, GROUNDS, LABELS, TIERS, VERDICTS
from models.patrol.findings import Finding
from models.patrol.screening.labels import OfferKind

Told = Sequence[Mapping[str, Any]]


def of(finding: Finding, name: str) -> Told:
    """A list among the finding's facts; an older finding may lack it."""
    found = finding.facts.get(name)
    return cast("Told", found) if isinstance(found, list) else ()


def pills(finding: Finding, *, with_state: bool = False) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if with_state:
            state_pill("finding_state", finding.state, FINDINGS)
        state_pill("tier", finding.tier, TIERS)
        state_pill("ground", finding.ground, GROUNDS)
        st.badge(t("finding_page.risk", n=finding.risk), icon=":material/speed:", color="gray")
        if finding.is_new:
            st.badge(t("offer.new"), icon=":material/auto_awesome:", color="blue")
        if finding.facts.get("unsure"):
            st.badge(t("finding_page.unsure"), icon=":material/help:", color="violet")


def because(finding: Finding) -> None:
    """In a sentence what it rests on; then whose number, and what it has to lead to."""
    words = said(f"basis.{finding.basis}", "") if finding.basis else ""
    if words:
        st.markdown(f":material/gavel: {words}")
    number, holder = finding.claimed_number, finding.facts.get("holder")
    shown = {
        t("findings_page.claimed"): number,
        t("finding_page.holder"): holder,
        t("findings_page.kind"): t(f"finding_kind.{finding.kind}"),
        t("finding_page.outcomes"): outcomes(finding),
        t("finding_page.broken"): listed(
            t(f"check_rule.{one['rule']}") for one in of(finding, "answers")
        ),
    }
    facts({label: value for label, value in shown.items() if value})
    if finding.facts.get("cannot_be_lowered"):
        st.caption(f":material/lock: {t('finding_page.not_lowered')}")


def outcomes(finding: Finding) -> str:
    words = finding.facts.get("outcomes")
    known = cast("Sequence[str]", words) if isinstance(words, list) else ()
    return listed(t(f"outcome.{one}") for one in known)


def offers(finding: Finding, most: int = 5) -> None:
    """The offers that weigh most, each with the words that counted marked."""
    for one in of(finding, "offers")[:most]:
        with box("kit_offer", border=True, gap="small"):
            st.markdown(marked(str(one["title"]), words_of(one["reasons"])))
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                state_pill("label", str(one["label"]), LABELS)
                if one["kind"] != OfferKind.OTHER:
                    st.badge(t(f"offer_kind.{one['kind']}"), color="gray")
                st.caption(t("offer.risk", n=one["severity"]), width="content")
            why(one["reasons"])


def alike(finding: Finding) -> None:
    """Agents for whom the shop may want to be taken; that explains, and accuses nobody."""
    found = of(finding, "alike")
    if not found:
        return
    st.markdown(f"**{t('finding_page.alike')}**")
    with box("kit_list", border=True):
        for one in found:
            with box("kit_line", horizontal=True, vertical_alignment="center", gap="medium"):
                st.markdown(f"**{plain(one['agent_name'])}**  {plain(one['agent_no'])}",
                            width="stretch")  # fmt: skip
                reason = said(f"name_reason.{one['reason']}", "")
                st.caption(f"{float(one['likeness']):.0%} · {reason}", width="content")


def badges(finding: Finding) -> None:
    """Badges that the shop shows, with their verdicts."""
    found = of(finding, "badges")
    if not found:
        return
    st.markdown(f"**{t('finding_page.badges')}**")
    with box("kit_list", border=True):
        for one in found[:6]:
            with box("kit_line", horizontal=True, vertical_alignment="center", gap="medium"):
                state_pill("verdict", str(one["verdict"]), VERDICTS)
                st.caption(plain(one.get("agent_no") or t("finding_page.no_number")))


def risk(finding: Finding) -> None:
    """The parts of its risk, the heaviest first."""
    parts = of(finding, "risk")
    if parts:
        st.caption(t("finding_page.risk_of", n=finding.risk))
        named = [(said(f"risk_reason.{one['reason']}", ""), one["points"]) for one in parts]
        st.markdown(" ".join(f":gray-badge[{reason} +{points}]" for reason, points in named))
