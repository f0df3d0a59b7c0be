"""Private keys in files: PKCS#8, and a form of our own for SM2, which PKCS#8 readers don't know."""

import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from integrations.keys.base import Held, KeyDamaged, KeyLocked
from integrations.keys.folder import Folder
from models.tokens import Alg, RawSign
from models.tokens.sm2 import Sm2PrivateKey, Sm2PublicKey

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey | Sm2PrivateKey

_SEALED: Final = b"-----BEGIN ENCRYPTED"
_SM2: Final = ("-----BEGIN SM2 KEY-----", "-----END SM2 KEY-----")
_SM2_SEALED: Final = ("-----BEGIN ENCRYPTED SM2 KEY-----", "-----END ENCRYPTED SM2 KEY-----")
_SALT, _NONCE, _HALF, _WHOLE = 16, 12, 32, 96


@dataclass(frozen=True, slots=True)
class FileSafe:
    """`<kid>.pem` in the folder, sealed when there is a passphrase."""

    folder: Folder
    passphrase: bytes | None = None
    held: Held = Held.FILE

    def able(self, alg: Alg) -> Alg:
        return alg

    def has(self, kid: str) -> bool:
        return (self.folder.path / f"{kid}.pem").exists()

    def make(self, kid: str, alg: Alg) -> bytes:
        private = _generate(alg)
        self.folder.write_new(f"{kid}.pem", _to_pem(private, self.passphrase))
        return _public_bytes(private)

    def open(self, kid: str, alg: Alg, public: bytes) -> RawSign:
        name = f"{kid}.pem"
        path = str(self.folder.path / name)
        pem = self.folder.read(name)
        read = _sm2_from if alg is Alg.SM2 else _from_pem
        private = read(path, pem, self.passphrase)
        if _public_bytes(private) != public:
            raise KeyDamaged(f"{path} is not the key on its card")
        return _raw_sign(private)


def _generate(alg: Alg) -> PrivateKey:
    if alg in {Alg.ED25519, Alg.EDDSA}:
        return Ed25519PrivateKey.generate()
    if alg is Alg.SM2:
        return Sm2PrivateKey.generate()
    return generate_private_key(SECP256R1())


def _public_bytes(private: PrivateKey) -> bytes:
    if isinstance(private, Ed25519PrivateKey):
        return private.public_key().public_bytes_raw()
    if isinstance(private, Sm2PrivateKey):
        return b"\x04" + private.public_key.point
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _raw_sign(private: PrivateKey) -> RawSign:
    if isinstance(private, Ed25519PrivateKey | Sm2PrivateKey):
        return private.sign

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(data, ECDSA(SHA256())))
        return r.to_bytes(_HALF) + s.to_bytes(_HALF)

    return sign


def _to_pem(private: PrivateKey, passphrase: bytes | None) -> bytes:
    if isinstance(private, Sm2PrivateKey):
        return _sm2_to(private, passphrase)
    seal = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, seal)


def _from_pem(path: str, pem: bytes, passphrase: bytes | None) -> PrivateKey:
    sealed = _must_open(path, pem, passphrase)
    try:
        private = load_pem_private_key(pem, passphrase if sealed else None)
    except ValueError as error:
        if sealed:
            raise KeyLocked(f"{path}: the passphrase does not open it") from error
        raise KeyDamaged(f"{path}: no private key") from error
    if not isinstance(private, Ed25519PrivateKey | EllipticCurvePrivateKey):
        raise KeyDamaged(f"{path}: a key of another kind")
    return private


def _must_open(path: str, pem: bytes, passphrase: bytes | None) -> bool:
    """Whether it is sealed; KeyLocked when it is and there is nothing to open it with."""
    sealed = pem.startswith(_SEALED)
    if sealed and not passphrase:
        raise KeyLocked(f"{path} is sealed and no passphrase is set")
    return sealed


def _sm2_to(private: Sm2PrivateKey, passphrase: bytes | None) -> bytes:
    """Scalar and point; sealed: salt, nonce, and both under AES-256-GCM by a scrypt key."""
    content, (begin, end) = private.scalar + private.public_key.point, _SM2
    if passphrase:
        salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
        content = salt + nonce + _seal_of(passphrase, salt).encrypt(nonce, content, None)
        begin, end = _SM2_SEALED
    return f"{begin}\n{b64encode(content).decode()}\n{end}\n".encode()


def _sm2_from(path: str, pem: bytes, passphrase: bytes | None) -> PrivateKey:
    sealed = _must_open(path, pem, passphrase)
    lines = pem.decode("ascii", "replace").split("\n")
    try:
        content = b64decode(lines[1], validate=True)
        if sealed and passphrase:
            salt, rest = content[:_SALT], content[_SALT:]
            seal = _seal_of(passphrase, salt)
            content = seal.decrypt(rest[:_NONCE], rest[_NONCE:], None)
        if (lines[0], lines[2]) != (_SM2_SEALED if sealed else _SM2) or len(content) != _WHOLE:
            raise KeyDamaged(f"{path}: no SM2 key")
        return Sm2PrivateKey(content[:_HALF], Sm2PublicKey(content[_HALF:]))
    except InvalidTag as error:
        raise KeyLocked(f"{path}: the passphrase does not open it") from error
    except (IndexError, NotBase64, ValueError) as error:
        raise KeyDamaged(f"{path}: no SM2 key") from error


def _seal_of(passphrase: bytes, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt, 32, n=1 << 14, r=8, p=1).derive(passphrase))
