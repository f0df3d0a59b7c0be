"""Persons of industry cards: how they come in, and the rare acts on what is sealed.

They come encrypted and go to rest sealed. Who opens one is on record before anything is opened.
"""

import re
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.settled import is_unsettled
from console.desk import Desk, House, Work
from integrations.keys import KeyUnusable
from integrations.person_files import RecipientKeys, read_person_file
from integrations.vault import Erased, Place, Tampered, Tombstone
from models.audit import AuditEntry
from models.cards.accountable import AccountablePerson
from models.cards.industry import IndustryBatch
from models.cards.persons import (
    OpenedPerson,
    OpeningPurpose,
    PersonFault,
    PersonRow,
    SealedPerson,
)
from models.cards.users import CardUser
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound
from models.staff import HOUSE

SealedRow = AccountablePerson | CardUser
_TABLES: Final[Sequence[type[SealedRow]]] = (AccountablePerson, CardUser)
_REQUEST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Rotated:
    number: int
    """Of the root key in force."""
    keys: int
    """That were wrapped anew."""


def import_key(desk: Desk) -> Mapping[str, str]:
    """What files of persons are encrypted to: a public key, as a JWK."""
    with desk.begin(Permission.INDUSTRY_READ):
        pass  # allowed? Making a key is no work for a transaction.
    return _recipient(desk).public()


def renew_import_key(desk: Desk) -> Mapping[str, str]:
    """Another one from now on; files that were encrypted to those before are still read."""
    desk.must(Permission.KEY_EDIT)
    with _usable():
        made = _recipient_keys(desk.house).renew()
    with desk.begin(Permission.KEY_EDIT) as work:
        _record_key(work, "identity.import_key_made", "RecipientKey", made["kid"])
    return made


def persons_of(desk: Desk, content: bytes) -> Iterator[PersonRow | PersonFault]:
    """The rows of an encrypted file, opened in memory alone."""
    with _usable():
        return read_person_file(content, _recipient(desk), desk.now())


def seal_persons(
    desk: Desk, tenant: UUID, table: type[SealedRow], rows: Sequence[tuple[UUID, PersonRow]]
) -> Sequence[SealedPerson]:
    """Persons sealed for rows whose ids are made already, in their order.

    Not to be called within a transaction: it writes keys, and reads whom the tenant knows.
    """
    identities = desk.house.identities
    with _usable():
        indexes = [identities.index(tenant, one.document_kind, one.document_no) for _, one in rows]
        with desk.house.desk().begin(Permission.INDUSTRY_READ) as work:
            known = _known(work, list(set(indexes)))
        try:
            return identities.seal(tenant, str(table.__tablename__), rows, known)
        except Erased:  # since they were looked up
            raise Conflict("row.done_meanwhile") from None


def hold_persons(desk: Desk, work: Work, tenant: UUID, subjects: Collection[UUID]) -> None:
    """Nobody destroys their keys until the work ends; Conflict where one is gone since it sealed.

    Whoever forgets the last row of a person holds that row: one of the two waits for the other.
    """
    for table in _TABLES:
        rows = select(table.id).where(
            col(table.subject_id).in_(subjects), col(table.document_sealed) != b""
        )
        work.session.exec(rows.with_for_update(read=True)).all()
    with _usable():
        try:
            desk.house.identities.keys.of(tenant, list(subjects))
        except Erased:
            raise Conflict("row.done_meanwhile") from None


def open_person(
    desk: Desk, tenant: UUID, table: type[SealedRow], row_id: UUID, purpose: OpeningPurpose
) -> OpenedPerson:
    """Somebody's values in clear, for the house alone. That they were asked for is kept first."""
    with desk.begin(Permission.SWEEP) as work:
        row = work.get(table, row_id)
    place = Place(tenant, str(table.__tablename__), row.id, row.subject_id)

    def witness() -> None:
        with desk.begin(Permission.SWEEP) as work:
            work.record("identity.opened", row, purpose=purpose.value)

    try:
        with _usable():
            return desk.house.identities.open(place, row, witness)
    except Erased:
        raise Conflict("persons.erased", subject=row.subject_id) from None
    except Tampered:
        with desk.begin(Permission.SWEEP) as work:
            work.record("identity.tampered", row)
        raise Conflict("persons.tampered", row=row.id) from None


def erase_person(desk: Desk, tenant: UUID, subject: UUID, request: str) -> int:
    """Forget somebody for good, in every row; how many there were. NotFound: the carrier has none.

    Their key is destroyed before the rows are committed: to break off between the two leaves what
    nobody can read, and to do it again finishes it. A record in force stays (004-2.3-e), and so do
    those of a batch of which an order, an appeal or a case is open.
    """
    if not _REQUEST.fullmatch(request):
        raise Invalid("persons.bad_request")
    with desk.begin(Permission.SWEEP) as work:
        rows = _rows_of(work, tenant, subject)
        if not rows:
            raise NotFound("row.not_found", table=AccountablePerson.__name__)
        if any(row.is_open for row in rows):
            raise Conflict("persons.in_force", subject=subject)
        if held := _held_by(work, rows):
            raise Conflict("persons.held", subject=subject, number=held)
        for row in rows:
            work.record("identity.erased", row, request=request)
        forget_rows(desk, work, tenant, rows, request)
    return len(rows)


