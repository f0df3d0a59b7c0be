"""Lists of barred parties on the blacklist's page: brought, confirmed by another, given out."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

import pandas as pd
import streamlit as st

from console.actions.channel.barred_lists import brought_lists, confirm_list, refuse_list
from console.actions.imports.kinds import ROW_KINDS
from console.actions.imports.plan import plan_import, preview_file
from console.desk import Desk
from console.i18n import spoken, t, texts
from console.pages.frame import plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    cursor,
    empty,
    figures_grid,
    flash,
    next_moves,
    pager,
    record_table,
    section,
)
from models.channel.imports import Import, ImportKind
from models.permissions import Permission

VIEW = "lists"
KINDS = (ImportKind.BLACKLIST, ImportKind.RESTRICTED)
_ROUND = "barred:round"


def bringing(desk: Desk) -> None:
    """Choose a list, see its first rows, and promise it."""
    round_ = int(st.session_state.get(_ROUND, 0))
    key = f"barred:{round_}"
    with st.popover(t("barred_page.bring"), icon=":material/upload_file:", key=key):
        st.caption(t("barred_page.bring_hint"))
        kind = st.selectbox(
            t("barred_page.kind"), KINDS, key=f"{key}:kind",
            format_func=lambda one: t(f"import_kind.{one}"),
        )  # fmt: skip
        file = st.file_uploader(
            t("barred_page.file"), type=["csv", "xlsx"], key=f"{key}:file", max_upload_size=20
        )
        if file is None:
            return
        with refusals_shown():
            seen = preview_file(desk, kind, file.name, file.getvalue())
            first = pd.DataFrame(seen.rows, columns=list(seen.columns))
            st.caption(t("barred_page.preview"))
            figures_grid(first, key=f"{key}:preview")
            if seen.missing:
                names = texts(spoken.get())
                lacking = "、".join(names[f"import_field.{one}"] for one in seen.missing)
                st.error(t("barred_page.missing", columns=lacking))
                return
            dry = st.button(t("barred_page.dry"), key="barred:dry")
            real = st.button(t("barred_page.bring"), key="barred:real", type="primary")
            if dry or real:
                planned = plan_import(desk, kind, file.name, file.getvalue(), dry=dry)
                st.session_state[_ROUND] = round_ + 1
                flash(t("barred_page.planned", file=planned.file_name, n=f"{planned.rows:,}"))
                st.query_params["view"] = VIEW
                st.rerun()


def giving_out() -> None:
    """The whole lists as CSV, by our own routes."""
    with st.container(horizontal=True, gap="small"):
        for kind, address in (("blacklist", "blacklist"), ("restricted", "restricted-parties")):
            st.link_button(
                t(f"barred_page.export_{kind}"), f"/files/{address}.csv", type="tertiary",
                icon=":material/download:",
            )  # fmt: skip


def show_lists(desk: Desk) -> None:
    part, waiting = brought_lists(desk, after=cursor("barred"))
    if not part.rows:
        empty(t("barred_page.none"), t("barred_page.none_next"))
        return
    record_table(part.rows, _columns(waiting), key="barred", opens=False)
    pager(part, "barred")
    for one in part.rows:
        if one.rejects_sha256 and one.ended_at and desk.actor.may(ROW_KINDS[one.kind].permission):
            st.link_button(
                f"{t('barred_page.rejects')} · {plain(one.file_name)}",
                f"/files/imports/{one.id}/rejects.csv", icon=":material/download:",
                type="tertiary",
            )  # fmt: skip
    _deciding(desk, [one for one in part.rows if waiting.get(one.id)], waiting)


def _columns(waiting: Mapping[UUID, int]) -> list[Column[Import]]:
    def rows(one: Import) -> object:
        return waiting.get(one.id, 0)

    return [
        Column(t("barred_page.column_file"), lambda one: one.file_name, width=260),
        Column(t("barred_page.column_kind"), lambda one: t(f"import_kind.{one.kind}"), width=130),
        Column(
            t("barred_page.column_state"), lambda one: one.state, Kind.STATE, "import_state",
            width=100,
        ),
        Column(t("barred_page.column_rows"), lambda one: one.rows, Kind.NUMBER),
        Column(t("barred_page.column_accepted"), lambda one: one.accepted, Kind.NUMBER),
        Column(t("barred_page.column_rejected"), lambda one: one.rejected, Kind.NUMBER),
        Column(t("barred_page.column_waiting"), rows, Kind.NUMBER),
        Column(t("barred_page.column_at"), lambda one: one.created_at, Kind.MOMENT),
    ]  # fmt: skip


def _deciding(desk: Desk, lists: list[Import], waiting: Mapping[UUID, int]) -> None:
    if not lists or not desk.actor.may(Permission.BLACKLIST_EDIT):
        return
    section(t("barred_page.decide"))
    names = {str(one.id): one.file_name for one in lists}
    chosen = st.selectbox(
        t("barred_page.choose"), list(names), key="barred:chosen", format_func=names.__getitem__
    )
    (one,) = [row for row in lists if str(row.id) == chosen]
    if one.actor.get("id") == str(desk.actor.id):
        st.info(t("barred_page.own"))
        return
    count = waiting[one.id]

    def confirm(row: Import, _: str) -> None:
        confirm_list(desk, row.id)

    def refuse(row: Import, why: str) -> None:
        refuse_list(desk, row.id, why)

    with st.container(horizontal=True, gap="small"):
        next_moves(
            desk,
            [
                Next("confirm", t("barred_page.confirm"), t("barred_page.confirm_will", n=count),
                     partial(confirm, one), Permission.BLACKLIST_EDIT, main=True,
                     icon=":material/task_alt:"),
                Next("refuse", t("barred_page.refuse"), t("barred_page.refuse_will", n=count),
                     partial(refuse, one), Permission.BLACKLIST_EDIT, reason=True,
                     icon=":material/cancel:"),
            ],
            one.id,
        )  # fmt: skip
