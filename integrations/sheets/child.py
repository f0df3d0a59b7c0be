"""The process that reads a workbook: small, bounded, and nothing is lost when it dies.

It is asked by one frame of JSON, and answers by many: rows, or a refusal, or the end.
"""

import json
import sys
from collections.abc import Generator, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from integrations.child import confine, give, take
from integrations.sheets.package import copy_checked
from integrations.sheets.shape import Limits
from integrations.sheets.writing import live
from models.refusals import Invalid

_BATCH: Final = 500
_EXACT: Final = 1e15  # Excel keeps fifteen digits; what is longer has lost some
_ROOM_TO_WRITE: Final = 64_000_000

Cell = int | float | str | bool | time | date | datetime | timedelta


def main() -> None:
    asked: dict[str, Any] = json.loads(take(sys.stdin.buffer) or b"")
    limits = Limits(**asked["limits"])
    confine(limits.memory, limits.seconds, limits.unpacked + _ROOM_TO_WRITE)
    try:
        for rows in _rows(Path(asked["path"]), Path(asked["scratch"]), asked["sheet"], limits):
            _send({"rows": rows})
        _send({"end": True})
    except Invalid as no:
        _send({"code": no.code, "facts": no.facts})


def _send(frame: object) -> None:
    give(json.dumps(frame, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _rows(
    source: Path, scratch: Path, name: str | None, limits: Limits
) -> Generator[list[tuple[int, list[str]]]]:
    copy = scratch / "checked.xlsx"
    copy_checked(source, copy, limits)
    try:
        with CalamineWorkbook.from_path(copy) as book:  # pyright: ignore[reportUnknownMemberType]
            sheet = _sheet(book, source.name, name)
            _check_span(sheet, source.name, limits)
            rows = _texts(sheet, source.name, limits)
            while batch := list(islice(rows, _BATCH)):
                yield batch
    except CalamineError as error:
        raise Invalid("import.damaged", file=source.name, part=str(error)[:80]) from error


def _sheet(book: CalamineWorkbook, file: str, name: str | None) -> CalamineSheet:
    sheets = [it for it in book.sheets_metadata if it.typ == SheetTypeEnum.WorkSheet]
    seen = [it.name for it in sheets if it.visible == SheetVisibleEnum.Visible]
    chosen = name if name is not None else next(iter(seen), None)
    if chosen is None or chosen not in {it.name for it in sheets}:
        raise Invalid("import.no_sheet", file=file, sheet=chosen or "", sheets=", ".join(seen))
    return book.get_sheet_by_name(chosen)


def _check_span(sheet: CalamineSheet, file: str, limits: Limits) -> None:
    cells = sheet.total_width * sheet.total_height
    if cells > limits.cells or sheet.total_width > limits.columns:
        raise Invalid(
            "import.too_many_cells", file=file, part=sheet.name, cells=cells, limit=limits.cells
        )


def _texts(sheet: CalamineSheet, file: str, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """Rows from the first on, for they are counted; cells from the first column on."""
    before = [""] * (sheet.start[1] if sheet.start else 0)
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = _cells(row)
        if max(map(len, cells), default=0) > limits.field_chars:
            raise Invalid("import.field_too_long", file=file, row=number, limit=limits.field_chars)
        if any(cells):
            yield number, before + cells


def _cells(row: Sequence[Cell]) -> list[str]:
    return [live(cell).strip() if type(cell) is str else _text(cell) for cell in row]


def _text(cell: Cell) -> str:
    match cell:
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            whole = abs(cell) < _EXACT and cell == int(cell)
            return str(int(cell)) if whole else format(cell, ".15g")
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
        case timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case date() | time():
            return cell.isoformat()
        case _:
            return str(cell)


if __name__ == "__main__":
    main()
