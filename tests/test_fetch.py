"""The guarded fetcher against a hostile server. Canaries stand where it must never go."""

import gzip
import socket
import ssl
import tracemalloc
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from io import BytesIO
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from warcio.archiveiterator import ArchiveIterator

from integrations.fetch import Fetcher, FetchSettings, Recorder, outcome_of
from integrations.fetch.address import is_public
from integrations.fetch.pace import retry_after
from integrations.fetch.robots import LIMIT
from integrations.fetch.unpack import unpacked
from integrations.fetch.wire import Exchange, Question, Road, Wire
from integrations.marketplaces.base import SourceError, TurnedDown, Unreachable, Unreadable
from tests.hostile import (
    HostileServer,
    Route,
    dripping,
    endless,
    in_turn,
    page,
    raw,
    redirect,
    reset,
)

HOST, OTHER_HOST = "127.77.0.1", "127.77.0.2"
CANARY = "127.0.0.1"
pytestmark = pytest.mark.allow_hosts([HOST, OTHER_HOST, CANARY, "::1"])
SETTINGS = FetchSettings(
    agent="ChannelPatrol/1 (+mailto:patrol@carrier.example)",
    allowed_networks=(ip_network("127.77.0.0/16"),),
    total_seconds=2.0,
    max_bytes=1_000_000,
    pace_seconds=0.0,
)


GZIPPED = "Content-Encoding: gzip\r\n"


@pytest.fixture
def site() -> Iterator[HostileServer]:
    with HostileServer(HOST) as server:
        yield server


@pytest.fixture
def other_site(site: HostileServer) -> Iterator[HostileServer]:
    with HostileServer(OTHER_HOST, site.port) as server:
        yield server


@pytest.fixture
def canary(site: HostileServer) -> Iterator[HostileServer]:
    """Stands on this very machine, at the site's own port, and must hear nothing."""
    with HostileServer(CANARY, site.port) as server:
        yield server
        assert server.connections == 0


def fetcher(**changes: Any) -> Fetcher:  # noqa: ANN401
    return Fetcher(FetchSettings(**{name: getattr(SETTINGS, name) for name in _FIELDS} | changes))


_FIELDS = ("agent", "allowed_networks", "total_seconds", "max_bytes", "pace_seconds")


def failure(asker: Fetcher, url: str, **options: Any) -> SourceError:  # noqa: ANN401
    with pytest.raises(SourceError) as met:
        asker.ask(url, **options)
    return met.value


def word(asker: Fetcher, url: str) -> str:
    return failure(asker, url).reason.word


# --- where it may go


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("64:ff9b::101:101", True),
        ("2002:101:101::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.100.100.200", False),
        ("0.0.0.0", False),  # noqa: S104
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("192.88.99.1", False),
        ("::", False),
        ("::1", False),
        ("::7f00:1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::101:101", False),
        ("2002:7f00:1::", False),
        ("2001:0:101:101::", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("3fff::1", False),
    ],
)
def test_an_address_is_public_only_if_all_that_it_carries_is(address: str, *, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.78.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "１２７.0.0.1",
        "①②⑦.0.0.1",
        "127%2e0.0.1",
        "127。0。0。1",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1%25lo]",
        "169.254.169.254",
        "100.100.100.200",
        "10.0.0.1",
        "[fd00:ec2::254]",
        "user@127.0.0.1",
        "127.77.0.1@127.0.0.1",
        "127.77.0.1:80\\@127.0.0.1",
        "127.0.0.1\\@127.77.0.1",
        "127.0.0.1#@127.77.0.1",
        "",
    ],
)
@pytest.mark.parametrize("by", ["asked", "redirected"])
def test_no_spelling_of_an_inner_address_is_ever_connected_to(
    site: HostileServer, canary: HostileServer, host: str, by: str
) -> None:
    inner = f"http://{host}:{site.port}/secret"
    # As a server would send it: octets, not text.
    site.routes["/away"] = redirect(inner.encode().decode("latin-1"))
    error = failure(fetcher(), inner if by == "asked" else site.url("/away"))

    assert outcome_of(error) == "blocked"
    assert canary.connections == 0
    assert site.pages() == ([] if by == "asked" else ["/away"])


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "data", "javascript", "ws", "dict"])
@pytest.mark.parametrize("by", ["asked", "redirected"])
def test_only_the_web_s_own_schemes_are_followed(site: HostileServer, scheme: str, by: str) -> None:
    url = f"{scheme}://{HOST}:{site.port}/etc/passwd"
    site.routes["/away"] = redirect(url)
    error = failure(fetcher(), url if by == "asked" else site.url("/away"))

    assert (error.reason.word, outcome_of(error)) == ("scheme", "blocked")


