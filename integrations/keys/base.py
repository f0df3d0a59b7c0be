"""What a key is to those who sign with it, and its card: all that is known without opening it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from pydantic import AwareDatetime, BaseModel

from models.tokens import Alg, Key, KeyRole, PublicKey, RawSign

LIFETIMES: Final = {
    KeyRole.BADGE: timedelta(days=366),
    KeyRole.STATUS_LIST: timedelta(days=366),
    KeyRole.REGISTER: timedelta(days=366),
    KeyRole.READER: timedelta(days=366),
    KeyRole.LOG: timedelta(days=3653),  # auditors hold its verifier key; changing it costs them
}


class KeyUnusable(Exception):
    """A key cannot be used as it lies there."""


class KeyFileOpen(KeyUnusable):
    """Others may read the key, so it may be theirs already. Nothing is signed with it."""


class KeyLocked(KeyUnusable):
    """The key is sealed and the passphrase, or the token's PIN, is missing or wrong."""


class KeyDamaged(KeyUnusable):
    """The key file, or what is written beside it, is not what we wrote."""


class KeysExhausted(KeyUnusable):
    """The year has no key number left."""


class TokenUnusable(KeyUnusable):
    """The PKCS#11 module or its token does not do what a key needs."""


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
        """Sixty-four bytes: Ed25519, or r ‖ s of ES256 and SM2."""
        ...


class Keys(Protocol):
    """Where signers come from."""

    def ensure(self, role: KeyRole, now: datetime) -> Signer:
        """The key that signs in this role now; made if there is none."""
        ...

    def public_keys(self, role: KeyRole) -> list[Key]:
        """Every key that ever signed in this role, oldest first."""
        ...


class Held(StrEnum):
    """Where the private side is."""

    FILE = "file"
    HSM = "hsm"


class Safe(Protocol):
    """What holds private keys, each by its kid, and lets none out but a signature."""

    @property
    def held(self) -> Held: ...

    def able(self, alg: Alg) -> Alg | None:
        """The algorithm that a new key gets where `alg` is wished for; None where none will do."""
        ...

    def has(self, kid: str) -> bool:
        """Whether something lies under that name, card or no card."""
        ...

    def make(self, kid: str, alg: Alg) -> bytes:
        """Make a key under a name that is free; its public side: 32 bytes, or 04 ‖ x ‖ y."""
        ...

    def open(self, kid: str, alg: Alg, public: bytes) -> RawSign:
        """What signs with the key; KeyDamaged when it is not the one of that public side."""
        ...


class Card(BaseModel, extra="forbid"):
    """What is known of a key without opening it."""

    kid: str
    role: KeyRole
    alg: Alg
    public: str
    nbf: AwareDatetime
    exp: AwareDatetime
    revoked_at: AwareDatetime | None = None
    held: Held = Held.FILE

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
