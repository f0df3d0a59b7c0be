"""The reader's wire, /reader/v1 (docs/reader.md): what devices ask, and the status that is true."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, TypeVar
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.actions.channel.reading import version
from console.actions.checks.card_reads import accept_read
from console.actions.checks.challenges import moment
from console.actions.checks.device_doors import (
    Tasks,
    device_of_pass,
    enrol,
    give_pass,
    make_pack,
    tag_of,
    tasks_of,
)
from console.desk import House
from console.i18n import language_of, spoken, told
from console.web.errors import STATUS
from console.web.pace import Pace
from console.web.session import client_address
from integrations.reader_tokens import named_key
from models.checks.wire import PackAsk, parsed
from models.refusals import Invalid, NotAllowed, Refusal

_ASKED_EACH: Final = 0.5
"""Seconds between two looks at the tasks of a device that waits."""
_TURNS: Final = 20
"""Looks after which it is asked even where nobody has written: a challenge grows old by itself."""
_LONGEST_WAIT: Final = 30
_LATER: Final = 2
"""Seconds after which somebody else's writing is over."""
_CODES: Final = (20, timedelta(minutes=15))
"""Pairing codes that one address may try."""
_RUBBISH: Final = (60, timedelta(minutes=1))
"""Tokens from one address, under one key's name, that the key did not sign; then they wait, and
cost no more signatures. Other laptops behind the same address have names of their own.
"""
_NOT_SIGNED: Final = frozenset(
    {"reader.signature_wrong", "reader.device_unknown", "reader.other_console"}
)
_STATUS_OF: Final[Mapping[str, int]] = {
    "reader.signature_wrong": HTTPStatus.BAD_REQUEST,
    "reader.read_malformed": HTTPStatus.BAD_REQUEST,
    "reader.other_console": HTTPStatus.BAD_REQUEST,
    "reader.pass_past": HTTPStatus.UNAUTHORIZED,
    "reader.device_unknown": HTTPStatus.UNAUTHORIZED,
    "reader.device_retired": HTTPStatus.UNAUTHORIZED,
    "reader.agent_too_old": HTTPStatus.UPGRADE_REQUIRED,
    "reader.later": HTTPStatus.TOO_MANY_REQUESTS,
    "row.done_meanwhile": HTTPStatus.SERVICE_UNAVAILABLE,
}

T = TypeVar("T")


