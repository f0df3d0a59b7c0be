"""What every route shares: who asks, keys of writing requests, cursors, errors, and replays."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from console.actions.staff.sign_in import actor_of_key, signed_in
from console.desk import LONGEST_PAGE, PAGE, AlreadyDone, Desk, House
from console.i18n import language_of, spoken, t, told
from console.web.errors import FAULT, STATUS
from console.web.session import session_token
from models.refusals import Invalid, NotAllowed, Refusal

T = TypeVar("T")
Shape = Callable[[Desk, UUID], BaseModel]
SHOWN: Final[dict[str, Shape]] = {}
"""How a record is shown, by its kind: what a repeated write is answered with."""
_KEY_MOST: Final = 128
BAD_REQUEST: Final = 400
_PIECE: Final = 1 << 20
_FORMS: Final = ("multipart/", "application/x-www-form-urlencoded")


class Page(BaseModel, Generic[T]):
    """One screen of a list; `next` goes into `after` for the one behind it."""

    items: list[T]
    next: str | None


class Fault(BaseModel):
    """Every refusal has this shape."""

    code: str
    message: str
    facts: dict[str, Any]


def shown(kind: str) -> Callable[[Shape], Shape]:
    """Say how records of a kind are shown: `@shown("Agent")` over `(desk, id) -> AgentOut`."""

    def keep(shape: Shape) -> Shape:
        SHOWN[kind] = shape
        return shape

    return keep


def _house(request: Request) -> House:
    house = request.app.state.house
    assert isinstance(house, House)  # noqa: S101 - `build` put it there
    return house


def _desk(request: Request) -> Desk:
    """Whoever asks: a program by its bearer key, or a person by the cookie of the console."""
    house = _house(request)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        actor = actor_of_key(house, key.strip())
    else:
        session = signed_in(house, session_token(house.settings, request))
        actor = session.actor if session else None
    if actor is None:
        raise _NotSignedIn("api.sign_in")
    return house.desk(actor)


class _NotSignedIn(NotAllowed):
    """401 and not 403: who asks is not known."""


async def _fingerprint(request: Request) -> str:
    seen = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    if request.headers.get("content-type", "").startswith(_FORMS):
        # FastAPI has read the form by now; its files are on disk and not in memory.
        for name, value in (await request.form()).multi_items():
            seen.update(f"\n{name}=".encode())
            if isinstance(value, str):
                seen.update(value.encode())
                continue
            while piece := await value.read(_PIECE):
                seen.update(piece)
            await value.seek(0)
    else:
        seen.update(await request.body())
    return seen.hexdigest()


def _keyed(
    desk: Annotated[Desk, Depends(_desk)],
    fingerprint: Annotated[str, Depends(_fingerprint)],
    idempotency_key: Annotated[
        str, Header(min_length=1, max_length=_KEY_MOST, pattern=r"^[\x21-\x7e]+$")
    ],
) -> Desk:
    return desk.keyed(idempotency_key, fingerprint)


Reading = Annotated[Desk, Depends(_desk)]
Writing = Annotated[Desk, Depends(_keyed)]
Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE)]
DEFAULT_LIMIT: Final = PAGE
FAULTS: Final[Mapping[int | str, dict[str, Any]]] = {
    code: {"model": Fault} for code in (400, 401, 403, 404, 409, 422)
}


def handle_errors(api: FastAPI) -> None:
    """Make every refusal the one shape, with the status that is true."""

    @api.exception_handler(Refusal)
    def refused(request: Request, no: Exception) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        _speak(request)
        assert isinstance(no, Refusal)  # noqa: S101 - Starlette hands over what it was told to
        status = 401 if isinstance(no, _NotSignedIn) else STATUS[_family(no)]
        return _fault(status, no)

    @api.exception_handler(RequestValidationError)
    def invalid(request: Request, error: Exception) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        _speak(request)
        assert isinstance(error, RequestValidationError)  # noqa: S101
        fields = [".".join(map(str, one["loc"])) for one in error.errors()]
        return _fault(422, Invalid("api.invalid", fields=", ".join(fields)))

    @api.exception_handler(HTTPException)
    def not_here(request: Request, error: Exception) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        _speak(request)
        assert isinstance(error, HTTPException)  # noqa: S101
        if error.status_code == BAD_REQUEST:
            return _fault(BAD_REQUEST, Invalid("api.invalid", fields="body"))
        return JSONResponse(
            {"code": "api.not_found", "message": t("api.not_found"), "facts": {}},
            status_code=error.status_code,
            headers=error.headers,
        )

    @api.exception_handler(Exception)
    def broken(request: Request, _error: Exception) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        _speak(request)
        number = request.scope.get("state", {}).get(FAULT, "")
        message = t("api.fault", id=number)
        fault = {"code": "api.fault", "message": message, "facts": {"id": number}}
        return JSONResponse(fault, status_code=500)

    @api.exception_handler(AlreadyDone)
    def again(request: Request, done: Exception) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        assert isinstance(done, AlreadyDone)  # noqa: S101
        shape = SHOWN[done.kind](_desk(request), done.subject)
        return JSONResponse(shape.model_dump(mode="json"), headers={"Idempotency-Replayed": "true"})


def _speak(request: Request) -> None:
    """Each handler speaks for itself: it runs in another context than the route did."""
    spoken.set(language_of(request.headers.get("accept-language")))


def _family(no: Refusal) -> type[Refusal]:
    return next(kind for kind in type(no).__mro__ if kind in STATUS)


def _fault(status: int, no: Refusal) -> JSONResponse:
    body = Fault(code=no.code, message=told(no.code, no.facts), facts=no.facts)
    return JSONResponse(body.model_dump(mode="json"), status_code=status)
