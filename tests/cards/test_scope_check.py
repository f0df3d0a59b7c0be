"""Whether one card may be used, and for what."""

import pytest
from sqlalchemy import event

from console.actions.cards.industry.scope_check import CardReason, check_card
from models.base import new_id
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.industry import BatchState, IndustryBatch
from models.permissions import Permission
from models.refusals import Invalid, NotAllowed
from tests.cards.world import (
    BUYER,
    brought,
    drafted,
    iccid,
    iccid20,
    imei,
    in_use,
    line,
    registered,
    terms,
)
from tests.conftest import Desks

R = CardReason


def planted(desks: Desks, batch: IndustryBatch, *cards: str, measure: CardMeasure) -> None:
    """An order in force for these cards; for none, for the whole batch."""
    with desks.house.begin(Permission.CARD_ORDER) as work:
        order = CardOrder(
            number=f"CO-{new_id()}", batch_id=batch.id, carrier_id=batch.carrier_id, province="44",
            measure=measure, cards=list(cards), reason="-", remedy="-", papers="-",
            notice_zh="-", notice_en="-", ordered_at=work.at, state=OrderState.CARRIED_OUT,
        )  # fmt: skip
        work.add(order)
        work.record("industry.planted", order)


@pytest.mark.requirement("004-2.3-a")
def test_a_card_in_use_answers_with_what_it_may_be_used_for(desks: Desks) -> None:
    batch = in_use(desks)
    found = check_card(desks.iot, f" {iccid20(3)[:10]} {iccid20(3)[10:]} ")
    assert found.is_usable
    assert found.batch is not None
    assert (found.batch.id, found.state, found.unit) == (batch.id, BatchState.IN_USE, BUYER)
    assert found.scope is not None
    assert found.scope.terms == terms()
    assert (found.device, found.orders) == ("", [])


def test_a_card_outside_of_every_batch_is_not_usable(desks: Desks) -> None:
    in_use(desks)
    for desk, serial in ((desks.iot, 10), (desks.other_manager, 3)):
        found = check_card(desk, iccid(serial))
        assert (found.reasons, found.batch, found.unit) == ((R.IN_NO_BATCH,), None, "")
    with pytest.raises(Invalid):
        check_card(desks.iot, "123")
    with pytest.raises(NotAllowed):
        check_card(desks.regulator, iccid(3))


def test_a_card_is_not_usable_before_its_batch_is(desks: Desks) -> None:
    batch = registered(desks)
    brought(desks.iot, [line(batch, 0, 4), line(batch, 7, IMEI=imei(7))])
    assert check_card(desks.iot, iccid(4)).reasons == (R.NOT_IN_USE,)
    assert check_card(desks.iot, iccid(7)).device == imei(7)
    assert check_card(desks.iot, iccid(5)).reasons == (R.IN_NO_BATCH,)


def test_every_state_says_whether_its_cards_are_usable(desks: Desks) -> None:
    batch = in_use(desks)
    for state in BatchState:
        with desks.house.begin(Permission.INDUSTRY_EDIT) as work:
            row = work.get(IndustryBatch, batch.id)
            row.state = state
            work.record("industry.planted", row)
        assert check_card(desks.iot, iccid(0)).is_usable is (state is BatchState.IN_USE)


@pytest.mark.parametrize("measure", list(CardMeasure))
def test_an_order_in_force_limits_the_cards_that_it_names(
    desks: Desks, measure: CardMeasure
) -> None:
    batch = in_use(desks)
    planted(desks, batch, iccid(3), iccid(4), measure=measure)
    limits = measure not in {CardMeasure.WARN, CardMeasure.REVERIFY}
    named, other = check_card(desks.iot, iccid20(3)), check_card(desks.iot, iccid20(5))
    assert [one.measure for one in named.orders] == [measure]
    assert named.reasons == ((R.ORDERED,) if limits else ())
    assert (other.orders, other.is_usable) == ([], True)
    planted(desks, batch, measure=CardMeasure.SUSPEND)
    assert check_card(desks.iot, iccid20(5)).reasons == (R.ORDERED,)


def test_a_check_is_two_statements_however_many_batches_there_are(desks: Desks) -> None:
    batch = in_use(desks)
    for at in range(2, 5):
        other = drafted(desks, serial=at)
        brought(desks.iot, [line(other, at * 100, at * 100 + 9)])
    asked: list[str] = []
    engine = desks.house.house.engine

    def note(*given: object) -> None:
        asked.append(str(given[2]))

    event.listen(engine, "before_cursor_execute", note)
    assert check_card(desks.iot, iccid(0)).batch == batch
    event.remove(engine, "before_cursor_execute", note)
    assert sum(one.lstrip().startswith("SELECT") for one in asked) == 2
