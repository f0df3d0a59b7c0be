"""What a visitor gets when the answer is no, or when something broke."""

import json
import secrets
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import quote

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.i18n import t, told
from console.web.guard.logs import hidden
from console.web.site import Site
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from models.staff import FAILURE_WINDOW

STATUS: Final[Mapping[type[Refusal], int]] = {
    NotAllowed: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
}
_STATUS_OF_CODE: Final[Mapping[str, int]] = {
    "staff.sign_in": HTTPStatus.UNAUTHORIZED,
    "staff.wrong_sign_in": HTTPStatus.UNAUTHORIZED,
    "staff.throttled": HTTPStatus.TOO_MANY_REQUESTS,
}
_TITLES: Final[Mapping[int, str]] = {
    400: "web.bad_request_title",
    401: "web.sign_in_title",
    403: "web.not_allowed_title",
    404: "web.not_found_title",
    405: "web.method_title",
    409: "web.conflict_title",
    413: "web.too_large_title",
    415: "web.bad_request_title",
    422: "web.invalid_title",
    429: "web.throttled_title",
}
_MESSAGES: Final[Mapping[int, str]] = {
    401: "staff.sign_in",
    404: "web.not_found",
    405: "web.method",
    413: "web.too_large",
}
FAULT: Final = "channel_fault"
"""Where a request's own state keeps the number of its fault, should it come to one."""
_NOT_SIGNED_IN: Final = HTTPStatus.UNAUTHORIZED
_log: Final = structlog.get_logger(__name__)

Handler = Callable[[Request, Exception], Response]


def status_of(no: Refusal) -> int:
    return _STATUS_OF_CODE.get(no.code, STATUS[type(no)])


def headers_of(no: Refusal) -> dict[str, str]:
    if no.code == "staff.throttled":
        return {"retry-after": str(int(FAILURE_WINDOW.total_seconds()))}
    return {}


def prefers_json(request: Request) -> bool:
    """Whether a program asks: the API's and the readers' paths, or JSON before HTML in Accept."""
    if request.url.path.startswith(("/api/", "/reader/")):
        return True
    wanted = request.headers.get("accept", "").lower()
    return "json" in wanted.split("text/html", maxsplit=1)[0]


def handlers(site: Site) -> dict[Any, Handler]:
    """For `exception_handlers`. They are plain functions: Starlette runs them in a thread."""

    def refused(request: Request, no: Exception) -> Response:
        return refusal_answer(site, request, cast("Refusal", no))

    def failed(request: Request, error: Exception) -> Response:
        return _http_answer(site, request, cast("HTTPException", error))

    return {Refusal: refused, HTTPException: failed}


def refusal_answer(site: Site, request: Request, no: Refusal) -> Response:
    """The refusal as a page or as JSON; a visitor who is not signed in is sent to do so."""
    if prefers_json(request):
        site.speak(request)
        message = told(no.code, no.facts)
        return _json(status_of(no), no.code, message, no.facts, headers_of(no))
    if no.code == "staff.sign_in" and request.method in {"GET", "HEAD"}:
        return RedirectResponse(sign_in_address(request), HTTPStatus.SEE_OTHER)
    site.speak(request)
    status, message = status_of(no), told(no.code, no.facts)
    title = t(_TITLES.get(status, "web.invalid_title"))
    ways = ((sign_in_address(request), t("web.sign_in")),) if status == _NOT_SIGNED_IN else ()
    return problem(site, request, status, title, message, headers=headers_of(no), ways=ways)


def sign_in_address(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/signin?next={quote(request.url.path + query, safe='')}"


def _http_answer(site: Site, request: Request, error: HTTPException) -> Response:
    site.speak(request)
    status = error.status_code
    message = t(_MESSAGES.get(status, "web.bad_request"))
    headers = dict(error.headers or {})
    if prefers_json(request):
        return _json(status, _word(status), message, {}, headers)
    title = t(_TITLES.get(status, "web.bad_request_title"))
    return problem(site, request, status, title, message, headers=headers)


def _word(status: int) -> str:
    """`http.not_found` for 404."""
    return f"http.{HTTPStatus(status).name.lower()}"


def problem(  # noqa: PLR0913 - what a page about a problem shows
    site: Site,
    request: Request,
    status: int,
    title: str,
    message: str,
    *,
    headers: Mapping[str, str] | None = None,
    ways: tuple[tuple[str, str], ...] = (),
    fault: str = "",
    anonymous: bool = False,
) -> Response:
    """A page that says what is wrong and which ways lead on."""
    return site.page(
        request,
        "problem.html",
        status,
        headers={"cache-control": "no-store", **(headers or {})},
        anonymous=anonymous,
        number=status,
        title=title,
        message=message,
        fault=fault,
        ways=(*ways, ("/", t("web.go_home"))),
    )


def _json(
    status: int,
    code: str,
    message: str,
    facts: Mapping[str, object],
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = json.dumps(
        {"code": code, "message": message, "facts": dict(facts)}, default=str, ensure_ascii=False
    )
    given = {"cache-control": "no-store", **(headers or {})}
    return Response(body, status, given, "application/json")


class LastDoor:
    """Catches what no handler knew: a number for the visitor, the place in the code for the log.

    The error's words stay out of both, for they may quote identity data.
    """

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False
        fault = secrets.token_hex(5)
        scope.setdefault("state", {})[FAULT] = fault

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - the last door, after which is the server
            _log_fault(fault, error, scope["method"], scope["path"])
            if not begun:
                await self._answer(Request(scope), fault)(scope, receive, send)

    def _answer(self, request: Request, fault: str) -> Response:
        self._site.speak(request, anonymous=True)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        if prefers_json(request):
            return _json(status, "web.fault", t("web.fault"), {"fault": fault})
        title, message = t("web.fault_title"), t("web.fault")
        return problem(self._site, request, status, title, message, fault=fault, anonymous=True)


def _log_fault(fault: str, error: Exception, method: str, path: str) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    _log.error(
        "fault",
        fault=fault,
        kind=type(error).__name__,
        method=method,
        path=hidden(path),
        at=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
