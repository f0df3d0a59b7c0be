"""The pages for anyone: agents, shops, badges, keys, and what robots may read."""

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from console.web import (
    agents,
    calendar,
    complaints,
    embed,
    log,
    lookup,
    register,
    report,
    scan,
    status_lists,
)
from console.web.answers import Answers
from console.web.anywhere import opened
from console.web.assets import STATIC
from console.web.site import Site

_DAY: Final = {"cache-control": "public, max-age=86400"}
ROBOTS: Final = """\
User-agent: *
Disallow: /b/
Disallow: /badge
Disallow: /lookup
Disallow: /console
Disallow: /api/
Disallow: /signin
Disallow: /account
Disallow: /language/
Disallow: /report/
Disallow: /calendar/
Allow: /
"""


def routes(site: Site) -> list[Route]:
    answers = Answers(site)
    mark = (STATIC / "mark.svg").read_bytes()

    async def robots(_request: Request) -> Response:
        return PlainTextResponse(ROBOTS, headers=_DAY)

    async def favicon(_request: Request) -> Response:
        return Response(mark, media_type="image/svg+xml", headers=_DAY)

    shown = opened(
        site,
        [
            *agents.routes(answers),
            *lookup.routes(answers),
            *log.routes(answers),
            *report.routes(answers),
            *scan.routes(answers),
            *register.routes(answers),
            *status_lists.routes(site),
            Route("/robots.txt", robots),
            Route("/favicon.ico", favicon),
        ],
    )
    own = [*register.own_routes(site), *embed.routes(site)]
    return [*shown, *own, *complaints.routes(answers), *calendar.routes(site)]
