"""Whether the process lives, and whether it can do its work."""

from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from console.database import is_current
from console.desk import House


def routes(house: House, is_working: Callable[[], bool]) -> list[Route]:
    def alive(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    def ready(_request: Request) -> PlainTextResponse:
        try:
            whole = is_current(house.engine) and is_working()
        except SQLAlchemyError:
            whole = False
        return PlainTextResponse("ok" if whole else "not ready", 200 if whole else 503)

    return [Route("/healthz", alive), Route("/readyz", ready)]
