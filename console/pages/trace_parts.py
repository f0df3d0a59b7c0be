"""On a case's record: the trace of its cards, the cases against channels, cards called back."""

from collections.abc import Mapping
from functools import partial
from typing import cast

import streamlit as st

from console.actions.cases.tracing.recovery import RecoveryRecord, note_recovery, recovery_record
from console.actions.cases.tracing.source_cases import open_source_case
from console.actions.cases.tracing.trace import (
    LONGEST_HOW,
    LONGEST_REASON,
    Added,
    TracedChannel,
    TraceRecord,
    add_cards,
    attach_instruction,
    begin_trace,
    conclude_trace,
    drop_card,
    give_up_trace,
    look_again,
    reopen_trace,
    trace_record,
)
from console.desk import Desk
from console.i18n import t
from console.pages.kit import (
    Absent,
    Column,
    Kind,
    Next,
    cursor,
    facts,
    figures,
    moment,
    next_moves,
    pager,
    record_table,
    section,
    state_pill,
)
from console.pages.trace_words import TRACE_TONES, chain_words
from models.cases.cases import OVER, Case, CaseMove
from models.cases.tasks import Recovery
from models.cases.traces import TracedCard, TraceMove, WhyNotTraceable
from models.permissions import Permission

_P = Permission
_MOST_TO_DROP = 200


def show_trace(desk: Desk, case: Case) -> Absent | None:
    """Cards, where they came from, and what may be done next.

    Not begun it is a section of its own only while the case is looked into, where it is the work.
    """
    record = trace_record(desk, case.id, cursor("trace_cards", str(case.id)))
    may = desk.actor.may(_P.TRACE_EDIT) and case.state not in OVER and not case.merged_into_id

    def begin() -> None:
        if may:
            next_moves(desk, _moves(desk, record), case.id)

    if record.trace is None and not (may and CaseMove.PROPOSE in case.open_moves()):
        return Absent(t("trace_page.title"), begin)
    is_begun = record.trace is not None
    section(t("trace_page.title"), t("trace_page.hint" if is_begun else "trace_page.none_next"))
    with st.container(horizontal=True):
        begin()
    if is_begun:
        _show_found(desk, record)
    return None


def _show_found(desk: Desk, record: TraceRecord) -> None:
    _show_outcome(record)
    if record.cards.rows:
        record_table(record.cards.rows, _card_columns(record), key="trace_cards", opens=False)
        pager(record.cards, "trace_cards")
    if record.channels:
        _show_sources(desk, record)


def _show_outcome(record: TraceRecord) -> None:
    trace = record.trace
    if trace is None:
        return
    state_pill("trace_state", trace.state, TRACE_TONES)
    missing = sum(record.missing.values())
    if record.total:
        figures(
            {
                t("trace_page.total"): record.total,
                t("trace_page.found"): record.total - missing,
                t("trace_page.missing"): missing,
            }
        )
    pairs: dict[str, object] = {}
    if record.instruction is not None:
        pairs[t("trace_page.instruction")] = (
            f"{record.instruction.authority} {record.instruction.document_no}"
        )
    if trace.why_not is not None:
        pairs[t("trace_page.why_not")] = t(f"why_not_traceable.{trace.why_not}")
        pairs[t("trace_page.reason")] = trace.reason
    if pairs:
        facts(pairs)


def _card_columns(record: TraceRecord) -> list[Column[TracedCard]]:
    columns = [
        Column[TracedCard](t("trace_page.iccid"), lambda row: row.iccid, width=175),
        Column[TracedCard](t("trace_page.chain"), lambda row: chain_words(row.chain), width=265),
        Column[TracedCard](t("trace_page.how"), lambda row: row.how, width=120),
        Column[TracedCard](t("trace_page.at"), lambda row: row.at, Kind.MOMENT, width=130),
    ]
    if record.missing:
        why = Column[TracedCard](
            t("trace_page.why"),
            lambda row: [t(f"why_not_traceable.{row.why_not}")] if row.why_not else [],
            Kind.WORDS,
            width=140,
        )
        columns.insert(2, why)
    return columns


