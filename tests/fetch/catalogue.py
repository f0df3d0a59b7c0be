"""What strangers' servers do to a fetcher, as data: 247 cases of SECURITY.md 2.6, CRW-1 to CRW-12.

Each says how the case may end. The canaries on other addresses must hear nothing in any of them.
"""

import gzip
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.fetch.asking import GZIPPED
from tests.fetch.words import CHARSETS, HTML, INJECTED
from tests.hostile import Route, dripping, endless, in_turn, page, raw, redirect, reset

STORED, BLOCKED, REFUSED, FAILED = "stored", "blocked", "refused", "failed"
Resolver = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True)
class Case:
    group: str
    name: str
    url: str
    """`{site}` is the hostile site's host and port, `{port}` that port, `{robots}` an own host."""
    outcomes: frozenset[str]
    routes: Mapping[str, Route] = field(default_factory=dict[str, Route])
    robots: Route | None = None
    addresses: Sequence[Sequence[str]] = ()
    """What the name resolves to, at each look-up; the last ever after."""

    @property
    def key(self) -> str:
        return f"{self.group}: {self.name}"


def _at(group: str, number: int, name: str, route: Route, *outcomes: str) -> Case:
    path = f"/{group}/{number}"
    return Case(group, name, f"http://{{site}}{path}", frozenset(outcomes), {path: route})


INNER: Final = (
    "127.0.0.1", "127.0.0.1.", "127.1", "127.0.1", "127.0.0.2", "127.78.0.1", "2130706433",
    "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0",  # noqa: S104
    "１２７.0.0.1", "①②⑦.0.0.1", "127%2e0.0.1", "127。0。0。1", "localhost", "LOCALHOST.",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]", "[fe80::1%25lo]", "169.254.169.254", "100.100.100.200", "10.0.0.1",
    "[fd00:ec2::254]", "user@127.0.0.1", "127.77.0.1@127.0.0.1", "127.0.0.1\\@127.77.0.1",
    "127.0.0.1#@127.77.0.1",
)  # fmt: skip
_NOWHERE: Final = (BLOCKED, FAILED)
_SCHEMES: Final = (
    "file:///etc/passwd", "gopher://127.0.0.1:{port}/_GET", "ftp://127.0.0.1:{port}/x",
    "dict://127.0.0.1:{port}/d", "ldap://127.0.0.1:{port}/", "jar:http://127.0.0.1:{port}!/x",
    "data:text/html,x", "javascript:alert(1)", "ws://127.0.0.1:{port}/", "unix:/var/run/x.sock",
    "view-source:http://127.0.0.1:{port}/", "http+unix://%2Ftmp%2Fx/",
)  # fmt: skip


def ssrf(port: int) -> list[Case]:
    direct = [
        Case("ssrf-direct", host, f"http://{host}:{{port}}/secret", frozenset(_NOWHERE))
        for host in INNER
    ]
    places = [f"http://{host}:{port}/secret" for host in INNER]
    spellings = (
        "//127.0.0.1:{0}/secret", "http:/\\127.0.0.1:{0}/", "http:127.0.0.1:{0}/",
        "\thttp://127.0.0.1:{0}/", "https://127.0.0.1:{0}/", "http://[::1]:{0}/",
    )  # fmt: skip
    places += [one.format(port) for one in spellings]
    ways = ("302 Found", "301 Moved", "303 Other", "307 Again", "308 For ever")
    redirected = [
        _at("ssrf-redirect", n, place, redirect(place.encode().decode("latin-1"), ways[n % 5]),
            *_NOWHERE, STORED)
        for n, place in enumerate(places)
    ]  # fmt: skip
    return direct + redirected


def schemes(port: int) -> list[Case]:
    asked = [Case("scheme", one, one, frozenset((BLOCKED,))) for one in _SCHEMES]
    return asked + [
        _at("scheme", n, f"to {one}", redirect(one.replace("{port}", str(port))), BLOCKED, STORED)
        for n, one in enumerate(_SCHEMES)
    ]


def names() -> list[Case]:
    own, canary = "127.77.0.1", "127.0.0.1"
    told: dict[str, tuple[Sequence[Sequence[str]], str]] = {
        "rebind": (((own,), (canary,)), STORED),
        "both": (((own, canary),), BLOCKED),
        "canary": (((canary,),), BLOCKED),
        "mapped": ((("::ffff:127.0.0.1",),), BLOCKED),
        "loopback6": ((("::1",),), BLOCKED),
        "nat64": ((("64:ff9b::7f00:1",),), BLOCKED),
        "metadata": ((("169.254.169.254",),), BLOCKED),
        "zero": ((("0.0.0.0",),), BLOCKED),  # noqa: S104
        "empty": (((),), FAILED),
        "unknown": ((("!",),), FAILED),
        "slow": ((("...",),), FAILED),
        "alias": (((own,),), STORED),
    }
    return [
        Case("dns", name, f"http://{name}.shop.example:{{port}}/dns", frozenset((outcome,)),
             {"/dns": page()}, addresses=addresses)
        for name, (addresses, outcome) in told.items()
    ]  # fmt: skip


