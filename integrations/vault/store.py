"""The store of persons' keys: a database that forgets whom the ledger of erasures names.

keys/identity-1.key        0600, a root key; number 2 after a rotation, then 1 is gone
keys/identity-index.key    0600, a second root: for blind indexes, and the ledger's codes
keys/subjects.db           0600, SQLite beside either main database, with backups of its own
erasures/erased.log        who was erased (integrations.vault.ledger)
"""

import os
import re
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from integrations.keys.base import KeyDamaged, KeyUnusable
from integrations.keys.folder import Folder
from integrations.sqlite import PRAGMAS, sqlite_module
from integrations.vault.ledger import Ledger, ledger_bytes
from integrations.vault.roots import drawn, ensure_root, keyed, root_key

_STORE: Final = "subjects.db"
_DRAFT: Final = ".subjects.draft"
_INDEX_ROOT: Final = "identity-index.key"
_ROOT: Final = re.compile(r"identity-([0-9]+)\.key")
_TABLES: Final = """
CREATE TABLE root_keys (number INTEGER PRIMARY KEY);
CREATE TABLE subject_keys (
    subject BLOB PRIMARY KEY,
    tenant BLOB NOT NULL,
    root INTEGER NOT NULL REFERENCES root_keys,
    wrapped BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE erased (subject BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE state (index_check BLOB NOT NULL, ledger_bytes INTEGER NOT NULL)
"""


class LedgerShort(KeyUnusable):
    """The ledger of erasures has lost lines, so nobody knows any more who is to be forgotten."""


class StoreRead(KeyUnusable):
    """Somebody reads an older state of the store, so what was deleted can't leave its files yet."""


class KeyStore:
    """Of one data folder. A connection is opened for a piece of work and closed behind it."""

    def __init__(self, data: Path) -> None:
        self.folder = Folder(data / "keys")
        self._erasures = data / "erasures"
        self._module: Any = sqlite_module()
        self._roots: dict[int, bytes] = {}
        self._index_root: bytes | None = None

    @property
    def exists(self) -> bool:
        return (self.folder.path / _STORE).exists()

    @contextmanager
    def open(self) -> Generator[Any]:
        try:
            with closing(self._connected()) as store:
                self._forget(store)
                yield store
        except self._module.DatabaseError as error:
            raise KeyDamaged(f"{self.folder.path / _STORE}: {error}") from None

    @contextmanager
    def writing(self) -> Generator[Any]:
        with self.open() as store, transaction(store):
            yield store

    @property
    def ledger(self) -> Ledger:
        return Ledger(self._erasures, drawn(self.index_root(), "erasures/v1"))

    def must_have_forgotten(self) -> None:
        """StoreRead while a key that the ledger names may still stand in a file of the store."""
        _, size = self.ledger.read()
        with self.open() as store:
            (done,) = store.execute("SELECT ledger_bytes FROM state").fetchone()
        if done < size:
            raise self.still_read()

    def still_read(self) -> StoreRead:
        return StoreRead(f"{self.folder.path / _STORE} is being read (a backup?): try again later")

    def root(self, number: int) -> bytes:
        if number not in self._roots:
            self._roots[number] = root_key(self.folder, _root_file(number))
        return self._roots[number]

    def index_root(self) -> bytes:
        """KeyDamaged for another than the store was made with.

        With another one no number would be found again, and nothing else would show it.
        """
        if self._index_root is None:
            with closing(self._connected()) as store:
                (check,) = store.execute("SELECT index_check FROM state").fetchone()
            root = root_key(self.folder, _INDEX_ROOT)
            if keyed(root, "check") != check:
                raise KeyDamaged(f"{self.folder.path / _INDEX_ROOT} is not the store's")
            self._index_root = root
        return self._index_root

    def root_files(self) -> set[int]:
        found = (_ROOT.fullmatch(path.name) for path in self.folder.path.iterdir())
        return {int(one[1]) for one in found if one}

    def make_root(self, number: int) -> None:
        """The caller holds the folder, as for the next."""
        ensure_root(self.folder, _root_file(number))

    def destroy_root(self, number: int) -> None:
        (self.folder.path / _root_file(number)).unlink()
        self._roots.pop(number, None)

    def _connected(self) -> Any:  # noqa: ANN401 - the driver's own
        if not self.exists:
            with self.folder.alone():
                if not self.exists:
                    self._make()
        self.folder.must_be_closed(_STORE)
        return self._connection(_STORE)

    def _connection(self, name: str) -> Any:  # noqa: ANN401 - the driver's own
        store = self._module.connect(self.folder.path / name, isolation_level=None)
        for pragma, value in PRAGMAS.items():
            store.execute(f"PRAGMA {pragma}={value}")
        return store

    def _make(self) -> None:
        """Whole or not at all. Roots that are there stay: they may open what is put back later."""
        for left in self.folder.path.glob(f"{_DRAFT}*"):
            left.unlink()
        number = max(self.root_files(), default=1)
        self.make_root(number)
        ensure_root(self.folder, _INDEX_ROOT)
        os.close(os.open(self.folder.path / _DRAFT, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        check = keyed(root_key(self.folder, _INDEX_ROOT), "check")
        with closing(self._connection(_DRAFT)) as store, transaction(store):
            for table in _TABLES.split(";"):
                store.execute(table)
            store.execute("INSERT INTO root_keys VALUES (?)", [number])
            store.execute("INSERT INTO state VALUES (?, 0)", [check])
        (self.folder.path / _DRAFT).rename(self.folder.path / _STORE)

    def _forget(self, store: Any) -> None:  # noqa: ANN401 - the driver's own
        """Do what the ledger says and this store has not done yet, as one that was put back.

        It is done when no file of the store has the keys any more; until then whoever opens it
        next tries again.
        """
        (known,) = store.execute("SELECT ledger_bytes FROM state").fetchone()
        if ledger_bytes(self._erasures) == known:
            return
        tombstones, size = self.ledger.read()
        if size < known:
            raise LedgerShort(f"{self._erasures} holds {size} bytes of {known}: put it back whole")
        gone = [[one.subject.bytes] for one in tombstones]
        with transaction(store):
            store.executemany("DELETE FROM subject_keys WHERE subject = ?", gone)
            store.executemany("INSERT OR IGNORE INTO erased VALUES (?)", gone)
        if checkpoint(store):
            store.execute("UPDATE state SET ledger_bytes = max(ledger_bytes, ?)", [size])


@contextmanager
def transaction(store: Any) -> Generator[None]:  # noqa: ANN401 - the driver's own
    store.execute("BEGIN IMMEDIATE")
    with store:
        yield


def checkpoint(store: Any) -> bool:  # noqa: ANN401 - the driver's own
    """Nothing that was deleted stays behind, in the log of writes or in the file; False where a
    reader holds it longer than the driver waits (`busy_timeout`).
    """
    (is_busy, _, _) = store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def blanks(subjects: Sequence[UUID]) -> str:
    return ",".join("?" * len(subjects))


def _root_file(number: int) -> str:
    return f"identity-{number}.key"
