"""What may leave the laptop, and how often: the task's fields and no more, at a person's pace.

A read is cut down before it is signed. The console checks the same again; here it spares the
holder's data the way.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from reader_agent.refusals import CardWrong

ALWAYS: Final[Mapping[str, frozenset[str]]] = {
    "sim": frozenset(
        {
            *("kind", "atr", "iccid", "iccid_raw", "iccid_luhn"),
            *("pin1", "imsi_state", "apdus"),
        }
    ),
    "id": frozenset({"doc", "no_check", "expired", "no_mac", "name_mac"}),
}
ASKED: Final[Mapping[str, frozenset[str]]] = {
    "sim": frozenset({"imsi", "spn", "gid1", "mnc_len", "msisdn"}),
    "id": frozenset(),
}
"""By kind of read: what the task has to ask for. There is nothing else, whatever it asks;
of an identity card nothing leaves in clear.
"""
_LONGEST: Final = 256
_HALVES: Final = re.compile("[\ud800-\udfff]")
SHORTEST_PAUSE: Final = 2.0
MOST_AN_HOUR: Final = 60
_HOUR: Final = 3600.0
_MOST_SKEW_MS: Final = 5 * 60 * 1000
"""What the console bears (docs/reader.md, `reader.clock_off`)."""


def is_clock_off(skew_ms: int) -> bool:
    """Whether a read by this clock would be refused, and its laptop put into quarantine."""
    return abs(skew_ms) > _MOST_SKEW_MS


def reduced(kind: str, card: Mapping[str, object], fields: Iterable[str]) -> dict[str, object]:
    """The members of `card` that a task with these fields may have. CardWrong for an odd value."""
    kept = ALWAYS[kind] | (ASKED[kind] & set(fields))
    return {name: _sound(name, card[name]) for name in sorted(kept & card.keys())}


def _sound(name: str, value: object) -> object:
    """Text, a whole number, true, false or null; half a character of UTF-16 becomes U+FFFD."""
    if isinstance(value, str):
        if len(value) > _LONGEST:
            raise CardWrong(field=name)
        return _HALVES.sub("\ufffd", value)
    if value is None or isinstance(value, int):
        return value
    raise CardWrong(field=name)


@dataclass(frozen=True, slots=True)
class Pause:
    """Why not now: `too_fast` or `too_many`, and for how many seconds yet."""

    code: str
    seconds: float


class Pace:
    """The console refuses what is faster, so it is not read in the first place."""

    def __init__(self, ages: Iterable[float] = (), now: float = 0.0) -> None:
        """`ages`: how many seconds before `now` each read was made that a restart forgot."""
        self._at = deque(sorted(now - age for age in ages))

    def may_read(self, now: float) -> Pause | None:
        """`now`: seconds of a clock that only goes on."""
        while self._at and self._at[0] <= now - _HOUR:
            self._at.popleft()
        if self._at and now - self._at[-1] < SHORTEST_PAUSE:
            return Pause("too_fast", SHORTEST_PAUSE - (now - self._at[-1]))
        if len(self._at) >= MOST_AN_HOUR:
            return Pause("too_many", self._at[0] + _HOUR - now)
        return None

    def note(self, now: float) -> None:
        """A read was begun, whatever came of it."""
        self._at.append(now)
