"""A wire that can be cut: all that a laptop says to a console goes through it."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import httpx

_PASSED_ON: Final = ("content-type", "authorization", "retry-after")


@dataclass
class Wire:
    """`cut` is asked with each request's path when the console has answered; True: it is lost."""

    port: int = 0
    console: str = ""
    cut: Callable[[str], bool] = lambda _path: False
    bodies: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    """What the laptop sent, by path."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Hand(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wire: Wire

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's
        """A test's output is pytest's."""

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.wire.bodies.append((self.path, body))
        headers = {name: self.headers[name] for name in _PASSED_ON if self.headers.get(name)}
        try:
            answer = httpx.request(
                self.command, self.wire.console + self.path, content=body, headers=headers,
                timeout=40,
            )  # fmt: skip
        except httpx.TransportError:
            self.close_connection = True
            return
        if self.wire.cut(self.path):
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        for name in _PASSED_ON:
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        with suppress(ConnectionError):  # the laptop was closed meanwhile
            self.wfile.write(answer.content)


@contextmanager
def wired() -> Generator[Wire]:
    wire = Wire()
    hand = type("Hand", (_Hand,), {"wire": wire})
    with ThreadingHTTPServer(("127.0.0.1", 0), hand) as server:
        server.daemon_threads = True
        wire.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield wire
        finally:
            server.shutdown()
            thread.join(10)
