"""Where a case's cards came from: named, looked up in stock, concluded (004-3.3-h, 004-3.4-d)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.cards.places import CardPlace, own_issuer, places
from console.actions.cases.tasks import prove, tasks_of
from console.actions.cases.tracing.card_words import cards_named
from console.actions.cases.tracing.traced import channels_without_case, source_cases, trace_of
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.deadlines import deadline
from console.desk import PAGE, Desk, Order, Slice, Work
from models.cards.numbers import card_number
from models.cards.stock import SourceChannel
from models.cases.cases import Case, CaseState
from models.cases.instructions import Instruction
from models.cases.tasks import CaseTask, TaskKind, TaskMove, TaskState
from models.cases.traces import OutflowTrace, TracedCard, TraceMove, TraceState, WhyNotTraceable
from models.formats import Carrier, Iccid, check_iccid
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound

MOST_IN_TRACE: Final = 5_000
LONGEST_HOW: Final = 300
LONGEST_REASON: Final = 2000
LEAST_REASON: Final = 10
"""Characters: a word is no reason."""
_S: Final = CaseState
_BEFORE: Final = (_S.OPENED, _S.INVESTIGATING)
_AFTER: Final = (_S.DECIDED, _S.EXECUTING, _S.TRANSFERRED)
"""Whoever else goes on with the matter, the carrier traces its own cards."""
_WORKED_ON: Final = (*_BEFORE, _S.DECISION_PROPOSED, *_AFTER)


@dataclass(frozen=True, slots=True)
class Added:
    """What became of cards that were named."""

    added: int
    known: int
    """Of the trace before."""
    found: int
    """Of those added, in stock."""


@dataclass(frozen=True, slots=True)
class TracedChannel:
    channel: SourceChannel
    cards: int
    case: Case | None
    """The case against it, where one was opened."""


@dataclass(frozen=True, slots=True)
class TraceRecord:
    case: Case
    trace: OutflowTrace | None
    instruction: Instruction | None
    instructions: Sequence[Instruction]
    """Those of the case, to choose from."""
    cards: Slice[TracedCard]
    total: int
    channels: Sequence[TracedChannel]
    missing: Mapping[WhyNotTraceable, int]
    """Cards that stock says nothing of, by why."""


def begin_trace(
    desk: Desk, case_id: UUID | str, instruction_id: UUID | str | None = None
) -> OutflowTrace:
    """Begin; once a case. An administration's instruction may be what it is done on."""
    with desk.begin(Permission.TRACE_EDIT) as work:
        case = _case(work, case_id)
        if trace_of(work, case) is not None:
            raise Conflict("trace.begun_already", reference=case.reference)
        instruction = _instruction(work, case, instruction_id)
        trace = work.add(
            OutflowTrace(case_id=case.id, instruction_id=instruction.id if instruction else None)
        )
        work.record("trace.begun", case, instruction=instruction.title if instruction else "")
        return trace


def attach_instruction(desk: Desk, case_id: UUID | str, instruction_id: UUID | str) -> OutflowTrace:
    """Say on whose order the cards are traced (004-3.4-d)."""
    with desk.begin(Permission.TRACE_EDIT) as work:
        case = _case(work, case_id)
        trace = _trace(work, case)
        instruction = _instruction(work, case, instruction_id)
        if instruction is not None:
            trace.instruction_id = instruction.id
            trace.version += 1
            work.record("trace.instructed", case, instruction=instruction.title)
        return trace


def _instruction(work: Work, case: Case, row_id: UUID | str | None) -> Instruction | None:
    if not row_id:
        return None
    found = work.get(Instruction, row_id)
    if found.case_id != case.id:
        raise Conflict(
            "trace.instruction_of_another", document=found.title, reference=case.reference
        )
    return found


def add_cards(desk: Desk, case_id: UUID | str, text: str, how: str) -> Added:
    """Cards of the case, each looked up at once. One that the trace has is left as it is."""
    cards, words = cards_named(text), _words(how, "how", 1, LONGEST_HOW)
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.TRACE_EDIT) as work:
        case = _case(work, case_id)
        trace = _open_trace(work, case)
        known = _keys(work, trace)
        fresh = [one for one in cards if one[:19] not in known]
        if len(known) + len(fresh) > MOST_IN_TRACE:
            raise Conflict("trace.full", reference=case.reference, most=MOST_IN_TRACE)
        rows = [
            TracedCard(trace_id=trace.id, case_id=case.id, iccid=one, how=words, at=work.at)
            for one in fresh
        ]
        found = _look_up(work, case, rows)
        work.session.add_all(rows)
        trace.version += 1
        added = Added(len(rows), len(cards) - len(rows), found)
        work.record("trace.cards_added", case, cards=added.added, found=found, how=words)
        return added


