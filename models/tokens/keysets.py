"""Public keys as others fetch them: a JWK set (RFC 7517) and a COSE key set (RFC 9052 section 7).

Both say of each key which role it signs in, from when, until when, and since when it is lost.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel, Field, ValidationError

from models.tokens.cose import Alg, Key, Malformed, deterministic
from models.tokens.sm2 import Sm2PublicKey
from models.tokens.words import KeyRole

RoleKeys = Mapping[KeyRole, Sequence[Key]]

_UNCOMPRESSED: Final = b"\x04"
_HALF: Final = 32
_JOSE: Final = {
    Alg.ED25519: "Ed25519",
    Alg.EDDSA: "EdDSA",
    Alg.ESP256: "ESP256",
    Alg.ES256: "ES256",
    Alg.SM2: "SM2-SM3",
}
_ALGS: Final = {name: alg for alg, name in _JOSE.items()}
_CURVE_OF: Final[Mapping[Alg, Literal["Ed25519", "P-256", "SM2"]]] = {
    Alg.ED25519: "Ed25519",
    Alg.EDDSA: "Ed25519",
    Alg.ESP256: "P-256",
    Alg.ES256: "P-256",
    Alg.SM2: "SM2",
}
_OKP, _EC2 = 1, 2
_CURVES: Final = {"P-256": 1, "Ed25519": 6, "SM2": -65538}


class _Jwk(BaseModel):
    kty: Literal["OKP", "EC"]
    crv: Literal["Ed25519", "P-256", "SM2"]
    x: str
    y: str | None = None
    alg: str
    use: Literal["sig"] = "sig"
    kid: str
    role: KeyRole
    nbf: int
    exp: int
    revoked_at: int | None = None

    def as_key(self) -> Key:
        x, y = _unbase64(self.x), _unbase64(self.y or "")
        public = _UNCOMPRESSED + x + y if self.kty == "EC" else x
        if len(x) != _HALF or _CURVE_OF[_ALGS[self.alg]] != self.crv:
            raise Malformed("a key that is not of its curve")
        return Key.from_bytes(
            bytes.fromhex(self.kid),
            _ALGS[self.alg],
            public,
            nbf=self.nbf,
            exp=self.exp,
            revoked_at=self.revoked_at,
        )


class _JwkSet(BaseModel):
    keys: list[_Jwk] = Field(max_length=10_000)


def jwk_set(keys: RoleKeys) -> dict[str, object]:
    found = [_jwk(role, key) for role in KeyRole for key in keys.get(role, ())]
    return _JwkSet(keys=found).model_dump(mode="json", exclude_none=True)


def read_jwk_set(text: str | bytes) -> dict[KeyRole, list[Key]]:
    """The keys of a set that `jwk_set` wrote; Malformed if any of them is not whole."""
    keys: dict[KeyRole, list[Key]] = {role: [] for role in KeyRole}
    try:
        for row in _JwkSet.model_validate_json(text).keys:
            keys[row.role].append(row.as_key())
    except (ValidationError, ValueError, KeyError) as error:
        raise Malformed("not a set of our keys") from error
    return keys


def cose_key_set(keys: RoleKeys) -> bytes:
    rows = [_cose_key(role, key) for role in KeyRole for key in keys.get(role, ())]
    return deterministic(rows)


def _jwk(role: KeyRole, key: Key) -> _Jwk:
    x, y = _coordinates(key)
    return _Jwk(
        kty="EC" if y else "OKP",
        crv=_CURVE_OF[key.alg],
        x=_base64(x),
        y=_base64(y) if y else None,
        alg=_JOSE[key.alg],
        kid=key.kid.hex(),
        role=role,
        nbf=key.nbf,
        exp=key.exp,
        revoked_at=key.revoked_at,
    )


def _cose_key(role: KeyRole, key: Key) -> dict[int | str, object]:
    """Kty 1, kid 2, alg 3, crv -1, x -2, y -3; what COSE has no label for goes by its name."""
    x, y = _coordinates(key)
    row: dict[int | str, object] = {
        1: _EC2 if y else _OKP,
        2: key.kid,
        3: int(key.alg),
        -1: _CURVES[_CURVE_OF[key.alg]],
        -2: x,
        "role": role.value,
        "nbf": key.nbf,
        "exp": key.exp,
    }
    if y:
        row[-3] = y
    if key.revoked_at is not None:
        row["revoked_at"] = key.revoked_at
    return row


def _coordinates(key: Key) -> tuple[bytes, bytes]:
    public = key.public_key
    if isinstance(public, Ed25519PublicKey):
        return public.public_bytes_raw(), b""
    if isinstance(public, Sm2PublicKey):
        return public.point[:_HALF], public.point[_HALF:]
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point[1 : 1 + _HALF], point[1 + _HALF :]


def _base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
