"""Licences: what waits for approval, what is in force, what runs out, and one with its scope."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import streamlit as st

from console.actions.channel.licences import (
    approve_licences,
    grant_licences,
    licence_record,
    list_licences,
)
from console.actions.channel.renewals import renew_licences
from console.i18n import t
from console.pages.channel_forms import province_word, unpacked
from console.pages.channel_parts import platform_names, show_badges, show_refused, show_shops, told
from console.pages.channel_words import TONES
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    choice,
    cursor,
    empty,
    filters,
    labelled,
    list_or_record,
    list_tools,
    next_moves,
    page_head,
    record_head,
    record_table,
    search,
    timeline,
    two_columns,
)
from console.pages.licence_forms import grant_fields, licence_form
from console.pages.licence_moves import licence_moves
from console.pages.licence_parts import notes, show_facts, show_tellings, show_versions
from models.channel.licences import EXPIRY_WARNINGS, Licence, LicenceState
from models.permissions import Permission
from models.provinces import provinces
from models.rules import china_day

P = Permission
_AHEAD: Final = tuple(warning.days for warning in EXPIRY_WARNINGS)


def show_list() -> None:
    with page_head(t("licences_page.title"), t("licences_page.hint")):
        if desk.actor.may(P.LICENCE_EDIT):
            granting()
    with filters():
        words = search(t("licences_page.search"))
        state = choice(
            "state", t("licence_page.all_states"), labelled("licence_state", list(LicenceState))
        )
        places = {code: province_word(code) for code in provinces()}
        province = choice("province", t("licence_page.province"), places)
        within = {str(days): t(f"licence_page.within_{days}") for days in _AHEAD}
        ends = choice("ends", t("licence_page.ends_within"), within)
    with refusals_shown():
        show_rows(words, state, province, ends)


def show_rows(words: str, state: str | None, province: str | None, ends: str | None) -> None:
    tools = list_tools(desk, "licences")
    found = list_licences(
        desk,
        words,
        state=LicenceState(state) if state else None,
        province=province,
        ends_within=int(ends) if ends else None,
        after=cursor("licences", words, state, province, ends, tools.sort),
        order=tools.order,
    )
    if not found.rows:
        is_filtered = bool(words or state or province or ends)
        texts = "licence_page.none_found" if is_filtered else "licences_page.none"
        empty(t(texts), t(f"{texts}_next"))
        return
    is_acting = desk.actor.may(P.LICENCE_APPROVE) or desk.actor.may(P.LICENCE_EDIT)
    chosen = record_table(found.rows, tools.shown(list_columns()), key="licences", select=is_acting)
    tools.pager(found, "licences")
    if is_acting:
        acting(chosen)


def list_columns() -> list[Column[Licence]]:
    return [
        Column[Licence](t("licences_page.number"), lambda row: row.number, width=210),
        Column[Licence](
            t("agents_page.state"), lambda row: row.state, Kind.STATE, "licence_state", TONES, 110
        ),
        Column[Licence](
            t("licences_page.products"), lambda row: row.products, Kind.WORDS, "product", width=200
        ),
        Column[Licence](
            t("agents_page.province"), lambda row: province_word(row.province), width=110
        ),
        Column[Licence](t("licences_page.begins"), lambda row: row.begins_on, Kind.DATE),
        Column[Licence](t("licences_page.ends"), lambda row: row.ends_on, Kind.DATE),
        Column[Licence](t("licence_page.runs_out"), days_left, Kind.WORDS, width=110),
        Column[Licence](t("licences_page.due"), lambda row: row.approval_due_at, Kind.DUE),
    ]


def days_left(licence: Licence) -> list[str]:
    """A chip for one that runs out within the first warning."""
    left = (licence.ends_on - china_day(desk.now())).days
    if licence.state is not LicenceState.ACTIVE or not 0 <= left <= max(_AHEAD):
        return []
    return [t("licence_page.days_left", n=left)]


def granting() -> None:
    """One scope for several admitted agents."""
    round_ = int(st.session_state.get("licences:round", 0))
    with st.popover(t("licence_page.grant"), icon=":material/library_add:", key="licences:grant"):
        st.markdown(t("licence_page.grant_will"))
        words = grant_fields(desk, f"licences:grant:{round_}")
        if not st.button(t("licence_page.grant"), key="licences:grant:sure", type="primary"):
            return
        if not words:
            st.error(t("console.fill_in"))
            return
        with refusals_shown():
            agents = [UUID(one) for one in unpacked(words)["agents"]]
            done = grant_licences(desk, agents, licence_form(words))
            st.session_state["licences:round"] = round_ + 1
            told(done)


def acting(chosen: Sequence[UUID]) -> None:
    """What may be done to all that are ticked; each is done by itself."""
    if not chosen:
        st.caption(t("licence_page.tick"))
        return
    with st.container(horizontal=True, gap="small"):
        st.markdown(t("agents_page.ticked", n=len(chosen)), width="content")
        may_approve, may_edit = desk.actor.may(P.LICENCE_APPROVE), desk.actor.may(P.LICENCE_EDIT)
        if may_approve and st.button(
            t("licences_page.approve"), key="bulk:approve", type="primary"
        ):
            told(approve_licences(desk, chosen))
        if may_edit and st.button(t("licence_page.renew"), key="bulk:renew"):
            told(renew_licences(desk, chosen))


def show_licence(licence_id: str) -> None:
    record = licence_record(desk, licence_id)
    licence = record.licence
    with record_head(
        licence.number, record.agent.name, area="licence_state", state=licence.state, tones=TONES
    ):
        if desk.actor.is_house or licence.carrier_id in desk.actor.carriers:
            next_moves(desk, licence_moves(desk, record), f"{licence.id}:{licence.version}")
    notes(desk, record)
    left, right = two_columns()
    with left:
        show_facts(record)
        show_shops(
            record.shops, t("licences_page.shops"), key="licence", platforms=platform_names(desk)
        )
        show_badges(record.badges, key="licence")
        show_versions(desk, licence, record.versions)
        show_tellings(record.tellings)
    with right:
        timeline(record.deeds)


desk = my_desk()
show_refused()
list_or_record(show_list, show_licence)
