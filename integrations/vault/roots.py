"""Root keys: files of 32 bytes that nobody else may read, derived from nothing."""

import hmac
import os
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from integrations.keys.base import KeyDamaged
from integrations.keys.folder import Folder

KEY: Final = 32


def root_key(folder: Folder, name: str) -> bytes:
    """What the file holds; KeyUnusable when it is missing, open to others or of another length."""
    key = folder.read(name)
    if len(key) != KEY:
        raise KeyDamaged(f"{folder.path / name}: no key of {KEY} bytes")
    return key


def ensure_root(folder: Folder, name: str) -> None:
    """Make the key if there is none. The caller holds the folder."""
    if not (folder.path / name).exists():
        folder.write_new(name, os.urandom(KEY))


def drawn(root: bytes, purpose: str) -> bytes:
    """A key of its own for one purpose: HKDF-SHA256 (RFC 5869)."""
    return HKDF(hashes.SHA256(), KEY, None, purpose.encode()).derive(root)


def keyed(key: bytes, text: str) -> bytes:
    """HMAC-SHA256 (RFC 2104)."""
    return hmac.digest(key, text.encode(), "sha256")
