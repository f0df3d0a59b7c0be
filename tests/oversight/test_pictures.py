"""What is counted for an organisation is what its people find behind it, and nobody else's."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from console.actions.oversight.behind import Part, Which, drill, may_look, rows_behind
from console.actions.oversight.pictures import count_pictures, picture
from console.actions.patrol.shops import list_shops
from console.desk import Desk
from models.cases.tasks import Recovery
from models.oversight.figures import Cut, Indicator, OversightFigure
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from tests.conftest import Clock, Desks
from tests.oversight.counted import plant

I = Indicator  # noqa: E741 - its name in these tests
DESKS = ("manager", "platform", "regulator", "other_regulator")
BY_CARRIER = {
    I.LISTS_CURRENT: (1, 1), I.LICENSED_AGENTS: (2, None), I.LICENSED_SHOPS: (3, None),
    I.BADGES_SHOWN: (2, 3), I.UNLICENSED_LIVE: (2, None), I.UNLICENSED_NEW: (3, None),
    I.UNLICENSED_RELISTED: (1, None), I.UNLICENSED_GONE: (1, None), I.TIME_TO_FINDING: (3, 3),
    I.TIME_TO_NOTICE: (2, 2), I.TIME_TO_GONE: (1, 1), I.FOUND_BEFORE_REPORT: (2, 3),
    I.CASES_OPENED: (3, None), I.CASES_OPEN: (2, None), I.CASES_SERIOUS: (1, 2),
    I.CASES_CLOSED: (1, None), I.CASES_TRUE: (1, 2), I.OVERDUE: (2, 3),
    I.SPOT_CHECKS_PASSED: (2, 3), I.INDUSTRY_COMPLETE: (0, 2), I.INDUSTRY_BREACHES: (2, None),
    I.CARDS_RECOVERED: (90, 100), I.REAL_NAME: (1, 2), I.FINDINGS: (3, None),
    I.NOTICES: (2, None),
}  # fmt: skip
"""What 中国电信广东 has, counted by hand in `counted.py`."""


@pytest.fixture
def counted(desks: Desks) -> Desks:
    plant(desks)
    assert count_pictures(desks.house) > len(DESKS)
    return desks


def behind(desk: Desk, one: OversightFigure, which: Which = Which.COUNTED) -> list[Any]:
    """Every row of a figure, screen by screen."""
    part = Part(one.cut, one.name, one.month, which)
    return list(_pages(desk, one.indicator, part))


def _pages(desk: Desk, indicator: Indicator, part: Part) -> Iterator[Any]:
    for at, first in enumerate(rows_behind(desk, indicator, part, limit=2)):
        screen = first
        yield from screen.rows
        while screen.next is not None:
            screen = rows_behind(desk, indicator, part, screen.next, limit=2)[at]
            yield from screen.rows


def amount(rows: list[Any]) -> int:
    return sum(row.recovered if isinstance(row, Recovery) else 1 for row in rows)


@pytest.mark.requirement("004-0-c")
def test_a_carrier_s_figures_are_those_of_its_channel(counted: Desks) -> None:
    seen = picture(counted.manager)
    assert seen.made_at == counted.house.now()
    found = {one: seen.now(one) for one in Indicator}
    assert {one: (row.count, row.base) for one, row in found.items() if row} == BY_CARRIER


@pytest.mark.parametrize("name", DESKS)
@pytest.mark.requirement("004-3.4-a")
def test_a_figure_is_the_number_of_the_rows_behind_it(counted: Desks, name: str) -> None:
    """For each reader, each cut and each month, in the reader's own scope."""
    desk: Desk = getattr(counted, name)
    seen = picture(desk)
    figures = [one for row in seen.figures.values() for one in row]
    figures += [one for row in seen.months.values() for one in row.values()]
    shown = [
        one
        for one in figures
        if may_look(desk, one.indicator) and (one.count or one.base or not one.month)
    ]
    assert {one.indicator for one in figures} == set(Indicator)
    assert len(shown) > 20
    for one in shown:
        key = (one.indicator, one.cut, one.name, one.month)
        assert (*key, amount(behind(desk, one))) == (*key, one.count)
        if one.base is not None and one.median_s is None and one.indicator != I.CARDS_RECOVERED:
            assert (*key, len(behind(desk, one, Which.OTHERS))) == (*key, one.base - one.count)


