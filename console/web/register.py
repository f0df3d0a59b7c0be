"""The published list as pages, files and feeds, and the keys that it and badges are checked by."""

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from console.actions.channel.changes import changes_since, news
from console.actions.channel.editions import changes_csv, lists_out
from console.actions.channel.golden import register_folder
from console.i18n import t
from console.web import feeds
from console.web.answers import A_MINUTE, ANYWHERE, Answers, as_json, marked
from console.web.site import Site
from models.refusals import Conflict, Invalid, NotAllowed
from models.tokens import KeyRole, RoleKeys, cose_key_set, jwk_set

FIVE_MINUTES: Final = {"cache-control": "public, max-age=300"}
"""How long a key that was lost may still be trusted by who asked before."""
FOR_GOOD: Final = {"cache-control": "public, max-age=31536000, immutable"}
PUBLISHED: Final = (KeyRole.BADGE, KeyRole.STATUS_LIST, KeyRole.REGISTER)
"""The log's own is at `/log/vkey`, in the form that its verifiers read."""
_MANIFEST: Final = "manifest.json"
_COPY: Final = re.compile(r"agents-[0-9]{8}-[0-9a-f]{12}\.(ndjson\.gz|csv)")
_KINDS: Final = {".gz": "application/gzip", ".csv": "text/csv; charset=utf-8"}
_LINES: Final = "application/x-ndjson"
_LONGEST: Final = 15
_PRIVATE: Final = {
    "cache-control": "no-store",
    "content-security-policy": "sandbox; default-src 'none'",
}
_TOLD: Final = {
    "register.too_old": HTTPStatus.GONE,
    "register.not_yet": HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
}


def routes(answers: Answers) -> list[Route]:
    site = answers.site

    def page(request: Request) -> Response:
        answers.language(request)
        lists, files = lists_out(site.house), _files(register_folder(site.house))
        main = answers.drawn("register.html", lists=lists, files=files)
        return answers.page(request, t("register.title"), main, headers=A_MINUTE)

    def copy(request: Request) -> Response:
        return _copied(request, register_folder(site.house))

    def changes(request: Request) -> Response:
        return _changes(answers, request)

    def feed(request: Request) -> Response:
        language, url = answers.language(request), site.house.settings.public_url
        return as_json(request, feeds.json_feed(news(site.house), url, language), _BY_LANGUAGE)

    def atom(request: Request) -> Response:
        language, url = answers.language(request), site.house.settings.public_url
        body = feeds.atom(news(site.house), url, language)
        given = {**ANYWHERE, **_BY_LANGUAGE}
        return marked(request, body, "application/atom+xml; charset=utf-8", 200, given)

    return [
        Route("/register", page),
        Route("/register/changes", changes),
        Route("/register/feed.json", feed),
        Route("/register/feed.xml", atom),
        Route("/register/{name}", copy),
        *_key_routes(site),
    ]


def _key_routes(site: Site) -> list[Route]:
    def keys() -> RoleKeys:
        return {role: site.house.keys.public_keys(role) for role in PUBLISHED}

    def jwks(request: Request) -> Response:
        return as_json(request, jwk_set(keys()), FIVE_MINUTES)

    def cose_keys(request: Request) -> Response:
        given = {**ANYWHERE, **FIVE_MINUTES}
        return marked(request, cose_key_set(keys()), "application/cose-key-set", 200, given)

    return [
        Route("/.well-known/jwks.json", jwks),
        Route("/.well-known/cose-keys", cose_keys),
    ]


def own_routes(site: Site) -> list[Route]:
    """For people who are signed in: how two editions differ."""

    def difference(request: Request) -> Response:
        person = site.signed_in(request)
        if person is None:
            raise NotAllowed("staff.sign_in")
        against = request.query_params.get("against") or None
        edition = request.path_params["publication_id"]
        name, path = changes_csv(site.house.desk(person.actor), edition, against)
        after = BackgroundTask(Path.unlink, path, missing_ok=True)
        kind = _KINDS[".csv"]
        return FileResponse(path, 200, _PRIVATE, kind, filename=name, background=after)

    path = "/files/publications/{publication_id}/changes.csv"
    return [Route(path, difference, methods=["GET"])]


_BY_LANGUAGE: Final = {**A_MINUTE, "vary": "Accept-Language, Cookie"}


def _files(folder: Path) -> list[dict[str, str]]:
    """The files that the manifest names, with their size in words."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
    except FileNotFoundError:
        return []
    return [
        {"name": one["name"], "size": f"{one['bytes'] / 1024:,.0f} KiB"}
        for one in manifest["files"]
    ]


def _copied(request: Request, folder: Path) -> Response:
    """The manifest, which tells what is new; or a file, which under its name is never another."""
    name = request.path_params["name"]
    path = folder / name
    if not (name == _MANIFEST or _COPY.fullmatch(name)) or not path.is_file():
        raise HTTPException(HTTPStatus.NOT_FOUND)
    if name == _MANIFEST:
        given = {**ANYWHERE, **A_MINUTE}
        return marked(request, path.read_bytes(), "application/json", 200, given)
    given = {**ANYWHERE, **FOR_GOOD, "etag": f'"{name}"'}
    if given["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=given)
    return FileResponse(path, headers=given, media_type=_KINDS[path.suffix])


def _changes(answers: Answers, request: Request) -> Response:
    since = request.query_params.get("since", "")
    if not since.isascii() or not since.isdecimal() or len(since) > _LONGEST:
        raise Invalid("register.since_needed")
    house = answers.site.house
    try:
        found = changes_since(house, int(since))
    except (Conflict, Invalid) as no:
        answers.language(request)
        body = {"code": no.code, "message": t(no.code, **no.facts), "facts": no.facts}
        return as_json(request, body, A_MINUTE, _TOLD[no.code])
    events, agents = feeds.events_of(found.events), feeds.agents_of(found.agents)
    ends: dict[str, Any] = {"next": found.next, "size": found.size}
    if _LINES not in request.headers.get("accept", ""):
        return as_json(request, {"changes": events, "agents": agents, **ends}, A_MINUTE)
    lines = feeds.lines([{"change": one} for one in events], [{"agent": a} for a in agents], [ends])
    given = {**ANYWHERE, **A_MINUTE, "vary": "Accept"}
    return marked(request, lines, _LINES, 200, given)
