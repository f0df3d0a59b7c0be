"""Working days: the State Council's calendar, and what is said where it ends."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules import CHINA, Calendar, Due

CALENDAR = Calendar()
DAYS = st.dates(date(2000, 1, 1), date(2100, 11, 30))
NUMBERS = st.integers(0, 20)


@pytest.mark.requirement("001-10", "001-G2-4")
@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-02-13", "2026-02-27"),  # the Spring Festival, with make-up days
        ("2026-04-30", "2026-05-11"),
        ("2026-09-24", "2026-10-09"),
        ("2026-09-30", "2026-10-13"),  # a Saturday is worked
        ("2026-11-20", "2026-11-27"),
        ("2026-12-24", "2026-12-31"),
    ],
)
def test_five_working_days_follow_the_decree_of_2026(start: str, due: str) -> None:
    found = CALENDAR.add_working_days(date.fromisoformat(start), 5)
    assert found == Due(date.fromisoformat(due), provisional=False)


@pytest.mark.requirement("001-10")
@pytest.mark.parametrize("start", [date(2026, 12, 25) + timedelta(days=n) for n in range(10)])
def test_a_deadline_that_reaches_a_year_without_decree_is_provisional(start: date) -> None:
    found = CALENDAR.add_working_days(start, 5)
    assert found.provisional
    assert start < found.day < start + timedelta(days=12)


def test_the_first_deadline_in_2027_leaves_out_new_year() -> None:
    assert CALENDAR.add_working_days(date(2026, 12, 25), 5) == Due(
        date(2027, 1, 4), provisional=True
    )


def test_a_make_up_weekend_is_worked_and_a_holiday_is_not() -> None:
    assert CALENDAR.is_working_day(date(2026, 10, 10))
    assert not CALENDAR.is_working_day(date(2026, 10, 1))
    assert not CALENDAR.is_working_day(date(2027, 10, 1))


@pytest.mark.parametrize("year", range(2000, 2101))
def test_no_day_of_the_century_stops_a_timer(year: int) -> None:
    day = date(year, 1, 1)
    worked = sum(CALENDAR.is_working_day(day + timedelta(days=n)) for n in range(365))
    assert 235 <= worked <= 256
    assert CALENDAR.is_provisional(year) is not (2004 <= year <= 2026)


@given(DAYS, NUMBERS, NUMBERS)
def test_more_working_days_never_end_earlier(start: date, few: int, more: int) -> None:
    few, more = sorted((few, more))
    assert CALENDAR.add_working_days(start, few).day <= CALENDAR.add_working_days(start, more).day


@given(DAYS, st.integers(0, 30), NUMBERS)
def test_a_later_start_never_ends_earlier(start: date, later: int, n: int) -> None:
    after = CALENDAR.add_working_days(start + timedelta(days=later), n)
    assert CALENDAR.add_working_days(start, n).day <= after.day


@given(DAYS, NUMBERS)
def test_adding_and_counting_agree(start: date, n: int) -> None:
    due = CALENDAR.add_working_days(start, n).day
    assert CALENDAR.working_days_between(start, due) == n
    assert CALENDAR.working_days_between(due, start) == -n
    assert due == start or CALENDAR.is_working_day(due)


def test_a_deadline_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="forward"):
        CALENDAR.add_working_days(date(2026, 1, 1), -1)


def test_a_day_set_by_the_office_wins_over_the_decree() -> None:
    calendar = Calendar({date(2026, 11, 23): False, date(2026, 11, 22): True})
    assert calendar.is_working_day(date(2026, 11, 22))
    assert calendar.add_working_days(date(2026, 11, 22), 1).day == date(2026, 11, 24)
    assert not calendar.is_provisional(2026)
    assert not calendar.is_working_day(date(2026, 10, 1))


def test_a_decree_entered_by_the_office_ends_what_is_provisional() -> None:
    one_day = Calendar({date(2027, 1, 1): False})
    assert one_day.add_working_days(date(2026, 12, 25), 5).provisional
    decree = Calendar({date(2027, 1, 1): False, date(2027, 10, 1): False})
    assert decree.add_working_days(date(2026, 12, 25), 5) == Due(
        date(2027, 1, 4), provisional=False
    )
    assert decree.is_working_day(date(2027, 5, 3))  # a Monday that only the statute frees


def test_two_days_set_in_a_decreed_year_leave_its_decree_alone() -> None:
    calendar = Calendar({date(2026, 1, 1): False, date(2026, 10, 1): False})
    assert not calendar.is_working_day(date(2026, 10, 2))
    assert calendar.is_working_day(date(2026, 10, 10))


@pytest.mark.requirement("001-10")
def test_a_deadline_ends_with_the_day_in_china() -> None:
    submitted = datetime(2026, 11, 20, 15, 59, tzinfo=UTC)  # 23:59 on Friday in China
    assert CALENDAR.due_at(submitted, 5).at == datetime(2026, 11, 27, 16, tzinfo=UTC)
    a_minute_later = submitted + timedelta(minutes=1)  # Saturday in China: still five days
    assert CALENDAR.due_at(a_minute_later, 5).day == date(2026, 11, 27)
    on_monday = datetime(2026, 11, 23, 0, 0, tzinfo=CHINA)
    assert CALENDAR.due_at(on_monday, 5).day == date(2026, 11, 30)


def test_a_moment_without_zone_has_no_deadline() -> None:
    with pytest.raises(ValueError, match="naive"):
        CALENDAR.due_at(datetime(2026, 11, 20), 5)  # noqa: DTZ001 - the fault under test
