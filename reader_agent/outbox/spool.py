"""The outbox: a read is on the disk before it is sent, and its content is gone once it arrived.

One process writes (it holds the folder's lock), over one connection that also owns checkpoints;
others look with `mode=ro`. That is also what keeps SQLite before 3.51.3 out of its WAL-reset bug.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reader_agent.refusals import NoSuchRead, ReceiptWrong, SpoolDamaged, SpoolFull
from reader_agent.wire.answer import written
from reader_agent.wire.envelope import Receipt, Signed

WAITING, ACCEPTED, REFUSED = "waiting", "accepted", "refused"
_PRAGMAS: Final = (
    "busy_timeout = 2000",
    "journal_mode = wal",
    "synchronous = full",  # NORMAL loses what was acknowledged when the power goes
    "secure_delete = on",  # what is emptied is gone from the file
    "mmap_size = 0",
)
_TABLES: Final = """
create table if not exists reads (
  seq integer primary key check (seq > 0),
  read_id text not null unique,
  kind text not null,
  sha256 text not null,
  made_at text not null,
  state text not null check (state in ('waiting', 'accepted', 'refused')),
  token text check ((token is null) = (state = 'accepted')),
  receipt text,
  code text
);
create index if not exists reads_waiting on reads (seq) where state = 'waiting';
create table if not exists room (one integer primary key check (one = 1), filler blob not null);
create table if not exists packs (
  challenge text primary key,
  task text not null,
  kind text not null,
  until text not null,
  told text not null
);
"""
_COLUMNS: Final = "seq, read_id, kind, sha256, made_at, state, token, receipt, code"
_ROOM: Final = 24 * 1024
"""Bytes: the longest token, and what SQLite puts around it."""
_NO_ROOM: Final = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
)


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    read_id: str
    kind: str
    sha256: str
    made_at: str
    state: str
    token: str | None = field(repr=False)
    """What is sent; None once the console has it."""
    receipt: str | None = field(default=None, repr=False)
    code: str | None = None
    """Why the console refused it."""


class Spool:
    """Safe to be used from several threads."""

    def __init__(self, connection: sqlite3.Connection, *, writes: bool) -> None:
        self.connection = connection
        self._turn = threading.RLock()
        self._to_shred = writes
        if writes:
            self.shred()

    @classmethod
    def open(cls, path: Path) -> "Spool":
        """For the one that holds the folder's lock. SpoolFull, SpoolDamaged."""
        with refusals(path):
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            with ExitStack() as undo:
                undo.callback(connection.close)
                for pragma in _PRAGMAS:
                    connection.execute(f"pragma {pragma}")
                connection.executescript(_TABLES)
                spool = cls(connection, writes=True)
                undo.pop_all()
                return spool

    @classmethod
    def look(cls, path: Path) -> "Spool":
        """For anybody beside: what is there, without a lock and without a change."""
        with refusals(path):
            address = f"{path.absolute().as_uri()}?mode=ro"
            connection = sqlite3.connect(address, uri=True, isolation_level=None)
            connection.execute(f"pragma {_PRAGMAS[0]}")
            return cls(connection, writes=False)

    def close(self) -> None:
        with self._turn:
            if self._to_shred:
                self.shred()
            self.connection.close()

    def must_have_room(self) -> None:
        """SpoolFull unless a read's worth of bytes went onto the disk just now.

        They are kept for the read to take their place: it is made only when it can be kept.
        """
        with self.change() as change:
            change.execute("replace into room values (1, zeroblob(?))", (_ROOM,))

    def add(self, make: Callable[[int, str], Signed]) -> Entry:
        """Signs and keeps a read under the next number: both or neither. SpoolFull."""
        with self.change() as change:
            last = change.execute("select seq, sha256 from reads order by seq desc limit 1")
            seq, prev = last.fetchone() or (0, "")
            signed = make(seq + 1, prev)
            at = written(datetime.now(UTC))
            entry = Entry(
                seq + 1, signed.read_id, signed.kind, signed.sha256, at, WAITING, signed.token
            )
            change.execute("delete from room")
            change.execute(
                f"insert into reads ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, null, null)",  # noqa: S608 - our own names
                (seq + 1, entry.read_id, entry.kind, entry.sha256, at, WAITING, entry.token),
            )
        return entry

    def waiting(self, limit: int = 50) -> Sequence[Entry]:
        """In the order in which they were signed."""
        return self._entries("where state = 'waiting' order by seq limit ?", limit)

    def count(self, state: str = WAITING) -> int:
        with self.looking() as look:
            found = look.execute("select count(*) from reads where state = ?", (state,))
            return int(found.fetchone()[0])

    def accepted(self, read_id: str, receipt: Receipt) -> None:
        """Empties the read's content and keeps hash and receipt. ReceiptWrong for another's."""
        entry = self.show(read_id)
        if (receipt.read_id, receipt.sha256) != (read_id, entry.sha256):
            raise ReceiptWrong(why="another read", read_id=read_id)
        with self.change() as change:
            change.execute(
                "update reads set state = 'accepted', token = null, receipt = ?, code = null"
                " where read_id = ?",
                (receipt.token, read_id),
            )
        self.shred()

    def refused(self, read_id: str, code: str) -> None:
        """Keeps it aside: it is not sent again, and its number stays used."""
        self.show(read_id)
        with self.change() as change:
            change.execute(
                "update reads set state = 'refused', code = ?"
                " where read_id = ? and state = 'waiting'",
                (code, read_id),
            )

    def list(self, limit: int = 50) -> Sequence[Entry]:
        """The newest first."""
        return self._entries("order by seq desc limit ?", limit)

    def show(self, read_id: str) -> Entry:
        found = self._entries("where read_id = ?", read_id)
        if not found:
            raise NoSuchRead(read_id=read_id)
        return found[0]

    def ages(self, now: datetime, within_s: float = 3600) -> Sequence[float]:
        """How many seconds ago each read of the last hour was made; for the pace."""
        newest = self.list(200)
        ages = ((now - datetime.fromisoformat(one.made_at)).total_seconds() for one in newest)
        return [age for age in ages if 0 <= age < within_s]

    def shred(self) -> None:
        """Ends the log of changes, which still holds what was emptied.

        While somebody looks at the spool that can't be done; then the next call does it.
        """
        with self._turn, refusals():
            busy = self.connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
            self._to_shred = bool(busy)

    @contextmanager
    def change(self) -> Generator[sqlite3.Connection]:
        """One transaction, on the disk when it ends well and undone when it doesn't."""
        with self._turn, refusals():
            self.connection.execute("begin immediate")
            try:
                yield self.connection
                self.connection.execute("commit")
            finally:
                if self.connection.in_transaction:  # a full disk may have undone it already
                    self.connection.execute("rollback")

    @contextmanager
    def looking(self) -> Generator[sqlite3.Connection]:
        with self._turn, refusals():
            yield self.connection

    def _entries(self, which: str, *values: str | int) -> Sequence[Entry]:
        with self.looking() as look:
            rows = look.execute(f"select {_COLUMNS} from reads {which}", values)  # noqa: S608 - our own names
            return [Entry(*row) for row in rows]


@contextmanager
def refusals(path: Path | None = None) -> Generator[None]:
    """SQLite's errors in the agent's words."""
    named = {"path": str(path)} if path else {}
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        kind = SpoolFull if code in _NO_ROOM else SpoolDamaged
        why = getattr(error, "sqlite_errorname", "") or type(error).__name__
        raise kind(why=why, **named) from error
    except OSError as error:
        raise SpoolFull(why=error.strerror or "", **named) from error
