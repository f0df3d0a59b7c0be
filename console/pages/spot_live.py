"""Cards as they come in: one look at the database twice a second while a session lasts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast
from uuid import UUID

import streamlit as st

from console.actions.checks.spot_live import LiveRead, Pulse, newest_reads, pulse_of
from console.desk import Desk
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import CHINA, moment
from console.pages.kit.layout import box
from console.pages.spot_trace import show_way
from console.pages.spot_words import document_word, is_running, read_word, what_now
from models.channel.agents import Agent
from models.channel.shops import AuthorisedShop
from models.checks.reads import CardRead, Chain, ReadKind
from models.checks.spot_checks import SpotCheck

EVERY: Final = 0.4
"""Seconds: a card shows within one of them, whatever the run itself takes."""
_KEPT: Final = "spot:live"
_SIGNS: Final = {
    ReadKind.SIM: ":material/sim_card:",
    ReadKind.ID: ":material/badge:",
    ReadKind.FAULT: ":material/warning:",
}


def show_live(desk: Desk, check: SpotCheck) -> None:
    """A session that goes on is watched; one that is over is shown once."""
    every = EVERY if is_running(check.session_until, desk.now()) else None
    st.fragment(_following, run_every=every)(check)


def _following(check: SpotCheck) -> None:
    with refusals_shown():
        desk = my_desk()  # the rights of the moment, and not those when the page was drawn
        pulse, now = pulse_of(desk, check.id), desk.now()
        if pulse.version != check.version or _ended(check, pulse, now):
            st.rerun(scope="app")
        _draw(desk, check, pulse, now)


def _ended(check: SpotCheck, pulse: Pulse, now: datetime) -> bool:
    """It was going on when this fragment began to watch, and no more is: the page comes anew."""
    watched = st.session_state.get(f"{_KEPT}:running") == check.id
    st.session_state[f"{_KEPT}:running"] = check.id if is_running(pulse.until, now) else None
    return watched and not is_running(pulse.until, now)


def _draw(desk: Desk, check: SpotCheck, pulse: Pulse, now: datetime) -> None:
    reads = _reads(desk, check.id, pulse)
    with box("kit_live", border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{t('spot_live.title')}**", width="stretch")
            if pulse.until is not None and is_running(pulse.until, now):
                left = int((pulse.until - now).total_seconds())
                clock = t("spot_live.left", minutes=left // 60, seconds=f"{left % 60:02}")
                st.badge(clock, icon=":material/timer:", color="blue")
            else:
                st.badge(t("spot_live.ended"), icon=":material/timer_off:", color="gray")
        came = [one.read for one in reads]
        st.markdown(f":material/arrow_forward: **{plain(what_now(check, pulse, came, now))}**")
        for one in reads:
            _row(one.read)
            if one.trace is not None:
                show_way(
                    one.trace.as_row(), shop=_name(one.trace.shop), agent=_name(one.trace.agent)
                )
        if not reads:
            st.caption(t("spot_live.none"))


def _reads(desk: Desk, check_id: UUID, pulse: Pulse) -> Sequence[LiveRead]:
    """Asked for again only when there are others."""
    print_ = (check_id, pulse.reads, pulse.newest)
    kept = st.session_state.get(_KEPT)
    if kept is not None and kept[0] == print_:
        return cast("Sequence[LiveRead]", kept[1])
    reads: Sequence[LiveRead] = newest_reads(desk, check_id) if pulse.reads else ()
    st.session_state[_KEPT] = (print_, reads)
    return reads


def _name(row: AuthorisedShop | Agent | None) -> str:
    return row.name if row else ""


def _row(read: CardRead) -> None:
    with box(f"kit_read_{_look(read)}", gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            words = document_word(read) if read.kind is ReadKind.ID else read_word(read)
            st.markdown(f"{_SIGNS[read.kind]} **{plain(words)}**", width="stretch")
            st.caption(f"{read.captured_at.astimezone(CHINA):%H:%M:%S}", width="content")
        st.caption(plain(" · ".join(_about(read))))


def _look(read: CardRead) -> str:
    return "fault" if read.kind is ReadKind.FAULT else read.state.value


def _about(read: CardRead) -> list[str]:
    """How it was read, and what of it asks for a second look."""
    reader = str(read.reader.get("name", ""))
    told = [t(f"read_kind.{read.kind}"), t(f"read_state.{read.state}"), reader]
    if read.reader.get("virtual"):
        told.append(t("spot_live.virtual"))
    if read.is_offline:
        told.append(t("spot_live.offline", at=moment(read.received_at)))
    if read.chain is not Chain.WHOLE:
        told.append(t(f"read_chain.{read.chain}"))
    return [word for word in told if word]
