"""Reads of cards as devices send them: each judged, kept with its token, and answered once.

The order is that of docs/reader.md: who signed, whether that device may, what it says, whether it
came before, whether it counts. What a known device signed stays on record even when it is refused;
what nobody signed is counted with the answers of the door, and not kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, func
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from console.actions.checks.challenges import moment, told_challenge
from console.actions.checks.device_doors import too_old
from console.actions.checks.device_rows import kept_skew, known_device, quarantine, why_not
from console.actions.checks.read_facts import go_on, held_facts, next_challenge
from console.actions.checks.read_proofs import Proof, proofs_of
from console.actions.checks.read_rules import Case, No, judged
from console.actions.checks.reader_keys import Side, own_side
from console.actions.checks.sealed_reads import sealed_token
from console.desk import Desk, House, Work
from integrations.reader_tokens import (
    READ,
    RECEIPT,
    NotSigned,
    SealedWrong,
    Token,
    is_sealed,
    opened_envelope,
)
from models.base import new_id
from models.cards.numbers import CardFault, card_number, card_of
from models.checks.devices import CardReader, CardReaderState, ReaderDevice, WhyQuarantined
from models.checks.reads import CardRead, ReadKind, ReadState
from models.checks.spot_checks import SpotCheck
from models.checks.wire import ID_FIELDS, IdentityCard, SignedRead, SimCard, parsed
from models.permissions import Permission
from models.refusals import Conflict, Invalid, Refusal
from models.staff import Actor

_CONFLICTS: Final = frozenset({"reader.challenge_past", "reader.challenge_used", "reader.seq_used"})
MOST_READERS: Final = 50
"""Readers of one device that are remembered."""
_SENDERS: Final = 4096
"""Devices that are remembered: what is asked of them here never changes."""


@dataclass(frozen=True, slots=True)
class Accepted:
    receipt: str
    is_new: bool
    """False for a read that was here before: the same receipt."""
    next: Mapping[str, str] | None
    """The challenge of the next read of the same kind, as docs/reader.md has it."""


@dataclass(frozen=True, slots=True)
class _Sender:
    id: UUID
    key: bytes
    actor: Actor


@dataclass(frozen=True, slots=True)
class _Sent:
    """A token that its device signed, and what it says, well or badly."""

    sender: _Sender
    token: Token
    told: SignedRead | Refusal
    side: Side


@dataclass(frozen=True, slots=True)
class ReadRecord:
    read: CardRead
    device: ReaderDevice | None
    """None for who may not know of devices."""
    check: SpotCheck | None
    """None also of one that the reader may not know of."""
    proofs: Sequence[Proof]


def accept_read(house: House, token: str) -> Accepted:
    """Keep what a device has read; what a device of ours signed is kept even when it is refused.

    Refusals by code: Invalid `signature_wrong`, `read_malformed`, `other_console`; NotFound
    `device_unknown`; NotAllowed `device_pending`, `device_quarantined`, `device_retired`,
    `agent_too_old`; Conflict `challenge_used`, `challenge_past`, `seq_used`; Invalid for the rest.
    """
    side = own_side(house)
    try:
        read = Token.read(_unsealed(token, side), READ)
        sender = _sender(house.engine, read.kid)
        payload = read.payload(sender.key)
    except NotSigned as error:
        raise Invalid("reader.signature_wrong", why=str(error)) from None
    sent = _Sent(sender, read, _told(payload, sealed=is_sealed(token)), side)
    with house.desk(sender.actor).begin(Permission.CARD_READ_SEND) as work:
        told = sent.told
        if isinstance(told, Refusal):
            outcome = _malformed(work, sent, told)
        else:
            outcome = _outcome(house, work, sent, told)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _unsealed(token: str, side: Side) -> str:
    if not is_sealed(token):
        return token
    try:
        return opened_envelope(token, side.keys.openers)
    except SealedWrong as error:
        code = "reader.other_console" if str(error) == "key" else "reader.signature_wrong"
        raise Invalid(code, why=str(error)) from None


@lru_cache(maxsize=_SENDERS)
def _sender(engine: Engine, kid: str) -> _Sender:
    """Whose signature it is to be; whether that device may read is asked each time."""
    with Session(engine) as session:
        known = known_device(session, kid)
        return _Sender(known.device.id, known.key, known.actor)


def _told(payload: bytes, *, sealed: bool) -> SignedRead | Refusal:
    try:
        told = parsed(SignedRead, payload)
    except Invalid as no:
        return no
    if told.kind == ReadKind.ID and not sealed:
        return Invalid("reader.read_malformed", where="kind")
    return told


def _malformed(work: Work, sent: _Sent, no: Refusal) -> Refusal:
    """There is no read to keep; that the device sent such a thing is put down."""
    known = known_device(work.session, id=sent.sender.id, held=True)
    before = known.refusal()
    if before is None:
        known.device.refused += 1
        work.record("card_read.refused", known.device, code=no.code, sha256=sent.token.sha256)
    return before or no


def _outcome(house: House, work: Work, sent: _Sent, told: SignedRead) -> Accepted | Refusal:
    facts = held_facts(work, sent.sender.id, told)
    is_left = bool(facts.unit_closed_at or facts.holder_gone_at)
    if no := why_not(facts.device_state, is_left=is_left):
        return no
    no = too_old(house, told.agent.version)
    if no and too_old(house, facts.agent_version):
        # Its pass says when it was brought up to date: what it read before then counts again.
        return no
    if facts.before_id is not None:
        return _again(work, sent, facts.before_id)
    reader = facts.reader_state or _new_reader(work, sent.sender.id, told)
    case = Case(work, sent.sender.id, told, sent.side.aud, facts, reader)
    no = judged(case)
    row = _row(case, sent, no)
    go_on(work, row, facts, is_ours=told.aud == sent.side.aud)
    if no is not None:
        return _refused(work, case, sent, row, no)
    return _accepted(house, work, case, sent, row)


def _again(work: Work, sent: _Sent, before_id: UUID) -> Accepted | Refusal:
    """The same token has the same answer; another one under its id is a forgery of the chain."""
    before = work.session.get_one(CardRead, before_id)
    if before.sha256 != sent.token.sha256:
        device = work.session.get_one(ReaderDevice, before.device_id)
        device.refused += 1
        work.record("card_read.refused", device, code="reader.seq_used", sha256=sent.token.sha256)
        quarantine(work, device, WhyQuarantined.REPLAY)
        return Conflict("reader.seq_used")
    if before.state is ReadState.REFUSED:
        family = Conflict if before.refusal in _CONFLICTS else Invalid
        return family(before.refusal, **before.facts)
    return Accepted(before.receipt, is_new=False, next=None)


def _new_reader(work: Work, device_id: UUID, told: SignedRead) -> CardReaderState | None:
    """Remembered by what it says of itself; None when a device has shown too many of them."""
    said = told.reader
    own = select(func.count()).select_from(CardReader).where(CardReader.device_id == device_id)
    if work.session.exec(own).one() >= MOST_READERS:
        return None
    row = work.add(
        CardReader(
            device_id=device_id,
            name=said.name,
            usb=said.usb.lower(),
            serial=said.serial,
            sam_id=said.sam_id,
            is_virtual=said.is_virtual,
            first_seen_at=work.at,
        )
    )
    return row.state


def _row(case: Case, sent: _Sent, no: No | None) -> CardRead:
    told, facts = case.told, case.facts
    return CardRead(
        id=new_id(),
        read_id=told.read_id,
        device_id=case.device_id,
        organisation_id=facts.organisation_id,
        check_id=facts.check_id,
        kind=ReadKind(told.kind),
        state=ReadState.REFUSED if no else ReadState.ACCEPTED,
        refusal=no.refusal.code if no else "",
        seq=told.seq,
        chain=case.chain(),
        sha256=sent.token.sha256,
        captured_at=told.captured_at,
        received_at=case.work.at,
        skew_ms=kept_skew(told.clock_skew_ms),
        is_offline=told.offline,
        reader=told.reader.model_dump() | {"virtual": told.reader.is_virtual},
        agent=told.agent.model_dump(),
        fault=told.fault.code if told.fault else "",
    )


def _refused(work: Work, case: Case, sent: _Sent, row: CardRead, no: No) -> Refusal:
    """Of a card that was not to be read nothing is kept but the token's hash."""
    row.facts = dict(no.refusal.facts)
    if row.kind is not ReadKind.ID and not (case.told.card and case.told.card.beyond):
        row.token = sent.token.text.encode()
    work.add(row)
    work.record("card_read.refused", row, code=no.refusal.code, sha256=row.sha256, seq=row.seq)
    if no.why is not None:
        quarantine(work, work.session.get_one(ReaderDevice, row.device_id), no.why)
    return no.refusal


