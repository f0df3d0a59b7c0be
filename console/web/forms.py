"""Forms from strangers: how they are read, and how we know that our own page sent them."""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from console.desk import House
from console.web.session import cookie_name
from integrations.vault import Tampered
from models.refusals import NotAllowed

FORM_LIMIT: Final = 64 * 1024
_DRAINED: Final = 4 * 1024 * 1024
"""Up to here a form that is too long is read to its end, so that the sender hears our answer."""
_MOST_FIELDS: Final = 100
_LONGEST_NEXT: Final = 2000
_FORM: Final = "application/x-www-form-urlencoded"
CONSOLE: Final = "/console/"


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a plain form; of a repeated name the last."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != _FORM:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > _DRAINED:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _DRAINED:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if size <= FORM_LIMIT:
            body += chunk
    if size > FORM_LIMIT:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        text = body.decode("ascii")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from None


def is_own(request: HTTPConnection) -> bool:
    """Whether the browser says that a page of this very site sent the request.

    Programs that are no browser say nothing, and stand or fall by the form's token.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin")
    if origin is None or (origin == "null" and site == "same-origin"):
        return True
    return urlsplit(origin).netloc == request.headers.get("host")


def form_cookie(house: House, request: HTTPConnection) -> tuple[str, bool]:
    """The random word that ties forms to a browser, and whether it is a new one."""
    known = request.cookies.get(cookie_name(house.settings, "channel-form"))
    if known:
        return known, False
    return secrets.token_urlsafe(24), True


def form_token(house: House, cookie: str) -> str:
    """The double of the cookie that goes into a form: sealed, so nobody else can make it."""
    return _text(house.vault.seal(cookie.encode(), "form"))


async def checked_form(house: House, request: Request) -> dict[str, str]:
    """The fields of a form that our own page sent from this browser; else `web.stale_form`."""
    if not is_own(request):
        raise NotAllowed("web.stale_form")
    fields = await read_form(request)
    cookie, is_new = form_cookie(house, request)
    given = _opened(house, fields.get("form_token", ""), "form")
    if is_new or given is None or not secrets.compare_digest(given, cookie.encode()):
        raise NotAllowed("web.stale_form")
    return fields


def sealed(house: House, purpose: str, life: timedelta, facts: Mapping[str, str]) -> str:
    """Facts that travel through a browser unread and unchanged, for a while."""
    until = (house.now() + life).isoformat()
    return _text(house.vault.seal(json.dumps([until, dict(facts)]).encode(), purpose))


def unsealed(house: House, purpose: str, text: str) -> dict[str, str] | None:
    """The facts; None when they are too old, were changed, or were sealed for something else."""
    opened = _opened(house, text, purpose)
    if opened is None:
        return None
    until, facts = cast("tuple[str, dict[str, Any]]", json.loads(opened))
    return facts if house.now() <= datetime.fromisoformat(until) else None


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode()


def _opened(house: House, text: str, purpose: str) -> bytes | None:
    try:
        return house.vault.open(base64.urlsafe_b64decode(text), purpose)
    except (binascii.Error, ValueError, Tampered):
        return None


def local_path(text: str | None, default: str = CONSOLE) -> str:
    """The path of this site that was asked for; the default when it could lead elsewhere."""
    if not text or len(text) > _LONGEST_NEXT:
        return default
    for form in (text, unquote(text), unquote(unquote(text))):
        if not form.startswith("/") or form.startswith("//") or "\\" in form:
            return default
        if any(ord(letter) <= ord(" ") or ord(letter) == 0x7F for letter in form.split("?")[0]):  # noqa: PLR2004
            return default
    parts = urlsplit(text)
    return default if parts.scheme or parts.netloc or not text.isprintable() else text
