"""COSE_Sign1 (RFC 9052) in one byte form, and the keys that check it.

D2 84                  tag 18, array of four
  bstr  protected      compared with what the key makes, never read: so a key pins its own alg
  A0                   unprotected, always empty
  bstr  payload
  bstr  signature      64 bytes
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, cast

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from models.tokens.sm2 import Sm2PublicKey, is_installed

KID_BYTES: Final = 2
SIGNATURE_BYTES: Final = 64
STATUS_LIST_TYPE: Final = "application/statuslist+cwt"
_PREFIX: Final = b"\xd2\x84"
_EMPTY_MAP: Final = b"\xa0"
_BYTE_STRING: Final = 0x40
_ONE_BYTE_LENGTH: Final = 24
_UNCOMPRESSED: Final = b"\x04"
_ES256: Final = ECDSA(SHA256())

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | Sm2PublicKey
RawSign = Callable[[bytes], bytes]
"""Signs bytes; r and s side by side where the algorithm has them."""


class Alg(IntEnum):
    """COSE algorithm numbers: RFC 9864, the older polymorphic ones of RFC 9053, one of our own."""

    SM2 = -65538
    ED25519 = -19
    ESP256 = -9
    EDDSA = -8
    ES256 = -7


PROFILES: Final[Mapping[str, Alg]] = {
    "ed25519": Alg.ED25519,
    "es256": Alg.ESP256,
    "sm2": Alg.SM2,
}
"""What a deployment's badges are signed with, by the setting's word."""


class Malformed(ValueError):
    """Bytes that are not the one form we accept."""


@dataclass(frozen=True, slots=True)
class Key:
    """The public side of a key. It vouches for what was issued from `nbf` until before `exp`."""

    kid: bytes
    alg: Alg
    public_key: PublicKey
    nbf: int
    exp: int
    revoked_at: int | None = None

    def __post_init__(self) -> None:
        if len(self.kid) != KID_BYTES or not isinstance(self.public_key, _KINDS[self.alg]):
            raise ValueError(f"key {self.kid.hex()} is no {self.alg.name} key")

    @classmethod
    def from_bytes(  # noqa: PLR0913 - a key has this many facts
        cls,
        kid: bytes,
        alg: int,
        public: bytes,
        *,
        nbf: int,
        exp: int,
        revoked_at: int | None = None,
    ) -> "Key":
        """Raw 32 bytes of Ed25519, or an uncompressed point (04 ‖ x ‖ y) of P-256 or SM2."""
        known = Alg(alg)
        return cls(kid, known, _public_key(known, public), nbf, exp, revoked_at)

    def is_in_force(self, issued_at: int) -> bool:
        return self.nbf <= issued_at < self.exp

    @property
    def can_be_checked(self) -> bool:
        """Whether the library for its algorithm is here. A key that can't be is a stranger."""
        return self.alg is not Alg.SM2 or is_installed()

    def has_signed(self, signature: bytes, message: bytes) -> bool:
        key = self.public_key
        try:
            if isinstance(key, Ed25519PublicKey):
                key.verify(signature, message)
            elif isinstance(key, Sm2PublicKey):
                return key.has_signed(signature, message)
            else:
                half = SIGNATURE_BYTES // 2
                r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
                key.verify(encode_dss_signature(r, s), message, _ES256)
        except InvalidSignature:
            return False
        return True


_KINDS: Final[Mapping[Alg, type[PublicKey]]] = {
    Alg.ED25519: Ed25519PublicKey,
    Alg.EDDSA: Ed25519PublicKey,
    Alg.ESP256: EllipticCurvePublicKey,
    Alg.ES256: EllipticCurvePublicKey,
    Alg.SM2: Sm2PublicKey,
}


def _public_key(alg: Alg, public: bytes) -> PublicKey:
    if _KINDS[alg] is Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(public)
    if alg is Alg.SM2:
        if public[:1] != _UNCOMPRESSED:
            raise ValueError("no uncompressed point")
        return Sm2PublicKey(public[1:])
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public)


