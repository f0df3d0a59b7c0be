"""Pairing a laptop: a code in large letters, one command, and the moment in which it is there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import streamlit as st

from console.actions.checks.devices import Asked, list_devices
from console.desk import Desk
from console.i18n import t
from console.pages.frame import my_desk, my_house, plain, refusals_shown
from console.pages.kit import flash
from console.pages.kit.layout import box
from models.checks.devices import DeviceState, ReaderDevice

_ASKED: Final = "devices:asked"
_EVERY: Final = 2.0
"""Seconds between two looks for the laptop."""
_NEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """A code that somebody has on their screen."""

    asked: Asked
    since: datetime
    by: UUID | None

    def arrived(self, desk: Desk) -> ReaderDevice | None:
        """The laptop that has used it."""
        rows = list_devices(desk, state=DeviceState.PENDING, limit=_NEWEST).rows
        mine = (row for row in rows if row.asked_by == self.by)
        return next((row for row in mine if row.created_at >= self.since), None)


def keep_code(desk: Desk, asked: Asked) -> None:
    """Of this session alone, until it is put away or past."""
    st.session_state[_ASKED] = Waiting(asked, desk.now(), desk.actor.id)


def waiting_code() -> Waiting | None:
    kept = st.session_state.get(_ASKED)
    return kept if isinstance(kept, Waiting) else None


def show_pairing(desk: Desk) -> None:
    kept = waiting_code()
    if kept is None:
        return
    goes_on = desk.now() < kept.asked.expires_at
    st.fragment(_waiting, run_every=_EVERY if goes_on else None)(kept)


def _waiting(kept: Waiting) -> None:
    with refusals_shown():
        desk = my_desk()
        left = kept.asked.expires_at - desk.now()
        if (device := kept.arrived(desk)) is not None:
            st.session_state.pop(_ASKED, None)
            flash(t("devices_page.arrived", host=plain(device.host)))
            st.rerun(scope="app")
        _draw(kept.asked, left)


def _draw(asked: Asked, left: timedelta) -> None:
    with box("kit_pairing", border=True):
        st.caption(f":material/key: {t('devices_page.code')}")
        if left > timedelta(0):
            st.markdown(f"# {asked.code}")
            words = t("devices_page.code_left", n=-(-int(left.total_seconds()) // 60))
            st.badge(words, icon=":material/timer:", color="blue")
            st.markdown(t("devices_page.code_hint"))
            url = my_house().settings.public_url
            line = f"channel-reader enrol --console {url} --code {asked.code}"
            st.code(line, language="sh", wrap_lines=True)
            st.caption(t("devices_page.code_next"))
        else:
            st.warning(t("devices_page.code_past"), icon=":material/timer_off:")
        st.button(t("devices_page.code_put_away"), key="devices:put_away", on_click=_put_away)


def _put_away() -> None:
    st.session_state.pop(_ASKED, None)
