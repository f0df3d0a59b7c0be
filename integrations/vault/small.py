"""Small secrets at rest: sealed with a key of the data folder, bound to the row they belong to.

AES-256-GCM (NIST SP 800-38D), a fresh 96-bit nonce before each ciphertext.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from integrations.keys.folder import Folder
from integrations.vault.roots import drawn, ensure_root, keyed, root_key

_NONCE: Final = 12
_FILE: Final = "vault.key"


class Tampered(Exception):
    """What is sealed is not what was sealed, or belongs to another row."""


@dataclass(frozen=True, slots=True)
class Vault:
    folder: Path

    def seal(self, secret: bytes, context: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._key()).encrypt(nonce, secret, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The secret; `Tampered` when the seal is broken or the context is another."""
        try:
            return AESGCM(self._key()).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode())
        except InvalidTag:
            raise Tampered(context) from None

    def blind(self, value: str, context: str) -> str:
        """A name for a value that only this house can tell again, by a key of its own."""
        return keyed(drawn(self._key(), f"blind {context}"), value).hex()

    def _key(self) -> bytes:
        folder = Folder(self.folder)
        if not (self.folder / _FILE).exists():
            with folder.alone():
                ensure_root(folder, _FILE)
        return root_key(folder, _FILE)
