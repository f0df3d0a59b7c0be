"""Coming in by password and one-time code, and going out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions.staff.sign_in import sign_in, sign_out, signed_in
from console.i18n import t, told
from console.web.errors import headers_of, status_of
from console.web.forms import checked_form, form_cookie, is_own, local_path, sealed, unsealed
from console.web.session import clear_cookie, client_address, set_cookie
from console.web.site import Site
from models.refusals import NotAllowed, Refusal

CODE_LIFE: Final = timedelta(minutes=5)
"""How long a password that was right waits for its one-time code."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """What a person answered to the form, or to both forms in turn."""

    login: str
    password: str
    code: str
    next: str


def routes(site: Site) -> list[Route]:
    def ask(request: Request) -> Response:
        target = local_path(request.query_params.get("next"))
        if site.signed_in(request) is not None:
            return RedirectResponse(target, HTTPStatus.SEE_OTHER)
        return _form(site, request, target)

    async def answer(request: Request) -> Response:
        try:
            fields = await checked_form(site.house, request)
        except NotAllowed as no:
            return await run_in_threadpool(_stale, site, request, no)
        return await run_in_threadpool(_let_in, site, request, fields)

    def ask_out(request: Request) -> Response:
        return site.page(request, "sign_out.html", has_form=True)

    async def answer_out(request: Request) -> Response:
        if not (is_own(request) and request.headers.get("x-channel") == "1"):
            await checked_form(site.house, request)
        return await run_in_threadpool(_let_out, site, request)

    return [
        Route("/signin", ask, methods=["GET"]),
        Route("/signin", answer, methods=["POST"]),
        Route("/signout", ask_out, methods=["GET"]),
        Route("/signout", answer_out, methods=["POST"]),
    ]


def _form(
    site: Site, request: Request, target: str, no: Refusal | None = None, login: str = ""
) -> Response:
    site.speak(request)
    settings = site.house.settings
    return site.page(
        request,
        "sign_in.html",
        status_of(no) if no else HTTPStatus.OK,
        headers=headers_of(no) if no else None,
        has_form=True,
        problem=told(no.code, no.facts) if no else "",
        login=login,
        next=target,
        oidc_name=settings.oidc_name if settings.oidc_issuer else "",
    )


def _stale(site: Site, request: Request, no: NotAllowed) -> Response:
    return _form(site, request, local_path(request.query_params.get("next")), no)


def _let_in(site: Site, request: Request, fields: Mapping[str, str]) -> Response:
    answers = _answers(site, request, fields)
    if answers is None:
        target = local_path(fields.get("next"))
        return _form(site, request, target, NotAllowed("web.too_late"))
    try:
        token = sign_in(
            site.house,
            answers.login,
            answers.password,
            answers.code,
            address=client_address(request),
            agent=request.headers.get("user-agent", ""),
        )
    except Refusal as no:
        if no.code == "staff.code_needed":
            return _code_form(site, request, answers)
        if "pending" in fields and no.code == "staff.wrong_sign_in":
            return _code_form(site, request, answers, no)
        return _form(site, request, answers.next, no, answers.login)
    return admitted(site, request, token, answers.next)


def _answers(site: Site, request: Request, fields: Mapping[str, str]) -> _Answers | None:
    """None when the password waited too long for its code, or was sealed for another browser."""
    target, code = local_path(fields.get("next")), fields.get("code", "").replace(" ", "")
    if "pending" not in fields:
        return _Answers(fields.get("login", ""), fields.get("password", ""), code, target)
    waiting = unsealed(site.house, _pending_in(site, request), fields["pending"])
    if waiting is None:
        return None
    return _Answers(waiting["login"], waiting["password"], code, target)


def _pending_in(site: Site, request: Request) -> str:
    return f"pending:{form_cookie(site.house, request)[0]}"


def _code_form(
    site: Site, request: Request, answers: _Answers, no: Refusal | None = None
) -> Response:
    site.speak(request)
    facts = {"login": answers.login, "password": answers.password}
    return site.page(
        request,
        "sign_in_code.html",
        status_of(no) if no else HTTPStatus.OK,
        has_form=True,
        problem=t(no.code) if no else "",
        next=answers.next,
        pending=sealed(site.house, _pending_in(site, request), CODE_LIFE, facts),
    )


def admitted(site: Site, request: Request, token: str, target: str) -> Response:
    """Into the house with a new session; the one that the browser had before ends."""
    before = site.signed_in(request)
    if before is not None:
        sign_out(site.house, before.session_id)
        site.close_sockets(before.session_id)
    person = signed_in(site.house, token)
    if person is not None and person.must_change_password:
        target = f"/account/password?{urlencode({'next': target})}"
    response = RedirectResponse(target, HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
    set_cookie(site.house.settings, response, token)
    return response


def _let_out(site: Site, request: Request) -> Response:
    person = site.signed_in(request)
    if person is not None:
        sign_out(site.house, person.session_id)
        site.close_sockets(person.session_id)
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER, {"cache-control": "no-store"})
    clear_cookie(site.house.settings, response)
    return response
