"""What a run page shows: how far it is, what is left at each stage, what failed, what was drawn."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from console.i18n import t
from console.pages.frame import plain, said
from console.pages.kit import (
    empty,
    facts,
    figures,
    funnel_chart,
    moment,
    progress_of,
    section,
    state_pill,
)
from console.pages.kit.layout import box
from console.pages.patrol_words import STAMPS
from models.patrol.custody import EvidenceStamp
from models.patrol.runs import PatrolRun

LINKS_SHOWN: Final = 8


def phases(counts: Mapping[str, tuple[int, int]], run: PatrolRun, now: float) -> None:
    """A bar per phase that has work; `counts` are done and all, in the order of the phases."""
    with box("kit_phases", border=True, gap="small"):
        for name, (done, all_) in counts.items():
            if all_:
                progress_of(done, all_, t(f"run_phase.{name}"))
        own = [one for name, one in counts.items() if name != "checklists"]
        done, all_ = sum(one for one, _ in own), sum(one for _, one in own)
        st.caption(pace(done, all_, run, now) if done < all_ else t("run_page.machine_done"))


def pace(done: int, all_: int, run: PatrolRun, now: float) -> str:
    """Steps a minute since it began, and how long the rest takes at that."""
    if run.started_at is None or not done:
        return t("run_page.no_pace")
    minutes = max((now - run.started_at.timestamp()) / 60, 1 / 60)
    each = done / minutes
    left = round((all_ - done) / each)
    return t("run_page.pace", n=f"{each:.1f}", left=left)


def headline(run: PatrolRun) -> None:
    names = ("listings", "cards", "shops", "findings")
    hints = {t(f"patrols_page.{name}"): t(f"run_page.{name}_are") for name in names}
    figures({t(f"patrols_page.{name}"): getattr(run, name) for name in names}, hints)


def funnel(stages: Mapping[str, int], key: str) -> None:
    """Pages, listings, flagged, shops, findings: how many are left after each."""
    if any(stages.values()):
        named = {t(f"run_stage.{name}"): count for name, count in stages.items()}
        funnel_chart(t("run_page.funnel"), named, key=key, hint=t("run_page.funnel_hint"))


def news(run: PatrolRun, flagged: int) -> None:
    """New against the run before."""
    if not flagged:
        return
    words = t("run_page.news", news=f"{run.news:,}", all=f"{flagged:,}")
    st.markdown(f":blue[:material/auto_awesome:] {words}")


def dismissed(count: int) -> None:
    """What was seen again as people had dismissed it, so that nobody wonders where it is."""
    if count:
        st.caption(f":material/do_not_disturb_on: {t('run_page.dismissed', n=f'{count:,}')}")


def faults(run: PatrolRun) -> None:
    """What could not be read, by the reason's word: how often, and which addresses."""
    if not run.fault_count:
        empty(t("patrols_page.no_faults"), t("patrols_page.no_faults_next"))
        return
    section(t("patrols_page.faults_of", n=run.fault_count, shown=len(run.faults)))
    by_word: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for fault in run.faults:
        by_word[fault["word"]].append(fault)
    for word, alike in sorted(by_word.items(), key=lambda one: -len(one[1])):
        title = said(f"fault_word.{word}", word.replace("_", " "))
        with st.expander(f"**{plain(title)}** · {len(alike)}", icon=":material/warning:"):
            _alike(alike)


def _alike(alike: Sequence[Mapping[str, Any]]) -> None:
    for fault in alike[:LINKS_SHOWN]:
        with st.container(gap=None):
            st.markdown(_fault_words(fault))
            if fault["url"]:
                st.code(fault["url"], language=None, wrap_lines=True)
    if len(alike) > LINKS_SHOWN:
        st.caption(t("run_page.more_faults", n=len(alike) - LINKS_SHOWN))


def _fault_words(fault: Mapping[str, Any]) -> str:
    words = said(f"source_fault.{fault['word']}", "")
    try:
        text = words.format(**{name: plain(one) for name, one in fault["facts"].items()})
    except (KeyError, IndexError):
        text = ""
    return text or plain(fault["word"])


def evidence(run: PatrolRun, stamp: EvidenceStamp | None) -> None:
    """The list of all that was kept, and the outside clock's word on it."""
    section(t("run_page.evidence"), t("run_page.evidence_hint"))
    with box("kit_evidence", border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if stamp is None:
                st.badge(t("run_page.no_stamp"), icon=":material/timer_off:", color="gray")
            else:
                state_pill("stamp_state", stamp.state, STAMPS)
                st.caption(plain(f"{stamp.tsa} · {moment(stamp.stamped_at)}"), width="content")
        if stamp is not None and stamp.problem:
            st.caption(f":material/warning: {plain(stamp.problem)}")
        facts(
            {
                t("run_page.index"): run.evidence_index,
                t("patrols_page.register"): run.register_sha256,
                t("run_page.engine"): run.engine,
                t("run_page.pictures"): f"{run.pictures:,}",
            }
        )


def draw(run: PatrolRun) -> None:
    """How the shops for the checklist were drawn, so that anybody can draw them again."""
    section(t("run_page.draw"), t("run_page.draw_hint"))
    if not run.share:
        st.caption(t("run_page.not_drawn"))
        return
    facts(
        {
            t("run_page.share"): f"{run.share} %",
            t("run_page.due"): moment(run.due_at),
            t("run_page.review_due"): moment(run.review_due_at),
        }
    )
    st.caption(t("run_page.seed"))
    st.code(run.seed, language=None, wrap_lines=True)
