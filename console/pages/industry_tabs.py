"""The tabs of a batch's record: scope, papers, who answers, cards, use, and what was ordered."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

import streamlit as st

from console.actions.cards.industry.batches import BatchRecord
from console.actions.cards.industry.days import usage_of
from console.actions.cards.industry.downstream import downstream_of
from console.actions.cards.industry.findings import list_usage_findings
from console.actions.cards.industry.order_lists import grounds_of
from console.actions.cards.industry.persons_import import PersonImport, import_persons
from console.actions.cards.industry.users import asks_for_users, attribution
from console.actions.cards.industry.watch import list_watch
from console.desk import Desk
from console.i18n import spoken, t
from console.pages.assessment_parts import show_assessments
from console.pages.frame import plain, refusals_shown
from console.pages.industry_card import show_card
from console.pages.industry_moves import answer_moves, card_moves, paper_moves, use_moves
from console.pages.industry_parts import paper_links, show_answers, show_scope, show_use
from console.pages.industry_users import show_persons, show_users
from console.pages.industry_words import TONES, listed
from console.pages.kit import (
    Column,
    Kind,
    bar_chart,
    cursor,
    day,
    facts,
    figures,
    filters,
    flash,
    link_to,
    moment,
    next_moves,
    pager,
    part,
    record_table,
    section,
    state_pill,
)
from console.pages.kit.records import Next
from console.pages.order_forms import order_moves
from console.pages.usage_words import finding_columns
from models.cards.card_orders import CardOrder
from models.cards.classes import class_policy
from models.cards.downstream import DownstreamReport
from models.cards.numbers import card_key
from models.cards.ranges import IndustryRange
from models.permissions import Permission
from models.rules import china_day

_SHOWN_DAYS: Final = 92
_PERSONS: Final = "industry:persons"
_GROUNDS: Final = 5
"""Findings that an order is shown with."""


def _scope(_: Desk, record: BatchRecord) -> None:
    show_scope(record.scope, record.batch.card_class, record.faults)


def _papers(desk: Desk, record: BatchRecord) -> None:
    batch = record.batch
    _moves(desk, record, paper_moves(desk, record))
    show_assessments(desk, batch.id, record.assessments)
    section(t("industry_page.agreements"))
    for one in record.agreements:
        facts(
            {
                t("industry_page.agreement_no"): one.number,
                t("industry_page.signed_on"): day(one.signed_on),
                t("industry_page.agreement_until"): day(one.valid_until)
                if one.valid_until
                else t("agents_page.no_term"),
                t("industry_page.filed_at"): moment(one.filed_at),
            },
            t("industry_page.superseded") if one.superseded_at else "",
        )
        paper_links({f"/files/industry-agreements/{one.id}": one.file_name})
    if not record.agreements:
        st.caption(t("industry_page.no_agreement"))
    section(t("industry_page.proof"))
    if not batch.proof_sha256:
        st.caption(t("industry_page.no_proof"))
        return
    facts({"SHA-256": batch.proof_sha256}, abreast=1)
    paper_links({f"/files/industry-batches/{batch.id}/limits": batch.proof_file})


def _parties(desk: Desk, record: BatchRecord) -> None:
    _moves(desk, record, answer_moves(desk, record))
    if desk.actor.may(Permission.PERSON_IMPORT):
        _take_persons(desk)
    show_answers(record.units, record.persons, desk.now())
    show_persons(record)


def _take_persons(desk: Desk) -> None:
    """Persons come by a file that was encrypted for this house, and by no other way."""
    with st.expander(t("industry_page.persons"), icon=":material/lock_person:"):
        st.caption(t("industry_page.persons_hint"))
        round_ = int(st.session_state.get(f"{_PERSONS}:round", 0))
        given = st.file_uploader(
            t("industry_page.persons_file"), type=["jwe", "json"], key=f"{_PERSONS}:{round_}"
        )
        sure = st.button(t("industry_page.take_persons"), key=f"{_PERSONS}:sure", type="primary")
        if sure and given is not None:
            with refusals_shown():
                st.session_state[_PERSONS] = import_persons(desk, given.name, given.getvalue())
                st.session_state[f"{_PERSONS}:round"] = round_ + 1
                flash(t("console.done"))
                st.rerun()
        done = st.session_state.get(_PERSONS)
        if isinstance(done, PersonImport):
            _say_taken(done)


def _say_taken(done: PersonImport) -> None:
    st.info(
        t(
            "industry_page.taken",
            file=plain(done.file_name),
            persons=done.persons,
            users=done.users,
            refused=len(done.refused),
        )
    )
    for one in done.refused[:50]:
        st.markdown(
            t(
                "industry_page.refused_row",
                row=one.row,
                field=t(f"person_field.{one.field}"),
                reason=plain(t(f"person_refused.{one.reason}", **one.facts)),
            )
        )


def _cards(desk: Desk, record: BatchRecord) -> None:
    batch = record.batch
    _moves(desk, record, card_moves(desk, record))
    figures(
        {
            t("industry_page.ordered"): batch.ordered,
            t("industry_page.cards"): batch.cards,
            t("industry_page.device_locks"): record.locks,
        }
    )
    if class_policy(batch.card_class).by_user:
        held = attribution(desk, batch.id)
        figures({t("industry_page.users"): held.users, t("industry_page.marked"): held.marked})
    if record.ranges.rows:
        record_table(
            record.ranges.rows,
            [
                Column[IndustryRange](
                    t("stock_page.first"), lambda row: card_key(row.first), width=210
                ),
                Column[IndustryRange](
                    t("stock_page.last"), lambda row: card_key(row.last), width=210
                ),
                Column[IndustryRange](
                    t("stock_page.cards"), lambda row: row.last - row.first + 1, Kind.NUMBER
                ),
            ],
            key="ranges",
            opens=False,
        )
        pager(record.ranges, "ranges")
    else:
        st.caption(t("industry_page.no_cards"))
        if desk.actor.may(Permission.INDUSTRY_EDIT):
            link_to(t("industry_page.to_imports"), "imports", key="industry:imports")
    if asks_for_users(class_policy(batch.card_class)):
        show_users(desk, record)
    if record.purchaser.is_device_maker:
        _downstream(desk, record)


def _downstream(desk: Desk, record: BatchRecord) -> None:
    section(t("industry_page.downstream"), t("industry_page.downstream_hint"))
    found = downstream_of(desk, record.batch.id)
    if found.is_alarm:
        st.error(t("industry_page.gap", n=f"{found.reports[0].gap:,}"), icon=":material/warning:")
    if found.due is not None:
        st.warning(t("industry_page.report_missing", month=found.due.month))
    if found.reports:
        columns = [
            Column[DownstreamReport](t("industry_page.month"), lambda row: row.month, width=90),
            Column[DownstreamReport](
                t("industry_page.issued"), lambda row: row.issued, Kind.NUMBER
            ),
            Column[DownstreamReport](t("industry_page.sold"), lambda row: row.sold, Kind.NUMBER),
            Column[DownstreamReport](
                t("industry_page.in_stock"), lambda row: row.in_stock, Kind.NUMBER
            ),
            Column[DownstreamReport](
                t("industry_page.registered"), lambda row: row.registered, Kind.NUMBER
            ),
            Column[DownstreamReport](
                t("industry_page.gap_column"), lambda row: row.gap, Kind.NUMBER
            ),
            Column[DownstreamReport](
                t("industry_page.explanation"), lambda row: row.explanation, width=220
            ),
        ]
        record_table(found.reports, columns, key="downstream", opens=False)


def _use(desk: Desk, record: BatchRecord) -> None:
    with filters():
        card = part("card", t("card_page.search"))
    if card:
        with refusals_shown():
            show_card(desk, record, card)
        return
    today = china_day(desk.now())
    found = usage_of(desk, record.batch.id, today - timedelta(days=_SHOWN_DAYS - 1), today)
    show_use(found.days, record.scope)
    if found.top:
        numbers = {one.iccid: round(one.bytes / (1 << 20), 2) for one in found.top}
        bar_chart(t("industry_page.top_cards"), numbers, key="industry:top", lying=True)
    _watched(desk, record)


def _watched(desk: Desk, record: BatchRecord) -> None:
    batch_id = str(record.batch.id)
    found = list_watch(desk, batch=batch_id, after=cursor("batch:watch", batch_id))
    if not found.rows:
        return
    section(t("industry_page.watched"))
    for one in found.rows:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(one.iccid or t('usage_page.whole_batch'))}**", width="content")
            until = t("monitoring_page.until", day=day(one.until), reason=plain(one.reason))
            st.caption(until, width="stretch")
            if one.iccid:
                st.button(
                    t("card_page.open"),
                    key=f"batch:watch:{one.id}",
                    icon=":material/monitoring:",
                    type="tertiary",
                    on_click=_look_at,
                    args=(one.iccid,),
                )
    pager(found, "batch:watch")


def _look_at(iccid: str) -> None:
    st.query_params["card"] = iccid


def _orders(desk: Desk, record: BatchRecord) -> None:
    _moves(desk, record, use_moves(desk, record))
    if not record.orders:
        st.caption(t("order_page.none"))
    numbers = grounds_of(desk, record.orders, _GROUNDS)
    for one in record.orders:
        show_order(desk, one, [numbers[id_] for id_ in one.finding_ids if id_ in numbers])
    section(t("industry_page.findings"))
    found = list_usage_findings(
        desk, batch=record.batch.id, after=cursor("batch:findings", str(record.batch.id))
    )
    if not found.rows:
        st.caption(t("usage_page.none"))
        return
    record_table(
        found.rows, finding_columns(short=True), key="batch:findings", open_page="usage_findings"
    )
    pager(found, "batch:findings")


def show_order(desk: Desk, row: CardOrder, grounds: Sequence[str]) -> None:
    """One order with its letter, the findings that it rests on, and what may be done with it."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{plain(row.number)}** · {t(f'card_measure.{row.measure}')}")
            state_pill("order_state", row.state, TONES)
            next_moves(desk, order_moves(desk, row), f"{row.id}:{row.version}")
        facts(
            {
                t("order_page.cards"): ", ".join(row.cards[:5]) or t("usage_page.whole_batch"),
                t("order_page.rests_on"): listed(grounds, _GROUNDS, len(row.finding_ids)),
                t("order_page.ordered_at"): moment(row.ordered_at),
                t("order_page.told_at"): moment(row.told_at),
                t("order_page.told_how"): row.told_how,
                t("order_page.carried_out_at"): moment(row.carried_out_at),
            }
        )
        _objected(row)
        at = f"/files/card-orders/{row.id}"
        links = {f"{at}.pdf?language={spoken.get()}": t("order_page.letter_pdf")}
        if row.proof_sha256:
            links[f"{at}/proof"] = f"{t('order_page.proof')} · {row.proof_file}"
        paper_links(links)
        with st.expander(t("order_page.letter"), icon=":material/mail:"):
            st.code(row.notice_zh, language=None, wrap_lines=True)
            st.code(row.notice_en, language=None, wrap_lines=True)


def _objected(row: CardOrder) -> None:
    """What was said against an order, what it was answered, and why it ended."""
    said = {
        t("order_page.appellant"): row.appellant,
        t("order_page.appeal_text"): row.appeal,
        t("order_page.answer"): row.appeal_answer,
        t("order_page.lifted_why"): row.lifted_why,
        t("order_page.lifted_at"): moment(row.lifted_at) if row.lifted_at else "",
    }
    if any(said.values()):
        facts({label: words for label, words in said.items() if words})


def _moves(desk: Desk, record: BatchRecord, moves: list[Next]) -> None:
    with st.container(horizontal=True, gap="small"):
        next_moves(desk, moves, f"{record.batch.id}:{record.batch.version}:tab")


TABS: Final[Mapping[str, Callable[[Desk, BatchRecord], None]]] = {
    "scope": _scope,
    "papers": _papers,
    "parties": _parties,
    "cards": _cards,
    "use": _use,
    "orders": _orders,
}
"""By the name that the address has."""
