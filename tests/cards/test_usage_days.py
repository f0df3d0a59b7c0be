"""What charts are drawn of: a batch's days and months against its limit, and its busiest cards."""

from datetime import date, timedelta

import pytest

from console.actions.cards.industry.days import LONGEST, card_usage, usage_of
from console.actions.cards.industry.runs import plan_run, run_monitoring
from console.actions.cards.industry.watch import add_watch
from models.refusals import Invalid, NotAllowed, NotFound
from tests.cards.used import DAY, MB, csv_of, days_of, planted
from tests.conftest import Desks


def test_days_and_months_of_a_batch_stand_against_its_limit(desks: Desks) -> None:
    used = planted(desks, cards=10)
    first = date(2026, 2, 27)
    rows = [*days_of(used, 0, first, 4, bytes=MB), *days_of(used, 1, DAY, 1, bytes=3 * MB)]
    run_monitoring(desks.iot, plan_run(desks.iot, "use.csv", csv_of(rows)).id)
    usage = usage_of(desks.iot, used.id, first, DAY)
    assert [(one.day, one.cards, one.bytes // MB) for one in usage.days] == [
        (date(2026, 2, 27), 1, 1), (date(2026, 2, 28), 1, 1), (date(2026, 3, 1), 2, 4),
    ]  # fmt: skip
    assert usage.days[-1].top_bytes == 3 * MB
    assert usage.monthly_bytes == 2 * MB
    assert [(one.month, one.days, one.bytes // MB, one.busiest_cards) for one in usage.months] == [
        ("2026-02", 2, 2, 1), ("2026-03", 1, 4, 2),
    ]  # fmt: skip
    assert {one.limit for one in usage.months} == {20 * MB}


def test_the_busiest_cards_are_those_found_over_their_limit_and_those_watched(
    desks: Desks,
) -> None:
    used = planted(desks)
    add_watch(desks.iot, used.id, used.iccid(0), reason="通报")
    rows = [used.did(0, bytes=MB), used.did(1, bytes=9 * MB), used.did(2, bytes=MB)]
    run_monitoring(desks.iot, plan_run(desks.iot, "use.csv", csv_of(rows)).id)
    top = usage_of(desks.iot, used.id, DAY, DAY).top
    assert [(one.iccid, one.bytes, one.is_watched) for one in top] == [
        (used.iccid(1)[:19], 9 * MB, False), (used.iccid(0)[:19], MB, True),
    ]  # fmt: skip


def test_days_are_asked_for_in_order_within_bounds_and_by_who_may(desks: Desks) -> None:
    used = planted(desks)
    with pytest.raises(Invalid, match=r"days_backwards"):
        usage_of(desks.iot, used.id, DAY, DAY - timedelta(days=1))
    with pytest.raises(Invalid, match=r"too_many_days"):
        usage_of(desks.iot, used.id, DAY - timedelta(days=LONGEST), DAY)
    assert not usage_of(desks.iot, used.id, DAY - timedelta(days=LONGEST - 1), DAY).days
    with pytest.raises(NotAllowed):
        usage_of(desks.regulator, used.id, DAY, DAY)
    with pytest.raises(NotFound):
        usage_of(desks.other_manager, used.id, DAY, DAY)
    with pytest.raises(Invalid, match=r"not_in_batch"):
        card_usage(desks.iot, used.id, planted(desks, 2).iccid(0))
