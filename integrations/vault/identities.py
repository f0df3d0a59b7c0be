"""Identities at rest: each cell under its person's key, bound to the place where it lies.

    version(1) algorithm(1) nonce(12) ciphertext tag(16)

AES-256-GCM; what is authenticated beside it is tenant, table, column, row and person, so a cell
that was moved opens nowhere. A blind index finds a number again and tells nothing without its key.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from integrations.vault.roots import keyed
from integrations.vault.small import Tampered
from integrations.vault.subjects import SubjectKeys
from models.base import new_id
from models.cards.persons import (
    INDEX_BYTES,
    DocumentKind,
    OpenedPerson,
    PersonRow,
    SealedIdentity,
    SealedPerson,
    document_mask,
    indexed_document,
)
from models.formats.masking import contact_mask

_NONCE: Final = 12
_HEAD: Final = bytes([1, 1])
"""Version 1 of the form, algorithm 1: AES-256-GCM. SM4-GCM will be 2."""


@dataclass(frozen=True, slots=True)
class Place:
    """The row that a cell belongs to."""

    tenant: UUID
    table: str
    row: UUID
    subject: UUID

    def bound(self, column: str) -> bytes:
        return f"v1|{self.tenant}|{self.table}|{column}|{self.row}|{self.subject}".encode()


class Identities:
    """What one house knows of persons, and how."""

    def __init__(self, data: Path) -> None:
        self.keys = SubjectKeys(data)

    def index(self, tenant: UUID, kind: DocumentKind, number: str) -> bytes:
        """The blind index of a number as `canonical_document` gives it."""
        return self._indexed(self.keys.index_key(tenant), kind, number)

    def seal(
        self,
        tenant: UUID,
        table: str,
        rows: Sequence[tuple[UUID, PersonRow]],
        known: Mapping[bytes, UUID] | None = None,
    ) -> Sequence[SealedPerson]:
        """Persons for rows whose ids are made already, in the rows' order.

        One person has one key however many rows they have here; `known` says, by blind index, whom
        the tenant knows from before.
        """
        index_key = self.keys.index_key(tenant)
        indexes = [self._indexed(index_key, one.document_kind, one.document_no) for _, one in rows]
        before = {index: known[index] for index in indexes if index in known} if known else {}
        fresh = {index: new_id() for index in indexes if index not in before}
        keys = {
            **(self.keys.of(tenant, list(before.values())) if before else {}),
            **(self.keys.make(tenant, list(fresh.values())) if fresh else {}),
        }
        subjects = {**before, **fresh}
        return [
            _sealed(Place(tenant, table, row, subjects[index]), keys[subjects[index]], one, index)
            for (row, one), index in zip(rows, indexes, strict=True)
        ]

    def open(
        self, place: Place, sealed: SealedIdentity | SealedPerson, witness: Callable[[], None]
    ) -> OpenedPerson:
        """The values in clear, when the witness has put on record who asks and what for.

        Erased when the person was erased, Tampered when a cell is not what was put there.
        """
        witness()
        key = self.keys.of(place.tenant, [place.subject])[place.subject]
        return OpenedPerson(
            name=open_cell(key, sealed.name_sealed, place, "name"),
            document_no=open_cell(key, sealed.document_sealed, place, "document"),
            phone=open_cell(key, sealed.phone_sealed, place, "phone"),
        )

    @staticmethod
    def _indexed(key: bytes, kind: DocumentKind, number: str) -> bytes:
        return keyed(key, indexed_document(kind, number))[:INDEX_BYTES]


def seal_cell(key: bytes, value: str, place: Place, column: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return _HEAD + nonce + AESGCM(key).encrypt(nonce, value.encode(), place.bound(column))


def open_cell(key: bytes, sealed: bytes, place: Place, column: str) -> str:
    head, body = sealed[: len(_HEAD)], sealed[len(_HEAD) :]
    where = f"{place.table}.{column} of {place.row}"
    if head != _HEAD or len(body) < _NONCE:
        raise Tampered(where)
    try:
        return AESGCM(key).decrypt(body[:_NONCE], body[_NONCE:], place.bound(column)).decode()
    except InvalidTag:
        raise Tampered(where) from None


def _sealed(place: Place, key: bytes, person: PersonRow, index: bytes) -> SealedPerson:
    return SealedPerson(
        subject_id=place.subject,
        name_sealed=seal_cell(key, person.name, place, "name"),
        name_mask=contact_mask(person.name),
        document_kind=person.document_kind,
        document_sealed=seal_cell(key, person.document_no, place, "document"),
        document_mask=document_mask(person.document_no),
        document_index=index,
        phone_sealed=seal_cell(key, person.phone, place, "phone"),
        phone_mask=contact_mask(person.phone),
        verified_how=person.verified_how,
        verified_at=person.verified_at,
        compare_ref=person.compare_ref,
    )