def test_public_addresses_are_asked_at_the_web_s_ports_only() -> None:
    for port in (22, 8080, 0, 65536):
        assert word(fetcher(), f"http://1.1.1.1:{port}/") == "port"


class Rebinding:
    """A name server that says one thing and then another."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        del host, port
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


def test_a_name_that_changes_its_mind_is_held_to_its_first_answer(
    site: HostileServer, canary: HostileServer
) -> None:
    site.routes["/"] = page()
    names = Rebinding([HOST], [CANARY])
    answer = Fetcher(SETTINGS, resolver=names).ask(site.url(host="shop.example"))

    assert (answer.status, names.asked, canary.connections) == (200, 1, 0)
    assert site.asked[-1].headers["host"] == f"shop.example:{site.port}"


@pytest.mark.parametrize("answer", [[HOST, CANARY], [CANARY, HOST], ["::ffff:127.0.0.1"], ["::1"]])
def test_one_bad_address_behind_a_name_is_enough(
    site: HostileServer, canary: HostileServer, answer: list[str]
) -> None:
    asker = Fetcher(SETTINGS, resolver=Rebinding(answer))

    assert word(asker, site.url(host="shop.example")) == "address"
    assert (site.connections, canary.connections) == (0, 0)


def test_a_look_up_that_fails_or_hangs_ends_in_time() -> None:
    hanging = Event()

    def hang(host: str, port: int) -> Sequence[str]:
        del host, port
        hanging.wait(10)
        return []

    def fail(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(f"{host}:{port}")

    began = monotonic()
    assert word(Fetcher(SETTINGS, resolver=hang), "http://shop.example/") == "deadline"
    assert monotonic() - began < 3
    hanging.set()
    assert word(Fetcher(SETTINGS, resolver=fail), "http://shop.example/") == "dns"
    assert word(Fetcher(SETTINGS, resolver=Rebinding([])), "http://shop.example/") == "dns"


def test_a_proxy_of_the_environment_is_not_used(
    site: HostileServer, canary: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", canary.url())
    monkeypatch.setenv("all_proxy", canary.url())
    site.routes["/"] = page()

    assert fetcher().ask(site.url()).status == 200


def test_a_closed_door_is_out_of_reach() -> None:
    with HostileServer(HOST) as gone:
        url = gone.url()
    assert word(fetcher(), url) == "connect"


@pytest.fixture
def sealed(tmp_path: Path) -> Iterator[HostileServer]:
    """A site with a certificate that it signed itself, for `shop.example`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    draft = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    draft = draft.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    draft = draft.add_extension(
        x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False
    )
    pem = tmp_path / "site.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    shown = draft.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem.write_bytes(secret + shown)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    with HostileServer(HOST, tls=tls) as server:
        server.routes["/"] = page(b"sealed")
        yield server


