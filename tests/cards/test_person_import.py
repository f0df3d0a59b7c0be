"""Files of persons: what can be is registered, what can't is told row by row, nothing is kept."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import text

from console.actions.cards.industry import persons_import
from console.actions.cards.industry.accountable import announce_change, name_unit
from console.actions.cards.industry.brought import RefusedRow, RowReason
from console.actions.cards.industry.persons_import import import_persons
from console.actions.cards.persons import SealedRow, seal_persons
from console.desk import Desk, House
from console.i18n import Language, texts
from models.cards.persons import CaptureMethod, PersonRow
from models.refusals import Conflict, Invalid, NotAllowed
from tests.cards.answering import (
    again,
    bring,
    card,
    deeds_of,
    live_batch,
    persons_of,
    plant_batch,
    sealed_file,
    users_of,
)
from tests.conftest import ONLY_SQLITE, Clock, Desks
from tests.persons import as_csv, resident, told, told_user

Rows = Sequence[tuple[UUID, PersonRow]]


def reasons(rows: Sequence[RefusedRow]) -> list[tuple[int, str, str]]:
    return [(one.row, one.field, str(one.reason)) for one in rows]


@pytest.mark.requirement("004-2.3-d", "004-2.3-e")
def test_sound_rows_are_registered_and_the_others_told_one_by_one(
    desks: Desks, house: House
) -> None:
    batch, unnamed = plant_batch(desks), plant_batch(desks)
    name_unit(desks.iot, batch.id)
    rows = [
        told(1, batch=batch.number),
        told_user(2, batch=batch.number, iccid=card(batch)),
        told(3, batch=batch.number, document_no=resident(3)[:-1] + "A"),
        told(4, batch="IOT-44-2026-999999"),
        told(5, batch=unnamed.number),
        told(1, batch=batch.number, verified_at="2026-02-28T09:30:00+08:00"),
        told_user(6, batch=batch.number, iccid=card(batch, 1), phone="1"),
        told(7, batch=batch.number.lower()),
    ]
    done = bring(desks.iot, rows)
    assert (done.rows, done.persons, done.users) == (8, 2, 1)
    assert reasons(done.refused) == [
        (4, "document_no", "format"),
        (5, "batch", "no_batch"),
        (6, "batch", "no_unit"),
        (7, "document_no", "person_twice"),
        (8, "phone", "format"),
    ]
    assert len(persons_of(house, batch)) == 2
    assert len(users_of(house, batch)) == 1
    assert all(resident(one) not in repr(done) for one in range(1, 8))


@pytest.mark.requirement("004-2.1-c")
def test_an_identity_that_was_typed_is_refused_and_the_refusal_on_record(
    desks: Desks, house: House
) -> None:
    batch = plant_batch(desks)
    name_unit(desks.iot, batch.id)
    rows = [
        told(1, batch=batch.number),
        told(2, batch=batch.number, verified_how="manual"),
        told_user(3, batch=batch.number, iccid=card(batch), verified_how="manual_entry"),
    ]
    done = bring(desks.iot, rows)
    assert (done.persons, done.users, done.by_hand) == (1, 0, [3, 4])
    (deed,) = [one for one in deeds_of(house, "person") if one.deed.endswith("manual_refused")]
    assert (deed.subject_id, deed.facts) == (done.sha256, {"rows": [3, 4], "count": 2})
    assert deed.actor_name == desks.iot.actor.name
    assert "manual" not in set(CaptureMethod)


def test_a_file_that_is_brought_again_does_nothing_again(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch = plant_batch(desks)
    name_unit(desks.iot, batch.id)
    rows = [told(1, batch=batch.number), told_user(2, batch=batch.number, iccid=card(batch))]
    content = sealed_file(desks.iot, rows)
    first = import_persons(desks.iot, "persons.jwe", content)
    clock.pass_(days=1)
    second = import_persons(desks.iot, "persons.jwe", content)
    assert (first.persons, first.users, first.unchanged) == (1, 1, 0)
    assert (second.persons, second.users, second.unchanged) == (0, 0, 2)
    assert first.sha256 == second.sha256
    assert [one.since for one in persons_of(house, batch)] == [again(desks.iot, batch).created_at]
    assert len(deeds_of(house, "accountable")) == 2


def test_an_old_file_does_not_bring_back_who_was_replaced(desks: Desks, house: House) -> None:
    batch = live_batch(desks)
    announce_change(desks.iot, batch.id, "责任人离职")
    bring(desks.iot, [told(2, batch=batch.number)])
    old = bring(desks.iot, [told(1, batch=batch.number)])
    assert reasons(old.refused) == [(2, "verified_at", "verification_ended")]
    assert [one.is_open for one in persons_of(house, batch)] == [False, True]


def test_an_old_file_does_not_bring_back_a_cards_user_either(desks: Desks, house: House) -> None:
    batch = plant_batch(desks)
    first = told_user(1, batch=batch.number, iccid=card(batch))
    bring(desks.iot, [first])
    bring(desks.iot, [told_user(2, batch=batch.number, iccid=card(batch))])
    assert reasons(bring(desks.iot, [first]).refused) == [(2, "verified_at", "verification_ended")]
    assert [one.is_open for one in users_of(house, batch)] == [False, True]


def test_a_plain_file_is_not_read(desks: Desks, house: House) -> None:
    plain = as_csv([told(1, batch=plant_batch(desks).number)])
    with pytest.raises(Invalid, match=r"persons\.plain"):
        import_persons(desks.iot, "persons.csv", plain)
    assert deeds_of(house, "person") == []


def test_only_who_manages_industry_cards_brings_persons(desks: Desks) -> None:
    for stranger in (desks.manager, desks.approver, desks.regulator, desks.admin, desks.auditor):
        with pytest.raises(NotAllowed):
            import_persons(stranger, "persons.jwe", b"")


@pytest.mark.requirement("004-2.3-d")
def test_neither_file_nor_person_is_found_in_the_house_in_clear(desks: Desks, house: House) -> None:
    batch = plant_batch(desks)
    name_unit(desks.iot, batch.id)
    rows = [told(1, batch=batch.number), told_user(2, batch=batch.number, iccid=card(batch))]
    content = sealed_file(desks.iot, rows)
    import_persons(desks.iot, f"{resident(1)}.jwe", content)
    clear = [one.encode() for one in (resident(1), resident(2), "欧阳试验", "13800130001")]
    for path in house.settings.data.rglob("*"):
        if path.is_file():
            kept = path.read_bytes()
            assert content not in kept
            assert not [one for one in clear if one in kept], path
    with house.engine.connect() as connection:
        for table in ("accountable_persons", "card_users", "audit_entries"):
            found = str(connection.execute(text(f"SELECT * FROM {table}")).all())  # noqa: S608
            assert not [one for one in clear if one.decode() in found], table


def test_the_file_is_on_record_by_its_digest_with_counts_alone(desks: Desks, house: House) -> None:
    batch = plant_batch(desks)
    done = bring(desks.iot, [told(1, batch=batch.number), told(2, batch=batch.number, phone="1")])
    (deed,) = deeds_of(house, "person")
    assert (deed.deed, deed.subject_id) == ("person.imported", done.sha256)
    assert deed.facts == {
        "rows": 2,
        "persons": 0,
        "users": 0,
        "unchanged": 0,
        "refused": {"batch:no_unit": 1, "phone:format": 1},
    }


def test_what_was_kept_before_an_import_broke_off_is_on_record(
    desks: Desks, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = plant_batch(desks), plant_batch(desks)
    rows = [
        told_user(one, batch=at.number, iccid=card(at)) for one, at in enumerate((first, second), 1)
    ]
    content = sealed_file(desks.iot, rows)

    def broken(desk: Desk, tenant: UUID, table: type[SealedRow], rows: Rows) -> object:
        if rows[0][1].batch == second.number:
            raise Conflict("persons.keys_unusable", problem="keys")
        return seal_persons(desk, tenant, table, rows)

    with monkeypatch.context() as patch:
        patch.setattr(persons_import, "seal_persons", broken)
        with pytest.raises(Conflict, match="keys_unusable"):
            import_persons(desks.iot, "persons.jwe", content)
    (deed,) = deeds_of(house, "person")
    assert (deed.facts["rows"], deed.facts["users"]) == (2, 1)
    done = import_persons(desks.iot, "persons.jwe", content)
    assert (done.users, done.unchanged) == (1, 1)


@ONLY_SQLITE
def test_no_more_than_twenty_answer_for_a_batch_at_once(desks: Desks, house: House) -> None:
    batch = plant_batch(desks)
    name_unit(desks.iot, batch.id)
    assert bring(desks.iot, [told(at, batch=batch.number) for at in range(1, 20)]).persons == 19
    two = bring(desks.iot, [told(at, batch=batch.number) for at in (20, 21)])
    assert reasons(two.refused) == [(at, "batch", "too_many_persons") for at in (2, 3)]
    assert two.refused[0].facts == {"limit": 20}
    later = "2026-02-28T09:30:00+08:00"
    again = [told(1, batch=batch.number, verified_at=later), told(20, batch=batch.number)]
    assert bring(desks.iot, again).persons == 2
    assert sum(one.is_open for one in persons_of(house, batch)) == 20


@ONLY_SQLITE
def test_a_file_about_too_many_batches_registers_nobody(
    desks: Desks, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert persons_import.MOST_BATCHES == 1_000
    monkeypatch.setattr(persons_import, "MOST_BATCHES", 2)
    batches = [live_batch(desks) for _ in range(3)]
    rows = [told(at, batch=one.number) for at, one in enumerate(batches, 2)]
    with pytest.raises(Invalid, match=r"persons\.too_many_batches") as no:
        bring(desks.iot, rows)
    assert no.value.facts == {"n": 3, "most": 2}
    assert [len(persons_of(house, one)) for one in batches] == [1, 1, 1]
    assert bring(desks.iot, rows[:2]).persons == 2


@ONLY_SQLITE
def test_every_reason_has_a_word_in_both_languages(desks: Desks) -> None:
    assert desks
    for language in Language:
        assert {f"row_reason.{one}" for one in RowReason} <= texts(language).keys()
