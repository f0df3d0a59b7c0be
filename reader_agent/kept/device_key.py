"""The laptop's own key (Ed25519). It never leaves its file; another key is another enrolment."""

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from reader_agent import jws
from reader_agent.kept.folder import closed_draft
from reader_agent.refusals import KeyDamaged, KeyFileOpen, KeyPresent, NotEnrolled

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class DeviceKey:
    """Its `repr` is the public name."""

    __slots__ = ("_private",)

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def __repr__(self) -> str:
        return f"DeviceKey({self.fingerprint})"

    @classmethod
    def create(cls, path: Path) -> "DeviceKey":
        """A new one; KeyPresent rather than over another."""
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        draft = closed_draft(path, pem)
        try:
            os.link(draft, path)  # unlike a renaming, it refuses a name that is taken
        except FileExistsError:
            raise KeyPresent(path=str(path)) from None
        finally:
            draft.unlink()
        return cls(private)

    @classmethod
    def load(cls, path: Path) -> "DeviceKey":
        """NotEnrolled, KeyFileOpen, KeyDamaged."""
        try:
            file = os.open(path, _FLAGS)
        except FileNotFoundError:
            raise NotEnrolled(path=str(path)) from None
        except OSError as error:
            raise KeyDamaged(path=str(path), why=error.strerror or "") from error
        with os.fdopen(file, "rb") as source:
            _must_be_closed(path, os.fstat(source.fileno()))
            pem = source.read()
        try:
            private = load_pem_private_key(pem, None)
        except (ValueError, TypeError):
            raise KeyDamaged(path=str(path), why="no private key") from None
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyDamaged(path=str(path), why="a key of another kind")
        return cls(private)

    @property
    def public_jwk(self) -> dict[str, str]:
        raw = self._private.public_key().public_bytes_raw()
        return {"crv": "Ed25519", "kty": "OKP", "x": jws.b64(raw)}

    @property
    def kid(self) -> str:
        return jws.thumbprint(self.public_jwk)

    @property
    def fingerprint(self) -> str:
        return jws.fingerprint(self.public_jwk)

    def sign(self, typ: str, payload: Mapping[str, object], *, with_jwk: bool = False) -> str:
        """A compact JWS. It names the key, or carries it where the console can't know it yet."""
        named = {"jwk": self.public_jwk} if with_jwk else {"kid": self.kid}
        return jws.signed(self._private, {"typ": typ, **named}, jws.canonical(payload))


def _must_be_closed(path: Path, found: os.stat_result) -> None:
    if sys.platform == "win32":
        return  # a mode says nothing there; the folder's access list does
    mode = stat.S_IMODE(found.st_mode)
    if mode & _OTHERS:
        raise KeyFileOpen(path=str(path), mode=f"{mode:03o}")
    if found.st_uid not in {0, os.geteuid()}:
        raise KeyFileOpen(path=str(path), uid=found.st_uid)
