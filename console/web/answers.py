"""Answers for anyone: pages in a frame that is drawn once, JSON, and the marks that caches ask by.

A visitor who is not signed in costs no look-up of who they are, and of SQLite, where a row by its
key takes microseconds, no thread either: the hop would cost more than the work.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from console.i18n import Language
from console.web.session import session_token
from console.web.site import HTML_LANG, Site

Headers = Mapping[str, str]
Endpoint = Callable[[Request], Awaitable[Response]]

NO_STORE: Final[Headers] = {"cache-control": "no-store"}
A_MINUTE: Final[Headers] = {"cache-control": "public, max-age=60"}
"""How long a licence that was taken away may still be shown by a cache."""
ANYWHERE: Final[Headers] = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}
_MARKS: Final = {name: f"\x00{name}\x00" for name in ("title", "head", "main", "here")}
_MARK: Final = "\x00"
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
KEPT: Final = 2048
"""Drawn parts that are remembered, by all that they show and the language they are in."""
_NAMES_KEPT: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Names:
    """The marketplaces, as they were at a moment."""

    at: datetime
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """The site, as those see it whom nobody asks who they are."""

    site: Site
    frames: dict[tuple[Language, str], list[str]] = field(default_factory=dict[Any, list[str]])
    names: list["_Names"] = field(default_factory=list["_Names"])

    def quick(self, answer: Callable[[Request], Response]) -> Endpoint:
        """An endpoint whose work is a few rows by their keys."""
        is_near = self.site.house.engine.dialect.name == "sqlite"

        async def endpoint(request: Request) -> Response:
            if is_near and session_token(self.site.house.settings, request) is None:
                return answer(request)
            return await run_in_threadpool(answer, request)

        return endpoint

    def language(self, request: Request) -> Language:
        """The reader's, so that texts drawn before the page are in it too."""
        return self.site.speak(request, anonymous=self._is_stranger(request))

    def drawn(self, template: str, /, **facts: Any) -> str:  # noqa: ANN401 - what the template shows
        """A part of a page, in the language that is spoken."""
        return self.site.templates.get_template(template).render(facts)

    def page(  # noqa: PLR0913 - what a page has
        self,
        request: Request,
        title: str,
        main: str,
        *,
        status: int = HTTPStatus.OK,
        head: str = "",
        kind: str = "plain",
        headers: Headers = NO_STORE,
    ) -> Response:
        """The part `main` in the site's frame; marked for caches unless nothing may keep it."""
        if not self._is_stranger(request):
            own = {name: value for name, value in headers.items() if name != "cache-control"}
            return self.site.page(
                request,
                "public.html",
                status,
                headers=own,
                title=title,
                page_kind=kind,
                head=Markup(head),  # noqa: S704 - drawn and escaped by our templates
                main=Markup(main),  # noqa: S704
            )
        escaped = str(Markup.escape(title))
        filled = {"title": escaped, "head": head, "main": main, "here": _here(request)}
        frame = self._frame(self.language(request), kind)
        body = "".join([filled.get(piece, piece) for piece in frame]).encode()
        vary = {"vary": "Accept, Accept-Language, Cookie"}
        return marked(request, body, "text/html; charset=utf-8", status, {**vary, **headers})

    def platforms(self) -> tuple[tuple[str, str], ...]:
        """Code and name of each marketplace, as they were within the last minute."""
        now = self.site.house.now()
        if not self.names or now - self.names[0].at > _NAMES_KEPT:
            self.names[:] = [_Names(now, tuple(self.site.platforms()))]
        return self.names[0].pairs

    def _is_stranger(self, request: Request) -> bool:
        return session_token(self.site.house.settings, request) is None

    def _frame(self, language: Language, kind: str) -> list[str]:
        """The page around the part, cut where title, head, part and address go."""
        known = self.frames.get((language, kind))
        if known is None:
            template = self.site.templates.get_template("public.html")
            marks = {name: Markup(mark) for name, mark in _MARKS.items()}  # noqa: S704 - ours
            words = {"person": None, "lang": language, "html_lang": HTML_LANG[language]}
            known = template.render(words, page_kind=kind, form_token="", **marks).split(_MARK)
            self.frames[language, kind] = known
        return known


def wants_json(request: Request) -> bool:
    """Whether a program asks, that names JSON before HTML."""
    wanted = request.headers.get("accept", "").lower()
    return "json" in wanted.split("text/html", maxsplit=1)[0]


def as_json(
    request: Request, value: object, headers: Headers, status: int = HTTPStatus.OK
) -> Response:
    """JSON that any site may read."""
    body = _ENCODE(value).encode()
    given = {"vary": "Accept", **ANYWHERE, **headers}
    return marked(request, body, "application/json", status, given)


def marked(request: Request, body: bytes, kind: str, status: int, headers: Headers) -> Response:
    """The answer with an ETag, or 304 for who has it; no mark on what nobody may keep."""
    if headers.get("cache-control") == NO_STORE["cache-control"]:
        return Response(body, status, headers, kind)
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {**headers, "etag": etag}
    if status == HTTPStatus.OK and etag in _known_marks(request):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, status, headers, kind)


def _known_marks(request: Request) -> list[str]:
    given = request.headers.get("if-none-match")
    return [mark.strip().removeprefix("W/") for mark in given.split(",")] if given else []


def _here(request: Request) -> str:
    """The page's address, to come back to after the language was changed."""
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.url.path + query, safe="")
