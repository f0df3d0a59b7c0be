"""Scans of genuine badges by people, counted as they pass; nothing is written meanwhile."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.web.answers import wants_json
from console.web.session import client_address
from models.tokens import Malformed
from models.tokens.verdict import Badge

Scanned = Callable[[str, str], None]
"""Told of the badge's id and the address that asked."""

_PROGRAMS: Final = re.compile(
    r"bot|crawl|spider|slurp|preview|externalhit|monitor|headless|curl|wget|python|java/|okhttp"
    r"|go-http|node|axios|libwww",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Counted:
    """The verify page. Only a badge that a carrier did sign is answered with 200."""

    page: ASGIApp
    scanned: Scanned

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if not _is_a_persons(request):
            await self.page(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
                badge_id = _badge_id(request.path_params["digits"])
                if badge_id is not None:
                    self.scanned(badge_id, client_address(request))
            await send(message)

        await self.page(scope, receive, watched)


def _is_a_persons(request: Request) -> bool:
    headers = request.headers
    agent = headers.get("user-agent", "")
    return (
        request.method == "GET"
        and bool(agent)
        and not _PROGRAMS.search(agent)
        and not wants_json(request)
        and "prefetch" not in headers.get("sec-purpose", headers.get("purpose", ""))
    )


@lru_cache(4096)
def _badge_id(digits: str) -> str | None:
    try:
        return Badge.from_digits(digits).claims.badge_id.hex()
    except Malformed:
        return None
