"""The blacklist: firms that the carrier's group admits no more; put one on it, take one off."""

from datetime import date

import streamlit as st

from console.actions.channel.blacklist import (
    blacklist_firm,
    blacklist_person,
    blacklist_record,
    lift_from_blacklist,
    list_blacklist,
)
from console.actions.staff.people import named_organisations
from console.i18n import t
from console.pages import barred_parts, restricted_parts
from console.pages.channel_forms import FIRST_DAY, LAST_DAY
from console.pages.channel_words import TONES, move_of
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    cursor,
    day,
    empty,
    facts,
    filters,
    flag,
    flash,
    list_or_record,
    list_tools,
    next_moves,
    open_record,
    page_head,
    pager,
    record_head,
    record_table,
    search,
    timeline,
    two_columns,
    view,
)
from console.pages.restricted_parts import VIEW
from models.channel.agents import Blacklisted
from models.permissions import Permission
from models.rules import china_day
from models.staff import CARRIERS

P = Permission


def show_list() -> None:
    with page_head(t("blacklist_page.title"), t("blacklist_page.hint")):
        if desk.actor.may(P.BLACKLIST_EDIT) and desk.actor.kind in CARRIERS:
            adding()
            restricted_parts.adding(desk)
            barred_parts.bringing(desk)
    parts = {
        "firms": t("blacklist_parts.firms"),
        VIEW: t("blacklist_parts.restricted"),
        barred_parts.VIEW: t("barred_page.lists"),
    }
    part = view(parts)
    if part == barred_parts.VIEW:
        with refusals_shown():
            barred_parts.show_lists(desk)
        return
    with filters():
        words = search(t("blacklist_page.search"))
        live = flag("only", t("blacklist_page.only"))
    with refusals_shown():
        if part == VIEW:
            restricted_parts.show_parties(desk, words, live=live)
        else:
            show_rows(words, live=live)
    barred_parts.giving_out()


def adding() -> None:
    round_ = int(st.session_state.get("blacklist:round", 0))
    key = f"blacklist:add:{round_}"
    with st.popover(t("blacklist_page.add"), icon=":material/add:", type="primary", key=key):
        name = st.text_input(t("blacklist_page.name"), key=f"{key}:name", max_chars=200)
        uscc = st.text_input(t("blacklist_page.uscc"), key=f"{key}:uscc", max_chars=24)
        person = st.text_input(
            t("blacklist_parts.person"),
            key=f"{key}:person",
            max_chars=64,
            help=t("blacklist_parts.person_help"),
        )
        alone = st.checkbox(t("blacklist_parts.person_only"), key=f"{key}:alone")
        reason = st.text_area(t("blacklist_page.reason"), key=f"{key}:reason", max_chars=500)
        source = st.text_input(t("blacklist_page.source"), key=f"{key}:source", max_chars=200)
        until = st.date_input(
            t("blacklist_page.until"),
            None,
            key=f"{key}:until",
            min_value=FIRST_DAY,
            max_value=LAST_DAY,
            help=t("blacklist_page.until_help"),
        )
        if not st.button(t("blacklist_page.add"), key="blacklist:add:sure", type="primary"):
            return
        whom = person.strip() if alone else name.strip() and uscc.strip()
        if not (whom and reason.strip() and source.strip()):
            st.error(t("console.fill_in"))
            return
        with refusals_shown():
            last = until if isinstance(until, date) else None
            said = {"person": person, "reason": reason, "source": source}
            row = (
                blacklist_person(desk, **said, until=last)
                if alone
                else blacklist_firm(desk, uscc=uscc, name=name, **said, until=last)
            )
            st.session_state["blacklist:round"] = round_ + 1
            flash(t("blacklist_page.added", name=row.name))
            open_record(None, row.id)


def show_rows(words: str, *, live: bool) -> None:
    list_tools(desk, "blacklist")
    found = list_blacklist(desk, words, live=live, after=cursor("blacklist", words, live))
    if not found.rows:
        is_filtered = bool(words or live)
        empty(
            t("blacklist_page.none_found" if is_filtered else "blacklist_page.none"),
            t("blacklist_page.none_found_next" if is_filtered else "blacklist_page.none_next"),
        )
        return
    today = china_day(desk.now())
    names = {row.id: row.name for row in named_organisations(desk)}
    columns = [
        Column[Blacklisted](t("blacklist_page.name"), lambda row: row.name, width=240),
        Column[Blacklisted](t("blacklist_page.uscc"), lambda row: row.uscc, width=180),
        Column[Blacklisted](t("blacklist_parts.person"), lambda row: row.person, width=110),
        Column[Blacklisted](
            t("blacklist_page.state"),
            lambda row: row.state_on(today),
            Kind.STATE,
            "blacklist_state",
            TONES,
            100,
        ),
        Column[Blacklisted](t("blacklist_page.reason"), lambda row: row.reason, width=260),
        Column[Blacklisted](
            t("blacklist_page.carrier"), lambda row: names[row.carrier_id], width=160
        ),
        Column[Blacklisted](t("blacklist_page.since"), lambda row: row.created_at, Kind.DATE),
        Column[Blacklisted](t("blacklist_page.until"), lambda row: row.until, Kind.DATE),
    ]
    record_table(found.rows, columns, key="blacklist")
    pager(found, "blacklist")


def show_entry(entry_id: str) -> None:
    record = blacklist_record(desk, entry_id)
    row = record.entry
    state = row.state_on(china_day(desk.now()))
    with record_head(row.uscc, row.name, area="blacklist_state", state=state, tones=TONES):
        if desk.actor.is_house or row.carrier_id in desk.actor.carriers:
            lift = move_of(
                "blacklist_page.lift",
                lambda why: lift_from_blacklist(desk, row.id, why),
                P.BLACKLIST_EDIT,
                "person_add",
                when=row.lifted_at is None,
                reason=True,
            )
            next_moves(desk, [lift], row.id)
    left, right = two_columns()
    with left:
        facts(
            {
                t("blacklist_page.carrier"): record.carrier.name,
                t("blacklist_parts.person"): row.person,
                t("blacklist_page.source"): row.source,
                t("blacklist_page.since"): day(row.created_at),
                t("blacklist_page.until"): day(row.until)
                if row.until
                else t("blacklist_page.no_term"),
                t("blacklist_page.reason"): row.reason,
                t("blacklist_page.lifted"): day(row.lifted_at),
            }
        )
    with right:
        timeline(record.deeds)


desk = my_desk()
if party_id := st.query_params.get("party"):
    with refusals_shown():
        restricted_parts.show_party(desk, party_id)
else:
    list_or_record(show_list, show_entry)