def drop_card(desk: Desk, case_id: UUID | str, card_id: UUID | str) -> OutflowTrace:
    """It was named in error; that it was stays on record."""
    with desk.begin(Permission.TRACE_EDIT) as work:
        case = _case(work, case_id)
        trace = _open_trace(work, case)
        card = work.get(TracedCard, card_id)
        if card.trace_id != trace.id:
            raise NotFound("row.not_found", table="TracedCard")
        work.session.delete(card)
        trace.version += 1
        work.record("trace.card_dropped", case, iccid=card.iccid, how=card.how)
        return trace


def look_again(desk: Desk, case_id: UUID | str) -> Added:
    """Cards that stock said nothing of, once more: it may have come in meanwhile."""
    with desk.begin(Permission.TRACE_EDIT) as work:
        case = _case(work, case_id)
        trace = _open_trace(work, case)
        rows = work.session.exec(
            select(TracedCard)
            .where(TracedCard.trace_id == trace.id, col(TracedCard.channel_id).is_(None))
            .order_by(col(TracedCard.id))
        ).all()
        found = _look_up(work, case, rows)
        work.record("trace.looked_again", case, cards=len(rows), found=found)
        return Added(0, len(rows), found)


def _look_up(work: Work, case: Case, rows: Iterable[TracedCard]) -> int:
    """Write down what stock says of each card as it stands now; how many it knows."""
    by_number = {card_number(row.iccid[:19]): row for row in rows}
    own = own_issuer(work, case.organisation_id)
    held = places(work, by_number)
    for number, row in by_number.items():
        row.at = work.at
        place: CardPlace | None = held.get(number)
        if place is None:
            row.why_not = _why_not(row.iccid, own)
            continue
        row.why_not, row.batch_id, row.channel_id = None, place.batch.id, place.channel.id
        row.chain = [dict(one) for one in place.chain]
    return len(held)


def _why_not(iccid: str, own: Carrier | None) -> WhyNotTraceable:
    card = check_iccid(iccid)
    issuer = card.issuer if isinstance(card, Iccid) else Carrier.UNKNOWN
    is_other = own is not None and issuer not in {own, Carrier.UNKNOWN}
    return WhyNotTraceable.OTHER_CARRIER if is_other else WhyNotTraceable.NOT_IN_STOCK


def conclude_trace(desk: Desk, case_id: UUID | str) -> OutflowTrace:
    """Every card is known by its channel; those of other carriers are other carriers' to trace."""
    with desk.begin(Permission.TRACE_EDIT) as work:
        case = _case(work, case_id)
        trace = _open_trace(work, case)
        missing = _missing(work, trace)
        channels = _by_channel(work, trace)
        if not channels:
            code = "trace.nothing_found" if missing else "trace.no_cards"
            raise Conflict(code, reference=case.reference, n=sum(missing.values()))
        if n := sum(missing.values()) - missing.get(WhyNotTraceable.OTHER_CARRIER, 0):
            raise Conflict("trace.not_resolved", reference=case.reference, n=n)
        _end(work, trace, TraceMove.CONCLUDE)
        work.session.flush()
        codes = [one.code for one in _channels(work, channels).values()]
        cards = sum(channels.values())
        work.record("trace.concluded", case, cards=cards, channels=sorted(codes))
        _want_source_cases(work, case)
        prove(work, case.id, TaskKind.TRACE, cards=cards, channels=sorted(codes))
        return trace


def give_up_trace(
    desk: Desk, case_id: UUID | str, why_not: WhyNotTraceable, reason: str
) -> OutflowTrace:
    """Not traceable, and why: a reason that a later reader can follow."""
    words = _words(reason, "reason", LEAST_REASON, LONGEST_REASON)
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.TRACE_EDIT) as work:
        case = _case(work, case_id)
        trace = _open_trace(work, case)
        missing, channels = _missing(work, trace), _by_channel(work, trace)
        if channels and not missing:
            raise Conflict("trace.is_traceable", reference=case.reference)
        if why_not is WhyNotTraceable.NO_CARD and (missing or channels):
            raise Conflict(
                "trace.has_cards",
                reference=case.reference,
                n=sum(missing.values()) + sum(channels.values()),
            )
        _end(work, trace, TraceMove.GIVE_UP)
        trace.why_not, trace.reason = why_not, words
        work.session.flush()
        work.record("trace.given_up", case, why_not=why_not.value, reason=words)
        _want_source_cases(work, case)
        prove(work, case.id, TaskKind.TRACE, words=words, why_not=why_not.value)
        return trace


def reopen_trace(desk: Desk, case_id: UUID | str, reason: str) -> OutflowTrace:
    """More has come to light. A task that the outcome was proof of is open again."""
    words = _words(reason, "reason", 1, LONGEST_REASON)
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.TRACE_EDIT) as work:
        case = _case(work, case_id)
        if case.state is CaseState.DECISION_PROPOSED:
            raise Conflict("trace.being_decided", reference=case.reference)
        trace = _trace(work, case)
        trace.move(TraceMove.REOPEN)
        trace.why_not, trace.reason = None, ""
        trace.concluded_by = trace.concluded_at = None
        for task in tasks_of(work, case, TaskState.DONE):
            if task.kind is TaskKind.TRACE:
                task.move(TaskMove.REOPEN)
                task.done_at = task.done_by = None
                work.record("task.reopened", task, kind=task.kind.value, case=case.reference)
        work.record("trace.reopened", case, reason=words)
        return trace