def _accepted(house: House, work: Work, case: Case, sent: _Sent, row: CardRead) -> Accepted:
    told, facts, text = case.told, case.facts, sent.token.text
    row.facts = _facts(told)
    if isinstance(told.card, SimCard):
        row.iccid = told.card.iccid
        card = card_of(row.iccid)
        row.card = None if isinstance(card, CardFault) else card_number(card.key)
    row.token = text.encode()
    if row.kind is ReadKind.ID and facts.carrier_id and facts.check_id:
        row.token = sealed_token(house, facts.carrier_id, facts.check_id, row.id, text)
    receipt = {
        "read_id": str(row.read_id), "sha256": row.sha256, "accepted_at": moment(work.at)
    }  # fmt: skip
    row.receipt = sent.side.keys.sign(RECEIPT, receipt)
    work.add(row)
    work.record(
        "card_read.accepted", row, kind=row.kind.value, check=facts.check_number,
        sha256=row.sha256, seq=row.seq, chain=row.chain.value,
    )  # fmt: skip
    following = None
    is_open = facts.session_until is not None and facts.session_until > work.at
    if is_open and not row.is_offline and facts.challenge_kind is not None:
        made = next_challenge(work, row, facts.challenge_kind)
        following = told_challenge(made["value"], made["until"])
    return Accepted(row.receipt, is_new=True, next=following)


