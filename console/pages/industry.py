"""Batches of industry cards: which there are, and one of them with all that hangs on it."""

from collections.abc import Mapping
from uuid import UUID

import streamlit as st

from console.actions.cards.industry.batches import BatchRecord, batch_record, list_batches
from console.actions.cards.industry.purchasers import purchaser_names
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import province_word
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.industry_late import LISTS, show_changes, show_reports
from console.pages.industry_moves import head_moves
from console.pages.industry_parts import show_lacks, show_way
from console.pages.industry_tabs import TABS
from console.pages.industry_words import TONES, class_word
from console.pages.kit import (
    Column,
    Kind,
    choice,
    cursor,
    day,
    empty,
    facts,
    filters,
    flag,
    last_day,
    link_to,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    page_head,
    record_head,
    record_table,
    search,
    timeline,
    two_columns,
    view,
)
from models.cards.classes import CardClass
from models.cards.industry import BatchMove, BatchState, IndustryBatch

_ON_THE_WAY = (
    BatchMove.SUBMIT,
    BatchMove.ASSESS_PASS,
    BatchMove.CONTRACT,
    BatchMove.REGISTER,
    BatchMove.ACTIVATE,
    BatchMove.REVERIFY_OK,
)
"""Moves whose guards tell what is still missing."""


def show_list() -> None:
    with page_head(t("industry_page.title"), t("industry_page.hint")):
        link_to(t("industry_page.to_purchasers"), "purchasers", key="industry:purchasers")
    which = view({one: t(f"late_page.{one}") for one in LISTS}, "list")
    with refusals_shown():
        {"all": show_batches, "reports": show_reports, "changes": show_changes}[which](desk)


def show_batches(desk: Desk) -> None:
    with filters():
        words = search(t("industry_page.search"))
        states = {one.value: t(f"batch_state.{one}") for one in BatchState}
        state = choice("state", t("industry_page.state"), states)
        classes = {one.value: class_word(one) for one in CardClass}
        card_class = choice("class", t("industry_page.class"), classes)
        late = flag("late", t("industry_page.late_only"))
    tools = list_tools(desk, "industry")
    found = list_batches(
        desk,
        words,
        state=BatchState(state) if state else None,
        card_class=CardClass(card_class) if card_class else None,
        late=late,
        after=cursor("industry", words, state, card_class, late, tools.sort),
        order=tools.order,
    )
    if not found.rows:
        key = "none_found" if words or state or card_class or late else "none"
        empty(t(f"industry_page.{key}"), t(f"industry_page.{key}_next"))
        return
    names = purchaser_names(desk, {row.purchaser_id for row in found.rows})
    record_table(found.rows, tools.shown(columns(names)), key="industry")
    tools.pager(found, "industry")


def columns(names: Mapping[UUID, str]) -> list[Column[IndustryBatch]]:
    return [
        Column(t("industry_page.number"), lambda row: row.number, width=142),
        Column(
            t("industry_page.state"), lambda row: row.state, Kind.STATE, "batch_state", TONES, 115
        ),
        Column(t("industry_page.purchaser"), lambda row: names[row.purchaser_id], width=150),
        Column(t("industry_page.class"), lambda row: class_word(row.card_class), width=118),
        Column(t("industry_page.product"), lambda row: row.product, width=90),
        Column(t("industry_page.ordered"), lambda row: row.ordered, Kind.NUMBER),
        Column(t("industry_page.cards"), lambda row: row.cards, Kind.NUMBER),
        Column(t("industry_page.due"), lambda row: row.due_at, Kind.DUE),
    ]


def show_record(batch_id: str) -> None:
    record = batch_record(desk, batch_id, cursor("ranges", batch_id))
    batch = record.batch
    with record_head(
        batch.number, record.purchaser.name, area="batch_state", state=batch.state, tones=TONES
    ):
        next_moves(desk, head_moves(desk, record), f"{batch.id}:{batch.version}")
    show_way(batch)
    warn(record)
    left, right = two_columns()
    with left:
        show_missing(record)
        show_facts(record)
        tab = view({one: t(f"industry_page.of_{one}") for one in TABS}, "tab")
        TABS[tab](desk, record)
    with right:
        timeline(record.deeds)


def warn(record: BatchRecord) -> None:
    """What the reader must know before anything else."""
    batch, file = record.batch, record.file
    if file.is_blacklisted or file.is_restricted:
        st.error(t("industry_page.purchaser_barred"), icon=":material/person_off:")
    if batch.state is BatchState.REFUSED and batch.review_reason:
        st.error(plain(batch.review_reason))
    if batch.is_reassess_due:
        st.warning(t("industry_page.reassess_due", day=last_day(batch.due_at)))
    if batch.change_due_at is not None:
        due = last_day(batch.change_due_at)
        st.warning(t("industry_page.change_due", day=due, reason=plain(batch.change_reason)))
    if record.warnings:
        st.caption(t("industry_page.luhn", n=record.warnings))


def show_missing(record: BatchRecord) -> None:
    """Of the next step alone: what comes later has its own turn."""
    ahead = next((one for one in _ON_THE_WAY if one in record.lacks), None)
    if ahead is not None:
        title = t("industry_page.missing_for", move=t(f"batch_move.{ahead}"))
        show_lacks(title, record.lacks[ahead])


def show_facts(record: BatchRecord) -> None:
    batch = record.batch
    link_to(record.purchaser.name, "purchasers", record.purchaser.id, key="industry:purchaser")
    facts(
        {
            t("industry_page.class"): class_word(batch.card_class),
            t("industry_page.product"): batch.product,
            t("industry_page.ordered"): f"{batch.ordered:,}",
            t("industry_page.cards"): f"{batch.cards:,}",
            t("industry_page.province"): province_word(batch.province),
            t("industry_page.carrier"): record.carrier.name,
            t("industry_page.due"): last_day(batch.due_at),
            t("industry_page.activated_at"): moment(batch.activated_at),
            t("industry_page.assessed_until"): day(batch.assessed_until),
            t("industry_page.use_statement"): batch.use_statement,
        }
    )


desk = my_desk()
list_or_record(show_list, show_record)
