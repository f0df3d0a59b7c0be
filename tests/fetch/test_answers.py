"""Slow, endless, packed, broken answers: what the guarded fetcher makes of them."""

import gzip
import socket
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic

import pytest

from integrations.fetch.pace import retry_after
from integrations.fetch.unpack import unpacked
from integrations.marketplaces.base import Unreachable, Unreadable
from tests.fetch.asking import CANARY, GZIPPED, HOST, OTHER_HOST, failure, fetcher, word
from tests.hostile import (
    HostileServer,
    Route,
    dripping,
    endless,
    in_turn,
    page,
    raw,
    reset,
)

pytestmark = pytest.mark.allow_hosts([HOST, OTHER_HOST, CANARY, "::1"])


@pytest.mark.parametrize(
    "route",
    [
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-Slow: 1\r\n", 0.2),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b".", 0.2),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n", 0.2),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.2),
        dripping(b"", b"", 0.2),
    ],
    ids=["head", "body", "chunks", "informational", "silence"],
)
def test_a_slow_answer_is_left_at_the_deadline(site: HostileServer, route: Route) -> None:
    site.routes["/"] = route
    asker = fetcher(total_seconds=1.0)
    asker.ask(site.url("/none"))
    began = monotonic()

    assert word(asker, site.url()) == "deadline"
    assert monotonic() - began < 1.5


def test_the_deadline_is_one_for_all_hops(site: HostileServer) -> None:
    def slowly(server: HostileServer, connection: socket.socket, _: object) -> None:
        server.ended.wait(0.4)
        connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: /{len(server.asked)}\r\n\r\n".encode())

    site.routes |= {f"/{step}": slowly for step in range(9)}
    began = monotonic()

    assert word(fetcher(total_seconds=1.0), site.url("/0")) == "deadline"
    assert monotonic() - began < 1.5


def test_an_endless_body_is_cut(site: HostileServer) -> None:
    site.routes["/"] = endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)
    site.routes["/head"] = endless(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 9000 + b"\r\n")
    site.routes["/100"] = endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 3000)

    assert word(fetcher(), site.url()) == "too_large"
    assert word(fetcher(), site.url("/head")) == "protocol"
    assert word(fetcher(total_seconds=20), site.url("/100")) == "too_large"


def test_a_bomb_is_never_unpacked_beyond_the_limit(site: HostileServer) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    site.routes["/"] = page(bomb, headers=GZIPPED)
    twice = page(gzip.compress(bomb), headers="Content-Encoding: gzip, gzip\r\n")
    site.routes["/twice"] = twice
    members = gzip.compress(bytes(900_000)) * 2
    site.routes["/members"] = page(members, headers=GZIPPED)

    assert word(fetcher(), site.url()) == "bomb"
    assert word(fetcher(), site.url("/members")) == "bomb"
    assert word(fetcher(), site.url("/twice")) == "encoding"


def test_a_bomb_takes_no_more_room_than_the_limit() -> None:
    bomb = gzip.compress(bytes(20_000_000))
    tracemalloc.start()
    over = unpacked(bomb, "gzip", 100_000).over
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert over
    assert peak < 1_000_000


def test_packed_pages_are_read(site: HostileServer) -> None:
    bare = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(b"ka") + gzip.compress(b"ka") + bytes(7),
        "deflate": zlib.compress(b"kaka"),
        "Deflate": bare.compress(b"kaka") + bare.flush(),
        "identity": b"kaka",
    }
    for coding, body in packed.items():
        site.routes[f"/{coding}"] = page(body, headers=f"Content-Encoding: {coding}\r\n")
        assert fetcher().ask(site.url(f"/{coding}")).body == b"kaka"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"plain"),
        ("gzip", gzip.compress(b"x" * 99, mtime=0)[:-9]),
        ("br", b"x"),
        ("deflate", b"?"),
    ],
)
def test_what_cannot_be_unpacked_is_not_guessed_at(
    site: HostileServer, coding: str, body: bytes
) -> None:
    site.routes["/"] = page(body, headers=f"Content-Encoding: {coding}\r\n")
    error = failure(fetcher(), site.url())

    assert (type(error), error.reason.word) == (Unreadable, "encoding")


def test_chunks_make_a_page(site: HostileServer) -> None:
    chunks = b"4;x=y\r\nWiki\r\n5\r\npedia\r\n0\r\nTrailer: 1\r\n\r\n"
    site.routes["/"] = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    site.routes["/1.0"] = raw(b"HTTP/1.0 200 OK\n\nto the end")

    assert fetcher().ask(site.url()).body == b"Wikipedia"
    assert fetcher().ask(site.url("/1.0")).body == b"to the end"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
    ],
)
def test_a_short_body_is_never_a_whole_page(site: HostileServer, answer: bytes) -> None:
    site.routes["/"] = raw(answer)
    error = failure(fetcher(), site.url())

    assert (type(error), error.reason.word) == (Unreachable, "short_body")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ],
)
def test_what_is_no_http_is_unreadable(site: HostileServer, answer: bytes) -> None:
    site.routes["/"] = raw(answer)
    assert word(fetcher(), site.url()) == "protocol"


def test_statuses_are_answers(site: HostileServer) -> None:
    site.routes["/gone"] = page(b"gone", status="410 Gone", headers="X-A: 1\r\nx-a: 2\r\n")
    site.routes["/bad"] = page(b"oops", status="500 Oops")
    gone = fetcher().ask(site.url("/gone"))

    assert (gone.status, gone.body, gone.headers["x-a"]) == (410, b"gone", "2")
    assert fetcher().ask(site.url("/bad")).status == 500
    assert len(site.pages()) == 2


def test_a_busy_site_is_asked_again_when_it_says_so(site: HostileServer) -> None:
    busy = page(status="429 Too Many", headers="Retry-After: 1\r\n")
    site.routes["/"] = in_turn(busy, page(b"at last"))
    answer = fetcher(total_seconds=5).ask(site.url())
    first, second = (asked.at for asked in site.asked if asked.path == "/")

    assert answer.body == b"at last"
    assert 1.0 <= second - first < 1.9


def test_a_site_that_stays_busy_is_left_alone(site: HostileServer) -> None:
    site.routes["/later"] = page(status="503 Later", headers="Retry-After: 3600\r\n")
    site.routes["/now"] = page(status="503 Now", headers="Retry-After: 0\r\n")

    assert fetcher().ask(site.url("/later")).status == 503
    assert fetcher().ask(site.url("/now")).status == 503
    assert site.pages() == ["/later", "/now", "/now", "/now"]


def test_a_hang_up_is_tried_again_but_never_with_a_body(site: HostileServer) -> None:
    site.routes["/"] = in_turn(reset, page(b"at last"))
    site.routes["/post"] = reset
    site.routes["/silent"] = raw(b"")

    assert fetcher().ask(site.url()).body == b"at last"
    assert failure(fetcher(), site.url("/post"), method="POST", body=b"1").reason.word == "reset"
    assert word(fetcher(total_seconds=5), site.url("/silent")) == "reset"
    assert site.pages() == ["/", "/", "/post", "/silent", "/silent", "/silent"]


def test_retry_after_is_read_both_ways() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=60)
    assert retry_after("7") == 7
    assert 55 < (retry_after(format_datetime(soon)) or 0) <= 60
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert [retry_after(value) for value in (None, "", "soon", "-1", "²")] == [None] * 5
