"""One exchange over one connection, pinned to a judged address and held to its limits."""

import errno
import hashlib
import os
import re
import select
import socket
import ssl
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock
from time import monotonic
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
_IDLE_SECONDS: Final = 4.0
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


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
        self._limit = limit + _FRAMING
        self._headed = False

    def took(self, data: bytes) -> bytes:
        """Note bytes that came; gives them on with no NUL in the head, which the parser refuses."""
        self.taken += len(data)
        if self.taken > self._limit:
            raise TurnedDown("too_large", bytes=self.taken, most=self._limit)
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


class Line:
    """A connection to one judged place, for one exchange after the other."""

    def __init__(self, place: Place, guard: Guard, tls: ssl.SSLContext, scheme: str) -> None:
        self.wire: Wire | None = None
        self.peer = ""
        self.certificate: str | None = None
        self.place = place
        self.guard = guard
        host = place.host.encode("ascii")
        self._connection = httpcore.HTTPConnection(
            httpcore.Origin(scheme.encode(), host, place.port),
            ssl_context=tls,
            network_backend=_Pinned(self),
        )

    def ask(self, request: httpcore.Request, wire: Wire) -> httpcore.Response:
        self.wire = wire
        return self._connection.handle_request(request)

    @property
    def is_good(self) -> bool:
        """Idle, and the other side has neither hung up nor said anything unasked."""
        return self._connection.is_available() and not self._connection.has_expired()

    def close(self) -> None:
        self._connection.close()


class _Stream(httpcore.NetworkStream):
    """A socket that is waited for no longer than the question has, and not past a stop."""

    def __init__(self, sock: socket.socket, line: Line) -> None:
        self._sock = sock
        self._line = line

    @property
    def _wire(self) -> Wire:
        assert self._line.wire is not None  # noqa: S101 - set before anything is asked
        return self._line.wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        while True:
            self._sock.settimeout(self._wire.deadline.glance())
            try:
                return self._wire.took(self._sock.recv(max_bytes))
            except TimeoutError:
                continue
            except OSError as error:
                raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        while buffer:
            self._sock.settimeout(self._wire.deadline.glance())
            try:
                buffer = buffer[self._sock.send(buffer[:_PIECE]) :]
            except TimeoutError:
                continue
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        try:
            sock = ssl_context.wrap_socket(
                self._sock, server_hostname=server_hostname, do_handshake_on_connect=False
            )
        except OSError as error:
            raise Unreachable("tls", seen=str(error)) from error
        with ExitStack() as undo:
            undo.callback(sock.close)
            self._shake(sock)
            undo.pop_all()
        if shown := sock.getpeercert(binary_form=True):
            self._line.certificate = hashlib.sha256(shown).hexdigest()
        return _Stream(sock, self._line)

    def _shake(self, sock: ssl.SSLSocket) -> None:
        while True:
            sock.settimeout(self._wire.deadline.glance())
            try:
                sock.do_handshake()
            except TimeoutError:
                continue
            except OSError as error:
                raise Unreachable("tls", seen=str(error)) from error
            return

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401
        if info == "is_readable":
            return _is_readable(self._sock)
        if info == "ssl_object":
            return self._sock if isinstance(self._sock, ssl.SSLSocket) else None
        return self._sock if info == "socket" else None


def _is_readable(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


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

    def __init__(self, line: Line) -> None:
        self._line = line

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        place, wire = self._line.place, self._line.wire
        if (host, port) != (place.host, place.port) or wire is None:
            raise TurnedDown("address", host=host, seen="not the judged place")
        seen = ""
        for address in place.addresses:
            self._line.guard.judge(address, port)
            try:
                sock = _connected(address, port, wire.deadline)
            except OSError as error:
                seen = str(error)
                continue
            self._line.peer = address
            return _Stream(sock, self._line)
        wire.deadline.left()
        raise Unreachable("connect", host=host, port=port, seen=seen)


def _connected(address: str, port: int, deadline: Deadline) -> socket.socket:
    """Connect without a wait that a stop could not end."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    with ExitStack() as undo:
        undo.callback(sock.close)
        if number := _dial(sock, (address, port), deadline):
            raise OSError(number, os.strerror(number))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        undo.pop_all()
    return sock


def _dial(sock: socket.socket, place: tuple[str, int], deadline: Deadline) -> int:
    """The number of the error; 0 is none."""
    sock.settimeout(0)
    with suppress(BlockingIOError):
        sock.connect(place)
    end = monotonic() + _CONNECT_SECONDS
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    while not poll.poll(deadline.glance() * 1000):
        if monotonic() > end:
            return errno.ETIMEDOUT
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


class Lines:
    """Connections that wait for the next question to their place, for a short while."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._idle: dict[tuple[str, Place], list[tuple[float, Line]]] = {}

    def take(self, scheme: str, place: Place) -> Line | None:
        with self._lock:
            idle = self._idle.get((scheme, place), [])
            while idle:
                since, line = idle.pop()
                if monotonic() - since < _IDLE_SECONDS and line.is_good:
                    return line
                line.close()
        return None

    def give_back(self, scheme: str, place: Place, line: Line) -> None:
        with self._lock:
            self._idle.setdefault((scheme, place), []).append((monotonic(), line))

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            for idle in self._idle.values():
                for _, line in idle:
                    line.close()
            self._idle.clear()


def exchange(question: Question, road: Road, lines: Lines | None = None) -> Exchange:
    """Ask once. A body that breaks off is given as far as it came, with the reason."""
    scheme = question.url.scheme
    fresh = Line(road.place, road.guard, road.tls, scheme)
    kept = lines.take(scheme, road.place) if lines and question.method in _SAFE_METHODS else None
    if kept is None:
        return _exchange(question, road, fresh, lines)
    try:
        return _exchange(question, road, kept, lines)
    except Unreachable as error:
        if error.reason.word != "reset":
            raise
        # It was closed while the question was on its way.
        return _exchange(question, road, fresh, lines)


def _exchange(question: Question, road: Road, line: Line, lines: Lines | None) -> Exchange:
    at = datetime.now(UTC)
    wire = Wire(road.deadline, road.limit)
    scheme = question.url.scheme
    port = port_of(question.url)
    request = httpcore.Request(
        question.method,
        httpcore.URL(
            scheme=scheme.encode(),
            host=question.url.raw_host,
            port=port,
            target=question.url.raw_path,
        ),
        headers=[(name.encode(), value.encode()) for name, value in question.headers],
        content=question.body,
    )
    kept = False
    try:
        response = _answer(line, request, wire)
        raw, cut = _body(response, road.limit)
        response.close()
        headers = {_text(name).lower(): _text(value) for name, value in response.headers}
        # With a length said and met, nothing of another answer is left in the pipe.
        whole = headers.get("content-length") == str(len(raw)) and cut is None
        kept = whole and wire.taken == len(wire.head) + len(raw) and line.is_good
    finally:
        if kept and lines is not None:
            lines.give_back(scheme, road.place, line)
        else:
            line.close()
    head = bytes(wire.head)
    return Exchange(
        question, at, line.peer, line.certificate, response.status, headers, head, raw, cut
    )


def _text(octets: bytes) -> str:
    return octets.decode("latin-1")


def _answer(line: Line, request: httpcore.Request, wire: Wire) -> httpcore.Response:
    try:
        return line.ask(request, wire)
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
        if error.reason.word == "stopped":
            raise
        return bytes(body), Cut.TIME if error.reason.word == "deadline" else Cut.LENGTH
    return bytes(body), None
