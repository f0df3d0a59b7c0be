"""Records of WARC 1.1 (ISO 28500), each packed by itself, with nothing rewritten on the way."""

import zlib
from base64 import b32encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Final
from uuid import uuid4

_LEVEL: Final = 6
_GZIP: Final = 31
"""zlib's window bits for a member of gzip."""


def new_record_id() -> str:
    return f"<urn:uuid:{uuid4()}>"


def record(kind: str, facts: Mapping[str, str], head: bytes, body: bytes) -> bytes:
    """An exchange's half as a record: `head` ends with its empty line."""
    block = head + body
    named = {
        "WARC-Type": kind,
        **facts,
        "WARC-Payload-Digest": digest(body),
        "WARC-Block-Digest": digest(block),
        "Content-Type": f"application/http; msgtype={kind}",
    }
    return _packed(named, block)


def info_record(name: str, date: str, info: Mapping[str, str]) -> bytes:
    block = "".join(f"{key}: {value}\r\n" for key, value in info.items()).encode()
    named = {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": new_record_id(),
        "WARC-Filename": name,
        "WARC-Date": date,
        "WARC-Block-Digest": digest(block),
        "Content-Type": "application/warc-fields",
    }
    return _packed(named, block)


def digest(octets: bytes) -> str:
    return f"sha256:{b32encode(sha256(octets).digest()).decode('ascii')}"


def _packed(named: Mapping[str, str], block: bytes) -> bytes:
    given = {**named, "Content-Length": str(len(block))}
    lines = [f"{name}: {value}" for name, value in given.items()]
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    whole = "\r\n".join(["WARC/1.1", *lines, "", ""]).encode() + block + b"\r\n\r\n"
    return packer.compress(whole) + packer.flush()
