"""JSON by lines: an object a line, read twice, and never more of it in memory than a line."""

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from integrations.sheets.shape import Kind, Limits, Row, Table, columns_of
from models.refusals import Invalid

_SUFFIXES: Final = frozenset({".ndjson", ".jsonl", ".json"})
_MARK: Final = b"\xef\xbb\xbf"
_GLANCE: Final = 256
_DEEPEST: Final = 32
_BYTES_A_CHAR: Final = 4
_SHORT: Final = 80


def looks_like_lines(path: Path) -> bool:
    """By its name, and by how it begins."""
    with path.open("rb") as file:
        head = file.read(_GLANCE).removeprefix(_MARK).lstrip()
    return path.suffix.lower() in _SUFFIXES or head.startswith(b'{"')


@contextmanager
def open_lines(path: Path, limits: Limits) -> Generator[Table]:
    names = _names(path, limits)
    if not names:
        raise Invalid("import.empty", file=path.name)
    columns = columns_of(names, path.name)
    with path.open("rb") as file:
        yield Table(columns, Kind.NDJSON, "utf-8", _rows(file, path.name, names, limits))


def _names(path: Path, limits: Limits) -> list[str]:
    """All names of the file, as they first stand; a line may leave some out."""
    names: dict[str, None] = {}
    count = 0
    with path.open("rb") as file:
        for number, given in _objects(file, path.name, limits):
            names |= dict.fromkeys(given)
            count += 1
            if len(names) > limits.columns:
                raise Invalid("import.too_many_columns", file=path.name, row=number,
                              columns=len(names), limit=limits.columns)  # fmt: skip
            if count > limits.rows:
                raise Invalid("import.too_many_rows", file=path.name, limit=limits.rows)
    return list(names)


def _rows(file: BinaryIO, name: str, names: list[str], limits: Limits) -> Iterator[Row]:
    for number, given in _objects(file, name, limits):
        cells = tuple(given.get(column, "") for column in names)
        if any(cells):
            yield Row(number, cells)


def _objects(file: BinaryIO, name: str, limits: Limits) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line by its number: its values as text, those of inner objects by `outer.inner`."""
    most = limits.row_chars * _BYTES_A_CHAR
    number = 0
    while line := file.readline(most + 1):
        number += 1
        if len(line) > most:
            raise Invalid("import.row_too_long", file=name, row=number, limit=limits.row_chars)
        text = _decoded(line.removeprefix(_MARK) if number == 1 else line, name, number)
        if len(text) > limits.row_chars:
            raise Invalid("import.row_too_long", file=name, row=number, limit=limits.row_chars)
        if text.strip():
            yield number, _flat(_object(text, name, number), name, number, limits)


def _decoded(line: bytes, name: str, number: int) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(
            "import.bad_byte", file=name, encoding="UTF-8", row=number, offset=error.start
        ) from None


def _object(text: str, name: str, number: int) -> dict[str, Any]:
    if _depth(text) > _DEEPEST:
        raise Invalid("import.line_too_deep", file=name, row=number, limit=_DEEPEST)
    try:
        value: object = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=_no_number, object_pairs_hook=_once
        )
    except ValueError as error:
        problem = str(error)[:_SHORT]
        raise Invalid("import.bad_line", file=name, row=number, problem=problem) from None
    if not isinstance(value, dict):
        raise Invalid("import.no_object", file=name, row=number)
    return cast("dict[str, Any]", value)


def _depth(text: str) -> int:
    """How deep brackets stand at most; those in texts count too, which real ones seldom hold."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return 0
    deep = deepest = 0
    for letter in text:
        if letter in "[{":
            deep += 1
            deepest = max(deepest, deep)
        elif letter in "]}":
            deep -= 1
    return deepest


def _no_number(word: str) -> str:
    raise ValueError(f"{word} is no JSON number")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _flat(value: dict[str, Any], name: str, number: int, limits: Limits) -> dict[str, str]:
    cells: dict[str, str] = {}
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        path, inner = waiting.pop()
        members = cast("dict[str, object]", inner) if isinstance(inner, dict) else {}
        if members:
            waiting += [
                (f"{path}.{key}" if path else key, members[key]) for key in reversed(members)
            ]
        elif path in cells:
            raise Invalid("import.bad_line", file=name, row=number, problem=path[:_SHORT])
        else:
            cells[path] = _text(cast("object", inner))
    for cell in cells.values():
        _check(cell, name, number, limits)
    return cells


def _check(cell: str, name: str, number: int, limits: Limits) -> None:
    if len(cell) > limits.field_chars:
        raise Invalid("import.field_too_long", file=name, row=number, limit=limits.field_chars)
    if "\0" in cell:
        raise Invalid("import.nul", file=name, row=number)
    try:
        cell.encode()
    except UnicodeEncodeError:  # half a character, written as an escape
        raise Invalid("import.bad_line", file=name, row=number, problem="surrogate") from None


def _text(value: object) -> str:
    match value:
        case None | {} | []:
            return ""
        case str():
            return value.strip()
        case bool():
            return "TRUE" if value else "FALSE"
        case _:
            return json.dumps(value, ensure_ascii=False)
