"""Answers for anyone: pages in a frame that is drawn once, JSON, and the marks that caches ask by.

A visitor who is not signed in costs no look-up of who they are, and of SQLite, where a row by its
key takes microseconds, no thread either: the hop would cost more than the work.
"""

import json
from collections.abc import Callable, Hashable, Mapping
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
from starlette.types import ASGIApp, Receive, Scope, Send

from console.actions.channel.reading import version
from console.i18n import Language
from console.web.kept import Kept, Sent
from console.web.session import session_token
from console.web.site import HTML_LANG, Site

Headers = Mapping[str, str]
Timed = tuple[Response, float]
"""An answer, and the moment up to which it holds while the database stays as it is."""
Stamp = Callable[[], Hashable]

NOT_KEPT: Final = 0.0

NO_STORE: Final[Headers] = {"cache-control": "no-store"}
A_MINUTE: Final[Headers] = {"cache-control": "public, max-age=60"}
"""How long a licence that was taken away may still be shown by a cache."""
ANYWHERE: Final[Headers] = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}
_MARKS: Final = {name: f"\x00{name}\x00" for name in ("title", "head", "main", "here")}
_MARK: Final = "\x00"
written: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
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
    kept: Kept = field(default_factory=Kept)

    def quick(self, answer: Callable[[Request], Timed], stamp: Stamp = lambda: None) -> ASGIApp:
        """An endpoint whose work is a few rows by their keys; a bare one, for `Route(methods=…)`.

        `stamp` is what the answer depends on beside the database, the address and the language.
        """
        return _Quick(self, answer, stamp)

    def language(self, request: Request) -> Language:
        """The reader's, so that texts drawn before the page are in it too."""
        return self.site.speak(request, anonymous=self.is_stranger(request))

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
        if not self.is_stranger(request):
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

    def names_until(self) -> float:
        """Up to when an answer with names of marketplaces holds."""
        return (self.names[0].at + _NAMES_KEPT).timestamp() if self.names else NOT_KEPT

    def is_stranger(self, request: Request) -> bool:
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


@dataclass(frozen=True, slots=True)
class _Quick:
    """An ASGI application, so that Starlette puts nothing around it."""

    answers: Answers
    answer: Callable[[Request], Timed]
    stamp: Stamp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        house = self.answers.site.house
        if house.engine.dialect.name != "sqlite" or not self.answers.is_stranger(request):
            response, _ = await run_in_threadpool(self.answer, request)
            await response(scope, receive, send)
        else:
            await self._at_once(request, send)

    async def _at_once(self, request: Request, send: Send) -> None:
        scope, answers = request.scope, self.answers
        language = answers.language(request)
        key = (scope["path"], scope["query_string"], wants_json(request), language, self.stamp())
        # The version first: what is read after it is at least as new.
        house, is_asking_again = answers.site.house, "if-none-match" in request.headers
        seen, now = version(house), house.now().timestamp()
        known = seen and not is_asking_again and answers.kept.get(key, seen, now)
        if known:
            await known.send(send)
            return
        response, until = self.answer(request)
        sent = Sent.of(response, until)
        if seen and until > now and not is_asking_again:
            answers.kept.put(key, seen, now, sent)
        await sent.send(send)


def wants_json(request: Request) -> bool:
    """Whether a program asks, that names JSON before HTML."""
    wanted = request.headers.get("accept", "").lower()
    return "json" in wanted.split("text/html", maxsplit=1)[0]


def as_json(
    request: Request, value: object, headers: Headers, status: int = HTTPStatus.OK
) -> Response:
    """JSON that any site may read."""
    body = written(value).encode()
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
    query = request.scope["query_string"].decode("latin-1")
    whole = f"{request.scope['path']}?{query}" if query else request.scope["path"]
    # What is safe but for the slash is not looked at letter by letter.
    return quote(whole, safe="/").replace("/", "%2F")
