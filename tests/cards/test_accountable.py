"""Who answers for a batch's cards: one unit and a verified person at every moment (004-2.3-e)."""

import inspect
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import product
from types import ModuleType
from typing import TypedDict
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import TextClause, Uuid, bindparam, text
from sqlalchemy.exc import IntegrityError

from console.actions.cards.industry import accountable, downstream, persons_import, users
from console.actions.cards.industry.accountable import (
    announce_change,
    end_person,
    name_unit,
    put_in_charge,
    waiting_accountable,
    who_answered,
    withdraw_change,
)
from console.actions.cards.industry.activation import register_batch
from console.actions.cards.industry.persons_import import register_read
from console.actions.waiting import WorkState
from console.database import WRITING
from console.desk import House
from models.base import new_id
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.industry import ENDED, LIVE, BatchState, IndustryBatch
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from models.rules import parameter
from tests.cards.answering import (
    again,
    bring,
    deeds_of,
    live_batch,
    persons_of,
    plant_batch,
    units_of,
    uscc,
)
from tests.conftest import Clock, Desks
from tests.persons import person, resident, told


class Other(TypedDict):
    name: str
    uscc: str
    reason: str


OTHER = Other(name="佛山试验物流有限公司", uscc=uscc(900001), reason="车队转让")


def test_the_purchaser_answers_itself_where_no_other_unit_is_named(desks: Desks) -> None:
    batch = plant_batch(desks)
    unit = name_unit(desks.iot, batch.id)
    assert unit.name.startswith("广州试验车联科技")
    assert again(desks.iot, batch).unit_id == unit.id
    with pytest.raises(Conflict, match="same_unit"):
        name_unit(desks.iot, batch.id, reason="再次登记")


def test_a_unit_has_a_name_and_a_code_that_can_be(desks: Desks) -> None:
    batch = plant_batch(desks)
    for wrong in ("", "91440101MA5", uscc(1)[:-1] + ("1" if uscc(1)[-1] == "0" else "0")):
        with pytest.raises(Invalid, match="bad_uscc"):
            name_unit(desks.iot, batch.id, name="某某公司", uscc=wrong)
    with pytest.raises(Invalid, match="field_missing"):
        name_unit(desks.iot, batch.id, uscc=uscc(1))
    with pytest.raises(Invalid, match="identity_number"):
        name_unit(desks.iot, batch.id, name=f"张三 {resident()}", uscc=uscc(1))
    name_unit(desks.iot, batch.id)
    with pytest.raises(Invalid, match="reason_needed"):
        name_unit(desks.iot, batch.id, name=OTHER["name"], uscc=OTHER["uscc"], reason=" ")


def test_only_the_batchs_own_carrier_changes_who_answers(desks: Desks) -> None:
    batch = plant_batch(desks)
    for stranger in (desks.approver, desks.regulator, desks.auditor):
        with pytest.raises(NotAllowed):
            name_unit(stranger, batch.id)
    elsewhere = plant_batch(desks, desk=desks.other_manager)
    with pytest.raises(NotFound):
        name_unit(desks.iot, elsewhere.id)


@pytest.mark.requirement("004-2.3-e")
def test_a_person_who_came_verified_and_encrypted_answers_for_the_unit(
    desks: Desks, house: House
) -> None:
    batch = plant_batch(desks)
    unit = name_unit(desks.iot, batch.id)
    done = bring(desks.iot, [told(1, batch=batch.number), told(2, batch=batch.number)])
    assert (done.persons, done.users, done.refused) == (2, 0, [])
    first, second = persons_of(house, batch)
    assert again(desks.iot, batch).person_id == first.id
    assert {first.unit_id, second.unit_id} == {unit.id}
    assert first.document_mask == f"{resident(1)[:3]}***********{resident(1)[14:]}"
    assert resident(1).encode() not in first.document_sealed
    answering = who_answered(desks.iot, batch.id, house.now())
    assert answering.unit is not None
    assert [one.id for one in answering.persons] == [first.id, second.id]


@pytest.mark.requirement("004-2.1-c")
@pytest.mark.parametrize("module", [accountable, users, persons_import, downstream])
def test_nothing_takes_an_identity_that_was_typed(module: ModuleType) -> None:
    """Persons come as checked rows of a file or a reader; no parameter is a number or a phone."""
    functions = inspect.getmembers(module, inspect.isfunction)
    own = [one for name, one in functions if one.__module__ == module.__name__ and name[0] != "_"]
    assert own
    taken = {name for one in own for name in inspect.signature(one).parameters}
    assert not taken & {"document", "document_no", "identity", "phone", "id_number", "person_name"}


