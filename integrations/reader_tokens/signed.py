"""Compact JWS (RFC 7515) with `Ed25519` (RFC 9864, 2.2), and the names of keys (RFC 7638)."""

import json
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ENROLMENT: Final = "reader-enrol+jws"
ASSERTION: Final = "reader-assertion+jws"
READ: Final = "reader-read+jws"
RECEIPT: Final = "reader-receipt+jws"
PASS: Final = "reader-pass+jws"  # noqa: S105 - a type of token
LONGEST: Final = 16 * 1024
_ALG: Final = "Ed25519"
_CURVE: Final = "Ed25519"
_KEY: Final = 32
_PARTS: Final = 3
_LONGEST_HEADER: Final = 1024
_SHOWN: Final = 8


class NotSigned(Exception):
    """No token of that use, or not signed by that key; the argument says which in one word."""


@dataclass(frozen=True, slots=True)
class Token:
    """A JWS taken apart. Nothing of it counts before `payload` has verified it."""

    header: Mapping[str, Any]
    told: bytes
    """What is signed: header and payload as they travelled."""
    signature: bytes
    text: str = field(repr=False)

    @classmethod
    def read(cls, text: str, use: str) -> "Token":
        parts = text.split(".") if len(text) <= LONGEST else []
        if len(parts) != _PARTS or len(parts[0]) > _LONGEST_HEADER or not text.isascii():
            raise NotSigned("shape")
        header = _header(parts[0])
        if header.get("alg") != _ALG or header.get("typ") != use or not header.keys() <= _KNOWN:
            raise NotSigned("header")
        told, _, signature = text.rpartition(".")
        return cls(header, told.encode(), unb64(signature), text)

    @property
    def kid(self) -> str:
        return str(self.header.get("kid", ""))

    @property
    def sha256(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    def payload(self, public_key: bytes) -> bytes:
        """What the holder of the key said; NotSigned for anybody else."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, self.told)
        except (InvalidSignature, ValueError):
            raise NotSigned("signature") from None
        return unb64(self.told.partition(b".")[2].decode())


_KNOWN: Final = frozenset({"alg", "typ", "kid", "jwk"})
"""No `crit`, no key fetched from elsewhere (`jku`, `x5u`), nothing packed."""


def written(use: str, kid: str, payload: Mapping[str, object], sign: Callable[[bytes], bytes]) -> str:  # noqa: E501  # fmt: skip
    """A token of the house: keys sorted, no blanks."""
    parts = ({"alg": _ALG, "kid": kid, "typ": use}, payload)
    told = ".".join(b64(_json(one)) for one in parts)
    return f"{told}.{b64(sign(told.encode()))}"


def named_key(text: str) -> str:
    """Whose key a token names, signed or sealed; nothing is verified. Empty where none is named."""
    try:
        return str(_header(text.partition(".")[0][:_LONGEST_HEADER]).get("kid", ""))
    except NotSigned:
        return ""


def read_key(jwk: object) -> bytes:
    """The public key of an OKP JWK (RFC 8037, 2); NotSigned for any other, or a private one."""
    if not isinstance(jwk, Mapping):
        raise NotSigned("key")
    told = cast("Mapping[str, object]", jwk)
    x = told.get("x")
    if (
        told.get("kty") != "OKP"
        or told.get("crv") != _CURVE
        or "d" in told
        or not isinstance(x, str)
    ):
        raise NotSigned("key")
    key = unb64(x)
    if len(key) != _KEY:
        raise NotSigned("key")
    return key


def public_jwk(key: bytes) -> dict[str, str]:
    return {"crv": _CURVE, "kty": "OKP", "x": b64(key)}


def thumbprint(key: bytes) -> str:
    return b64(_digest(key))


def fingerprint(key: bytes) -> str:
    """`ABCD-EFGH`, for people to compare: 40 bits of the same digest."""
    letters = b32encode(_digest(key)).decode()[:_SHOWN]
    return f"{letters[:4]}-{letters[4:]}"


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """NotSigned for padding, foreign letters, and a second spelling of the same bytes."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        raise NotSigned("shape") from None
    if b64(data) != text:
        raise NotSigned("shape")
    return data


def _digest(key: bytes) -> bytes:
    return sha256(_json(public_jwk(key))).digest()


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _header(part: str) -> Mapping[str, Any]:
    try:
        found = json.loads(unb64(part), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise NotSigned("shape") from None
    if not isinstance(found, dict):
        raise NotSigned("shape")
    return cast("dict[str, Any]", found)


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
