"""The words of a PDF as a reader's search would find them: glyphs by their ToUnicode tables."""

import re
import zlib
from typing import Final

_STRING: Final = re.compile(rb"\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f]+>", re.DOTALL)
_SHOWN: Final = re.compile(
    rb"/(f\d+) [\d.]+ Tf|(\[(?:\((?:\\.|[^\\()])*\)|[^\]()])*\]) ?TJ"
    rb"|(\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f]+>) ?Tj",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_NAMED: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def words_of_pdf(data: bytes) -> str:
    """All text in the order that it is drawn in, without spaces that are only gaps."""
    streams = [_unpacked(data[match.end() :]) for match in re.finditer(rb"stream\r?\n", data)]
    known: dict[int, str] = {}
    for table in (one for one in streams if b"begincmap" in one):
        for code, text in re.findall(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]{4,})>\n", table):
            known[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    pages = [one for one in streams if b"Tf" in one and b"begincmap" not in one]
    found: list[str] = []
    for page in pages:
        for _, array, single in _SHOWN.findall(page):
            for string in _STRING.findall(array or single):
                raw = _bytes_of(string)
                codes = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
                found += [known.get(code, "") for code in codes]
    return "".join(found)


def pages_of_pdf(data: bytes) -> int:
    counts = re.findall(rb"/Type\s*/Pages\b[^>]*?/Count (\d+)|/Count (\d+)", data)
    told = [int(one or other) for one, other in counts]
    return max(told) if told else 0


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data)
    except zlib.error:
        return b""


def _bytes_of(string: bytes) -> bytes:
    if string[:1] == b"<":
        return bytes.fromhex(string[1:-1].decode())
    return _ESCAPE.sub(_plain, string[1:-1])


def _plain(escape: re.Match[bytes]) -> bytes:
    told = escape[1]
    return bytes([int(told, 8) & 0xFF]) if told.isdigit() else _NAMED.get(told, told)
