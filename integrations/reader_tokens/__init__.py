"""Tokens between reader devices and the house: JWS signed with Ed25519, JWE to the house's X25519.

Which algorithm counts is said here and by no token (RFC 8725, 3.1).
"""

from integrations.reader_tokens.envelopes import SealedWrong, is_sealed, opened_envelope
from integrations.reader_tokens.own_keys import OwnKeys
from integrations.reader_tokens.signed import (
    ASSERTION,
    ENROLMENT,
    LONGEST,
    PASS,
    READ,
    RECEIPT,
    NotSigned,
    Token,
    fingerprint,
    named_key,
    public_jwk,
    read_key,
    thumbprint,
    written,
)

__all__ = [
    "ASSERTION",
    "ENROLMENT",
    "LONGEST",
    "PASS",
    "READ",
    "RECEIPT",
    "NotSigned",
    "OwnKeys",
    "SealedWrong",
    "Token",
    "fingerprint",
    "is_sealed",
    "named_key",
    "opened_envelope",
    "public_jwk",
    "read_key",
    "thumbprint",
    "written",
]