def _facts(told: SignedRead) -> dict[str, Any]:
    """Of a person five marks: two of them mean nothing without the check's salt."""
    if told.fault is not None:
        return told.fault.model_dump(exclude_none=True)
    if isinstance(told.card, IdentityCard):
        return told.card.model_dump(include=set(ID_FIELDS))
    assert told.card is not None  # noqa: S101 - by its shape
    return told.card.model_dump(exclude={"iccid"}, exclude_unset=True)


def reads_of(desk: Desk, check_id: UUID | str) -> Sequence[CardRead]:
    """All that devices sent for a check, in the order that it came; without the tokens."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        check = work.get(SpotCheck, check_id)
        return work.all(
            work.select(CardRead)
            .where(CardRead.check_id == check.id)
            .options(defer(CardRead.token))  # pyright: ignore[reportArgumentType]
            .order_by(col(CardRead.id))
        )


def read_record(desk: Desk, read_id: UUID | str) -> ReadRecord:
    """A read, and what can be proved of it today from what is kept."""
    side = own_side(desk.house)
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        read = work.get(CardRead, read_id)
        own = work.select(ReaderDevice).where(ReaderDevice.id == read.device_id)
        device = work.session.exec(own).first()
        check = work.session.get(SpotCheck, read.check_id) if read.check_id else None
        proofs = proofs_of(desk.house, work, read, check, side)
        seen = work.select(SpotCheck).where(SpotCheck.id == read.check_id)
        return ReadRecord(read, device, work.session.exec(seen).first(), proofs)
