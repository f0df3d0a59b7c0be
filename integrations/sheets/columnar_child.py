"""The process that reads a Parquet file: bounded, and nothing is lost when it dies.

What the file says of itself is checked before any of it is unpacked; what it did not say rightly
runs into the limits of this process.
"""

import json
import sys
from collections.abc import Generator, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from integrations.child import confine, give, take
from integrations.sheets.shape import Limits
from models.refusals import Invalid

_PA: Final[Any] = pa
_PQ: Final[Any] = pq
_BATCH: Final = 200
_EXACT: Final = 1e15
_SMALL: Final = 1_000_000


def main() -> None:
    asked: dict[str, Any] = json.loads(take(sys.stdin.buffer) or b"")
    limits = Limits(**asked["limits"])
    _PA.set_cpu_count(1)
    _PA.set_io_thread_count(1)
    confine(limits.memory, limits.seconds)
    try:
        for rows in _rows(Path(asked["path"]), limits):
            _send({"rows": rows})
        _send({"end": True})
    except Invalid as no:
        _send({"code": no.code, "facts": no.facts})


def _send(frame: object) -> None:
    give(json.dumps(frame, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _rows(path: Path, limits: Limits) -> Generator[list[tuple[int, list[str]]]]:
    try:
        with _PQ.ParquetFile(path) as file:
            _check(file, path, limits)
            names = [str(name) for name in file.schema_arrow.names]
            yield [(1, names)]
            yield from _texts(file, path.name, limits)
    except (_PA.ArrowException, OSError) as error:  # the latter where a page does not unpack
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> Invalid:
    part = str(error).splitlines()[0] if str(error) else "parquet"
    return Invalid("import.damaged", file=path.name, part=part[:80])


def _check(file: Any, path: Path, limits: Limits) -> None:  # noqa: ANN401
    """By the file's own words: how many rows and columns, and how large it is unpacked."""
    told: Any = file.metadata
    name, columns = path.name, int(told.num_columns)
    if told.num_rows > limits.rows:
        raise Invalid("import.too_many_rows", file=name, limit=limits.rows)
    if columns > limits.columns:
        raise Invalid(
            "import.too_many_columns", file=name, row=1, columns=columns, limit=limits.columns
        )
    if told.num_rows * columns > limits.cells:
        cells = told.num_rows * columns
        raise Invalid("import.too_many_cells", file=name, part="parquet", cells=cells,
                      limit=limits.cells)  # fmt: skip
    groups = [told.row_group(at) for at in range(told.num_row_groups)]
    unpacked = sum(int(group.total_byte_size) for group in groups)
    if unpacked > limits.unpacked:
        raise Invalid("import.unpacks_too_large", file=name, limit=limits.unpacked)
    if unpacked > max(_SMALL, limits.ratio * path.stat().st_size):
        raise Invalid("import.zip_bomb", file=name, part="parquet", limit=limits.ratio)


def _texts(
    file: Any,  # noqa: ANN401 - as above
    name: str,
    limits: Limits,
) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows as text, the header being the first; empty ones are left out and counted."""
    number = 1
    batches: Any = file.iter_batches(batch_size=_BATCH, use_threads=False)
    for batch in batches:
        if number + batch.num_rows > limits.rows + 1:
            raise Invalid("import.too_many_rows", file=name, limit=limits.rows)
        columns = [_column(column) for column in batch.columns]
        rows: list[tuple[int, list[str]]] = []
        for cells in zip(*columns, strict=True):
            number += 1
            _check_row(cells, number, name, limits)
            if any(cells):
                rows.append((number, list(cells)))
        if rows:
            yield rows


def _check_row(cells: tuple[str, ...], row: int, file: str, limits: Limits) -> None:
    if max(map(len, cells), default=0) > limits.field_chars:
        raise Invalid("import.field_too_long", file=file, row=row, limit=limits.field_chars)
    if sum(map(len, cells)) > limits.row_chars:
        raise Invalid("import.row_too_long", file=file, row=row, limit=limits.row_chars)
    if any("\0" in cell for cell in cells):
        raise Invalid("import.nul", file=file, row=row)


def _column(column: Any) -> list[str]:  # noqa: ANN401 - Arrow says nothing of its types
    if _PA.types.is_timestamp(column.type) or _PA.types.is_duration(column.type):
        column = _to_microseconds(column)
    return [_text(value) for value in column.to_pylist()]


def _to_microseconds(column: Any) -> Any:  # noqa: ANN401
    """Python knows no nanoseconds; what lies below a microsecond is no moment of a shop's."""
    kind = column.type
    unit = _PA.duration("us") if _PA.types.is_duration(kind) else _PA.timestamp("us", tz=kind.tz)
    return column.cast(unit, safe=False)


def _text(value: object) -> str:
    match value:
        case None:
            text = ""
        case str():
            text = value.strip()
        case bool():
            text = "TRUE" if value else "FALSE"
        case float():
            whole = abs(value) < _EXACT and value.is_integer()
            text = str(int(value)) if whole else format(value, ".15g")
        case Decimal():
            text = format(value, "f")
        case datetime():
            text = value.date().isoformat() if _is_day(value) else value.isoformat()
        case date() | time():
            text = value.isoformat()
        case bytes():
            text = _of_bytes(value)
        case list() | dict() | tuple():
            text = json.dumps(value, ensure_ascii=False, default=_text)
        case _:
            text = str(value)
    return text


def _is_day(value: datetime) -> bool:
    return value.tzinfo is None and value.time() == time()


def _of_bytes(value: bytes) -> str:
    """Older writers do not mark their texts; bytes that are none are shown in hexadecimal."""
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return value.hex()


if __name__ == "__main__":
    main()
