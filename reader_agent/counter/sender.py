"""The two conversations with the console: reads go out in order, tasks come in."""

import random
import time
from collections.abc import Callable
from threading import Condition, Event, Thread
from typing import Final

from reader_agent.counter.asks import Voice
from reader_agent.counter.errands import Errands
from reader_agent.counter.keeping import Kept
from reader_agent.outbox.flush import Outcome, backoff, hand_over
from reader_agent.outbox.spool import Entry, Spool
from reader_agent.refusals import ConsoleRefused, ConsoleUnreachable, SpoolDamaged, SpoolFull
from reader_agent.wire.relay import Relay

_STOPS: Final = frozenset({401, 403, 426})
_LONG_POLL: Final = 25
_SHORTEST_POLL: Final = 1.0


class Sender:
    """Empties the spool in order, in a thread of its own.

    `told` hears once of each read that was handed over here: how its first attempt ended.
    """

    def __init__(  # noqa: PLR0913 - from where, to whom, and who is told
        self,
        relay: Relay,
        spool: Spool,
        errands: Errands,
        tell: Voice,
        told: Callable[[Kept, Outcome], None],
        *,
        changed: Callable[[], None],
    ) -> None:
        """`changed`: there is room for reads again."""
        self._relay, self._spool, self._errands = relay, spool, errands
        self._tell, self._told, self._changed = tell, told, changed
        self._turn = Condition()
        self._fresh: dict[str, Kept] = {}
        self._news = True
        self._ending = False
        self._held: Outcome | None = None
        """The console's own wish for a pause, while it lasts."""
        self._thread = Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hand_over(self, kept: Kept) -> None:
        """A read was kept; it goes out at once, unless the console asked for a pause."""
        with self._turn:
            held = self._held
            if held is None:
                self._fresh[kept.entry.read_id] = kept
            self._news = True
            self._turn.notify()
        if held is not None:
            self._report(kept.entry, kept, held, 0)

    def nudge(self) -> None:
        """The console was heard of again, so what waits is tried now."""
        with self._turn:
            self._news = True
            self._turn.notify()

    def end(self, patience: float) -> bool:
        """Lets what is on its way arrive, for so many seconds; whether the thread has ended."""
        with self._turn:
            self._ending = True
            self._turn.notify()
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _run(self) -> None:
        attempts, going = 0, True
        while going:
            with self._turn:
                self._news, self._held = False, None
            stuck = self._round()
            attempts = attempts + 1 if stuck else 0
            going = self._rest(stuck, attempts)

    def _rest(self, stuck: Outcome | None, attempts: int) -> bool:
        """Until there is something to do; False when it is time to leave."""
        with self._turn:
            if self._ending and (stuck or not self._news):
                return False
            pause = None
            if stuck is not None:
                pause = backoff(attempts, random.random(), stuck.retry_after)  # noqa: S311 - spreads load
                self._held = stuck if stuck.retry_after is not None else None
            self._turn.wait_for(lambda: self._ending or (self._news and not self._held), pause)
        return True

    def _round(self) -> Outcome | None:
        """Sends all that waits and makes room for the next read; why not, where that failed."""
        try:
            stuck = self._empty()
            self._spool.must_have_room()
        except (SpoolFull, SpoolDamaged) as refusal:
            if self._errands.room(there=False):
                self._tell(refusal.code, why=str(refusal.facts.get("why", "")))
            return Outcome("later", refusal.code)
        if self._errands.room(there=True):
            self._changed()
        return stuck

    def _empty(self) -> Outcome | None:
        while waiting := self._spool.waiting(1):
            outcome, sent = hand_over(self._relay, self._spool, waiting[0])
            acked_ns = time.monotonic_ns()
            with self._turn:
                kept = self._fresh.pop(waiting[0].read_id, None)
            if sent is not None and kept is not None:
                ask = kept.done.ask
                self._errands.following(ask.task, ask.kind, sent.next)
            self._report(waiting[0], kept, outcome, acked_ns)
            if outcome.waits:
                self._in_trouble(outcome)
                return outcome
        return None

    def _in_trouble(self, outcome: Outcome) -> None:
        if outcome.state == "stopped":
            if self._errands.stop("stopped"):
                self._tell("stopped", told=outcome.code)
        elif self._errands.away():
            self._tell("console_away", reason=outcome.code)
        with self._turn:
            later, self._fresh = list(self._fresh.values()), {}
        for kept in later:
            self._report(kept.entry, kept, outcome, 0)

    def _report(self, entry: Entry, kept: Kept | None, outcome: Outcome, acked_ns: int) -> None:
        if kept is None and outcome.waits:
            return  # it waited before, and that was told
        facts: dict[str, object] = {"read_id": entry.read_id, "told": outcome.code}
        if kept is not None:
            facts |= {"reader": kept.done.reader["name"], "number": kept.done.ask.number}
            if outcome.state == "relayed":
                facts["event_to_ack_ms"] = (acked_ns - kept.done.card_ns) // 1_000_000
        state = "kept" if outcome.waits else outcome.state
        if outcome.waits:
            facts["waiting"] = self._spool.count()
        self._tell(f"read_{state}", **facts)
        if kept is not None:
            self._told(kept, outcome)


