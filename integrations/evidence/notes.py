"""Heads of logs and their signatures, checked with Python alone; stands in every pack too.

`models.notes` is the house's own; this one needs no library, at a hundredth of the speed.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256, sha512

_PRIME = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_CURVE = -121665 * pow(121666, -1, _PRIME) % _PRIME
_ROOT = pow(2, (_PRIME - 1) // 4, _PRIME)
_SIGNED_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_KEY_HASH_BYTES, _KEY_BYTES, _SIGNATURE_BYTES = 4, 32, 64

_Point = tuple[int, int, int, int]


class BadHeadError(Exception):
    """A checkpoint that can't be read or is not signed as it says."""


@dataclass(frozen=True)
class LogHead:
    origin: str
    size: int
    root: bytes
    signers: tuple[str, ...]
    """Verifier keys whose signature fits."""


def read_head(note: str, vkeys: list[str]) -> LogHead:
    """A signed head of a log (C2SP tlog-checkpoint), signed by one of the keys."""
    text, _, tail = note.rpartition("\n\n")
    lines = [_SIGNED_LINE.fullmatch(line) for line in tail.splitlines()]
    head = text.split("\n")
    if len(head) < 3 or not head[1].isdecimal() or None in lines:  # noqa: PLR2004 - its lines
        raise BadHeadError("it can't be read")
    signers = tuple(
        vkey
        for vkey in vkeys
        for line in lines
        if line is not None and _signed_by(vkey, line[1], line[2], f"{text}\n")
    )
    if not signers:
        raise BadHeadError("no signature fits a key of the log")
    return LogHead(head[0], int(head[1]), _decoded(head[2]), signers)


def known_as(vkey: str, note: str) -> str:
    """The same key by the name of the log whose head it is: one key signs all logs of a house."""
    origin, public = note.partition("\n")[0], _decoded(vkey.split("+", 2)[-1])
    own = sha256(origin.encode() + b"\n" + public).digest()[:_KEY_HASH_BYTES]
    return f"{origin}+{own.hex()}+{base64.b64encode(public).decode()}"


def _signed_by(vkey: str, name: str, encoded: str, text: str) -> bool:
    whose, _, rest = vkey.partition("+")
    key_hash, _, packed = rest.partition("+")
    public, signature = _decoded(packed), _decoded(encoded)
    own = sha256(whose.encode() + b"\n" + public).digest()[:_KEY_HASH_BYTES]
    if whose != name or own.hex() != key_hash or signature[:_KEY_HASH_BYTES] != own:
        return False
    return is_signed(public[1:], text.encode(), signature[_KEY_HASH_BYTES:])


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadHeadError("not base64") from None


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519, RFC 8032 section 5.1.7."""
    if len(public) != _KEY_BYTES or len(signature) != _SIGNATURE_BYTES:
        return False
    key, commitment = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= _ORDER:
        return False
    hashed = sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(hashed, "little") % _ORDER
    left = _times(scalar, _base())
    right = _sum(commitment, _times(challenge, key))
    across = (left[0] * right[2] - right[0] * left[2]) % _PRIME
    along = (left[1] * right[2] - right[1] * left[2]) % _PRIME
    return across == 0 and along == 0


def _base() -> _Point:
    y = 4 * pow(5, -1, _PRIME) % _PRIME
    x = _x_of(y, 0) or 0
    return x, y, 1, x * y % _PRIME


def _point(octets: bytes) -> _Point | None:
    number = int.from_bytes(octets, "little")
    y = number & ((1 << 255) - 1)
    x = _x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % _PRIME)


def _x_of(y: int, sign: int) -> int | None:
    if y >= _PRIME:
        return None
    square = (y * y - 1) * pow(_CURVE * y * y + 1, -1, _PRIME) % _PRIME
    x = pow(square, (_PRIME + 3) // 8, _PRIME)
    if (x * x - square) % _PRIME:
        x = x * _ROOT % _PRIME
    if (x * x - square) % _PRIME or (x == 0 and sign):
        return None
    return _PRIME - x if x & 1 != sign else x


def _sum(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _PRIME
    b = (one[1] + one[0]) * (other[1] + other[0]) % _PRIME
    c = 2 * one[3] * other[3] * _CURVE % _PRIME
    d = 2 * one[2] * other[2] % _PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _PRIME, g * h % _PRIME, f * g % _PRIME, e * h % _PRIME


def _times(count: int, point: _Point) -> _Point:
    found = (0, 1, 1, 0)
    while count:
        if count & 1:
            found = _sum(found, point)
        point, count = _sum(point, point), count >> 1
    return found
