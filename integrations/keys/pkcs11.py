"""Private keys in a PKCS#11 token: made there, never out of it, by their kid as label.

A module is loaded once in a process, and a user signs in to a token once: so there is one session
for all, one operation at a time. A process that was forked opens its own.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.hashes import SHA256, Hash

from integrations.keys.base import Held, KeyDamaged, KeyLocked, TokenUnusable
from models.tokens import Alg, RawSign

if TYPE_CHECKING:
    from pkcs11 import Session
    from pkcs11.types import SignMixin

_ED25519: Final = bytes.fromhex("06032b6570")
"""EC_PARAMS: the object identifier 1.3.101.112 (RFC 8410)."""
_P256: Final = bytes.fromhex("06082a8648ce3d030107")
_EDWARDS: Final = frozenset({Alg.ED25519, Alg.EDDSA})
_HEAD: Final = 2
"""Bytes before the point in EC_POINT: an octet string's tag and length."""


@dataclass(slots=True)
class TokenSafe:
    module: str
    label: str
    pin: str = field(repr=False)
    held: Held = Held.HSM
    _lock: Lock = field(default_factory=Lock, repr=False)
    _opened: "dict[int, Session]" = field(default_factory=dict[int, Any], repr=False)
    """By process."""
    _found: "dict[str, SignMixin]" = field(default_factory=dict[str, Any], repr=False)

    def able(self, alg: Alg) -> Alg | None:
        """Ed25519 where the token has it, else ES256; SM2 is not a thing of PKCS#11."""
        from pkcs11 import Mechanism

        if alg is Alg.SM2:
            return None
        with self._session() as session:
            known = session.token.slot.get_mechanisms()
        if alg in _EDWARDS and {Mechanism.EDDSA, Mechanism.EC_EDWARDS_KEY_PAIR_GEN} <= known:
            return alg
        if {Mechanism.ECDSA, Mechanism.EC_KEY_PAIR_GEN} <= known:
            return alg if alg not in _EDWARDS else Alg.ESP256
        return None

    def has(self, kid: str) -> bool:
        from pkcs11 import Attribute

        with self._session() as session:
            return any(True for _ in session.get_objects({Attribute.LABEL: kid}))

    def make(self, kid: str, alg: Alg) -> bytes:
        from pkcs11 import Attribute, KeyType, Mechanism

        kind, params, way = (
            (KeyType.EC_EDWARDS, _ED25519, Mechanism.EC_EDWARDS_KEY_PAIR_GEN)
            if alg in _EDWARDS
            else (KeyType.EC, _P256, Mechanism.EC_KEY_PAIR_GEN)
        )
        closed = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
        with self._session() as session:
            curve = session.create_domain_parameters(
                kind, {Attribute.EC_PARAMS: params}, local=True
            )
            public, _ = curve.generate_keypair(
                mechanism=way,
                store=True,
                label=kid,
                id=bytes.fromhex(kid),
                private_template=closed,
            )
            return bytes(public[Attribute.EC_POINT])[_HEAD:]

    def open(self, kid: str, alg: Alg, public: bytes) -> RawSign:
        from pkcs11 import Attribute, Mechanism, ObjectClass, PublicKey

        with self._session() as session:
            of_kid = {Attribute.LABEL: kid, Attribute.CLASS: ObjectClass.PUBLIC_KEY}
            points = [
                bytes(one[Attribute.EC_POINT])[_HEAD:]
                for one in session.get_objects(of_kid)
                if isinstance(one, PublicKey)
            ]
            self._private(session, kid)
        if points != [public]:
            raise KeyDamaged(f"the token's key {kid} is not the key on its card")

        def sign(data: bytes) -> bytes:
            way, message = Mechanism.EDDSA, data
            if alg not in _EDWARDS:
                digest = Hash(SHA256())
                digest.update(data)
                way, message = Mechanism.ECDSA, digest.finalize()
            with self._session() as session:
                return bytes(self._private(session, kid).sign(message, mechanism=way))

        return sign

    def _private(self, session: "Session", kid: str) -> "SignMixin":
        from pkcs11 import ObjectClass
        from pkcs11.types import SignMixin

        if kid not in self._found:
            key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=kid)
            if not isinstance(key, SignMixin):
                raise KeyDamaged(f"the token's key {kid} is of another kind")
            self._found[kid] = key
        return self._found[kid]

    @contextmanager
    def _session(self) -> "Generator[Session]":
        """The one session, for one operation; what the module says becomes words of ours."""
        from pkcs11 import exceptions as of_module

        with self._lock:
            try:
                yield self._opened.get(os.getpid()) or self._open_session()
            except (of_module.PinIncorrect, of_module.PinLocked, of_module.PinLenRange) as error:
                raise KeyLocked(f"token {self.label}: the PIN does not open it") from error
            except of_module.NoSuchKey as error:
                raise KeyDamaged(f"token {self.label} has no such key") from error
            except (of_module.PKCS11Error, RuntimeError) as error:
                self._forget()
                words = str(error) or type(error).__name__
                raise TokenUnusable(f"token {self.label}: {words}") from error

    def _open_session(self) -> "Session":
        import pkcs11

        library = pkcs11.lib(self.module)
        if self._opened:  # a fork: what the parent opened is of no use here
            library.reinitialize()
            self._forget()
        session = library.get_token(token_label=self.label).open(rw=True, user_pin=self.pin)
        self._opened[os.getpid()] = session
        return session

    def _forget(self) -> None:
        self._opened.clear()
        self._found.clear()


@lru_cache(maxsize=8)
def token_safe(module: str, label: str, pin: str) -> TokenSafe:
    """The token's one safe in this process: another could not sign in beside it."""
    try:
        import pkcs11  # noqa: F401  # pyright: ignore[reportUnusedImport] - here at all?
    except ImportError as error:
        raise TokenUnusable("PKCS#11 needs the extra hsm (python-pkcs11)") from error
    return TokenSafe(module, label, pin)
