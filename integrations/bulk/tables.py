"""Tables as they come in files, a batch at a time, and results going out."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import csv
import errno
import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from integrations.bulk.parts import READ, RESULT
from integrations.sheets import USUAL, inert, nobodys, open_table
from models.refusals import Conflict, Invalid

PARQUET: Final = ".parquet"
CSV: Final = ".csv"
_MAGIC: Final = b"PAR1"
_LIMITS: Final = replace(USUAL, file_bytes=100_000_000_000, rows=200_000_000)
_FEW: Final = 1_000_000
_ROWS_OF_A_BYTE: Final = 4
_BETWEEN: Final = "; "
_COLUMNS_SHOWN: Final = 30
_GIVEN: Final = "_in"
ALIASES: Final[Mapping[str, Sequence[str]]] = {
    "title": ("title", "标题", "商品标题", "宝贝标题", "商品名称", "title_seen"),
    "description": ("description", "描述", "商品描述", "详情", "商品详情"),
    "platform": ("platform", "平台"),
    "shop_id": ("shop_id", "店铺id", "店铺编号", "商家id"),
    "shop_name": ("shop_name", "shop", "店铺名称", "店铺名", "店铺", "店名"),
    "shop_url": ("shop_url", "店铺链接", "店铺网址", "店铺地址"),
}
"""How exports call what screening reads; the first that is there counts."""


@dataclass(frozen=True, slots=True)
class Picked:
    """The columns of a Parquet file that are read, by their paths."""

    columns: Sequence[str]
    words: Sequence[str] = ()
    """Those with few different texts."""


Pick: TypeAlias = Callable[[pa.Schema], Picked]


@dataclass(frozen=True, slots=True)
class Listings:
    """An open file: of listings, or of other rows."""

    schema: pa.Schema
    rows: int | None
    """None where only reading tells."""
    batches: Iterator[pa.RecordBatch]


@contextmanager
def open_listings(path: Path, rows: int, pick: Pick | None = None) -> Generator[Listings]:
    """A Parquet file by its first bytes, else a table as people hand them in.

    What is picked of a Parquet file is read by all cores; else every column, by one.
    """
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except OSError as error:
        raise Invalid("bulk.no_file", file=path.name, problem=error.strerror or "") from None
    if head == _MAGIC or path.suffix.lower() == PARQUET:
        yield from _parquet(path, rows, pick)
    else:
        with open_table(path, limits=_LIMITS) as table:
            schema = pa.schema([(name, pa.string()) for name in table.columns])
            batches = (
                pa.RecordBatch.from_pydict(
                    dict(
                        zip(
                            table.columns,
                            zip(*(row.cells for row in some), strict=True),
                            strict=True,
                        )
                    ),
                    schema=schema,
                )
                for some in table.batches(rows)
            )
            yield Listings(schema, None, batches)


def _parquet(path: Path, rows: int, pick: Pick | None) -> Generator[Listings]:
    try:
        file = pq.ParquetFile(path, pre_buffer=False)
        picked = pick(file.schema_arrow) if pick else None
        if picked:
            leaves = [file.schema.column(at).path for at in range(len(file.schema.names))]
            words = [leaf for leaf in leaves if leaf.partition(".")[0] in picked.words]
            file.close()
            file = pq.ParquetFile(path, pre_buffer=False, read_dictionary=words)
    except (pa.ArrowInvalid, OSError) as error:
        problem = str(error).splitlines()[0][:200]
        raise Invalid("bulk.not_parquet", file=path.name, problem=problem) from None
    with file:
        _must_be_of_its_size(path, file.metadata.num_rows)
        columns = picked.columns if picked else None
        found = file.iter_batches(rows, columns=columns, use_threads=picked is not None)
        yield Listings(file.schema_arrow, file.metadata.num_rows, _refusing(found, path))


def _must_be_of_its_size(path: Path, rows: int) -> None:
    """A few hundred kilobytes can say that they are milliards of rows."""
    if rows > min(_LIMITS.rows, max(_FEW, _ROWS_OF_A_BYTE * path.stat().st_size)):
        raise Invalid("bulk.too_many_rows", file=path.name, rows=rows)


def _refusing(batches: Iterator[pa.RecordBatch], path: Path) -> Iterator[pa.RecordBatch]:
    """A file that is damaged further in is found out while it is read."""
    while True:
        try:
            batch = next(batches, None)
        except (pa.ArrowInvalid, OSError) as error:
            problem = str(error).splitlines()[0][:200]
            raise Invalid("bulk.not_parquet", file=path.name, problem=problem) from None
        if batch is None:
            return
        yield batch


def columns_of(schema: pa.Schema, file: str) -> dict[str, str]:
    """The file's name for each column that is read; refused without titles."""
    known = named(schema, ALIASES)
    if "title" not in known:
        raise Invalid("bulk.no_title", file=file, columns=shown_columns(schema))
    for name in known.values():
        if not _can_be_text(schema.field(name).type):
            kind = str(schema.field(name).type)
            raise Invalid("bulk.bad_column", file=file, column=name, kind=kind)
    return known