def forget_rows(
    desk: Desk, work: Work, tenant: UUID, rows: Sequence[SealedRow], request: str
) -> int:
    """Forget persons in these rows. Who is in no other row has their key destroyed before this is
    committed; how many.
    """
    for row in rows:
        row.forget()
    work.session.flush()
    gone = {row.subject_id for row in rows}
    for table in _TABLES:
        kept = (
            select(table.subject_id)
            .where(col(table.subject_id).in_(gone), col(table.document_sealed) != b"")
            .with_for_update()  # or two at once would each leave the key to the other
        )
        gone -= set(work.session.exec(kept).all()) if gone else set[UUID]()
    with _usable():
        desk.house.identities.keys.shred(
            *(Tombstone(one, tenant, request, work.at) for one in sorted(gone))
        )
    return len(gone)


def rotate_root(desk: Desk) -> Rotated:
    """A new root key; every person's key is wrapped under it and the old one destroyed.

    Others work on meanwhile. Begun again after a break it goes on where it was.
    """
    desk.must(Permission.KEY_EDIT)
    keys, done = desk.house.identities.keys, 0
    with _usable():
        number = keys.begin_rotation()
        with desk.begin(Permission.KEY_EDIT) as work:
            _record_key(work, "identity.rotation_begun", "RootKey", str(number))
        done += sum(keys.rewrap())
        while not keys.end_rotation():
            done += sum(keys.rewrap())
    with desk.begin(Permission.KEY_EDIT) as work:
        _record_key(work, "identity.rotation_ended", "RootKey", str(number), keys=done)
    return Rotated(number, done)


def _recipient(desk: Desk) -> RecipientKeys:
    """The house's keys for files of persons; who asks for one first has it made, on record."""
    keys = _recipient_keys(desk.house)
    with _usable():
        made = keys.public() if keys.made_first() else None
    if made is not None:
        with desk.as_(HOUSE).begin(Permission.SWEEP) as work:  # to ask for it is to read
            _record_key(
                replace(work, actor=desk.actor), "identity.import_key_made", "RecipientKey",
                made["kid"],
            )  # fmt: skip
    return keys


def _recipient_keys(house: House) -> RecipientKeys:
    return RecipientKeys.of(house.settings.data / "keys", house.settings.key_passphrase)


@contextmanager
def _usable() -> Generator[None]:
    try:
        yield
    except KeyUnusable as error:
        raise Conflict("persons.keys_unusable", problem=str(error)) from None


def _known(work: Work, indexes: Sequence[bytes]) -> Mapping[bytes, UUID]:
    """Whom the indexes belong to. Another tenant's can't be among them: they are made otherwise."""
    found: dict[bytes, UUID] = {}
    for table in _TABLES:
        for at in range(0, len(indexes), _AT_ONCE):
            part = col(table.document_index).in_(indexes[at : at + _AT_ONCE])
            query = select(table.document_index, table.subject_id).where(part)
            found |= dict(work.session.exec(query).all())
    return found


def _rows_of(work: Work, tenant: UUID, subject: UUID) -> Sequence[SealedRow]:
    """All rows of a carrier's person, whom two imports at once may have taken for two."""
    own = select(IndustryBatch.id).where(IndustryBatch.carrier_id == tenant)
    found: dict[UUID, SealedRow] = {}
    for table in _TABLES:
        named = work.select(table).where(col(table.subject_id) == subject)
        rows = work.session.exec(named.where(col(table.batch_id).in_(own))).all()
        found |= {row.id: row for row in rows}
    indexes = {row.document_index for row in found.values()}
    for table in _TABLES:
        same = work.select(table).where(col(table.document_index).in_(indexes))
        found |= {row.id: row for row in work.session.exec(same).all()}
    return list(found.values())


def _held_by(work: Work, rows: Sequence[SealedRow]) -> str | None:
    """The number of a batch of theirs of which something is still open."""
    batches = {row.batch_id for row in rows}
    return work.session.exec(
        select(IndustryBatch.number).where(
            col(IndustryBatch.id).in_(batches), is_unsettled(col(IndustryBatch.id))
        )
    ).first()


def _record_key(work: Work, deed: str, kind: str, name: str, **facts: object) -> None:
    """Keys of the house are files, so the deed has no row to hang on."""
    entry = AuditEntry.of(
        at=work.at,
        actor=work.actor,
        deed=deed,
        kind=kind,
        id=name[:64],
        name=name,
        province=None,
        facts=facts,
    )
    work.add(entry)
