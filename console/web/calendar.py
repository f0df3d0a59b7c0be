"""A calendar feed, for calendars: no cookie, no sign-in, nothing but the address."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from console.actions.today.feeds import feed_of
from console.web.pace import Pace
from console.web.session import client_address
from console.web.site import Site
from models.calendar import Component
from models.refusals import NotFound

_HEADERS: Final = {
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
    "referrer-policy": "no-referrer",
    "content-disposition": 'inline; filename="channel.ics"',
}
_HOUR: Final = timedelta(hours=1)
_KINDS: Final = {"": Component.EVENT, "event": Component.EVENT, "todo": Component.TASK}


def routes(site: Site) -> list[Route]:
    house = site.house
    by_address, missed = Pace(240, _HOUR, house.now), Pace(20, _HOUR, house.now)
    by_feed = Pace(20, _HOUR, house.now)

    def feed(request: Request) -> Response:
        """`?as=todo` gives tasks where a calendar shows those."""
        address, token = client_address(request), request.path_params["token"]
        if not (by_address.allows(address) and by_feed.allows(token)):
            return _refused(HTTPStatus.TOO_MANY_REQUESTS)
        component = _KINDS.get(request.query_params.get("as", ""))
        try:
            body = None if component is None else feed_of(house, token, component)
        except NotFound:
            body = None
        if body is None:
            many = not missed.allows(address)
            return _refused(HTTPStatus.TOO_MANY_REQUESTS if many else HTTPStatus.NOT_FOUND)
        return Response(body, headers=_HEADERS, media_type="text/calendar; charset=utf-8")

    return [Route("/calendar/{token}.ics", feed, methods=["GET"])]


def _refused(status: HTTPStatus) -> Response:
    """Without a word on what was wrong."""
    headers = {"cache-control": "no-store", "x-robots-tag": "noindex"}
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        headers["retry-after"] = str(int(_HOUR.total_seconds()))
    return PlainTextResponse(f"{status.value} {status.phrase}\n", status, headers)
