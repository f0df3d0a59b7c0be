"""Undoing a content coding without ever holding more than was agreed."""

import zlib
from dataclasses import dataclass
from typing import Final

from integrations.marketplaces.base import Unreadable

_EITHER: Final = 47
"""zlib's window bits for "gzip or zlib, whichever the header says"."""
_BARE: Final = -15
_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class Unpacked:
    body: bytes
    over: bool = False
    """There was more than the limit."""
    whole: bool = True


def unpacked(raw: bytes, coding: str, limit: int) -> Unpacked:
    """At most `limit` bytes of what was packed; `Unreadable` if it cannot be told."""
    coding = coding.strip().lower()
    if coding in {"", "identity"} or not raw:
        return Unpacked(raw[:limit], over=len(raw) > limit)
    if coding not in _CODINGS:
        raise Unreadable("encoding", coding=coding)
    try:
        return _inflated(raw, _EITHER, limit)
    except zlib.error as error:
        if coding != "deflate":
            raise Unreadable("encoding", coding=coding, seen=str(error)) from error
    try:
        return _inflated(raw, _BARE, limit)
    except zlib.error as error:
        raise Unreadable("encoding", coding=coding, seen=str(error)) from error


def _inflated(raw: bytes, window: int, limit: int) -> Unpacked:
    body = bytearray()
    rest = raw
    while True:
        member = zlib.decompressobj(window)
        body += member.decompress(rest, limit + 1 - len(body))
        if len(body) > limit:
            return Unpacked(bytes(body[:limit]), over=True)
        if not member.eof:
            return Unpacked(bytes(body), whole=False)
        rest = member.unused_data
        # RFC 1952 section 2.2 lets members follow each other; anything else behind them is padding.
        if not rest.startswith(b"\x1f\x8b"):
            return Unpacked(bytes(body))
