"""One card under watch: what it did day by day against its scope, and what was found of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

import pandas as pd
import streamlit as st

from console.actions.cards.industry.batches import BatchRecord
from console.actions.cards.industry.days import CardUsage, card_usage
from console.actions.cards.industry.old_files import kept_until
from console.desk import Desk
from console.i18n import t
from console.pages.frame import plain
from console.pages.industry_parts import (
    in_megabytes,
    limit_line,
    month_so_far,
    place_word,
    show_scope,
)
from console.pages.kit import (
    Column,
    Kind,
    chart,
    day,
    figures,
    record_table,
    section,
)
from console.pages.usage_words import finding_columns
from models.cards.monitoring import CardDay
from models.cards.usage_rules import MEGABYTE
from models.rules import china_day

_MOST_STAYS: Final = 50


@dataclass(frozen=True, slots=True)
class Stay:
    """Days on end that a card was in one device and one region."""

    device: str
    region: str
    first: date
    last: date
    days: int


def show_card(desk: Desk, record: BatchRecord, iccid: str) -> None:
    usage = card_usage(desk, record.batch.id, iccid)
    section(t("card_page.title", iccid=plain(usage.iccid)))
    _show_watch(desk, usage)
    if usage.days:
        _show_days(record, usage.days)
    else:
        st.info(t("card_page.no_days"))
    if usage.findings:
        section(t("industry_page.findings"))
        record_table(
            usage.findings,
            finding_columns(short=True),
            key="card:findings",
            open_page="usage_findings",
        )
    section(t("usage_page.scope"))
    show_scope(record.scope, record.batch.card_class, ())


def stays_of(days: Sequence[CardDay]) -> list[Stay]:
    """The latest first."""
    found: list[Stay] = []
    for (device, region), those in groupby(days, key=lambda one: (one.device, one.region)):
        rows = list(those)
        found.append(Stay(device, region, rows[0].day, rows[-1].day, len(rows)))
    return found[::-1]


def _show_watch(desk: Desk, usage: CardUsage) -> None:
    """Why it is looked at, from when to when; and how long its days are kept."""
    today = china_day(desk.now())
    for one in usage.watch:
        what = t("card_page.watched") if one.card else t("card_page.batch_watched")
        until = day(one.until if one.ended_at is None else one.ended_at)
        key = "holds" if one.holds(today) else "held"
        words = t(
            f"card_page.{key}", what=what, since=day(one.since), until=until,
            reason=plain(one.reason),
        )  # fmt: skip
        st.markdown(f":material/visibility: {words}")
    if usage.days:
        last = kept_until(usage.days[0].day)
        st.caption(t("card_page.kept", first=day(usage.days[0].day), until=day(last)))


def _show_days(record: BatchRecord, days: Sequence[CardDay]) -> None:
    stays = stays_of(days)
    figures(
        {
            t("card_page.days"): len(days),
            t("industry_page.calls"): sum(one.voice for one in days),
            t("industry_page.messages"): sum(one.sms for one in days),
            t("industry_page.devices"): len({one.device for one in stays if one.device}),
            t("industry_page.region_count"): len({one.region for one in stays if one.region}),
        }
    )
    _volume_chart(record, days)
    if any(one.voice or one.sms for one in days):
        _call_chart(days)
    section(t("card_page.stays"), t("card_page.stays_hint"))
    columns = [
        Column[Stay](t("card_page.device"), lambda row: row.device, width=170),
        Column[Stay](
            t("card_page.region"), lambda row: place_word(row.region) if row.region else "",
            width=150,
        ),
        Column[Stay](t("industry_page.since"), lambda row: row.first, Kind.DATE),
        Column[Stay](t("industry_page.until"), lambda row: row.last, Kind.DATE),
        Column[Stay](t("card_page.days"), lambda row: row.days, Kind.NUMBER),
    ]  # fmt: skip
    record_table(
        stays[:_MOST_STAYS], columns, key="card:stays", opens=False, identity=lambda row: row.first
    )


def _call_chart(days: Sequence[CardDay]) -> None:
    import plotly.graph_objects as go

    at = [one.day for one in days]
    counts = {
        t("industry_page.calls"): [one.voice for one in days],
        t("industry_page.messages"): [one.sms for one in days],
    }
    bars = [
        go.Bar(x=at, y=numbers, name=name, marker={"pattern": {"shape": shape}})
        for (name, numbers), shape in zip(counts.items(), ("", "/"), strict=True)
    ]
    axes = {"xaxis": {"tickformat": "%m-%d"}, "yaxis": {"rangemode": "tozero"}}
    figure = go.Figure(bars, {"barmode": "stack", **axes})
    table = pd.DataFrame({t("industry_page.day"): at, **counts})
    chart(t("card_page.calls_by_day"), figure, table, key="card:calls")


def _volume_chart(record: BatchRecord, days: Sequence[CardDay]) -> None:
    """Each day's volume, and what the month comes to so far beside the card's limit."""
    import plotly.graph_objects as go

    at = [one.day for one in days]
    whole = [one.bytes / MEGABYTE for one in days]
    sums = month_so_far(at, whole)
    limit = record.scope.monthly_bytes if record.scope else None
    figure = go.Figure(
        [
            go.Bar(x=at, y=whole, name=t("card_page.volume")),
            go.Scatter(x=at, y=sums, mode="lines+markers", name=t("card_page.month_so_far")),
            *([] if limit is None else [limit_line(at, limit)]),
        ]
    )
    in_megabytes(figure)
    columns = {
        t("industry_page.day"): at,
        t("card_page.volume"): [round(one, 2) for one in whole],
        t("card_page.month_so_far"): [round(one, 2) for one in sums],
        t("industry_page.calls"): [one.voice for one in days],
        t("industry_page.messages"): [one.sms for one in days],
        t("card_page.device"): [one.device for one in days],
        t("card_page.region"): [one.region for one in days],
    }
    hint = t("card_page.volume_hint" if limit is not None else "card_page.volume_free")
    chart(t("card_page.by_day"), figure, pd.DataFrame(columns), key="card:days", hint=hint)
