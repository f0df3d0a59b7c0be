"""How a foreign source is asked, and the three ways in which it can fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Page:
    """One answer from outside, its body unpacked and within the size limit."""

    url: str
    """Where it came from in the end, after redirects."""
    status: int
    headers: Mapping[str, str]
    """Names in lower case; of a repeated header the last."""
    body: bytes
    record: str | None = None
    """The WARC record that keeps the exchange, when a recorder was at work."""


class Asker(Protocol):
    """Whatever can put one question to an address of a source."""

    def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Page:
        """The answer, whatever its status; a `SourceError` when there is none to be had."""
        ...


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a source failed: a word for programs, and what was seen."""

    word: str
    facts: Mapping[str, object] = field(default_factory=dict[str, object])

    def __str__(self) -> str:
        return " ".join([self.word, *(f"{name}={fact}" for name, fact in self.facts.items())])


class SourceError(Exception):
    """A source did not give what it was asked for."""

    def __init__(self, word: str, **facts: object) -> None:
        self.reason = Reason(word, facts)
        super().__init__(str(self.reason))


class Unreachable(SourceError):
    """No answer, or a fault of theirs. The same request may pass later."""


class TurnedDown(SourceError):
    """They, or our own guard, said no. Asking again will not help."""


class Unreadable(SourceError):
    """They answered, and we cannot tell what. A person must look before anything is stored."""
