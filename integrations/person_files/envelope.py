"""Files of persons under way: JWE (RFC 7516), compact or flattened JSON, opened in memory alone.

A refusal says what is wrong with the file and nothing of what is in it; none of them carries the
library's own exception, which may.
"""

import json
import re
from base64 import urlsafe_b64decode
from codecs import getincrementaldecoder
from collections.abc import Mapping
from typing import Any, Final, cast

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ValidationError

from integrations.person_files.recipient import ALG, RecipientKeys
from models.refusals import Invalid

_LONGEST_HEADER: Final = 4_096
"""Of base64: a few names and words, and too short to be nested deep."""
MOST_BYTES: Final = 64 << 20
_ENC: Final = "A256GCM"
_ALGS: Final = (ALG, "ECDH-ES")
_COMPACT: Final = re.compile(rb"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){4}")
_LETTERS: Final = re.compile(rb"[A-Za-z0-9_.=+/-]*")
"""What an envelope is written in; a broken one is none, and no plain text either."""
_MARK: Final = b"\xef\xbb\xbf"
_WORKBOOK: Final = b"PK\x03\x04"
_GLANCE: Final = 4096
_TEXTS: Final = ("utf-8", "gb18030")


class _Flattened(BaseModel):
    """RFC 7516, 7.2.2."""

    protected: str
    unprotected: dict[str, Any] = {}
    header: dict[str, Any] = {}
    encrypted_key: str = ""
    iv: str
    ciphertext: str
    tag: str
    aad: str = ""


def seal_file(content: bytes, key: Mapping[str, str], kind: str) -> bytes:
    """A compact JWE for the holder of the key. `kind` is the media type of what is in it."""
    header = {"alg": ALG, "enc": _ENC, "kid": key["kid"], "cty": kind}
    public = OKPKey.import_key({name: key[name] for name in ("kty", "crv", "x")})
    return jwe.encrypt_compact(header, content, public, registry=_registry()).encode()


def open_file(content: bytes, keys: RecipientKeys) -> bytes:
    """What was encrypted for this house, in clear."""
    must_fit(content)
    told = content.removeprefix(_MARK).strip()
    given: bytes | _Flattened | None = told if _COMPACT.fullmatch(told) else _json(told)
    if given is None:
        raise Invalid("persons.plain" if _is_plain(told) else "persons.not_jwe")
    header = _header(given)
    if header is None or not isinstance(header.get("kid"), str | None):
        raise Invalid("persons.not_jwe")
    if header.get("alg") not in _ALGS or header.get("enc") != _ENC or "zip" in header:
        raise Invalid("persons.other_cipher", alg=ALG, enc=_ENC)
    own = keys.private()
    meant = [one for one in own if header.get("kid") in {None, one.thumbprint()}]
    if not meant:
        raise Invalid("persons.other_key", kid=keys.public()["kid"])
    for key in meant:
        plain = _opened(given, key)
        if plain is not None:
            return plain
    raise Invalid("persons.damaged", kid=own[0].thumbprint())


def must_fit(content: bytes) -> None:
    if len(content) > MOST_BYTES:
        raise Invalid("persons.too_large", most=MOST_BYTES >> 20)


def _registry() -> JWERegistry:
    """For files; the library means tokens, of 64 KB. No compression: its result has no bound."""
    registry = JWERegistry(algorithms=[*_ALGS, _ENC], strict_check_header=False)
    registry.max_ciphertext_length = 2 * MOST_BYTES
    registry.max_protected_header_length = 1 << 13
    return registry


def _json(told: bytes) -> _Flattened | None:
    """A JWE with one recipient, if it is one."""
    if not told.startswith(b"{"):
        return None
    try:
        return _Flattened.model_validate_json(told, strict=True)
    except ValidationError:
        return None


def _header(given: bytes | _Flattened) -> Mapping[str, Any] | None:
    if isinstance(given, bytes):
        return _object(given.partition(b".")[0])
    protected = _object(given.protected.encode())
    if protected is None:
        return None
    parts = (protected, given.unprotected, given.header)
    merged = {name: value for part in parts for name, value in part.items()}
    return merged if len(merged) == sum(map(len, parts)) else None  # RFC 7516, 7.2.1: disjoint


def _object(segment: bytes) -> Mapping[str, Any] | None:
    if len(segment) > _LONGEST_HEADER:
        return None
    try:
        found = json.loads(urlsafe_b64decode(segment + b"=="))
    except ValueError:
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _opened(given: bytes | _Flattened, key: OKPKey) -> bytes | None:
    """None for another key and for what was altered: which of the two it is, nobody can tell."""
    try:
        if isinstance(given, bytes):
            return jwe.decrypt_compact(given, key, registry=_registry()).plaintext
        if not (given.unprotected or given.header or given.aad):
            # The library would write the header anew before it checks; here it stays as it came.
            parts = given.protected, given.encrypted_key, given.iv, given.ciphertext, given.tag
            return jwe.decrypt_compact(".".join(parts), key, registry=_registry()).plaintext
        whole = cast("Any", given.model_dump(exclude_defaults=True))
        return jwe.decrypt_json(whole, key, registry=_registry()).plaintext
    except (JoseError, ValueError, TypeError, KeyError, AssertionError):
        return None


def _is_plain(told: bytes) -> bool:
    """Text, or a workbook: somebody forgot to encrypt it."""
    if told.startswith(_WORKBOOK):
        return True
    if _LETTERS.fullmatch(told) or b'"ciphertext"' in told:
        return False
    return any(_is_text(told[:_GLANCE], one) for one in _TEXTS)


def _is_text(head: bytes, encoding: str) -> bool:
    try:
        return "\0" not in getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
