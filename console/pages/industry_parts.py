"""Parts of a batch's record: what is missing, its scope, who answered when, its use."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from console.i18n import t
from console.pages.channel_forms import province_word
from console.pages.frame import plain
from console.pages.industry_words import (
    class_word,
    fault_word,
    lack_word,
    listed,
    lock_word,
    sentence,
    volume_word,
)
from console.pages.kit import CHINA, chart, facts, moment
from console.pages.kit.layout import box
from console.pages.kit.steps import steps
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.classes import CardClass
from models.cards.guards import Lacking
from models.cards.industry import ENDED, BatchState, IndustryBatch
from models.cards.monitoring import BatchDay
from models.cards.scopes import CardScope, Faulty
from models.cards.usage_rules import MEGABYTE

if TYPE_CHECKING:
    import plotly.graph_objects as go

_TICKS: Final = 5
_WAY: Final = (
    BatchState.DRAFT,
    BatchState.PURCHASER_REVIEW,
    BatchState.APPROVED,
    BatchState.CONTRACTED,
    BatchState.REGISTERED,
    BatchState.IN_USE,
)


def show_way(batch: IndustryBatch) -> None:
    """Where between order and use the batch stands."""
    if batch.state in {BatchState.RESTRICTED, BatchState.RETIRED, BatchState.SHUT_DOWN}:
        at = len(_WAY) - 1 if batch.state is BatchState.RESTRICTED else len(_WAY)
    elif batch.state is BatchState.REFUSED:
        at = _WAY.index(BatchState.PURCHASER_REVIEW)
    else:
        at = _WAY.index(batch.state)
    labels = [t(f"batch_state.{state}") for state in _WAY]
    steps(labels, at, stopped=batch.state in ENDED)


def show_lacks(title: str, lacks: Sequence[Lacking]) -> None:
    """What still keeps the batch from its next step, all of it at once."""
    if not lacks:
        st.success(t("industry_page.nothing_missing"), icon=":material/task_alt:")
        return
    with box("kit_facts", border=True):
        st.markdown(f"**{title}**")
        for one in lacks:
            st.markdown(f":material/radio_button_unchecked: {plain(sentence(lack_word(one)))}")


def paper_links(links: Mapping[str, str]) -> None:
    """Filed papers, by path what each is called; the path asks the reader's session anew."""
    with st.container(horizontal=True, gap="small"):
        for path, name in links.items():
            st.link_button(plain(name), path, icon=":material/download:", type="tertiary")


def show_scope(scope: CardScope | None, card_class: CardClass, faults: Sequence[Faulty]) -> None:
    """The four fields and the limits that hold the cards to them, as one card."""
    if scope is None:
        st.info(t("industry_page.no_scope"))
        return
    for one in faults:
        st.warning(plain(sentence(fault_word(one))))
    facts(
        {
            t("industry_page.function"): scope.function,
            t("industry_page.business_scope"): scope.business_scope,
            t("industry_page.scenario"): scope.scenario,
            t("industry_page.product_form"): scope.product_form,
        },
        t("industry_page.scope_of", name=class_word(card_class)),
    )
    facts(
        {
            t("industry_page.voice"): _calls(f"voice.{scope.voice}", scope.voice_numbers),
            t("industry_page.sms"): _calls(f"sms.{scope.sms}", scope.sms_numbers),
            t("industry_page.targets"): listed(scope.targets) or t("industry_page.no_targets"),
            t("industry_page.monthly"): volume_word(scope),
            t("industry_page.device_lock"): lock_word(scope, card_class),
            t("industry_page.regions"): listed([place_word(one) for one in scope.regions])
            or t("industry_page.no_regions"),
            t("industry_page.apn"): scope.apn,
            t("industry_page.bound_at"): moment(scope.bound_at),
        },
        t("industry_page.limits"),
    )


def _calls(key: str, numbers: Sequence[str]) -> str:
    return f"{t(key)} · {listed(numbers)}" if numbers else t(key)


def place_word(region: str) -> str:
    name = province_word(region[:2])
    return name if len(region) == 2 else f"{name} {region}"  # noqa: PLR2004 - GB/T 2260


def show_answers(
    units: Sequence[AccountableUnit], persons: Sequence[AccountablePerson], now: datetime
) -> None:
    """Who answered for the cards from when to when: a line each, with no gap between them."""
    if not units:
        st.info(t("industry_page.nobody_answers"))
        return
    rows = [(t("industry_page.unit"), one.name, one.since, one.until) for one in units]
    rows += [
        (t("industry_page.person"), f"{one.name_mask} {one.position}".strip(), one.since, one.until)
        for one in persons
    ]
    table = pd.DataFrame(
        [
            {
                t("industry_page.answers_as"): kind,
                t("industry_page.who"): name,
                t("industry_page.since"): moment(since),
                t("industry_page.until"): moment(until) if until else t("industry_page.in_force"),
            }
            for kind, name, since, until in rows
        ]
    )
    _answer_chart(rows, table, now)


