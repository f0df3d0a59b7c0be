"""Keeps every exchange in a WARC, as it came."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from threading import Lock
from typing import Any, BinaryIO, Final

from warcio.statusandheaders import StatusAndHeaders
from warcio.utils import Digester
from warcio.warcwriter import WARCWriter

from integrations.fetch.robots import Verdict
from integrations.fetch.wire import Cut, Exchange, Question

_FRAMING: Final = re.compile(rb"^(transfer-encoding[ \t]*:)", re.IGNORECASE | re.MULTILINE)
# What opens doors does not go into a file that others will read.
_SECRET: Final = re.compile(r"authori[sz]ation|cookie|token|secret|key|sign", re.IGNORECASE)


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


class _Verbatim(StatusAndHeaders):
    """A head that is written byte for byte; warcio's own would rewrite what is not ASCII."""

    def __init__(self, head: bytes) -> None:
        line = head.partition(b"\n")[0].decode("latin-1").strip()
        super().__init__(line or "HTTP/1.1", [])
        self._head = head

    def to_ascii_bytes(self, filter_func: object = None) -> bytes:  # noqa: ARG002
        return self._head


class _Writer(WARCWriter):
    @staticmethod
    def _create_digester() -> Digester:
        return Digester("sha256")


class Recorder:
    """Writes to a file that its owner opens and closes; several threads may share it."""

    def __init__(self, out: BinaryIO, *, name: str, info: Mapping[str, str]) -> None:
        self.noted: list[Noted] = []
        self.verdicts: list[Verdict] = []
        self._lock = Lock()
        self._warc: Any = _Writer(out, gzip=True, warc_version="WARC/1.1")
        self._warc.write_record(self._warc.create_warcinfo_record(name, dict(info)))

    def keep(self, exchange: Exchange) -> str:
        """Write a request and its answer; gives the id of the answer's record."""
        url = str(exchange.question.url)
        facts = {
            "WARC-Date": exchange.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "WARC-IP-Address": exchange.peer,
        }
        cut = {"WARC-Truncated": exchange.cut.value} if exchange.cut else {}
        # The framing is undone by now, and a reader that believed the header would undo it again.
        head = _FRAMING.sub(rb"X-Archive-Orig-\1", exchange.head)
        with self._lock:
            answer = self._record(url, "response", head, exchange.raw, facts | cut)
            record = str(answer.rec_headers.get_header("WARC-Record-ID"))
            facts["WARC-Concurrent-To"] = record
            asked = _asked(exchange.question)
            request = self._record(url, "request", asked, exchange.question.body, facts)
            self._warc.write_record(answer)
            self._warc.write_record(request)
            self.noted.append(_note(exchange, record))
        return record

    def heed(self, verdict: Verdict) -> None:
        with self._lock:
            self.verdicts.append(verdict)

    def _record(
        self, url: str, kind: str, head: bytes, body: bytes, facts: Mapping[str, str]
    ) -> Any:  # noqa: ANN401
        return self._warc.create_warc_record(
            url,
            kind,
            payload=BytesIO(body),
            length=len(body),
            warc_headers_dict=dict(facts),
            http_headers=_Verbatim(head),
        )


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


def _asked(question: Question) -> bytes:
    lines = [f"{question.method} {question.url.raw_path.decode('ascii')} HTTP/1.1"]
    for name, value in question.headers:
        lines.append(f"{name}: {'(withheld)' if _SECRET.search(name) else value}")
    return "\r\n".join([*lines, "", ""]).encode("utf-8")
