"""Files that imports are under way in, kept open between two batches of one process."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import islice
from threading import Lock
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from console.actions.imports.kinds import row_kind
from console.actions.imports.plan import at_hand
from console.actions.imports.rows import Columns, Reason, RowKind
from integrations.evidence import Damaged, Digest, Store
from integrations.sheets import Row, open_table
from models.channel.imports import Import
from models.refusals import Invalid

_MOST_OPEN: Final = 4
_CHARS_AT_ONCE: Final = 2_000_000
"""Of a batch: a hundred thousand cards that are named one by one, or some thousand usual rows."""


@dataclass(slots=True)
class Reading:
    """A file open at a row."""

    rows: Iterator[Row]
    names: tuple[str, ...]
    """The columns of the file."""
    columns: Columns
    position: int
    """Rows that were read before."""
    seen: set[str] = field(default_factory=set[str])
    """Marks of the rows that a dry run would have taken."""
    is_over: bool = False
    closing: ExitStack = field(default_factory=ExitStack)

    def batch(self, size: int) -> list[Row]:
        """Fewer where they are long: a transaction does not grow with what a row may hold."""
        rows, room = list[Row](), _CHARS_AT_ONCE
        for row in islice(self.rows, size):
            rows.append(row)
            room -= sum(map(len, row.cells))
            if room <= 0:
                break
        self.position += len(rows)
        self.is_over = not rows
        return rows


class CheckedRow(NamedTuple):
    row: Row
    found: Any
    """What the row says, parsed; None where there are reasons."""
    reasons: list[Reason] | None


def checked(
    kind: RowKind[Any], reading: Reading, rows: Sequence[Row], on: date
) -> list[CheckedRow]:
    """What can be said of each row by itself."""
    width = len(reading.names)
    found: list[CheckedRow] = []
    for row in rows:
        if len(row.cells) > width:
            reasons = [Reason("extra_cells", {"value": " | ".join(row.cells[width:]), "n": width})]
            found.append(CheckedRow(row, None, reasons))
            continue
        parsed = kind.check(reading.columns.given(row.cells), on)
        if isinstance(parsed, list):
            found.append(CheckedRow(row, None, cast("list[Reason]", parsed)))
        else:
            found.append(CheckedRow(row, parsed, None))
    return found


@dataclass(slots=True)
class _Open:
    by_import: dict[UUID, Reading] = field(default_factory=dict[UUID, Reading])
    lock: Lock = field(default_factory=Lock)


@cache
def _open() -> _Open:
    return _Open()


@contextmanager
def reading_of(store: Store, imported: Import, on: date) -> Generator[Reading]:
    """The import's file, open behind the rows that are dealt with; it stays open for the next."""
    reading = _taken(imported) or _open_anew(store, imported)
    with ExitStack() as undo:
        undo.callback(reading.closing.close)
        _skip(reading, imported, on)
        yield reading
        if not reading.is_over:
            undo.pop_all()
            _put_back(imported, reading)


def _taken(imported: Import) -> Reading | None:
    with _open().lock:
        reading = _open().by_import.pop(imported.id, None)
    if reading is not None and reading.position > imported.read:
        reading.closing.close()
        return None
    return reading


def _skip(reading: Reading, imported: Import, on: date) -> None:
    kind, left = row_kind(imported.kind), imported.read - reading.position
    while left > 0 and (rows := reading.batch(min(left, kind.rows_at_once))):
        left -= len(rows)
        if imported.is_dry:
            for one in checked(kind, reading, rows, on):
                if one.reasons is None:
                    reading.seen.update(kind.marks(one.found))


def _put_back(imported: Import, reading: Reading) -> None:
    with _open().lock:
        by_import = _open().by_import
        by_import[imported.id] = reading
        closed = [by_import.pop(key) for key in list(by_import)[:-_MOST_OPEN]]
    for one in closed:
        one.closing.close()


def close_readings() -> None:
    """Put away what is open, at the end of the process."""
    with _open().lock:
        left = list(_open().by_import.values())
        _open().by_import.clear()
    for one in left:
        one.closing.close()


def _open_anew(store: Store, imported: Import) -> Reading:
    closing = ExitStack()
    reading = closing.enter_context(_opened(store, imported))
    reading.closing = closing
    return reading


@contextmanager
def _opened(store: Store, imported: Import) -> Generator[Reading]:
    digest = Digest(imported.sha256)
    try:
        for _ in store.stream(digest):
            pass
    except (Damaged, FileNotFoundError) as error:
        raise Invalid("import.file_gone", file=imported.file_name) from error
    with at_hand(imported.file_name, store.path(digest)) as path, open_table(path) as table:
        places = {name: place for place, name in enumerate(table.columns)}
        fields = tuple(imported.columns)
        columns = Columns(fields, tuple(places[imported.columns[name]] for name in fields))
        yield Reading(table.rows, table.columns, columns, 0)
