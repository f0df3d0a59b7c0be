"""A server that lives before its house is open.

Bringing up the console, the API and the durable work takes seconds. Until then `/healthz` says
that the process lives, and whatever else is asked for waits instead of being refused.
"""

import signal
import sys
from collections.abc import Callable
from typing import Final

import anyio
import anyio.to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALIVE: Final = b"ok"


class Opening:
    """Builds the application within in a thread, runs its lifespan, and hands requests on to it."""

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._within: ASGIApp | None = None
        self._is_open = anyio.Event()
        self._is_ending = anyio.Event()
        self.failure: BaseException | None = None
        """Why the house could not be opened; the server ends itself then."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif not self._is_open.is_set() and scope["path"] == "/healthz":
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": _ALIVE})
        else:
            await self._is_open.wait()
            if self._within is not None:
                await self._within(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        async with anyio.create_task_group() as group:
            group.start_soon(self._run, scope)
            await receive()
            self._is_ending.set()
        await send({"type": "lifespan.shutdown.complete"})

    async def _run(self, scope: Scope) -> None:
        try:
            within = await anyio.to_thread.run_sync(self._build)
            await within(scope, self._told, self._heard(within))
        finally:
            self.failure = sys.exc_info()[1]
            self._is_open.set()
            if self.failure is not None:
                signal.raise_signal(signal.SIGTERM)

    async def _told(self) -> Message:
        """What the application within is told of its life: it begins, and much later it ends."""
        if not self._is_open.is_set():
            return {"type": "lifespan.startup"}
        await self._is_ending.wait()
        return {"type": "lifespan.shutdown"}

    def _heard(self, within: ASGIApp) -> Send:
        async def heard(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                raise RuntimeError(message.get("message", "the house did not open"))
            if message["type"] == "lifespan.startup.complete":
                self._within = within
                self._is_open.set()

        return heard
