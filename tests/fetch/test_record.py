"""The record of every exchange, as WARC."""

import gzip
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from integrations.fetch.wire import Wire
from tests.fetch.asking import (
    CANARY,
    GZIPPED,
    HOST,
    OTHER_HOST,
    ROBOTS,
    SETTINGS,
    fetcher,
    recorded,
    word,
)
from tests.hostile import (
    HostileServer,
    dripping,
    endless,
    page,
    raw,
    redirect,
)

pytestmark = pytest.mark.allow_hosts([HOST, OTHER_HOST, CANARY, "::1"])


class Kept:
    """A WARC read back, each digest checked."""

    def __init__(self, warc: BytesIO) -> None:
        warc.seek(0)
        self.records: list[tuple[Any, bytes]] = []
        reader: Any = ArchiveIterator(warc, check_digests=True)
        for record in reader:
            self.records.append((record, record.raw_stream.read()))
            assert record.digest_checker.passed

    def bodies(self, kind: str = "response") -> dict[str, bytes]:
        return {
            record.rec_headers.get_header("WARC-Target-URI"): body
            for record, body in self.records
            if record.rec_type == kind
        }

    def of(self, record_id: str | None) -> Any:  # noqa: ANN401
        (found,) = (
            record
            for record, _ in self.records
            if record.rec_headers.get_header("WARC-Record-ID") == record_id
        )
        return found


def test_the_record_keeps_what_came_as_it_came(site: HostileServer) -> None:
    packed = gzip.compress("店".encode())
    site.routes["/gz"] = page(packed, headers=GZIPPED)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    site.routes |= {"/chunked": raw(chunked), "/robots.txt": page(ROBOTS), "/": redirect("/gz")}
    warc, recorder = recorded()
    asker = fetcher().recording(recorder)
    seen = asker.ask(site.url(), headers={"Authorization": "Bearer s3cret"})
    asker.ask(site.url("/chunked"))
    kept = Kept(warc)

    assert seen.body == "店".encode()
    assert kept.bodies() == {
        site.url("/robots.txt"): ROBOTS,
        site.url("/"): b"",
        site.url("/gz"): packed,
        site.url("/chunked"): b"ok",
    }
    assert len(kept.bodies("request")) == 4
    headers = kept.of(seen.record).rec_headers
    assert headers.get_header("WARC-Target-URI") == site.url("/gz")
    assert headers.get_header("WARC-IP-Address") == HOST
    assert b"s3cret" not in gzip.decompress(warc.getvalue())
    chunked_record = kept.of(recorder.noted[-1].record).http_headers
    assert chunked_record.get_header("X-Archive-Orig-Transfer-Encoding") == "chunked"
    assert chunked_record.get_header("Transfer-Encoding") is None
    assert [noted.sha256 for noted in recorder.noted] == [
        sha256(kept.bodies()[noted.url]).hexdigest() for noted in recorder.noted
    ]
    assert [verdict.allowed for verdict in recorder.verdicts] == [True] * 3


def test_a_cut_body_is_kept_and_marked(site: HostileServer) -> None:
    site.routes |= {
        "/length": endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        "/time": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b".", 0.1),
        "/disconnect": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"),
    }
    warc, recorder = recorded()
    for why in ("length", "time", "disconnect"):
        word(fetcher(total_seconds=1.0).recording(recorder), site.url(f"/{why}"))
    records = [record for record, _ in Kept(warc).records if record.rec_type == "response"]
    marks = [record.rec_headers.get_header("WARC-Truncated") for record in records]

    assert [mark for mark in marks if mark] == ["length", "time", "disconnect"]
    assert Kept(warc).bodies()[site.url("/length")] == b"x" * SETTINGS.max_bytes
    assert Kept(warc).bodies()[site.url("/disconnect")] == b"short"


def test_odd_octets_in_a_head_are_survived_and_kept(site: HostileServer) -> None:
    odd = b"X-Nul: a\x00b\r\nX-High: \xe5\xba\x97\xff\r\n"
    site.routes["/"] = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + odd + b"\r\nok")
    warc, recorder = recorded()
    seen = fetcher().recording(recorder).ask(site.url())
    Kept(warc)

    assert seen.body == b"ok"
    assert "\0" not in "".join(seen.headers.values())
    assert odd in gzip.decompress(warc.getvalue())


def test_a_head_is_found_however_it_is_cut_up() -> None:
    whole = b"HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nX: \0\r\n\r\nbo\0dy"
    for size in range(1, len(whole) + 1):
        wire = Wire(deadline=None, limit=99)  # pyright: ignore[reportArgumentType]
        pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
        given = b"".join(wire.took(piece) for piece in pieces)

        assert bytes(wire.head) == b"HTTP/1.1 200 OK\r\nX: \0\r\n\r\n"
        assert given == whole.replace(b"X: \0", b"X: _")