@pytest.mark.requirement("004-2.3-e")
def test_after_a_change_was_announced_the_new_person_takes_the_place_in_the_same_moment(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch = live_batch(desks)
    noticed = announce_change(desks.iot, batch.id, "责任人离职")
    rule = parameter("iot_accountable_change", noticed.created_at.date())
    assert (rule.value, rule.unit) == (5, "working_days")
    assert noticed.change_due_at == datetime.fromisoformat("2026-03-09T16:00:00+00:00")
    clock.pass_(days=2)
    done = bring(desks.iot, [told(2, batch=batch.number)])
    assert (done.persons, done.refused) == (1, [])
    old, new = persons_of(house, batch)
    assert old.until == new.since == clock.at
    assert (old.is_open, new.is_open, new.reason) == (False, True, "责任人离职")
    changed = again(desks.iot, batch)
    assert (changed.person_id, changed.change_due_at, changed.change_reason) == (new.id, None, "")
    at_notice = who_answered(desks.iot, batch.id, clock.at - timedelta(microseconds=1))
    assert [one.id for one in at_notice.persons] == [old.id]
    assert [one.id for one in who_answered(desks.iot, batch.id, clock.at).persons] == [new.id]


def test_without_a_change_announced_another_person_joins_those_who_answer(
    desks: Desks, house: House
) -> None:
    batch = live_batch(desks)
    bring(desks.iot, [told(2, batch=batch.number)])
    first, second = persons_of(house, batch)
    assert first.is_open
    assert second.is_open
    assert again(desks.iot, batch).person_id == first.id
    put_in_charge(desks.iot, batch.id, second.id)
    assert again(desks.iot, batch).person_id == second.id
    end_person(desks.iot, batch.id, second.id, "调岗")
    assert again(desks.iot, batch).person_id == first.id
    with pytest.raises(NotFound):
        put_in_charge(desks.iot, batch.id, second.id)


def test_somebody_verified_anew_takes_their_own_place(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch = live_batch(desks)
    clock.pass_(days=3)
    anew = told(1, batch=batch.number, verified_at=clock.at.isoformat(), phone="13900139000")
    assert bring(desks.iot, [anew]).persons == 1
    old, new = persons_of(house, batch)
    assert (old.until, old.document_index) == (new.since, new.document_index)
    assert again(desks.iot, batch).person_id == new.id


@pytest.mark.requirement("004-2.3-e")
def test_another_unit_takes_the_place_at_once_and_its_persons_are_due(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch = live_batch(desks)
    clock.pass_(days=1)
    name_unit(desks.iot, batch.id, **OTHER)
    old, new = units_of(house, batch)
    assert old.until == new.since == clock.at
    changed = again(desks.iot, batch)
    assert changed.unit_id == new.id
    assert changed.change_due_at is not None
    with pytest.raises(Conflict, match="unit_without_person"):
        withdraw_change(desks.iot, batch.id, "误报")
    (before,) = who_answered(desks.iot, batch.id, clock.at).persons
    assert before.unit_id == old.id
    clock.pass_(days=1)
    bring(desks.iot, [told(2, batch=batch.number), told(3, batch=batch.number)])
    answering = who_answered(desks.iot, batch.id, clock.at)
    assert {one.unit_id for one in answering.persons} == {new.id}
    assert len(answering.persons) == 2
    assert again(desks.iot, batch).change_due_at is None


def test_who_was_verified_for_the_unit_before_is_verified_anew_for_the_next(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch = live_batch(desks)
    name_unit(desks.iot, batch.id, **OTHER)
    before = told(1, batch=batch.number)
    assert bring(desks.iot, [before]).unchanged == 1
    assert again(desks.iot, batch).change_due_at is not None
    clock.pass_(days=1)
    assert bring(desks.iot, [before, told(2, batch=batch.number)]).persons == 1
    assert [one.is_open for one in persons_of(house, batch)] == [False, True]
    name_unit(desks.iot, batch.id, name="东莞试验车队", uscc=uscc(900002), reason="再次变更")
    anew = told(2, batch=batch.number, verified_at=clock.at.isoformat())
    assert bring(desks.iot, [anew]).persons == 1
    assert again(desks.iot, batch).change_due_at is None


def test_before_it_is_live_a_batchs_persons_go_with_their_unit(desks: Desks, house: House) -> None:
    batch = plant_batch(desks)
    name_unit(desks.iot, batch.id)
    bring(desks.iot, [told(1, batch=batch.number)])
    name_unit(desks.iot, batch.id, **OTHER)
    assert [one.is_open for one in persons_of(house, batch)] == [False]
    assert again(desks.iot, batch).person_id is None


@pytest.mark.requirement("004-2.3-e")
@pytest.mark.parametrize("state", LIVE)
def test_the_last_person_of_a_live_batch_stays(
    desks: Desks, house: House, state: BatchState
) -> None:
    batch = live_batch(desks, state)
    (only,) = persons_of(house, batch)
    with pytest.raises(Conflict, match="last_person"):
        end_person(desks.iot, batch.id, only.id, "离职")
    assert only.id == again(desks.iot, batch).person_id


def test_a_batch_that_has_ended_changes_no_more(desks: Desks, house: House) -> None:
    batch = live_batch(desks)
    (only,) = persons_of(house, batch)
    for state in ENDED:
        with desks.house.begin(Permission.SWEEP) as work:
            work.get(IndustryBatch, batch.id).state = state
            work.no_deed()
        for act in (
            lambda: name_unit(desks.iot, batch.id, **OTHER),
            lambda: announce_change(desks.iot, batch.id, "离职"),
            lambda: end_person(desks.iot, batch.id, only.id, "离职"),
        ):
            with pytest.raises(Conflict, match="batch_ended"):
                act()
        (row,) = bring(desks.iot, [told(5, batch=batch.number)]).refused
        assert (row.field, row.reason) == ("batch", "batch_ended")


def test_a_change_is_announced_once_and_can_be_withdrawn(desks: Desks) -> None:
    batch = live_batch(desks)
    announce_change(desks.iot, batch.id, "责任人离职")
    with pytest.raises(Conflict, match="change_announced"):
        announce_change(desks.iot, batch.id, "责任人离职")
    withdraw_change(desks.iot, batch.id, "该员工留任")
    with pytest.raises(Conflict, match="no_change_announced"):
        withdraw_change(desks.iot, batch.id, "该员工留任")
    with pytest.raises(Conflict, match="nobody_to_change"):
        announce_change(desks.iot, plant_batch(desks).id, "责任人离职")


def test_what_else_is_due_of_a_batch_stays_as_late_as_it_is(desks: Desks) -> None:
    batch = live_batch(desks, BatchState.RESTRICTED)
    with desks.house.begin(Permission.SWEEP) as work:
        row = work.get(IndustryBatch, batch.id)
        row.is_late, row.due_at = True, work.at
        work.no_deed()
    name_unit(desks.iot, batch.id, **OTHER)
    assert again(desks.iot, batch).is_late


def test_new_persons_are_work_for_who_may_register_them(desks: Desks, clock: Clock) -> None:
    batch = live_batch(desks)
    assert list(waiting_accountable(desks.iot)) == []
    announce_change(desks.iot, batch.id, "责任人离职")
    (item,) = waiting_accountable(desks.iot)
    assert (item.kind, item.title, item.state) == (
        "accountable_change",
        batch.number,
        WorkState.DUE,
    )
    clock.pass_(days=8)
    assert [one.state for one in waiting_accountable(desks.iot)] == [WorkState.OVERDUE]
    for other in (desks.other_manager, desks.approver, desks.regulator):
        assert list(waiting_accountable(other)) == []


BREAKS = {
    "two open units": "INSERT INTO accountable_units (id, batch_id, name, uscc, is_open, since,"
    " reason) SELECT :other, batch_id, name, uscc, TRUE, since, reason FROM accountable_units"
    " WHERE id = :unit",
    "no unit": "UPDATE industry_batches SET unit_id = NULL WHERE id = :batch",
    "no person": "UPDATE industry_batches SET person_id = NULL WHERE id = :batch",
    "the unit closed": "UPDATE accountable_units SET is_open = FALSE WHERE id = :unit",
    "the person in charge closed": "UPDATE accountable_persons SET is_open = FALSE"
    " WHERE id = :person",
    "the unit gone": "DELETE FROM accountable_units WHERE id = :unit",
    "the person gone": "DELETE FROM accountable_persons WHERE id = :person",
    "a closed person named": "UPDATE industry_batches SET person_open = FALSE WHERE id = :batch",
    "another batch's unit": "UPDATE accountable_units SET batch_id = :other WHERE id = :unit",
    "another batch's person": "UPDATE accountable_persons SET batch_id = :other WHERE id = :person",
}
WHY = "(?i)foreign key|answered_for|answers_open|units_open|UNIQUE"


@pytest.mark.requirement("004-2.3-e")
def test_the_database_itself_refuses_a_live_batch_that_nobody_answers_for(
    desks: Desks, house: House
) -> None:
    batch = live_batch(desks)
    ids = {"batch": batch.id, "unit": batch.unit_id, "person": batch.person_id, "other": new_id()}
    named = {name: one for name, one in ids.items() if one is not None}
    assert len(named) == len(ids)
    engine = house.engine.execution_options(**{WRITING: True})
    for statement in BREAKS.values():
        with pytest.raises(IntegrityError, match=WHY), engine.begin() as connection:
            connection.execute(bound(statement, named))
    assert again(desks.iot, batch).person_id == batch.person_id


def bound(statement: str, ids: Mapping[str, UUID]) -> TextClause:
    used = [bindparam(name, one, Uuid()) for name, one in ids.items() if f":{name}" in statement]
    return text(statement).bindparams(*used)


def test_a_batch_goes_live_only_when_somebody_answers(desks: Desks) -> None:
    batch = plant_batch(desks)
    with pytest.raises(Conflict, match="not_ready") as no:
        register_batch(desks.iot, batch.id)
    lacks = str(no.value.facts["lacks"])
    assert "accountable_unit" in lacks
    assert "accountable_person" in lacks


STEPS = st.sampled_from(["unit", "announce", "withdraw", "join", "end", "charge", "pass"])


@pytest.mark.requirement("004-2.3-e")
@settings(
    max_examples=8,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(st.tuples(STEPS, st.integers(0, 3)), min_size=4, max_size=10))
def test_every_moment_since_registration_has_one_unit_and_a_person(
    desks: Desks, house: House, clock: Clock, steps: Sequence[tuple[str, int]]
) -> None:
    batch = live_batch(desks, BatchState.REGISTERED)
    registered = clock.at
    for place, (step, number) in enumerate(steps):
        with suppress(Refusal):
            take(desks, batch, step, number, place)
        if step == "pass":
            clock.pass_(minutes=number)
    units, persons = units_of(house, batch), persons_of(house, batch)
    ends = {one.since for one in (*units, *persons)} | {one.until for one in (*units, *persons)}
    moments = [one for one in ends if one is not None] + [clock.at]
    for moment, nudge in product(moments, (-1, 0, 1)):
        at = moment + timedelta(microseconds=nudge)
        if at < registered:
            continue
        assert len([one for one in units if holds(one, at)]) == 1, (steps, at)
        assert [one for one in persons if holds(one, at)], (steps, at)
    for moment in moments:
        answering = who_answered(desks.iot, batch.id, moment)
        assert answering.unit is not None
        assert answering.unit in units
        assert {one.id for one in answering.persons} == {
            one.id for one in persons if holds(one, moment)
        }


def holds(row: AccountableUnit | AccountablePerson, at: datetime) -> bool:
    return row.since <= at and (row.until is None or at < row.until)


def take(desks: Desks, batch: IndustryBatch, step: str, number: int, place: int) -> None:
    answering = [one for one in persons_of(desks.iot.house, batch) if one.is_open]
    chosen = answering[number % len(answering)]
    match step:
        case "unit":
            name_unit(desks.iot, batch.id, name=f"单位{number}", uscc=uscc(number), reason="变更")
        case "announce":
            announce_change(desks.iot, batch.id, "变更")
        case "withdraw":
            withdraw_change(desks.iot, batch.id, "撤回")
        case "join":
            at = desks.iot.now() - timedelta(seconds=place)
            register_read(
                desks.iot, batch.id, person(number + 1, batch=batch.number, verified_at=at)
            )
        case "end":
            end_person(desks.iot, batch.id, chosen.id, "离职")
        case "charge":
            put_in_charge(desks.iot, batch.id, chosen.id)
        case _:
            pass


def test_who_waited_for_the_batch_does_not_close_a_record_before_it_began(
    desks: Desks, house: House, clock: Clock
) -> None:
    """Another was faster although they began later: their moment is the earlier one."""
    batch = live_batch(desks)
    clock.pass_(minutes=5)
    name_unit(desks.iot, batch.id, **OTHER)
    clock.pass_(minutes=-2)
    name_unit(desks.iot, batch.id, name="东莞试验车队", uscc=uscc(900002), reason="再次变更")
    first, second, third = units_of(house, batch)
    assert second.until == second.since == third.since
    assert first.until == second.since


def test_each_change_is_on_record_and_names_no_person(desks: Desks, house: House) -> None:
    batch = live_batch(desks)
    announce_change(desks.iot, batch.id, "责任人离职")
    bring(desks.iot, [told(2, batch=batch.number)])
    deeds = deeds_of(house, "accountable")
    assert [one.deed.partition(".")[2] for one in deeds] == [
        "unit_named", "persons_registered", "change_announced", "persons_registered",
    ]  # fmt: skip
    assert not any(resident(2) in str(one.facts) or "欧阳" in str(one.facts) for one in deeds)
    assert all(one.subject_name == batch.number for one in deeds)
