"""Reads of cards by API: what a device signed for a check, and what can be proved of it today."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from console.actions.checks.card_reads import read_record, reads_of
from console.actions.checks.read_proofs import ProofStep
from console.web.api.base import Reading
from console.web.api.channel.shapes import Out, shapes_of
from models.checks.reads import Chain, ReadKind, ReadState

router = APIRouter(tags=["card reads"])


class CardReadOut(Out):
    """Of a person only marks: nothing in it tells a name or a number."""

    id: UUID
    read_id: UUID
    """The device's own."""
    device_id: UUID
    check_id: UUID | None
    kind: ReadKind
    state: ReadState
    refusal: str
    seq: int
    chain: Chain
    sha256: str
    captured_at: datetime
    """By the laptop's clock, which was `skew_ms` ahead."""
    received_at: datetime
    skew_ms: int
    is_offline: bool
    reader: dict[str, Any]
    agent: dict[str, Any]
    iccid: str
    fault: str
    receipt: str


class ProofOut(Out):
    step: ProofStep
    holds: bool | None
    """None where nothing is left to prove it by."""
    seen: str


class CardReadRecordOut(CardReadOut):
    proofs: list[ProofOut]


@router.get("/spot-checks/{check_id}/reads")
def reads(desk: Reading, check_id: UUID) -> list[CardReadOut]:
    """In the order that they came, those too that were refused."""
    return shapes_of(CardReadOut, reads_of(desk, check_id))


@router.get("/card-reads/{read_id}")
def read(desk: Reading, read_id: UUID) -> CardReadRecordOut:
    """One, verified anew step by step from what is kept of it."""
    record = read_record(desk, read_id)
    return CardReadRecordOut(
        **CardReadOut.model_validate(record.read).model_dump(),
        proofs=[ProofOut(step=one.step, holds=one.holds, seen=one.seen) for one in record.proofs],
    )
