"""Test purchases: planned, approved by another, ordered, received, and whose card it was."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from console.actions.cards.industry.watch import add_watch
from console.actions.checks.test_purchases import (
    BoughtCard,
    PurchaseRecord,
    approve_purchase,
    call_off_purchase,
    close_purchase,
    list_purchases,
    order_purchase,
    plan_purchase,
    purchase_record,
    receive_purchase,
)
from console.i18n import t
from console.pages.channel_forms import unpacked
from console.pages.channel_words import move_of
from console.pages.file_forms import Given
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    Tone,
    choice,
    cursor,
    empty,
    facts,
    filters,
    labelled,
    link_to,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    page_head,
    record_head,
    record_table,
    search,
    section,
    timeline,
    two_columns,
)
from console.pages.purchase_forms import (
    order_fields,
    parcel_fields,
    parcel_of,
    plan_fields,
    plan_of,
)
from console.pages.spot_list import purchase_planning
from console.pages.trace_words import show_chain
from models.checks.test_purchases import (
    PurchaseMove,
    PurchaseResult,
    PurchaseState,
    TestPurchase,
)
from models.permissions import Permission

P = Permission
TONES: Final[Mapping[str, Tone]] = {
    PurchaseState.PLANNED: Tone.WAITING,
    PurchaseState.APPROVED: Tone.BUSY,
    PurchaseState.ORDERED: Tone.BUSY,
    PurchaseState.RECEIVED: Tone.BUSY,
    PurchaseState.CLOSED: Tone.GOOD,
    PurchaseState.CALLED_OFF: Tone.OVER,
}
PICTURES: Final = {"application/pdf": ":material/picture_as_pdf:"}
FEN: Final = 100


def show_list() -> None:
    with page_head(t("purchases_page.title"), t("purchases_page.hint")):
        plan = Next(
            "plan", t("purchases_page.plan"), t("purchases_page.plan_will"), planned,
            P.TEST_PURCHASE_EDIT, ask=plan_fields, icon=":material/add_shopping_cart:", main=True,
        )  # fmt: skip
        next_moves(desk, [plan], "purchases")
    with filters():
        words = search(t("purchases_page.search"))
        states = labelled("purchase_state", [*PurchaseState])
        state = choice("state", t("purchases_page.state"), states)
        results = labelled("purchase_result", [*PurchaseResult])
        result = choice("result", t("purchases_page.result"), results)
    with refusals_shown():
        tools = list_tools(desk, "test_purchases")
        found = list_purchases(
            desk,
            state=PurchaseState(state) if state else None,
            result=PurchaseResult(result) if result else None,
            words=words,
            after=cursor("purchases", words, state, result, tools.sort),
            order=tools.order,
        )
        if not found.rows:
            key = "none_found" if words or state or result else "none"
            empty(t(f"purchases_page.{key}"), t(f"purchases_page.{key}_next"))
            return
        record_table(found.rows, tools.shown(columns()), key="purchases")
        tools.pager(found, "purchases")


def planned(words: str) -> str:
    row = plan_purchase(desk, plan_of(words))
    return t("purchases_page.planned", number=row.number)


def columns() -> list[Column[TestPurchase]]:
    return [
        Column(t("purchases_page.number"), lambda row: row.number, width=140),
        Column(
            t("purchases_page.state"),
            lambda row: row.state,
            Kind.STATE,
            "purchase_state",
            TONES,
            110,
        ),
        Column(t("purchases_page.offer"), lambda row: row.offer, width=240),
        Column(t("purchases_page.platform"), lambda row: row.platform, width=100),
        Column(t("purchases_page.result"), result_word, width=130),
        Column(t("purchases_page.planned_at"), lambda row: row.created_at, Kind.DATE, width=110),
    ]


def result_word(row: TestPurchase) -> str:
    return t(f"purchase_result.{row.result}") if row.result else ""


def show_record(purchase_id: str) -> None:
    record = purchase_record(desk, purchase_id)
    row = record.purchase
    with record_head(row.number, row.offer, area="purchase_state", state=row.state, tones=TONES):
        next_moves(desk, moves(row), f"{row.id}:{row.version}")
    left, right = two_columns()
    with left:
        show_result(record)
        show_plan(record)
        show_cards(record)
        show_files(row)
    with right:
        show_links(record)
        timeline(record.deeds)


def show_result(record: PurchaseRecord) -> None:
    row = record.purchase
    if row.result is None:
        return
    words = t(f"purchases_page.means_{row.result}")
    show = st.error if row.result is PurchaseResult.IN_BATCH else st.info
    show(words, icon=":material/sim_card:")
    if row.asked_identity is False and row.iccids:
        st.warning(t("purchases_page.not_asked"), icon=":material/person_off:")


def show_plan(record: PurchaseRecord) -> None:
    row = record.purchase
    price = f"{row.price_fen / FEN:.2f}" if row.price_fen is not None else ""
    told = {
        t("purchases_page.purpose"): row.purpose,
        t("purchases_page.platform"): row.platform,
        t("purchases_page.planner"): record.planner.name if record.planner else "",
        t("purchases_page.approver"): record.approver.name if record.approver else "",
        t("purchases_page.order_no"): row.order_no,
        t("purchases_page.price"): price,
        t("purchases_page.ordered_at"): moment(row.ordered_at) if row.ordered_at else "",
        t("purchases_page.received_at"): moment(row.received_at) if row.received_at else "",
        t("purchases_page.asked_identity"): said("asked_identity", value=row.asked_identity),
        t("purchases_page.works"): said("works", value=row.works),
        t("purchases_page.notes"): row.notes,
        t("purchases_page.carrier"): record.carrier.name,
    }
    facts({label: words for label, words in told.items() if words})


def said(field: str, *, value: bool | None) -> str:
    if value is None:
        return ""
    return t(f"purchases_page.{field}_yes" if value else f"purchases_page.{field}_no")


def show_cards(record: PurchaseRecord) -> None:
    if not record.cards:
        return
    section(t("purchases_page.cards"), t("purchases_page.cards_hint"))
    columns = [
        Column[BoughtCard]("ICCID", lambda one: one.iccid, width=200),
        Column[BoughtCard](
            t("purchases_page.issuer"), lambda one: t(f"carrier_issuer.{one.issuer}"), width=150
        ),
        Column[BoughtCard](t("purchases_page.known_as"), known_word, width=260),
    ]
    record_table(record.cards, columns, key="bought", opens=False, identity=lambda one: one.iccid)
    for one in record.cards:
        if one.place is not None:
            st.caption(plain(f"{one.iccid} · {one.place.batch.number}"))
            show_chain(one.place.chain, key=f"chain:{one.iccid}")


def known_word(one: BoughtCard) -> str:
    if one.batch is not None:
        return f"{t('purchases_page.industry_batch')} {one.batch.number}"
    if one.place is not None:
        return f"{t('purchases_page.stock_batch')} {one.place.batch.number}"
    return t("purchases_page.unknown")


def show_files(row: TestPurchase) -> None:
    if not row.files:
        return
    section(t("purchases_page.files"))
    for file in row.files:
        st.link_button(
            plain(file["name"]),
            f"/files/purchases/{row.id}/{file['sha256']}",
            icon=PICTURES.get(file["type"], ":material/image:"),
        )


def show_links(record: PurchaseRecord) -> None:
    if record.finding is not None:
        link_to(record.finding.number, "findings", record.finding.id, key="to:finding")
    if record.shop is not None:
        link_to(record.shop.name, "shops", record.shop.id, key="to:shop")
    found = record.usage_finding
    if found is None:
        return
    link_to(found.number, "usage_findings", found.id, key="to:usage")
    bought = next((one for one in record.cards if one.batch is not None), None)
    if bought is not None and bought.batch is not None:
        batch, iccid = bought.batch, bought.iccid
        link_to(batch.number, "industry", batch.id, key="to:batch")
        st.caption(t("purchases_page.watch_hint"))
        watch = move_of(
            "purchases_page.watch",
            lambda why: add_watch(desk, batch.id, iccid, reason=why),
            P.USAGE_JUDGE,
            "visibility",
            when=True,
            reason=True,
        )
        next_moves(desk, [watch], record.purchase.id)


def moves(row: TestPurchase) -> list[Next]:
    given, open_ = Given(), row.open_moves()
    is_mine = row.planned_by is not None and row.planned_by == desk.actor.id
    edit, version = P.TEST_PURCHASE_EDIT, row.version
    return [
        move_of(
            "purchases_page.approve",
            lambda _: approve_purchase(desk, row.id, version=version),
            P.TEST_PURCHASE_APPROVE, "verified",
            when=PurchaseMove.APPROVE in open_ and not is_mine, main=True,
        ),
        move_of(
            "purchases_page.order",
            lambda words: order_purchase(desk, row.id, **unpacked(words), version=version),
            edit, "shopping_cart",
            when=PurchaseMove.ORDER in open_, ask=order_fields, main=True,
        ),
        move_of(
            "purchases_page.receive",
            lambda words: receive_purchase(
                desk, row.id, parcel_of(words, given), version=version
            ),
            edit, "package_2",
            when=PurchaseMove.RECEIVE in open_, ask=lambda key: parcel_fields(key, given),
            main=True,
        ),
        move_of(
            "purchases_page.close",
            lambda why: close_purchase(desk, row.id, reason=why, version=version),
            edit, "task_alt", when=PurchaseMove.CLOSE in open_, reason=True, main=True,
        ),
        move_of(
            "purchases_page.call_off",
            lambda why: call_off_purchase(desk, row.id, reason=why, version=version),
            edit, "cancel", when=PurchaseMove.CALL_OFF in open_, reason=True,
        ),
        purchase_planning(desk, row),
    ]  # fmt: skip


desk = my_desk()
list_or_record(show_list, show_record)
