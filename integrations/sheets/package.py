"""What of a workbook is fit to be read: its XML, unpacked, measured and free of traps.

The parts are copied, unpacked, into a package of our own, and only that one is read. So what was
checked is what is read, whatever the directory of the file said of sizes and names.
"""

import errno
import re
import struct
import zipfile
import zlib
from collections.abc import Generator, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final, NoReturn

from integrations.sheets.shape import Limits
from models.refusals import Invalid

_CHUNK: Final = 1 << 20
_Place = tuple[bytes, bytes, bytes]  # tag, letters of the column, number of the row
_SMALL: Final = 1_000_000  # what unpacks to less is no bomb, however well it was packed
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,  # a packing or a lock that zipfile does not know
    ValueError,
)
_ENCRYPTED: Final = 0x1
_BOOK: Final = "xl/workbook.xml"
_TRAPS: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FIRST: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[?!A-Za-z]")
# The place is an attribute, and in XML no attribute holds a "<": so no other text can pose as one.
_PLACES: Final = re.compile(
    rb"<(?:[\w.-]+:)?(row|c|si)(?=[\s/>])(?:[^<]*?\sr\s*=\s*[\"']([A-Za-z]*)([0-9]*)[\"'])?"
)
_ERROR_CELL: Final = re.compile(rb"(<(?:[\w.-]+:)?c\s(?:[^<>]*?\s)?t=[\"'])e(?=[\"'])")


def copy_checked(source: Path, target: Path, limits: Limits) -> None:
    """Copy what is needed of the workbook `source` to `target`; refused on the first doubt."""
    try:
        with (
            zipfile.ZipFile(source) as book,
            zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copy,
        ):
            parts = _parts(book, source.name, limits)
            room = limits.unpacked
            for part in parts:
                with copy.open(part.filename, "w", force_zip64=True) as out:
                    room -= _copy_part(book, part, out, (source.name, limits, room))
    except _BROKEN as error:
        raise Invalid("import.damaged", file=source.name, part=str(error)[:80]) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # what is left is a place before the file's beginning
            raise
        raise Invalid("import.damaged", file=source.name, part="zip") from error


def _parts(book: zipfile.ZipFile, file: str, limits: Limits) -> list[zipfile.ZipInfo]:
    parts = book.infolist()
    if len(parts) > limits.members:
        raise Invalid("import.too_many_parts", file=file, parts=len(parts), limit=limits.members)
    names = [part.filename for part in parts]
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise Invalid("import.encrypted", file=file)
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Invalid("import.macros", file=file)
    if _BOOK not in names:
        raise Invalid("import.not_a_workbook", file=file)
    for name in names:
        if "\\" in name or name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise Invalid("import.damaged", file=file, part=name)
    if len(set(map(str.lower, names))) < len(names):
        raise Invalid("import.damaged", file=file, part=_BOOK)
    for part in parts:
        _check_ratio(part.file_size, part.compress_size, file, part.filename, limits)
    if sum(part.file_size for part in parts) > limits.unpacked:
        raise Invalid("import.unpacks_too_large", file=file, limit=limits.unpacked)
    return [part for part in parts if part.filename.lower().endswith((".xml", ".rels"))]


def _check_ratio(size: int, packed: int, file: str, part: str, limits: Limits) -> None:
    if size > _SMALL and size > limits.ratio * max(packed, 1):
        raise Invalid("import.zip_bomb", file=file, part=part, limit=limits.ratio)


def _copy_part(
    book: zipfile.ZipFile, part: zipfile.ZipInfo, out: IO[bytes], bounds: tuple[str, Limits, int]
) -> int:
    file, limits, room = bounds
    measure = Measure(file, part.filename, limits)
    size = 0
    with book.open(part) as packed:
        for piece in _pieces(packed, file, part.filename):
            size += len(piece)
            if size > room:
                raise Invalid("import.unpacks_too_large", file=file, limit=limits.unpacked)
            measure.take(piece)
            # The reader drops error cells; as text they stay visible.
            out.write(_ERROR_CELL.sub(rb"\1str", piece))
    _check_ratio(size, part.compress_size, file, part.filename, limits)
    return size


def _pieces(packed: IO[bytes], file: str, part: str) -> Generator[bytes]:
    """The part in pieces that each end before a tag begins, so that no tag is seen in halves."""
    rest = b""
    for chunk in _read(packed):
        if not rest and not _FIRST.match(chunk):
            raise Invalid("import.damaged", file=file, part=part)
        whole = rest + chunk
        cut = whole.rfind(b"<")
        if len(whole) - cut > 2 * _CHUNK or cut < 0:
            raise Invalid("import.part_too_long", file=file, part=part, limit=_CHUNK)
        yield whole[:cut]
        rest = whole[cut:]
    yield rest


def _read(packed: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: packed.read(_CHUNK), b"")


class Measure:
    """How far a sheet reaches, found before anything builds it in memory."""

    def __init__(self, file: str, part: str, limits: Limits) -> None:
        self._file, self._part, self._limits = file, part, limits
        self._rows = self._columns = self._cells = self._unplaced = 0

    def take(self, piece: bytes) -> None:
        if _TRAPS.search(piece):
            raise Invalid("import.doctype", file=self._file, part=self._part)
        found = _PLACES.findall(piece)
        if not found:
            return
        self._cells += len(found)
        for letters in {place[1] for place in found}:
            self._columns = max(self._columns, _column(letters))
        self._rows = max(self._rows, *(int(number[:9] or b"0") for number in {p[2] for p in found}))
        if any(not place[2] for place in found):
            self._count_unplaced(found)
        self._check(found)

    def _count_unplaced(self, found: list[_Place]) -> None:
        """Cells that do not say where they are come one after the other."""
        for tag, _, number in found:
            if tag == b"row":
                self._unplaced = 0
                self._rows += not number
            elif tag == b"c" and not number:
                self._unplaced += 1
                self._columns = max(self._columns, self._unplaced)

    def _check(self, found: list[_Place]) -> None:
        limits = self._limits
        if self._columns > limits.columns:
            row = max(
                (int(p[2] or self._rows) for p in found if _column(p[1]) > limits.columns),
                default=self._rows,
            )
            self._refuse(
                "import.too_many_columns", row=row, columns=self._columns, limit=limits.columns
            )
        if self._rows > limits.rows + 1:
            self._refuse("import.too_many_rows", limit=limits.rows)
        cells = max(self._cells, self._rows * self._columns)
        if cells > limits.cells:
            self._refuse("import.too_many_cells", part=self._part, cells=cells, limit=limits.cells)

    def _refuse(self, code: str, **facts: object) -> NoReturn:
        raise Invalid(code, file=self._file, **facts)


def _column(letters: bytes) -> int:
    at = 0
    for letter in letters[:8].upper():
        at = at * 26 + letter - 64
    return at