class Tasks:
    """Asks the console what to read and tells the readers, in a thread of its own."""

    def __init__(
        self,
        relay: Relay,
        errands: Errands,
        tell: Voice,
        changed: Callable[[], None],
        back: Callable[[], None],
    ) -> None:
        self._relay, self._errands, self._tell = relay, errands, tell
        self._changed, self._back = changed, back
        self._ending = Event()
        self._thread = Thread(target=self._run, name="tasks", daemon=True)
        self.heard = Event()
        """The console answered, or it is known that it does not."""

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """It is not waited for: the console may hold its answer for 25 seconds."""
        self._ending.set()

    def _run(self) -> None:
        seen, attempts = "", 0
        while not self._ending.is_set():
            wait: float | None = None
            begun = time.monotonic()
            try:
                before, seen = seen, self._ask(seen)
                attempts = 0
                if seen == before and time.monotonic() - begun < _SHORTEST_POLL:
                    wait = _SHORTEST_POLL  # whoever answers at once has nothing to wait for
            except ConsoleUnreachable as away:
                attempts, seen = attempts + 1, ""
                wait = backoff(attempts, random.random())  # noqa: S311 - spreads load
                if self._errands.away():
                    self._tell("console_away", reason=away.reason)
            except ConsoleRefused as refused:
                attempts, seen = attempts + 1, ""
                wait = backoff(attempts, random.random(), refused.retry_after)  # noqa: S311 - as above
                self._refused(refused)
            if news := self._errands.clock():
                self._tell(news, seconds=round(self._relay.skew_ms / 1000))
            self.heard.set()
            self._changed()
            if wait is not None:
                self._ending.wait(wait)

    def _ask(self, seen: str) -> str:
        tag, tasks = self._relay.tasks(_LONG_POLL if seen else 0, seen)
        if self._relay.is_too_old:
            if self._errands.stop("agent_too_old"):
                self._tell("agent_too_old", minimum=self._relay.console.minimum_version)
            return tag
        if self._errands.is_away:
            self._tell("console_back")
            self._back()
        for task in self._errands.heard(tasks):
            notice = task.notice
            self._tell(
                "task_open",
                number=task.number,
                title=task.title,
                kind=task.kind,
                notice_zh=notice.zh if notice else "",
                notice_en=notice.en if notice else "",
            )
        return tag

    def _refused(self, refused: ConsoleRefused) -> None:
        if refused.status not in _STOPS:
            if self._errands.away():
                self._tell("console_away", reason=refused.told)
        elif self._errands.stop("stopped"):
            self._tell("stopped", told=refused.told)