@pytest.mark.requirement("004-3.4-a")
def test_a_regulator_has_its_own_province_by_any_of_the_three_routers(counted: Desks) -> None:
    """Beijing: of the marketplace that is at home there, and of the agent that has its seat."""
    guangdong, beijing = picture(counted.regulator), picture(counted.other_regulator)
    assert [one.name for one in guangdong.by(I.CASES_OPEN, Cut.PROVINCE)] == ["44"]
    assert [one.name for one in beijing.by(I.CASES_OPEN, Cut.PROVINCE)] == ["11"]
    live = beijing.now(I.UNLICENSED_LIVE)
    agents = beijing.now(I.LICENSED_AGENTS)
    assert live is not None
    assert agents is not None
    assert (live.count, agents.count) == (1, 1)
    lists = guangdong.by(I.LISTS_CURRENT, Cut.CARRIER)
    assert [(one.name, one.count, one.base) for one in lists] == [("CT-44", 1, 1), ("CU-44", 0, 1)]


def test_the_parts_of_a_figure_add_up_to_it(counted: Desks) -> None:
    for name in DESKS:
        seen = picture(getattr(counted, name))
        for indicator in (I.UNLICENSED_LIVE, I.CASES_OPEN, I.NOTICES, I.LICENSED_SHOPS):
            whole = seen.now(indicator)
            for cut in (Cut.PLATFORM, Cut.PROVINCE, Cut.CARRIER):
                assert whole is not None
                assert sum(one.count for one in seen.by(indicator, cut)) == whole.count


def test_what_stands_in_a_list_of_states_is_counted_as_it_is_listed(counted: Desks) -> None:
    page, query = drill(I.LICENSED_AGENTS, Part(Cut.PROVINCE, "44"))
    assert (page, query) == ("agents", {"state": "active", "province": "44"})
    listed = list_shops(counted.manager, state=ShopState.UNLICENSED).rows
    live = rows_behind(counted.manager, I.UNLICENSED_LIVE)[0].rows
    assert {row.id for row in live} - {row.id for row in listed} == {
        row.id for row in live if row.state is ShopState.PLATFORM_NOTIFIED
    }
    assert drill(I.OVERDUE, Part(month="2026-02")) == (
        "behind", {"of": "overdue", "month": "2026-02"},
    )  # fmt: skip


def test_only_live_sellers_count_as_unlicensed_shops(counted: Desks, clock: Clock) -> None:
    """A month and a week after the last patrol nobody knows whether they still sell."""
    clock.pass_(days=36)
    count_pictures(counted.house)
    live = picture(counted.manager).now(I.UNLICENSED_LIVE)
    assert live is not None
    assert live.count == 0


def test_times_are_such_as_were_measured(counted: Desks) -> None:
    seen = picture(counted.manager)
    gone, found = seen.now(I.TIME_TO_GONE), seen.now(I.TIME_TO_FINDING)
    assert gone is not None
    assert found is not None
    assert (gone.median, gone.p90) == (timedelta(days=2), timedelta(days=2))
    assert (found.median, found.p90) == (timedelta(days=2), timedelta(days=9))
    assert [one.name for one in seen.by(I.TIME_TO_FINDING, Cut.PLATFORM)] == ["honghai", "lanhai"]
    by_month = seen.trend(I.TIME_TO_FINDING, "lanhai")
    assert {month: one.base for month, one in by_month.items()} == {"2026-01": 2}


def test_a_trend_has_eighteen_months_and_ends_with_this_one(counted: Desks, clock: Clock) -> None:
    """What no row tells of the past is kept from when it was counted."""
    seen = picture(counted.manager)
    months = list(seen.trend(I.CASES_OPEN))
    assert (len(months), months[0], months[-1]) == (18, "2024-10", "2026-03")
    assert list(seen.trend(I.OVERDUE)) == ["2026-03"]
    clock.pass_(days=31)
    count_pictures(counted.house)
    kept = picture(counted.manager).trend(I.OVERDUE)
    assert {month: (one.count, one.base) for month, one in kept.items()} == {
        "2026-03": (2, 3), "2026-04": (3, 3),
    }  # fmt: skip


def test_a_month_begins_at_midnight_in_china(counted: Desks, clock: Clock) -> None:
    """A shop that was first seen at 17:00 UTC on the last of March came in April."""
    clock.at = clock.at.replace(month=3, day=31, hour=17)
    with counted.house.begin(Permission.PATROL_RUN) as work:
        own = counted.manager.actor.organisation_id
        shop = work.add(
            Shop(
                organisation_id=own, platform="lanhai", shop_key="shop:1", name="新店",  # pyright: ignore[reportArgumentType]
                state=ShopState.UNLICENSED, first_seen_at=work.at, last_seen_at=work.at,
            )
        )  # fmt: skip
        work.record("shop.planted", shop)
    count_pictures(counted.house)
    found = picture(counted.manager).trend(I.UNLICENSED_NEW)
    assert (found["2026-03"].count, found["2026-04"].count) == (0, 1)
