"""Time: how long one question may take in all, and how often one host may be asked."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import inf
from threading import Lock
from time import monotonic, sleep
from typing import Final

from integrations.marketplaces.base import TurnedDown, Unreachable

_GLANCE: Final = 0.2
"""Seconds between two looks at the kill switch while waiting."""


class Deadline:
    """The end of one question's time, look-up, redirects and retries included."""

    def __init__(self, seconds: float, whole: "Deadline | None" = None) -> None:
        self._end = monotonic() + seconds
        self._whole = whole

    def left(self) -> float:
        left = self._end - monotonic()
        if left <= 0:
            raise Unreachable("deadline")
        return left

    def forgive(self, seconds: float) -> None:
        """Give back what was spent on our own manners."""
        self._end += seconds
        if self._whole is not None:
            self._whole.forgive(seconds)

    def sooner(self, seconds: float) -> "Deadline":
        """A deadline for a part of the work, that never outlasts the whole."""
        return Deadline(min(seconds, self.left()), self)


def rest(seconds: float, stop: Callable[[], bool]) -> None:
    """Wait, and leave off as soon as the kill switch is thrown."""
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0:
        if stop():
            raise TurnedDown("stopped")
        sleep(min(left, _GLANCE))


def retry_after(value: str | None) -> float | None:
    """Seconds that a `Retry-After` asks for (RFC 9110 section 10.2.3); None if it says nothing."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


class Lane:
    """One host's lane: one request at a time, and a rest before the next."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sent = -inf
        self._not_before = -inf

    def hold(self, seconds: float) -> None:
        """The host asked to be left alone for so long."""
        self._not_before = max(self._not_before, monotonic() + seconds)

    @contextmanager
    def turn(self, pace: float, stop: Callable[[], bool]) -> Generator[float]:
        """Hold the lane for one request; gives the seconds that were waited for it."""
        came = monotonic()
        while not self._lock.acquire(timeout=_GLANCE):
            if stop():
                raise TurnedDown("stopped")
        try:
            rest(max(self._sent + pace, self._not_before) - monotonic(), stop)
            if stop():
                raise TurnedDown("stopped")
            self._sent = monotonic()
            yield self._sent - came
        finally:
            self._lock.release()


class Lanes:
    def __init__(self) -> None:
        self._lock = Lock()
        self._lanes: dict[str, Lane] = {}

    def of(self, host: str) -> Lane:
        with self._lock:
            return self._lanes.setdefault(host.lower().rstrip("."), Lane())
