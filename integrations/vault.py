"""Small secrets at rest: sealed with a key of the data folder, bound to the row they belong to.

AES-256-GCM (NIST SP 800-38D), a fresh 96-bit nonce before each ciphertext.
"""

import hmac
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE: Final = 12
_KEY: Final = 32


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
        """A name for a value that only this house can tell again: HMAC-SHA256 (RFC 2104) with a
        key of its own, drawn from the vault's by HKDF (RFC 5869).
        """
        own = HKDF(hashes.SHA256(), _KEY, None, f"blind {context}".encode()).derive(self._key())
        return hmac.new(own, value.encode(), "sha256").hexdigest()

    def _key(self) -> bytes:
        path = self.folder / "vault.key"
        if not path.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self.folder / f".vault.{os.getpid()}.{os.urandom(4).hex()}"
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.urandom(_KEY))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(fresh, path)  # whoever comes second keeps the first one's key
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return path.read_bytes()
