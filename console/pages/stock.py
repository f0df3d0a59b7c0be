"""Card stock: batches and channels, where a card is, and who had it before."""

from uuid import UUID

import streamlit as st

from console.actions.cards.stock import (
    BatchRecord,
    batch_record,
    channel_names,
    channel_record,
    find_card,
    list_batches,
    list_channels,
)
from console.i18n import t
from console.pages.channel_forms import province_word
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    cursor,
    day,
    empty,
    facts,
    figures,
    filters,
    link_to,
    list_or_record,
    list_tools,
    open_record,
    page_head,
    pager,
    record_head,
    record_table,
    search,
    section,
    timeline,
    two_columns,
    view,
)
from console.pages.trace_words import show_chain
from models.cards.numbers import card_of
from models.cards.stock import SourceChannel, StockBatch
from models.channel.imports import ImportKind
from models.formats import Iccid, Luhn
from models.permissions import Permission
from models.refusals import NotFound


def show_list() -> None:
    with page_head(t("stock_page.title"), t("stock_page.hint")):
        if desk.actor.may(Permission.STOCK_IMPORT) and st.button(
            t("stock_page.import"),
            key="stock:import",
            icon=":material/upload_file:",
            type="primary",
        ):
            st.session_state["imports:new"] = True
            st.session_state["imports:kind"] = ImportKind.STOCK
            st.switch_page("imports.py")
    part = view({name: t(f"stock_page.{name}") for name in ("batches", "channels")})
    is_batches = part == "batches"
    with filters():
        words = search(t("stock_page.search" if is_batches else "stock_page.search_channels"))
    with refusals_shown():
        if is_batches:
            show_batches(words, None)
        else:
            show_channels(words)


def show_batches(words: str, channel: UUID | None) -> None:
    say_card(words)
    tools = list_tools(desk, "stock")
    found = list_batches(
        desk,
        words,
        channel=channel,
        after=cursor("batches", words, str(channel or ""), tools.sort),
        order=tools.order,
    )
    if not found.rows:
        key = "none_found" if words or channel else "none"
        empty(t(f"stock_page.{key}"), t(f"stock_page.{key}_next"))
        return
    names = channel_names(desk, sorted({row.channel_id for row in found.rows}))
    columns = [
        Column[StockBatch](t("stock_page.number"), lambda row: row.number, width=170),
        Column[StockBatch](
            t("stock_page.channel"),
            lambda row: f"{names[row.channel_id].name} {names[row.channel_id].code}",
            width=240,
        ),
        Column[StockBatch](t("stock_page.product"), lambda row: row.product, width=140),
        Column[StockBatch](t("stock_page.cards"), lambda row: row.cards, Kind.NUMBER),
        Column[StockBatch](
            t("stock_page.province"), lambda row: province_word(row.province), width=120
        ),
        Column[StockBatch](t("stock_page.delivered_on"), lambda row: row.delivered_on, Kind.DATE),
    ]
    record_table(found.rows, tools.shown(columns), key="batches")
    tools.pager(found, "batches")


def say_card(words: str) -> None:
    """What can be said of a searched card by its number alone, where stock says nothing."""
    card = card_of(words) if words else None
    if not isinstance(card, Iccid):
        return
    if card.luhn is Luhn.WARN and len(card.text) > len(card.key):
        st.caption(f":material/info: {t('stock_page.luhn', iccid=plain(card.text))}")
    if find_card(desk, words).place is None:
        issuer = t(f"carrier_issuer.{card.issuer}")
        st.caption(t("stock_page.not_in_stock", iccid=plain(card.text), issuer=issuer))


def show_channels(words: str) -> None:
    found = list_channels(desk, words, after=cursor("channels", words))
    if not found.rows:
        key = "no_channels" if words else "none"
        empty(t(f"stock_page.{key}"), t(f"stock_page.{key}_next"))
        return
    record_table(found.rows, channel_columns(), key="channels")
    pager(found, "channels")


def channel_columns() -> list[Column[SourceChannel]]:
    return [
        Column(t("stock_page.code"), lambda row: row.code, width=130),
        Column(t("stock_page.name"), lambda row: row.name, width=240),
        Column(
            t("stock_page.kind"), lambda row: [t(f"channel_kind.{row.kind}")], Kind.WORDS, width=120
        ),
        Column(
            t("stock_page.channel_province"), lambda row: province_word(row.province), width=120
        ),
        Column(t("stock_page.uscc"), lambda row: row.uscc, width=190),
    ]


def show_record(row_id: str) -> None:
    """The address names a batch, or a channel."""
    try:
        batch = batch_record(desk, row_id, cursor("ranges", row_id))
    except NotFound:
        show_channel(row_id)
    else:
        show_batch(batch)


def show_batch(record: BatchRecord) -> None:
    batch = record.batch
    with record_head(batch.number, record.channel.name):
        if st.button(
            t("stock_page.open_channel"), key="stock:channel", icon=":material/account_tree:"
        ):
            open_record(None, record.channel.id)
    left, right = two_columns()
    with left:
        facts(
            {
                t("stock_page.channel"): f"{record.channel.name} {record.channel.code}",
                t("stock_page.delivered_on"): day(batch.delivered_on),
                t("stock_page.cards"): f"{batch.cards:,}",
                t("stock_page.product"): batch.product,
                t("stock_page.province"): province_word(batch.province),
                t("stock_page.carrier"): record.carrier.name,
                t("stock_page.file"): batch.import_sha256,
            }
        )
        section(t("stock_page.ranges"))
        record_table(
            record.rows,
            [
                Column(t("stock_page.first"), lambda row: row.first, width=210),
                Column(t("stock_page.last"), lambda row: row.last, width=210),
                Column(t("stock_page.cards"), lambda row: row.cards, Kind.NUMBER),
            ],
            key="ranges",
            opens=False,
        )
        pager(record.ranges, "ranges")
        section(t("stock_page.chain"), t("stock_page.chain_hint"))
        show_chain(record.chain)
    with right:
        timeline(record.deeds)


def show_channel(channel_id: str) -> None:
    record = channel_record(desk, channel_id)
    channel = record.channel
    with record_head(channel.code, channel.name):
        if channel.agent_id is not None:
            link_to(t("stock_page.agent"), "agents", channel.agent_id, key="stock:agent")
    left, right = two_columns()
    with left:
        figures(
            {t("stock_page.batch_count"): record.batches, t("stock_page.card_count"): record.cards}
        )
        facts(
            {
                t("stock_page.kind"): t(f"channel_kind.{channel.kind}"),
                t("stock_page.channel_province"): province_word(channel.province),
                t("stock_page.uscc"): channel.uscc,
                t("stock_page.carrier"): record.carrier.name,
            }
        )
        section(t("stock_page.chain"), t("stock_page.chain_hint"))
        show_chain(record.chain)
        if record.below:
            section(t("stock_page.below"))
            record_table(record.below, channel_columns(), key="below")
        section(t("stock_page.batches"))
        show_batches("", channel.id)
    with right:
        timeline(record.deeds)


desk = my_desk()
list_or_record(show_list, show_record)
