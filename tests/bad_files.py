"""Makes the files that a careless or a hostile person hands in. Small on disk where it can be."""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET = "xl/worksheets/sheet1.xml"
_STRINGS = "xl/sharedStrings.xml"
HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c></row>'


def sheet(rows: str) -> str:
    return (
        f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    )


def _frame() -> dict[str, str]:
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    return {
        "[Content_Types].xml": f'<Types xmlns="{types}"/>',
        "_rels/.rels": f'<Relationships xmlns="{_RELS}"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELS}"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
        f'Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    }


def workbook(path: Path, rows: str, parts: Mapping[str, str | bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in {**_frame(), _SHEET: sheet(rows), **(parts or {})}.items():
            book.writestr(name, text)
    return path


def far_cell(path: Path) -> None:
    workbook(path, HEADER + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def far_cell_low_column(path: Path) -> None:
    workbook(path, HEADER + '<row r="1048576"><c r="GR1048576"><v>1</v></c></row>')


def cells_without_place(path: Path) -> None:
    workbook(
        path,
        HEADER + "<row>" + "".join(f"<c><v>{n * 7919}</v></c>" for n in range(100_000)) + "</row>",
    )


def row_bomb(path: Path) -> None:
    workbook(path, HEADER + "".join(f'<row r="{at}"/>' for at in range(2, 2_000_000)))


def strings_bomb(path: Path) -> None:
    strings = f'<sst xmlns="{_MAIN}">' + "<si><t>x</t></si>" * 4_000_000 + "</sst>"
    workbook(path, HEADER, {_STRINGS: strings})


def strings_multiplied(path: Path) -> None:
    """One string of a megabyte, used by 40,000 cells."""
    strings = f'<sst xmlns="{_MAIN}"><si><t>' + "x" * 1_000_000 + "</t></si></sst>"
    cells = (f'<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>' for at in range(2, 40_002))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        parts = {**_frame(), _SHEET: sheet(HEADER + "".join(cells))}
        for name, text in parts.items():
            book.writestr(name, text)
        book.writestr(_STRINGS, strings, zipfile.ZIP_STORED)


def many_parts(path: Path) -> None:
    workbook(path, HEADER, {f"xl/media/{at}.txt": "" for at in range(1000)})


def external_dtd(path: Path) -> None:
    doctype = '<!DOCTYPE worksheet SYSTEM "http://127.0.0.1/canary.dtd">'
    text = sheet(HEADER).replace("?>", "?>" + doctype, 1)
    workbook(path, "", {_SHEET: text})


def entities(path: Path) -> None:
    text = sheet(HEADER).replace("?>", '?><!DOCTYPE a [<!ENTITY b "bb">]>', 1)
    workbook(path, "", {_SHEET: text})


def wide_characters(path: Path) -> None:
    workbook(path, "", {_SHEET: sheet(HEADER).encode("utf-16")})


def macros(path: Path) -> None:
    workbook(path, HEADER, {"xl/vbaProject.bin": "Sub Auto_Open()"})


def way_out(path: Path) -> None:
    workbook(path, HEADER, {"../../canary.xml": "<a/>"})


def other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("word/document.xml", "<a/>")


def cut_short(path: Path) -> None:
    workbook(path, HEADER + '<row r="2"><c r="A2"><v>7</v></c></row>' * 1000)
    path.write_bytes(path.read_bytes()[:600])


def not_zip(path: Path) -> None:
    path.write_text("name,city\nA,B\n")


def old_excel(path: Path) -> None:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))


def locked(path: Path) -> None:
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")
    )


WORKBOOKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "far_cell": (far_cell, "import.too_many_columns"),
    "far_cell_low_column": (far_cell_low_column, "import.too_many_cells"),
    "cells_without_place": (cells_without_place, "import.too_many_columns"),
    "row_bomb": (row_bomb, "import.too_many_rows"),
    "strings_bomb": (strings_bomb, "import.zip_bomb"),
    "strings_multiplied": (strings_multiplied, "import.too_heavy"),
    "many_parts": (many_parts, "import.too_many_parts"),
    "external_dtd": (external_dtd, "import.doctype"),
    "entities": (entities, "import.doctype"),
    "wide_characters": (wide_characters, "import.damaged"),
    "macros": (macros, "import.macros"),
    "way_out": (way_out, "import.damaged"),
    "other_zip": (other_zip, "import.not_a_workbook"),
    "cut_short": (cut_short, "import.damaged"),
    "not_zip": (not_zip, "import.not_a_workbook"),
    "old_excel": (old_excel, "import.old_excel"),
    "locked": (locked, "import.encrypted"),
}


def _heavy() -> Iterator[tuple[str, bytes, str, int]]:
    """Name, bytes, the code that refuses them, the row that is named."""
    good = b"name,city\nA,B\n"
    yield "commas", b"name,city\n" + b"," * 20_000_000, "import.row_too_long", 2
    yield "long_line", good + b"x" * 64_000_000, "import.row_too_long", 3
    yield "many_columns", good + b"," * 100_000, "import.too_many_columns", 3
    yield "long_field", good + b"x" * 70_000 + b",B\n", "import.field_too_long", 3
    yield "very_long_field", good + b"x" * 200_000 + b",B\n", "import.field_too_long", 3
    yield "nul", good + b"A\0,B\n", "import.nul", 3
    yield "quote_swallows", good + b'"A,B\n' + b"A,B\n" * 1_000_000, "import.quote", 3
    yield "quote_to_the_end", good + b'"A,B\nA,B\n', "import.quote", 3
    yield "quote_inside", good + b'"5"screen,B\n', "import.quote", 3


HEAVY = list(_heavy())
