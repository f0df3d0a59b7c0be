"""What came from outside as JSON, taken apart with the shape that docs/reader.md gives it."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from reader_agent.jws import unb64

_LONGEST_TEXT: Final = 4096
_MOST_PARTS: Final = 1000
_NONCE_BYTES: Final = 32
_KEY_BYTES: Final = 32
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
"""Sums with what is far off overflow, and nothing here is."""
_MOST: Final = _LAST_YEAR * 366 * 86_400_000
"""No figure is larger than the milliseconds of those years."""
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)


class Misshapen(ValueError):
    """Its argument is the name of the member, never what it held."""


class Answer:
    """One object of JSON. What is not asked for is not looked at."""

    __slots__ = ("found",)

    def __init__(self, found: object) -> None:
        if not isinstance(found, Mapping):
            raise Misshapen("")
        self.found = cast("Mapping[str, Any]", found)

    @classmethod
    def read(cls, body: bytes) -> "Answer":
        try:
            return cls(json.loads(body))
        except (ValueError, RecursionError):
            raise Misshapen("") from None

    def text(self, name: str) -> str:
        value = self.found.get(name)
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise Misshapen(name)
        return value

    def number(self, name: str) -> int:
        value = self.found.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MOST:
            raise Misshapen(name)
        return value

    def moment(self, name: str) -> datetime:
        value = self.text(name)
        if not _MOMENT.fullmatch(value):
            raise Misshapen(name)
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            raise Misshapen(name) from None
        if not _FIRST_YEAR <= at.year < _LAST_YEAR:
            raise Misshapen(name)
        return at

    def nonce(self, name: str) -> str:
        """32 bytes in base64url, left as they were written."""
        value = self.text(name)
        try:
            fits = len(unb64(value)) == _NONCE_BYTES
        except ValueError:
            fits = False
        if not fits:
            raise Misshapen(name)
        return value

    def part(self, name: str) -> "Answer":
        return Answer(self.found.get(name))

    def maybe(self, name: str) -> "Answer | None":
        return None if self.found.get(name) is None else self.part(name)

    def parts(self, name: str) -> "list[Answer]":
        return [Answer(one) for one in self._list(name)]

    def texts(self, name: str) -> tuple[str, ...]:
        found = self._list(name)
        if not all(isinstance(one, str) for one in found):
            raise Misshapen(name)
        return tuple(found)

    def jwk(self, curve: str) -> dict[str, str]:
        """Its public members alone (RFC 8037, 2)."""
        if self.text("kty") != "OKP" or self.text("crv") != curve or "d" in self.found:
            raise Misshapen("jwk")
        x = self.text("x")
        try:
            fits = len(unb64(x)) == _KEY_BYTES
        except ValueError:
            fits = False
        if not fits:
            raise Misshapen("jwk")
        return {"crv": curve, "kty": "OKP", "x": x}

    def _list(self, name: str) -> list[Any]:
        found = self.found.get(name)
        if not isinstance(found, list):
            raise Misshapen(name)
        listed = cast("list[Any]", found)
        if len(listed) > _MOST_PARTS:
            raise Misshapen(name)
        return listed


def written(at: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
