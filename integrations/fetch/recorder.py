"""Keeps every exchange in a WARC, as it came."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from threading import Lock
from typing import BinaryIO, Final

from integrations.fetch.robots import Verdict
from integrations.fetch.warc import info_record, new_record_id, record
from integrations.fetch.wire import Cut, Exchange, Question

_FRAMING: Final = re.compile(rb"^(transfer-encoding[ \t]*:)", re.IGNORECASE | re.MULTILINE)
# What opens doors does not go into a file that others will read.
_SECRET: Final = re.compile(r"authori[sz]ation|cookie|token|secret|key|sign", re.IGNORECASE)
_SECRET_FIELD: Final = re.compile(
    rb"((?:^|&)(?:app_key|app_secret|access_token|client_id|client_secret|session|sign)=)([^&]*)"
)


@dataclass(frozen=True, slots=True)
class Noted:
    """One exchange in the record, in short."""

    url: str
    at: datetime
    peer: str
    certificate: str | None
    status: int
    size: int
    """Bytes of the body as it came, still encoded."""
    sha256: str
    cut: Cut | None
    record: str


class Recorder:
    """Writes to a file that its owner opens and closes; several threads may share it."""

    def __init__(self, out: BinaryIO, *, name: str, info: Mapping[str, str]) -> None:
        self.noted: list[Noted] = []
        self.verdicts: list[Verdict] = []
        self._lock = Lock()
        self._out = out
        out.write(info_record(name, _stamp(datetime.now(UTC)), info))

    def keep(self, exchange: Exchange) -> str:
        """Write a request and its answer; gives the id of the answer's record."""
        facts = {
            "WARC-Target-URI": str(exchange.question.url),
            "WARC-Date": _stamp(exchange.at),
            "WARC-IP-Address": exchange.peer,
        }
        name, asking = new_record_id(), new_record_id()
        cut = {"WARC-Truncated": exchange.cut.value} if exchange.cut else {}
        # The framing is undone by now, and a reader that believed the header would undo it again.
        head = _ended(_FRAMING.sub(rb"X-Archive-Orig-\1", exchange.head))
        answer = record("response", {"WARC-Record-ID": name} | facts | cut, head, exchange.raw)
        given = {"WARC-Record-ID": asking} | facts | {"WARC-Concurrent-To": name}
        asked = exchange.question
        question = record("request", given, _asked(asked), _sent(asked))
        with self._lock:
            self._out.write(answer + question)
            self.noted.append(_note(exchange, name))
        return name

    def heed(self, verdict: Verdict) -> None:
        with self._lock:
            self.verdicts.append(verdict)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _ended(head: bytes) -> bytes:
    """A head as it came; what broke off is given its end, or a reader would look on for it."""
    return head if head.endswith((b"\r\n\r\n", b"\n\n")) else head + b"\r\n\r\n"


def _note(exchange: Exchange, record: str) -> Noted:
    return Noted(
        url=str(exchange.question.url),
        at=exchange.at,
        peer=exchange.peer,
        certificate=exchange.certificate,
        status=exchange.status,
        size=len(exchange.raw),
        sha256=sha256(exchange.raw).hexdigest(),
        cut=exchange.cut,
        record=record,
    )


def _sent(question: Question) -> bytes:
    """The body that was sent; in a form the values that open doors are stars, one for each byte."""
    kind = dict(question.headers).get("content-type", "")
    if not kind.startswith("application/x-www-form-urlencoded"):
        return question.body
    return _SECRET_FIELD.sub(lambda hit: hit[1] + b"*" * len(hit[2]), question.body)


def _asked(question: Question) -> bytes:
    lines = [f"{question.method} {question.url.raw_path.decode('ascii')} HTTP/1.1"]
    for name, value in question.headers:
        lines.append(f"{name}: {'(withheld)' if _SECRET.search(name) else value}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8")
