"""Notices as threads: what was asked, by when, what both sides wrote, and what either may do."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from console.actions.cases.lists import CaseRecord
from console.desk import Desk
from console.i18n import t
from console.pages.case_words import LATE, NOTICES, OUTCOMES
from console.pages.frame import plain
from console.pages.kit import (
    Absent,
    facts,
    last_day,
    left_until,
    link_to,
    moment,
    section,
    state_pill,
)
from console.pages.kit.layout import box
from console.pages.kit.words import BadgeColour
from console.pages.moves.notices import is_ours, notice_moves
from models.cases.extensions import Extension, ExtensionState
from models.cases.notices import Answer, Message, Notice, NoticeState, Proof

_COLOURS: Final[Mapping[ExtensionState, BadgeColour]] = {
    ExtensionState.ASKED: "violet",
    ExtensionState.GRANTED: "green",
    ExtensionState.REFUSED: "gray",
}


def show_notices(desk: Desk, record: CaseRecord, names: dict[str, str]) -> Absent | None:
    """A case's notices; its own people see their dates in a line, who they went to in full."""
    if not record.notices:
        return Absent(t("case_page.notices"))
    section(t("case_page.notices"))
    for one in record.notices:
        with box("kit_notice", border=True):
            notice_head(desk, one.notice)
            if desk.actor.platform is None:
                _dates(desk, one.notice, names)
            else:
                platform = names.get(one.notice.platform, one.notice.platform)
                notice_facts(desk, one.notice, {t("case_page.platform"): platform})
            with st.expander(plain(one.notice.subject)):
                st.code(one.notice.body, language=None, wrap_lines=True)
            notice_talk(desk, one.notice, one.answers, one.proofs, one.messages)
            notice_moves(desk, one.notice, one.answers)
            link_to(t("notices_page.whole"), "notices", one.notice.id, key=f"n:{one.notice.id}")
    return None


def _dates(desk: Desk, notice: Notice, names: dict[str, str]) -> None:
    """To whom, when it came, by when the next word is due; why the administrations were told."""
    told = [names.get(notice.platform, notice.platform)]
    for label, at in (
        ("case_page.sent", notice.sent_at),
        ("case_pages.acknowledged", notice.acknowledged_at),
    ):
        if at is not None:
            told.append(f"{t(label)} {moment(at)}")
    if notice.answer_due_at is not None:
        told.append(f"{t('case_page.answer_due')} {last_day(notice.answer_due_at)}")
    if notice.escalated_ground:
        told.append(t(f"notice_ground_told.{notice.escalated_ground}"))
    st.caption(" · ".join(plain(one) for one in told))
    _last_words(desk, notice)


def notice_head(desk: Desk, notice: Notice) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(notice.number)}**", width="content")
        state_pill("notice_state", notice.state, NOTICES)
        notice_badges(desk, notice)


def notice_badges(desk: Desk, notice: Notice) -> None:
    """The timer that runs, lateness, how it went, whether the administrations are told."""
    runs = {
        NoticeState.SENT: notice.acknowledge_due_at,
        NoticeState.ACKNOWLEDGED: notice.answer_due_at,
    }.get(notice.state)
    late = notice.is_overdue(desk.now())
    if runs is not None:
        st.badge(
            f"{last_day(runs)} · {left_until(runs, desk.now())}",
            icon=":material/timer:",
            color="red" if late else "blue",
        )
    if late:
        st.markdown(LATE.format(word=t("case_page.late")), width="content")
    st.badge(t(f"notice_channel.{notice.channel}"), color="gray")
    if notice.reminders:
        st.badge(t("notices_page.reminded", n=notice.reminders), icon=":material/campaign:",
                 color="orange")  # fmt: skip
    if notice.escalated_at is not None:
        st.badge(t("case_pages.escalated"), icon=":material/priority_high:", color="red")


def notice_facts(desk: Desk, notice: Notice, between: Mapping[str, str]) -> None:
    """Its dates, after whom it is between."""
    pairs: dict[str, object] = {
        **between,
        t("case_page.sent"): moment(notice.sent_at),
        t("case_page.acknowledge_due"): last_day(notice.acknowledge_due_at),
        t("case_page.answer_due"): last_day(notice.answer_due_at),
        t("case_pages.acknowledged"): moment(notice.acknowledged_at),
        t("case_page.receipt"): notice.receipt,
    }
    if notice.escalated_at is not None:
        ground = notice.escalated_ground
        pairs[t("notices_page.escalated_at")] = moment(notice.escalated_at)
        pairs[t("notices_page.escalated_ground")] = (
            t(f"notice_ground_told.{ground}") if ground else ""
        )
    facts(pairs)
    _last_words(desk, notice)


def _last_words(desk: Desk, notice: Notice) -> None:
    """What the other side's server said when it was last told."""
    if notice.last_words and is_ours(desk, notice):
        st.caption(t("case_page.last_words"))
        st.code(notice.last_words, language=None)


def notice_talk(
    desk: Desk,
    notice: Notice,
    answers: Sequence[Answer],
    proofs: Sequence[Proof],
    messages: Sequence[Message],
) -> None:
    """What was answered and written, in the order of time, each side by its name."""
    ours = set(desk.actor.organisations)
    for said in sorted([*answers, *messages], key=lambda one: (one.at, one.id)):
        if isinstance(said, Message):
            side = "notices_page.we" if said.organisation_id in ours else "notices_page.they"
            with box("kit_said", gap=None):
                st.caption(f"{moment(said.at)} · {plain(said.author)} · {t(side)}")
                st.markdown(_quoted(said.text))
        else:
            _answer(said, proofs)
    if not answers and notice.state in {NoticeState.SENT, NoticeState.ACKNOWLEDGED}:
        st.caption(t("case_page.waits"))


def _answer(given: Answer, proofs: Sequence[Proof]) -> None:
    with box("kit_said", gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            state_pill("answer_outcome", given.outcome, OUTCOMES)
            if given.is_late:
                st.badge(t("case_pages.late_answer"), color="gray")
            st.caption(f"{moment(given.at)} · {plain(given.answered_by)}", width="content")
        if given.words_given:
            st.markdown(_quoted(given.words_given))
        with st.container(horizontal=True, gap="small"):
            for proof in proofs:
                if proof.answer_id == given.id:
                    label = f"{plain(proof.name)} · {_size(proof.size)}"
                    st.link_button(label, f"/files/proofs/{proof.id}",
                                   icon=":material/attach_file:")  # fmt: skip


def _size(count: int) -> str:
    """In kilobytes from one of them on; a small file is not none at all."""
    return f"{count / 1024:,.0f} KB" if count >= 1024 else f"{count} B"  # noqa: PLR2004


def notice_extensions(extensions: Sequence[Extension]) -> None:
    if not extensions:
        return
    section(t("notices_page.extensions"))

    with box("kit_list", border=True):
        for one in extensions:
            with box("kit_line", gap=None):
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    st.badge(t(f"extension_state.{one.state}"), color=_COLOURS[one.state])
                    st.markdown(f"{last_day(one.old_due_at)} → {last_day(one.new_due_at)}",
                                width="content")  # fmt: skip
                    st.caption(moment(one.asked_at), width="content")
                st.caption(" · ".join(filter(None, [plain(one.reason), plain(one.answer)])))


def _quoted(words: str) -> str:
    """As it was written, every paragraph of it."""
    return "\n".join(f"> {line}" for line in plain(words).splitlines())
