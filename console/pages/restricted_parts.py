"""Restricted parties on the blacklist's page: the list, one of them, and the form."""

from datetime import date

import streamlit as st

from console.actions.channel.restricted import (
    RestrictedForm,
    add_restricted,
    lift_restricted,
    list_restricted,
    restricted_record,
)
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import FIRST_DAY, LAST_DAY
from console.pages.channel_words import TONES, move_of
from console.pages.frame import refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    cursor,
    day,
    empty,
    facts,
    flash,
    list_tools,
    next_moves,
    pager,
    record_head,
    record_table,
    timeline,
    two_columns,
)
from models.channel.restricted import RestrictedParty
from models.permissions import Permission
from models.rules import china_day

VIEW = "restricted"


def adding(desk: Desk) -> None:
    round_ = int(st.session_state.get("restricted:round", 0))
    key = f"restricted:add:{round_}"
    with st.popover(t("blacklist_parts.add_restricted"), icon=":material/gavel:", key=key):
        words = {
            name: st.text_input(t(f"blacklist_parts.{name}"), key=f"{key}:{name}", max_chars=most)
            for name, most in (
                ("name", 200), ("uscc", 24), ("authority", 200), ("document_no", 64),
                ("basis", 500), ("appeal_to", 500),
            )
        }  # fmt: skip
        begins = _day(t("blacklist_parts.begins"), f"{key}:begins", china_day(desk.now()))
        until = _day(t("blacklist_parts.until"), f"{key}:until", None)
        if not st.button(
            t("blacklist_parts.add_restricted"), key="restricted:sure", type="primary"
        ):
            return
        if begins is None or until is None:
            st.error(t("console.fill_in"))
            return
        with refusals_shown():
            row = add_restricted(desk, RestrictedForm(**words, begins_on=begins, until=until))
            st.session_state["restricted:round"] = round_ + 1
            flash(t("blacklist_parts.added", name=row.name))
            st.query_params["party"] = str(row.id)
            st.rerun()


def _day(label: str, key: str, first: date | None) -> date | None:
    chosen = st.date_input(label, first, key=key, min_value=FIRST_DAY, max_value=LAST_DAY)
    return chosen if isinstance(chosen, date) else None


def show_parties(desk: Desk, words: str, *, live: bool) -> None:
    list_tools(desk, "blacklist")
    found = list_restricted(desk, words, live=live, after=cursor("restricted", words, live))
    if not found.rows:
        empty(t("blacklist_parts.none"), t("blacklist_parts.none_next"))
        return
    today = china_day(desk.now())
    columns = [
        Column[RestrictedParty](t("blacklist_parts.name"), lambda row: row.name, width=220),
        Column[RestrictedParty](t("blacklist_page.uscc"), lambda row: row.uscc, width=180),
        Column[RestrictedParty](
            t("blacklist_page.state"),
            lambda row: row.state_on(today),
            Kind.STATE,
            "blacklist_state",
            TONES,
            100,
        ),
        Column[RestrictedParty](
            t("blacklist_parts.authority"), lambda row: row.authority, width=180
        ),
        Column[RestrictedParty](
            t("blacklist_parts.document_no"), lambda row: row.document_no, width=150
        ),
        Column[RestrictedParty](t("blacklist_parts.begins"), lambda row: row.begins_on, Kind.DATE),
        Column[RestrictedParty](t("blacklist_page.until"), lambda row: row.until, Kind.DATE),
    ]
    record_table(found.rows, columns, key="restricted", opens=False)
    pager(found, "restricted")
    names = {str(row.id): f"{row.name} {row.document_no}" for row in found.rows}
    chosen = st.selectbox(
        t("appeals_page.open_subject"),
        list(names),
        index=None,
        key="restricted:open",
        format_func=names.__getitem__,
        placeholder=t("appeals_page.open_subject"),
    )
    if chosen is not None:
        st.query_params["party"] = chosen
        st.rerun()


def show_party(desk: Desk, party_id: str) -> None:
    record = restricted_record(desk, party_id)
    row = record.party
    state = row.state_on(china_day(desk.now()))
    with record_head(row.document_no, row.name, area="blacklist_state", state=state, tones=TONES):
        if desk.actor.is_house or row.carrier_id in desk.actor.carriers:
            lift = move_of(
                "blacklist_parts.lift",
                lambda why: lift_restricted(desk, row.id, why),
                Permission.BLACKLIST_EDIT,
                "lock_open",
                when=row.lifted_at is None,
                reason=True,
            )
            next_moves(desk, [lift], row.id)
    left, right = two_columns()
    with left:
        facts(
            {
                t("blacklist_page.carrier"): record.carrier.name,
                t("blacklist_page.uscc"): row.uscc,
                t("blacklist_parts.authority"): row.authority,
                t("blacklist_parts.basis"): row.basis,
                t("blacklist_parts.begins"): day(row.begins_on),
                t("blacklist_page.until"): day(row.until),
                t("blacklist_parts.appeal_to"): row.appeal_to,
                t("blacklist_page.lifted"): day(row.lifted_at),
            }
        )
    with right:
        timeline(record.deeds)