def _show_sources(desk: Desk, record: TraceRecord) -> None:
    section(t("trace_page.source"), t("trace_page.source_hint"))
    columns = [
        Column[TracedChannel](t("trace_page.source_code"), lambda row: row.channel.code, width=115),
        Column[TracedChannel](t("trace_page.channel"), lambda row: row.channel.name, width=165),
        Column[TracedChannel](
            t("stock_page.kind"),
            lambda row: [t(f"channel_kind.{row.channel.kind}")],
            Kind.WORDS,
            width=95,
        ),
        Column[TracedChannel](
            t("trace_page.source_cards"), lambda row: row.cards, Kind.NUMBER, width=70
        ),
        Column[TracedChannel](
            t("trace_page.source_case"),
            lambda row: row.case.reference if row.case else "",
            width=150,
        ),
    ]
    record_table(
        record.channels,
        columns,
        key="trace_sources",
        open_page="stock",
        identity=lambda row: row.channel.id,
    )
    left = {str(one.channel.id): _channel_word(one) for one in record.channels if not one.case}
    if not left:
        st.caption(t("trace_page.all_opened"))
        return
    with st.container(horizontal=True):
        next_moves(desk, [_source_move(desk, record, left)], record.case.id)


def _channel_word(one: TracedChannel) -> str:
    return f"{one.channel.code} {one.channel.name}"


def _source_move(desk: Desk, record: TraceRecord, left: Mapping[str, str]) -> Next:
    def opened(channel_id: str) -> str:
        case = open_source_case(desk, record.case.id, channel_id)
        return t("trace_page.opened", reference=case.reference)

    return Next(
        "open_source",
        t("trace_page.open_case"),
        t("trace_page.open_case_will"),
        opened,
        _P.CASE_OPEN,
        ask=partial(_chosen, t("trace_page.which_channel"), left),
        icon=":material/account_tree:",
        main=True,
    )


def _chosen(label: str, options: Mapping[str, str], key: str) -> str:
    return st.selectbox(label, list(options), key=key, format_func=options.__getitem__) or ""


def _moves(desk: Desk, record: TraceRecord) -> list[Next]:
    case, trace = record.case, record.trace
    open_ = trace.open_moves() if trace else []
    is_open = TraceMove.CONCLUDE in open_
    orders = {str(one.id): f"{one.authority} {one.document_no}" for one in record.instructions}
    return [
        Next("trace_begin", t("trace_page.begin"), t("trace_page.begin_will"),
             lambda _: _begun(desk, case), _P.TRACE_EDIT, is_open=trace is None, main=True,
             icon=":material/travel_explore:"),
        Next("trace_add", t("trace_page.add"), t("trace_page.add_will"),
             lambda _: _added(desk, case), _P.TRACE_EDIT, is_open=is_open, ask=_ask_cards,
             icon=":material/add:", main=record.total == 0),
        Next("trace_instruct", t("trace_page.attach"), t("trace_page.attach_will"),
             lambda chosen: _instructed(desk, case, chosen), _P.TRACE_EDIT,
             is_open=trace is not None and record.instruction is None and bool(orders),
             ask=partial(_chosen, t("trace_page.instruction"), orders),
             icon=":material/account_balance:"),
        Next("trace_again", t("trace_page.again"), t("trace_page.again_will"),
             lambda _: _looked(look_again(desk, case.id)), _P.TRACE_EDIT,
             is_open=is_open and bool(record.missing), icon=":material/refresh:"),
        Next("trace_drop", t("trace_page.drop"), t("trace_page.drop_will"),
             lambda card: _dropped(desk, case, card), _P.TRACE_EDIT,
             is_open=is_open and bool(record.cards.rows),
             ask=partial(_chosen, t("trace_page.which_card"),
                         {str(one.id): one.iccid for one in record.cards.rows[:_MOST_TO_DROP]}),
             icon=":material/remove:"),
        Next("trace_conclude", t("trace_page.conclude"), t("trace_page.conclude_will"),
             lambda _: _concluded(desk, case), _P.TRACE_EDIT,
             is_open=is_open and bool(record.channels), icon=":material/task_alt:",
             main=not record.missing.keys() - {WhyNotTraceable.OTHER_CARRIER}),
        Next("trace_give_up", t("trace_page.give_up"), t("trace_page.give_up_will"),
             lambda _: _given_up(desk, case), _P.TRACE_EDIT, is_open=is_open, ask=_ask_why,
             icon=":material/do_not_disturb_on:"),
        Next("trace_reopen", t("trace_page.reopen"), t("trace_page.reopen_will"),
             lambda words: _reopened(desk, case, words), _P.TRACE_EDIT,
             is_open=TraceMove.REOPEN in open_, reason=True, icon=":material/undo:"),
    ]  # fmt: skip


def _begun(desk: Desk, case: Case) -> str:
    begin_trace(desk, case.id)
    return t("trace_page.begun")


