"""Whether a badge still stands: Token Status List (draft-ietf-oauth-status-list-21) as a CWT."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

from models.tokens.claims import Claims
from models.tokens.cose import (
    STATUS_LIST_TYPE,
    Alg,
    KeySet,
    Malformed,
    RawSign,
    deterministic,
    protected_header,
    read_map,
    read_sign1,
    sign1,
)
from models.tokens.words import Reason

BITS: Final = 2
TTL: Final = 300
LIFETIME: Final = 24 * 60 * 60
CLOCK_SLACK: Final = 300
"""Seconds by which two honest clocks may differ."""

_SUB, _EXP, _IAT = 2, 4, 6
_STATUS_LIST: Final = 65533
_TTL: Final = 65534
_LARGEST: Final = 1 << 24
_PER_BYTE: Final = 8 // BITS


class Standing(IntEnum):
    """The words of a list. 3 is free for applications, and we have no use for it."""

    GOOD = 0
    REVOKED = 1
    SUSPENDED = 2


class StatusUnknown(Exception):
    """Nobody can say now whether the badge stands. Never to be read as "it does"."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class StatusSource(Protocol):
    """Who knows the standing: the database for the online page, a signed list elsewhere."""

    def __call__(self, claims: Claims, now: int, /) -> Standing:
        """The standing at that time, or StatusUnknown."""
        ...


def no_status(_claims: Claims, _now: int) -> Standing:
    """The source of one who has no list."""
    raise StatusUnknown(Reason.NO_LIST)


@dataclass(frozen=True, slots=True)
class StatusList:
    """A signed list, read and checked. It is a StatusSource."""

    uri: str
    issued_at: int
    expires_at: int
    ttl: int
    statuses: bytes
    """Two bits for each badge, lowest bits first."""

    def __call__(self, claims: Claims, now: int) -> Standing:
        if claims.status_uri != self.uri:
            raise StatusUnknown(Reason.OTHER_LIST)
        if not self.is_fresh(now):
            raise StatusUnknown(Reason.STALE_LIST)
        return self.standing_at(claims.status_index)

    def standing_at(self, index: int) -> Standing:
        """Of one place, whatever the list's age."""
        if index >= len(self.statuses) * _PER_BYTE:
            raise StatusUnknown(Reason.NOT_IN_LIST)
        standing = _STANDINGS[self.statuses[index >> 2] >> (index & 3) * BITS & 0b11]
        if standing is None:
            raise StatusUnknown(Reason.UNKNOWN_STATUS)
        return standing

    def is_fresh(self, now: int) -> bool:
        oldest = min(self.expires_at, self.issued_at + LIFETIME)
        return self.issued_at - CLOCK_SLACK <= now < oldest

    @classmethod
    def read(cls, token: bytes, keys: KeySet) -> "StatusList":
        """A list signed by one of the keys, a set for STATUS_LIST_TYPE; else Malformed."""
        signed = read_sign1(token)
        key = keys.key_of(signed)
        if key is None or not key.has_signed(signed.signature, signed.signed_bytes):
            raise Malformed("not a list of ours")
        found = _from_payload(signed.payload)
        if key.revoked_at is not None or not key.is_in_force(found.issued_at):
            raise Malformed("signed by a key not in force")
        return found


_STANDINGS: Final = (Standing.GOOD, Standing.REVOKED, Standing.SUSPENDED, None)


def pack(size: int, marked: Mapping[int, Standing]) -> bytes:
    """Statuses of a list of `size` places, all good but the marked ones."""
    statuses = bytearray(-(-size // _PER_BYTE))
    for index, standing in marked.items():
        if not 0 <= index < size:
            raise ValueError(f"place {index} of {size}")
        statuses[index // _PER_BYTE] |= standing << index % _PER_BYTE * BITS
    return bytes(statuses)


def sign_status_list(
    listed: StatusList, kid: bytes, raw_sign: RawSign, alg: Alg = Alg.ED25519
) -> bytes:
    statuses = {"lst": zlib.compress(listed.statuses, 6), "bits": BITS}
    payload = {
        _SUB: listed.uri,
        _EXP: listed.expires_at,
        _IAT: listed.issued_at,
        _STATUS_LIST: statuses,
        _TTL: listed.ttl,
    }
    header = protected_header(alg, kid, STATUS_LIST_TYPE)
    return sign1(header, deterministic(payload), raw_sign)


def _from_payload(payload: bytes) -> StatusList:
    match read_map(payload):
        case {
            2: str(uri),
            4: int(expires_at),
            6: int(issued_at),
            65533: {"bits": 2, "lst": bytes(packed)},
            65534: int(ttl),
        }:
            return StatusList(uri, issued_at, expires_at, ttl, _inflate(packed))
        case _:
            raise Malformed("not a status list of two bits")


def _inflate(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        statuses = inflater.decompress(packed, _LARGEST)
    except zlib.error as error:
        raise Malformed("not zlib") from error
    if not inflater.eof or inflater.unused_data:
        raise Malformed("not one whole zlib stream")
    return statuses
