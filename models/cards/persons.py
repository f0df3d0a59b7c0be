"""Persons as the tables of cards keep them: sealed, with masks to show (004-2.3-e, DESIGN 3.9).

A person comes from a reader or from a file that was encrypted for this house, and is never typed
(004-2.1-c). Nothing here puts a value of theirs into a `repr`, a fault or an exception.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from models.base import UtcDateTime, words
from models.formats import Fault, check_resident_id, compact

INDEX_BYTES: Final = 16
_FIRST_GENERATION: Final = re.compile("[0-9]{15}")


class DocumentKind(StrEnum):
    """What somebody shows to say who they are (real-name rules, art. 6)."""

    RESIDENT = "resident"
    HMT_PERMIT = "hmt_permit"  # residence permit for people of Hong Kong, Macao, Taiwan
    FOREIGN_PERMANENT = "foreign_permanent"
    TRAVEL_PERMIT = "travel_permit"  # of people of Hong Kong, Macao, Taiwan, to the mainland
    PASSPORT = "passport"
    MILITARY = "military"


class CaptureMethod(StrEnum):
    """How an identity was checked (004-2.1-b). By hand is none of them (004-2.1-c)."""

    ID_READER = "id_reader"
    ONLINE_COMPARE = "online_compare"
    VIDEO_LIVE = "video_live"


class PersonRole(StrEnum):
    ACCOUNTABLE_PERSON = "accountable_person"
    CARD_USER = "card_user"


class OpeningPurpose(StrEnum):
    """What sealed values are opened for; it goes on record before they are."""

    MATCHING = "matching"


class PersonReason(StrEnum):
    """What is wrong with a field of somebody's row."""

    MISSING = "missing"
    FORMAT = "format"
    CHECKSUM = "checksum"
    DATE = "date"
    FUTURE = "future"
    TOO_LONG = "too_long"
    UNKNOWN_WORD = "unknown_word"
    OTHER_KIND = "other_kind"  # the number is of another kind of document
    FIRST_GENERATION = "first_generation"  # fifteen digits: such cards are void since 2013
    MANUAL_ENTRY = "manual_entry"  # 004-2.1-c
    NOT_OF_ROLE = "not_of_role"
    IDENTITY_INSIDE = "identity_inside"  # an identity number in a field that is kept in clear
    NO_ROW = "no_row"  # a line that is no record at all


class SealedIdentity(SQLModel):
    """The columns of a row that is about one person. Loading it opens nothing."""

    subject_id: UUID = Field(index=True)
    """Whose key it is sealed with."""
    name_sealed: bytes = Field(sa_type=LargeBinary, repr=False)
    name_mask: str = Field(max_length=64)
    document_kind: DocumentKind = Field(sa_type=words(DocumentKind))
    document_sealed: bytes = Field(sa_type=LargeBinary, repr=False)
    document_mask: str = Field(max_length=64)
    document_index: bytes = Field(sa_type=LargeBinary, index=True, repr=False)
    """The blind index of the number: the same for the same number within a tenant."""
    phone_sealed: bytes = Field(sa_type=LargeBinary, repr=False)
    phone_mask: str = Field(max_length=64)
    verified_how: CaptureMethod = Field(sa_type=words(CaptureMethod))
    verified_at: datetime = Field(sa_type=UtcDateTime)
    compare_ref: str = Field(default="", max_length=64)

    def forget(self) -> None:
        """Nothing of the person is left but that there was one. The number is not found again."""
        self.name_sealed = self.document_sealed = self.phone_sealed = b""
        self.name_mask = self.document_mask = self.phone_mask = self.compare_ref = ""
        self.document_index = os.urandom(INDEX_BYTES)

    @property
    def is_forgotten(self) -> bool:
        return not self.document_sealed


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person of a batch of industry cards, checked. Who prints it sees no value of theirs."""

    row: int
    """Where it stands in its file, counted as people count: the header is row 1."""
    batch: str
    role: PersonRole
    iccid: str
    name: str = field(repr=False)
    document_kind: DocumentKind
    document_no: str = field(repr=False)
    """As `canonical_document` gives it."""
    phone: str = field(repr=False)
    position: str = field(repr=False)
    verified_at: datetime
    verified_how: CaptureMethod
    compare_ref: str
    site: str = field(repr=False)
    chassis: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonFault:
    """A row that can't be taken: its number and its first wrong field, never the value."""

    row: int
    field: str
    reason: PersonReason


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """What `SealedIdentity` has columns for."""

    subject_id: UUID
    name_sealed: bytes = field(repr=False)
    name_mask: str
    document_kind: DocumentKind
    document_sealed: bytes = field(repr=False)
    document_mask: str
    document_index: bytes = field(repr=False)
    phone_sealed: bytes = field(repr=False)
    phone_mask: str
    verified_how: CaptureMethod
    verified_at: datetime
    compare_ref: str

    @property
    def columns(self) -> Mapping[str, Any]:
        """By name, for `AccountablePerson(**sealed.columns, …)`."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class OpenedPerson:
    """Somebody's values in clear. Nobody stores or prints it."""

    name: str = field(repr=False)
    document_no: str = field(repr=False)
    phone: str = field(repr=False)


_BY_NUMBER: Final = frozenset(
    {DocumentKind.RESIDENT, DocumentKind.HMT_PERMIT, DocumentKind.FOREIGN_PERMANENT}
)
"""Kinds whose numbers are those of GB 11643, and say which kind they are."""
_OTHER_NUMBERS: Final[Mapping[DocumentKind, re.Pattern[str]]] = {
    DocumentKind.TRAVEL_PERMIT: re.compile("[HM]?[0-9]{8}(?:[0-9]{2})?"),
    DocumentKind.PASSPORT: re.compile("(?=.*[0-9])[A-Z0-9]{5,17}"),
    DocumentKind.MILITARY: re.compile("(?=.*[0-9])[0-9A-Z\u4e00-\u9fff]{4,20}"),
}
_OF_FAULT: Final = {
    Fault.FORMAT: PersonReason.FORMAT,
    Fault.CHECKSUM: PersonReason.CHECKSUM,
    Fault.DATE: PersonReason.DATE,
    Fault.FUTURE: PersonReason.FUTURE,
}


def canonical_document(kind: DocumentKind, text: str, on: date) -> str | PersonReason:
    """The one spelling of a document's number, whatever blanks, marks and widths it came with."""
    number = compact(text)
    if _FIRST_GENERATION.fullmatch(number):
        return PersonReason.FIRST_GENERATION
    if kind not in _BY_NUMBER:
        return number if _OTHER_NUMBERS[kind].fullmatch(number) else PersonReason.FORMAT
    found = check_resident_id(number, on)
    if isinstance(found, Fault):
        return _OF_FAULT[found]
    return number if found.kind.value == kind.value else PersonReason.OTHER_KIND


def indexed_document(kind: DocumentKind, number: str) -> str:
    """What a blind index is made of. Only the numbers of GB 11643 tell their own kind."""
    return number if kind in _BY_NUMBER else f"{kind} {number}"


def document_mask(number: str) -> str:
    """`110***********002X`: where it was given out, and its end; of others less."""
    if len(number) == 18:  # noqa: PLR2004 - GB 11643
        return f"{number[:3]}{'*' * 11}{number[14:]}"
    if len(number) < 8:  # noqa: PLR2004 - of so few each one tells
        return f"{'*' * (len(number) - 1)}{number[-1:]}"
    return f"{number[:1]}{'*' * (len(number) - 3)}{number[-2:]}"
