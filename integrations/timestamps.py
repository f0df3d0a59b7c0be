"""A timestamp authority (RFC 3161) is asked to put a time to a hash, and its answer is judged.

Whatever it answers is given back as it came: a token that we can't read today may be read by
somebody else, and one that was refused is evidence too.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from integrations.evidence.tokens import BadTokenError, TokenFacts, token_over
from integrations.evidence.verifier import openssl_verdict
from integrations.marketplaces.base import Page, Unreachable

_ASKED: Final = "application/timestamp-query"
_FAULT: Final = 500


@dataclass(frozen=True, slots=True)
class Answered:
    """What an authority said of a file."""

    raw: bytes
    at: datetime | None
    """The authority's time; None: no token that counts."""
    checked_by: str
    """The program that verified the signature; empty: nobody could."""
    problem: str
    """Why there is no token, or why nobody could verify it."""

    @property
    def is_granted(self) -> bool:
        return self.at is not None


def stamp(data: bytes, url: str, ask: Callable[..., Page], root: bytes | None) -> Answered:
    """Have the data's SHA-256 stamped. A `SourceError` when there was no answer to keep.

    `ask` is the guarded fetcher's. `root` is the authority's root certificate in PEM.
    """
    request = (
        TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).nonce().build()
    )
    page = ask(
        url,
        method="POST",
        headers={"content-type": _ASKED, "accept": "application/timestamp-reply"},
        body=request.as_bytes(),
    )
    if page.status >= _FAULT:
        raise Unreachable("status", status=page.status)
    return _judged(page.body, data, request.nonce, root)


def _judged(raw: bytes, data: bytes, nonce: int | None, root: bytes | None) -> Answered:
    try:
        token = token_over(raw, sha256(data).digest(), nonce)
    except BadTokenError as error:
        return Answered(raw, None, "", str(error))
    if root is None:
        return Answered(raw, token.at, "", "no root certificate")
    return _verified(raw, data, token, root)


def _verified(raw: bytes, data: bytes, token: TokenFacts, root: bytes) -> Answered:
    """By the library, and where it can't read the answer, by openssl.

    Some authorities write the set of certificates unsorted: openssl reads that, the library not.
    """
    try:
        answer = decode_timestamp_response(raw)
        _by_library(answer, data, token, root)
    except VerificationError as error:
        return Answered(raw, None, "", f"signature: {error}"[:500])
    except ValueError as error:
        unread = str(error)
    else:
        return Answered(raw, token.at, "rfc3161-client", "")
    program = shutil.which("openssl")
    if program is None:
        return Answered(raw, token.at, "", f"nobody could verify it: {unread}"[:500])
    problem = _by_openssl(program, raw, data, root)
    if problem:
        return Answered(raw, None, "", f"signature: {problem}"[:500])
    return Answered(raw, token.at, "openssl", "")


def _by_library(answer: TimeStampResponse, data: bytes, token: TokenFacts, root: bytes) -> None:
    builder = VerifierBuilder(nonce=token.nonce)
    for certificate in load_pem_x509_certificates(root):
        builder = builder.add_root_certificate(certificate)
    builder.build().verify_message(answer, data)


def _by_openssl(program: str, raw: bytes, data: bytes, root: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("answer", "data", "root")]
        for path, octets in zip(paths, (raw, data, root), strict=True):
            path.write_bytes(octets)
        return openssl_verdict(program, *paths)
