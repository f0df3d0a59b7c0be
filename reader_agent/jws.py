"""Compact JWS (RFC 7515) signed with `Ed25519` (RFC 9864, 2.2), and the names of keys (RFC 7638).

The algorithm is never taken from a token. What is written has one byte form: keys sorted, no
blanks, integers only, UTF-8.
"""

import json
import re
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALG: Final = "Ed25519"
LONGEST: Final = 16 * 1024
_PART: Final = re.compile(r"[A-Za-z0-9_-]+")
_FINGERPRINT: Final = 8

Jwk = Mapping[str, str]


class NotSigned(ValueError):
    """A token that is none, or that none of the keys signed. Its argument says what is wrong."""


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """ValueError for padding, for foreign letters, and for a second spelling of the same bytes."""
    if not _PART.fullmatch(text):
        raise ValueError("not base64url")
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64(data) != text:
        raise ValueError("not base64url")
    return data


def canonical(value: Mapping[str, object]) -> bytes:
    """TypeError for what has no one form: a float, a date, bytes."""
    _must_be_plain(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _must_be_plain(value: object) -> None:
    if isinstance(value, Mapping):
        for name, part in cast("Mapping[object, object]", value).items():
            if not isinstance(name, str):
                raise TypeError("a key is no text")
            _must_be_plain(part)
    elif isinstance(value, list | tuple):
        for part in cast("Sequence[object]", value):
            _must_be_plain(part)
    elif not (value is None or isinstance(value, str | int)):
        raise TypeError(f"{type(value).__name__} has no one form")


def thumbprint(jwk: Jwk) -> str:
    """The `kid`: RFC 7638 of an OKP key, whose required members RFC 8037 (2) names."""
    return b64(_digest(jwk))


def fingerprint(jwk: Jwk) -> str:
    """`ABCD-EFGH`, for people to compare: 40 bits of the same digest."""
    letters = b32encode(_digest(jwk)).decode()[:_FINGERPRINT]
    return f"{letters[:4]}-{letters[4:]}"


def _digest(jwk: Jwk) -> bytes:
    return sha256(canonical({name: jwk[name] for name in ("crv", "kty", "x")})).digest()


def signed(key: Ed25519PrivateKey, header: Mapping[str, object], payload: bytes) -> str:
    told = f"{b64(canonical({**header, 'alg': ALG}))}.{b64(payload)}"
    return f"{told}.{b64(key.sign(told.encode()))}"


def opened(token: str, keys: Sequence[Jwk], typ: str) -> dict[str, Any]:
    """The payload of a token that one of these keys signed for this use; else NotSigned."""
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3:  # noqa: PLR2004 - RFC 7515, 3.1
        raise NotSigned("shape")
    header = _object(parts[0])
    if header.get("alg") != ALG or header.get("typ") != typ or "crit" in header:
        raise NotSigned("header")
    found = [jwk for jwk in keys if thumbprint(jwk) == header.get("kid")]
    if not found:
        raise NotSigned("kid")
    try:
        public = Ed25519PublicKey.from_public_bytes(unb64(found[0]["x"]))
        public.verify(unb64(parts[2]), f"{parts[0]}.{parts[1]}".encode())
    except (ValueError, InvalidSignature):
        raise NotSigned("signature") from None
    return _object(parts[1])


def _object(part: str) -> dict[str, Any]:
    try:
        found = json.loads(unb64(part))
    except (ValueError, RecursionError):
        raise NotSigned("shape") from None
    if not isinstance(found, dict):
        raise NotSigned("shape")
    return cast("dict[str, Any]", found)
