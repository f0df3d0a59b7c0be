"""Whether a signed read counts: one rule after another, and the first that says no.

What a rule refuses is kept all the same, with its code: a device signed it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import select

from console.actions.checks.device_rows import span
from console.actions.checks.read_facts import Facts
from console.desk import Work
from models.checks.devices import CardReaderState, WhyQuarantined
from models.checks.judging import FORGED
from models.checks.reads import CardRead, Chain, ReadKind
from models.checks.spot_checks import CheckState
from models.checks.wire import SignedRead
from models.refusals import Conflict, Invalid, Refusal
from models.rules import china_day, parameter


@dataclass(frozen=True, slots=True)
class Case:
    """A read that a device of ours signed, and what is known around it."""

    work: Work
    device_id: UUID
    told: SignedRead
    aud: str
    facts: Facts
    reader: CardReaderState | None
    """None where the device has shown too many readers."""

    @property
    def captured_at(self) -> datetime:
        """By the console's clock, as far as the laptop knew it."""
        skew = timedelta(milliseconds=self.told.clock_skew_ms)
        try:
            return self.told.captured_at - skew
        except OverflowError:
            return self.told.captured_at

    @property
    def asked_kind(self) -> ReadKind:
        """Of the challenge that it has to answer: a fault is one of the reader it happened to."""
        fault = self.told.fault
        if fault is None:
            return ReadKind(self.told.kind)
        return ReadKind.ID if fault.is_of_document else ReadKind.SIM

    def chain(self) -> Chain:
        if self.told.seq != self.facts.last_seq + 1:
            return Chain.GAP
        return Chain.WHOLE if self.told.prev == self.facts.last_sha256 else Chain.BROKEN


@dataclass(frozen=True, slots=True)
class No:
    refusal: Refusal
    why: WhyQuarantined | None = None
    """What the device is put out of work for."""


def judged(case: Case) -> No | None:
    for rule in RULES:
        no = rule(case)
        if no is not None:
            return no
    return None


def _console(case: Case) -> No | None:
    return None if case.told.aud == case.aud else No(Invalid("reader.other_console"))


def _challenge(case: Case) -> No | None:
    """Known, for this device and check and kind, unused, not past."""
    facts, told = case.facts, case.told
    if facts.until is None or facts.challenge_check != told.task:
        return No(Conflict("reader.challenge_past"))
    if facts.used_at is not None:
        return No(Conflict("reader.challenge_used"), WhyQuarantined.REPLAY)
    is_for_it = case.asked_kind is facts.challenge_kind
    if facts.until <= case.work.at or not is_for_it or facts.is_of_pack is not told.offline:
        return No(Conflict("reader.challenge_past"))
    return None


def _session(case: Case) -> No | None:
    """What was read without a network comes when it can; nothing comes to a check that is over."""
    ends = case.facts.session_until
    is_open = case.told.offline or (ends is not None and ends > case.work.at)
    if case.facts.check_state is CheckState.READING and is_open:
        return None
    return No(Invalid("reader.task_closed"))


def _number(case: Case) -> No | None:
    """A number is used once; that one is missing is a fact and no fault of this read."""
    if case.told.seq > case.facts.last_seq:
        return None
    used = select(CardRead.id).where(
        CardRead.device_id == case.device_id, CardRead.seq == case.told.seq
    )
    if case.work.session.exec(used).first() is None:
        return None
    return No(Conflict("reader.seq_used"), WhyQuarantined.REPLAY)


def _clock(case: Case) -> No | None:
    """Read between the challenge's making and now, by a clock that is nearly right.

    A read may wait for a network as long as its challenge lives, so it may be older than it may be
    wrong.
    """
    at = case.work.at
    off, begins = span("check_clock_skew", at), case.facts.made_at or at
    skew = abs(case.told.clock_skew_ms)
    if skew <= off.total_seconds() * 1000 and begins - off <= case.captured_at <= at + off:
        return None
    return No(Invalid("reader.clock_off"), WhyQuarantined.CLOCK)


def _pace(case: Case) -> No | None:
    """One card at a time, by the device's own clock; a read that failed is none (DOMAIN 4.11)."""
    if case.told.kind == ReadKind.FAULT:
        return None
    if case.facts.near:
        return No(Invalid("reader.too_fast"))
    most = parameter("reader_read_limit", china_day(case.work.at)).value
    if case.facts.hour < most:
        return None
    return No(Invalid("reader.too_many", most=most), WhyQuarantined.TOO_MANY)


def _virtual(case: Case) -> No | None:
    if not case.told.reader.is_virtual or case.facts.is_for_tests:
        return None
    return No(Invalid("reader.virtual_refused"), WhyQuarantined.VIRTUAL)


def _reader(case: Case) -> No | None:
    """One for identity cards is allowed by the id of its security module (READER D.3).

    That a document is forged is said by that module too.
    """
    fault = case.told.fault
    is_id = case.told.kind == ReadKind.ID or (fault is not None and fault.code == FORGED)
    if case.reader is CardReaderState.ALLOWED and (case.told.reader.sam_id or not is_id):
        return None
    if case.reader is CardReaderState.SEEN and not is_id:
        return None
    return No(Invalid("reader.sam_unapproved", sam_id=case.told.reader.sam_id))


def _fields(case: Case) -> No | None:
    beyond = case.told.card.beyond if case.told.card else frozenset[str]()
    return No(Invalid("reader.fields_beyond", fields=", ".join(sorted(beyond)))) if beyond else None


RULES: Final[Sequence[Callable[[Case], No | None]]] = (
    _console, _challenge, _session, _number, _clock, _pace, _virtual, _reader, _fields,
)  # fmt: skip
