"""Secrets and persons at rest: who opens what, and what is left when somebody is forgotten."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from integrations.keys import KeyDamaged, KeyFileOpen, KeyUnusable
from integrations.sqlite import PRAGMAS, sqlite_module
from integrations.vault import (
    Erased,
    Identities,
    KeyMissing,
    LedgerShort,
    Place,
    StoreRead,
    SubjectKeys,
    Tampered,
    Tombstone,
    Vault,
)
from integrations.vault import store as vault_store
from integrations.vault.identities import open_cell, seal_cell
from integrations.vault.store import KeyStore
from models.base import new_id
from models.cards.persons import DocumentKind, SealedPerson, canonical_document
from tests.persons import ending_in_x, person, resident

TENANT, OTHER = uuid4(), uuid4()
TABLE = "accountable_persons"
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)


def witnessed() -> None:
    """Somebody has put the opening on record."""


def sealed_one(data: Path, serial: int = 1) -> tuple[Place, SealedPerson]:
    row = new_id()
    [sealed] = Identities(data).seal(TENANT, TABLE, [(row, person(serial))])
    return Place(TENANT, TABLE, row, sealed.subject_id), sealed


def number_in(data: Path, place: Place, sealed: SealedPerson) -> str:
    return Identities(data).open(place, sealed, witnessed).document_no


def used(data: Path, place: Place, sealed: SealedPerson) -> None:
    """Both roots are: one to open, the other to find again."""
    number_in(data, place, sealed)
    sealed_one(data, 2)


def forget(data: Path, subject: UUID) -> None:
    SubjectKeys(data).shred(Tombstone(subject, TENANT, "SQ-7", NOW))


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_small_secret_opens_under_its_own_context_only(tmp_path: Path) -> None:
    sealed = Vault(tmp_path / "keys").seal(b"secret", "totp:1")
    assert Vault(tmp_path / "keys").open(sealed, "totp:1") == b"secret"
    with pytest.raises(Tampered):
        Vault(tmp_path / "keys").open(sealed, "totp:2")


def test_what_is_sealed_is_opened_again_and_is_nowhere_in_clear(tmp_path: Path) -> None:
    place, sealed = sealed_one(tmp_path)
    opened = Identities(tmp_path).open(place, sealed, witnessed)
    assert (opened.name, opened.document_no, opened.phone) == (
        "欧阳试验", resident(), "13800130001",
    )  # fmt: skip
    kept = everything_in(tmp_path) + sealed.name_sealed + sealed.document_sealed
    assert not any(one.encode() in kept for one in ("欧阳试验", resident(), "13800130001"))


def test_masks_tell_two_persons_apart_and_no_more(tmp_path: Path) -> None:
    row = person(document_no=ending_in_x())
    [sealed] = Identities(tmp_path).seal(TENANT, TABLE, [(new_id(), row)])
    assert sealed.document_mask == f"110{'*' * 11}{ending_in_x()[-4:]}"
    assert (sealed.name_mask, sealed.phone_mask) == ("欧**", "138****0001")


@pytest.mark.parametrize(
    "elsewhere",
    [{"tenant": OTHER}, {"table": "card_users"}, {"row": uuid4()}, {"subject": uuid4()}],
    ids=lambda change: next(iter(change)),
)
def test_a_cell_that_was_moved_does_not_open(elsewhere: dict[str, object]) -> None:
    key, place = bytes(32), Place(TENANT, TABLE, uuid4(), uuid4())
    cell = seal_cell(key, "value", place, "name")
    assert open_cell(key, cell, place, "name") == "value"
    with pytest.raises(Tampered):
        open_cell(key, cell, replace(place, **elsewhere), "name")
    with pytest.raises(Tampered):
        open_cell(key, cell, place, "phone")


def test_no_bit_of_a_cell_can_be_changed_and_none_left_out() -> None:
    key, place = bytes(32), Place(TENANT, TABLE, uuid4(), uuid4())
    cell = seal_cell(key, "value", place, "name")
    flipped = [
        cell[:at] + bytes([cell[at] ^ 1 << bit]) + cell[at + 1 :]
        for at in range(len(cell))
        for bit in (0, 7)
    ]
    for changed in [*flipped, *(cell[:length] for length in range(len(cell)))]:
        with pytest.raises(Tampered):
            open_cell(key, changed, place, "name")


def test_the_same_value_never_looks_the_same() -> None:
    key, place = bytes(32), Place(TENANT, TABLE, uuid4(), uuid4())
    assert len({seal_cell(key, "value", place, "name") for _ in range(2_000)}) == 2_000


def test_a_number_is_found_by_every_way_to_write_it(tmp_path: Path) -> None:
    number, found = ending_in_x(), set[bytes]()
    spaced = f"{number[:6]} {number[6:14]}\u200b{number[14:]}"
    wide = "".join(chr(ord(one) + 0xFEE0) for one in number)
    for written in (number, number.lower(), f" {number}\t", spaced, wide):
        canonical = canonical_document(DocumentKind.RESIDENT, written, NOW.date())
        assert canonical == number
        found.add(Identities(tmp_path).index(TENANT, DocumentKind.RESIDENT, canonical))
    [index] = found
    assert len(index) == 16
    assert index != Identities(tmp_path).index(OTHER, DocumentKind.RESIDENT, number)


def test_the_same_number_of_two_kinds_of_documents_is_two_persons(tmp_path: Path) -> None:
    kinds = (DocumentKind.PASSPORT, DocumentKind.MILITARY)
    assert len({Identities(tmp_path).index(TENANT, kind, "E1234567") for kind in kinds}) == 2


def test_one_person_has_one_key_in_a_file_and_afterwards(tmp_path: Path) -> None:
    vault = Identities(tmp_path)
    rows = [(new_id(), person(serial)) for serial in (1, 2, 1)]
    first, second, again = vault.seal(TENANT, TABLE, rows)
    assert first.subject_id == again.subject_id != second.subject_id
    known = {first.document_index: first.subject_id}
    [later] = vault.seal(TENANT, "card_users", [(new_id(), person(1))], known)
    assert later.subject_id == first.subject_id


def test_nothing_is_opened_that_is_not_on_record_before(tmp_path: Path) -> None:
    place, sealed = sealed_one(tmp_path)

    def refuses() -> None:
        raise OSError

    shutil.rmtree(tmp_path / "keys")  # whoever touched a key before the record would find none
    with pytest.raises(OSError, match=r"^$"):
        Identities(tmp_path).open(place, sealed, refuses)


def test_another_tenant_has_no_key_of_the_person(tmp_path: Path) -> None:
    place, sealed = sealed_one(tmp_path)
    with pytest.raises(KeyMissing):
        Identities(tmp_path).open(replace(place, tenant=OTHER), sealed, witnessed)


def test_what_others_see_printed_shows_no_person(tmp_path: Path) -> None:
    place, sealed = sealed_one(tmp_path)
    opened = Identities(tmp_path).open(place, sealed, witnessed)
    shown = f"{person()!r} {person()} {sealed!r} {opened!r} {[opened]}"
    assert not any(one in shown for one in ("欧阳试验", resident(), "13800130001", "车队主管"))


@pytest.mark.parametrize("name", ["identity-1.key", "identity-index.key", "subjects.db"])
def test_keys_that_others_may_read_open_nothing(tmp_path: Path, name: str) -> None:
    place, sealed = sealed_one(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    (tmp_path / "keys" / name).chmod(0o604)
    with pytest.raises(KeyFileOpen, match="chmod 600"):
        used(tmp_path, place, sealed)


def lost(path: Path) -> None:
    path.unlink()


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:31])


def exchanged(path: Path) -> None:
    path.write_bytes(bytes(32))


@pytest.mark.parametrize("harm", [lost, shortened, exchanged])
@pytest.mark.parametrize("name", ["identity-1.key", "identity-index.key"])
def test_a_root_key_that_is_not_the_stores_is_no_reason_for_another(
    tmp_path: Path, name: str, harm: Callable[[Path], None]
) -> None:
    place, sealed = sealed_one(tmp_path)
    harm(tmp_path / "keys" / name)
    with pytest.raises(KeyDamaged):
        used(tmp_path, place, sealed)


def test_a_spoilt_store_says_so(tmp_path: Path) -> None:
    place, sealed = sealed_one(tmp_path)
    (tmp_path / "keys/subjects.db").write_bytes(b"no database" * 1000)
    with pytest.raises(KeyDamaged, match=r"subjects\.db"):
        number_in(tmp_path, place, sealed)


def test_who_comes_first_makes_the_store_for_all(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(partial(sealed_one, tmp_path), range(1, 17)))
    for serial, (place, sealed) in enumerate(made, 1):
        assert number_in(tmp_path, place, sealed) == resident(serial)


def test_a_rotation_leaves_everybody_readable_and_the_old_root_key_gone(tmp_path: Path) -> None:
    made = [sealed_one(tmp_path, serial) for serial in range(1, 8)]
    old = (tmp_path / "keys/identity-1.key").read_bytes()
    keys = SubjectKeys(tmp_path)
    assert keys.begin_rotation() == 2
    assert list(keys.rewrap(batch=3)) == [3, 3, 1]
    assert keys.end_rotation()
    assert old not in everything_in(tmp_path)
    assert not (tmp_path / "keys/identity-1.key").exists()
    for serial, (place, sealed) in enumerate(made, 1):
        assert number_in(tmp_path, place, sealed) == resident(serial)


def test_a_rotation_that_broke_off_goes_on_where_it_was(tmp_path: Path) -> None:
    made = [sealed_one(tmp_path, serial) for serial in range(1, 8)]
    number = SubjectKeys(tmp_path).begin_rotation()
    assert next(SubjectKeys(tmp_path).rewrap(batch=3)) == 3
    assert not SubjectKeys(tmp_path).end_rotation()
    assert all(number_in(tmp_path, *one) == resident(at) for at, one in enumerate(made, 1))
    assert SubjectKeys(tmp_path).begin_rotation() == number
    assert sum(SubjectKeys(tmp_path).rewrap(batch=3)) == 4
    assert SubjectKeys(tmp_path).end_rotation()
    assert all(number_in(tmp_path, *one) == resident(at) for at, one in enumerate(made, 1))


def test_others_write_read_and_erase_while_a_rotation_runs(tmp_path: Path) -> None:
    made = [sealed_one(tmp_path, serial) for serial in range(1, 8)]
    reader = Identities(tmp_path)
    assert reader.open(*made[0], witnessed).document_no == resident(1)
    keys = SubjectKeys(tmp_path)
    keys.begin_rotation()
    steps = keys.rewrap(batch=3)
    assert next(steps) == 3
    forget(tmp_path, made[6][1].subject_id)
    late = sealed_one(tmp_path, 8)
    assert sum(steps) == 3
    assert keys.end_rotation()
    assert reader.open(*made[5], witnessed).document_no == resident(6)
    assert number_in(tmp_path, *late) == resident(8)
    with pytest.raises(Erased):
        number_in(tmp_path, *made[6])


def test_who_was_erased_is_read_by_nobody_and_others_are(tmp_path: Path) -> None:
    (place, sealed), other = sealed_one(tmp_path), sealed_one(tmp_path, 2)
    forget(tmp_path, place.subject)
    with pytest.raises(Erased, match=str(place.subject)):
        number_in(tmp_path, place, sealed)
    assert number_in(tmp_path, *other) == resident(2)
    with pytest.raises(Erased):
        SubjectKeys(tmp_path).make(TENANT, [place.subject])


def test_not_a_byte_of_an_erased_key_is_left(tmp_path: Path) -> None:
    place, _ = sealed_one(tmp_path)
    sealed_one(tmp_path, 2)
    store = tmp_path / "keys/subjects.db"
    before = store.read_bytes()
    wrapped = before[before.index(place.subject.bytes) :][32 : 32 + 60]
    assert TENANT.bytes in before[before.index(place.subject.bytes) :][:40]
    forget(tmp_path, place.subject)
    assert not any(wrapped[at : at + 16] in everything_in(tmp_path) for at in range(4, 40, 8))


@pytest.fixture
def read_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Somebody reads the store until the function is called; others wait but a moment for them."""
    monkeypatch.setattr(vault_store, "PRAGMAS", {**PRAGMAS, "busy_timeout": "20"})
    sealed_one(tmp_path, 9)
    with closing(sqlite_module().connect(tmp_path / "keys/subjects.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM subject_keys").fetchall()
        yield reader.rollback


def test_a_key_is_not_said_to_be_destroyed_while_a_reader_keeps_it_in_a_file(
    tmp_path: Path, read_meanwhile: Callable[[], None]
) -> None:
    (place, sealed), other = sealed_one(tmp_path), sealed_one(tmp_path, 2)
    with KeyStore(tmp_path).open() as store:
        rows = store.execute("SELECT subject, wrapped FROM subject_keys").fetchall()
    wrapped = dict(rows)[place.subject.bytes][16:40]
    with pytest.raises(StoreRead, match=r"subjects\.db is being read"):
        forget(tmp_path, place.subject)
    with pytest.raises(StoreRead):
        SubjectKeys(tmp_path).check()
    with pytest.raises(Erased):
        number_in(tmp_path, place, sealed)
    assert number_in(tmp_path, *other) == resident(2)
    assert wrapped in everything_in(tmp_path)
    read_meanwhile()
    SubjectKeys(tmp_path).check()
    assert wrapped not in everything_in(tmp_path)


def test_a_rotation_does_not_end_while_a_reader_keeps_what_the_old_root_key_wrapped(
    tmp_path: Path, read_meanwhile: Callable[[], None]
) -> None:
    keys = SubjectKeys(tmp_path)
    keys.begin_rotation()
    assert sum(keys.rewrap()) == 1
    with pytest.raises(StoreRead):
        keys.end_rotation()
    assert (tmp_path / "keys/identity-1.key").exists()
    read_meanwhile()
    assert keys.end_rotation()
    assert not (tmp_path / "keys/identity-1.key").exists()


def test_a_store_that_is_put_back_forgets_before_anybody_reads(tmp_path: Path) -> None:
    (place, sealed), other = sealed_one(tmp_path), sealed_one(tmp_path, 2)
    backup = (tmp_path / "keys/subjects.db").read_bytes()
    forget(tmp_path, place.subject)
    (tmp_path / "keys/subjects.db").write_bytes(backup)
    with pytest.raises(Erased):
        number_in(tmp_path, place, sealed)
    assert number_in(tmp_path, *other) == resident(2)
    assert place.subject.bytes + TENANT.bytes not in (tmp_path / "keys/subjects.db").read_bytes()


def test_a_crash_behind_the_ledgers_line_changes_nothing(tmp_path: Path) -> None:
    place, sealed = sealed_one(tmp_path)
    KeyStore(tmp_path).ledger.append(Tombstone(place.subject, TENANT, "SQ-7", NOW))
    with pytest.raises(Erased):
        number_in(tmp_path, place, sealed)


def test_half_a_line_of_a_crash_is_written_over(tmp_path: Path) -> None:
    first, second = sealed_one(tmp_path), sealed_one(tmp_path, 2)
    forget(tmp_path, first[0].subject)
    with (tmp_path / "erasures/erased.log").open("ab") as file:
        file.write(b"0123 {half a li")
    assert number_in(tmp_path, *second) == resident(2)
    forget(tmp_path, second[0].subject)
    assert (tmp_path / "erasures/erased.log").read_bytes().count(b"\n") == 2
    for place, sealed in (first, second):
        with pytest.raises(Erased):
            number_in(tmp_path, place, sealed)


def cut(content: bytes) -> bytes:
    return content[: content.index(b"\n") + 1]


def gone(_: bytes) -> bytes:
    return b""


def altered(content: bytes) -> bytes:
    return content.replace(b"SQ-7", b"SQ-8", 1) + content[-1:]


def swapped(content: bytes) -> bytes:
    first, second, _ = content.split(b"\n")
    return b"\n".join([second, first, first, b""])


@pytest.mark.parametrize(
    ("harm", "found"),
    [(cut, LedgerShort), (gone, LedgerShort), (altered, KeyDamaged), (swapped, KeyDamaged)],
)
def test_a_ledger_that_lost_or_changed_a_line_stops_the_store(
    tmp_path: Path, harm: Callable[[bytes], bytes], found: type[KeyUnusable]
) -> None:
    for serial in (1, 2):
        forget(tmp_path, sealed_one(tmp_path, serial)[0].subject)
    ledger = tmp_path / "erasures/erased.log"
    ledger.write_bytes(harm(ledger.read_bytes()))
    with pytest.raises(found):
        sealed_one(tmp_path, 3)


def test_the_ledger_names_no_person(tmp_path: Path) -> None:
    place, sealed = sealed_one(tmp_path)
    forget(tmp_path, place.subject)
    told = (tmp_path / "erasures/erased.log").read_text()
    assert str(place.subject) in told
    assert not any(one in told for one in (sealed.name_mask, sealed.document_mask, resident()))


def test_a_change_of_the_ledger_that_keeps_its_length_is_found_by_the_check(
    tmp_path: Path,
) -> None:
    SubjectKeys(tmp_path).check()
    assert not (tmp_path / "keys").exists()
    forget(tmp_path, sealed_one(tmp_path)[0].subject)
    SubjectKeys(tmp_path).check()
    ledger = tmp_path / "erasures/erased.log"
    ledger.write_bytes(ledger.read_bytes().replace(b"SQ-7", b"SQ-8"))
    with pytest.raises(KeyDamaged, match="line 1 was altered"):
        SubjectKeys(tmp_path).check()
