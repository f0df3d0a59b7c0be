"""Public answers are for every site's scripts: reading them, errors too, is allowed anywhere."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.web.answers import ANYWHERE
from console.web.errors import handlers
from console.web.site import Site
from models.refusals import Refusal

_READS: Final = frozenset({"GET", "HEAD"})
_ALLOWED: Final = {
    **ANYWHERE,
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "Accept, Accept-Language, Content-Type, If-None-Match",
    "access-control-expose-headers": "ETag",
    "access-control-max-age": "86400",
}
_NAMES: Final = [(name.encode(), value.encode()) for name, value in ANYWHERE.items()]


def opened(site: Site, routes: Sequence[Route]) -> list[Route]:
    """The same routes, read from anywhere; what is written stays our own pages'."""
    for route in routes:
        if route.methods and route.methods & _READS:
            route.methods.add("OPTIONS")
            route.app = _Anywhere(route.app, site)
    return [*routes]


class _Anywhere:
    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._refused = handlers(site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "OPTIONS":
            await Response(status_code=HTTPStatus.NO_CONTENT, headers=_ALLOWED)(
                scope, receive, send
            )
            return
        if scope["method"] not in _READS:
            await self._app(scope, receive, send)
            return

        async def open_(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                told = {name for name, _ in headers}
                given = [pair for pair in _NAMES if pair[0] not in told]
                message = {**message, "headers": [*headers, *given]}
            await send(message)

        try:
            await self._app(scope, receive, open_)
        except (Refusal, HTTPException) as no:
            kind = Refusal if isinstance(no, Refusal) else HTTPException
            answer = await run_in_threadpool(self._refused[kind], Request(scope), no)
            await answer(scope, receive, open_)
