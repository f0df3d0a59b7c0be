"""What a badge says, its bytes, and its digits (BADGE.md 2.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from models.tokens.cose import (
    Alg,
    Malformed,
    RawSign,
    byte_string,
    head,
    protected_header,
    read_map,
    sign1,
    text_string,
)
from models.tokens.shops import SHOP_HASH_BYTES

LONGEST_TOKEN: Final = 512
LONGEST_DIGITS: Final = len(str(2 << 8 * LONGEST_TOKEN))
BADGE_ID_BYTES: Final = 8

_SHOP: Final = -65537
_DIGITS: Final = re.compile(r"[1-9][0-9]*")
_MOST_SHOPS: Final = 8
_LONGEST_TEXT: Final = 128
_LATEST: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class Claims:
    agent_no: str
    issued_at: int
    expires_at: int
    """The first second at which it no longer holds."""
    badge_id: bytes
    status_index: int
    status_uri: str
    shops: tuple[bytes, ...]
    """Hashes of the shops it is for; ours have one."""

    def __post_init__(self) -> None:
        whole = (
            0 < len(self.agent_no) <= _LONGEST_TEXT
            and 0 < len(self.status_uri) <= _LONGEST_TEXT
            and 0 <= self.issued_at < self.expires_at < _LATEST
            and 0 <= self.status_index < _LATEST
            and len(self.badge_id) == BADGE_ID_BYTES
            and 0 < len(self.shops) <= _MOST_SHOPS
            and all(len(shop) == SHOP_HASH_BYTES for shop in self.shops)
        )
        if not whole:
            raise Malformed("claims out of bounds")

    def __bytes__(self) -> bytes:
        """Deterministic CBOR of this one map, by hand: every scan needs it, fast."""
        parts = (
            b"\xa6\x02" + text_string(self.agent_no),
            b"\x04" + head(0, self.expires_at),
            b"\x06" + head(0, self.issued_at),
            b"\x07" + byte_string(self.badge_id),
            b"\x19\xff\xff\xa1\x6bstatus_list",  # 65535: {"status_list": …}
            b"\xa2\x63idx" + head(0, self.status_index),
            b"\x63uri" + text_string(self.status_uri),
            b"\x3a\x00\x01\x00\x00" + head(4, len(self.shops)),  # -65537: […]
        )
        return b"".join((*parts, *map(byte_string, self.shops)))

    @classmethod
    def from_bytes(cls, payload: bytes) -> "Claims":
        """The claims, if writing them again gives the same bytes; else Malformed."""
        match read_map(payload):
            case {
                2: str(agent_no),
                4: int(expires_at),
                6: int(issued_at),
                7: bytes(badge_id),
                65535: {"status_list": {"idx": int(index), "uri": str(uri)}},
                -65537: list(),
            } as found:
                shops = _shops(cast("Mapping[object, list[object]]", found)[_SHOP])
            case _:
                raise Malformed("not the claims of a badge")
        times = (int(issued_at), int(expires_at))  # true is an int to Python; here it becomes 1
        claims = cls(agent_no, *times, badge_id, int(index), uri, shops)
        if bytes(claims) != payload:
            raise Malformed("not our byte form")
        return claims


def sign(claims: Claims, kid: bytes, raw_sign: RawSign, alg: Alg = Alg.ED25519) -> bytes:
    return sign1(protected_header(alg, kid), bytes(claims), raw_sign)


def digits_of(token: bytes) -> str:
    """The token as one decimal number; a leading 01 byte keeps its length."""
    if len(token) > LONGEST_TOKEN:
        raise ValueError(f"a token of {len(token)} bytes")
    return str(int.from_bytes(b"\x01" + token))


def token_of(digits: str) -> bytes:
    """The inverse of `digits_of`: one number for a token, at most one token for a number."""
    # Length first: int() takes quadratic time, and refuses more than 4,300 digits.
    if len(digits) > LONGEST_DIGITS or not _DIGITS.fullmatch(digits):
        raise Malformed("not our digits")
    number = int(digits)
    length, rest = divmod(number.bit_length() - 1, 8)
    if rest or length > LONGEST_TOKEN:
        raise Malformed("no leading 01")
    return number.to_bytes(length + 1)[1:]


def badge_url(host: str, token: bytes) -> str:
    return url_prefix(host) + digits_of(token)


def url_prefix(host: str) -> str:
    return f"https://{host.lower()}/b/"


def _shops(values: list[object]) -> tuple[bytes, ...]:
    shops = tuple(value for value in values if isinstance(value, bytes))
    if len(shops) != len(values):
        raise Malformed("no shop hash")
    return shops