def redirects() -> list[Case]:
    cases = [
        _at("redirect", 0, "one", redirect("/redirect/end"), STORED),
        _at("redirect", 1, "five", redirect("/redirect/hop4"), STORED),
        _at("redirect", 2, "six", redirect("/redirect/hop5"), FAILED),
        _at("redirect", 3, "itself", redirect("/redirect/3"), FAILED),
        _at("redirect", 4, "to and fro", redirect("/redirect/fro"), FAILED),
        _at("redirect", 5, "without a place", page(status="302 Found"), STORED),
        _at("redirect", 6, "for ever", redirect("/redirect/hop9"), FAILED),
    ]
    hops = {f"/redirect/hop{n}": redirect(f"/redirect/hop{n - 1}") for n in range(1, 10)}
    more = {"/redirect/hop0": page(), "/redirect/end": page(), "/redirect/fro": redirect("4")}
    return [Case(c.group, c.name, c.url, c.outcomes, {**hops, **more, **c.routes}) for c in cases]


def slow() -> list[Case]:
    head = b"HTTP/1.1 200 OK\r\n"
    drips = {
        "head": dripping(head, b"X-Slow: 1\r\n", 0.2),
        "body": dripping(head + b"Content-Length: 9999\r\n\r\n", b".", 0.2),
        "chunks": dripping(head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n", 0.2),
        "informational": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.2),
        "silence": dripping(b"", b"", 0.2),
        "one byte": dripping(b"H", b"", 0.2),
    }
    return [_at("slow", n, name, one, FAILED) for n, (name, one) in enumerate(drips.items())]


def big() -> list[Case]:
    head = b"HTTP/1.1 200 OK\r\n"
    length = head + b"Content-Length: 99999999999\r\n\r\n"
    floods = {
        "endless": endless(head + b"\r\n", b"x" * 65536),
        "said length": endless(length, b"x" * 65536),
        "endless chunks": endless(
            head + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"
        ),
        "endless head": endless(head, b"X-More: " + b"x" * 9000 + b"\r\n"),
        "endless line": endless(head + b"X: ", b"x" * 65536),
        "tiny chunks": endless(head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n" * 9999),
        "informational": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 3000),
    }
    return [_at("big", n, name, one, FAILED) for n, (name, one) in enumerate(floods.items())]


def compressed() -> list[Case]:
    bomb = gzip.compress(bytes(60_000_000))
    deflated = zlib.compress(bytes(60_000_000))
    whole = gzip.compress(b"a page" * 999, mtime=0)
    packed = {
        "gzip bomb": ("gzip", bomb, FAILED),
        "deflate bomb": ("deflate", deflated, FAILED),
        "bomb in a bomb": ("gzip, gzip", gzip.compress(bomb), FAILED),
        "many members": ("gzip", gzip.compress(bytes(6_000_000)) * 5, FAILED),
        "unknown coding": ("br", b"\x1b\x00", FAILED),
        "broken": ("gzip", whole[:30] + b"\xff" * 9 + whole[39:], FAILED),
        "cut": ("gzip", whole[:-12], FAILED),
        "sound": ("gzip", whole, STORED),
    }
    return [
        _at("compress", n, name, page(body, headers=f"Content-Encoding: {coding}\r\n"), outcome)
        for n, (name, (coding, body, outcome)) in enumerate(packed.items())
    ]


def pages() -> list[Case]:
    html = [
        _at("html", n, name, page(body, headers="Content-Type: text/html\r\n"), STORED)
        for n, (name, body) in enumerate(HTML.items())
    ]
    charsets = [
        _at("charset", n, said, page(one.body, headers=f"Content-Type: {said}\r\n"), STORED)
        for n, (said, one) in enumerate(CHARSETS.items())
    ]
    injected: list[Case] = []
    for n, text in enumerate(INJECTED):
        octets = text.encode()
        header = octets.replace(b"\r", b"").replace(b"\n", b"").decode("latin-1")
        injected += [
            _at("inject", 3 * n, f"title {n}", page(b"<title>" + octets + b"</title>"), STORED),
            _at("inject", 3 * n + 1, f"head {n}", page(headers=f"X-Shop: {header}\r\n"),
                STORED, FAILED),
            _at("inject", 3 * n + 2, f"place {n}", redirect(f"/inject/end?{header}"),
                STORED, BLOCKED, FAILED),
        ]  # fmt: skip
    return [*html, *charsets, *injected]


