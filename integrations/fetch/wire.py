"""One exchange over one connection, pinned to a judged address and held to its limits."""

import hashlib
import re
import ssl
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import httpcore
import httpx

from integrations.fetch.address import Guard, Place, port_of
from integrations.fetch.pace import Deadline
from integrations.marketplaces.base import SourceError, TurnedDown, Unreachable, Unreadable

_END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
_INFORMATIONAL: Final = re.compile(rb"HTTP/\d\.\d 1\d\d")
_FRAMING: Final = 256 * 1024
"""Bytes beyond the body's limit that heads and chunk lines may take."""
_CONNECT_SECONDS: Final = 10.0
_PIECE: Final = 16 * 1024


class Cut(StrEnum):
    """Why a body is not whole, in the words of WARC 1.1 section 5.13."""

    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True)
class Question:
    url: httpx.URL
    method: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what came back: the head byte for byte, the body still encoded."""

    question: Question
    at: datetime
    peer: str
    certificate: str | None
    """SHA-256 of the server's certificate."""
    status: int
    headers: dict[str, str]
    head: bytes
    raw: bytes
    cut: Cut | None


class Wire:
    """What went over one connection. Keeps the head as it came and counts every byte."""

    def __init__(self, deadline: Deadline, limit: int) -> None:
        self.deadline = deadline
        self.head = bytearray()
        self.taken = 0
        self.peer = ""
        self.certificate: str | None = None
        self._limit = limit + _FRAMING
        self._headed = False

    def took(self, data: bytes) -> bytes:
        """Note bytes that came; gives them on with no NUL in the head, which the parser refuses."""
        self.taken += len(data)
        if self.taken > self._limit:
            raise TurnedDown("too_large", bytes=self.taken)
        given = bytearray()
        while data and not self._headed:
            come = len(self.head)
            self.head += data
            end = _END_OF_HEAD.search(self.head, max(0, come - 3))
            size = len(data) if end is None else end.end() - come
            given += data[:size].replace(b"\0", b"_")
            data = data[size:]
            if end is not None:
                self._close_head(end.end())
        return bytes(given) + data

    def _close_head(self, end: int) -> None:
        if _INFORMATIONAL.match(self.head):
            self.head.clear()
            return
        del self.head[end:]
        self._headed = True


class _Stream(httpcore.NetworkStream):
    """A stream whose every read and write has no more time than the question has left."""

    def __init__(self, inner: httpcore.NetworkStream, wire: Wire) -> None:
        self._inner = inner
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        try:
            data = self._inner.read(max_bytes, self._wire.deadline.left())
        except httpcore.ReadTimeout as error:
            raise Unreachable("deadline") from error
        return self._wire.took(data)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        try:
            for start in range(0, len(buffer), _PIECE):
                self._inner.write(buffer[start : start + _PIECE], self._wire.deadline.left())
        except httpcore.WriteTimeout as error:
            raise Unreachable("deadline") from error

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        try:
            left = self._wire.deadline.left()
            inner = self._inner.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectTimeout as error:
            raise Unreachable("deadline", seen="tls") from error
        except httpcore.ConnectError as error:
            raise Unreachable("tls", seen=str(error)) from error
        sock = inner.get_extra_info("socket")
        if isinstance(sock, ssl.SSLSocket) and (shown := sock.getpeercert(binary_form=True)):
            self._wire.certificate = hashlib.sha256(shown).hexdigest()
        return _Stream(inner, self._wire)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401
        return self._inner.get_extra_info(info)


@dataclass(frozen=True, slots=True)
class Road:
    """What one exchange may use: where to, for how long, for how much."""

    place: Place
    guard: Guard
    tls: ssl.SSLContext
    deadline: Deadline
    limit: int


class _Pinned(httpcore.NetworkBackend):
    """Connects to the addresses of one place and never asks for a name again."""

    def __init__(self, road: Road, wire: Wire) -> None:
        self._place = road.place
        self._guard = road.guard
        self._wire = wire
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        if (host, port) != (self._place.host, self._place.port):
            raise TurnedDown("address", host=host, seen="not the judged place")
        seen = ""
        for address in self._place.addresses:
            self._guard.judge(address, port)
            left = min(_CONNECT_SECONDS, self._wire.deadline.left())
            try:
                stream = self._plain.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                seen = str(error)
                continue
            self._wire.peer = address
            return _Stream(stream, self._wire)
        self._wire.deadline.left()
        raise Unreachable("connect", host=host, port=port, seen=seen)


def exchange(question: Question, road: Road) -> Exchange:
    """Ask once. A body that breaks off is given as far as it came, with the reason."""
    at = datetime.now(UTC)
    wire = Wire(road.deadline, road.limit)
    scheme, host = question.url.scheme.encode(), question.url.raw_host
    port = port_of(question.url)
    connection = httpcore.HTTPConnection(
        httpcore.Origin(scheme, host, port),
        ssl_context=road.tls,
        network_backend=_Pinned(road, wire),
    )
    request = httpcore.Request(
        question.method,
        httpcore.URL(scheme=scheme, host=host, port=port, target=question.url.raw_path),
        headers=[(name.encode(), value.encode()) for name, value in question.headers],
        content=question.body,
    )
    with closing(connection):
        response = _answer(connection, request, wire)
        raw, cut = _body(response, road.limit)
    headers = {_text(name).lower(): _text(value) for name, value in response.headers}
    head = bytes(wire.head)
    return Exchange(
        question, at, wire.peer, wire.certificate, response.status, headers, head, raw, cut
    )


def _text(octets: bytes) -> str:
    return octets.decode("latin-1")


def _answer(
    connection: httpcore.HTTPConnection, request: httpcore.Request, wire: Wire
) -> httpcore.Response:
    try:
        return connection.handle_request(request)
    except httpcore.LocalProtocolError as error:
        raise TurnedDown("request", seen=str(error)) from error
    except httpcore.RemoteProtocolError as error:
        if not wire.taken:
            raise Unreachable("reset", seen=str(error)) from error
        raise Unreadable("protocol", seen=str(error)) from error
    except (httpcore.ReadError, httpcore.WriteError) as error:
        raise Unreachable("reset", seen=str(error)) from error


def _body(response: httpcore.Response, limit: int) -> tuple[bytes, Cut | None]:
    body = bytearray()
    try:
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > limit:
                return bytes(body[:limit]), Cut.LENGTH
    except (httpcore.RemoteProtocolError, httpcore.ReadError):
        return bytes(body), Cut.DISCONNECT
    except SourceError as error:
        return bytes(body), Cut.TIME if error.reason.word == "deadline" else Cut.LENGTH
    return bytes(body), None
