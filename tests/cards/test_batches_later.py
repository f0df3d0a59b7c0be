"""A batch in use: assessed again each year, found, and ended; and who sees any of it."""

from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from console.actions.cards.industry.batches import (
    batch_numbered,
    batch_record,
    list_batches,
    retire_batch,
    submit_batch,
)
from console.actions.cards.industry.reviews import (
    reassess_batch,
    sweep_reassessments,
)
from console.desk import Desk
from models.audit import AuditEntry
from models.base import new_id
from models.cards.agreements import IndustryAgreement
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.classes import CardClass
from models.cards.industry import BatchState, IndustryBatch
from models.permissions import Permission, Role
from models.refusals import Conflict, NotAllowed, NotFound
from models.rules import china_day
from tests.cards.world import (
    answers,
    drafted,
    in_use,
    kept,
    submitted,
)
from tests.cases.world import person
from tests.channel.stories import uscc
from tests.conftest import Clock, Desks

S = BatchState


def test_an_assessment_is_made_again_each_year(desks: Desks, clock: Clock) -> None:
    batch = in_use(desks)
    clock.pass_(days=335)
    assert sweep_reassessments(desks.house) == 0
    clock.pass_(days=1)
    assert sweep_reassessments(desks.house) == 1
    assert sweep_reassessments(desks.house) == 0
    flagged = kept(desks, batch.id)
    assert (flagged.state, flagged.is_reassess_due) == (S.IN_USE, True)
    assert flagged.due_at is not None
    failed = reassess_batch(desks.approver, batch.id, answers(), "终端失控", fails=True)
    assert (failed.state, failed.is_reassess_due) == (S.IN_USE, True)
    assert failed.due_at is not None
    assert failed.due_at < flagged.due_at  # to be acted on within a working day
    passed = reassess_batch(desks.approver, batch.id, answers())
    assert (passed.is_reassess_due, passed.due_at) == (False, None)
    assert passed.assessed_until == date(2028, 2, 1)
    yearly = batch_record(desks.iot, batch.id).assessments[:2]
    assert all(one.is_yearly for one in yearly)
    with pytest.raises(Conflict) as no:
        reassess_batch(desks.approver, submitted(desks, serial=2).id, answers())
    assert no.value.code == "industry.not_assessed_again"


def test_a_batch_ends_when_each_card_is_accounted_for(desks: Desks, clock: Clock) -> None:
    batch = in_use(desks)
    for cancelled, returned in ((4, 5), (11, -1)):
        with pytest.raises(Conflict) as no:
            retire_batch(desks.iot, batch.id, cancelled=cancelled, returned=returned)
        assert no.value.code == "industry.cards_not_counted"
    order = ordered(desks, batch)
    with pytest.raises(Conflict) as no:
        retire_batch(desks.iot, batch.id, cancelled=4, returned=6)
    assert no.value.facts["order"] == order.number
    with desks.house.begin(Permission.CARD_ORDER) as work:
        row = work.get(CardOrder, order.id)
        row.state = OrderState.CARRIED_OUT
        work.record("industry.planted", row)
    ended = retire_batch(desks.iot, batch.id, cancelled=4, returned=6)
    assert (ended.state, ended.retired_cards) == (S.RETIRED, 10)
    assert (ended.retired_on, ended.keep_until) == (china_day(clock.at), date(2028, 3, 2))


def ordered(desks: Desks, batch: IndustryBatch) -> CardOrder:
    with desks.house.begin(Permission.CARD_ORDER) as work:
        order = CardOrder(
            id=new_id(), number="CO-1", batch_id=batch.id, carrier_id=batch.carrier_id,
            province="44", measure=CardMeasure.WARN, reason="-", remedy="-", papers="-",
            notice_zh="-", notice_en="-", ordered_at=work.at,
        )  # fmt: skip
        work.add(order)
        work.record("industry.planted", order)
    return order


def test_batches_are_found_by_what_people_call_them(desks: Desks, clock: Clock) -> None:
    mine = submitted(desks)
    other = drafted(desks, serial=2, card_class=CardClass.I3)

    def found(q: str = "", **more: Any) -> list[str]:  # noqa: ANN401 - filters
        return [one.number for one in list_batches(desks.iot, q, **more).rows]

    assert found() == [other.number, mine.number]
    assert found("禾苗") == found()
    assert found(uscc(2)) == found(card_class=CardClass.I3) == [other.number]
    assert found("000001") == found(state=S.PURCHASER_REVIEW) == [mine.number]
    assert found("%") == []
    assert found(late=True) == []
    clock.pass_(days=10)
    assert found(late=True) == [mine.number]
    first = list_batches(desks.iot, limit=1)
    assert [one.number for one in list_batches(desks.iot, after=first.next).rows] == [mine.number]
    assert batch_numbered(desks.iot, mine.number.lower()).id == mine.id


def test_nobody_else_sees_a_carriers_batches(desks: Desks) -> None:
    batch = drafted(desks)
    for desk in (desks.regulator, desks.platform, desks.inspector):
        with pytest.raises(NotAllowed):
            batch_record(desk, batch.id)
    with pytest.raises(NotFound):
        batch_record(desks.other_manager, batch.id)
    assert list_batches(desks.other_manager).rows == []
    stranger: Desk = person(desks, "xu.lian", "CU-44", Role.IOT_MANAGER)
    with pytest.raises(NotFound):
        submit_batch(stranger, batch.id)
    with pytest.raises(NotAllowed):
        submit_batch(desks.approver, batch.id)


def test_every_change_of_a_batch_is_on_record(desks: Desks) -> None:
    batch = in_use(desks)
    with desks.house.begin(Permission.AUDIT_READ) as work:
        deeds = work.session.exec(
            select(AuditEntry).where(AuditEntry.subject_id == str(batch.id))
        ).all()
        clauses = work.session.exec(select(IndustryAgreement)).all()
    assert {one.province for one in deeds} == {None}, "an administration counts, and reads none"
    assert len(clauses) == 1
    assert next(one for one in deeds if one.deed == "industry.assessed").facts["score"] == 0
