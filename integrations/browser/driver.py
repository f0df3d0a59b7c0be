"""Holds the browser's process on a short rein: what it may ask, how long, how large it grows."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, Queue
from threading import Lock, Thread
from time import monotonic
from typing import BinaryIO, Final, cast
from urllib.parse import urldefrag

from integrations.browser.pipe import Message, receive, send
from integrations.browser.processes import family_of, private_bytes
from integrations.marketplaces.base import Page, SourceError

Ask = Callable[..., Page]
"""`Fetcher.ask`: `ask(url, method=…, headers=…)`; a `SourceError` when there is no page."""

_USUAL: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS: Final = 30.0
_WITH_SCRIPTS: Final = 0.6
"""Of the time; a page whose scripts never rest is then shown without them."""
_START_SECONDS: Final = 20.0
_MOST_MEMORY: Final = 1 << 30
_MOST_REQUESTS: Final = 200
_MOST_BYTES: Final = 64 << 20
_AT_ONCE: Final = 4
_GLANCE: Final = 0.2
_LEAST_SECONDS: Final = 3.0
_ROOT: Final = Path(__file__).parents[2]
# Undone by now, or nothing that a page without a past has a use for.
_NOT_PASSED: Final = frozenset(
    {"content-encoding", "content-length", "transfer-encoding", "connection", "set-cookie",
     "alt-svc", "strict-transport-security", "report-to", "nel"}
)  # fmt: skip
_ASKED_WITH: Final = ("accept", "accept-language")


class NotShown(Exception):
    """There is no picture, and why: a word for programs, and what was seen."""

    def __init__(self, word: str, seen: str = "") -> None:
        self.word = word
        self.seen = seen
        super().__init__(f"{word}: {seen}" if seen else word)


class _Hung(Exception):
    """The page has used up its time, and its browser was ended."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A page as people see it, in a window 1,280 wide."""

    png: bytes
    mhtml: bytes
    """Empty where it would be too large to keep."""
    url: str
    """Where the page stood in the end."""
    facts: Mapping[str, object]
    """For the manifest: the browser, what it was allowed, what was refused to the page."""


def find_chromium(chosen: Path | None = None) -> Path | None:
    """The Chromium to use, if there is one and the library that drives it."""
    if find_spec("playwright") is None:
        return None
    if chosen is not None:
        return chosen if chosen.is_file() else None
    found = next(filter(None, map(shutil.which, _USUAL)), None)
    return None if found is None else Path(found)


@dataclass(slots=True)
class _Errands:
    """What one page had fetched for it: each address once, within bounds."""

    ask: Ask
    known: dict[str, Page] = field(default_factory=dict[str, Page])
    refused: list[str] = field(default_factory=list[str])
    requests: int = 0
    taken: int = 0
    lock: Lock = field(default_factory=Lock)

    def page(self, url: str) -> Page:
        """Asked for in our own name, before there is a browser."""
        page = self.ask(url)
        self.known |= {_plain(url): page, _plain(page.url): page}
        self.taken += len(page.body)
        return page

    def answer(self, message: Message) -> Message:
        """What is told to the browser; without a status the request is refused."""
        url = _plain(str(message["url"]))
        page = self.known.get(url) or self._fetched(url, message)
        if page is None:
            return {}
        headers = {name: one for name, one in page.headers.items() if name not in _NOT_PASSED}
        body = b64encode(page.body).decode()
        return {"status": page.status, "headers": headers, "body": body}

    def _fetched(self, url: str, message: Message) -> Page | None:
        with self.lock:
            self.requests += 1
            is_over = self.requests > _MOST_REQUESTS or self.taken > _MOST_BYTES
        if is_over or message["method"] not in {"GET", "HEAD"}:
            return self._refuse(url, "too_many" if is_over else "method")
        wanted = {name: message["headers"][name] for name in _ASKED_WITH
                  if name in message["headers"]}  # fmt: skip
        try:
            page = self.ask(url, method=str(message["method"]), headers=wanted)
        except SourceError as no:
            return self._refuse(url, no.reason.word)
        with self.lock:
            self.taken += len(page.body)
            self.known[url] = page
        return page

    def _refuse(self, url: str, word: str) -> None:
        with self.lock:
            if len(self.refused) < _MOST_REQUESTS:
                self.refused.append(f"{word} {url[:500]}")


