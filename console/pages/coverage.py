"""Coverage and trend: what was patrolled where and when, and how fast findings were settled."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from console.actions.patrol.figures import Covered, Point, coverage, trend
from console.actions.patrol.sellers import LIVE, Sellers, sellers
from console.i18n import t
from console.pages.channel_parts import platform_names
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    choice,
    empty,
    figures,
    figures_grid,
    filters,
    line_chart,
    page_head,
    section,
    stacked_chart,
    view,
)
from models.patrol.shops import ShopState

MONTHS = {"3": 3, "6": 6, "12": 12}
SELLING = frozenset(
    {
        ShopState.LICENSED,
        ShopState.SUSPECTED,
        ShopState.UNLICENSED,
        ShopState.NON_COMPLIANT,
        ShopState.PLATFORM_NOTIFIED,
        ShopState.ESCALATED,
    }
)
"""Live and selling cards, or something that nobody may; the others are no sellers."""


def show() -> None:
    names = platform_names(desk)
    counted = sellers(desk)
    everything = coverage(desk, max(MONTHS.values()))
    if counted.is_empty and not everything:
        empty(t("coverage_page.none"), t("coverage_page.none_next"))
        return
    platforms = sorted({row.platform for row in everything} | {one for one, _ in counted.live})
    with filters():
        options = {code: names.get(code, code) for code in platforms}
        platform = choice("platform", t("sources_page.platform"), options)
        months = choice("months", t("coverage_page.months"),
                        {key: t("coverage_page.last_months", n=key) for key in MONTHS})  # fmt: skip
    shown = [
        row
        for row in coverage(desk, MONTHS.get(months or "", 12), platform=platform)
        if platform in {None, row.platform}
    ]
    headline(counted, platform)
    parts = {one: t(f"coverage_page.part_{one}") for one in ("months", "runs", "speed", "table")}
    match view(parts):
        case "months":
            by_month(shown, names)
        case "runs":
            by_run(trend(desk, platform=platform), names)
        case "speed":
            speed(counted, shown, names, platform)
        case _:
            everything_as_table(shown, names)


def headline(counted: Sellers, platform: str | None) -> None:
    live = {
        state: sum(n for (where, one), n in counted.live.items()
                   if one is state and platform in {None, where})
        for state in ShopState
    }  # fmt: skip
    selling = sum(live[state] for state in SELLING)
    lawful = live[ShopState.LICENSED]
    share = f"{lawful / selling:.0%}" if selling else "—"
    kept = f"{counted.with_evidence / counted.findings:.0%}" if counted.findings else "—"
    figures(
        {
            t("coverage_page.live"): selling,
            t("coverage_page.lawful"): share,
            t("coverage_page.unsettled"): selling - lawful,
            t("coverage_page.with_evidence"): kept,
        }
    )
    st.caption(f":material/calculate: {t('coverage_page.method', days=LIVE.days)}")


def by_month(rows: Sequence[Covered], names: Mapping[str, str]) -> None:
    if not rows:
        empty(t("coverage_page.no_months"), t("coverage_page.no_months_next"))
        return
    left, right = st.columns(2)
    with left:
        per_platform("shops", rows, names, lambda row: row.shops)
        per_platform("news", rows, names, lambda row: row.news)
    with right:
        months = sorted({row.month for row in rows})
        parts: dict[str, Callable[[Covered], int]] = {
            "against": lambda row: row.flagged_shops - row.licensed_shops,
            "licensed": lambda row: row.licensed_shops,
        }
        stacked_chart(
            t("coverage_page.flagged"),
            months,
            {
                t(f"coverage_page.{name}"): [
                    sum(count(row) for row in rows if row.month == month) for month in months
                ]
                for name, count in parts.items()
            },
            key="coverage:flagged",
            hint=t("coverage_page.flagged_hint"),
        )
        per_platform("findings", rows, names, lambda row: row.findings)


def per_platform(
    name: str, rows: Sequence[Covered], names: Mapping[str, str], count: Callable[[Covered], int]
) -> None:
    months = sorted({row.month for row in rows})
    found = {(row.platform, row.month): count(row) for row in rows}
    parts = {
        names.get(platform, platform): [found.get((platform, month), 0) for month in months]
        for platform in sorted({row.platform for row in rows})
    }
    stacked_chart(t(f"coverage_page.{name}"), months, parts, key=f"coverage:{name}",
                  hint=t(f"coverage_page.{name}_hint"))  # fmt: skip


def by_run(points: Sequence[Point], names: Mapping[str, str]) -> None:
    if not points:
        empty(t("coverage_page.no_runs"), t("coverage_page.no_runs_next"))
        return
    shown: dict[str, Callable[[Point], float]] = {
        "flagged_shops": lambda one: one.flagged_shops,
        "findings": lambda one: one.findings,
        "news": lambda one: one.news,
    }
    for name, count in shown.items():
        series = {
            names.get(platform, platform): {
                f"{one.at:%m-%d} {one.number[-6:]}": count(one)
                for one in points
                if one.platform == platform
            }
            for platform in sorted({one.platform for one in points})
        }
        line_chart(t(f"coverage_page.run_{name}"), series, key=f"coverage:run:{name}",
                   hint=t("coverage_page.run_hint"))  # fmt: skip


def speed(
    counted: Sellers, rows: Sequence[Covered], names: Mapping[str, str], platform: str | None
) -> None:
    days = {key: n for key, n in counted.days_to_confirm.items() if platform in {None, key[0]}}
    again = {key: n for key, n in counted.relisted.items() if platform in {None, key[0]}}
    left, right = st.columns(2)
    with left:
        over_months("days", days, names)
    with right:
        over_months("relisted", again, names)
    section(t("coverage_page.checked"), t("coverage_page.checked_hint"))
    per_platform("drawn", rows, names, lambda row: row.drawn)


def over_months(
    name: str, found: Mapping[tuple[str, str], float], names: Mapping[str, str]
) -> None:
    if not found:
        empty(t(f"coverage_page.no_{name}"), t(f"coverage_page.no_{name}_next"))
        return
    months = sorted({month for _, month in found})
    series = {
        names.get(platform, platform): {
            month: found[platform, month] for month in months if (platform, month) in found
        }
        for platform in sorted({one for one, _ in found})
    }
    line_chart(t(f"coverage_page.{name}"), series, key=f"coverage:{name}",
               hint=t(f"coverage_page.{name}_hint"))  # fmt: skip


def everything_as_table(rows: Sequence[Covered], names: Mapping[str, str]) -> None:
    if not rows:
        empty(t("coverage_page.no_months"), t("coverage_page.no_months_next"))
        return
    counted = ("runs", "failed", "listings", "flagged", "news", "shops", "flagged_shops",
               "licensed_shops", "findings", "drawn", "checked")  # fmt: skip
    table = pd.DataFrame(
        [
            {
                t("coverage_page.month"): row.month,
                t("sources_page.platform"): names.get(row.platform, row.platform),
                **{t(f"coverage_page.of_{name}"): getattr(row, name) for name in counted},
                t("coverage_page.of_share"): f"{row.share} %",
            }
            for row in rows
        ]
    )
    figures_grid(table, key="coverage:table")


desk = my_desk()
page_head(t("coverage_page.title"), t("coverage_page.hint"))
with refusals_shown():
    show()
