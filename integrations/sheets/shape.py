"""What a table is, whatever file it came from, and how much of it we take."""

import re
import unicodedata
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from typing import Final, NamedTuple

from models.base import utc_now
from models.formats.masking import without_identities
from models.refusals import Invalid
from models.rules import china_day

_MEGA: Final = 1_000_000
_LONGEST_SHOWN: Final = 200
_A_VALUE: Final = re.compile(r"https?://.*|[-+]?\d[\d.,:/ T+-]*")


class Kind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    NDJSON = "ndjson"


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is taken in. Beyond any of them the file is refused, never cut."""

    file_bytes: int = 512 * _MEGA
    rows: int = 1_100_000
    columns: int = 200
    row_chars: int = _MEGA
    field_chars: int = 65_536
    members: int = 200
    ratio: int = 100
    """Unpacked to packed, of one part of a workbook that unpacks to more than a megabyte."""
    unpacked: int = 200 * _MEGA
    cells: int = 20 * _MEGA
    """Rows times columns that a sheet spans, empty cells included."""
    memory: int = 1_500 * _MEGA
    """Address space of the process that reads a workbook."""
    seconds: int = 60
    """Processor time of that process, and the time that we wait for it."""


USUAL: Final = Limits()


class Row(NamedTuple):
    number: int
    """As a person sees it: the row in Excel, the line where it begins in a CSV; the header is 1."""
    cells: tuple[str, ...]
    """As many as columns; more only if the row holds values beyond the header's end."""


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    kind: Kind
    encoding: str
    rows: Iterator[Row]
    """Read once. Rows without any value are left out; the numbers of the others stay."""

    def batches(self, size: int = 2000) -> Generator[list[Row]]:
        while batch := list(islice(self.rows, size)):
            yield batch


def tabulated(rows: Iterator[Row], *, file: str, kind: Kind, encoding: str) -> Table:
    """The first row as header over the others; refused if either is missing."""
    head = next(rows, None)
    if head is None:
        raise Invalid("import.empty", file=file)
    if head.number != 1:
        raise Invalid("import.no_header", file=file, row=1, value="")
    columns = columns_of(head.cells, file)
    body = _fitted(rows, len(columns))
    first = next(body, None)
    if first is None:
        raise Invalid("import.no_rows", file=file)
    return Table(columns, kind, encoding, chain([first], body))


def nobodys(cell: str) -> str:
    """A cell of somebody's file as it may be told again: without identity numbers."""
    return without_identities(cell[:_LONGEST_SHOWN], china_day(utc_now()))[0]


def columns_of(cells: Sequence[str], file: str) -> tuple[str, ...]:
    names = [unicodedata.normalize("NFKC", cell.strip("\ufeff")).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    values = [name for name in names if _A_VALUE.fullmatch(name)]
    if 2 * len(values) >= len(names):
        value = nobodys(values[0]) if values else ""
        raise Invalid("import.no_header", file=file, row=1, value=value)
    seen: dict[str, int] = {}
    for at, name in enumerate(names, 1):
        if not name:
            raise Invalid("import.header_blank", file=file, row=1, column=at)
        if name in seen:
            places = {"first": seen[name], "second": at}
            raise Invalid("import.header_twice", file=file, row=1, name=nobodys(name), **places)
        seen[name] = at
    return tuple(names)


def _fitted(rows: Iterator[Row], width: int) -> Generator[Row]:
    for row in rows:
        if len(row.cells) == width:
            yield row
            continue
        cells = list(row.cells)
        while len(cells) > width and not cells[-1]:
            cells.pop()
        cells.extend([""] * (width - len(cells)))
        yield Row(row.number, tuple(cells))
