"""Agents by the month of their admission: who is still there, and who was caught."""

from collections.abc import Callable, Sequence

import pandas as pd

from console.actions.oversight.analysis.cohorts import Cohort, cohorts, this_month
from console.i18n import t
from console.pages.channel_forms import province_word
from console.pages.frame import my_desk, refusals_shown
from console.pages.heat import Cell, heat_table
from console.pages.kit import (
    choice,
    empty,
    figures,
    figures_grid,
    filters,
    link_to,
    page_head,
    section,
    view,
)
from models.oversight.figures import FEW
from models.permissions import Permission
from models.provinces import provinces

AFTER = (1, 2, 3, 6, 9, 12, 15)
"""Months after admission."""
Count = Callable[[Cohort, int], int | None]


def show() -> None:
    with page_head(t("cohorts_page.title"), t("cohorts_page.hint")):
        link_to(t("nav.scorecards"), "scorecards", key="to:scorecards")
    with filters():
        options = {code: province_word(code) for code in provinces()}
        province = choice("province", t("agents_page.province"), options)
        shown = view({one: t(f"cohorts_page.{one}") for one in views()})
    with refusals_shown():
        rows = cohorts(desk, province=province)
        if not rows:
            words = "none_there" if province else "none"
            empty(t(f"cohorts_page.{words}"), t(f"cohorts_page.{words}_next"))
            return
        show_figures(rows)
        show_heat(shown, rows)
        show_table(rows)


def views() -> list[str]:
    may_know = desk.actor.may(Permission.FINDING_READ)
    return ["active", "caught"] if may_know else ["active"]


def show_figures(rows: Sequence[Cohort]) -> None:
    agents = sum(one.agents for one in rows)
    still = sum(one.active_now() for one in rows)
    figures(
        {
            t("cohorts_page.agents"): agents,
            t("cohorts_page.still"): f"{still / agents:.0%}" if agents else "—",
            t("cohorts_page.suspended"): sum(one.suspended for one in rows),
            t("cohorts_page.revoked"): sum(one.revoked for one in rows),
        },
        {
            t("cohorts_page.agents"): t("cohorts_page.agents_help"),
            t("cohorts_page.revoked"): t("cohorts_page.revoked_help"),
        },
    )


def show_heat(shown: str, rows: Sequence[Cohort]) -> None:
    now = this_month(desk)
    counts: dict[str, Count] = {
        "active": lambda one, n: one.active_after(n, now),
        "caught": lambda one, n: one.caught_within(n, now),
    }
    cells = dict[tuple[str, str], Cell]()
    for one in rows:
        for n in AFTER:
            count = counts[shown](one, n)
            cells[name_of(one), column_of(n)] = None if count is None else (count, one.agents)
    heat_table(
        t(f"cohorts_page.{shown}"),
        list(map(name_of, rows)),
        list(map(column_of, AFTER)),
        cells,
        key=f"cohorts:{shown}",
        hint=t(f"cohorts_page.{shown}_hint", few=FEW),
    )


def name_of(one: Cohort) -> str:
    """With how many there are; a share of few is marked."""
    word = "row_few" if one.agents < FEW else "row"
    return t(f"cohorts_page.{word}", month=one.month, n=one.agents)


def column_of(months: int) -> str:
    return t("cohorts_page.after", n=months)


def show_table(rows: Sequence[Cohort]) -> None:
    section(t("cohorts_page.table"), t("cohorts_page.table_hint"))
    table = pd.DataFrame(
        [
            {
                t("cohorts_page.month"): one.month,
                t("cohorts_page.agents"): one.agents,
                t("cohorts_page.active_now"): one.active_now(),
                t("cohorts_page.suspended"): one.suspended,
                t("cohorts_page.revoked"): one.revoked,
                t("cohorts_page.caught_ever"): sum(one.caught.values()),
            }
            for one in rows
        ]
    )
    figures_grid(table, key="cohorts:table")


desk = my_desk()
show()
