"""Passes that a platform gives for a while: asked for when needed, kept in memory, never stored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from integrations.marketplaces.base import (
    Asker,
    Page,
    SourceError,
    TurnedDown,
    Unreachable,
    Unreadable,
)
from integrations.marketplaces.parse import json_page
from integrations.marketplaces.paths import Json
from integrations.marketplaces.request import Question

TICKET: Final = "(ticket)"
"""The name under which a pass stands among the keys."""
_MARGIN: Final = timedelta(seconds=60)
_SHORTEST, _LONGEST = 1, 90_000
_SERVER_FAULT: Final = 500
_BUSY: Final = 429


@dataclass(slots=True)
class Tokens:
    """The pass of one walk; asked for again when it is about to end."""

    _text: str = ""
    _until: datetime | None = None
    _lock: Lock = field(default_factory=Lock)

    def current(self, wanted: Callable[[], Question], ask: Asker, at: datetime) -> str:
        """The pass. `ask` must be an asker that keeps no record: the answer holds the pass."""
        with self._lock:
            if self._until is None or at >= self._until:
                question = wanted()
                page = ask.ask(
                    question.url,
                    method=question.method,
                    headers=question.headers,
                    body=question.body,
                )
                self._text, lasts = _given(page)
                self._until = at + timedelta(seconds=lasts) - _MARGIN
            return self._text

    def forget(self) -> None:
        """They do not take it any more."""
        with self._lock:
            self._until = None


def _given(page: Page) -> tuple[str, int]:
    facts = {"url": page.url, "query": ""}
    if page.status >= _SERVER_FAULT or page.status == _BUSY:
        raise Unreachable("their_fault", url=page.url, status=page.status)
    try:
        value = json_page(page)
    except SourceError:
        raise Unreadable("token_unreadable", **facts) from None
    match value:
        case {"access_token": str(text), "expires_in": int(lasts)} if (
            text and text.isascii() and text.isprintable() and _SHORTEST <= lasts <= _LONGEST
        ):
            return text, lasts
        case {"error": str(code)}:
            raise TurnedDown("reauthorise", **facts, code=code[:80], words=_words(value))
        case _:
            raise Unreadable("token_unreadable", **facts)


def _words(value: Json) -> str:
    said = value.get("error_description") if isinstance(value, dict) else None
    return said[:300] if isinstance(said, str) else ""
