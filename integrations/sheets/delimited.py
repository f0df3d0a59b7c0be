"""Tables as text: comma, semicolon or tab between the cells."""

import csv
import io
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from integrations.sheets.encoding import Reading, decide
from integrations.sheets.shape import Kind, Limits, Row, Table, tabulated
from integrations.sheets.writing import live
from models.refusals import Invalid

if TYPE_CHECKING:
    from _csv import Reader

_DELIMITERS: Final = ",;\t"
_QUOTED: Final = re.compile(r'"[^"]*"')
_TOO_LONG: Final = "field larger than field limit"


@contextmanager
def open_delimited(path: Path, limits: Limits) -> Generator[Table]:
    reading = decide(path, limits)
    with _text(path, reading) as file:
        delimiter = _delimiter(file.read(limits.field_chars))
    with _text(path, reading) as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        rows = _rows(
            reader, _live_and_bare if reading.apostrophes else str.strip, path.name, limits
        )
        yield tabulated(rows, file=path.name, kind=Kind.CSV, encoding=reading.encoding)


def _text(path: Path, reading: Reading) -> io.TextIOWrapper:
    raw = path.open("rb")
    raw.seek(reading.skip)
    return io.TextIOWrapper(raw, encoding=reading.encoding, errors="strict", newline="")


def _delimiter(head: str) -> str:
    """The one that stands most often in the first line, outside of quotes."""
    header = re.split(r"[\r\n]", _QUOTED.sub("", head), maxsplit=1)[0]
    return max(_DELIMITERS, key=header.count)


def _rows(
    reader: "Reader", clean: Callable[[str], str], file: str, limits: Limits
) -> Generator[Row]:
    line = 0
    try:
        for at, raw in enumerate(reader):
            number, line = line + 1, reader.line_num
            if at > limits.rows:
                raise Invalid("import.too_many_rows", file=file, limit=limits.rows)
            if not raw:
                continue
            if len(raw) > limits.columns or max(map(len, raw)) > limits.field_chars:
                _refuse_size(raw, number, file, limits)
            if line > number and sum(map(len, raw)) > limits.row_chars:
                raise Invalid("import.row_too_long", file=file, row=number, limit=limits.row_chars)
            cells = tuple(map(clean, raw))
            if any(cells):
                yield Row(number, cells)
    except csv.Error as error:
        spans = reader.line_num > line + 1
        if str(error).startswith(_TOO_LONG) and not spans:
            raise Invalid(
                "import.field_too_long", file=file, row=line + 1, limit=limits.field_chars
            ) from error
        raise Invalid("import.quote", file=file, row=line + 1) from error


def _live_and_bare(cell: str) -> str:
    return live(cell).strip()


def _refuse_size(raw: list[str], row: int, file: str, limits: Limits) -> None:
    if len(raw) > limits.columns:
        raise Invalid(
            "import.too_many_columns", file=file, row=row, columns=len(raw), limit=limits.columns
        )
    raise Invalid("import.field_too_long", file=file, row=row, limit=limits.field_chars)
