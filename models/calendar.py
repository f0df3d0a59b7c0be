"""A calendar as programs read it (RFC 5545, RFC 7986): what is due, each on its last day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import NAMESPACE_URL, uuid5

_OCTETS: Final = 75
"""The longest line without its end (3.1)."""
_NINE_THE_DAY_BEFORE: Final = "-PT15H"
"""Before midnight, with which an all-day entry begins."""


class Component(StrEnum):
    EVENT = "VEVENT"
    TASK = "VTODO"
    """For the calendars that show those."""


@dataclass(frozen=True, slots=True)
class Due:
    key: str
    """What it is called among all that is due, now and when it is asked for again."""
    summary: str
    on: date
    """The last day that is in time, in China."""
    url: str = ""


def calendar(
    name: str, dues: Sequence[Due], at: datetime, *, home: str, component: Component
) -> bytes:
    """The whole file; `home` is the host that its entries' names belong to."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//channel//due//ZH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        "X-WR-TIMEZONE:Asia/Shanghai",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for due in dues:
        lines += _entry(due, at, home, component)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line)).encode()


def _entry(due: Due, at: datetime, home: str, component: Component) -> Iterator[str]:
    yield f"BEGIN:{component}"
    yield f"UID:{uuid5(NAMESPACE_URL, f'{home}/{due.key}')}@{home}"
    yield f"DTSTAMP:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    if component is Component.EVENT:
        yield f"DTSTART;VALUE=DATE:{due.on:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{due.on + timedelta(days=1):%Y%m%d}"
        yield "TRANSP:TRANSPARENT"
        trigger = f"TRIGGER:{_NINE_THE_DAY_BEFORE}"
    else:
        # RFC 5545 3.8.6.3: an alarm that hangs on a start or an end needs one with it.
        yield f"DTSTART;VALUE=DATE:{due.on - timedelta(days=1):%Y%m%d}"
        yield f"DUE;VALUE=DATE:{due.on:%Y%m%d}"
        yield "STATUS:NEEDS-ACTION"
        trigger = f"TRIGGER;RELATED=END:{_NINE_THE_DAY_BEFORE}"
    yield f"SUMMARY:{_text(due.summary)}"
    if due.url:
        yield f"URL:{due.url}"
    yield "CLASS:CONFIDENTIAL"
    yield "BEGIN:VALARM"
    yield "ACTION:DISPLAY"
    yield trigger
    yield f"DESCRIPTION:{_text(due.summary)}"
    yield "END:VALARM"
    yield f"END:{component}"


def _text(words: str) -> str:
    """TEXT of 3.3.11: on one line, without control characters, marks of the format escaped."""
    shown = "".join(one if one.isprintable() else " " for one in words)
    for mark in "\\;,":
        shown = shown.replace(mark, f"\\{mark}")
    return " ".join(shown.split())


def _folded(line: str) -> Iterator[str]:
    """Lines of at most 75 octets, never broken inside a character; a blank begins each but one."""
    part, size = "", 0
    for one in line:
        octets = len(one.encode())
        if size + octets > _OCTETS:
            yield part
            part, size = " ", 1
        part, size = part + one, size + octets
    yield part
