"""Bodies for the catalogue: pages made to break a parser, texts in many codes, injected words."""

from dataclasses import dataclass
from typing import Final

_PAGE: Final = b"<!doctype html><title>x</title><body>"
_LAUGHS: Final = b"".join(
    b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"lol") for n in range(10)
)

HTML: Final = {
    "deep div": _PAGE + b"<div>" * 100_000,
    "deep formatting": _PAGE + b"<b><i><u>" * 40_000,
    "deep table": _PAGE + b"<table><tr><td>" * 30_000,
    "links": _PAGE + b"<a href=/x>" * 360_000,
    "closed links": _PAGE + b"<a href=/x>x</a>" * 240_000,
    "attributes": _PAGE + b"<p " + b" ".join(b"a%d=1" % n for n in range(300_000)) + b">",
    "one attribute": _PAGE + b'<p title="' + b"x" * 3_900_000 + b'">',
    "entities": _PAGE + b"&amp;&#x4e2d;" * 300_000,
    "billion laughs": b"<!DOCTYPE x [" + _LAUGHS + b"]><html>&l9;</html>",
    "open comment": _PAGE + b"<!--" + b"<p>" * 900_000,
    "open script": _PAGE + b"<script>" + b"<p>" * 900_000,
    "blocks of data": _PAGE + b'<script type="application/ld+json">[[</script>' * 60_000,
    "deep data": _PAGE + b'<script type="application/ld+json">' + b'{"a":' * 90_000 + b"</script>",
    "nulls": _PAGE + b"\0<p\0>" * 600_000,
}


@dataclass(frozen=True)
class Coded:
    body: bytes
    text: str | None
    """What must be read; None is refused rather than guessed at."""


_SAID: Final = "流量卡 不实名 纯流量"


def _coded(codec: str, mark: bytes = b"") -> Coded:
    return Coded(mark + f"<p>{_SAID}</p>".encode(codec), _SAID)


CHARSETS: Final = {
    "text/html; charset=utf-8": _coded("utf-8"),
    "text/html; charset=gb2312": _coded("gbk"),
    "text/html; charset=GB18030": _coded("gb18030"),
    "text/html; charset=big5": Coded("<p>流量卡 實名</p>".encode("big5"), "流量卡 實名"),
    "text/html": _coded("utf-16-le", b"\xff\xfe"),
    "text/html; charset=gbk ": _coded("utf-8", b"\xef\xbb\xbf"),
    "text/html; charset=shift_jis": Coded("<p>データ</p>".encode("cp932"), "データ"),
    "text/html; charset=utf-7": Coded(b"<p>+ZeU-</p>", None),
    "text/html; charset=unicode_escape": Coded(b"<p>\\u6d41</p>", None),
    "text/html; charset=zip": Coded(b"PK", None),
}

INJECTED: Final = (
    "<script>document.title='PWNED-XSS'</script>",
    "<img src=x onerror=document.title='PWNED-XSS'>",
    "</title><svg onload=alert(1)>",
    "![x](http://127.0.0.1/beacon)",
    "[x](javascript:alert(1))",
    "=cmd|'/c calc'!A1",
    '+HYPERLINK("http://127.0.0.1/beacon")',
    "@SUM(1)",
    "'; DROP TABLE shops; --",
    "{{7*7}} ${7*7} %{7*7}",
    "a\r\nSet-Cookie: x=1",
    "2026-01-01 ERROR forged\nline",
    "\x1b[2J\x1b[31mred",
    "\u202egnp.exe \u200b\u2066",
    "../../../../etc/passwd",
)
