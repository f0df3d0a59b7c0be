"""Signing keys: their cards are files; private sides are files too, or stay in a PKCS#11 token.

    keys/            0700
      .lock          held while keys are made or changed
      1a01.pem       0600, PKCS#8, encrypted when there is a passphrase; none where a token has it
      1a01.json      0600, role, algorithm, public key, validity, revocation, where it is held

The name is the `kid`: the year after 2000 and a number, given once and never again, to any role.
"""

from integrations.keys.base import (
    Card,
    Held,
    KeyDamaged,
    KeyFileOpen,
    KeyLocked,
    Keys,
    KeysExhausted,
    KeyUnusable,
    Safe,
    Signer,
    TokenUnusable,
)
from integrations.keys.pkcs11 import TokenSafe, token_safe
from integrations.keys.ring import KeyRing, RingSigner

__all__ = [
    "Card",
    "Held",
    "KeyDamaged",
    "KeyFileOpen",
    "KeyLocked",
    "KeyRing",
    "KeyUnusable",
    "Keys",
    "KeysExhausted",
    "RingSigner",
    "Safe",
    "Signer",
    "TokenSafe",
    "TokenUnusable",
    "token_safe",
]
