"""Signing in with an identity provider of one's own organisation."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions.staff.sign_in import sign_in_by_oidc
from console.desk import House
from console.i18n import t
from console.web.errors import problem
from console.web.forms import local_path, sealed, unsealed
from console.web.session import clear_cookie, client_address, cookie_name, set_cookie
from console.web.sign_in import admitted
from console.web.site import Site
from integrations.identity import Begun, Provider
from integrations.marketplaces.base import SourceError, TurnedDown, Unreachable, Unreadable
from models.refusals import NotAllowed, NotFound

BEGUN_LIFE: Final = timedelta(minutes=10)
_COOKIE: Final = "channel-oidc"
_CALLBACK: Final = "/signin/oidc/callback"
_log: Final = structlog.get_logger(__name__)


def provider_of(house: House) -> Provider:
    """The provider of the settings; NotFound when there is none."""
    settings = house.settings
    if not settings.oidc_issuer or not settings.oidc_client_id:
        raise NotFound("web.oidc_off")
    returns_to = settings.public_url.rstrip("/") + _CALLBACK
    secret = settings.oidc_client_secret
    return Provider(settings.oidc_issuer, settings.oidc_client_id, secret, returns_to)


def routes(site: Site, provider: Callable[[House], Provider] = provider_of) -> list[Route]:
    def leave(request: Request) -> Response:
        begun = Begun.fresh()
        try:
            address = provider(site.house).address(begun)
        except SourceError as error:
            return _failed(site, request, error)
        facts = {**begun.facts(), "next": local_path(request.query_params.get("next"))}
        response = RedirectResponse(address, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
        kept = sealed(site.house, _COOKIE, BEGUN_LIFE, facts)
        set_cookie(site.house.settings, response, kept, _COOKIE)
        return response

    def come_back(request: Request) -> Response:
        response = _come_back(site, request, provider(site.house))
        clear_cookie(site.house.settings, response, _COOKIE)
        return response

    return [Route("/signin/oidc", leave), Route(_CALLBACK, come_back)]


def _come_back(site: Site, request: Request, provider: Provider) -> Response:
    kept = request.cookies.get(cookie_name(site.house.settings, _COOKIE), "")
    facts = unsealed(site.house, _COOKIE, kept)
    if facts is None or not _is_ours(request, facts["state"]):
        return _stopped(site, request, HTTPStatus.FORBIDDEN, "web.oidc_stale")
    begun = Begun(facts["state"], facts["nonce"], facts["verifier"])
    try:
        who = provider.identity(begun, dict(request.query_params))
        token = sign_in_by_oidc(
            site.house,
            who.issuer,
            who.subject,
            list(who.names),
            address=client_address(request),
            agent=request.headers.get("user-agent", ""),
        )
    except SourceError as error:
        return _failed(site, request, error)
    except NotAllowed as no:
        return _stopped(site, request, HTTPStatus.FORBIDDEN, no.code)
    return admitted(site, request, token, facts["next"])


def _is_ours(request: Request, state: str) -> bool:
    given = request.query_params.get("state", "")
    return secrets.compare_digest(given.encode(), state.encode())


def _failed(site: Site, request: Request, error: SourceError) -> Response:
    _log.warning("oidc", kind=type(error).__name__, reason=str(error.reason))
    match error:
        case Unreachable():
            return _stopped(site, request, HTTPStatus.BAD_GATEWAY, "web.oidc_unreachable")
        case TurnedDown():
            words = str(error.reason.facts.get("error") or error.reason.word)
            return _stopped(
                site, request, HTTPStatus.FORBIDDEN, "web.oidc_turned_down", words=words
            )
        case Unreadable() | _:
            return _stopped(site, request, HTTPStatus.BAD_GATEWAY, "web.oidc_unreadable")


def _stopped(
    site: Site, request: Request, status: HTTPStatus, code: str, **facts: object
) -> Response:
    site.speak(request)
    ways = (("/signin", t("web.try_again")),)
    return problem(site, request, status, t("web.oidc_title"), t(code, **facts), ways=ways)
