"""Reads of identity cards under way: JWE (RFC 7516), `ECDH-ES` + `A256GCM`, around a JWS."""

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OKPKey

from integrations.reader_tokens.signed import LONGEST, NotSigned, unb64

_ALG: Final = "ECDH-ES"
_ENC: Final = "A256GCM"
_PARTS: Final = 5
_KNOWN: Final = frozenset({"alg", "enc", "cty", "kid", "epk", "typ"})
_CIPHERS: Final = JWERegistry(algorithms=[_ALG, _ENC], strict_check_header=False)


class SealedWrong(Exception):
    """Not for this house, or not as it was sealed; the argument is `shape`, `key` or `damaged`."""


def is_sealed(token: str) -> bool:
    return token.count(".") == _PARTS - 1


def opened_envelope(token: str, keys: Mapping[str, OKPKey]) -> str:
    """The JWS in it. `keys`: the house's own, by their thumbprints."""
    if len(token) > LONGEST or not token.isascii():
        raise SealedWrong("shape")
    header = _header(token.partition(".")[0])
    if (header.get("alg"), header.get("enc"), header.get("cty")) != (_ALG, _ENC, "JWS"):
        raise SealedWrong("shape")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise SealedWrong("key")
    try:
        plain = jwe.decrypt_compact(token, key, registry=_CIPHERS).plaintext
        return (plain or b"").decode("ascii")
    except (JoseError, ValueError, TypeError, KeyError, AssertionError):
        raise SealedWrong("damaged") from None


def _header(part: str) -> Mapping[str, Any]:
    try:
        found = json.loads(unb64(part))
    except (NotSigned, ValueError, RecursionError):
        raise SealedWrong("shape") from None
    if not isinstance(found, dict) or not cast("dict[str, Any]", found).keys() <= _KNOWN:
        raise SealedWrong("shape")
    return cast("dict[str, Any]", found)
