"""The ring of keys: cards in a folder, private sides in files beside them or in a token."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from integrations.keys.base import (
    LIFETIMES,
    Card,
    Held,
    KeyDamaged,
    KeysExhausted,
    Safe,
    TokenUnusable,
)
from integrations.keys.files import FileSafe
from integrations.keys.folder import Folder
from models.tokens import Alg, Key, KeyRole, PublicKey, RawSign

_FIRST_YEAR: Final = 2000
_MOST_A_YEAR: Final = 255
_BY_PROFILE: Final = frozenset({KeyRole.BADGE, KeyRole.STATUS_LIST})
"""Roles whose keys are of the profile's algorithm: logs and JWS readers know Ed25519 best."""
_ED25519_ALONE: Final = frozenset({KeyRole.LOG, KeyRole.READER})


@dataclass(frozen=True, slots=True)
class RingSigner:
    kid: bytes
    role: KeyRole
    alg: Alg
    public_key: PublicKey
    not_before: datetime
    not_after: datetime
    raw_sign: RawSign


class KeyRing:
    """Keys of one house. `token` holds the private sides that it can; files hold the others."""

    def __init__(
        self,
        folder: Path,
        passphrase: bytes | None = None,
        alg: Alg = Alg.ED25519,
        token: Safe | None = None,
    ) -> None:
        self._folder = Folder(folder)
        self._files = FileSafe(self._folder, passphrase)
        self._token = token
        self._alg = alg

    def ensure(self, role: KeyRole, now: datetime) -> RingSigner:
        """The newest key in force. Processes that start together come away with the same one."""
        with self._folder.alone():
            card = self._current(role, now) or self._make(role, now)
        return self._open(card)

    def rotate(self, role: KeyRole, now: datetime) -> RingSigner:
        """A fresh key; those before it stay published and vouch for what they signed."""
        with self._folder.alone():
            card = self._make(role, now)
        return self._open(card)

    def revoke(self, kid: bytes, at: datetime) -> Key:
        """The key is lost since `at`. An earlier loss replaces a later one, never the reverse."""
        with self._folder.alone():
            card = self._card(f"{kid.hex()}.json")
            known = card.revoked_at
            card.revoked_at = at if known is None else min(at, known)
            self._folder.replace(f"{card.kid}.json", _written(card))
        return card.as_key()

    def public_keys(self, role: KeyRole) -> list[Key]:
        return [card.as_key() for card in self.cards() if card.role is role]

    def cards(self) -> Sequence[Card]:
        """All that is known of every key, oldest first."""
        if not self._folder.path.exists():
            return []
        found = (self._card(path.name) for path in self._folder.path.glob("*.json"))
        return sorted(found, key=lambda card: card.kid)

    def _card(self, name: str) -> Card:
        path = self._folder.path / name
        try:
            card = Card.model_validate_json(self._folder.read(name))
        except ValidationError as error:
            raise KeyDamaged(f"{path}: {error.error_count()} faults") from error
        if card.kid != path.stem:
            raise KeyDamaged(f"{path} speaks of key {card.kid}")
        return card

    def _current(self, role: KeyRole, now: datetime) -> Card | None:
        """Of the safe and algorithm that are set now: another setting begins with another key."""
        safe, alg = self._safe(role)
        for card in reversed(self.cards()):
            is_ours = card.role is role and card.held is safe.held and card.alg is alg
            if is_ours and card.signs_at(now):
                return card
        return None

    def _safe(self, role: KeyRole) -> tuple[Safe, Alg]:
        """Where a new key of the role goes, and its algorithm.

        A checkpoint and a receipt need Ed25519, so a token without it leaves their keys to files.
        """
        wished = self._alg if role in _BY_PROFILE else Alg.ED25519
        able = self._token.able(wished) if self._token else None
        if self._token is not None and able is not None:
            if able is wished or role not in _ED25519_ALONE:
                return self._token, able
        elif self._token is not None:
            raise TokenUnusable(f"the token can make no {wished.name} key")
        return self._files, wished

    def _make(self, role: KeyRole, now: datetime) -> Card:
        kid = self._next_kid(now)
        begins = now.astimezone(UTC).replace(microsecond=0)
        safe, alg = self._safe(role)
        public = safe.make(kid, alg)
        card = Card(
            kid=kid,
            role=role,
            alg=alg,
            public=public.hex(),
            nbf=begins,
            exp=begins + LIFETIMES[role],
            held=safe.held,
        )
        # The card comes last: a key without one was cut off while being made, and never signs.
        self._folder.write_new(f"{kid}.json", _written(card))
        return card

    def _next_kid(self, now: datetime) -> str:
        year = f"{now.year - _FIRST_YEAR:02x}"
        names = self._folder.path.glob(f"{year}[0-9a-f][0-9a-f].*")
        number = max((bytes.fromhex(path.stem)[1] for path in names), default=0) + 1
        while number <= _MOST_A_YEAR and self._token and self._token.has(f"{year}{number:02x}"):
            number += 1
        if number > _MOST_A_YEAR:
            raise KeysExhausted(f"{_MOST_A_YEAR} keys in {now.year}")
        return f"{year}{number:02x}"

    def _open(self, card: Card) -> RingSigner:
        if card.held is Held.HSM and self._token is None:
            raise TokenUnusable(f"key {card.kid} is in a token, and no token is set")
        safe = self._token if card.held is Held.HSM and self._token else self._files
        key = card.as_key()
        raw_sign = safe.open(card.kid, card.alg, bytes.fromhex(card.public))
        return RingSigner(key.kid, card.role, key.alg, key.public_key, card.nbf, card.exp, raw_sign)


def _written(card: Card) -> bytes:
    return card.model_dump_json(indent=2).encode()
