"""Values as people read them: moments in China, states in words with a colour and a sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from zoneinfo import ZoneInfo

from console.i18n import t
from console.pages.frame import said
from models.audit import AuditEntry
from models.staff import Door

CHINA: Final = ZoneInfo("Asia/Shanghai")
NOTHING: Final = "—"


class Tone(StrEnum):
    """What a state asks of the reader. Never told by colour alone: each has a sign too."""

    GOOD = "good"
    BUSY = "busy"
    WAITING = "waiting"
    WARNING = "warning"
    BAD = "bad"
    OVER = "over"


BadgeColour = Literal["green", "blue", "violet", "orange", "red", "gray"]


@dataclass(frozen=True, slots=True)
class Look:
    colour: BadgeColour
    icon: str
    grid: str
    """The colour in a grid's cell, readable on light and dark."""


LOOKS: Final[Mapping[Tone, Look]] = {
    Tone.GOOD: Look("green", ":material/check_circle:", "#2F8F5B40"),
    Tone.BUSY: Look("blue", ":material/pending:", "#3B7DB840"),
    Tone.WAITING: Look("violet", ":material/hourglass_top:", "#7A63B840"),
    Tone.WARNING: Look("orange", ":material/warning:", "#D08A2A48"),
    Tone.BAD: Look("red", ":material/cancel:", "#C5484840"),
    Tone.OVER: Look("gray", ":material/archive:", "#7D8C9040"),
}

_TONES: Final[Mapping[str, Tone]] = {
    word: tone
    for tone, spelled in {
        Tone.GOOD: "active approved authorised valid verified published issued confirmed done "
        "registered passed whole live accepted admitted healthy succeeded genuine normal",
        Tone.BUSY: "running sending sent open in_progress processing acting answered acknowledged "
        "publishing signing checking reviewing under_review executing following tracking",
        Tone.WAITING: "draft pending submitted waiting new received queued applied candidate "
        "unconfirmed planned scheduled proposed supplement returned first_check found",
        Tone.WARNING: "suspended overdue due expiring partial disputed appealed escalated stale "
        "rectifying paused limited failed_some suspected unclear needs_review transferred",
        Tone.BAD: "revoked rejected failed refused invalid blacklisted blocked altered lost "
        "cancelled forged copied violating banned",
        Tone.OVER: "closed expired ended archived dismissed withdrawn disabled superseded "
        "retired inactive none terminated removed signed_out",
    }.items()
    for word in spelled.split()
}


def tone_of(value: str, tones: Mapping[str, Tone] | None = None) -> Tone:
    """The tone of a state's word; a page names its own where the word alone misleads."""
    return (tones or {}).get(value) or _TONES.get(value, Tone.WAITING)


def state_word(area: str, value: str) -> str:
    """`state_word("agent_state", AgentState.ACTIVE)`: the text `agent_state.active`."""
    return t(f"{area}.{value}")


def moment(at: datetime | None) -> str:
    """A moment in China time, to the minute."""
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}" if at else NOTHING


def day(at: date | datetime | None) -> str:
    if isinstance(at, datetime):
        at = at.astimezone(CHINA).date()
    return at.isoformat() if at else NOTHING


def last_day(due: datetime | None) -> str:
    """The last day that is in time: a deadline is the first moment too late."""
    return day(due - timedelta(microseconds=1)) if due else NOTHING


def left_until(due: datetime, now: datetime) -> str:
    """How long until, or since, a deadline, in the largest unit that says it."""
    seconds = (due - now).total_seconds()
    late, minutes = seconds < 0, int(abs(seconds) // 60)
    hours, days = minutes // 60, minutes // 1440
    key, amount = ("days", days) if days else ("hours", hours) if hours else ("minutes", minutes)
    return t(f"console.{'late' if late else 'left'}_{key}", n=amount)


def deed_word(deed: str) -> str:
    """What was done, in words; the deed's own word where no text exists."""
    return said(f"deed.{deed.replace('.', '_')}", deed)


def actor_word(entry: AuditEntry) -> str:
    """Who did it; the house itself under its own name."""
    own = {Door.HOUSE: "role.house", Door.PUBLIC: "role.public"}
    return t(own[entry.door]) if entry.door in own else entry.actor_name
