"""The trace of a case's cards, the cases against their channels, and cards called back.

What is written answers with the case: the trace and the recovery are read at their own addresses.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.actions.cases.tracing.card_words import LONGEST_TEXT
from console.actions.cases.tracing.recovery import note_recovery, recovery_record
from console.actions.cases.tracing.source_cases import open_source_case
from console.actions.cases.tracing.trace import (
    LONGEST_HOW,
    LONGEST_REASON,
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
from console.web.api.base import Cursor, Reading, Writing
from console.web.api.cases import CaseRecordOut, case_out
from console.web.api.stock import ChannelOut, LinkOut
from models.cases.traces import TraceState, WhyNotTraceable

router = APIRouter(prefix="/cases/{case_id}", tags=["traces"])


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BeginIn(_In):
    instruction_id: UUID | None = None
    """Of the case: the administration's order that it is done on."""


class InstructionIn(_In):
    instruction_id: UUID


class CardsIn(_In):
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)
    """ICCIDs one a line or parted by commas, ranges as `first-last`; at most 1,000 cards."""
    how: str = Field(min_length=1, max_length=LONGEST_HOW)
    """Where the numbers are from."""


class GiveUpIn(_In):
    why_not: WhyNotTraceable
    reason: str = Field(max_length=LONGEST_REASON)


class ReopenIn(_In):
    reason: str = Field(max_length=LONGEST_REASON)


class SourceIn(_In):
    channel_id: UUID


class RecoveryIn(_In):
    ordered: int
    recovered: int
    missing_why: Annotated[str, Field(max_length=2000)] = ""
    is_last: bool = True
    """Nothing more is to come: the task is done."""


class TracedCardOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    iccid: str
    how: str
    batch_id: UUID | None
    channel_id: UUID | None
    chain: list[LinkOut]
    """As it stood when the card was looked up."""
    why_not: WhyNotTraceable | None
    at: datetime


class TracedChannelOut(BaseModel):
    channel: ChannelOut
    cards: int
    case_id: UUID | None
    """The case against it."""


class TraceOut(BaseModel):
    """`state` is null where nobody has begun one. `next` is for more cards."""

    state: TraceState | None
    why_not: WhyNotTraceable | None
    reason: str
    instruction_id: UUID | None
    concluded_at: datetime | None
    total: int
    missing: dict[WhyNotTraceable, int]
    channels: list[TracedChannelOut]
    cards: list[TracedCardOut]
    next: str | None

    @classmethod
    def of(cls, record: TraceRecord) -> "TraceOut":
        trace = record.trace
        return cls(
            state=trace.state if trace else None,
            why_not=trace.why_not if trace else None,
            reason=trace.reason if trace else "",
            instruction_id=trace.instruction_id if trace else None,
            concluded_at=trace.concluded_at if trace else None,
            total=record.total,
            missing=dict(record.missing),
            channels=[
                TracedChannelOut(
                    channel=ChannelOut.model_validate(one.channel),
                    cards=one.cards,
                    case_id=one.case.id if one.case else None,
                )
                for one in record.channels
            ],
            cards=[TracedCardOut.model_validate(one) for one in record.cards.rows],
            next=record.cards.next,
        )


class NoteOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    ordered: int
    recovered: int
    missing: int
    missing_why: str
    at: datetime


class RecoveryOut(BaseModel):
    """Notes add up; `is_open` says whether there is still something to account for."""

    ordered: int
    recovered: int
    missing: int
    is_open: bool
    notes: list[NoteOut]


@router.get("/trace")
def trace(desk: Reading, case_id: UUID, after: Cursor = None) -> TraceOut:
    """The cards of a case, and the channels that they were given to."""
    return TraceOut.of(trace_record(desk, case_id, after))


@router.post("/trace", status_code=HTTPStatus.CREATED)
def begin(desk: Writing, case_id: UUID, body: BeginIn) -> CaseRecordOut:
    begin_trace(desk, case_id, body.instruction_id)
    return case_out(desk, case_id)


@router.post("/trace/instruction")
def instruct(desk: Writing, case_id: UUID, body: InstructionIn) -> CaseRecordOut:
    """On whose order the cards are traced."""
    attach_instruction(desk, case_id, body.instruction_id)
    return case_out(desk, case_id)


@router.post("/trace/cards")
def cards(desk: Writing, case_id: UUID, body: CardsIn) -> CaseRecordOut:
    """Name cards; each is looked up in stock at once."""
    add_cards(desk, case_id, body.text, body.how)
    return case_out(desk, case_id)


@router.post("/trace/cards/{card_id}/drop")
def drop(desk: Writing, case_id: UUID, card_id: UUID) -> CaseRecordOut:
    """Take out a card that was named in error."""
    drop_card(desk, case_id, card_id)
    return case_out(desk, case_id)


@router.post("/trace/look-again")
def again(desk: Writing, case_id: UUID) -> CaseRecordOut:
    """Look up the cards once more that stock said nothing of."""
    look_again(desk, case_id)
    return case_out(desk, case_id)


@router.post("/trace/conclude")
def conclude(desk: Writing, case_id: UUID) -> CaseRecordOut:
    conclude_trace(desk, case_id)
    return case_out(desk, case_id)


@router.post("/trace/give-up")
def give_up(desk: Writing, case_id: UUID, body: GiveUpIn) -> CaseRecordOut:
    """Not traceable, with the reason."""
    give_up_trace(desk, case_id, body.why_not, body.reason)
    return case_out(desk, case_id)


@router.post("/trace/reopen")
def reopen(desk: Writing, case_id: UUID, body: ReopenIn) -> CaseRecordOut:
    reopen_trace(desk, case_id, body.reason)
    return case_out(desk, case_id)


@router.post("/source-cases", status_code=HTTPStatus.CREATED)
def source_case(desk: Writing, case_id: UUID, body: SourceIn) -> CaseRecordOut:
    """Open the case against a channel that the cards went through; once a channel."""
    return case_out(desk, open_source_case(desk, case_id, body.channel_id).id)


@router.get("/recovery")
def recovery(desk: Reading, case_id: UUID) -> RecoveryOut:
    record = recovery_record(desk, case_id)
    return RecoveryOut(
        **record.counted._asdict(),
        is_open=record.task is not None,
        notes=[NoteOut.model_validate(one) for one in record.notes],
    )


@router.post("/recovery")
def note(desk: Writing, case_id: UUID, body: RecoveryIn) -> CaseRecordOut:
    """What became of cards that were ordered back."""
    note_recovery(
        desk, case_id, body.ordered, body.recovered, body.missing_why, is_last=body.is_last
    )
    return case_out(desk, case_id)
