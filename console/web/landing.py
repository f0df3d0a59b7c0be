"""The first page, and the choice of a language."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions.staff.people import choose_language
from console.i18n import Language
from console.web.forms import is_own, local_path
from console.web.site import LANGUAGE_COOKIE, Site

_YEAR = 365 * 24 * 3600


def routes(site: Site) -> list[Route]:
    def landing(request: Request) -> Response:
        return site.page(
            request, "landing.html", published=site.newest_list(), platforms=site.platforms()
        )

    def language(request: Request) -> Response:
        word = request.path_params["language"]
        if word not in set(Language):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        person = site.signed_in(request)
        if person is not None and is_own(request):
            choose_language(site.house.desk(person.actor), word)
        target = local_path(request.query_params.get("next"), "/")
        response = RedirectResponse(target, HTTPStatus.SEE_OTHER)
        secure = site.house.settings.is_https
        response.set_cookie(
            LANGUAGE_COOKIE, word, max_age=_YEAR, httponly=True, samesite="lax", secure=secure
        )
        return response

    return [
        Route("/", landing),
        Route("/language/{language}", language),
    ]
