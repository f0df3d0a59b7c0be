"""Days of watched cards are told of their users: they go when their time is over."""

from datetime import date, timedelta

import pytest

from console.actions.audit import history
from console.actions.cards.industry.days import card_usage, usage_of
from console.actions.cards.industry.old_days import last_over, sweep_card_days
from console.actions.cards.industry.runs import plan_run, run_monitoring
from console.actions.cards.industry.watch import add_watch, end_watch
from console.jobs.registry import SWEEPS
from models.cards.industry import IndustryBatch
from models.cards.monitoring import WatchEntry
from models.permissions import Permission
from tests.cards.ordered import ordered
from tests.cards.used import DAY, Used, csv_of, days_of, planted
from tests.conftest import Clock, Desks


def watched_for_three_days(desks: Desks) -> tuple[Used, WatchEntry]:
    used = planted(desks)
    entry = add_watch(desks.iot, used.id, used.iccid(0), reason="公安通报")
    rows = days_of(used, 0, DAY - timedelta(days=2), 3)
    run_monitoring(desks.iot, plan_run(desks.iot, "use.csv", csv_of(rows)).id)
    return used, entry


def left(desks: Desks, used: Used) -> list[date]:
    return [one.day for one in card_usage(desks.iot, used.id, used.iccid(0)).days]


@pytest.mark.parametrize("ended", [False, True])
def test_days_of_a_watched_card_go_after_a_year_one_by_one_whether_the_watch_goes_on_or_not(
    desks: Desks, clock: Clock, ended: bool
) -> None:
    used, entry = watched_for_three_days(desks)
    if ended:
        end_watch(desks.iot, entry.id, "已核实")
    clock.pass_(days=362)
    assert not sweep_card_days(desks.house), "the year ends with a day"
    clock.pass_(days=1)
    assert sweep_card_days(desks.house) == 1
    assert left(desks, used) == [DAY - timedelta(days=1), DAY]
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        deeds = history(work, work.get(IndustryBatch, used.id))
    (deed,) = (one for one in deeds if one.deed == "monitoring.card_days_deleted")
    assert deed.facts == {"days": 1, "until": str(DAY - timedelta(days=2))}
    assert not sweep_card_days(desks.house)
    clock.pass_(days=2)
    assert sweep_card_days(desks.house) == 2
    assert not left(desks, used)
    assert usage_of(desks.iot, used.id, DAY, DAY).days, "days of the batch tell of nobody"


def test_an_order_that_is_open_holds_the_days_back(desks: Desks, clock: Clock) -> None:
    used, _ = watched_for_three_days(desks)
    ordered(desks, used)
    clock.pass_(days=380)
    assert not sweep_card_days(desks.house)
    assert len(left(desks, used)) == 3


def test_the_last_day_that_is_over_is_found_from_the_oldest_on() -> None:
    first = date(2026, 2, 27)
    assert last_over(first, first + timedelta(days=365)) is None
    assert last_over(first, first + timedelta(days=366)) == first
    assert last_over(first, first + timedelta(days=369)) == date(2026, 3, 2)


def test_the_house_looks_for_old_days_each_day() -> None:
    (own,) = [one for one in SWEEPS if one.sweep is sweep_card_days]
    assert own.every.days == 1