def shown_columns(schema: pa.Schema) -> str:
    """For a refusal. Of a file without a header they are the cells of its first row."""
    return ", ".join(map(nobodys, schema.names[:_COLUMNS_SHOWN])) or "-"


def named(schema: pa.Schema, aliases: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The file's name for each column that it has; of aliases the first that is there."""
    by_lower = {name.strip().lower(): name for name in reversed(schema.names)}
    return {
        wanted: next(by_lower[name] for name in names if name in by_lower)
        for wanted, names in aliases.items()
        if not by_lower.keys().isdisjoint(names)
    }


def must_differ(source: Path, target: Path) -> None:
    if target.exists() and source.exists() and target.samefile(source):
        raise Invalid("bulk.same_file", file=source.name)


def kept_schema(schema: pa.Schema, file: str) -> pa.Schema:
    """The file's columns as they go out: one that is called as a result is gets `_in` behind."""
    names = [f"{name}{_GIVEN}" if name in RESULT.names else name for name in schema.names]
    for name in names:
        if names.count(name) > 1:
            raise Invalid("bulk.column_taken", file=file, column=name)
    return pa.schema([field.with_name(name) for field, name in zip(schema, names, strict=True)])


def read_part(batch: pa.RecordBatch, columns: Mapping[str, str]) -> pa.RecordBatch:
    """What screening reads of a batch, under its own names, as text that is never null."""
    texts = [
        pc.fill_null(_text(batch.column(columns[name])), "") for name in READ if name in columns
    ]
    return pa.RecordBatch.from_arrays(texts, [name for name in READ if name in columns])


def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.string())


def _can_be_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    checks = (pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_null)
    return any(check(kind) for check in checks) or str(kind) == "string_view"


class Writer(Protocol):
    def write(self, batch: pa.RecordBatch) -> None: ...

    def close(self) -> None: ...


@contextmanager
def written(target: Path, schema: pa.Schema) -> Generator[Writer]:
    """The file under its name when all is written, and no file under that name before."""
    kinds = {PARQUET: _ParquetWriter, CSV: _CsvWriter}
    if target.suffix.lower() not in kinds:
        raise Invalid("bulk.bad_target", file=target.name)
    draft: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(descriptor)
        draft = Path(name)
        writer: Writer = kinds[target.suffix.lower()](draft, schema)
        try:
            yield writer
        finally:
            writer.close()
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.chmod(0o644)
        draft.replace(target)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT} or "No space left" in str(error):
            raise Conflict("bulk.disc_full", file=target.name) from error
        problem = error.strerror or str(error)
        raise Invalid("bulk.not_written", file=str(target), problem=problem) from error
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


class _ParquetWriter:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = pq.ParquetWriter(path, schema, compression="zstd", compression_level=1)

    def write(self, batch: pa.RecordBatch) -> None:
        self._file.write_batch(batch)

    def close(self) -> None:
        self._file.close()


class _CsvWriter:
    """As the house writes tables: no cell is a formula."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._file)
        csv.writer(self._file, quoting=csv.QUOTE_ALL).writerow(map(inert, schema.names))

    def write(self, batch: pa.RecordBatch) -> None:
        columns = [map(_cell, column.to_pylist()) for column in batch.columns]
        self._rows.writerows(zip(*columns, strict=True))

    def close(self) -> None:
        self._file.close()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return inert(_BETWEEN.join(map(str, value)))
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.6g}"
    return inert(value) if isinstance(value, str) else str(value)
