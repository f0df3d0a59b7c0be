"""Tables that leave the house: reject files and exports, without a cell that a spreadsheet runs.

A cell that a spreadsheet might take for a formula gets one apostrophe in front (`inert`). Reading
takes that one away (`live`) from whatever begins with an apostrophe and would be escaped without
it. `inert` also escapes what already looks escaped, so the two undo each other for every text.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from models.refusals import Invalid

_RISKY: Final = re.compile(r"[\s']*[=+\-@＝＋－＠]|'*[\t\r\n]")
_EXCEL_ROWS: Final = 1_048_576
_EXCEL_CELL: Final = 32_767


def inert(text: str) -> str:
    return f"'{text}" if _RISKY.match(text) else text


def live(text: str) -> str:
    return text[1:] if text.startswith("'") and _RISKY.match(text, 1) else text


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """UTF-8 with a mark, which Excel needs. The header is quoted: its commas show the delimiter."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerow(map(inert, columns))
        csv.writer(file).writerows([inert(cell) for cell in row] for row in rows)


def write_xlsx(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Every cell is text; nothing becomes a number, a link or a formula."""
    book: Any = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet: Any = book.add_worksheet()
    try:
        _write_row(sheet, 0, columns)
        for at, row in enumerate(rows, 1):
            _write_row(sheet, at, row)
    finally:
        book.close()


def _write_row(sheet: Any, at: int, cells: Sequence[str]) -> None:  # noqa: ANN401
    if at >= _EXCEL_ROWS:
        raise Invalid("import.excel_rows", limit=_EXCEL_ROWS)
    for column, cell in enumerate(map(inert, cells)):
        if len(cell) > _EXCEL_CELL:
            raise Invalid("import.excel_cell", row=at + 1, column=column + 1, limit=_EXCEL_CELL)
        sheet.write_string(at, column, cell)
