"""Timestamp tokens (RFC 3161), read with Python alone; stands in every pack too.

What a token says can be read so; that its signature holds is for a library or for openssl.
"""

from dataclasses import dataclass
from datetime import datetime

_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
"""id-ct-TSTInfo, 1.2.840.113549.1.9.16.1.4, as it stands in a token."""
_SEQUENCE, _INTEGER, _OCTETS, _TIME, _TEXTS = 0x30, 0x02, 0x04, 0x18, (0x0C, 0x13)
_GRANTED = (0, 1)
_LONG = 0x80


class BadTokenError(Exception):
    """No answer of a timestamp authority, or one that gives no token."""


@dataclass(frozen=True)
class TokenFacts:
    """What a token says: of which hash, when, in answer to which request."""

    imprint: bytes
    at: datetime
    nonce: int | None


def read_token(answer: bytes) -> TokenFacts:
    """The facts of a TimeStampResp that grants a token; `BadTokenError` says why there are none."""
    try:
        return _read(answer)
    except (IndexError, ValueError, StopIteration):
        raise BadTokenError("unreadable") from None


def token_over(answer: bytes, digest: bytes, nonce: int | None = None) -> TokenFacts:
    """The same, of a token that is over that hash and, where one is given, answers that nonce."""
    token = read_token(answer)
    if token.imprint != digest:
        raise BadTokenError("it is over something else")
    if nonce is not None and token.nonce != nonce:
        raise BadTokenError("it answers another request")
    return token


def _read(answer: bytes) -> TokenFacts:
    tag, inside, rest = _part(answer)
    if tag != _SEQUENCE or rest:
        raise ValueError(tag)
    tag, status, token = _part(inside)
    number_tag, number, said = _part(status)
    if tag != _SEQUENCE or number_tag != _INTEGER:
        raise ValueError(tag)
    if int.from_bytes(number, "big") not in _GRANTED:
        raise BadTokenError(f"status {int.from_bytes(number, 'big')} {_words(said)}".strip())
    _, _, behind = token.partition(_TST_INFO)
    _, wrapped, _ = _part(behind)
    _, octets, _ = _part(wrapped)
    return _facts(_parts(_part(octets)[1]))


def _facts(parts: list[tuple[int, bytes]]) -> TokenFacts:
    (_, imprint), (_, at) = parts[2], next(one for one in parts if one[0] == _TIME)
    nonces = [value for tag, value in parts[4:] if tag == _INTEGER]
    hashed = _parts(imprint)[1][1]
    text = f"{at.decode('ascii').rstrip('Z').partition('.')[0]}+0000"
    return TokenFacts(
        hashed,
        datetime.strptime(text, "%Y%m%d%H%M%S%z"),
        int.from_bytes(nonces[0], "big", signed=True) if nonces else None,
    )


def _words(said: bytes) -> str:
    """The free text of a refusal."""
    while said:
        tag, inside, said = _part(said)
        if tag == _SEQUENCE:
            texts = [value for kind, value in _parts(inside) if kind in _TEXTS]
            return " ".join(one.decode("utf-8", "replace") for one in texts)[:300]
    return ""


def _parts(octets: bytes) -> list[tuple[int, bytes]]:
    parts = list[tuple[int, bytes]]()
    while octets:
        tag, inside, octets = _part(octets)
        parts.append((tag, inside))
    return parts


def _part(octets: bytes) -> tuple[int, bytes, bytes]:
    """The first element of DER: its tag, what is in it, and what follows."""
    tag, length, start = octets[0], octets[1], 2
    if length & _LONG:
        size = length & ~_LONG
        length, start = int.from_bytes(octets[2 : 2 + size], "big"), 2 + size
    end = start + length
    if end > len(octets):
        raise ValueError(length)
    return tag, octets[start:end], octets[end:]
