"""An administration counts industry cards; which there are, and whose, it reads nowhere."""

import json

import pytest

from console.actions.audit import list_deeds
from console.actions.cards.industry.orders import order_cards
from models.cards.card_orders import CardMeasure
from tests.cards.world import BUYER, in_use
from tests.conftest import Desks
from tests.pages import Console
from tests.pages import shown as marked_up


def test_the_record_of_deeds_tells_a_regulator_of_no_batch_and_no_purchaser(desks: Desks) -> None:
    batch = in_use(desks, ordered=2)
    order = order_cards(desks.iot, batch.id, CardMeasure.WARN, reason="请核对终端")
    told = [
        json.dumps([one.deed, one.subject_name, one.facts], ensure_ascii=False)
        for one in list_deeds(desks.regulator, limit=200).rows
    ]
    assert not [one for one in told if batch.number in one or BUYER in one or order.number in one]
    mine = [one.deed for one in list_deeds(desks.iot, limit=200).rows]
    assert {"industry.drafted", "purchaser.added", "card_order.made"} <= set(mine)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nor_does_the_page_of_the_record(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = in_use(desks, ordered=2)
    console = Console(desks.house.house, monkeypatch)
    page = console.open("audit", desks.regulator, deed="industry")
    assert not page.dataframe
    assert batch.number not in marked_up(page).replace("\\", "")
    assert console.open("audit", desks.iot, deed="industry").dataframe