def _end(work: Work, trace: OutflowTrace, move: TraceMove) -> None:
    trace.move(move)
    trace.concluded_by, trace.concluded_at = work.actor.id, work.at


def _want_source_cases(work: Work, case: Case) -> None:
    """Of a decided case each channel is a task: its own case (004-3.3-i)."""
    if case.state not in _AFTER:
        return
    there = {one.target for one in tasks_of(work, case) if one.kind is TaskKind.SOURCE_CASE}
    due = deadline(work, "case_execution")
    for channel in channels_without_case(work, case):
        if str(channel.id) in there:
            continue
        task = work.add(
            CaseTask(
                case_id=case.id,
                organisation_id=case.organisation_id,
                kind=TaskKind.SOURCE_CASE,
                target=str(channel.id),
                target_name=channel.name,
                is_mandatory=True,
                assignee_id=case.owner_id,
                due_at=due.at,
                rule_version=due.version,
            )
        )
        work.record(
            "task.made", task, case=case.reference, kind=task.kind.value, target=channel.name
        )


def trace_record(desk: Desk, case_id: UUID | str, after: str | None = None) -> TraceRecord:
    """The trace of a case; of other organisations nobody but who watches the place sees one."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        seen = work.select(OutflowTrace).where(OutflowTrace.case_id == case.id)
        trace = work.session.exec(seen).first()
        orders = work.all(work.select(Instruction).where(Instruction.case_id == case.id))
        if trace is None:
            return TraceRecord(case, None, None, orders, Slice([], None), 0, [], {})
        cards = work.select(TracedCard).where(TracedCard.trace_id == trace.id)
        by_channel, missing = _by_channel(work, trace), _missing(work, trace)
        opened = {one.channel_id: one for one in source_cases(work, case)}
        known = _channels(work, by_channel)
        return TraceRecord(
            case,
            trace,
            next((one for one in orders if one.id == trace.instruction_id), None),
            orders,
            work.slice(cards, Order.by(TracedCard.id, descending=False), after, PAGE),
            sum(by_channel.values()) + sum(missing.values()),
            [
                TracedChannel(channel, by_channel[key], opened.get(key))
                for key, channel in known.items()
            ],
            missing,
        )


def _case(work: Work, case_id: UUID | str) -> Case:
    case = work.get(Case, case_id)
    if case.state not in _WORKED_ON or case.merged_into_id is not None:
        raise Conflict("trace.case_past", reference=case.reference, state=case.state)
    return case


def _trace(work: Work, case: Case) -> OutflowTrace:
    trace = trace_of(work, case)
    if trace is None:
        raise Conflict("trace.not_begun", reference=case.reference)
    return trace


def _open_trace(work: Work, case: Case) -> OutflowTrace:
    trace = _trace(work, case)
    if trace.state is not TraceState.OPEN:
        raise Conflict("trace.ended", reference=case.reference, state=trace.state)
    return trace


def _keys(work: Work, trace: OutflowTrace) -> set[str]:
    rows = work.session.exec(select(TracedCard.iccid).where(TracedCard.trace_id == trace.id)).all()
    return {one[:19] for one in rows}


def _by_channel(work: Work, trace: OutflowTrace) -> dict[UUID, int]:
    rows = work.session.exec(
        select(TracedCard.channel_id, func.count())
        .where(TracedCard.trace_id == trace.id, col(TracedCard.channel_id).is_not(None))
        .group_by(col(TracedCard.channel_id))
    ).all()
    return {key: count for key, count in rows if key is not None}


def _missing(work: Work, trace: OutflowTrace) -> dict[WhyNotTraceable, int]:
    rows = work.session.exec(
        select(TracedCard.why_not, func.count())
        .where(TracedCard.trace_id == trace.id, col(TracedCard.channel_id).is_(None))
        .group_by(col(TracedCard.why_not))
    ).all()
    return {WhyNotTraceable(why or WhyNotTraceable.OTHER): count for why, count in rows}


def _channels(work: Work, ids: Iterable[UUID]) -> dict[UUID, SourceChannel]:
    rows = work.session.exec(
        select(SourceChannel)
        .where(col(SourceChannel.id).in_(list(ids)))
        .order_by(col(SourceChannel.code), col(SourceChannel.id))
    ).all()
    return {row.id: row for row in rows}


def _words(text: str, field: str, least: int, most: int) -> str:
    words = text.strip()
    if len("".join(words.split())) < least or len(words) > most:
        raise Invalid("trace.words_needed", field=field, least=least, most=most)
    return words
