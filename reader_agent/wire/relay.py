"""The way to the console (docs/reader.md): one kept connection, dialled from here, nothing else."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx

from reader_agent.build import Agent
from reader_agent.kept.device_key import DeviceKey
from reader_agent.refusals import ConsoleRefused, ConsoleUnreachable, ReceiptWrong
from reader_agent.wire import envelope
from reader_agent.wire.answer import Answer, Misshapen
from reader_agent.wire.envelope import Receipt, receipt_of
from reader_agent.wire.pairing import Console, checked_address
from reader_agent.wire.questions import PATIENCE, Question, asked, authority, client_to, shaped
from reader_agent.wire.tasks import Challenge, Pack, Task, challenge_of

_EARLY: Final = 30
"""Seconds before its end a token is no longer used."""
_NEW_SKEW_MS: Final = 1000
STATES: Final[Mapping[str, str]] = {
    "reader.device_pending": "pending",
    "reader.device_quarantined": "quarantined",
    "reader.device_retired": "retired",
    "reader.device_unknown": "unknown",
    "reader.agent_too_old": "too_old",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the console tells anybody."""

    now: datetime
    minimum_version: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    console: Console
    state: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Sent:
    receipt: Receipt
    next: Challenge | None


class Relay:
    """Safe to be used from several threads: one may wait for tasks while another sends.

    Every call raises ConsoleUnreachable, or ConsoleRefused with the console's own code.
    """

    def __init__(  # noqa: PLR0913 - who asks, whom, and what is remembered where
        self,
        console: Console,
        key: DeviceKey,
        agent: Agent,
        http: httpx.Client | None = None,
        *,
        path: Path | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """`path`: console.json, written anew whenever the console's facts change."""
        self.console = console
        self._key = key
        self._agent = agent
        self._http = http or client_to(console.url, console.ca)
        self._path = path
        self._patience = patience
        self._turn = threading.RLock()
        self._token = ""
        self._token_until = 0.0
        self._state = ""
        self._kept = console
        self._knows_now = False

    @classmethod
    def enrol(  # noqa: PLR0913 - what a person brings, and who asks
        cls, url: str, code: str, ca: Path | None = None, *, key: DeviceKey, agent: Agent, host: str
    ) -> Enrolled:
        """Makes the key known to the console; the caller writes `console` to its file.

        AddressRefused, ConsoleUnreachable, ConsoleRefused.
        """
        address, pem = checked_address(url), authority(ca)
        token = envelope.enrolment_token(key, code, host, agent)
        with client_to(address, pem) as http, shaped():
            asking = Question.of_token(f"{address}/reader/v1/enrolments", token, PATIENCE)
            _, answer = asked(http, asking)
            if answer.text("kid") != key.kid:
                raise Misshapen("kid")
            console = Console.enrolled(address, pem, answer, skew_ms=_ahead(answer))
            return Enrolled(console, answer.text("state"), key.fingerprint)

    @property
    def skew_ms(self) -> int:
        """How far this clock is ahead of the console's, by its last answer, today's or not."""
        return self.console.skew_ms

    @property
    def is_too_old(self) -> bool:
        """Then nothing more is read; what waits is sent all the same."""
        return self._agent.is_older(self.console.minimum_version)

    def close(self) -> None:
        self._http.close()

    def now(self) -> Facts:
        """Asks without a token; what `doctor` does."""
        _, answer = self._asked(Question("GET", self._url("now"), self._patience))
        with shaped():
            return Facts(answer.moment("now"), answer.text("minimum_version"))

    def status(self) -> str:
        """`active`, `pending`, `quarantined`, `retired`, `unknown` or `too_old`, as of now."""
        with self._turn:
            self._token = ""
            try:
                self._bearer()
            except ConsoleRefused as refused:
                if refused.told not in STATES:
                    raise
                return STATES[refused.told]
            return self._state

    def tasks(self, wait: int = 25, seen: str = "") -> tuple[str, list[Task]]:
        """At once when the console's tag is another than `seen`, else within `wait` seconds."""
        query = urlencode({"wait": wait, "seen": seen})
        asking = Question("GET", self._url(f"tasks?{query}"), wait + self._patience)
        answer = self._with_token(asking)
        with shaped():
            return answer.text("tag"), [Task.of(one) for one in answer.parts("tasks")]

    def pack(self, task: str, kind: str, count: int, hours: int) -> Pack:
        """Challenges for reads without a network."""
        wanted = {"task": task, "kind": kind, "count": count, "hours": hours}
        answer = self._with_token(Question.of_facts(self._url("packs"), wanted, self._patience))
        with shaped():
            return Pack.of(answer)

    def send(self, token: str) -> Sent:
        """Hands over a read. ReceiptWrong when the answer proves nothing: keep it then."""
        asking = Question.of_token(self._url("reads"), token, self._patience)
        answer = self._asked(asking)[1]
        with shaped():
            told, following = answer.text("receipt"), answer.maybe("next")
            after = following and challenge_of(following, "challenge_until")
        try:
            receipt = receipt_of(self.console, told)
        except ReceiptWrong:
            self.status()  # perhaps the console signs with another key by now
            receipt = receipt_of(self.console, told)
        return Sent(receipt, after)

    def _with_token(self, asking: Question) -> Answer:
        """A token that the console no longer takes is asked for anew, once."""
        token = self._bearer()
        try:
            return self._asked(replace(asking, bearer=token))[1]
        except ConsoleRefused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise
        with self._turn:
            if self._token == token:
                self._token = ""
            token = self._bearer()
        return self._asked(replace(asking, bearer=token))[1]

    def _bearer(self) -> str:
        with self._turn:
            if self._token and time.monotonic() < self._token_until:
                return self._token
            if not self._knows_now:
                self.now()  # an assertion is dated by the console's clock, not by ours
            skew_ms = self.skew_ms
            at = datetime.now(UTC) - timedelta(milliseconds=skew_ms)
            aud = self.console.aud
            token = envelope.assertion_token(self._key, aud, self._agent, at, skew_ms)
            _, answer = self._asked(Question.of_token(self._url("token"), token, self._patience))
            with shaped():
                if answer.text("aud") != self.console.aud:
                    raise ConsoleUnreachable("other_console")
                self._keep(self.console.renewed(answer))
                self._state = answer.text("state")
                self._token_until = time.monotonic() + answer.number("expires_in") - _EARLY
                self._token = answer.text("token")
            return self._token

    def _asked(self, asking: Question) -> tuple[int, Answer]:
        status, answer = asked(self._http, asking)
        if "now" in answer.found:
            with shaped(), self._turn:
                self._knows_now = True
                self._keep(replace(self.console, skew_ms=_ahead(answer)))
        return status, answer

    def _keep(self, console: Console) -> None:
        """A clock that trembles is not written down each time."""
        self.console = console
        is_steady = abs(console.skew_ms - self._kept.skew_ms) < _NEW_SKEW_MS
        known = replace(self._kept, skew_ms=console.skew_ms) if is_steady else self._kept
        if self._path and console != known:
            console.write(self._path)
            self._kept = console

    def _url(self, path: str) -> str:
        return f"{self.console.url}/reader/v1/{path}"


def _ahead(answer: Answer) -> int:
    return round((datetime.now(UTC) - answer.moment("now")).total_seconds() * 1000)
