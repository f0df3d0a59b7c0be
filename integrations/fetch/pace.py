"""Time: how long one question may take in all, and how often one host may be asked."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from hashlib import sha256
from math import inf
from pathlib import Path
from struct import Struct
from threading import Condition, Lock
from time import monotonic, sleep, time
from typing import IO, Final

from integrations.marketplaces.base import TurnedDown, Unreachable

_GLANCE: Final = 0.2
"""Seconds between two looks at the kill switch while waiting."""
_PAUSE: Final = 0.02
_CONNECTIONS: Final = 2
"""To one host, of all processes together."""
_QUEUE: Final = 64
_LONGEST_HOLD: Final = 60.0
_TIMES: Final = Struct("<dd")


def never() -> bool:
    return False


class Deadline:
    """The end of one question's time, look-up, redirects and retries included; or a stop."""

    def __init__(
        self,
        seconds: float,
        stop: Callable[[], bool] = never,
        whole: "Deadline | None" = None,
    ) -> None:
        self._end = monotonic() + seconds
        self._stop = stop
        self._whole = whole

    def left(self) -> float:
        if self._stop():
            raise TurnedDown("stopped")
        left = self._end - monotonic()
        if left <= 0:
            raise Unreachable("deadline")
        return left

    def glance(self) -> float:
        """Seconds to wait before the kill switch is looked at again."""
        return min(self.left(), _GLANCE)

    def forgive(self, seconds: float) -> None:
        """Give back what was spent on our own manners."""
        self._end += seconds
        if self._whole is not None:
            self._whole.forgive(seconds)

    def sooner(self, seconds: float) -> "Deadline":
        """A deadline for a part of the work, that never outlasts the whole."""
        return Deadline(min(seconds, self.left()), self._stop, self)


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
    """One host's lane: so many requests at a time, and a rest before the next."""

    def __init__(self, shared: "SharedLane | None") -> None:
        self._free = Condition()
        self._live = 0
        self._sent = -inf
        self._not_before = -inf
        self._shared = shared
        self.refused = 0
        """How often in a row the host sent us away."""

    def hold(self, seconds: float) -> None:
        """The host asked to be left alone for so long."""
        self._not_before = max(self._not_before, monotonic() + seconds)
        if self._shared is not None:
            self._shared.hold(seconds)

    @contextmanager
    def turn(self, pace: float, stop: Callable[[], bool], most: int = 1) -> Generator[float]:
        """Hold the lane for one request; gives the seconds that were waited for it."""
        came = monotonic()
        with ExitStack() as held:
            self._enter(most, stop)
            held.callback(self._leave)
            if self._shared is not None and pace > 0:
                held.enter_context(self._shared.slot(stop))
                rest(self._shared.next_turn(pace), stop)
            rest(self._next_turn(pace), stop)
            if stop():
                raise TurnedDown("stopped")
            yield monotonic() - came

    def _next_turn(self, pace: float) -> float:
        with self._free:
            now = monotonic()
            self._sent = max(now, self._sent + pace, self._not_before)
            return self._sent - now

    def _enter(self, most: int, stop: Callable[[], bool]) -> None:
        with self._free:
            while not self._free.wait_for(lambda: self._live < most, _GLANCE):
                if stop():
                    raise TurnedDown("stopped")
            self._live += 1

    def _leave(self) -> None:
        with self._free:
            self._live -= 1
            self._free.notify()


class SharedLane:
    """What processes of this house know together of one host, in a folder that they share.

    A lock is a file's, so the system lets it go when a process is killed.
    """

    def __init__(self, folder: Path, host: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / sha256(host.encode()).hexdigest()[:32]

    @contextmanager
    def slot(self, stop: Callable[[], bool]) -> Generator[None]:
        """One of the two connections that all processes together have to the host."""
        with ExitStack() as files:
            places = [
                files.enter_context(self._file.with_suffix(f".{number}").open("ab"))
                for number in range(_CONNECTIONS)
            ]
            while not any(_locked(place) for place in places):
                rest(_PAUSE, stop)
                if stop():
                    raise TurnedDown("stopped")
            yield

    def next_turn(self, pace: float) -> float:
        """Take the next turn; the seconds until it comes."""
        with self._times() as times:
            now = time()
            # A clock that was set back must not keep us waiting.
            last = min(times.sent, now + _QUEUE * pace)
            times.sent = max(now, last + pace, min(times.not_before, now + _LONGEST_HOLD))
            return times.sent - now

    def hold(self, seconds: float) -> None:
        with self._times() as times:
            times.not_before = max(times.not_before, time() + seconds)

    @contextmanager
    def _times(self) -> Generator["_Times"]:
        with self._file.open("a+b") as file:
            flock(file, LOCK_EX)
            file.seek(0)
            said = file.read()
            times = _Times(*_TIMES.unpack(said)) if len(said) == _TIMES.size else _Times(0.0, 0.0)
            yield times
            file.truncate(0)
            file.write(_TIMES.pack(times.sent, times.not_before))


@dataclass
class _Times:
    sent: float
    not_before: float


def _locked(file: IO[bytes]) -> bool:
    try:
        flock(file, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Lanes:
    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = Lock()
        self._lanes: dict[str, Lane] = {}

    def of(self, host: str) -> Lane:
        name = host.lower().rstrip(".")
        with self._lock:
            if name not in self._lanes:
                shared = SharedLane(self._folder, name) if self._folder else None
                self._lanes[name] = Lane(shared)
            return self._lanes[name]
