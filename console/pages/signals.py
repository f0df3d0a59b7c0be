"""Signals: what buyers report and what scans look like, for a patrol to look at."""

from collections.abc import Mapping

import streamlit as st

from console.actions.channel.scan_counts import Series
from console.actions.channel.signals import (
    SignalRecord,
    close_signal,
    list_signals,
    signal_record,
)
from console.i18n import Language, listed, spoken, t
from console.pages.channel_words import move_of
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Tone,
    bar_chart,
    choice,
    cursor,
    empty,
    facts,
    figures_grid,
    filters,
    labelled,
    link_to,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    page_head,
    pager,
    record_head,
    record_table,
    section,
    state_pill,
    timeline,
    two_columns,
)
from models.channel.public import shop_number
from models.channel.signals import Signal, SignalKind, SignalOutcome, SignalState
from models.permissions import Permission
from models.provinces import provinces

P = Permission
STATES: Mapping[str, Tone] = {SignalState.OPEN: Tone.WARNING, SignalState.CLOSED: Tone.OVER}
KINDS: Mapping[str, Tone] = {SignalKind.REPORTED: Tone.WARNING, SignalKind.SCANS: Tone.BUSY}
OUTCOMES: Mapping[str, Tone] = {SignalOutcome.COPIED: Tone.BAD, SignalOutcome.NOTHING: Tone.OVER}
DAYS = 45


def show_list() -> None:
    with page_head(t("signals_page.title"), t("signals_page.hint")):
        pass
    with filters():
        state = choice("state", t("signals_page.state"), labelled("signal_state", [*SignalState]))
        kind = choice("kind", t("signals_page.kind"), labelled("signal_kind", [*SignalKind]))
    with refusals_shown():
        list_tools(desk, "signals")
        found = list_signals(
            desk,
            state=SignalState(state) if state else None,
            kind=SignalKind(kind) if kind else None,
            after=cursor("signals", state, kind),
        )
        if not found.rows:
            empty(t("signals_page.none"), t("signals_page.none_next"))
            return
        record_table(found.rows, columns(), key="signals")
        pager(found, "signals")


def columns() -> list[Column[Signal]]:
    return [
        Column[Signal](t("signals_page.badge"), lambda row: row.badge_name, width=170),
        Column[Signal](
            t("signals_page.kind"), lambda row: row.kind, Kind.STATE, "signal_kind", KINDS, 120
        ),
        Column[Signal](
            t("signals_page.state"), lambda row: row.state, Kind.STATE, "signal_state", STATES, 110
        ),
        Column[Signal](t("signals_page.platform"), lambda row: row.platform, width=110),
        Column[Signal](t("signals_page.times"), lambda row: row.times, Kind.NUMBER, width=80),
        Column[Signal](
            t("signals_page.score"), lambda row: row.facts.get("score"), Kind.NUMBER, width=80
        ),
        Column[Signal](t("signals_page.last"), lambda row: row.last_at, Kind.MOMENT),
        Column[Signal](
            t("signals_page.outcome"),
            lambda row: row.outcome, Kind.STATE, "signal_outcome", OUTCOMES, 110,
        ),
    ]  # fmt: skip


def show_signal(signal_id: str) -> None:
    record = signal_record(desk, signal_id)
    signal = record.signal
    with record_head(
        signal.badge_name, record.shop.name, area="signal_state", state=signal.state, tones=STATES
    ):
        if desk.actor.is_house or signal.carrier_id in desk.actor.carriers:
            closing(signal)
    left, right = two_columns()
    with left:
        with st.container(horizontal=True):
            state_pill("signal_kind", signal.kind, KINDS)
            if signal.outcome is not None:
                state_pill("signal_outcome", signal.outcome, OUTCOMES)
        show_facts(record)
        show_reports(signal)
        show_scans(record.series)
    with right:
        link_to(signal.badge_name, "badges", signal.badge_id, key="signal:badge")
        link_to(record.agent.title, "agents", record.agent.id, key="signal:agent")
        timeline(record.deeds)


def closing(signal: Signal) -> None:
    is_open = signal.state is SignalState.OPEN
    moves = [
        move_of(
            f"signals_page.{outcome}",
            lambda remark, outcome=outcome: close_signal(desk, signal.id, outcome, remark),
            P.SIGNAL_CLOSE,
            icon,
            when=is_open,
            reason=True,
        )
        for outcome, icon in (
            (SignalOutcome.COPIED, "content_copy"),
            (SignalOutcome.NOTHING, "task_alt"),
        )
    ]
    next_moves(desk, moves, signal.id)


def show_facts(record: SignalRecord) -> None:
    signal, shop = record.signal, record.shop
    shown: dict[str, object] = {
        t("signals_page.shop"): f"{shop.platform} {shop_number(shop.shop_key)}",
        t("signals_page.agent"): record.agent.name,
        t("signals_page.times"): signal.times,
        t("signals_page.first"): moment(signal.first_at),
        t("signals_page.last"): moment(signal.last_at),
    }
    if signal.kind is SignalKind.SCANS:
        places = [place_word(code) for code in signal.facts.get("provinces", [])]
        shown[t("signals_page.score")] = signal.facts.get("score")
        shown[t("signals_page.provinces")] = listed(places)
    if signal.remark:
        shown[t("signals_page.remark")] = signal.remark
    facts(shown)


def show_reports(signal: Signal) -> None:
    shops = signal.facts.get("shops", [])
    if not shops:
        return
    section(t("signals_page.reports"))
    rows = [
        {
            t("signals_page.report_at"): str(one["at"])[:16].replace("T", " "),
            t("signals_page.platform"): one["platform"] or "—",
            t("signals_page.report_shop"): one["shop"] or "—",
            t("signals_page.report_words"): one["words"] or "—",
        }
        for one in reversed(shops)
    ]
    figures_grid(rows, key="signal:reports")


def show_scans(series: Series | None) -> None:
    if series is None:
        empty(t("signals_page.no_scans"), t("signals_page.no_scans_next"))
        return
    last = dict(list(series.by_day.items())[-DAYS:])
    bar_chart(t("signals_page.by_day"), last, key="signal:days")
    by_place = {place_word(code): scans for code, scans in series.by_province.most_common()}
    bar_chart(t("signals_page.by_province"), by_place, key="signal:provinces", lying=True)


def place_word(code: str) -> str:
    known = provinces().get(code)
    if known is None:
        return t("signals_page.unknown_place")
    return known.zh if spoken.get() is Language.ZH else known.en


desk = my_desk()
list_or_record(show_list, show_signal)
