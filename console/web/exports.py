"""Lists as files: `/files/lists/agents.csv?state=active`, and one that a colleague has approved."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions.exports.taking import export_list, take_export
from console.actions.files import Download
from console.desk import Desk
from models.oversight.exports import ExportFormat

Asked = Callable[[Desk, Request], Download]
_LONGEST: Final = 2000


def routes(given: Callable[[Asked], Callable[[Request], Response]]) -> list[Route]:
    """`given` asks who is signed in, and hands the file out as every other."""
    return [
        Route("/files/lists/{page}.{kind}", given(_list), methods=["GET"]),
        Route("/files/exports/{export_id}", given(_approved), methods=["GET"]),
    ]


def _list(desk: Desk, request: Request) -> Download:
    names, query = request.path_params, request.url.query
    if names["kind"] not in set(ExportFormat) or len(query) > _LONGEST:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return export_list(desk, names["page"], query, ExportFormat(names["kind"]))


def _approved(desk: Desk, request: Request) -> Download:
    return take_export(desk, request.path_params["export_id"])