def test_a_certificate_is_checked_for_the_name_and_not_the_address(
    sealed: HostileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = Fetcher(SETTINGS, resolver=Rebinding([HOST]))
    url = sealed.url(host="shop.example").replace("http", "https")
    assert word(asker, url) == "tls"

    known = ssl.create_default_context(cafile=str(tmp_path / "site.pem"))
    monkeypatch.setattr("integrations.fetch.client.trusted", lambda: known)
    _, recorder = recorded()
    assert asker.recording(recorder).ask(url).body == b"sealed"
    assert word(asker, url.replace("shop", "evil")) == "tls"
    shown = x509.load_pem_x509_certificate((tmp_path / "site.pem").read_bytes())
    print_of_it = shown.fingerprint(hashes.SHA256()).hex()
    assert {noted.certificate for noted in recorder.noted} == {print_of_it}


# --- redirects


def test_redirects_are_followed_to_the_page(site: HostileServer, other_site: HostileServer) -> None:
    site.routes["/"] = redirect("/%E5%BA%97?a=1")
    site.routes["/%E5%BA%97"] = redirect(other_site.url("/shop"), "301 Moved Permanently")
    other_site.routes["/shop"] = page(b"here")
    answer = fetcher().ask(site.url())

    assert (answer.url, answer.body) == (other_site.url("/shop"), b"here")


def test_redirects_end(site: HostileServer) -> None:
    site.routes["/loop"] = redirect("/pool")
    site.routes["/pool"] = redirect("/loop#again")
    for step in range(9):
        site.routes[f"/{step}"] = redirect(f"/{step + 1}")

    assert word(fetcher(), site.url("/loop")) == "redirects"
    assert word(fetcher(), site.url("/0")) == "redirects"
    assert site.pages() == ["/loop", "/pool", *(f"/{step}" for step in range(6))]


def test_keys_to_one_site_are_not_shown_to_another(
    site: HostileServer, other_site: HostileServer
) -> None:
    keys = {"Authorization": "Bearer s3cret", "Cookie": "a=b", "X-Api-Key": "k", "Accept": "x/y"}
    site.routes["/here"] = redirect("/stays")
    site.routes["/stays"] = redirect(other_site.url("/away"))
    other_site.routes["/away"] = page()
    fetcher().ask(site.url("/here"), headers=keys)

    for asked in site.asked[1:]:
        assert {
            name.lower(): value for name, value in keys.items()
        }.items() <= asked.headers.items()
    (away,) = (asked for asked in other_site.asked if asked.path == "/away")
    assert not {"authorization", "cookie", "x-api-key"} & away.headers.keys()
    assert away.headers["accept"] == "x/y"
    assert away.headers["user-agent"] == SETTINGS.agent


def test_a_body_is_not_carried_to_another_site(
    site: HostileServer, other_site: HostileServer
) -> None:
    site.routes["/keep"] = redirect(other_site.url("/away"), "307 Temporary Redirect")
    site.routes["/drop"] = redirect("/got", "303 See Other")
    site.routes["/got"] = page(b"got")
    error = failure(fetcher(), site.url("/keep"), method="POST", body=b"key=1")
    fetcher().ask(site.url("/drop"), method="POST", body=b"key=1")

    assert (error.reason.word, other_site.pages()) == ("redirects", [])
    assert [(asked.method, asked.body) for asked in site.asked if asked.path == "/got"] == [
        ("GET", b"")
    ]


# --- time


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


# --- size and shape


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
    [("gzip", b"plain"), ("gzip", gzip.compress(b"x" * 99)[:-9]), ("br", b"x"), ("deflate", b"?")],
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


# --- trying again


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


# --- manners


ROBOTS = b"""\xef\xbb\xbf# ours
User-agent: ChannelPatrol
Disallow: /private
Disallow: /*?sort=
Disallow: /*.pdf$
Allow: /private/terms
Crawl-delay: 0.4

User-agent: *
Disallow: /
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/shop", True),
        ("/private/x", False),
        ("/private/terms", True),
        ("/list?sort=price", False),
        ("/a.pdf", False),
        ("/a.pdfx", True),
    ],
)
def test_robots_rules_are_kept(site: HostileServer, path: str, *, allowed: bool) -> None:
    site.routes |= {"/robots.txt": page(ROBOTS), path.partition("?")[0]: page()}
    if allowed:
        assert fetcher().ask(site.url(path)).status == 200
        return
    error = failure(fetcher(), site.url(path))
    assert (type(error), outcome_of(error), site.pages()) == (TurnedDown, "refused", [])


@pytest.mark.parametrize(
    ("route", "allowed"),
    [
        (page(status="404 Not Found"), True),
        (page(status="403 Forbidden"), True),
        (page(b"User-agent: *\nDisallow:"), True),
        (redirect("/robots.txt"), True),
        (page(status="500 Oops"), False),
        (page(status="503 Later", headers="Retry-After: 60\r\n"), False),
        (reset, False),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nUser-agent: *\n"), False),
        (dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"#", 0.2), False),
        (page(b"Disallow: /\r\nUser-agent: *\r\nDisallow: /\x00\r\nDisallow: /\r\n"), False),
        (page(b"User-agent: *\nDisallow: /\n" + b"#" * LIMIT * 2), False),
        (page(b"#" * (LIMIT - 26) + b"\nUser-agent: *\nDisallow: /othershop\n"), True),
        (page(gzip.compress(b"User-agent: *\nDisallow: /"), headers=GZIPPED), False),
    ],
    ids=[
        "missing", "forbidden", "empty", "loop", "error", "busy", "reset", "short", "slow",
        "nul", "long", "cut in a rule", "packed",
    ],
)  # fmt: skip
def test_robots_that_cannot_be_had_are_a_no_unless_there_are_none(
    site: HostileServer, route: Route, *, allowed: bool
) -> None:
    site.routes |= {"/robots.txt": route, "/": page()}
    asker = fetcher()
    if allowed:
        assert asker.ask(site.url()).status == 200
    else:
        assert word(asker, site.url()) == "robots"
        assert word(asker, site.url()) == "robots"
    assert len(site.pages()) == allowed


def test_robots_of_another_site_follow_their_redirect_under_guard(
    site: HostileServer, other_site: HostileServer, canary: HostileServer
) -> None:
    site.routes |= {"/robots.txt": redirect(other_site.url("/rules")), "/": page()}
    other_site.routes |= {"/rules": page(b"User-agent: *\nDisallow: /"), "/": page()}
    other_site.routes["/robots.txt"] = redirect(canary.url("/robots.txt"))

    assert word(fetcher(), site.url()) == "robots"
    assert word(fetcher(), other_site.url()) == "robots"
    assert canary.connections == 0


def test_robots_are_asked_for_once_in_a_run_and_their_delay_is_kept(site: HostileServer) -> None:
    site.routes |= {"/robots.txt": page(ROBOTS), "/a": page(), "/b": page()}
    asker = fetcher()
    asker.ask(site.url("/a"))
    asker.ask(site.url("/b"))
    robots, first, second = site.asked

    assert [robots.path, first.path, second.path] == ["/robots.txt", "/a", "/b"]
    assert first.at - robots.at >= 0.39
    assert second.at - first.at >= 0.39


def test_an_invited_guest_does_not_read_the_sign_for_crawlers(site: HostileServer) -> None:
    site.routes |= {"/robots.txt": page(b"User-agent: *\nDisallow: /"), "/api": page()}

    assert fetcher(invited=True).ask(site.url("/api")).status == 200
    assert site.pages() == [asked.path for asked in site.asked]


def test_one_host_is_asked_one_at_a_time_and_at_a_walk(site: HostileServer) -> None:
    site.routes |= {f"/{step}": page() for step in range(4)}
    asker = fetcher(pace_seconds=0.25)
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(asker.ask, [site.url(f"/{step}") for step in range(4)]))
    times = sorted(asked.at for asked in site.asked)
    gaps = [later - sooner for sooner, later in pairwise(times)]

    assert [answer.status for answer in pages] == [200] * 4
    assert min(gaps) >= 0.24


def test_waiting_for_our_own_manners_costs_no_time(site: HostileServer) -> None:
    site.routes |= {"/": page(), "/robots.txt": page()}
    assert fetcher(pace_seconds=0.7, total_seconds=0.5).ask(site.url()).status == 200


def test_a_source_may_ask_for_haste_on_our_own_networks_only(site: HostileServer) -> None:
    site.routes["/"] = page()
    hasty = fetcher(pace_seconds=30.0).at_pace(0.0)
    began = monotonic()
    hasty.ask(site.url())
    hasty.ask(site.url())

    assert monotonic() - began < 2


def test_no_source_may_hurry_us_on_public_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[float] = []

    def answered(question: Question, road: Road) -> Exchange:
        times.append(monotonic())
        at, peer = datetime.now(UTC), road.place.addresses[0]
        return Exchange(question, at, peer, None, 200, {}, b"", b"", None)

    monkeypatch.setattr("integrations.fetch.client.exchange", answered)
    hasty = fetcher(pace_seconds=0.3, invited=True).at_pace(0.0)
    hasty.ask("http://1.1.1.1/")
    hasty.ask("http://1.1.1.1/")

    assert times[1] - times[0] >= 0.29


def test_the_kill_switch_stops_the_next_request(site: HostileServer) -> None:
    site.routes["/"] = page()
    stopped = Event()
    asker = Fetcher(SETTINGS, stop=stopped.is_set)
    asker.ask(site.url())
    stopped.set()

    assert word(asker, site.url()) == "stopped"
    assert site.pages() == ["/"]


# --- the record


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


def recorded() -> tuple[BytesIO, Recorder]:
    warc = BytesIO()
    return warc, Recorder(warc, name="page.warc.gz", info={"software": "test"})


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
