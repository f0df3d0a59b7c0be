"""Which reads the console wants, with which challenge: one challenge, one read.

The task thread, the sender and the readers' thread all use it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Final

from reader_agent.counter.asks import Ask, Done, Kind
from reader_agent.outbox.packs import Packs
from reader_agent.policy import is_clock_off
from reader_agent.wire.tasks import Challenge, Task

_MARGIN: Final = timedelta(seconds=5)
"""A challenge that ends sooner would be past before the read arrives."""


@dataclass
class Errands:
    """An `Asks` (asks.py). `keep` gets what was read."""

    packs: Packs
    keep: Callable[[Done], None]
    skew_ms: Callable[[], int]
    """How far this clock is ahead of the console's, by the console's last answer."""
    chosen: str | None = None
    """Id or number of the one task that is served."""
    fields: Sequence[str] | None = None
    """Fewer fields than the task asks for, where the person at the laptop wants that."""

    def __post_init__(self) -> None:
        self._turn = RLock()
        self._tasks: dict[tuple[str, str], Task] = {}
        self._in_hand: dict[tuple[str, str], Challenge] = {}
        self._used: dict[str, datetime] = {}
        self._online = self._was_away = False
        self._stopped = ""
        self._has_room = True
        self._was_clock_off = False
        self.packs.forget(self._now())

    @property
    def is_away(self) -> bool:
        """It was said that the console is away, and it has not been heard of since."""
        return self._was_away

    def room(self, *, there: bool) -> bool:
        """Whether the next read can be kept; without that none is made. Whether that is news."""
        with self._turn:
            was, self._has_room = self._has_room, there
            return was != there

    def heard(self, tasks: Sequence[Task]) -> list[Task]:
        """The console's answer; those of its tasks that were not open before."""
        with self._turn:
            before, self._online, self._stopped = self._tasks, True, ""
            self._was_away = False
            self.packs.forget(self._now())
            self._tasks = {(one.task, one.kind): one for one in tasks}
            self._in_hand = {key: one for key, one in self._in_hand.items() if key in self._tasks}
            for key, one in self._tasks.items():
                self._hold(key, Challenge(one.challenge, one.challenge_until))
            return [one for key, one in self._tasks.items() if key not in before]

    def following(self, task: str, kind: str, challenge: Challenge | None) -> None:
        """The challenge that came with the answer to a read."""
        with self._turn:
            if challenge is not None and (task, kind) in self._tasks:
                self._hold((task, kind), challenge)

    def away(self) -> bool:
        """No word from the console: packs serve until there is. Whether that is news."""
        with self._turn:
            was, self._online, self._was_away = self._was_away, False, True
            return not was

    def stop(self, code: str) -> bool:
        """Nothing more is read, by the console's word. Whether that is news."""
        with self._turn:
            was, self._stopped = self._stopped, code
            return was != code

    def clock(self) -> str:
        """The code of what is news about this laptop's clock, empty where nothing is."""
        with self._turn:
            was, self._was_clock_off = self._was_clock_off, is_clock_off(self.skew_ms())
            if was == self._was_clock_off:
                return ""
            return "clock_right" if was else "clock_off"

    def wanted(self, kind: Kind) -> Ask | str:
        return self._next(kind, use=False)

    def take(self, kind: Kind) -> Ask | str:
        return self._next(kind, use=True)

    def give_back(self, ask: Ask) -> None:
        with self._turn:
            until = self._used.pop(ask.challenge, None)
            if until is not None and not ask.offline:
                self._hold((ask.task, ask.kind), Challenge(ask.challenge, until))

    def done(self, done: Done) -> None:
        self.keep(done)

    def _hold(self, key: tuple[str, str], challenge: Challenge) -> None:
        if challenge.challenge not in self._used:
            self._in_hand[key] = challenge

    def _next(self, kind: Kind, *, use: bool) -> Ask | str:
        with self._turn:
            if self._stopped or not self._has_room:
                return self._stopped or "spool_full"
            if is_clock_off(self.skew_ms()):
                return "clock_off"
            now = self._now()
            open_ones = self._open(kind, now)
            if len(open_ones) != 1:
                none = "no_pack" if self._was_away else "no_task"
                return "several_tasks" if open_ones else none
            return self._ask(open_ones[0], now, use=use)

    def _now(self) -> datetime:
        """The console's time."""
        return datetime.now(UTC) - timedelta(milliseconds=self.skew_ms())

    def _open(self, kind: Kind, now: datetime) -> list[Task]:
        """The console says what is open; without it, what it last said and what packs are for."""
        known = dict(self._tasks)
        if not self._online:
            packed = {(one.task, one.kind): one for one in self.packs.tasks(now)}
            known = packed | known
        return [
            one
            for one in known.values()
            if one.kind == kind
            and one.expires_at > now
            and self.chosen in {None, one.task, one.number}
        ]

    def _ask(self, task: Task, now: datetime, *, use: bool) -> Ask | str:
        key = (task.task, task.kind)
        held = self._in_hand.get(key)
        if held is not None and held.until - _MARGIN <= now:
            held = None
        # Away from the console the challenge in hand may be past before the read arrives.
        packed = None if self._online else self._packed(key, now, use=use)
        challenge = packed or held
        if challenge is None:
            return "no_challenge"
        if use:
            if packed is None:
                del self._in_hand[key]
            self._used = {one: until for one, until in self._used.items() if until > now}
            self._used[challenge.challenge] = challenge.until
        return Ask(
            kind="sim" if task.kind == "sim" else "id",
            fields=[one for one in task.fields if self.fields is None or one in self.fields],
            salt=task.salt,
            task=task.task,
            number=task.number,
            challenge=challenge.challenge,
            offline=packed is not None,
        )

    def _packed(self, key: tuple[str, str], now: datetime, *, use: bool) -> Challenge | None:
        if use:
            return self.packs.take(*key, now)
        found = next((one for one in self.packs.tasks(now) if (one.task, one.kind) == key), None)
        return found and Challenge(found.challenge, found.challenge_until)