def _answer_chart(
    rows: Sequence[tuple[str, str, datetime, datetime | None]], table: pd.DataFrame, now: datetime
) -> None:
    import plotly.graph_objects as go

    figure = go.Figure()
    for kind, name, since, until in rows:
        start, end = since.astimezone(CHINA), (until or now).astimezone(CHINA)
        figure.add_bar(  # pyright: ignore[reportUnknownMemberType]
            base=[start],
            x=[max(end - start, timedelta(hours=1)).total_seconds() * 1000],
            y=[f"{kind}<br>{name}"],
            orientation="h",
            width=0.5,
            marker={"pattern": {"shape": "" if until is None else "/"}},
            name=t("industry_page.in_force") if until is None else t("industry_page.before"),
            showlegend=False,
        )
    is_young = now - min(since for _, _, since, _ in rows) < timedelta(days=_TICKS)
    days = "%m-%d %H:%M" if is_young else "%Y-%m-%d"  # a day is no tick of its own five times
    figure.update_xaxes(type="date", tickformat=days, nticks=_TICKS)  # pyright: ignore[reportUnknownMemberType]
    figure.update_yaxes(autorange="reversed", automargin=True)  # pyright: ignore[reportUnknownMemberType]
    chart(
        t("industry_page.answers"),
        figure,
        table,
        key="industry:answers",
        hint=t("industry_page.answers_hint"),
    )


def show_use(days: Sequence[BatchDay], scope: CardScope | None) -> None:
    """A batch's days: the volume of all its cards, and of the card that used the most."""
    if not days:
        st.info(t("industry_page.no_use"))
        return
    limit = scope.monthly_bytes if scope else None
    _day_chart(days)
    if limit is not None:
        _month_chart(days, limit)


def _day_chart(days: Sequence[BatchDay]) -> None:
    import plotly.graph_objects as go

    at = [one.day for one in days]
    whole = [one.bytes / MEGABYTE for one in days]
    figure = go.Figure(go.Bar(x=at, y=whole, name=t("industry_page.batch_volume")))
    in_megabytes(figure)
    table = pd.DataFrame(
        {
            t("industry_page.day"): at,
            t("industry_page.batch_volume"): [round(one, 2) for one in whole],
            t("industry_page.top_volume"): [round(one.top_bytes / MEGABYTE, 2) for one in days],
            t("industry_page.active_cards"): [one.cards for one in days],
            t("industry_page.calls"): [one.voice for one in days],
            t("industry_page.messages"): [one.sms for one in days],
            t("industry_page.devices"): [one.devices for one in days],
            t("industry_page.region_count"): [one.regions for one in days],
        }
    )
    chart(t("industry_page.by_day"), figure, table, key="industry:days")


def in_megabytes(figure: "go.Figure") -> None:
    figure.update_yaxes(title_text="MB", rangemode="tozero")  # pyright: ignore[reportUnknownMemberType]
    figure.update_xaxes(tickformat="%m-%d")  # pyright: ignore[reportUnknownMemberType]


def month_so_far(days: Sequence[date], numbers: Sequence[float]) -> list[float]:
    """What the days of each month add up to, day by day."""
    sums: list[float] = []
    for at, number in enumerate(numbers):
        goes_on = at and (days[at - 1].year, days[at - 1].month) == (days[at].year, days[at].month)
        sums.append((sums[-1] if goes_on else 0) + number)
    return sums


def limit_line(days: Sequence[date], limit: int) -> "go.Scatter":
    """A card's limit of a month, in bytes, across a chart of those days."""
    import plotly.graph_objects as go

    top, half = limit / MEGABYTE, timedelta(hours=12)
    begin, end = (datetime.combine(one, time()) for one in (days[0], days[-1]))
    return go.Scatter(
        x=[begin - half, end + half],
        y=[top, top],
        mode="lines",
        line={"dash": "dash"},
        name=t("industry_page.limit_line", n=f"{top:,.0f}"),
    )


def _month_chart(days: Sequence[BatchDay], limit: int) -> None:
    """What the busiest card of each day adds up to in its month, beside a card's limit."""
    import plotly.graph_objects as go

    at = [one.day for one in days]
    sums = month_so_far(at, [one.top_bytes / MEGABYTE for one in days])
    top = limit / MEGABYTE
    figure = go.Figure(
        [
            go.Scatter(x=at, y=sums, mode="lines+markers", name=t("industry_page.top_summed")),
            limit_line(at, limit),
        ]
    )
    in_megabytes(figure)
    table = pd.DataFrame(
        {
            t("industry_page.day"): at,
            t("industry_page.top_summed"): [round(one, 2) for one in sums],
            t("industry_page.limit"): [round(top, 2)] * len(at),
        }
    )
    chart(
        t("industry_page.by_month"),
        figure,
        table,
        key="industry:months",
        hint=t("industry_page.by_month_hint"),
    )
