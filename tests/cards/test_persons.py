"""Persons of industry cards in a house: sealed, found again, opened on record, forgotten."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlmodel import select

from console.actions.cards.persons import (
    erase_person,
    import_key,
    open_person,
    persons_of,
    renew_import_key,
    rotate_root,
    seal_persons,
)
from console.cli.base import choices
from console.cli.main import app
from console.desk import Desk, House, Work
from console.doctor import examine
from console.i18n import Language, texts
from integrations.person_files import COLUMNS, RecipientKeys, seal_person_file
from integrations.sqlite import PRAGMAS, sqlite_module
from integrations.vault import Tombstone, store
from models.audit import AuditEntry
from models.base import new_id
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.classes import CardClass
from models.cards.industry import IndustryBatch
from models.cards.persons import (
    CaptureMethod,
    DocumentKind,
    OpeningPurpose,
    PersonFault,
    PersonReason,
    PersonRole,
    PersonRow,
)
from models.cards.purchasers import Purchaser
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.staff import Organisation
from tests.conftest import Desks
from tests.persons import as_csv, person, resident, told

Run = Callable[..., tuple[int, str]]
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MATCHING = OpeningPurpose.MATCHING
PLANTED = ("欧阳试验", resident(1), resident(2), "13800130001", "13800130002")


@pytest.fixture
def tenant(desks: Desks) -> UUID:
    with desks.house.begin(Permission.STAFF_READ) as work:
        return work.session.exec(select(Organisation.id).where(Organisation.code == "CT-44")).one()


def batch_of(work: Work, carrier: UUID) -> UUID:
    """One that nothing is told of but whose it is."""
    its: dict[str, Any] = {"carrier_id": carrier, "province": "44", "created_at": work.at}
    buyer = work.add(Purchaser(name="试验物流", uscc=new_id().hex[:18], **its))
    work.session.flush()
    number = f"IOT-44-2026-{buyer.id.hex[-6:]}"
    batch = IndustryBatch(
        number=number, purchaser_id=buyer.id, card_class=CardClass.I1, ordered=1, **its
    )
    work.add(batch)
    work.session.flush()
    return batch.id


def kept(
    desk: Desk, tenant: UUID, rows: Sequence[PersonRow], *, is_open: bool = True
) -> list[UUID]:
    """Rows of an accountable unit with these persons, as an import leaves them."""
    ids = [new_id() for _ in rows]
    sealed = seal_persons(desk, tenant, AccountablePerson, list(zip(ids, rows, strict=True)))
    with desk.house.desk().begin(Permission.SWEEP) as work:
        batch = batch_of(work, tenant)
        unit = work.add(AccountableUnit(batch_id=batch, name="试验物流", uscc="", since=work.at))
        work.session.flush()
        for row_id, one in zip(ids, sealed, strict=True):
            work.add(
                AccountablePerson(
                    id=row_id,
                    batch_id=unit.batch_id,
                    unit_id=unit.id,
                    is_open=is_open,
                    since=work.at,
                    **one.columns,
                )
            )
        work.no_deed()
    return ids


def row_of(house: House, row_id: UUID) -> AccountablePerson:
    with house.desk().begin(Permission.INDUSTRY_READ) as work:
        return work.session.get_one(AccountablePerson, row_id)


def deeds(house: House, area: str = "identity") -> list[AuditEntry]:
    with house.desk().begin(Permission.AUDIT_READ) as work:
        entries = work.session.exec(select(AuditEntry).order_by("seq")).all()
    return [entry for entry in entries if entry.deed.startswith(f"{area}.")]


@pytest.mark.requirement("004-2.1-c")
def test_an_encrypted_file_leaves_nothing_of_a_person_in_the_data_folder(
    desks: Desks, house: House, tenant: UUID, capfd: pytest.CaptureFixture[str]
) -> None:
    key = json.dumps(dict(import_key(desks.iot)))
    sealed, _ = seal_person_file(as_csv([told(1), told(2), told(3, phone="1")]), key, house.now())
    first, second, third = persons_of(desks.iot, sealed)
    assert isinstance(first, PersonRow)
    assert isinstance(second, PersonRow)
    assert third == PersonFault(4, "phone", PersonReason.FORMAT)
    ids = kept(desks.iot, tenant, [first, second])
    opened = open_person(desks.house, tenant, AccountablePerson, ids[1], MATCHING)
    assert opened.phone == second.phone
    erase_refused(desks.house, tenant, row_of(house, ids[0]).subject_id)
    files = [path for path in house.settings.data.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"subjects.db", "identity-1.key"} <= names
    told_out = "".join(capfd.readouterr()).encode()
    found = [
        (path.name, value)
        for path in files
        for value in PLANTED
        for form in (value.encode(), value.encode("utf-16-le"), value.encode("gb18030"))
        if form in path.read_bytes() + told_out
    ]
    assert found == []
    with house.engine.connect() as database:
        rows = database.exec_driver_sql("SELECT * FROM accountable_persons").all()
        entries = database.exec_driver_sql("SELECT * FROM audit_entries").all()
    assert len(rows) == 2
    assert not any(value in repr([*rows, *entries]) for value in PLANTED)
    assert not any(value.encode() in cell for row in rows for cell in row
                   if isinstance(cell, bytes) for value in PLANTED)  # fmt: skip


def erase_refused(desk: Desk, tenant: UUID, subject: UUID) -> None:
    with pytest.raises(Conflict, match=r"persons\.in_force"):
        erase_person(desk, tenant, subject, "SQ-7")


def test_who_is_known_keeps_their_key_and_their_index(
    desks: Desks, house: House, tenant: UUID
) -> None:
    [first] = kept(desks.iot, tenant, [person(1)])
    again, other = kept(desks.iot, tenant, [person(1), person(2)])
    assert row_of(house, first).subject_id == row_of(house, again).subject_id
    assert row_of(house, first).document_index == row_of(house, again).document_index
    assert row_of(house, first).subject_id != row_of(house, other).subject_id


def test_an_opening_is_on_record_with_its_purpose_and_without_values(
    desks: Desks, house: House, tenant: UUID
) -> None:
    [row] = kept(desks.iot, tenant, [person()])
    opened = open_person(desks.house, tenant, AccountablePerson, row, MATCHING)
    assert opened.document_no == resident(1)
    [entry] = deeds(house)
    assert (entry.deed, entry.subject_id, entry.facts) == (
        "identity.opened", str(row), {"purpose": "matching"},
    )  # fmt: skip
    assert entry.subject_name == "欧**"


def test_an_opening_that_fails_was_on_record_all_the_same(
    desks: Desks, house: House, tenant: UUID
) -> None:
    [row] = kept(desks.iot, tenant, [person()])
    shutil.rmtree(house.settings.data / "keys")
    with pytest.raises(Conflict, match=r"persons\.keys_unusable"):
        open_person(desks.house, tenant, AccountablePerson, row, MATCHING)
    assert [entry.deed for entry in deeds(house)] == ["identity.opened"]


def test_nobody_but_the_house_opens_a_person(desks: Desks, house: House, tenant: UUID) -> None:
    [row] = kept(desks.iot, tenant, [person()])
    people = [desks.iot, desks.manager, desks.privacy, desks.admin, desks.security, desks.regulator]
    for desk in people:
        with pytest.raises(NotAllowed):
            open_person(desk, tenant, AccountablePerson, row, MATCHING)
    assert deeds(house) == []
    assert len(deeds(house, "staff")) >= len(people)


def test_cells_that_were_exchanged_in_the_database_do_not_open_and_that_is_on_record(
    desks: Desks, house: House, tenant: UUID
) -> None:
    one, other = kept(desks.iot, tenant, [person(1), person(2)])
    with house.engine.begin() as database:
        column = {"document_sealed": row_of(house, other).document_sealed}
        rows = update(AccountablePerson).where(AccountablePerson.id == one)  # pyright: ignore[reportArgumentType]
        database.execute(rows.values(column))
    with pytest.raises(Conflict, match=r"persons\.tampered"):
        open_person(desks.house, tenant, AccountablePerson, one, MATCHING)
    assert [entry.deed for entry in deeds(house)] == ["identity.opened", "identity.tampered"]
    assert open_person(desks.house, tenant, AccountablePerson, other, MATCHING)


def test_who_is_erased_is_forgotten_in_every_row_and_can_come_anew(
    desks: Desks, house: House, tenant: UUID
) -> None:
    first, other = kept(desks.iot, tenant, [person(1), person(2)], is_open=False)
    [second] = kept(desks.iot, tenant, [person(1)], is_open=False)
    before = row_of(house, first)
    assert erase_person(desks.house, tenant, before.subject_id, "SQ-2026-7") == 2
    for row in (first, second):
        left = row_of(house, row)
        assert left.is_forgotten
        assert (left.name_mask, left.document_mask, left.phone_mask) == ("", "", "")
        assert left.document_index != before.document_index
        with pytest.raises(Conflict, match=r"persons\.erased"):
            open_person(desks.house, tenant, AccountablePerson, row, MATCHING)
    assert open_person(desks.house, tenant, AccountablePerson, other, MATCHING).phone
    erased = [one for one in deeds(house) if one.deed == "identity.erased"]
    assert [one.facts for one in erased] == [{"request": "SQ-2026-7"}] * 2
    [anew] = kept(desks.iot, tenant, [person(1)])
    assert row_of(house, anew).subject_id != before.subject_id


def test_two_keys_of_one_person_are_both_destroyed(
    desks: Desks, house: House, tenant: UUID
) -> None:
    """Two imports at once take somebody new for two."""
    [first] = kept(desks.iot, tenant, [person(1)], is_open=False)
    row = new_id()
    [twin] = house.identities.seal(tenant, "accountable_persons", [(row, person(1))])
    kept_row = row_of(house, first)
    with house.desk().begin(Permission.SWEEP) as work:
        unit, batch = kept_row.unit_id, kept_row.batch_id
        work.add(
            AccountablePerson(
                id=row, batch_id=batch, unit_id=unit, is_open=False, since=work.at, **twin.columns
            )
        )
        work.no_deed()
    assert erase_person(desks.house, tenant, kept_row.subject_id, "SQ-7") == 2
    with pytest.raises(Conflict, match=r"persons\.erased"):
        open_person(desks.house, tenant, AccountablePerson, row, MATCHING)


def test_who_is_erased_while_they_come_again_is_tried_again(
    desks: Desks, house: House, tenant: UUID
) -> None:
    """The key goes before the rows do: in between the person is still found by their index."""
    [row] = kept(desks.iot, tenant, [person()])
    gone = Tombstone(row_of(house, row).subject_id, tenant, "SQ-7", house.now())
    house.identities.keys.shred(gone)
    with pytest.raises(Conflict, match=r"row\.done_meanwhile"):
        seal_persons(desks.iot, tenant, AccountablePerson, [(new_id(), person())])


def test_whom_a_carrier_does_not_know_is_not_erased_for_it(
    desks: Desks, house: House, tenant: UUID
) -> None:
    """Another carrier's person, and nobody at all: no line in the ledger, no deed, no key gone."""
    [row] = kept(desks.iot, tenant, [person()], is_open=False)
    for carrier, subject in ((new_id(), row_of(house, row).subject_id), (tenant, new_id())):
        with pytest.raises(NotFound):
            erase_person(desks.house, carrier, subject, "SQ-7")
    assert not (house.settings.data / "erasures/erased.log").exists()
    assert deeds(house) == []
    assert open_person(desks.house, tenant, AccountablePerson, row, MATCHING)