@dataclass(frozen=True, slots=True)
class Sign1:
    protected: bytes
    payload: bytes
    signature: bytes

    def __bytes__(self) -> bytes:
        parts = (byte_string(self.protected), _EMPTY_MAP, byte_string(self.payload))
        return b"".join((_PREFIX, *parts, byte_string(self.signature)))

    @property
    def signed_bytes(self) -> bytes:
        """The Sig_structure of RFC 9052 section 4.4, without external data."""
        begin = b"\x84\x6aSignature1" + byte_string(self.protected)
        return begin + b"\x40" + byte_string(self.payload)


class KeySet:
    """Keys by the exact protected header that each of them writes."""

    def __init__(self, keys: Iterable[Key], content_type: str | None = None) -> None:
        self._by_header: Mapping[bytes, Key] = {
            protected_header(key.alg, key.kid, content_type): key
            for key in keys
            if key.can_be_checked
        }

    def key_of(self, sign1: Sign1) -> Key | None:
        """The key that the header names; None for a stranger's, or for another algorithm's."""
        return self._by_header.get(sign1.protected)


def protected_header(alg: Alg, kid: bytes, content_type: str | None = None) -> bytes:
    """`{1: alg, 4: kid}`, and `16: typ` (RFC 9596) where tokens of two sorts must not be mixed."""
    header: dict[int, object] = {1: int(alg), 4: kid}
    if content_type is not None:
        header[16] = content_type
    return deterministic(header)


def sign1(protected: bytes, payload: bytes, raw_sign: RawSign) -> bytes:
    unsigned = Sign1(protected, payload, b"")
    signature = raw_sign(unsigned.signed_bytes)
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"a signature of {len(signature)} bytes")
    return bytes(Sign1(protected, payload, signature))


def read_sign1(token: bytes) -> Sign1:
    if token[: len(_PREFIX)] != _PREFIX:
        raise Malformed("no COSE_Sign1")
    protected, at = _take_byte_string(token, len(_PREFIX))
    payload, at = _take_byte_string(token, at + len(_EMPTY_MAP))
    signature, _ = _take_byte_string(token, at)
    found = Sign1(protected, payload, signature)
    # Writing it again settles the unprotected map, shortest lengths, and bytes after the end.
    if len(signature) != SIGNATURE_BYTES or bytes(found) != token:
        raise Malformed("not our byte form")
    return found


def deterministic(value: object) -> bytes:
    """RFC 8949 section 4.2; for our short keys both of its orders are the same."""
    return cbor2.dumps(value, canonical=True)


def read_map(data: bytes) -> Mapping[object, object]:
    try:
        value: object = cbor2.loads(
            data, max_depth=8, allow_indefinite=False, allow_duplicate_keys=False
        )
    except cbor2.CBORError as error:
        raise Malformed("not CBOR") from error
    if not isinstance(value, dict):
        raise Malformed("not a map")
    return cast("dict[object, object]", value)


def head(major: int, value: int) -> bytes:
    """The shortest head of an item: its major type and a number (RFC 8949 section 3)."""
    if value < _ONE_BYTE_LENGTH:
        return bytes((major << 5 | value,))
    if value < 1 << 8:
        return bytes((major << 5 | 24, value))
    if value < 1 << 16:
        return bytes((major << 5 | 25,)) + value.to_bytes(2)
    if value < 1 << 32:
        return bytes((major << 5 | 26,)) + value.to_bytes(4)
    return bytes((major << 5 | 27,)) + value.to_bytes(8)


def byte_string(value: bytes) -> bytes:
    return head(2, len(value)) + value


def text_string(value: str) -> bytes:
    encoded = value.encode()
    return head(3, len(encoded)) + encoded


def _take_byte_string(data: bytes, at: int) -> tuple[bytes, int]:
    """A byte string and its end. A wrong length comes out short, and rewriting finds it."""
    head = data[at] if at < len(data) else 0
    if not _BYTE_STRING <= head <= _BYTE_STRING | 26:
        raise Malformed("no byte string")
    length, at = head & 0x1F, at + 1
    if length >= _ONE_BYTE_LENGTH:
        more = 1 << (length - _ONE_BYTE_LENGTH)
        length, at = int.from_bytes(data[at : at + more]), at + more
    return data[at : at + length], at + length
