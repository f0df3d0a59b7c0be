"""What can be proved of a read from what is kept of it, step by step and done anew each time."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlmodel import col, select

from console.actions.checks.device_rows import key_of
from console.actions.checks.reader_keys import Side
from console.actions.checks.sealed_reads import opened_token
from console.desk import House, Work
from integrations.keys import KeyUnusable
from integrations.reader_tokens import READ, RECEIPT, NotSigned, Token
from integrations.vault import Erased, Tampered
from models.checks.devices import ReaderDevice
from models.checks.reads import CardRead, Chain, ReadChallenge, ReadKind
from models.checks.spot_checks import SpotCheck
from models.checks.wire import SignedRead, parsed
from models.refusals import Invalid


class ProofStep(StrEnum):
    KEPT = "kept"
    """The token is here and opens."""
    HASH = "hash"
    """It is the one whose hash was put down when it came."""
    SIGNATURE = "signature"
    """The device's key signed it."""
    CONTENT = "content"
    """What is shown of it is what it says."""
    CHALLENGE = "challenge"
    """It answers a challenge that this house gave to this device for this check."""
    CHAIN = "chain"
    """It names the token before it."""
    RECEIPT = "receipt"
    """The house signed for it."""


class Proof(NamedTuple):
    step: ProofStep
    holds: bool | None
    """None where nothing is left to prove it by, or nothing was promised."""
    seen: str = ""
    """What was looked at: a hash, a key, a number."""


def proofs_of(
    house: House, work: Work, read: CardRead, check: SpotCheck | None, side: Side
) -> Sequence[Proof]:
    device = work.session.get_one(ReaderDevice, read.device_id)
    text = _text(house, read, check)
    token = _token(text) if text else None
    told = _told(token, key_of(device)) if token else None
    has = text is not None
    found = {
        ProofStep.KEPT: (bool(text) if read.token else None, f"{len(read.token)} B"),
        ProofStep.HASH: (
            token is not None and token.sha256 == read.sha256 if has else None,
            read.sha256,
        ),
        ProofStep.SIGNATURE: (told is not None if has else None, f"Ed25519 {device.fingerprint}"),
        ProofStep.CONTENT: (_is_told(read, told) if told else None, str(read.read_id)),
        ProofStep.CHALLENGE: (_is_answer(work, read, told) if told else None, ""),
        ProofStep.CHAIN: (_follows(work, read, told) if told else None, f"#{read.seq}"),
        ProofStep.RECEIPT: (_is_receipt(read, side) if read.receipt else None, ""),
    }
    return [Proof(step, holds, seen) for step, (holds, seen) in found.items()]


def _text(house: House, read: CardRead, check: SpotCheck | None) -> str | None:
    """None where it was purged or never kept; empty where it should open and does not."""
    if not read.token:
        return None
    if read.kind is not ReadKind.ID:
        return read.token.decode("ascii", "replace")
    try:
        return opened_token(house, check, read) if check else ""
    except Erased:
        return None
    except (KeyUnusable, Tampered):
        return ""


def _token(text: str) -> Token | None:
    try:
        return Token.read(text, READ)
    except NotSigned:
        return None


def _told(token: Token, key: bytes) -> SignedRead | None:
    try:
        return parsed(SignedRead, token.payload(key))
    except (NotSigned, Invalid):
        return None


def _is_told(read: CardRead, told: SignedRead) -> bool:
    said: dict[str, Any] = told.card.model_dump() if told.card else {}
    if told.fault:
        said = told.fault.model_dump()
    shown = {**read.facts, **({"iccid": read.iccid} if read.iccid else {})}
    is_same = not read.receipt or all(said.get(name) == value for name, value in shown.items())
    named = (read.read_id, read.seq, read.captured_at, read.kind.value, read.is_offline)
    return is_same and named == (
        told.read_id, told.seq, told.captured_at, told.kind, told.offline
    )  # fmt: skip


def _is_answer(work: Work, read: CardRead, told: SignedRead) -> bool:
    one = work.session.exec(
        select(ReadChallenge).where(ReadChallenge.value == told.challenge)
    ).first()
    if one is None or one.used_at is None:
        return False
    return (one.device_id, one.check_id) == (read.device_id, told.task)


def _follows(work: Work, read: CardRead, told: SignedRead) -> bool | None:
    """By the tokens that are here; None where the one before never came."""
    if told.seq == 1:
        return not told.prev
    before = work.session.exec(
        select(CardRead.sha256)
        .where(CardRead.device_id == read.device_id, CardRead.seq == told.seq - 1)
        .order_by(col(CardRead.id))
    ).first()
    if before is None:
        return None if read.chain is Chain.GAP else told.prev != ""
    return before == told.prev


def _is_receipt(read: CardRead, side: Side) -> bool | None:
    try:
        token = Token.read(read.receipt, RECEIPT)
        key = side.keys.vouching.get(token.kid)
        if key is None:
            return None
        told = json.loads(token.payload(key))
    except NotSigned:
        return False
    return (told["read_id"], told["sha256"]) == (str(read.read_id), read.sha256)
