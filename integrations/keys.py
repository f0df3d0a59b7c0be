"""Signing keys. Here they are files; an HSM (PKCS#11) would stand behind the same two protocols.

    keys/            0700
      .lock          held while keys are made or changed
      1a01.pem       0600, PKCS#8, encrypted when there is a passphrase
      1a01.json      0600, role, algorithm, public key, validity, revocation

The name is the `kid`: the year after 2000 and a number, given once and never again, to any role.
"""

import fcntl
import os
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from pydantic import AwareDatetime, BaseModel, ValidationError

from models.tokens import Alg, Key, KeyRole, PublicKey, RawSign

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey

LIFETIMES: Final = {
    KeyRole.BADGE: timedelta(days=366),
    KeyRole.STATUS_LIST: timedelta(days=366),
    KeyRole.REGISTER: timedelta(days=366),
    KeyRole.LOG: timedelta(days=3653),  # auditors hold its verifier key; changing it costs them
}
_FIRST_YEAR: Final = 2000
_MOST_A_YEAR: Final = 255
_SEALED: Final = b"-----BEGIN ENCRYPTED"
_HALF: Final = 32
_OTHERS_READ: Final = stat.S_IRWXG | stat.S_IRWXO


class KeyUnusable(Exception):
    """A key cannot be used as it lies there."""


class KeyFileOpen(KeyUnusable):
    """Others may read the key, so it may be theirs already. Nothing is signed with it."""


class KeyLocked(KeyUnusable):
    """The key is sealed and the passphrase is missing or wrong."""


class KeyDamaged(KeyUnusable):
    """The key file, or what is written beside it, is not what we wrote."""


class KeysExhausted(KeyUnusable):
    """The year has no key number left."""


class Signer(Protocol):
    """One key, in one role."""

    @property
    def kid(self) -> bytes: ...
    @property
    def role(self) -> KeyRole: ...
    @property
    def alg(self) -> Alg: ...
    @property
    def public_key(self) -> PublicKey: ...
    @property
    def not_before(self) -> datetime: ...
    @property
    def not_after(self) -> datetime: ...

    def raw_sign(self, data: bytes, /) -> bytes:
        """Sixty-four bytes: Ed25519, or r ‖ s of ES256."""
        ...


