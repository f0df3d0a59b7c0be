"""`/s/{n}`: the signed status lists, for any verifier (draft-ietf-oauth-status-list-21, 8)."""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions.channel.status_lists import status_list
from console.web.answers import ANYWHERE, NO_STORE, as_json, marked
from console.web.site import Site
from models.tokens import STATUS_LIST_TYPE
from models.tokens.status import TTL

_HEADERS: Final = {**ANYWHERE, "cache-control": f"public, max-age={TTL}"}


def routes(site: Site) -> list[Route]:
    def listed(request: Request) -> Response:
        """The list as it stands. Of the past none is kept: `?time=` is answered 501 (8.4)."""
        if "time" in request.query_params:
            told = {"code": "status_list.no_history"}
            return as_json(request, told, NO_STORE, HTTPStatus.NOT_IMPLEMENTED)
        token = status_list(site.house, request.path_params["number"])
        return marked(request, token, STATUS_LIST_TYPE, HTTPStatus.OK, _HEADERS)

    return [Route("/s/{number:int}", listed)]
