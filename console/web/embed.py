"""Badges inside agents' own sites: framed there, and by browsers nowhere else."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from console.actions.channel.embedding import GOOD_FOR, Embedded, embedded, embedded_card
from console.actions.channel.pictures import verify_host
from console.i18n import Language, language_of, spoken, t
from console.web.scan import KINDS
from console.web.site import HTML_LANG, Site, shown_moment
from models.tokens import Verdict, digits_of

_POLICY: Final = (
    "default-src 'none'; img-src data:; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors {ancestors}"
)
_HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    "cross-origin-resource-policy": "cross-origin",
    "x-robots-tag": "noindex",
}


def routes(site: Site) -> list[Route]:
    def show(request: Request) -> Response:
        """Opened by itself it stands on no site at all, so it leads to the verify page."""
        asked = request.query_params.get("language") or request.headers.get("accept-language")
        language = language_of(asked, language_of(site.house.settings.language))
        spoken.set(language)
        one = embedded(site.house, request.path_params["badge_id"])
        if request.headers.get("sec-fetch-dest") == "document":
            return RedirectResponse(_link(site, one), HTTPStatus.SEE_OTHER, _HEADERS)
        policy = _POLICY.format(ancestors=" ".join(one.ancestors))
        headers = {**_HEADERS, "content-security-policy": policy}
        return HTMLResponse(_page(site, one, language), headers=headers)

    return [Route("/embed/{badge_id}", show, methods=["GET"])]


def _page(site: Site, one: Embedded, language: Language) -> str:
    is_good = one.scan.verdict is Verdict.VALID
    card = embedded_card(site.house, one, language).decode().partition("?>\n")[2]
    told = t(
        "embed.as_of",
        at=shown_moment(one.at),
        host=verify_host(site.house),
        seconds=GOOD_FOR,
    )
    return site.templates.get_template("embed.html").render(
        html_lang=HTML_LANG[language],
        seconds=GOOD_FOR,
        kind=KINDS[one.scan.verdict],
        verdict=one.scan.verdict,
        card=Markup(card) if is_good else "",  # noqa: S704 - drawn and escaped by us
        told=told,
        link=_link(site, one),
        host=one.ancestors[0],
    )


def _link(site: Site, one: Embedded) -> str:
    token = one.shown.badge.token
    assert token is not None  # noqa: S101 - `embedded` gives none without
    return f"{site.house.settings.public_url.rstrip('/')}/b/{digits_of(token)}"
