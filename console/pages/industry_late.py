"""Batches whose makers owe a month's report, and those that wait for somebody new to answer."""

from collections.abc import Sequence
from typing import Final

from console.actions.cards.industry.overdue import overdue_changes, overdue_reports
from console.actions.cards.industry.purchasers import purchaser_names
from console.desk import Desk
from console.i18n import t
from console.pages.industry_words import TONES
from console.pages.kit import Column, Kind, cursor, empty, pager, record_table
from models.cards.industry import IndustryBatch

LISTS: Final = ("all", "reports", "changes")
"""By the name that the address has: all batches, and these two."""


def show_reports(desk: Desk) -> None:
    found = overdue_reports(desk, after=cursor("industry:reports"))
    if not found.batches.rows:
        empty(t("late_page.no_reports"), t("late_page.no_reports_next"))
        return
    columns = [
        *_of_batch(desk, found.batches.rows),
        Column[IndustryBatch](t("late_page.month"), lambda row: found.due[row.id].month, width=100),
        Column[IndustryBatch](
            t("industry_page.due"), lambda row: found.due[row.id].deadline.at, Kind.DUE
        ),
    ]
    record_table(found.batches.rows, columns, key="industry:reports")
    pager(found.batches, "industry:reports")


def show_changes(desk: Desk) -> None:
    found = overdue_changes(desk, after=cursor("industry:changes"))
    if not found.rows:
        empty(t("late_page.no_changes"), t("late_page.no_changes_next"))
        return
    columns = [
        *_of_batch(desk, found.rows),
        Column[IndustryBatch](t("users_page.why"), lambda row: row.change_reason, width=220),
        Column[IndustryBatch](t("industry_page.due"), lambda row: row.change_due_at, Kind.DUE),
    ]
    record_table(found.rows, columns, key="industry:changes")
    pager(found, "industry:changes")


def _of_batch(desk: Desk, rows: Sequence[IndustryBatch]) -> list[Column[IndustryBatch]]:
    names = purchaser_names(desk, {row.purchaser_id for row in rows})
    return [
        Column(t("industry_page.number"), lambda row: row.number, width=180),
        Column(
            t("industry_page.state"), lambda row: row.state, Kind.STATE, "batch_state", TONES, 110
        ),
        Column(t("industry_page.purchaser"), lambda row: names[row.purchaser_id], width=230),
        Column(t("industry_page.cards"), lambda row: row.cards, Kind.NUMBER),
    ]
