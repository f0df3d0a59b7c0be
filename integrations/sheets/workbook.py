"""Workbooks, read by a process of their own that may die of them."""

import json
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from integrations.child import Child, Died, child_of
from integrations.sheets.shape import Kind, Limits, Row, Table, tabulated
from models.refusals import Invalid

_CHILD: Final = "integrations.sheets.child"
_FRAME: Final = 64_000_000


@contextmanager
def open_workbook(path: Path, limits: Limits, sheet: str | None) -> Generator[Table]:
    with tempfile.TemporaryDirectory(prefix="workbook-") as scratch:
        asked = {
            "path": str(path.resolve()),
            "scratch": scratch,
            "sheet": sheet,
            "limits": asdict(limits),
        }
        with child_of(_CHILD, limits.seconds, _FRAME) as child:
            rows = rows_from(child, asked, path.name)
            yield tabulated(rows, file=path.name, kind=Kind.XLSX, encoding="utf-8")


def rows_from(child: Child, asked: Mapping[str, object], file: str) -> Iterator[Row]:
    """What a process reads out of a file, frame by frame; its refusals are ours."""
    try:
        child.tell(json.dumps(asked).encode())
        while True:
            frame: dict[str, Any] = json.loads(child.hear().decode("utf-8", "surrogatepass"))
            if "end" in frame:
                return
            if "code" in frame:
                raise Invalid(frame["code"], **{**frame["facts"], "file": file})
            for number, cells in frame["rows"]:
                yield Row(number, tuple(cells))
    except Died:
        raise Invalid("import.too_heavy", file=file) from None
