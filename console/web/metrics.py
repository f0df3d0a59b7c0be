"""Figures for Prometheus on a second, local port: how many answers, of which kind, how fast."""

import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ROOMS: Final = (
    "console", "api", "agents", "lookup", "b", "files", "reader", "register", "signin", "assets",
)  # fmt: skip
"""First parts of paths that are told apart; no figure carries an id or a number of anybody."""


class Measured:
    """Counts every answer of the application within, and serves the counts."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        registry = CollectorRegistry()
        self._answers = Counter(
            "channel_answers", "Answers sent", ["room", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "channel_answer_seconds", "Time to the end of an answer", ["room"], registry=registry
        )
        self.server, _ = start_http_server(port, "127.0.0.1", registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        await self._app(scope, receive, watched)
        room = room_of(scope["path"])
        self._answers.labels(room, scope["method"], status).inc()
        self._seconds.labels(room).observe(time.perf_counter() - begun)


def room_of(path: str) -> str:
    first = path.lstrip("/").partition("/")[0]
    return first if first in _ROOMS else "other"
