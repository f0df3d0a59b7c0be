"""Agents by the month of their first licence: who is still there, and who was caught."""

from datetime import timedelta

from console.actions.oversight.analysis.cohorts import Cohort, cohorts, this_month
from models.channel.licences import LicenceState
from models.patrol.findings import FindingState
from models.permissions import Permission
from tests.analysis.world import agent, day, finding, licence, shop
from tests.conftest import Clock, Desks


def cohort(desks: Desks, month: str) -> Cohort:
    (found,) = [one for one in cohorts(desks.manager) if one.month == month]
    return found


def test_an_agent_belongs_to_the_month_of_its_first_licence(desks: Desks) -> None:
    of = agent(desks)
    licence(desks, of, days_ago=200, days=90)  # 14 August
    licence(desks, of, days_ago=100)  # 22 November
    (found,) = cohorts(desks.manager)

    assert (found.month, found.agents) == ("2025-08", 1)


def test_who_lost_the_licence_is_active_no_more(desks: Desks) -> None:
    for days in (60, 120, 720):
        licence(desks, agent(desks), days_ago=200, days=days)
    found, now = cohort(desks, "2025-08"), this_month(desks.manager)

    # They ended in October and December; the third holds.
    assert [found.active_after(n, now) for n in (1, 2, 3, 4, 5, 6)] == [3, 3, 2, 2, 1, 1]
    assert found.active_now() == 1


def test_a_month_that_is_not_over_is_not_told(desks: Desks) -> None:
    licence(desks, agent(desks), days_ago=40)  # 21 January; it is 2 March
    found, now = cohort(desks, "2026-01"), this_month(desks.manager)

    assert found.active_after(1, now) == 1
    assert found.active_after(2, now) is None
    assert found.caught_within(2, now) is None


def test_what_was_cut_short_counts_by_its_day_on_record(desks: Desks, clock: Clock) -> None:
    of = agent(desks)
    held = licence(desks, of, days_ago=200, state=LicenceState.REVOKED)
    now = clock.at
    clock.at = now - timedelta(days=130)  # 23 October
    with desks.house.begin(Permission.LICENCE_REVOKE) as work:
        work.record("licence.revoked", held)
    clock.at = now
    found = cohort(desks, "2025-08")

    assert found.revoked == 1
    assert [found.active_after(n, this_month(desks.manager)) for n in (1, 2, 3)] == [1, 1, 0]


def test_the_first_confirmed_finding_counts_from_admission(desks: Desks) -> None:
    early, late, never = (agent(desks) for _ in range(3))
    for of in (early, late, never):
        licence(desks, of, days_ago=200)  # August
    finding(desks, shop(desks, early), days_ago=160)  # September
    finding(desks, shop(desks, late), days_ago=60)  # January
    finding(desks, shop(desks, late), days_ago=40)
    finding(desks, shop(desks, never), days_ago=60, state=FindingState.FALSE_POSITIVE)
    found, now = cohort(desks, "2025-08"), this_month(desks.manager)

    assert [found.caught_within(n, now) for n in (0, 1, 4, 5, 6)] == [0, 1, 1, 2, 2]


def test_what_was_found_before_the_licence_counts_from_the_first_day(desks: Desks) -> None:
    of = agent(desks)
    licence(desks, of, days_ago=100)
    finding(desks, shop(desks, of), days_ago=190)

    assert cohort(desks, "2025-11").caught_within(0, this_month(desks.manager)) == 1


def test_suspended_today_is_told(desks: Desks) -> None:
    licence(desks, agent(desks), days_ago=100, state=LicenceState.SUSPENDED)
    licence(desks, agent(desks), days_ago=100)

    assert cohort(desks, "2025-11").suspended == 1


def test_others_agents_are_in_no_cohort(desks: Desks) -> None:
    licence(desks, agent(desks), days_ago=100)

    assert cohorts(desks.other_manager) == []
    assert cohorts(desks.other_regulator) == []
    assert [one.agents for one in cohorts(desks.regulator)] == [1]


def test_a_province_narrows(desks: Desks) -> None:
    licence(desks, agent(desks), days_ago=100)

    assert cohorts(desks.manager, province="11") == []
    assert [one.agents for one in cohorts(desks.manager, province="44")] == [1]


def test_admission_is_by_the_month_in_china(desks: Desks, clock: Clock) -> None:
    at_night = clock.at.replace(year=2026, month=1, day=31, hour=17)  # 1 February in Beijing
    days = (clock.at - at_night) / timedelta(days=1)
    licence(desks, agent(desks), days_ago=days, ends_on=day(desks, -300))

    assert [one.month for one in cohorts(desks.manager)] == ["2026-02"]
