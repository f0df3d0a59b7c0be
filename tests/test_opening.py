"""A server lives before its house is open, and ends when the house can't be opened."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from console.opening import Opening
from tests.serving import free_port


@contextmanager
def listening(opening: Opening) -> Generator[str]:
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(opening, "127.0.0.1", port, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)


def test_it_says_that_it_lives_and_lets_the_rest_wait_until_it_is_open() -> None:
    is_built, asked = threading.Event(), threading.Event()

    def page(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("the page")

    def build() -> ASGIApp:
        assert is_built.wait(20)
        return Starlette(routes=[Route("/", page)])

    answers: list[str] = []

    def ask(base: str) -> None:
        asked.set()
        answers.append(httpx.get(base, timeout=20).text)

    with listening(Opening(build)) as base:
        visitor = threading.Thread(target=ask, args=(base,))
        visitor.start()
        assert asked.wait(20)
        alive = httpx.get(f"{base}/healthz", timeout=20)
        before = list(answers)
        is_built.set()
        visitor.join(20)

    assert (alive.status_code, alive.text) == (200, "ok")
    assert (before, answers) == ([], ["the page"])


def test_a_house_that_cannot_be_opened_ends_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    raised = threading.Event()

    def noted(_number: int) -> None:
        raised.set()

    monkeypatch.setattr(signal, "raise_signal", noted)

    def build() -> ASGIApp:
        raise ValueError("no keys")

    opening = Opening(build)
    with listening(opening):
        assert raised.wait(20)
    assert isinstance(opening.failure, ValueError)
