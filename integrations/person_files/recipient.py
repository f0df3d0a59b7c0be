"""The house's own keys for files of persons: X25519, the newest for others to encrypt to.

    keys/recipient-1.pem       0600, PKCS#8, encrypted when there is a passphrase

Older ones stay and open what was encrypted for them.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from integrations.keys.base import KeyDamaged, KeyLocked
from integrations.keys.folder import Folder
from models.refusals import Invalid

ALG: Final = "ECDH-ES+A256KW"
_CURVE: Final = "X25519"
_FILE: Final = re.compile(r"recipient-([0-9]+)\.pem")


@dataclass(frozen=True, slots=True)
class RecipientKeys:
    folder: Folder
    passphrase: bytes | None = None

    @classmethod
    def of(cls, keys: Path, passphrase: str | None = None) -> "RecipientKeys":
        return cls(Folder(keys), passphrase.encode() if passphrase else None)

    def public(self) -> Mapping[str, str]:
        """The key to encrypt to, as a JWK (RFC 7517, RFC 8037); made if there is none."""
        self.made_first()
        return _public(self._open(self._names()[0]))

    def made_first(self) -> bool:
        """Make one if there is none; whether it was this that made it."""
        if self._names():
            return False
        with self.folder.alone():
            if self._names():
                return False
            self._make()
            return True

    def renew(self) -> Mapping[str, str]:
        """Another one, to encrypt to from now on."""
        with self.folder.alone():
            self._make()
        return self.public()

    def private(self) -> Sequence[OKPKey]:
        """All of them, the newest first."""
        return [self._open(name) for name in self._names()]

    def _names(self) -> Sequence[str]:
        if not self.folder.path.exists():
            return []
        found = (_FILE.fullmatch(path.name) for path in self.folder.path.iterdir())
        numbers = sorted((int(one[1]) for one in found if one), reverse=True)
        return [f"recipient-{number}.pem" for number in numbers]

    def _make(self) -> None:
        names = self._names()
        newest = _FILE.fullmatch(names[0]) if names else None
        number = int(newest[1]) + 1 if newest else 1
        seal = BestAvailableEncryption(self.passphrase) if self.passphrase else NoEncryption()
        private = X25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, seal)
        self.folder.write_new(f"recipient-{number}.pem", pem)

    def _open(self, name: str) -> OKPKey:
        path, pem = self.folder.path / name, self.folder.read(name)
        sealed = pem.startswith(b"-----BEGIN ENCRYPTED")
        if sealed and not self.passphrase:
            raise KeyLocked(f"{path} is sealed and no passphrase is set")
        try:
            private = load_pem_private_key(pem, self.passphrase if sealed else None)
        except ValueError:
            if sealed:
                raise KeyLocked(f"{path}: the passphrase does not open it") from None
            raise KeyDamaged(f"{path}: no private key") from None
        if not isinstance(private, X25519PrivateKey):
            raise KeyDamaged(f"{path}: a key of another kind")
        plain = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return OKPKey.import_key(plain)


def read_public(text: str) -> Mapping[str, str]:
    """Somebody's JWK to encrypt to; Invalid for what is none, and for one with its private side."""
    key = _imported(text)
    if key is None or key.get("crv") != _CURVE:
        raise Invalid("persons.not_a_key")
    if key.is_private:
        raise Invalid("persons.private_key")
    return _public(key)


def _imported(text: str) -> OKPKey | None:
    try:
        return OKPKey.import_key(json.loads(text))
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _public(key: OKPKey) -> Mapping[str, str]:
    shown = key.as_dict(private=False)
    return {
        "kty": "OKP",
        "crv": _CURVE,
        "x": str(shown["x"]),
        "use": "enc",
        "alg": ALG,
        "kid": key.thumbprint(),
    }
