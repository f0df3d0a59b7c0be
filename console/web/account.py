"""One's own account: the password and the one-time codes."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

import segno
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from console.actions.staff.people import (
    SHORTEST_PASSWORD,
    change_password,
    code_address,
    my_account,
    new_code_secret,
    use_codes,
)
from console.actions.staff.sign_in import SignedIn
from console.i18n import told
from console.web.errors import status_of
from console.web.forms import checked_form, local_path, sealed, unsealed
from console.web.site import Site
from models.refusals import Invalid, NotAllowed, Refusal
from models.staff import User

SETUP_LIFE: Final = timedelta(minutes=10)


def routes(site: Site) -> list[Route]:
    def show(request: Request) -> Response:
        user = _user(site, _person(site, request))
        return site.page(
            request,
            "account.html",
            login=user.login,
            has_password=user.password is not None,
            has_codes=user.totp_secret is not None,
        )

    def ask_password(request: Request) -> Response:
        return _password_form(site, request, local_path(request.query_params.get("next")))

    async def answer_password(request: Request) -> Response:
        fields = await checked_form(site.house, request)
        return await run_in_threadpool(_change, site, request, fields)

    def ask_codes(request: Request) -> Response:
        return _codes_form(site, request, new_code_secret())

    async def answer_codes(request: Request) -> Response:
        fields = await checked_form(site.house, request)
        return await run_in_threadpool(_use_codes, site, request, fields)

    return [
        Route("/account", show, methods=["GET"]),
        Route("/account/password", ask_password, methods=["GET"]),
        Route("/account/password", answer_password, methods=["POST"]),
        Route("/account/codes", ask_codes, methods=["GET"]),
        Route("/account/codes", answer_codes, methods=["POST"]),
    ]


def _person(site: Site, request: Request) -> SignedIn:
    person = site.signed_in(request)
    if person is None:
        raise NotAllowed("staff.sign_in")
    return person


def _user(site: Site, person: SignedIn) -> User:
    return my_account(site.house.desk(person.actor))


def _password_form(
    site: Site, request: Request, target: str, no: Refusal | None = None
) -> Response:
    person = _person(site, request)
    site.speak(request)
    return site.page(
        request,
        "password.html",
        status_of(no) if no else HTTPStatus.OK,
        has_form=True,
        problem=told(no.code, no.facts) if no else "",
        login=_user(site, person).login,
        least=SHORTEST_PASSWORD,
        next=target,
    )


def _change(site: Site, request: Request, fields: Mapping[str, str]) -> Response:
    person, target = _person(site, request), local_path(fields.get("next"))
    old, new = fields.get("old", ""), fields.get("new", "")
    if new != fields.get("repeat", ""):
        return _password_form(site, request, target, Invalid("web.not_the_same"))
    try:
        others = change_password(site.house.desk(person.actor), old, new, person.session_id)
    except Refusal as no:
        return _password_form(site, request, target, no)
    for session_id in others:
        site.close_sockets(session_id)
    return RedirectResponse(target, HTTPStatus.SEE_OTHER)


def _codes_form(site: Site, request: Request, secret: str, no: Refusal | None = None) -> Response:
    person = _person(site, request)
    user = _user(site, person)
    site.speak(request)
    picture = segno.make(code_address(secret, user.login), error="m")
    return site.page(
        request,
        "codes.html",
        status_of(no) if no else HTTPStatus.OK,
        has_form=True,
        problem=told(no.code, no.facts) if no else "",
        done=False,
        has_codes=user.totp_secret is not None,
        picture=picture.svg_data_uri(scale=4, border=3, light="#fff"),
        manual=" ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        pending=sealed(site.house, _setup_of(person), SETUP_LIFE, {"secret": secret}),
    )


def _setup_of(person: SignedIn) -> str:
    return f"codes:{person.session_id}"


def _use_codes(site: Site, request: Request, fields: Mapping[str, str]) -> Response:
    person = _person(site, request)
    waiting = unsealed(site.house, _setup_of(person), fields.get("pending", ""))
    if waiting is None:
        return _codes_form(site, request, new_code_secret(), NotAllowed("web.stale_form"))
    code = fields.get("code", "").replace(" ", "")
    try:
        use_codes(site.house.desk(person.actor), waiting["secret"], code)
    except Invalid as no:
        return _codes_form(site, request, waiting["secret"], no)
    return site.page(request, "codes.html", done=True)
