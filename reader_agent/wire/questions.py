"""One question to the console and its answer, with every way in which there may be none.

Nothing is followed, nothing is retried here, and no answer is longer or later than it may be.
"""

import ssl
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from reader_agent import jws
from reader_agent.refusals import AddressRefused, ConsoleRefused, ConsoleUnreachable
from reader_agent.wire.answer import Answer, Misshapen
from reader_agent.wire.pairing import is_loopback

PATIENCE: Final = 15.0
_CONNECT: Final = 5.0
_LONGEST: Final = 1 << 20
_MOST_RETRY_AFTER: Final = 3600.0
_LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_JSON: Final = "application/json"
_AS_IT_IS: Final = "identity"
_JOSE: Final = "application/jose"
_MOST_CAUSES: Final = 8


@dataclass(frozen=True, slots=True)
class Question:
    method: str
    url: str
    patience: float = PATIENCE
    body: bytes | None = field(default=None, repr=False)
    kind: str = ""
    bearer: str = field(default="", repr=False)

    @classmethod
    def of_token(cls, url: str, token: str, patience: float) -> "Question":
        return cls("POST", url, patience, token.encode(), _JOSE)

    @classmethod
    def of_facts(cls, url: str, facts: Mapping[str, object], patience: float) -> "Question":
        return cls("POST", url, patience, jws.canonical(facts), _JSON)

    @property
    def headers(self) -> dict[str, str]:
        told = {"Accept": _JSON, "Accept-Encoding": _AS_IT_IS}
        if self.kind:
            told["Content-Type"] = self.kind
        if self.bearer:
            told["Authorization"] = f"Bearer {self.bearer}"
        return told


def client_to(url: str, ca: str = "") -> httpx.Client:
    """Kept open between questions. `ca`: PEM of the one authority to be trusted.

    In clear it reaches this machine alone, so a proxy from the environment is left out there.
    """
    try:
        context = ssl.create_default_context(cadata=ca or None)
    except ssl.SSLError:
        raise AddressRefused(why="ca") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    parts = urlsplit(url)
    here = parts.scheme == "http" and is_loopback(parts.hostname or "")
    return httpx.Client(verify=context, follow_redirects=False, trust_env=not here)


def authority(path: Path | None) -> str:
    """The PEM of a pinned authority. AddressRefused for a file that holds no certificate."""
    if path is None:
        return ""
    try:
        pem = path.read_text("ascii") or "none"  # an empty one would mean those of the system
        ssl.create_default_context(cadata=pem)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise AddressRefused(why="ca") from None
    return pem


def asked(http: httpx.Client, question: Question) -> tuple[int, Answer]:
    """Status and body of an answer that grants what was asked.

    ConsoleUnreachable, or ConsoleRefused with the console's own code and its Retry-After.
    """
    with _unreachable():
        status, headers, body = _exchanged(http, question)
    if status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        with shaped(status=status):
            return status, Answer.read(body)
    after = retry_after(headers.get("Retry-After", ""), datetime.now(UTC))
    try:
        told = Answer.read(body)
        code, message = told.text("code"), str(told.found.get("message", ""))
    except Misshapen:
        if (
            status not in _LATER
        ):  # a gate on the way has its own opinion, which is not the console's
            raise ConsoleUnreachable("answer", status=status) from None
        code, message = f"http_{status}", ""
    raise ConsoleRefused(status, code, message, after)


@contextmanager
def shaped(**facts: int) -> Generator[None]:
    """An answer of another shape is somebody else's: a hotel's log-in page, a proxy's regrets."""
    try:
        yield
    except Misshapen as error:
        raise ConsoleUnreachable("answer", member=str(error), **facts) from error


def retry_after(told: str, now: datetime) -> float | None:
    """Seconds, from seconds or a date (RFC 9110, 10.2.3); an hour at most."""
    if told.isascii() and told.isdecimal():
        return min(float(told), _MOST_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return None
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, 0.0), _MOST_RETRY_AFTER)


def _exchanged(http: httpx.Client, question: Question) -> tuple[int, httpx.Headers, bytes]:
    until = time.monotonic() + question.patience
    limits = httpx.Timeout(question.patience, connect=min(_CONNECT, question.patience))
    body = bytearray()
    with http.stream(
        question.method,
        question.url,
        content=question.body,
        headers=question.headers,
        timeout=limits,
    ) as answer:
        # What is packed may be small on the way and without an end when it is unpacked.
        if answer.headers.get("Content-Encoding", _AS_IT_IS).strip().lower() != _AS_IT_IS:
            raise ConsoleUnreachable("answer", status=answer.status_code)
        for piece in answer.iter_raw():
            body += piece
            if len(body) > _LONGEST:
                raise ConsoleUnreachable("answer", status=answer.status_code)
            if time.monotonic() > until:  # a limit of the library holds for each piece alone
                raise ConsoleUnreachable("timeout")
        return answer.status_code, answer.headers, bytes(body)


@contextmanager
def _unreachable() -> Generator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise ConsoleUnreachable("timeout") from error
    except httpx.TransportError as error:
        raise ConsoleUnreachable("tls" if _is_tls(error) else "network") from error


def _is_tls(error: BaseException | None) -> bool:
    for _ in range(_MOST_CAUSES):
        if error is None:
            return False
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