def protocol() -> list[Case]:
    ok = b"HTTP/1.1 200 OK\r\n"
    chunked = ok + b"Transfer-Encoding: chunked\r\n\r\n"
    busy = page(status="429 Slow", headers="Retry-After: 0\r\n")
    answers: dict[str, tuple[Route, tuple[str, ...]]] = {
        "short": (raw(ok + b"Content-Length: 50\r\n\r\nshort"), (FAILED,)),
        "short chunk": (raw(chunked + b"9\r\nshort"), (FAILED,)),
        "no last chunk": (raw(chunked + b"5\r\nshort\r\n"), (FAILED,)),
        "bad chunk size": (raw(chunked + b"zz\r\nx\r\n0\r\n\r\n"), (FAILED,)),
        "two lengths": (raw(ok + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), (FAILED,)),
        "negative length": (raw(ok + b"Content-Length: -1\r\n\r\nxx"), (FAILED,)),
        "no colon": (raw(ok + b"no colon\r\n\r\n"), (FAILED,)),
        "ssh": (raw(b"SSH-2.0-OpenSSH_9\r\n\r\n"), (FAILED,)),
        "no status line": (raw(b"<p>HTTP/0.9</p>"), (FAILED,)),
        "http2": (raw(b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80"), (FAILED,)),
        "reset": (reset, (FAILED,)),
        "nothing": (raw(b""), (FAILED,)),
        "nul in a header": (raw(ok + b"X: a\0b\r\nContent-Length: 2\r\n\r\nok"), (STORED,)),
        "high bytes": (raw(ok + b"X: \xe5\x8d\xa1\r\nContent-Length: 2\r\n\r\nok"), (STORED,)),
        "bare line feeds": (raw(b"HTTP/1.0 200 OK\n\nto the end"), (STORED,)),
        "busy once": (in_turn(busy, page(b"at last")), (STORED,)),
        "busy": (page(status="503 Later", headers="Retry-After: 0\r\n"), (STORED,)),
        "no content": (page(b"", status="204 None"), (STORED,)),
        "reset once": (in_turn(reset, page(b"at last")), (STORED,)),
    }
    return [
        _at("proto", n, name, route, *outcomes)
        for n, (name, (route, outcomes)) in enumerate(answers.items())
    ]


def robots() -> list[Case]:
    no, long = b"User-agent: *\nDisallow: /\n", b"#" * 600_000 + b"\n"
    told: dict[str, tuple[Route, str]] = {
        "missing": (page(status="404 Not Found"), STORED),
        "forbidden": (page(status="403 Forbidden"), STORED),
        "empty": (page(b"User-agent: *\nDisallow:"), STORED),
        "loop": (redirect("/robots.txt"), STORED),
        "for others": (page(b"User-agent: other\nDisallow: /"), STORED),
        "past the limit": (page(long + no), STORED),
        "disallow": (page(no), REFUSED),
        "by name": (page(b"User-agent: channel-patrol\nDisallow: /"), REFUSED),
        "error": (page(status="500 Oops"), REFUSED),
        "later": (page(status="503 Later", headers="Retry-After: 60\r\n"), REFUSED),
        "reset": (reset, REFUSED),
        "slow": (dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"#", 0.2), REFUSED),
        "packed": (page(gzip.compress(no), headers=GZIPPED), REFUSED),
        "long": (page(no + long), REFUSED),
    }
    return [
        Case(
            "robots", name, "http://{robots}/shop", frozenset((outcome,)), {"/shop": page()}, rules
        )
        for name, (rules, outcome) in told.items()
    ]


def traps() -> list[Case]:
    more = b"".join(b"<a href=/trap/%d>%d</a>" % (n, n) for n in range(20_000))
    return [
        _at("trap", 0, "calendar", page(b"<a href=/trap/0?next=1>next</a>"), STORED),
        _at("trap", 1, "links", page(more), STORED),
        _at("trap", 2, "session", redirect("/trap/0?sid=1"), STORED),
    ]


def catalogue(port: int) -> list[Case]:
    """All cases, for a site at this port."""
    parts = (names, redirects, slow, big, compressed, pages, protocol, robots, traps)
    return [*ssrf(port), *schemes(port), *(case for part in parts for case in part())]
