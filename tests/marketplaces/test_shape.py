"""A source whose pages have changed is noticed, and nothing is made of what it says then."""

from typing import Any

from integrations.marketplaces.base import Reason
from integrations.marketplaces.shape import changed_shape
from integrations.marketplaces.steps import Fault
from integrations.marketplaces.walk import do, first_steps
from tests.marketplaces import replay
from tests.marketplaces.asked import KEYS, source_to
from tests.marketplaces.replay import NOW, Replay, replayed, wares
from tests.shops import Visitor


def _answer(count: int, whole: int, field: str) -> dict[str, Any]:
    items = [
        {"item_id": f"i{no}", "title": "流量卡", "url": f"https://x.example/{no}", "seller_id": no}
        for no in range(count)
    ]  # fmt: skip
    for item in items[whole:]:
        item["was_" + field] = item.pop(field)
    inner = {"total_results": 900, "result_list": {"map_data": items}}
    return {"tbk_dg_material_optional_upgrade_response": inner}


def _done(count: int, whole: int, field: str) -> Any:  # noqa: ANN401 - what `do` gives
    state = Replay(wares(1), troubles=[_answer(count, whole, field)])
    with replayed(replay.taobao, state) as (stand, _), Visitor() as visitor:
        source = source_to("taobao", stand)
        (step,) = first_steps(source)
        return do(source, step, visitor, secrets=KEYS["taobao"], now=lambda: NOW)


def test_a_field_that_nearly_every_offer_lost_breaks_the_page() -> None:
    done = _done(20, 1, "title")

    assert done.shape_broken
    assert done.ends
    assert (done.listings, done.next_steps) == ((), ())
    facts = done.faults[0].reason.facts
    assert (facts["field"], facts["missing"], facts["of"]) == ("title", 19, 20)
    assert "/router/rest" in facts["url"]
    assert "item_basic_info.title" in facts["tried"]


def test_a_lost_shop_breaks_it_too_for_nobody_may_be_accused_of_it() -> None:
    done = _done(20, 0, "seller_id")

    assert done.shape_broken
    assert done.faults[0].reason.facts["field"] == "shop_id"


def test_some_offers_without_a_field_are_faults_of_their_own() -> None:
    done = _done(20, 10, "title")

    assert not done.shape_broken
    assert len(done.listings) == 10
    assert len(done.faults) == 10


def test_too_few_offers_say_nothing_of_the_shape() -> None:
    assert not _done(3, 0, "title").shape_broken


def _kept(word: str, field: str = "shop_id") -> dict[str, Any]:
    return {"word": word, "facts": {"field": field, "tried": "table=店铺"}, "url": "https://x/1"}


def test_pages_of_one_offer_show_a_changed_shape_together() -> None:
    fault = changed_shape(10, [_kept("shop_missing")] * 10)
    assert fault == Fault(
        Reason(
            "shape_changed",
            {"url": "https://x/1", "field": "shop_id", "tried": "table=店铺", "missing": 10,
             "of": 10},
        ),
        "https://x/1",
    )  # fmt: skip
    assert changed_shape(0, [_kept("field_missing", "title")] * 5) is not None
    assert changed_shape(40, [_kept("shop_missing")] * 10) is None
    assert changed_shape(3, [_kept("shop_missing")] * 3) is None
    assert changed_shape(10, [_kept("price_unreadable", "price")] * 10) is None
