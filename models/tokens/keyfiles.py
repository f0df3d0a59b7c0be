"""Sets of public keys as files: a JWK set or a COSE key set, told apart by what they are."""

from typing import Any, Final, cast

import cbor2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.tokens.cose import Key, Malformed
from models.tokens.keysets import read_jwk_set
from models.tokens.words import KeyRole

_UNCOMPRESSED: Final = b"\x04"
_LARGEST: Final = 4 * 1024 * 1024
_MOST_KEYS: Final = 10_000


class _CoseKey(BaseModel):
    model_config = ConfigDict(extra="ignore")

    kid: bytes = Field(alias="2")
    alg: int = Field(alias="3")
    x: bytes = Field(alias="-2")
    y: bytes = Field(default=b"", alias="-3")
    role: KeyRole
    nbf: int
    exp: int
    revoked_at: int | None = None

    def as_key(self) -> Key:
        public = _UNCOMPRESSED + self.x + self.y if self.y else self.x
        return Key.from_bytes(
            self.kid, self.alg, public, nbf=self.nbf, exp=self.exp, revoked_at=self.revoked_at
        )


def read_keys(data: bytes) -> dict[KeyRole, list[Key]]:
    """The keys of a file that `jwk_set` or `cose_key_set` wrote; else Malformed."""
    if len(data) > _LARGEST:
        raise Malformed("not a set of our keys")
    if data.lstrip()[:1] == b"{":
        return read_jwk_set(data)
    keys: dict[KeyRole, list[Key]] = {role: [] for role in KeyRole}
    try:
        rows = cbor2.loads(data)
        if not isinstance(rows, list) or len(cast("list[Any]", rows)) > _MOST_KEYS:
            raise Malformed("not a set of our keys")
        for row in cast("list[dict[Any, Any]]", rows):
            found = _CoseKey.model_validate({str(name): value for name, value in row.items()})
            keys[found.role].append(found.as_key())
    except (cbor2.CBORDecodeError, ValidationError, ValueError, AttributeError) as error:
        raise Malformed("not a set of our keys") from error
    return keys
