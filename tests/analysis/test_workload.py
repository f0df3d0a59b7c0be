"""What came by the week is foretold; what is known to end is counted."""

from datetime import date, timedelta

from console.actions.oversight.analysis.workload import (
    EndKind,
    Incoming,
    WorkKind,
    endings,
    workload,
)
from models.cases.cases import CaseState
from models.channel.licences import LicenceState
from models.oversight.forecast import Method
from tests.analysis.world import agent, case, day, finding, licence, shop
from tests.conftest import Clock, Desks


def incoming(desks: Desks, kind: WorkKind) -> Incoming:
    (found,) = [one for one in workload(desks.manager) if one.kind is kind]
    return found


def test_weeks_begin_on_monday_in_china_and_the_running_one_is_told_apart(
    desks: Desks, clock: Clock
) -> None:
    at = shop(desks)  # it is Monday, 2 March
    sunday = clock.at - timedelta(hours=13)  # 23:00 of Sunday in Beijing
    for days in (0, (clock.at - sunday) / timedelta(days=1), 13):
        case(desks, at, days_ago=days)
    found = incoming(desks, WorkKind.CASES)

    assert found.past == {date(2026, 2, 16): 1, date(2026, 2, 23): 1}
    assert found.this_week == 1
    assert found.forecast is None
    assert found.ahead == ()


def test_a_week_without_any_counts_as_none(desks: Desks) -> None:
    at = shop(desks)
    for weeks in (1, 4, 10):
        finding(desks, at, days_ago=7 * weeks)
    found = incoming(desks, WorkKind.FINDINGS)

    assert list(found.past.values()) == [1, 0, 0, 0, 0, 0, 1, 0, 0, 1]
    assert found.forecast is not None
    assert found.forecast.method is Method.LEVEL
    assert found.ahead[0] == day(desks)
    assert len(found.ahead) == 8


def test_work_that_never_came_is_left_out(desks: Desks) -> None:
    assert workload(desks.manager) == []
    case(desks, shop(desks))

    assert [one.kind for one in workload(desks.approver)] == [WorkKind.CASES]


def test_a_platform_counts_the_cases_that_it_was_told_of(desks: Desks) -> None:
    at = shop(desks)
    case(desks, at, days_ago=8, state=CaseState.INVESTIGATING)
    case(desks, at, days_ago=8, state=CaseState.EXECUTING)
    (found,) = workload(desks.platform)

    assert (found.kind, sum(found.past.values())) == (WorkKind.CASES, 1)
    assert workload(desks.other_platform) == []


def test_what_ends_is_counted_in_its_month(desks: Desks) -> None:
    of = agent(desks, business_licence_until=date(2026, 3, 31))
    licence(desks, of, days_ago=10, ends_on=date(2026, 3, 2))
    licence(desks, of, days_ago=10, ends_on=date(2027, 2, 28))
    licence(desks, of, days_ago=10, ends_on=date(2027, 3, 1))
    licence(desks, of, days_ago=10, ends_on=date(2026, 5, 1), state=LicenceState.REVOKED)
    found = endings(desks.manager)

    assert list(found[EndKind.LICENCES]) == [
        *(f"2026-{month:02}" for month in range(3, 13)),
        "2027-01",
        "2027-02",
    ]
    told = {month: n for month, n in found[EndKind.LICENCES].items() if n}
    assert told == {"2026-03": 1, "2027-02": 1}
    assert found[EndKind.BUSINESS_LICENCES]["2026-03"] == 1


def test_a_platform_is_told_of_licences_and_of_no_papers(desks: Desks) -> None:
    assert set(endings(desks.platform)) == {EndKind.LICENCES}
    assert set(endings(desks.manager)) == set(EndKind)
