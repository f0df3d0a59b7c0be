"""How spot checks and readers look, and what they say in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from console.actions.checks.spot_lists import ReadView
from console.actions.checks.spot_live import Pulse
from console.i18n import t
from console.pages.frame import said
from console.pages.kit import Tone
from models.checks.devices import CardReaderState, DeviceState
from models.checks.reads import CardRead, Chain, ReadKind, ReadState
from models.checks.spot_checks import CheckState, SpotCheck, Verdict

CHECKS: Final[Mapping[str, Tone]] = {
    CheckState.PLANNED: Tone.WAITING,
    CheckState.ASSIGNED: Tone.BUSY,
    CheckState.READING: Tone.BUSY,
    CheckState.COMPARED: Tone.BUSY,
    CheckState.PASSED: Tone.GOOD,
    CheckState.FAILED: Tone.BAD,
    CheckState.INCONCLUSIVE: Tone.WARNING,
    CheckState.ABORTED: Tone.WARNING,
    CheckState.CLOSED: Tone.OVER,
    CheckState.PURGED: Tone.OVER,
}
VERDICTS: Final[Mapping[str, Tone]] = {
    Verdict.PASSED: Tone.GOOD,
    Verdict.FAILED: Tone.BAD,
    Verdict.INCONCLUSIVE: Tone.WARNING,
    Verdict.ABORTED: Tone.WARNING,
}
DEVICES: Final[Mapping[str, Tone]] = {
    DeviceState.PENDING: Tone.WAITING,
    DeviceState.ENROLLED: Tone.BUSY,
    DeviceState.ACTIVE: Tone.GOOD,
    DeviceState.QUARANTINED: Tone.BAD,
    DeviceState.RETIRED: Tone.OVER,
}
READERS: Final[Mapping[str, Tone]] = {
    CardReaderState.SEEN: Tone.WAITING,
    CardReaderState.ALLOWED: Tone.GOOD,
    CardReaderState.BARRED: Tone.BAD,
}
READS: Final[Mapping[str, Tone]] = {
    ReadState.ACCEPTED: Tone.GOOD,
    ReadState.REFUSED: Tone.BAD,
    ReadState.PURGED: Tone.OVER,
}
SILENT: Final = timedelta(minutes=2)
"""A laptop that waits for its task is heard of, and that is written, more often than this."""
_MILLIS: Final = 1000


def is_running(until: datetime | None, now: datetime) -> bool:
    return until is not None and now < until


def fault_word(code: str) -> str:
    """What went wrong on a reader, and what to do about it."""
    return said(f"reader_fault.{code}", code)


def refused_word(code: str) -> str:
    """Why a signed read counts for nothing, and what to do about it."""
    return said(f"read_refused.{code.rpartition('.')[2]}", code)


def short_word(read: CardRead | ReadView) -> str:
    """What a read brought, as a list says it."""
    if read.state is ReadState.REFUSED:
        return said(f"refused_short.{read.refusal.rpartition('.')[2]}", read.refusal)
    if read.kind is ReadKind.FAULT:
        return said(f"fault_short.{read.fault}", read.fault)
    return read_word(read)


def skew_word(milliseconds: int | None) -> str:
    """How far a laptop's clock is off, in seconds."""
    if milliseconds is None:
        return ""
    key = "behind" if milliseconds < 0 else "ahead"
    return t(f"devices_page.clock_{key}", n=f"{abs(milliseconds) / _MILLIS:.1f}")


def read_word(read: CardRead | ReadView) -> str:
    """What a read brought, in a few words."""
    if read.state is ReadState.REFUSED:
        return refused_word(read.refusal)
    match read.kind:
        case ReadKind.SIM:
            return read.iccid
        case ReadKind.FAULT:
            return fault_word(read.fault)
        case ReadKind.ID:
            return document_word(read)


def chain_word(read: CardRead | ReadView) -> str:
    """Whether it follows the one before of its device, and what is amiss where it does not."""
    is_whole = read.chain is Chain.WHOLE
    return t("spot_trace.whole") if is_whole else t(f"read_chain.{read.chain}")


def document_word(read: CardRead | ReadView) -> str:
    """Kind of document and whether it is in force: nothing else of a person is here."""
    if "doc" not in read.facts:
        return t("id_document.unknown")
    kind = said(f"id_document.{read.facts.get('doc', '')}", t("id_document.unknown"))
    expired = t("spot_live.expired") if read.facts.get("expired") else t("spot_live.in_force")
    return f"{kind} · {expired}"


def what_now(check: SpotCheck, pulse: Pulse, reads: Sequence[CardRead], now: datetime) -> str:
    """The one thing that whoever stands at the counter does next. `reads`: the newest first."""
    if not is_running(pulse.until, now):
        return t("spot_live.over" if reads else "spot_live.over_empty")
    if not reads and (pulse.seen_at is None or now - pulse.seen_at > SILENT):
        return t("spot_live.no_laptop")
    if reads and (reads[0].kind is ReadKind.FAULT or reads[0].state is ReadState.REFUSED):
        return read_word(reads[0])
    have = {one.kind for one in reads if one.state is ReadState.ACCEPTED}
    if check.wants_card and ReadKind.SIM not in have:
        return t("spot_live.put_card")
    wants_document = check.wants_identity and ReadKind.ID not in have
    return t("spot_live.put_document" if wants_document else "spot_live.all_there")
