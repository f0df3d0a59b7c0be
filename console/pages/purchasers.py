"""Purchasing units of industry cards: who they are, what they showed, what they bought."""

import streamlit as st

from console.actions.cards.industry.batches import draft_batch
from console.actions.cards.industry.purchasers import (
    PurchaserRecord,
    add_purchaser,
    change_purchaser,
    file_licence,
    list_purchasers,
    purchaser_record,
)
from console.i18n import t
from console.pages.channel_forms import province_word, unpacked
from console.pages.channel_parts import own_carriers
from console.pages.channel_words import move_of
from console.pages.file_forms import Given
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.industry_forms import (
    batch_form,
    draft_fields,
    licence_day,
    licence_fields,
    licence_form,
    purchaser_fields,
)
from console.pages.industry_parts import paper_links
from console.pages.industry_words import TONES, class_word
from console.pages.kit import (
    Column,
    Kind,
    cursor,
    day,
    empty,
    facts,
    filters,
    flash,
    list_or_record,
    list_tools,
    next_moves,
    open_record,
    page_head,
    record_head,
    record_table,
    search,
    section,
    timeline,
    two_columns,
)
from console.pages.kit.records import Next
from models.cards.industry import IndustryBatch
from models.cards.purchasers import Purchaser
from models.permissions import Permission
from models.rules import china_day

P = Permission


def show_list() -> None:
    with page_head(t("purchasers_page.title"), t("purchasers_page.hint")):
        if desk.actor.may(P.INDUSTRY_EDIT):
            adding()
    with filters():
        words = search(t("purchasers_page.search"))
    with refusals_shown():
        tools = list_tools(desk, "purchasers")
        found = list_purchasers(
            desk, words, cursor("purchasers", words, tools.sort), order=tools.order
        )
        if not found.rows:
            key = "none_found" if words else "none"
            empty(t(f"purchasers_page.{key}"), t(f"purchasers_page.{key}_next"))
            return
        columns = [
            Column[Purchaser](t("purchasers_page.name"), lambda row: row.name, width=280),
            Column[Purchaser](t("purchasers_page.uscc"), lambda row: row.uscc, width=190),
            Column[Purchaser](
                t("purchasers_page.province"), lambda row: province_word(row.province), width=120
            ),
            Column[Purchaser](t("purchasers_page.maker"), maker_word, width=110),
            Column[Purchaser](t("purchasers_page.licence_until"), licence_day, width=140),
        ]
        record_table(found.rows, tools.shown(columns), key="purchasers")
        tools.pager(found, "purchasers")


def maker_word(row: Purchaser) -> str:
    return t("purchasers_page.is_maker") if row.is_device_maker else ""


def adding() -> None:
    round_ = int(st.session_state.get("purchasers:round", 0))
    key = f"purchasers:add:{round_}"
    with st.popover(t("purchasers_page.add"), icon=":material/add:", type="primary", key=key):
        words = purchaser_fields(key, carriers=own_carriers(desk))
        if not st.button(t("purchasers_page.add"), key="purchasers:add:sure", type="primary"):
            return
        if not words:
            st.error(t("console.fill_in"))
            return
        with refusals_shown():
            row = add_purchaser(desk, **unpacked(words))
            st.session_state["purchasers:round"] = round_ + 1
            flash(t("purchasers_page.added", name=plain(row.name)))
            open_record(None, row.id)


def show_record(purchaser_id: str) -> None:
    record = purchaser_record(desk, purchaser_id)
    row = record.purchaser
    with record_head(row.uscc, row.name):
        next_moves(desk, moves(record), f"{row.id}:{row.version}")
    warn(record)
    left, right = two_columns()
    with left:
        facts(
            {
                t("purchasers_page.province"): province_word(row.province),
                t("purchasers_page.maker"): maker_word(row),
                t("purchasers_page.contact"): row.contact,
                t("purchasers_page.carrier"): record.carrier.name,
                t("purchasers_page.licence_name"): row.licence_name,
                t("purchasers_page.licence_until"): licence_day(row),
                t("purchasers_page.since"): day(row.created_at),
            }
        )
        if row.licence_sha256:
            name = f"{t('purchasers_page.licence_file')} · {row.licence_file}"
            paper_links({f"/files/purchasers/{row.id}/licence": name})
        section(t("purchasers_page.batches"))
        if record.batches:
            record_table(record.batches, batch_columns(), key="bought", open_page="industry")
        else:
            st.caption(t("purchasers_page.no_batches"))
    with right:
        timeline(record.deeds)


def warn(record: PurchaserRecord) -> None:
    """What keeps everything of this unit from being sold, before anything else."""
    if record.is_blacklisted:
        st.error(t("purchasers_page.blacklisted"), icon=":material/person_off:")
    if record.is_restricted:
        st.error(t("purchasers_page.restricted"), icon=":material/gpp_bad:")
    row = record.purchaser
    if not row.licence_sha256:
        st.warning(t("purchasers_page.no_licence"))
    elif not row.licence_holds(china_day(desk.now())):
        st.warning(t("purchasers_page.licence_over", day=day(row.licence_until)))


def moves(record: PurchaserRecord) -> list[Next]:
    row, given = record.purchaser, Given()

    def file(words: str) -> None:
        named, content = given.files[0]
        file_licence(desk, row.id, named, content, version=row.version, **licence_form(words))

    def draft(words: str) -> None:
        batch = draft_batch(desk, purchaser=row.id, **batch_form(words))
        flash(t("purchasers_page.drafted", number=batch.number))
        open_record("industry", batch.id)

    return [
        move_of(
            "purchasers_page.file_licence",
            file,
            P.INDUSTRY_EDIT,
            "upload_file",
            when=True,
            ask=lambda key: licence_fields(key, given, row),
            main=not row.licence_sha256,
        ),
        move_of(
            "purchasers_page.change",
            lambda words: change_purchaser(desk, row.id, version=row.version, **unpacked(words)),
            P.INDUSTRY_EDIT,
            "edit",
            when=True,
            ask=lambda key: purchaser_fields(key, row),
        ),
        move_of(
            "purchasers_page.draft",
            draft,
            P.INDUSTRY_EDIT,
            "sim_card",
            when=bool(row.licence_sha256),
            ask=lambda key: draft_fields(key, record.carrier),
            main=bool(row.licence_sha256),
        ),
    ]


def batch_columns() -> list[Column[IndustryBatch]]:
    return [
        Column(t("industry_page.number"), lambda row: row.number, width=150),
        Column(
            t("industry_page.state"), lambda row: row.state, Kind.STATE, "batch_state", TONES, 105
        ),
        Column(t("industry_page.class"), lambda row: class_word(row.card_class), width=168),
        Column(t("industry_page.ordered"), lambda row: row.ordered, Kind.NUMBER),
        Column(t("industry_page.product"), lambda row: row.product, width=100),
    ]


desk = my_desk()
list_or_record(show_list, show_record)
