"""The app of these tests as a running server, and a browser beside it."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.types import Message, Scope
from websockets.exceptions import InvalidStatus

from console.web.guard import Guard, GuardRules
from tests.streamlit_client import SAME, StreamlitClient, streamlit_client

CHROMIUM: Final = Path("/usr/bin/chromium")
ROOT: Final = Path(__file__).parents[2]


def token_of(name: str) -> str:
    return f"{name}-token-0123456789"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class House:
    base: str
    log: Path

    def open(
        self, name: str | None, *, resume: str | None = None, origin: str | None = SAME
    ) -> AbstractContextManager[StreamlitClient]:
        token = token_of(name) if name else None
        return streamlit_client(self.base, token, resume=resume, origin=origin)

    def ask(
        self,
        path: str,
        name: str | None = None,
        *,
        method: str = "GET",
        content: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        given = dict(headers or {})
        if name:
            given["cookie"] = f"channel={token_of(name)}"
        return httpx.request(method, self.base + path, headers=given, content=content, timeout=20)


@contextmanager
def running(folder: Path) -> Generator[House]:
    port = free_port()
    command = [sys.executable, "-m", "tests.guard_app.serve", str(port), str(folder)]
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        base = f"http://127.0.0.1:{port}"
        wait_for(base, process, log)
        yield House(base, log)
    finally:
        process.terminate()
        process.wait(10)


def wait_for(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if httpx.get(f"{base}/").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
        assert process.poll() is None, log.read_text("utf-8")
    pytest.fail(f"the server did not answer: {log.read_text('utf-8')}")


def refused(
    house: House, name: str | None, *, resume: str | None = None, origin: str | None = SAME
) -> bool:
    try:
        with house.open(name, resume=resume, origin=origin):
            return False
    except InvalidStatus as no:
        return no.response.status_code == 403


@dataclass
class Canary:
    url: str
    calls: list[str]


@contextmanager
def listening() -> Generator[Canary]:
    calls: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Canary(f"http://127.0.0.1:{server.server_port}/pixel.png", calls)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium() -> Generator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium (make test does it)")
    flags = (
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(flags))
        yield browser
        browser.close()


@contextmanager
def tab(browser: Browser, house: House, name: str) -> Generator[tuple[Page, list[str]]]:
    complaints: list[str] = []
    context = browser.new_context()
    context.add_cookies([{"name": "channel", "value": token_of(name), "url": house.base}])
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page, complaints
    context.close()


def wait_until(is_so: Callable[[], bool], within: float) -> None:
    end = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


async def knock(guard: Guard, rules: GuardRules, address: str) -> str:
    """Ask for a socket without a server in between; what the guard or its app first says."""
    said: list[str] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        said.append(str(message["type"]))

    scope: Scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": rules.stream,
        "client": (address, 1),
        "headers": [
            (b"host", b"127.0.0.1:1"),
            (b"origin", b"http://127.0.0.1:1"),
            (b"cookie", b"channel=0123456789abcdef"),
        ],
    }
    await guard(scope, receive, send)
    return said[0]