def _instructed(desk: Desk, case: Case, instruction_id: str) -> None:
    attach_instruction(desk, case.id, instruction_id)


def _ask_cards(key: str) -> str:
    """What was typed stands in session state under the move's own key."""
    cards = st.text_area(
        t("trace_page.cards"), key=f"{key}:cards", height=160, help=t("trace_page.cards_help")
    )
    how = st.text_input(
        t("trace_page.how"), key=f"{key}:how", max_chars=LONGEST_HOW, help=t("trace_page.how_help")
    )
    st.session_state["trace:add"] = (cards, how)
    return cards.strip() and how.strip()


def _added(desk: Desk, case: Case) -> str:
    cards, how = cast("tuple[str, str]", st.session_state["trace:add"])
    done: Added = add_cards(desk, case.id, cards, how)
    return t("trace_page.added", added=done.added, found=done.found, known=done.known)


def _looked(done: Added) -> str:
    return t("trace_page.looked", n=done.known, found=done.found)


def _dropped(desk: Desk, case: Case, card_id: str) -> None:
    drop_card(desk, case.id, card_id)


def _concluded(desk: Desk, case: Case) -> None:
    conclude_trace(desk, case.id)


def _ask_why(key: str) -> str:
    names = {one.value: t(f"why_not_traceable.{one}") for one in WhyNotTraceable}
    why = _chosen(t("trace_page.why_not"), names, f"{key}:why")
    reason = st.text_area(t("trace_page.reason"), key=f"{key}:reason", max_chars=LONGEST_REASON)
    st.session_state["trace:give_up"] = (why, reason)
    return why and reason.strip()


def _given_up(desk: Desk, case: Case) -> None:
    why, reason = cast("tuple[str, str]", st.session_state["trace:give_up"])
    give_up_trace(desk, case.id, WhyNotTraceable(why), reason)


def _reopened(desk: Desk, case: Case, words: str) -> None:
    reopen_trace(desk, case.id, words)


def show_recovery(desk: Desk, case: Case) -> None:
    """Cards called back, once there is a task of it or a note."""
    record = recovery_record(desk, case.id)
    may = record.task is not None and desk.actor.may(_P.TRACE_EDIT)
    if not record.notes and not may:
        return
    noted = bool(record.notes)
    section(
        t("recovery_page.title"), t("recovery_page.hint" if noted else "recovery_page.none_next")
    )
    if may:
        with st.container(horizontal=True):
            next_moves(desk, [_note_move(desk, case)], case.id)
    if noted:
        _show_notes(record)


def _show_notes(record: RecoveryRecord) -> None:
    names = ("ordered", "recovered", "missing")
    figures(
        {
            t(f"recovery_page.{name}"): count
            for name, count in zip(names, record.counted, strict=True)
        }
    )
    columns = [
        Column[Recovery](t("recovery_page.at"), lambda row: moment(row.at), width=140),
        Column[Recovery](t("recovery_page.ordered"), lambda row: row.ordered, Kind.NUMBER),
        Column[Recovery](t("recovery_page.recovered"), lambda row: row.recovered, Kind.NUMBER),
        Column[Recovery](t("recovery_page.missing"), lambda row: row.missing, Kind.NUMBER),
        Column[Recovery](t("recovery_page.why"), lambda row: row.missing_why, width=320),
    ]
    record_table(record.notes, columns, key="recovery", opens=False)


def _note_move(desk: Desk, case: Case) -> Next:
    def noted(_: str) -> str:
        ordered, recovered, why, is_last = cast(
            "tuple[int, int, str, bool]", st.session_state["recovery:note"]
        )
        row = note_recovery(desk, case.id, ordered, recovered, why, is_last=is_last)
        return t("recovery_page.noted", recovered=row.recovered, missing=row.missing)

    return Next(
        "recovery_note",
        t("recovery_page.note"),
        t("recovery_page.note_will"),
        noted,
        _P.TRACE_EDIT,
        ask=_ask_counts,
        icon=":material/assignment_return:",
        main=True,
    )


def _ask_counts(key: str) -> str:
    ordered = st.number_input(t("recovery_page.ordered"), 0, None, key=f"{key}:ordered")
    recovered = st.number_input(t("recovery_page.recovered"), 0, None, key=f"{key}:recovered")
    why = st.text_area(t("recovery_page.why"), key=f"{key}:why", max_chars=2000)
    is_last = st.checkbox(t("recovery_page.last"), value=True, key=f"{key}:last")
    st.session_state["recovery:note"] = (int(ordered), int(recovered), why.strip(), is_last)
    return "noted"