@dataclass(slots=True)
class _Doors:
    house: House
    codes: Pace
    rubbish: Pace
    writers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    """SQLite has one writer: who waits for it here is woken at once, and does not ask in rounds."""
    polls: dict[UUID, int] = field(default_factory=dict[UUID, int])
    """By device, which of its polls is the newest: only that one waits."""
    watchers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(4))
    """However many devices wait for tasks, other doors keep their threads."""

    async def now(self, _request: Request) -> Response:
        return _answer(
            {
                "now": moment(self.house.now()),
                "minimum_version": self.house.settings.reader_minimum,
            }
        )

    async def enrol(self, request: Request) -> Response:
        if not self.codes.allows(client_address(request)):
            raise _later(_CODES[1])
        done = await self._write(enrol, await _text(request))
        facts = {
            **done.facts,
            "kid": done.device.kid,
            "fingerprint": done.device.fingerprint,
            "state": done.device.state.value,
            "now": moment(self.house.now()),
        }
        return _answer(facts, HTTPStatus.CREATED)

    async def token(self, request: Request) -> Response:
        given = await self._signed(request, give_pass)
        return _answer(
            {
                **given.facts,
                "token": given.token,
                "expires_in": given.expires_in,
                "state": given.state.value,
                "now": moment(self.house.now()),
            }
        )

    async def tasks(self, request: Request) -> Response:
        """At once when there is something new, else when there is, or the time is over."""
        device = await self._device(request)
        seen = request.query_params.get("seen", "")
        ends = monotonic() + _seconds(request.query_params.get("wait", "0"))
        mine = self.polls[device] = self.polls.get(device, 0) + 1
        found: Tasks = await self._write(tasks_of, device)
        known, turns = None, 0
        while found.tag == seen and monotonic() < ends and self.polls[device] == mine:
            await asyncio.sleep(min(_ASKED_EACH, max(0.0, ends - monotonic())))
            if await request.is_disconnected():
                break
            turns += 1
            before, known = known, version(self.house)
            if known is not None and known == before and turns % _TURNS:
                continue
            tag = await to_thread.run_sync(tag_of, self.house, device, limiter=self.watchers)
            if tag != seen:
                found = await self._write(tasks_of, device)
        return _answer(
            {"tag": found.tag, "now": moment(self.house.now()), "tasks": list(found.tasks)}
        )

    async def packs(self, request: Request) -> Response:
        device = await self._device(request)
        ask = parsed(PackAsk, await request.body())
        made = await to_thread.run_sync(make_pack, self.house, device, ask, limiter=self.writers)
        return _answer({"task": made.task, "challenges": list(made.challenges)}, HTTPStatus.CREATED)

    async def reads(self, request: Request) -> Response:
        done = await self._signed(request, accept_read)
        status = HTTPStatus.CREATED if done.is_new else HTTPStatus.OK
        return _answer({"receipt": done.receipt, "next": done.next}, status)

    async def _device(self, request: Request) -> UUID:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise NotAllowed("reader.pass_past")
        return await to_thread.run_sync(device_of_pass, self.house, token.strip())

    async def _write(self, act: Callable[[House, Any], T], given: object) -> T:
        return await to_thread.run_sync(act, self.house, given, limiter=self.writers)

    async def _signed(self, request: Request, act: Callable[[House, str], T]) -> T:
        text = await _text(request)
        name = f"{client_address(request)} {named_key(text)}"
        if self.rubbish.is_spent(name):
            raise _later(_RUBBISH[1])
        try:
            return await self._write(act, text)
        except Refusal as no:
            if no.code in _NOT_SIGNED:
                self.rubbish.allows(name)
            raise


def routes(house: House) -> list[Route]:
    doors = _Doors(house, Pace(*_CODES, house.now), Pace(*_RUBBISH, house.now))
    if house.engine.dialect.name != "sqlite":
        doors.writers.total_tokens = 8
    found = (
        ("now", "GET", doors.now),
        ("enrolments", "POST", doors.enrol),
        ("token", "POST", doors.token),
        ("tasks", "GET", doors.tasks),
        ("packs", "POST", doors.packs),
        ("reads", "POST", doors.reads),
    )
    return [
        Route(f"/reader/v1/{path}", _answering(act), methods=[method])
        for path, method, act in found
    ]


def _answering(act: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Any]:
    """Refusals as programs read them, with words in the language that the laptop speaks."""

    async def answer(request: Request) -> Response:
        spoken.set(language_of(request.headers.get("accept-language")))
        try:
            if "origin" in request.headers:
                raise NotAllowed("reader.no_pages")
            return await act(request)
        except Refusal as no:
            return _refused(no)

    return answer


def _refused(no: Refusal) -> Response:
    family = next(kind for kind in type(no).__mro__ if kind in STATUS)
    status = _STATUS_OF.get(no.code, STATUS[family])
    headers: dict[str, str] = {}
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["retry-after"] = str(no.facts.get("seconds", _LATER))
    body = {"code": no.code, "message": told(no.code, no.facts), "facts": dict(no.facts)}
    return _answer(body, status, headers)


def _answer(
    body: Mapping[str, object],
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str)
    given = {"cache-control": "no-store", **(headers or {})}
    return Response(text, status, given, "application/json")


def _later(within: timedelta) -> Refusal:
    return Invalid("reader.later", seconds=int(within.total_seconds()))


async def _text(request: Request) -> str:
    """A token; what is no ASCII is none, and told as one that nobody signed."""
    return (await request.body()).decode("ascii", "replace").strip()


def _seconds(told: str) -> int:
    return min(int(told), _LONGEST_WAIT) if told.isdecimal() and told.isascii() else 0
