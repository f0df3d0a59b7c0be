"""Processes of our own that may hang or die: JSON lines in, JSON lines out, a limit, a new start.

What talks to cards may block for ever (`SCardTransmit` has no timeout) or be taken down by a
driver; in a process of its own it can be ended without the key, the outbox or the screen.
"""

import json
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import IO, Any, Final, cast

Message = dict[str, Any]
Heard = Callable[["Child", Message], None]

SIM_LIMIT: Final = 5.0
ID_LIMIT: Final = 8.0
_DEATHS: Final = 3
_WITHIN: Final = 60.0
_BACKOFF: Final = (0.2, 1.0)
"""Seconds before the second and the third start."""
_LAST_WORDS: Final = 8
_NO_WINDOW: Final[int] = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Windows alone has it."""


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours; the folder that we stand in is not searched (-P)."""
    return [sys.executable, "-P", "-X", "utf8", "-m", f"reader_agent.{name}", *arguments]


class Child:
    """One running process. `heard` is called in a thread of its own, last with `ended`."""

    def __init__(self, command: Sequence[str], heard: Heard) -> None:
        self._heard = heard
        # A session of its own: Ctrl-C in the terminal is the parent's to handle.
        self._process = subprocess.Popen(  # noqa: S603 - a module of ours, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            creationflags=_NO_WINDOW,
        )
        self._last_words: deque[bytes] = deque(maxlen=_LAST_WORDS)
        self._threads = [
            Thread(target=self._listen_to_crash, daemon=True),
            Thread(target=self._listen, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, message: Message) -> None:
        """One line to the child. That it is gone is told by `ended`, not here."""
        with suppress(OSError, ValueError):
            stdin = cast("IO[bytes]", self._process.stdin)
            stdin.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")
            stdin.flush()

    def kill(self) -> None:
        self._process.kill()

    def end(self, patience: float = 1.0) -> None:
        """End of its stdin is the child's sign to leave; one that does not is killed."""
        with suppress(OSError, ValueError):
            cast("IO[bytes]", self._process.stdin).close()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        with cast("IO[bytes]", self._process.stdout) as lines:
            for line in lines:
                try:
                    message = json.loads(line)
                except ValueError:
                    message = None
                if not isinstance(message, dict):
                    self._process.kill()  # who does not keep to the lines is not listened to
                    break
                self._heard(self, cast("Message", message))
        code = self._process.wait()
        self._threads[0].join()
        with suppress(OSError):
            cast("IO[bytes]", self._process.stdin).close()
        self._heard(self, {"event": "ended", "code": code, "crash": self._crash()})

    def _listen_to_crash(self) -> None:
        with cast("IO[bytes]", self._process.stderr) as lines:
            self._last_words.extend(lines)

    def _crash(self) -> str:
        """The name of the exception alone: its text could hold what was on a card."""
        last = self._last_words[-1].decode(errors="replace") if self._last_words else ""
        name = last.split(":", 1)[0].strip()
        return name if name.replace(".", "").replace("_", "").isalnum() else ""


@dataclass(slots=True)
class Lives:
    """When a worker that died may start again. Times are `time.monotonic()` in seconds."""

    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=_DEATHS))

    def died(self, now: float) -> float | None:
        """When it may start again; None after the third death in a minute."""
        self.deaths.append(now)
        recent = sum(1 for death in self.deaths if now - death < _WITHIN)
        return None if recent >= _DEATHS else now + _BACKOFF[recent - 1]


class Worker:
    """A child that is kept going: ended when busy too long, started again, at last given up."""

    def __init__(self, command: Sequence[str], heard: Heard, limit: float | None = None) -> None:
        self._command, self._heard, self._limit = command, heard, limit
        self._child: Child | None = None
        self._lives = Lives()
        self._start_at: float | None = None
        self._busy_until: float | None = None
        self.crash = ""

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def is_busy(self) -> bool:
        return self._busy_until is not None

    @property
    def is_given_up(self) -> bool:
        return self._child is None and self._start_at is None

    def start(self) -> None:
        self._start_at = None
        self._child = Child(self._command, self._heard)

    def say(self, message: Message) -> None:
        if self._child is not None:
            self._child.say(message)

    def busy(self, now: float) -> None:
        """From now on the limit runs, until `rest`."""
        self._busy_until = now + self._limit if self._limit is not None else None

    def rest(self) -> None:
        self._busy_until = None

    def owns(self, child: Child) -> bool:
        """Late lines of a child that was ended are nobody's."""
        return child is self._child

    def died(self, crash: str, now: float) -> bool:
        """Whether it will be started again."""
        self._child, self._busy_until, self.crash = None, None, crash
        self._start_at = self._lives.died(now)
        return self._start_at is not None

    def due(self) -> float | None:
        """When `tick` has something to do."""
        return min(
            (at for at in (self._start_at, self._busy_until) if at is not None), default=None
        )

    def tick(self, now: float) -> bool:
        """Starts it again when that is due; True where it was mute and had to be ended."""
        if self._start_at is not None and now >= self._start_at:
            self.start()
        if self._busy_until is None or now < self._busy_until:
            return False
        child, self._busy_until = self._child, None
        if child is not None:
            child.kill()
        self.start()
        return True

    def close(self) -> None:
        self._start_at = None
        child, self._child = self._child, None
        if child is not None:
            child.end()
