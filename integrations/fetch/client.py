"""The one way in which this product asks a foreign address for anything."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final, Literal, Self, TypeAlias

import httpx
import structlog

from integrations.fetch import robots
from integrations.fetch.address import (
    Guard,
    Network,
    Place,
    Resolver,
    parsed,
    port_of,
    system_resolver,
)
from integrations.fetch.pace import Deadline, Lanes, rest, retry_after
from integrations.fetch.recorder import Recorder
from integrations.fetch.unpack import unpacked
from integrations.fetch.wire import Cut, Exchange, Lines, Question, Road, exchange
from integrations.marketplaces.base import Page, SourceError, TurnedDown, Unreachable, Unreadable

Outcome: TypeAlias = Literal["blocked", "refused", "failed"]

_log: Final = structlog.stdlib.get_logger(__name__)
_BLOCKED: Final = frozenset({"url", "scheme", "userinfo", "address", "port"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_UNWELCOME: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_TRIES: Final = 3
_PART_PACE: Final = 0.2
_BACKOFF: Final = 0.5
_ROBOTS_SECONDS: Final = 10.0
# All that goes along to another origin. Anything else may be a key to the first one.
_FOR_ANYONE: Final = frozenset(
    {"accept", "accept-language", "if-modified-since", "if-none-match", "user-agent"}
)
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "te"})


@dataclass(frozen=True, slots=True)
class FetchSettings:
    agent: str
    """`User-Agent`: product, version and where a site's owner can write to us."""
    allowed_networks: tuple[Network, ...] = ()
    """Asked besides public addresses, at any port. Empty is public addresses only."""
    total_seconds: float = 20.0
    """For one question in all; the rests that our own pace demands do not count."""
    max_bytes: int = 10_000_000
    """Of the body, packed and unpacked alike."""
    pace_seconds: float = 1.0
    max_redirects: int = 5
    ports: tuple[int, ...] = (80, 443)
    """Of public addresses."""
    invited: bool = False
    """The source gave us its interface and a key; robots.txt, which is for guests, is not asked."""
    refusals: int = 5
    """After so many 403 or 429 in a row a host is not asked again."""
    lanes: Path | None = None
    """The folder through which all processes of the house keep one pace; without it one alone."""

    @property
    def product(self) -> str:
        """The token that robots.txt knows us by."""
        return self.agent.partition("/")[0].strip()


@dataclass(frozen=True, slots=True)
class _Ask:
    """What holds for one question through all its hops: its end, and each place looked up once."""

    deadline: Deadline
    limit: int
    places: dict[tuple[str, str, int], Place]
    guest: bool = True
    """Bound by robots.txt."""
    part: bool = False
    """A beginning of the body is enough."""


