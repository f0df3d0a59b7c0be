"""Parquet files, read by a process of their own that may die of them."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final

from integrations.child import child_of
from integrations.sheets.shape import Kind, Limits, Table, tabulated
from integrations.sheets.workbook import rows_from

_CHILD: Final = "integrations.sheets.columnar_child"
_FRAME: Final = 64_000_000


@contextmanager
def open_parquet(path: Path, limits: Limits) -> Generator[Table]:
    asked = {"path": str(path.resolve()), "limits": asdict(limits)}
    with child_of(_CHILD, limits.seconds, _FRAME) as child:
        rows = rows_from(child, asked, path.name)
        yield tabulated(rows, file=path.name, kind=Kind.PARQUET, encoding="utf-8")
