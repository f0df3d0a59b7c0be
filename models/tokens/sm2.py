"""SM2 signatures (GB/T 32918.2) over SM3, by a library that an installation may lack.

What stands in no registry and so is written down here: the user id is the default one of
GM/T 0009, the message is the whole Sig_structure, a signature is r and s side by side. Private
numbers and names: COSE algorithm and curve -65538, JOSE `SM2-SM3` on curve `SM2`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

USER_ID: Final = b"1234567812345678"
POINT_BYTES: Final = 64
_HALF: Final = 32
_P: Final = int("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF", 16)
_B: Final = int("28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93", 16)
_N: Final = int("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123", 16)


class Sm2Missing(Exception):
    """The library for SM2 is not installed: `pip install 'channel[sm2]'`."""


class _Library(NamedTuple):
    make: Callable[[], tuple[bytes, bytes]]
    sign: Callable[[bytes, bytes, bytes, bytes], bytes]
    verify: Callable[[bytes, bytes, bytes, bytes], bool]


def is_installed() -> bool:
    return find_spec("gmssl_pyx") is not None


@cache
def library() -> _Library:
    if not is_installed():
        raise Sm2Missing("SM2 needs the extra sm2 (gmssl-pyx), which is not installed")
    import gmssl_pyx

    return _Library(gmssl_pyx.sm2_key_generate, gmssl_pyx.sm2_sign, gmssl_pyx.sm2_verify)


@dataclass(frozen=True, slots=True)
class Sm2PublicKey:
    point: bytes
    """x and y, 32 bytes each."""

    def __post_init__(self) -> None:
        x, y = int.from_bytes(self.point[:_HALF]), int.from_bytes(self.point[_HALF:])
        on_curve = (y * y - (x * x * x - 3 * x + _B)) % _P == 0
        if len(self.point) != POINT_BYTES or not (x < _P and y < _P and on_curve):
            raise ValueError("no point of the SM2 curve")

    def has_signed(self, signature: bytes, message: bytes) -> bool:
        r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
        if len(signature) != 2 * _HALF or not (0 < r < _N and 0 < s < _N):
            return False
        der = encode_dss_signature(r, s)
        return library().verify(self.point, message, der, USER_ID)


@dataclass(frozen=True, slots=True)
class Sm2PrivateKey:
    scalar: bytes
    public_key: Sm2PublicKey

    @classmethod
    def generate(cls) -> "Sm2PrivateKey":
        point, scalar = library().make()
        return cls(scalar, Sm2PublicKey(point))

    def sign(self, message: bytes) -> bytes:
        der = library().sign(self.scalar, self.public_key.point, message, USER_ID)
        r, s = decode_dss_signature(der)
        return r.to_bytes(_HALF) + s.to_bytes(_HALF)