def test_an_erasure_that_a_backup_keeps_from_the_disk_is_not_said_to_be_done(
    desks: Desks, house: House, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PRAGMAS", {**PRAGMAS, "busy_timeout": "20"})
    [row] = kept(desks.iot, tenant, [person()], is_open=False)
    subject = row_of(house, row).subject_id
    with closing(sqlite_module().connect(house.settings.data / "keys/subjects.db")) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT * FROM subject_keys").fetchall()
        with pytest.raises(Conflict, match=r"persons\.keys_unusable"):
            erase_person(desks.house, tenant, subject, "SQ-7")
        assert any("subjects.db" in one for one in examine(house).faults)
        assert not row_of(house, row).is_forgotten
    assert erase_person(desks.house, tenant, subject, "SQ-7") == 1
    assert not any("subjects.db" in one for one in examine(house).faults)


def test_a_record_in_force_is_not_erased(desks: Desks, house: House, tenant: UUID) -> None:
    [row] = kept(desks.iot, tenant, [person()])
    erase_refused(desks.house, tenant, row_of(house, row).subject_id)
    assert open_person(desks.house, tenant, AccountablePerson, row, MATCHING)


def test_the_number_of_a_request_holds_no_persons_data(desks: Desks, tenant: UUID) -> None:
    for request in ("", "张三要求删除", "a b", "x" * 65):
        with pytest.raises(Invalid, match=r"persons\.bad_request"):
            erase_person(desks.house, tenant, new_id(), request)


def test_a_rotation_is_the_security_administrators_and_on_record(
    desks: Desks, house: House, tenant: UUID
) -> None:
    [row] = kept(desks.iot, tenant, [person()])
    with pytest.raises(NotAllowed):
        rotate_root(desks.iot)
    done = rotate_root(desks.security)
    assert (done.number, done.keys) == (2, 1)
    assert [(one.deed, one.subject_id, one.facts) for one in deeds(house)] == [
        ("identity.rotation_begun", "2", {}),
        ("identity.rotation_ended", "2", {"keys": 1}),
    ]
    assert open_person(desks.house, tenant, AccountablePerson, row, MATCHING)
    assert rotate_root(desks.security).number == 3


def test_a_new_key_for_files_is_the_security_administrators(desks: Desks, house: House) -> None:
    before = import_key(desks.iot)
    with pytest.raises(NotAllowed):
        renew_import_key(desks.iot)
    made = renew_import_key(desks.security)
    assert made == import_key(desks.iot) != before
    assert [(one.deed, one.subject_id, one.actor_id) for one in deeds(house)] == [
        ("identity.import_key_made", before["kid"], desks.iot.actor.id),
        ("identity.import_key_made", made["kid"], desks.security.actor.id),
    ]


def test_the_first_key_that_a_file_finds_missing_is_on_record_as_well(
    desks: Desks, house: House, tmp_path: Path
) -> None:
    elsewhere = RecipientKeys.of(tmp_path / "elsewhere/keys").public()
    sealed, _ = seal_person_file(as_csv([told(1)]), json.dumps(dict(elsewhere)), house.now())
    with pytest.raises(Invalid, match=r"persons\.other_key"):
        list(persons_of(desks.iot, sealed))
    assert [(one.deed, one.subject_id) for one in deeds(house)] == [
        ("identity.import_key_made", import_key(desks.iot)["kid"])
    ]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """A command at the house's own desk; its exit code and what it printed."""

    def command(own: House, *words: str) -> tuple[int, str]:
        choices().opened[:] = [own]
        code = int(app(["--language", "en", *words], standalone_mode=False) or 0)
        return code, capsys.readouterr().out

    yield command
    choices().opened.clear()
    choices().as_json, choices().login = False, None


@on_sqlite
def test_a_file_is_made_and_read_by_command_and_the_plain_one_is_not_left_unsaid(
    desks: Desks, house: House, tmp_path: Path, run: Run
) -> None:
    plain, key = tmp_path / "persons.csv", tmp_path / "key.json"
    plain.write_bytes(as_csv([told(1), told(2)]))
    key.write_text(run(house, "identity", "key")[1])
    words = ("identity", "encrypt", str(plain), "--key", str(key))
    with pytest.raises(Invalid, match=r"identity_cli\.plain_unsaid"):
        run(house, *words)
    code, said = run(house, *words, "--keep-plain")
    assert (code, "still there" in said) == (0, True)
    sealed = tmp_path / "persons.csv.jwe"
    assert [type(one) for one in persons_of(desks.iot, sealed.read_bytes())] == [PersonRow] * 2
    with pytest.raises(Invalid, match=r"identity_cli\.unwritable"):
        run(house, *words, "--delete-plain")
    assert plain.exists()
    code, said = run(house, *words, "--delete-plain", "--out", str(tmp_path / "second.jwe"))
    assert (code, "is deleted" in said, plain.exists()) == (0, True, False)
    with pytest.raises(Invalid, match=r"identity_cli\.unreadable"):
        run(house, *words, "--delete-plain")


@on_sqlite
def test_a_file_with_faults_is_not_made_and_the_faults_are_listed(
    house: House, tmp_path: Path, run: Run
) -> None:
    plain, key = tmp_path / "persons.csv", tmp_path / "key.json"
    plain.write_bytes(as_csv([told(1), told(2, verified_how="manual")]))
    key.write_text(run(house, "identity", "key")[1])
    code, said = run(
        house, "identity", "encrypt", str(plain), "--key", str(key), "--delete-plain"
    )  # fmt: skip
    assert code == 1
    assert "typing of identity data is forbidden" in said
    assert plain.exists()
    assert not (tmp_path / "persons.csv.jwe").exists()


@on_sqlite
def test_keys_are_rotated_and_persons_erased_by_command(
    desks: Desks, house: House, tenant: UUID, run: Run
) -> None:
    [row] = kept(desks.iot, tenant, [person()], is_open=False)
    before = json.loads(run(house, "identity", "key")[1])
    assert json.loads(run(house, "identity", "key", "--new")[1])["kid"] != before["kid"]
    assert "Root key 2 is in force; 1 " in run(house, "identity", "rotate")[1]
    subject = str(row_of(house, row).subject_id)
    said = run(house, "identity", "erase", str(tenant), subject, "--request", "SQ-7")[1]
    assert "1 records cleared" in said
    assert row_of(house, row).is_forgotten


@on_sqlite
def test_doctor_says_when_keys_of_persons_are_not_of_one_piece(
    desks: Desks, house: House, tenant: UUID
) -> None:
    kept(desks.iot, tenant, [person()])
    healthy = examine(house).faults
    (house.settings.data / "keys/identity-index.key").write_bytes(bytes(32))
    [fault] = set(examine(house).faults) - set(healthy)
    assert "identity-index.key" in fault


def test_every_word_of_a_fault_has_a_text() -> None:
    words = set(texts(Language.ZH))
    assert {f"person_reason.{one}" for one in PersonReason} <= words
    assert {f"person_field.{one}" for one in (*COLUMNS, "row")} <= words
    assert {f"document_kind.{one}" for one in DocumentKind} <= words
    assert {f"capture_method.{one}" for one in CaptureMethod} <= words
    assert {f"person_role.{one}" for one in PersonRole} <= words
    assert {f"opening_purpose.{one}" for one in OpeningPurpose} <= words
