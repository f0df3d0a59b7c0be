"""A whole log checked: every entry hashed anew, all that is kept compared with what it makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Row, func, select
from sqlalchemy.exc import SQLAlchemyError

from console.actions.trees import (
    BATCH,
    Head,
    Log,
    chosen,
    hashes_from,
    hashes_of,
    public_keys,
    wrong_head,
)
from console.desk import Desk
from models.merkle import HASH_SIZE, Appender, Node
from models.permissions import Permission
from models.tiles import TILE_LEVELS, rows_of, tiles_of
from models.tokens import PublicKey


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of a whole log found."""

    entries: int
    """Entries in the tree whose hash was made anew and compared."""
    waiting: int
    """Entries that have no place in the tree yet."""
    checkpoints: int
    fault: str | None
    """The first thing that is not as it was signed, in words; None when all is whole."""


def verify(desk: Desk, log: Log) -> Verdict:
    """Hash every entry anew, grow the tree from the leaves, and compare with all that is kept."""
    keys = public_keys(desk)
    with desk.begin(Permission.AUDIT_READ) as work:
        connection, heads = work.session.connection(), log.heads.c
        signed = [
            Head(*row)
            for row in connection.execute(
                select(heads.size, heads.root, heads.note).order_by(heads.size)
            )
        ]
        waiting = connection.execute(
            select(func.count()).select_from(log.entries).where(log.entries.c.leaf.is_(None))
        ).scalar_one()
        check = _Check(connection, log, signed, keys, Appender(0, []))
        fault = check.fault()
    if fault is not None:
        structlog.get_logger(__name__).error("log.broken", log=log.name, fault=fault)
    return Verdict(check.tree.size, waiting, len(signed), fault)


_UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError, SQLAlchemyError)
"""What comes of a value that its column could not have held, before there is a hash to compare."""


@dataclass(slots=True)
class _Check:
    """A log as it grows anew from its entries, beside what is kept of it."""

    connection: Connection
    log: Log
    heads: Sequence[Head]
    keys: Sequence[PublicKey]
    tree: Appender
    met: int = 0
    """Heads that were come to."""

    def fault(self) -> str | None:
        while True:
            try:
                rows = self._rows(self.tree.size, BATCH)
                fresh = hashes_of(self.connection, self.log, rows)
            except _UNREADABLE:
                return self._unreadable()
            if not rows:
                break
            found = self._take(rows, fresh)
            if found is not None:
                return found
        if self.met < len(self.heads):
            return f"entry {self.tree.size} is gone"
        return self._more_than_signed()

    def _rows(self, first: int, count: int) -> Sequence[Row[Any]]:
        entries = self.log.entries.c
        return self.connection.execute(
            select(*chosen(self.connection, self.log), entries.leaf)
            .where(entries.leaf >= first)
            .order_by(entries.leaf)
            .limit(count)
        ).all()

    def _unreadable(self) -> str:
        """Which entry holds bytes that no longer are what its columns hold, found by halves."""
        first, count = self.tree.size, BATCH
        while count > 1:
            half = count // 2
            try:
                hashes_of(self.connection, self.log, self._rows(first, half))
                first, count = first + half, count - half
            except _UNREADABLE:
                count = half
        return f"entry {first} can't be read"

    def _take(self, rows: Sequence[Row[Any]], fresh: list[bytes]) -> str | None:
        start, fault = self.tree.size, None
        if rows[-1][-1] - start + 1 != len(rows):
            good = next(at for at, row in enumerate(rows) if row[-1] != start + at)
            fresh, fault = fresh[:good], f"entry {start + good} is gone"
        bad = _first_difference(self._kept(0, start, len(fresh)), fresh)
        if bad is not None:
            fault, fresh = self._altered(start + bad), fresh[:bad]
        return self._grow(fresh) or fault

    def _kept(self, level: int, first: int, count: int) -> bytes:
        return hashes_from(self.connection, self.log, level, first, count) if count else b""

    def _altered(self, leaf: int) -> str:
        entries = self.log.entries.c
        said = select(entries[self.log.label], entries.at).where(entries.leaf == leaf)
        try:
            word, at = self.connection.execute(said).one()
        except _UNREADABLE:
            return f"entry {leaf} was altered"
        return f"entry {leaf} ({word}, {at:%F %T}) was altered"

    def _grow(self, fresh: list[bytes]) -> str | None:
        """Take in leaf hashes up to each head, and see that all above them is as it was kept."""
        done = 0
        while done < len(fresh):
            head = self.heads[self.met] if self.met < len(self.heads) else None
            step = len(fresh)
            if head is not None:
                step = min(step, done + head.size - self.tree.size)
            if step <= done:
                return f"checkpoint {self.tree.size} does not fit the entries"
            found = self._higher(self.tree.append(fresh[done:step]))
            done = step
            if found is None and head is not None and self.tree.size == head.size:
                found = wrong_head(self.log, head, self.tree, self.keys)
                self.met += 1
            if found is not None:
                return found
        return None

    def _higher(self, nodes: Sequence[Node]) -> str | None:
        """Compare hashes above the leaves with the tiles that keep them."""
        for level, (first, hashes) in rows_of(nodes).items():
            count = len(hashes) // HASH_SIZE
            kept = self._kept(level, first, count) if level else hashes
            if kept != hashes:
                fresh = [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]
                bad = first + (_first_difference(kept, fresh) or 0)
                low, high = bad << TILE_LEVELS * level, (bad + 1 << TILE_LEVELS * level) - 1
                return f"the hash of entries {low} to {high} was altered"
        return None

    def _more_than_signed(self) -> str | None:
        """Nothing stands in the tree beyond the last head: heads are written with their entries."""
        size = self.heads[-1].size if self.heads else 0
        if self.tree.size > size:
            return f"the checkpoint of entry {size} is gone"
        tiles = self.log.tiles.c
        kept = dict(
            self.connection.execute(
                select(tiles.level, func.sum(func.length(tiles.hashes))).group_by(tiles.level)
            ).all()
        )
        for level, count in tiles_of(size).items():
            if kept.pop(level, 0) != count * HASH_SIZE:
                return f"entry {size} is gone, and its hash is left"
        return f"entry {size} is gone, and its hash is left" if kept else None


def _first_difference(kept: bytes, fresh: Sequence[bytes]) -> int | None:
    """The first hash that is not as it was kept, or not kept at all."""
    if kept == b"".join(fresh):
        return None
    return next(
        at for at, one in enumerate(fresh) if kept[at * HASH_SIZE : (at + 1) * HASH_SIZE] != one
    )
