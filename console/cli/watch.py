"""Progress on the error stream: one line that is written over, or one every few seconds."""

import sys
import time
from typing import Final

from console.i18n import t

_EVERY: Final = 5.0
"""Seconds between two lines of progress where nobody watches a terminal."""


class Watch:
    """Told the rows done, and of how many if known; says it by a text with `rows` and `pace`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._began = time.monotonic()
        self._last = self._began
        self._over = sys.stderr.isatty()

    def __call__(self, rows: int, of: int | None) -> None:
        now = time.monotonic()
        if not self._over and now - self._last < _EVERY:
            return
        self._last = now
        shown = f"{rows:,} / {of:,}" if of else f"{rows:,}"
        line = t(self._text, rows=shown, pace=f"{rows / (now - self._began):,.0f}")
        print(line, end="\r" if self._over else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._over:
            print(file=sys.stderr)


class PartWatch:
    """Told the part of a whole that is being made and its rows so far; says it by a text with
    `part` and `rows`: each part once where nobody watches a terminal.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._part = ""
        self._over = sys.stderr.isatty()

    def __call__(self, part: str, rows: int) -> None:
        if part != self._part:
            self.end()
        elif not self._over:
            return
        self._part = part
        line = t(self._text, part=t(f"demo_part.{part}"), rows=f"{rows:,}")
        print(line, end="\r" if self._over else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._over and self._part:
            print(file=sys.stderr)
