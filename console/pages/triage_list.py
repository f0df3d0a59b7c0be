"""Many findings at once: chosen in the queue, confirmed, dismissed or merged together."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import streamlit as st

from console.actions.patrol.findings import (
    Looked,
    confirm_findings,
    dismiss_findings,
    shops_of,
)
from console.actions.patrol.triage import Wanted, merge_findings, triage
from console.desk import Desk
from console.i18n import t
from console.pages.frame import refusal_text
from console.pages.kit import (
    Column,
    Kind,
    Next,
    cursor,
    empty,
    list_tools,
    next_moves,
    open_record,
    pager,
    record_table,
)
from console.pages.patrol_words import GROUNDS, TIERS
from models.patrol.findings import Finding
from models.permissions import Permission

_REFUSED: Final = "triage:refused"


def open_finding(finding_id: UUID) -> None:
    open_record("findings", finding_id)


def show(desk: Desk, wanted: Wanted) -> None:
    list_tools(desk, "triage")
    found = triage(desk, cursor("triage", wanted), wanted)
    if not found.rows:
        empty(t("triage_page.none"), t("triage_page.none_next"))
        return
    may = desk.actor.may(Permission.FINDING_CONFIRM)
    chosen = record_table(
        found.rows, columns(desk, found.rows), key="triage", select=may, open_page="findings"
    )
    pager(found, "triage")
    if may:
        bulk(desk, chosen)


def columns(desk: Desk, rows: Sequence[Finding]) -> list[Column[Finding]]:
    shops = shops_of(desk, rows)
    return [
        Column[Finding](t("triage_page.risk"), lambda row: row.risk, Kind.NUMBER, width=70),
        Column[Finding](t("findings_page.shop"), lambda row: shops[row.shop_id].name, width=200),
        Column[Finding](t("sources_page.platform"), lambda row: row.platform, width=100),
        Column[Finding](
            t("findings_page.ground"), lambda row: row.ground, Kind.STATE, "ground", GROUNDS, 160
        ),
        Column[Finding](
            t("findings_page.tier"), lambda row: row.tier, Kind.STATE, "tier", TIERS, 90
        ),
        Column[Finding](
            t("offer.new"), lambda row: [t("offer.new")] if row.is_new else [], Kind.WORDS, width=70
        ),
        Column[Finding](t("findings_page.number"), lambda row: row.number, width=150),
        Column[Finding](t("findings_page.due"), lambda row: row.look_due_at, Kind.DUE, width=130),
    ]


def bulk(desk: Desk, chosen: Sequence[UUID]) -> None:
    for words in st.session_state.pop(_REFUSED, []):
        st.warning(words, icon=":material/block:")
    if not chosen:
        st.caption(t("findings_page.choose"))
    number = len(chosen)

    def confirm(_reason: str) -> str:
        return told(confirm_findings(desk, chosen))

    def dismiss(reason: str) -> str:
        return told(dismiss_findings(desk, chosen, reason))

    def merge(reason: str) -> str:
        merge_findings(desk, chosen[0], chosen[1:], reason)
        return t("triage_page.merged", n=number - 1)

    right = Permission.FINDING_CONFIRM
    next_moves(
        desk,
        [
            Next("confirm_all", t("findings_page.confirm_n", n=number),
                 t("findings_page.confirm_will"), confirm, right, is_open=number > 0,
                 icon=":material/done_all:", main=True),
            Next("dismiss_all", t("triage_page.dismiss_n", n=number),
                 t("findings_page.dismiss_will"), dismiss, right, is_open=number > 0, reason=True,
                 icon=":material/cancel:"),
            Next("merge", t("triage_page.merge", n=number), t("triage_page.merge_will"), merge,
                 right, is_open=number > 1, reason=True, icon=":material/merge:"),
        ],
        "triage",
    )  # fmt: skip


def told(done: Sequence[Looked]) -> str:
    """How many were decided; those that were refused stay on the page with their ground."""
    refused = [refusal_text(one.refusal) for one in done if one.refusal is not None]
    st.session_state[_REFUSED] = refused
    return t("triage_page.decided", n=len(done) - len(refused), refused=len(refused))
