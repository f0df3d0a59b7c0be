"""A web server on loopback that does what strangers' servers do, in its own threads."""

import socket
import ssl
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Self

Route = Callable[["HostileServer", socket.socket, "Asked"], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class HostileServer:
    host: str
    port: int = 0
    tls: ssl.SSLContext | None = None
    routes: dict[str, Route] = field(default_factory=dict[str, Route])
    asked: list[Asked] = field(default_factory=list[Asked])
    connections: int = 0
    live: int = 0
    most_live: int = 0
    """Connections open at the same time, as far as this server had not hung up itself."""
    counting: Lock = field(default_factory=Lock)
    ended: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, self.port), family=family)
        self.port = self._listener.getsockname()[1]
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def url(self, path: str = "/", host: str | None = None) -> str:
        return f"http://{host or self.host}:{self.port}{path}"

    def pages(self) -> list[str]:
        """The paths asked for, robots.txt left out."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]

    def _accept(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), self._counted():
            connection.settimeout(5)
            if self.tls is None:
                self._answer(connection)
                return
            with self.tls.wrap_socket(connection, server_side=True) as sealed:
                self._answer(sealed)

    @contextmanager
    def _counted(self) -> Generator[None]:
        with self.counting:
            self.live += 1
            self.most_live = max(self.most_live, self.live)
        try:
            yield
        finally:
            with self.counting:
                self.live -= 1

    def _answer(self, connection: socket.socket) -> None:
        asked = _read(connection)
        if asked is not None:
            self.asked.append(asked)
            self.routes.get(asked.path, not_found)(self, connection, asked)


def _read(connection: socket.socket) -> Asked | None:
    came = b""
    while b"\r\n\r\n" not in came:
        piece = connection.recv(65536)
        if not piece:
            return None
        came += piece
    head, _, body = came.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in rest)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    method, target, _ = line.split(" ")
    path, _, query = target.partition("?")
    return Asked(monotonic(), method, path, query, headers, body)


def page(body: bytes = b"<p>ok</p>", *, status: str = "200 OK", headers: str = "") -> Route:
    """A whole answer; `headers` are further lines, each ended by CRLF."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode("latin-1")
    return raw(head + body)


def raw(answer: bytes) -> Route:
    """Exactly these bytes, and the end of the connection."""

    def route(_: HostileServer, connection: socket.socket, __: Asked) -> None:
        connection.sendall(answer)

    return route


def redirect(location: str, status: str = "302 Found") -> Route:
    return page(b"", status=status, headers=f"Location: {location}\r\n")


def dripping(start: bytes, drop: bytes, every: float) -> Route:
    """A beginning, and then a drop now and again for as long as anybody listens."""

    def route(server: HostileServer, connection: socket.socket, _: Asked) -> None:
        connection.sendall(start)
        while not server.ended.wait(every):
            connection.sendall(drop)

    return route


def endless(start: bytes, flood: bytes) -> Route:
    def route(server: HostileServer, connection: socket.socket, _: Asked) -> None:
        connection.sendall(start)
        while not server.ended.is_set():
            connection.sendall(flood)

    return route


def reset(_: HostileServer, connection: socket.socket, __: Asked) -> None:
    """Hang up with an RST and no word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def in_turn(*routes: Route) -> Route:
    """Another answer each time; the last one ever after."""
    left = list(routes)

    def route(server: HostileServer, connection: socket.socket, asked: Asked) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(server, connection, asked)

    return route


not_found: Route = page(b"", status="404 Not Found")