class Fetcher:
    """An `Asker` that goes only where it may, at a walk, and never takes more than it can hold."""

    def __init__(
        self,
        settings: FetchSettings,
        recorder: Recorder | None = None,
        *,
        stop: Callable[[], bool] = lambda: False,
        resolver: Resolver = system_resolver,
    ) -> None:
        self._settings = settings
        self._recorder = recorder
        self._stop = stop
        self._pace = settings.pace_seconds
        self._slowest = settings.pace_seconds
        """The least rest on public addresses."""
        self._at_once = 1
        self._guard = Guard(settings.allowed_networks, settings.ports, resolver)
        self._lanes = Lanes(settings.lanes)
        self._lines = Lines()
        self._robots = robots.Robots()
        self._most = settings.max_bytes
        self._kinds: tuple[str, ...] = ()
        self._page_host: str | None = None

    def at_pace(self, seconds: float, at_once: int = 1) -> Self:
        """The same fetcher at another pace; on public addresses never faster than the settings.

        More than one question at once is for our own networks, and for no pace at all.
        """
        return self._changed(_pace=seconds, _at_once=at_once)

    def taking(self, most: int, kinds: Sequence[str] = ()) -> Self:
        """The same fetcher for small things, such as pictures: bytes, and what their type begins
        with.
        """
        return self._changed(_most=min(most, self._most), _kinds=tuple(kinds))

    def within(self, seconds: float) -> Self:
        """The same fetcher, with less time for each question."""
        less = min(seconds, self._settings.total_seconds)
        return self._changed(_settings=replace(self._settings, total_seconds=less))

    def for_page(self, url: str) -> Self:
        """The same fetcher for what a page is made of, as a browser asks for it.

        The site has let us in already, so its robots.txt is not asked again for pictures and
        styles from the page's own host. A page is one visit: its parts come faster than pages do.
        """
        pace = min(self._pace, _PART_PACE)
        slowest = min(self._slowest, _PART_PACE)
        host = parsed(url).host
        return self._changed(_pace=pace, _slowest=slowest, _page_host=host)

    def close(self) -> None:
        """Hang up where a connection waits for another question."""
        self._lines.close()

    def _changed(self, **parts: object) -> Self:
        other = copy(self)
        vars(other).update(parts)
        return other

    def recording(self, recorder: Recorder) -> Self:
        """The same fetcher, with its lanes and what it knows of robots, writing to another file."""
        return self._changed(_recorder=recorder)

    def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Page:
        question = self._question(parsed(url), method.upper(), headers or {}, body or b"")
        deadline = Deadline(self._settings.total_seconds, self._stop)
        ask = _Ask(deadline, self._most, {}, guest=not self._settings.invited)
        page = self._follow(question, ask)
        kind = page.headers.get("content-type", "").strip().lower()
        if self._kinds and page.status == HTTPStatus.OK and not kind.startswith(self._kinds):
            raise TurnedDown("content_type", url=page.url, seen=kind[:100])
        return page

    def _question(
        self, url: httpx.URL, method: str, headers: Mapping[str, str], body: bytes
    ) -> Question:
        given = {name.lower(): value for name, value in headers.items()}
        ours = {
            "host": url.netloc.decode("ascii"),
            "user-agent": self._settings.agent,
            "accept": "*/*",
        }
        last = {"accept-encoding": "gzip"}
        if not self._is_hasty:
            last["connection"] = "close"
        if body or method not in _SAFE_METHODS:
            last["content-length"] = str(len(body))
        kept = {name: value for name, value in given.items() if name not in _OURS}
        return Question(url, method, tuple((ours | kept | last).items()), body)

    @property
    def _is_hasty(self) -> bool:
        """At no pace connections are kept; at a walk they are not worth a server's while."""
        return self._pace == 0

    def _follow(self, question: Question, ask: _Ask) -> Page:
        seen = {_key(question)}
        for _ in range(self._settings.max_redirects + 1):
            answer, record = self._visit(question, ask)
            onward = _onward(answer)
            if onward is None:
                return _page(answer, record, ask)
            url = _joined(question.url, onward)
            question = self._redirected(question, url, answer.status)
            if _key(question) in seen:
                raise Unreachable("redirects", seen="loop", url=str(url))
            seen.add(_key(question))
        raise Unreachable("redirects", seen="too many", url=str(question.url))

    def _redirected(self, question: Question, url: httpx.URL, status: int) -> Question:
        method, body, headers = question.method, question.body, dict(question.headers)
        keeps_body = status in {HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
        if not keeps_body and method not in _SAFE_METHODS:
            method, body = "GET", b""
            headers.pop("content-type", None)
        if _origin(url) != _origin(question.url):
            if body:
                raise TurnedDown("redirects", seen="a body for another origin", url=str(url))
            headers = {name: value for name, value in headers.items() if name in _FOR_ANYONE}
        return self._question(url, method, headers, body)

    def _visit(self, question: Question, ask: _Ask) -> tuple[Exchange, str | None]:
        """One hop: a judged place, the site's leave, and a few tries."""
        origin = _origin(question.url)
        if origin not in ask.places:
            ask.places[origin] = self._guard.locate(question.url, ask.deadline)
        place = ask.places[origin]
        self._must_be_welcome(question, ask)
        pace = self._pace if place.ours else max(self._pace, self._slowest)
        if ask.guest and question.url.host != self._page_host:
            pace = max(pace, self._leave(question, ask))
        for more in reversed(range(_TRIES)):
            try:
                answer, record = self._exchange(question, place, pace, ask)
            except Unreachable as error:
                again = error.reason.word == "reset" and question.method in _SAFE_METHODS
                if not (more and again):
                    raise
                self._wait(question, None, _TRIES - more, ask)
                continue
            busy = answer.status in _BUSY and question.method in _SAFE_METHODS
            wanted = retry_after(answer.headers.get("retry-after"))
            if not (more and busy and self._wait(question, wanted, _TRIES - more, ask)):
                self._note_welcome(question, answer, ask)
                return answer, record
        raise AssertionError("the last try returns or raises")

    def _must_be_welcome(self, question: Question, ask: _Ask) -> None:
        """After some refusals in a row a host has made itself clear."""
        host = question.url.host
        refused = self._lanes.of(host).refused
        if refused >= self._settings.refusals and not ask.part:
            _log.info("fetch.turned_away", host=host, after=refused)
            raise TurnedDown("turned_away", host=host, after=refused)

    def _note_welcome(self, question: Question, answer: Exchange, ask: _Ask) -> None:
        if not ask.part:  # what robots.txt answers says something else
            lane = self._lanes.of(question.url.host)
            lane.refused = lane.refused + 1 if answer.status in _UNWELCOME else 0

    def _leave(self, question: Question, ask: _Ask) -> float:
        """The delay that the site asks for; a `TurnedDown` where it does not want us."""
        rules = self._robots.of(question.url, lambda url: self._robots_page(url, ask))
        url = str(question.url)
        allowed = rules.allow(url, self._settings.product)
        if self._recorder is not None:
            self._recorder.heed(robots.Verdict(url, allowed, rules))
        if not allowed:
            _log.info("robots.refused", url=url, robots=rules.url, basis=rules.basis)
            raise TurnedDown("robots", url=url, basis=rules.basis)
        return rules.delay(self._settings.product)

    def _robots_page(self, url: str, ask: _Ask) -> Page:
        deadline = ask.deadline.sooner(_ROBOTS_SECONDS)
        question = self._question(parsed(url), "GET", {}, b"")
        return self._follow(
            question, _Ask(deadline, robots.LIMIT, ask.places, guest=False, part=True)
        )

    def _wait(self, question: Question, wanted: float | None, tried: int, ask: _Ask) -> bool:
        """Rest before another try. False if the time left is too short for that."""
        seconds = _BACKOFF * 2 ** (tried - 1) if wanted is None else wanted
        self._lanes.of(question.url.host).hold(min(seconds, self._settings.total_seconds))
        if seconds >= ask.deadline.left():
            return False
        rest(seconds, self._stop)
        return True

    def _exchange(
        self, question: Question, place: Place, pace: float, ask: _Ask
    ) -> tuple[Exchange, str | None]:
        at_once = self._at_once if place.ours and pace == 0 else 1
        with self._lanes.of(question.url.host).turn(pace, self._stop, at_once) as waited:
            ask.deadline.forgive(waited)
            road = Road(place, self._guard, trusted(), ask.deadline, ask.limit)
            answer = exchange(question, road, self._lines if self._is_hasty else None)
        record = None if self._recorder is None else self._recorder.keep(answer)
        return answer, record


@cache
def trusted() -> ssl.SSLContext:
    """The authorities whose certificates we believe; slow to load, so once."""
    return httpx.create_ssl_context()


def outcome_of(error: SourceError) -> Outcome:
    """What became of a fetch that gave no page: our guard's no, the site's no, or a fault."""
    if error.reason.word in _BLOCKED:
        return "blocked"
    return "refused" if error.reason.word == "robots" else "failed"


def _key(question: Question) -> tuple[str, str]:
    return question.method, str(question.url.copy_with(fragment=None))


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, port_of(url)


def _onward(answer: Exchange) -> str | None:
    if answer.status not in _REDIRECTS:
        return None
    location = answer.headers.get("location")
    if location is None:
        return None
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return location


def _joined(base: httpx.URL, location: str) -> httpx.URL:
    try:
        return parsed(base.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise TurnedDown("url", seen=str(error)) from error


def _page(answer: Exchange, record: str | None, ask: _Ask) -> Page:
    if not ask.part:
        _must_be_whole(answer, ask.limit)
    elif answer.cut in {Cut.TIME, Cut.DISCONNECT}:
        raise Unreachable("short_body", bytes=len(answer.raw))
    coding = "" if not answer.raw else answer.headers.get("content-encoding", "")
    plain = unpacked(answer.raw, coding, ask.limit)
    if plain.over and not ask.part:
        raise TurnedDown("bomb", packed=len(answer.raw), limit=ask.limit)
    if not (plain.whole or ask.part):
        raise Unreadable("encoding", coding=coding, seen="cut")
    url = str(answer.question.url)
    return Page(url, answer.status, answer.headers, plain.body, record)


def _must_be_whole(answer: Exchange, limit: int) -> None:
    match answer.cut:
        case Cut.LENGTH:
            raise TurnedDown("too_large", bytes=len(answer.raw), most=limit)
        case Cut.TIME:
            raise Unreachable("deadline", bytes=len(answer.raw))
        case Cut.DISCONNECT:
            raise Unreachable("short_body", bytes=len(answer.raw))
        case None:
            return
