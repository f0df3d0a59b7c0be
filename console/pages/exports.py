"""Lists as files: what one took and asked for, and what waits for a second person's decision."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from console.actions.exports.asking import (
    approve_export,
    export_record,
    list_exports,
    refuse_export,
)
from console.actions.exports.registry import list_word
from console.actions.exports.taking import approved_hours
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    Tone,
    cursor,
    empty,
    facts,
    left_until,
    list_or_record,
    moment,
    next_moves,
    page_head,
    pager,
    record_head,
    record_table,
    timeline,
    two_columns,
    view,
)
from console.pages.kit.lists import file_link, said_filter
from models.oversight.exports import ExportMove, ExportState, ListExport
from models.permissions import Permission

P = Permission
TONES: Mapping[str, Tone] = {
    ExportState.ASKED: Tone.WAITING,
    ExportState.APPROVED: Tone.BUSY,
    ExportState.TAKEN: Tone.GOOD,
    ExportState.REFUSED: Tone.BAD,
}


def show_list() -> None:
    with page_head(t("exports_page.title"), t("exports_page.hint")):
        pass
    parts = {"mine": t("exports_page.mine")}
    if desk.actor.may(P.EXPORT_APPROVE):
        parts["waiting"] = t("exports_page.waiting")
    part = view(parts) if len(parts) > 1 else "mine"
    with refusals_shown():
        show_rows(part, waiting=part == "waiting")


def show_rows(part: str, *, waiting: bool) -> None:
    found = list_exports(desk, waiting=waiting, after=cursor("exports", part))
    if not found.rows:
        empty(t(f"exports_page.none_{part}"), t(f"exports_page.none_{part}_next"))
        return
    record_table(found.rows, columns(), key="exports")
    pager(found, "exports")


def columns() -> list[Column[ListExport]]:
    return [
        Column(t("exports_page.list"), lambda row: list_word(row.page), width=190),
        Column(
            t("exports_page.state"), lambda row: row.state, Kind.STATE, "export_state", TONES, 120
        ),
        Column(t("exports_page.rows"), lambda row: row.rows, Kind.NUMBER, width=100),
        Column(t("exports_page.filter"), lambda row: said_filter(row.query), width=260),
        Column(t("exports_page.format"), lambda row: row.format.upper(), width=90),
        Column(t("exports_page.asked_at"), lambda row: row.asked_at, Kind.MOMENT, width=150),
        Column(t("exports_page.until"), until_word, width=170),
    ]


def until_word(row: ListExport) -> str:
    """How long what is open stays open."""
    if row.until is None or not row.open_moves():
        return ""
    return left_until(row.until, desk.now())


def show_record(export_id: str) -> None:
    record = export_record(desk, export_id)
    row, name = record.export, list_word(record.export.page)
    is_mine = row.user_id == desk.actor.id
    with record_head(name, record.asked_by, area="export_state", state=row.state, tones=TONES):
        if not is_mine:
            next_moves(desk, moves(row), f"{row.id}:{row.version}")
    what_next(row, is_mine=is_mine)
    left, right = two_columns()
    with left:
        facts(
            {
                t("exports_page.list"): name,
                t("exports_page.filter"): said_filter(row.query),
                t("exports_page.rows"): f"{row.rows:,}",
                t("exports_page.format"): row.format.upper(),
                t("exports_page.reason"): row.reason,
                t("exports_page.asked_by"): record.asked_by,
                t("exports_page.asked_at"): moment(row.asked_at),
                t("exports_page.decided_by"): record.decided_by,
                t("exports_page.note"): row.note,
                t("exports_page.until"): moment(row.until) if row.open_moves() else "",
            }
        )
    with right:
        timeline(record.deeds)


def what_next(row: ListExport, *, is_mine: bool) -> None:
    is_open = row.until is not None and row.until > desk.now()
    if not is_mine or not is_open:
        return
    if row.state is ExportState.ASKED:
        st.info(t("exports_page.wait"), icon=":material/hourglass_top:")
    if row.state is ExportState.APPROVED:
        left = left_until(row.until, desk.now()) if row.until else ""
        st.success(t("exports_page.take_will", left=plain(left)), icon=":material/download:")
        file_link(t("exports_page.take", format=row.format.upper()), f"/files/exports/{row.id}")


def moves(row: ListExport) -> list[Next]:
    open_ = row.open_moves()
    will = t("exports_page.approve_will", rows=f"{row.rows:,}", hours=approved_hours(desk))

    def approve(one: ListExport, _why: str) -> str:
        approve_export(desk, one.id, one.version)
        return t("exports_page.approved")

    def refuse(one: ListExport, why: str) -> str:
        refuse_export(desk, one.id, one.version, why)
        return t("exports_page.refused")

    return [
        Next("approve", t("exports_page.approve"), will,
             partial(approve, row), P.EXPORT_APPROVE, ExportMove.APPROVE in open_, main=True,
             icon=":material/task_alt:"),
        Next("refuse", t("exports_page.refuse"), t("exports_page.refuse_will"),
             partial(refuse, row), P.EXPORT_APPROVE, ExportMove.REFUSE in open_, reason=True,
             icon=":material/cancel:"),
    ]  # fmt: skip


desk = my_desk()
list_or_record(show_list, show_record)
