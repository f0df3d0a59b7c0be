"""One tap by a buyer: the badge hangs in another shop. No sign-in, no cookie, no script.

A page of another site can't send it (the browser names the origin), a program that fills every
field is thanked and not believed, and nobody may send many.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions.channel.scan import scan
from console.actions.channel.signals import LONGEST_WORDS, Report, report_badge
from console.i18n import t
from console.web.answers import NO_STORE, Answers
from console.web.forms import is_own, read_form
from console.web.pace import Pace
from console.web.session import client_address
from models.refusals import NotAllowed
from models.tokens import Verdict

UNSEEN: Final = {**NO_STORE, "x-robots-tag": "noindex"}
TRAP: Final = "website"
"""A field that no person sees."""
_ONE_ADDRESS: Final = 5
_ONE_BADGE: Final = 60
_WITHIN: Final = timedelta(hours=1)


def routes(answers: Answers) -> list[Route]:
    house = answers.site.house
    by_address = Pace(_ONE_ADDRESS, _WITHIN, house.now)
    by_badge = Pace(_ONE_BADGE, _WITHIN, house.now)

    async def report(request: Request) -> Response:
        if not is_own(request):
            raise NotAllowed("web.stale_form")
        fields = await read_form(request)
        return await run_in_threadpool(kept, request, fields)

    def kept(request: Request, fields: dict[str, str]) -> Response:
        digits = request.path_params["digits"]
        found = scan(house, digits)
        if found.badge is None or found.verdict is not Verdict.VALID_SHOP_UNCHECKED:
            return _to(f"/b/{digits}")
        if not fields.get(TRAP):
            badge_id = found.badge.badge_id
            if not (by_address.allows(client_address(request)) and by_badge.allows(badge_id)):
                return thanks(request, is_too_often=True)
            report_badge(house, badge_id, _said(fields))
        return _to(f"/b/{digits}/reported")

    def thanks(request: Request, *, is_too_often: bool = False) -> Response:
        answers.language(request)
        main = answers.drawn("badge_reported.html", is_too_often=is_too_often)
        status = HTTPStatus.TOO_MANY_REQUESTS if is_too_often else HTTPStatus.OK
        return answers.page(request, t("report.title"), main, status=status, headers=UNSEEN)

    def reported(request: Request) -> Response:
        return thanks(request)

    def back(request: Request) -> Response:
        return _to(f"/b/{request.path_params['digits']}")

    return [
        Route("/b/{digits}/report", report, methods=["POST"]),
        Route("/b/{digits}/report", back, methods=["GET"]),
        Route("/b/{digits}/reported", reported, methods=["GET"]),
    ]


def _said(fields: dict[str, str]) -> Report:
    def short(name: str) -> str:
        return fields.get(name, "")[:LONGEST_WORDS]

    return Report(short("platform"), short("shop"), short("words"))


def _to(path: str) -> Response:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER, UNSEEN)
