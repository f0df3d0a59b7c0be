"""The cookie of a session: one, without an age, out of reach of scripts."""

from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response

from console.actions.staff.sign_in import SignedIn, signed_in
from console.desk import House
from console.settings import Settings

_UNASKED: Final = object()


def cookie_name(settings: Settings, word: str = "channel") -> str:
    """`__Host-` keeps other hosts of the domain from setting it; browsers take that on https."""
    return f"__Host-{word}" if settings.is_https else word


def session_token(settings: Settings, request: HTTPConnection) -> str | None:
    """What the visitor's cookie carries, whether it opens anything or not."""
    return request.cookies.get(cookie_name(settings))


def signed_in_of(house: House, request: HTTPConnection, *, touch: bool = True) -> SignedIn | None:
    """Who the visitor is; looked up once in a request. It blocks: call it in a thread.

    A poll that no person asked for is not activity: `touch=False`.
    """
    known = getattr(request.state, "channel_signed_in", _UNASKED)
    if known is _UNASKED:
        token = session_token(house.settings, request)
        known = signed_in(house, token, touch=touch) if token else None
        request.state.channel_signed_in = known
    return known if isinstance(known, SignedIn) else None


def set_cookie(
    settings: Settings, response: Response, value: str, word: str = "channel", **more: int
) -> None:
    response.set_cookie(
        cookie_name(settings, word),
        value,
        path="/",
        httponly=True,
        secure=settings.is_https,
        samesite="lax",
        max_age=more.get("max_age"),
    )


def clear_cookie(settings: Settings, response: Response, word: str = "channel") -> None:
    response.delete_cookie(
        cookie_name(settings, word),
        path="/",
        httponly=True,
        secure=settings.is_https,
        samesite="lax",
    )


def client_address(request: HTTPConnection) -> str:
    return request.client.host if request.client else ""