class Browser:
    """One Chromium, started when first needed and used again, with nothing left between pages."""

    def __init__(
        self, executable: Path, *, seconds: float = _SECONDS, most_memory: int = _MOST_MEMORY
    ) -> None:
        self._executable = executable
        self._seconds = seconds
        self._most_memory = most_memory
        self._turn = Lock()
        self._child: _Child | None = None

    def shoot(self, url: str, ask: Ask, *, agent: str = "") -> Shot:
        """The page as it looks, all of it fetched by `ask`; `NotShown` says why there is none."""
        with self._turn:
            until = monotonic() + self._seconds
            errands = _Errands(ask)
            try:
                at = errands.page(url).url
            except SourceError as no:
                raise NotShown("page", str(no.reason)) from no
            for scripts, share in ((True, _WITH_SCRIPTS), (False, 1.0)):
                left = (until - monotonic()) * share
                if left < _LEAST_SECONDS * share:
                    break
                order = {"url": at, "javascript": scripts, "agent": agent}
                with suppress(_Hung):
                    return self._attempt(order, errands, left)
            raise NotShown("deadline", f"{self._seconds:.0f} s")

    def close(self) -> None:
        """End the browser; the next picture starts another."""
        with self._turn:
            self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None

    def _attempt(self, order: Message, errands: _Errands, seconds: float) -> Shot:
        until = monotonic() + seconds
        if self._child is None:
            self._child = _Child(self._executable)
        is_done = False
        try:
            shown = self._child.show(order, errands, until, self._most_memory)
            if "hung" in shown:
                raise _Hung
            is_done = True
        finally:
            if not is_done:
                self._end()
        if "failed" in shown:
            raise NotShown("browser", str(shown["failed"]))
        if not shown["png"]:
            raise NotShown("too_large")
        return _shot(shown, errands, self._child.version, scripts=bool(order["javascript"]))


class _Child:
    """The process that holds Chromium, and the pipe to it."""

    def __init__(self, executable: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own module, and a Chromium by its path
            [sys.executable, "-P", "-m", "integrations.browser.child", str(executable)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=kept | {"PYTHONPATH": str(_ROOT)},
            start_new_session=True,
        )
        self._in = cast("BinaryIO", self._process.stdin)
        self._come: Queue[Message | None] = Queue()
        self._writing = Lock()
        resource.prlimit(self._process.pid, resource.RLIMIT_CORE, (0, 0))
        self._ear = Thread(target=self._listen, daemon=True)
        self._ear.start()
        self.version = self._greeting()

    def _greeting(self) -> str:
        with suppress(Empty):
            message = self._come.get(timeout=_START_SECONDS)
            if message is not None and "ready" in message:
                return str(message["ready"])
        self.end()
        raise NotShown("not_started")

    def _listen(self) -> None:
        source = cast("BinaryIO", self._process.stdout)
        with suppress(OSError, ValueError):
            while message := receive(source):
                self._come.put(message)
        self._come.put(None)

    def show(self, order: Message, errands: _Errands, until: float, most_memory: int) -> Message:
        """Tell it what to show, run its errands, and end it where it takes too much."""
        self._tell({**order, "seconds": max(1.0, until - monotonic() - 1)})
        runs = list[Future[None]]()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                return self._watched(until, most_memory, lambda message: runs.append(
                    pool.submit(self._run, errands, message)))  # fmt: skip
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
                for run in runs:
                    if not run.cancelled():
                        run.result()

    def _watched(
        self, until: float, most_memory: int, errand: Callable[[Message], None]
    ) -> Message:
        while True:
            if monotonic() > until:
                self.end()
                raise _Hung
            try:
                message = self._come.get(timeout=_GLANCE)
            except Empty:
                if private_bytes(family_of(self._process.pid)) > most_memory:
                    self.end()
                    raise NotShown("memory", f"{most_memory >> 20} MiB") from None
                continue
            if message is None:
                raise NotShown("gone")
            if "shown" in message:
                return message["shown"]
            errand(message)

    def _run(self, errands: _Errands, message: Message) -> None:
        answer: Message = {}
        try:
            answer = errands.answer(message)
        finally:
            self._tell({**answer, "number": message["number"]})

    def _tell(self, message: Message) -> None:
        # One that has gone is met at the other end of the pipe.
        with self._writing, suppress(OSError, ValueError):
            send(self._in, message)

    def end(self) -> None:
        """The process, and every one that it began."""
        for pid in reversed(family_of(self._process.pid)):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._ear.join()
        with self._writing, suppress(OSError, ValueError):
            self._in.close()
        cast("BinaryIO", self._process.stdout).close()


def _shot(shown: Message, errands: _Errands, chromium: str, *, scripts: bool) -> Shot:
    facts: dict[str, object] = {
        "chromium": chromium,
        "playwright": _playwright(),
        "sandbox": os.geteuid() != 0,
        "scripts": scripts,
        "url": str(shown["url"])[:2000],
        "title": str(shown["title"]),
        "width": shown["width"],
        "height": shown["height"],
        "is_cut": shown["cut"],
        "refused": sorted(errands.refused),
    }
    png, mhtml = b64decode(shown["png"]), b64decode(shown["mhtml"])
    return Shot(png, mhtml, str(shown["url"]), facts)


def _playwright() -> str:
    try:
        return version("playwright")
    except PackageNotFoundError:
        return ""


def _plain(url: str) -> str:
    return urldefrag(url).url
