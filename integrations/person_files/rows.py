"""Rows of a file of persons: CSV or JSON by lines, in UTF-8, each checked field by field.

A fault names row and field. Of what stands there nothing is told, nor are columns that we don't
know called by name: a file without a header has persons in its first row.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import count, islice
from typing import Any, Final, TypeVar, cast

from models.cards.persons import (
    CaptureMethod,
    DocumentKind,
    PersonFault,
    PersonReason,
    PersonRole,
    PersonRow,
    canonical_document,
)
from models.formats import Fault, check_iccid, check_phone, check_resident_id, compact
from models.formats.masking import plain_text, without_identities
from models.refusals import Invalid
from models.rules import china_day

COLUMNS: Final = (
    "batch", "role", "iccid", "name", "document_kind", "document_no", "phone", "position",
    "verified_at", "verified_how", "compare_ref", "site", "chassis",
)  # fmt: skip
_NEEDED: Final = (
    "batch", "role", "name", "document_kind", "document_no", "phone", "verified_at",
    "verified_how",
)  # fmt: skip
_BY_HAND: Final = frozenset({"manual", "manual_entry"})
_MARKS_OF_NAMES: Final = frozenset(" .-'·•‧・．")
_LONGEST_NAME: Final = 64
_LONGEST_CODE: Final = 64
_LONGEST_CHASSIS: Final = 32
_LONGEST_POSITION: Final = 100
_LONGEST_SITE: Final = 300
_ROW: Final = "row"
"""Stands for the field where the whole row is at fault."""
_Word = TypeVar("_Word", bound=StrEnum)
_Cells = Mapping[str, str]


MOST_ROWS: Final = 200_000
MOST_FAULTS: Final = 1_000
"""A file with more of them is not what it is taken for."""


class _Wrong(Exception):
    """It carries no value, so that nobody can print one."""

    def __init__(self, field: str, reason: PersonReason) -> None:
        super().__init__(field, reason)
        self.field = field
        self.reason = reason


def rows_of(plain: bytes, at: datetime) -> Iterator[PersonRow | PersonFault]:
    """Every row, or its first fault. Columns are looked at before the first is asked for."""
    text = _decoded(plain)
    if text is None:
        raise Invalid("persons.not_utf8")
    lines = _objects(text) if text.lstrip().startswith("{") else _records(text)
    return _checked(lines, at)


def _decoded(plain: bytes) -> str | None:
    try:
        return plain.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _checked(
    lines: Iterator[tuple[int, _Cells | None]], at: datetime
) -> Iterator[PersonRow | PersonFault]:
    faults = 0
    for number, cells in lines:
        if number > MOST_ROWS:
            raise Invalid("persons.too_many_rows", most=MOST_ROWS)
        try:
            yield _Checking(number, cells, at).person()
        except _Wrong as wrong:
            faults += 1
            if faults > MOST_FAULTS:
                raise Invalid("persons.too_many_faults", most=MOST_FAULTS) from None
            yield PersonFault(number, wrong.field, wrong.reason)


def _records(text: str) -> Iterator[tuple[int, _Cells | None]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    names = [name.strip().lower() for _, header in islice(_whole(reader, 1), 1) for name in header]
    if not any(names):
        raise Invalid("persons.empty")
    if strange := [at for at, name in enumerate(names, 1) if name not in COLUMNS]:
        raise Invalid("persons.unknown_columns", places=strange, known=COLUMNS)
    if len(set(names)) < len(names):
        raise Invalid("persons.double_column")
    if missing := [name for name in _NEEDED if name not in names]:
        raise Invalid("persons.missing_columns", columns=missing)
    return _cells(reader, names)


def _cells(reader: Iterator[list[str]], names: list[str]) -> Iterator[tuple[int, _Cells | None]]:
    for number, record in _whole(reader, 2):
        if any(map(str.strip, record)):
            is_whole = len(record) == len(names)
            yield number, dict(zip(names, record, strict=True)) if is_whole else None


def _whole(reader: Iterator[list[str]], first: int) -> Iterator[tuple[int, list[str]]]:
    """Records with their numbers; Invalid where quotes leave no telling what is one."""
    for number in count(first):
        try:
            record = next(reader, None)
        except csv.Error:
            raise Invalid("persons.broken_row", row=number) from None
        if record is None:
            return
        yield number, record


def _objects(text: str) -> Iterator[tuple[int, _Cells | None]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            found = _object(line)
            if found is not None and not found.keys() <= set(COLUMNS):
                raise Invalid("persons.unknown_names", row=number, known=COLUMNS)
            yield number, found


def _object(line: str) -> _Cells | None:
    """None for what is no object of texts, or says something twice."""
    try:
        found = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    told = cast("dict[str, Any]", found)
    is_plain = all(isinstance(one, str | None) for one in told.values())
    return {name: value or "" for name, value in told.items()} if is_plain else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


@dataclass(frozen=True, slots=True)
class _Checking:
    """One row under check."""

    number: int
    cells: _Cells | None
    at: datetime

    def person(self) -> PersonRow:
        if self.cells is None:
            raise _Wrong(_ROW, PersonReason.NO_ROW)
        role = self._word("role", PersonRole)
        kind = self._word("document_kind", DocumentKind)
        person = PersonRow(
            row=self.number,
            batch=self._code("batch", _LONGEST_CODE),
            role=role,
            iccid=self._iccid(role),
            name=self._name(),
            document_kind=kind,
            document_no=self._document(kind),
            phone=self._phone(),
            position=self._words("position", _LONGEST_POSITION),
            verified_at=self._moment("verified_at"),
            verified_how=self._how(),
            compare_ref=self._code("compare_ref", _LONGEST_CODE),
            site=self._words("site", _LONGEST_SITE),
            chassis=self._code("chassis", _LONGEST_CHASSIS),
        )
        _must_fit_its_role(person)
        _must_hide(person)
        return person

    @property
    def _on(self) -> date:
        return china_day(self.at)

    def _text(self, field: str) -> str:
        text = " ".join(plain_text((self.cells or {}).get(field, "")).split())
        if not text and field in _NEEDED:
            raise _Wrong(field, PersonReason.MISSING)
        return text

    def _word(self, field: str, kind: type[_Word]) -> _Word:
        text = self._text(field).lower()
        if text not in set(kind):
            raise _Wrong(field, PersonReason.UNKNOWN_WORD)
        return kind(text)

    def _how(self) -> CaptureMethod:
        if self._text("verified_how").lower() in _BY_HAND:
            raise _Wrong("verified_how", PersonReason.MANUAL_ENTRY)
        return self._word("verified_how", CaptureMethod)

    def _iccid(self, role: PersonRole) -> str:
        text = self._text("iccid")
        if not text and role is PersonRole.CARD_USER:
            raise _Wrong("iccid", PersonReason.MISSING)
        found = check_iccid(text) if text else None
        if isinstance(found, Fault):
            raise _Wrong("iccid", PersonReason.FORMAT)
        return found.text if found else ""

    def _name(self) -> str:
        text = self._text("name")
        if len(text) > _LONGEST_NAME:
            raise _Wrong("name", PersonReason.TOO_LONG)
        if not all(one.isalpha() or one in _MARKS_OF_NAMES for one in text):
            raise _Wrong("name", PersonReason.FORMAT)
        return text

    def _document(self, kind: DocumentKind) -> str:
        found = canonical_document(kind, self._text("document_no"), self._on)
        if isinstance(found, PersonReason):
            raise _Wrong("document_no", found)
        return found

    def _phone(self) -> str:
        found = check_phone(self._text("phone"), self._on)
        if isinstance(found, Fault):
            raise _Wrong("phone", PersonReason.FORMAT)
        return found.number

    def _moment(self, field: str) -> datetime:
        text = self._text(field)
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise _Wrong(field, PersonReason.FORMAT)
        if found > self.at:
            raise _Wrong(field, PersonReason.FUTURE)
        return found

    def _code(self, field: str, longest: int) -> str:
        """A number of somebody's system: digits alone make it no identity number."""
        text = self._text(field)
        if len(text) > longest:
            raise _Wrong(field, PersonReason.TOO_LONG)
        if not isinstance(check_resident_id(compact(text), self._on), Fault):
            raise _Wrong(field, PersonReason.IDENTITY_INSIDE)
        return text

    def _words(self, field: str, longest: int) -> str:
        text = self._text(field)
        if len(text) > longest:
            raise _Wrong(field, PersonReason.TOO_LONG)
        if without_identities(text, self._on)[1]:
            raise _Wrong(field, PersonReason.IDENTITY_INSIDE)
        return text


def _must_fit_its_role(person: PersonRow) -> None:
    """What the tables of the role keep; nothing that was sent is dropped in silence."""
    is_user = person.role is PersonRole.CARD_USER
    for field in ("position",) if is_user else ("iccid", "site", "chassis"):
        if getattr(person, field):
            raise _Wrong(field, PersonReason.NOT_OF_ROLE)
    if person.verified_how is CaptureMethod.ONLINE_COMPARE and not person.compare_ref:
        raise _Wrong("compare_ref", PersonReason.MISSING)


def _must_hide(person: PersonRow) -> None:
    """A number of the person's own has no place in a field that is kept in clear."""
    for field in ("batch", "position", "compare_ref", "site", "chassis"):
        text = compact(getattr(person, field))
        if person.document_no in text or person.phone in text:
            raise _Wrong(field, PersonReason.IDENTITY_INSIDE)
