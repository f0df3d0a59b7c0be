"""The end of a batch: its records close, its persons are kept as long as the rule says, then gone.

(Real-name rules art. 11; Anti-Fraud Law art. 32 for whoever may still appeal.)
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import pytest
from sqlmodel import select

from console.actions.cards.industry import persons_import, retention
from console.actions.cards.industry.accountable import who_answered
from console.actions.cards.industry.batches import retire_batch, submit_batch
from console.actions.cards.industry.persons_import import register_read
from console.actions.cards.industry.retention import sweep_retention, sweep_shut_down
from console.actions.cards.industry.reviews import assess_batch
from console.actions.cards.persons import (
    SealedRow,
    erase_person,
    forget_rows,
    open_person,
    seal_persons,
)
from console.actions.cases.late import sweep_deadlines
from console.actions.waiting import WorkState
from console.actions.work import work_items
from console.desk import Desk, House
from console.i18n import Language, texts
from models.base import new_id
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.classes import CardClass
from models.cards.industry import BatchState, IndustryBatch
from models.cards.monitoring import CardDay
from models.cards.persons import OpeningPurpose, SealedPerson
from models.cards.users import UserSlot
from models.cases.cases import Case, CaseState
from models.channel.licences import Ground
from models.permissions import Permission
from models.refusals import Conflict
from models.rules import FindingKind, Tier
from tests.cards.answering import (
    again,
    bring,
    card,
    deeds_of,
    live_batch,
    persons_of,
    units_of,
    users_of,
)
from tests.cards.world import answered_for, answers, drafted
from tests.conftest import Clock, Desks
from tests.persons import person, told_user

S = BatchState
Planted = TypeVar("Planted", Case, CardOrder)
CARDS = 20
TWO_YEARS = 732
"""Days, one of a leap year, until the day after the last."""


def used_batch(desks: Desks, *users: int) -> IndustryBatch:
    """In use; its cards have these persons, by their serials, one after the other."""
    batch = live_batch(desks, card_class=CardClass.I3)
    rows = [
        told_user(serial, batch=batch.number, iccid=card(batch, at))
        for at, serial in enumerate(users)
    ]
    assert not rows or bring(desks.iot, rows).users == len(users)
    return again(desks.house, batch)


def retired(desks: Desks, batch: IndustryBatch) -> IndustryBatch:
    return retire_batch(desks.iot, batch.id, cancelled=CARDS, returned=0)


def refused(desks: Desks, batch: IndustryBatch) -> Conflict:
    with pytest.raises(Conflict) as no:
        retired(desks, batch)
    return no.value


def kept(house: House, batch: IndustryBatch) -> list[SealedRow]:
    """Of whom anything is known."""
    rows: list[SealedRow] = [*persons_of(house, batch), *users_of(house, batch)]
    return [one for one in rows if not one.is_forgotten]


def can_be_opened(desks: Desks, row: SealedRow, batch: IndustryBatch) -> bool:
    try:
        open_person(desks.house, batch.carrier_id, type(row), row.id, OpeningPurpose.MATCHING)
    except Conflict as no:
        if no.code != "persons.erased":
            raise
        return False
    return True


def put(desks: Desks, row: Planted, **values: object) -> Planted:
    """A row as other steps leave it."""
    with desks.house.begin(Permission.SWEEP) as work:
        kept_row = work.session.merge(row)
        for name, value in values.items():
            setattr(kept_row, name, value)
        work.no_deed()
    return kept_row


def shut_down_order(desks: Desks, batch: IndustryBatch, state: OrderState) -> CardOrder:
    row = CardOrder(
        number=f"IO-{batch.number[-6:]}", batch_id=batch.id, carrier_id=batch.carrier_id,
        province="44", measure=CardMeasure.SHUT_DOWN, reason="-", remedy="-", papers="-",
        notice_zh="-", notice_en="-", ordered_at=desks.house.now(), state=state,
    )  # fmt: skip
    return put(desks, row)


def case_of(desks: Desks, batch: IndustryBatch, **more: Any) -> Case:  # noqa: ANN401 - columns
    row = Case(
        reference=f"C-{new_id()}"[:20], organisation_id=batch.carrier_id,
        industry_batch_id=batch.id, kind=FindingKind.IOT_RESALE, ground=Ground.INDUSTRY_CARD,
        tier=Tier.SERIOUS, created_at=desks.house.now(), **more,
    )  # fmt: skip
    return put(desks, row)


@pytest.mark.requirement("004-2.3-e")
def test_who_answered_and_who_used_a_card_ends_with_the_batch_and_is_still_told(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch = used_batch(desks, 5, 6)
    in_use = clock.at
    clock.pass_(days=30)
    ended = retired(desks, batch)
    assert (ended.unit_id, ended.person_id) == (None, None)
    rows = [*units_of(house, batch), *persons_of(house, batch), *users_of(house, batch)]
    assert {(one.is_open, one.until) for one in rows} == {(False, clock.at)}
    assert len(rows) == 4
    then, now = (who_answered(desks.iot, batch.id, at) for at in (in_use, clock.at))
    assert then.unit
    assert len(then.persons) == 1
    assert (now.unit, now.persons) == (None, [])
    (deed,) = [one for one in deeds_of(house, "industry") if one.deed == "industry.retired"]
    assert (deed.facts["persons"], deed.facts["users"]) == (1, 2)


def test_cards_of_an_ended_batch_count_no_more_against_a_persons_ten(
    desks: Desks, house: House
) -> None:
    batch = used_batch(desks, *[7] * 10)
    other = live_batch(desks, card_class=CardClass.I3)
    row = told_user(7, batch=other.number, iccid=card(other))
    assert bring(desks.iot, [row]).refused
    retired(desks, batch)
    with house.desk().begin(Permission.INDUSTRY_READ) as work:
        assert not work.session.exec(select(UserSlot)).all()
    assert bring(desks.iot, [row]).users == 1


def test_a_batch_that_was_shut_down_is_retired_once_nobody_can_appeal_any_more(
    desks: Desks, clock: Clock
) -> None:
    batch = live_batch(desks, S.SHUT_DOWN)
    order = shut_down_order(desks, batch, OrderState.IN_FORCE)
    assert refused(desks, batch).code == "industry.order_open"
    order = put(desks, order, state=OrderState.CARRIED_OUT)
    assert refused(desks, batch).code == "industry.order_untold"
    put(desks, order, told_at=clock.at)
    case = case_of(desks, batch, state=CaseState.EXECUTING, decided_at=clock.at)
    assert refused(desks, batch).code == "industry.case_open"
    clock.pass_(days=10)
    put(desks, case, state=CaseState.TRANSFERRED, decided_at=clock.at)
    clock.pass_(days=15)
    no = refused(desks, batch)
    assert (no.code, no.facts["last"]) == ("industry.appeal_window_open", "2026-03-27")
    clock.pass_(days=1)
    ended = retired(desks, batch)
    assert (ended.state, ended.unit_id) == (S.RETIRED, None)
    assert ended.keep_until == date(2028, 3, 28)


def test_a_merged_case_is_open_as_long_as_the_one_that_goes_on_for_it(desks: Desks) -> None:
    batch, other = live_batch(desks), live_batch(desks)
    head = case_of(desks, other, state=CaseState.EXECUTING)
    own = case_of(desks, batch, state=CaseState.INVESTIGATING, merged_into_id=head.id)
    assert refused(desks, batch).facts["case"] == own.reference
    put(desks, head, state=CaseState.CLOSED)
    assert retired(desks, batch).state is S.RETIRED


def waiting(desk: Desk) -> list[tuple[str, WorkState]]:
    found = [one for one in work_items(desk) if one.kind == "industry_retire"]
    assert "work.industry_retire" in texts(Language.ZH)
    return [(one.title, one.state) for one in found]


def test_the_cards_of_what_was_shut_down_wait_to_be_counted_and_become_late(
    desks: Desks, clock: Clock
) -> None:
    batch = live_batch(desks, S.SHUT_DOWN)
    put(desks, shut_down_order(desks, batch, OrderState.CARRIED_OUT), told_at=clock.at)
    clock.pass_(days=15)
    assert not sweep_shut_down(desks.house)
    assert not waiting(desks.iot)
    clock.pass_(days=1)
    assert sweep_deadlines(desks.house) == 1
    assert not sweep_shut_down(desks.house)
    due = again(desks.house, batch)
    assert (due.due_at, due.rule_version) == (
        datetime(2026, 4, 1, 16, tzinfo=UTC), "iot_retirement/1",
    )  # fmt: skip
    assert waiting(desks.iot) == [(batch.number, WorkState.DUE)]
    assert not [*waiting(desks.approver), *waiting(desks.other_manager)]
    clock.pass_(days=20)
    assert sweep_deadlines(desks.house) == 1
    assert again(desks.house, batch).is_late
    assert waiting(desks.iot) == [(batch.number, WorkState.OVERDUE)]
    case = case_of(desks, batch, state=CaseState.INVESTIGATING)
    assert sweep_shut_down(desks.house) == 1
    assert not waiting(desks.iot)
    put(desks, case, state=CaseState.CLOSED)
    assert sweep_shut_down(desks.house) == 1
    retired(desks, batch)
    assert not waiting(desks.iot)
    assert not sweep_shut_down(desks.house)


def watched_days(desks: Desks, batch: IndustryBatch, count: int = 1) -> None:
    with desks.house.begin(Permission.SWEEP) as work:
        for at in range(count):
            on = date(2026, 3, 1) + timedelta(days=at)
            number = int(card(batch)[:19])
            work.add(CardDay(card=number, day=on, batch_id=batch.id, bytes=1, voice=0, sms=0))
        work.no_deed()


def days(desks: Desks) -> Sequence[CardDay]:
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        return work.session.exec(select(CardDay)).all()


def test_persons_of_a_batch_are_forgotten_after_the_last_day_that_they_are_kept(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch = used_batch(desks, 5, 5, 6)
    watched_days(desks, batch)
    rows = kept(house, batch)
    last = retired(desks, batch).keep_until
    assert last
    clock.pass_(days=TWO_YEARS - 1)
    assert clock.at.date() == last
    assert not sweep_retention(desks.house)
    assert len(kept(house, batch)) == 4
    clock.pass_(days=1)
    assert sweep_deadlines(desks.house) == 4
    assert not kept(house, batch)
    assert not days(desks)
    assert not any(can_be_opened(desks, one, batch) for one in rows)
    assert {(one.site, one.chassis) for one in users_of(house, batch)} == {("", "")}
    (deed,) = [one for one in deeds_of(house, "industry") if one.deed.endswith("persons_erased")]
    assert deed.facts == {
        "persons": 1, "users": 3, "keys": 3, "days": 1,
        "request": f"{batch.number}/iot_retention/1",
    }  # fmt: skip
    assert not sweep_retention(desks.house)
    assert again(desks.house, batch).keep_until is None


def test_who_is_registered_elsewhere_is_forgotten_here_and_can_be_read_there(
    desks: Desks, house: House, clock: Clock
) -> None:
    old, new = used_batch(desks, 5), used_batch(desks, 5)
    retired(desks, old)
    clock.pass_(days=30)
    retired(desks, new)
    clock.pass_(days=TWO_YEARS - 30)
    sweep_retention(desks.house)
    assert not kept(house, old)
    assert [can_be_opened(desks, one, new) for one in kept(house, new)] == [True, True]
    rows = kept(house, new)
    clock.pass_(days=30)
    sweep_retention(desks.house)
    assert not kept(house, new)
    assert not any(can_be_opened(desks, one, new) for one in rows)


def test_a_sweep_that_was_killed_goes_on_where_it_was(
    desks: Desks, house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = used_batch(desks, 1, 2, 3, 4)
    watched_days(desks, batch, 4)
    retired(desks, batch)
    clock.pass_(days=TWO_YEARS)
    portions = iter(range(9))

    def killed(*given: Any, **more: Any) -> int:  # noqa: ANN401 - as forget_rows takes them
        done = forget_rows(*given, **more)
        if next(portions) == 1:
            raise KeyboardInterrupt  # keys are destroyed, rows not committed
        return done

    monkeypatch.setattr(retention, "AT_ONCE", 2)
    monkeypatch.setattr(retention, "_DAYS_AT_ONCE", 1)
    monkeypatch.setattr(retention, "forget_rows", killed)
    with pytest.raises(KeyboardInterrupt):
        sweep_retention(desks.house)
    assert len(kept(house, batch)) == 3
    assert sweep_retention(desks.house) == 3
    assert not kept(house, batch)
    deeds = [one for one in deeds_of(house, "industry") if one.deed.endswith("persons_erased")]
    assert sum(one.facts["persons"] + one.facts["users"] for one in deeds) == 5
    assert [one.facts["days"] for one in deeds] == [1, 1, 1, 1, 0]
    assert not days(desks)


def test_who_comes_again_while_they_are_forgotten_is_not_kept_under_a_key_that_is_gone(
    desks: Desks, house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = used_batch(desks, 5), used_batch(desks)
    retired(desks, old)
    clock.pass_(days=TWO_YEARS)
    row = told_user(5, batch=new.number, iccid=card(new))

    def forgotten_meanwhile(*given: Any) -> Sequence[SealedPerson]:  # noqa: ANN401 - its arguments
        sealed = seal_persons(*given)
        sweep_retention(desks.house)
        return sealed

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(persons_import, "seal_persons", forgotten_meanwhile)
        with pytest.raises(Conflict, match=r"row\.done_meanwhile"):
            bring(desks.iot, [row])
    assert not users_of(house, new)
    assert bring(desks.iot, [row]).users == 1
    assert can_be_opened(desks, users_of(house, new)[0], new)


def test_an_open_case_or_appeal_holds_it_back(desks: Desks, house: House, clock: Clock) -> None:
    batch = used_batch(desks, 5)
    retired(desks, batch)
    case = case_of(desks, batch, state=CaseState.APPEALED)
    clock.pass_(days=TWO_YEARS)
    assert not sweep_retention(desks.house)
    (row,) = users_of(house, batch)
    with pytest.raises(Conflict, match=r"persons\.held") as no:
        erase_person(desks.house, batch.carrier_id, row.subject_id, "SQ-7")
    assert no.value.facts["number"] == batch.number
    put(desks, case, state=CaseState.CLOSED)
    order = shut_down_order(desks, batch, OrderState.APPEALED)
    assert not sweep_retention(desks.house)
    put(desks, order, state=OrderState.LIFTED)
    assert sweep_retention(desks.house) == 2
    assert not kept(house, batch)


def test_a_person_of_an_ended_batch_can_be_erased_on_request(desks: Desks, house: House) -> None:
    batch = used_batch(desks, 5)
    (row,) = users_of(house, batch)
    with pytest.raises(Conflict, match=r"persons\.in_force"):
        erase_person(desks.house, batch.carrier_id, row.subject_id, "SQ-7")
    retired(desks, batch)
    assert erase_person(desks.house, batch.carrier_id, row.subject_id, "SQ-7") == 1
    assert kept(house, batch) == list(persons_of(house, batch))


def test_persons_of_a_batch_that_is_refused_are_not_kept_for_ever(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch = drafted(desks)
    answered_for(desks, batch.id)
    register_read(desks.iot, batch.id, person(3, batch=batch.number))
    submit_batch(desks.iot, batch.id)
    ended = assess_batch(desks.approver, batch.id, answers(), "用途存疑", fails=True)
    assert (ended.state, ended.unit_id, ended.person_id) == (S.REFUSED, None, None)
    assert not any(one.is_open for one in persons_of(house, batch))
    clock.pass_(days=TWO_YEARS)
    assert sweep_retention(desks.house) == 2
    assert not kept(house, batch)