class Keys(Protocol):
    """Where signers come from."""

    def ensure(self, role: KeyRole, now: datetime) -> Signer:
        """The key that signs in this role now; made if there is none."""
        ...

    def public_keys(self, role: KeyRole) -> list[Key]:
        """Every key that ever signed in this role, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class FileSigner:
    kid: bytes
    role: KeyRole
    alg: Alg
    public_key: PublicKey
    not_before: datetime
    not_after: datetime
    raw_sign: RawSign


class _Card(BaseModel, extra="forbid"):
    """What is known of a key without opening it."""

    kid: str
    role: KeyRole
    alg: Alg
    public: str
    nbf: AwareDatetime
    exp: AwareDatetime
    revoked_at: AwareDatetime | None = None

    def signs_at(self, now: datetime) -> bool:
        return self.nbf <= now < self.exp and (self.revoked_at is None or now < self.revoked_at)

    def as_key(self) -> Key:
        ends = None if self.revoked_at is None else int(self.revoked_at.timestamp())
        return Key.from_bytes(
            bytes.fromhex(self.kid),
            self.alg,
            bytes.fromhex(self.public),
            nbf=int(self.nbf.timestamp()),
            exp=int(self.exp.timestamp()),
            revoked_at=ends,
        )


class KeyRing:
    """Software keys in a folder of their own."""

    def __init__(
        self, folder: Path, passphrase: bytes | None = None, alg: Alg = Alg.ED25519
    ) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._alg = alg

    def ensure(self, role: KeyRole, now: datetime) -> FileSigner:
        """The newest key in force. Processes that start together come away with the same one."""
        with self._alone():
            card = self._current(role, now) or self._make(role, now)
        return self._open(card)

    def rotate(self, role: KeyRole, now: datetime) -> FileSigner:
        """A fresh key; those before it stay published and vouch for what they signed."""
        with self._alone():
            card = self._make(role, now)
        return self._open(card)

    def revoke(self, kid: bytes, at: datetime) -> Key:
        """The key is lost since `at`. An earlier loss replaces a later one, never the reverse."""
        with self._alone():
            card = self._card(self._folder / f"{kid.hex()}.json")
            known = card.revoked_at
            card.revoked_at = at if known is None else min(at, known)
            self._replace(card)
        return card.as_key()

    def public_keys(self, role: KeyRole) -> list[Key]:
        if not self._folder.exists():
            return []
        return [card.as_key() for card in self._cards(role)]

    @contextmanager
    def _alone(self) -> Generator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _must_be_closed(self._folder, self._folder.stat())
        lock = os.open(self._folder / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _cards(self, role: KeyRole) -> list[_Card]:
        cards = (self._card(path) for path in self._folder.glob("*.json"))
        return sorted((card for card in cards if card.role is role), key=lambda card: card.kid)

    def _card(self, path: Path) -> _Card:
        try:
            card = _Card.model_validate_json(_read_closed(path))
        except ValidationError as error:
            raise KeyDamaged(f"{path}: {error.error_count()} faults") from error
        if card.kid != path.stem:
            raise KeyDamaged(f"{path} speaks of key {card.kid}")
        return card

    def _current(self, role: KeyRole, now: datetime) -> _Card | None:
        return next((card for card in reversed(self._cards(role)) if card.signs_at(now)), None)

    def _make(self, role: KeyRole, now: datetime) -> _Card:
        kid = self._next_kid(now)
        begins = now.astimezone(UTC).replace(microsecond=0)
        private = _generate(self._alg)
        card = _Card(
            kid=kid,
            role=role,
            alg=self._alg,
            public=_public_bytes(private).hex(),
            nbf=begins,
            exp=begins + LIFETIMES[role],
        )
        # The card comes last: a key without one was cut off while being made, and never signs.
        self._write_new(f"{kid}.pem", _to_pem(private, self._passphrase))
        self._write_new(f"{kid}.json", card.model_dump_json(indent=2).encode())
        return card

    def _next_kid(self, now: datetime) -> str:
        year = f"{now.year - _FIRST_YEAR:02x}"
        names = self._folder.glob(f"{year}[0-9a-f][0-9a-f].*")
        number = max((bytes.fromhex(path.stem)[1] for path in names), default=0) + 1
        if number > _MOST_A_YEAR:
            raise KeysExhausted(f"{_MOST_A_YEAR} keys in {now.year}")
        return f"{year}{number:02x}"

    def _open(self, card: _Card) -> FileSigner:
        path = self._folder / f"{card.kid}.pem"
        private = _from_pem(path, _read_closed(path), self._passphrase)
        key = card.as_key()
        if _public_bytes(private).hex() != card.public:
            raise KeyDamaged(f"{path} is not the key on its card")
        return FileSigner(
            key.kid, card.role, key.alg, key.public_key, card.nbf, card.exp, _raw_sign(private)
        )

    def _write_new(self, name: str, content: bytes) -> None:
        """Whole or not at all, and never over another: `link` refuses a name that is taken."""
        with self._written(content) as draft:
            os.link(draft, self._folder / name)
        self._sync()

    def _replace(self, card: _Card) -> None:
        with self._written(card.model_dump_json(indent=2).encode()) as draft:
            draft.replace(self._folder / f"{card.kid}.json")
        self._sync()

    @contextmanager
    def _written(self, content: bytes) -> Generator[Path]:
        draft = self._folder / f".draft-{os.getpid()}"
        draft.unlink(missing_ok=True)
        file = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(file, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(file)
            yield draft
        finally:
            draft.unlink(missing_ok=True)

    def _sync(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read_closed(path: Path) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise KeyDamaged(f"{path}: {error.strerror}") from error
    with os.fdopen(file, "rb") as source:
        _must_be_closed(path, os.fstat(file))
        return source.read()


def _must_be_closed(path: Path, found: os.stat_result) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if mode & _OTHERS_READ:
        wanted = "700" if stat.S_ISDIR(found.st_mode) else "600"
        raise KeyFileOpen(
            f"{path} has mode {mode:03o}, so others may reach the key: chmod {wanted} it, "
            "and revoke the key if they may have read it"
        )
    if found.st_uid not in {0, os.geteuid()}:
        raise KeyFileOpen(f"{path} belongs to user {found.st_uid}, not to us")


def _generate(alg: Alg) -> PrivateKey:
    if alg in {Alg.ED25519, Alg.EDDSA}:
        return Ed25519PrivateKey.generate()
    return generate_private_key(SECP256R1())


def _public_bytes(private: PrivateKey) -> bytes:
    if isinstance(private, Ed25519PrivateKey):
        return private.public_key().public_bytes_raw()
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _raw_sign(private: PrivateKey) -> Callable[[bytes], bytes]:
    if isinstance(private, Ed25519PrivateKey):
        return private.sign

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(data, ECDSA(SHA256())))
        return r.to_bytes(_HALF) + s.to_bytes(_HALF)

    return sign


def _to_pem(private: PrivateKey, passphrase: bytes | None) -> bytes:
    seal = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, seal)


def _from_pem(path: Path, pem: bytes, passphrase: bytes | None) -> PrivateKey:
    sealed = pem.startswith(_SEALED)
    if sealed and not passphrase:
        raise KeyLocked(f"{path} is sealed and no passphrase is set")
    try:
        private = load_pem_private_key(pem, passphrase if sealed else None)
    except ValueError as error:
        if sealed:
            raise KeyLocked(f"{path}: the passphrase does not open it") from error
        raise KeyDamaged(f"{path}: no private key") from error
    if not isinstance(private, Ed25519PrivateKey | EllipticCurvePrivateKey):
        raise KeyDamaged(f"{path}: a key of another kind")
    return private
