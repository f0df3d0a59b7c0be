"""Answers that were given once, kept while nothing that they tell of can have changed."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response
from starlette.types import Send

from console.actions.channel.reading import Version

MOST: Final = 32 * 1024 * 1024
_AROUND: Final = 2048
"""Bytes that an answer takes beside its body: headers, key, its place."""


@dataclass(frozen=True, slots=True)
class Sent:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    until: float
    """The moment from which on time alone may change the answer, in POSIX seconds."""

    @classmethod
    def of(cls, response: Response, until: float) -> "Sent":
        return cls(response.status_code, response.raw_headers, bytes(response.body), until)

    async def send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status}
        await send({**start, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body})


@dataclass(slots=True)
class Kept:
    """The newest by bytes, all of one version of the database."""

    most: int = MOST
    version: Version | None = None
    size: int = 0
    given: OrderedDict[Hashable, tuple[float, Sent]] = field(
        default_factory=OrderedDict[Hashable, tuple[float, Sent]]
    )
    """With the moment of each: a clock that was put back makes nothing true."""

    def get(self, key: Hashable, version: Version, now: float) -> Sent | None:
        if version != self.version:
            self.given.clear()
            self.size, self.version = 0, version
            return None
        since, sent = self.given.get(key, (0.0, None))
        if sent is None or not since <= now < sent.until:
            return None
        self.given.move_to_end(key)
        return sent

    def put(self, key: Hashable, version: Version, now: float, sent: Sent) -> None:
        """Keep what was read after the version was."""
        if version != self.version:
            return
        before = self.given.pop(key, None)
        if before is not None:
            self.size -= len(before[1].body) + _AROUND
        self.given[key] = now, sent
        self.size += len(sent.body) + _AROUND
        while self.size > self.most:
            _, (_, gone) = self.given.popitem(last=False)
            self.size -= len(gone.body) + _AROUND
