"""One door for every kind of table. What a file is, its first bytes tell and not its name."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from integrations.sheets.columnar import open_parquet
from integrations.sheets.delimited import open_delimited
from integrations.sheets.lines import looks_like_lines, open_lines
from integrations.sheets.shape import USUAL, Limits, Table
from integrations.sheets.workbook import open_workbook
from models.refusals import Invalid

_ZIP: Final = b"PK\x03\x04"
_PARQUET: Final = b"PAR1"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_PROBE: Final = 1_000_000
_EXCEL: Final = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".et", ".ods"})


@contextmanager
def open_table(
    path: Path | str, *, limits: Limits = USUAL, sheet: str | None = None
) -> Generator[Table]:
    """Open a CSV, an XLSX, a Parquet file, or JSON by lines.

    `sheet` names a sheet of a workbook, else it is the first visible one.
    Refusals may come while the rows are read: what was read till then is not to be kept.
    """
    path = Path(path)
    _check_size(path, limits)
    with path.open("rb") as file:
        head = file.read(len(_OLE))
        if head == _OLE:
            locked = "EncryptedPackage".encode("utf-16-le") in file.read(_OLE_PROBE)
            if locked:
                raise Invalid("import.encrypted", file=path.name)
            raise Invalid("import.old_excel", file=path.name)
    if head.startswith(_ZIP):
        with open_workbook(path, limits, sheet) as table:
            yield table
    elif head.startswith(_PARQUET):
        with open_parquet(path, limits) as table:
            yield table
    elif path.suffix.lower() in _EXCEL:
        raise Invalid("import.not_a_workbook", file=path.name)
    elif looks_like_lines(path):
        with open_lines(path, limits) as table:
            yield table
    else:
        with open_delimited(path, limits) as table:
            yield table


def _check_size(path: Path, limits: Limits) -> None:
    if not path.is_file():
        raise Invalid("import.no_file", file=path.name)
    size = path.stat().st_size
    if size == 0:
        raise Invalid("import.empty", file=path.name)
    if size > limits.file_bytes:
        raise Invalid("import.too_large", file=path.name, size=size, limit=limits.file_bytes)
