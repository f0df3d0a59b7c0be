"""Reports of how things stand, as files: the kept ones, and one of this moment."""

from collections.abc import Callable
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions.files import Download
from console.actions.oversight.report_files import ReportFormat, picture_file, report_file
from console.desk import Desk
from console.i18n import Language

Given = Callable[[Callable[[Desk, Request], Download]], Callable[[Request], Response]]


def routes(given: Given) -> list[Route]:
    """`given` asks who is signed in, and hands the file out as every other."""
    return [
        Route("/files/oversight/now.{kind}", given(_now), methods=["GET"]),
        Route("/files/oversight/{report_id}.{kind}", given(_kept), methods=["GET"]),
    ]


def _now(desk: Desk, request: Request) -> Download:
    return picture_file(desk, *_look(request))


def _kept(desk: Desk, request: Request) -> Download:
    return report_file(desk, request.path_params["report_id"], *_look(request))


def _look(request: Request) -> tuple[ReportFormat, Language]:
    """`.pdf` or `.xlsx`, and `?language=zh|en`; there is nothing else."""
    try:
        language = Language(request.query_params.get("language", Language.ZH))
        return ReportFormat(request.path_params["kind"]), language
    except ValueError:
        raise HTTPException(HTTPStatus.NOT_FOUND) from None
