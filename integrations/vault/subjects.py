"""Keys of persons: 32 bytes for each, wrapped under the root key in force.

AES-256-GCM-SIV (RFC 8452) wraps, so that a nonce that is drawn twice gives no key away.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from integrations.keys.base import KeyDamaged, KeyUnusable
from integrations.vault.ledger import Tombstone
from integrations.vault.roots import KEY, drawn
from integrations.vault.store import KeyStore, blanks, checkpoint, transaction

BATCH: Final = 500
_NONCE: Final = 12


class Erased(Exception):
    """The person's key was destroyed: what was sealed with it can't be read by anybody."""


class KeyMissing(KeyUnusable):
    """No key was ever made for the person, or the store is another or an older one."""


class SubjectKeys:
    def __init__(self, data: Path) -> None:
        self._store = KeyStore(data)

    def make(self, tenant: UUID, subjects: Sequence[UUID]) -> Mapping[UUID, bytes]:
        """A key for each, on the disk when this returns. One whose row is given up harms nobody."""
        made = {subject: os.urandom(KEY) for subject in subjects}
        with self._store.writing() as store:
            _refuse_erased(store, subjects)
            root = _newest(store)
            rows = [
                (subject.bytes, tenant.bytes, root, self._wrapped(key, tenant, subject, root))
                for subject, key in made.items()
            ]
            store.executemany("INSERT INTO subject_keys VALUES (?, ?, ?, ?)", rows)
        return made

    def of(self, tenant: UUID, subjects: Sequence[UUID]) -> Mapping[UUID, bytes]:
        """The key of each; Erased or KeyMissing for the first that has none."""
        try:
            return self._of(tenant, subjects)
        except KeyDamaged:
            return self._of(tenant, subjects)  # a rotation may have ended between row and root key

    def shred(self, *tombstones: Tombstone) -> None:
        """Destroy the keys of these persons; StoreRead while one can still be read from a file.

        The ledger is written first: whoever opens the store next does what it says, be it this
        process, one after a crash, or one that finds a store from before.
        """
        if not tombstones:
            return
        self._store.ledger.append(*tombstones)
        self._store.must_have_forgotten()

    def index_key(self, tenant: UUID) -> bytes:
        """What the blind indexes of a tenant are made with: no other tenant's are like them."""
        return drawn(self._store.index_root(), f"idx/document/v1/{tenant}")

    def check(self) -> None:
        """KeyUnusable when root keys, store and ledger are not of one piece; none is none amiss."""
        if self._store.exists:
            self._store.must_have_forgotten()
            with self._store.open() as store:
                self._store.root(_newest(store))

    def begin_rotation(self) -> int:
        """Put a new root key in force, and give its number; that of a rotation not yet ended."""
        with self._store.open() as store, self._store.folder.alone(), transaction(store):
            roots = [number for (number,) in store.execute("SELECT number FROM root_keys")]
            if len(roots) > 1:
                return max(roots)
            number = max({*roots, *self._store.root_files()}) + 1
            self._store.make_root(number)
            store.execute("INSERT INTO root_keys VALUES (?)", [number])
        return number

    def rewrap(self, batch: int = BATCH) -> Iterator[int]:
        """Wrap under the new root key what older ones hold: how many each time, until all are.

        Each is exchanged only where it is still what was read, so others write meanwhile; to break
        off and begin again loses nothing.
        """
        after = b""
        with self._store.open() as store:
            root = _newest(store)
            while rows := store.execute(
                "SELECT subject, tenant, root, wrapped FROM subject_keys"
                " WHERE subject > ? AND root <> ? ORDER BY subject LIMIT ?",
                [after, root, batch],
            ).fetchall():
                after = rows[-1][0]
                fresh = [(root, self._rewrapped(row, root), row[0], *row[2:]) for row in rows]
                with transaction(store):
                    done = store.executemany(
                        "UPDATE subject_keys SET root = ?, wrapped = ?"
                        " WHERE subject = ? AND root = ? AND wrapped = ?",
                        fresh,
                    )
                yield done.rowcount

    def end_rotation(self) -> bool:
        """Destroy the older root keys; False while one of them still holds a key.

        What they wrapped leaves the files before; StoreRead while it can't.
        """
        with self._store.open() as store, self._store.folder.alone():
            if not checkpoint(store):
                raise self._store.still_read()
            with transaction(store):
                root = _newest(store)
                held = store.execute("SELECT 1 FROM subject_keys WHERE root <> ? LIMIT 1", [root])
                if held.fetchone():
                    return False
                store.execute("DELETE FROM root_keys WHERE number <> ?", [root])
            for old in self._store.root_files() - {root}:
                self._store.destroy_root(old)
        return True

    def _of(self, tenant: UUID, subjects: Sequence[UUID]) -> Mapping[UUID, bytes]:
        found: dict[UUID, bytes] = {}
        with self._store.open() as store:
            for at in range(0, len(subjects), BATCH):
                part = subjects[at : at + BATCH]
                rows = store.execute(
                    "SELECT subject, tenant, root, wrapped FROM subject_keys"  # noqa: S608 - blanks
                    f" WHERE subject IN ({blanks(part)}) AND tenant = ?",
                    [*(one.bytes for one in part), tenant.bytes],
                )
                found |= {UUID(bytes=row[0]): self._unwrapped(*row) for row in rows.fetchall()}
            missing = [one for one in subjects if one not in found]
            _refuse_erased(store, missing)
        if missing:
            raise KeyMissing(f"there is no key of person {missing[0]}")
        return found

    def _rewrapped(self, row: tuple[bytes, bytes, int, bytes], root: int) -> bytes:
        subject, tenant, _, _ = row
        return self._wrapped(self._unwrapped(*row), UUID(bytes=tenant), UUID(bytes=subject), root)

    def _wrapped(self, key: bytes, tenant: UUID, subject: UUID, root: int) -> bytes:
        nonce = os.urandom(_NONCE)
        bound = _bound(tenant, subject, root)
        return nonce + AESGCMSIV(self._store.root(root)).encrypt(nonce, key, bound)

    def _unwrapped(self, subject: bytes, tenant: bytes, root: int, wrapped: bytes) -> bytes:
        opened = AESGCMSIV(self._store.root(root))
        bound = _bound(UUID(bytes=tenant), UUID(bytes=subject), root)
        try:
            return opened.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], bound)
        except InvalidTag:
            raise KeyDamaged(f"root key {root} does not open what is kept under it") from None


def _bound(tenant: UUID, subject: UUID, root: int) -> bytes:
    return f"dek|v1|{tenant}|{subject}|{root}".encode()


def _newest(store: Any) -> int:  # noqa: ANN401 - the driver's own
    (number,) = store.execute("SELECT max(number) FROM root_keys").fetchone()
    return number


def _refuse_erased(store: Any, subjects: Sequence[UUID]) -> None:  # noqa: ANN401 - the driver's own
    for at in range(0, len(subjects), BATCH):
        part = subjects[at : at + BATCH]
        gone = store.execute(
            f"SELECT subject FROM erased WHERE subject IN ({blanks(part)})",  # noqa: S608 - blanks
            [one.bytes for one in part],
        ).fetchone()
        if gone:
            raise Erased(str(UUID(bytes=gone[0])))
