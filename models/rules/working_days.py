"""Working days by the State Council's calendar, make-up weekends included.

`chinesecalendar` holds the years with a decree. For any other year the statutory holidays of
`holidays` stand in, and every answer that touches such a year says `provisional`. Rows kept by
the office win over both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from types import MappingProxyType
from typing import Final

CHINA: Final = timezone(timedelta(hours=8), "China")
_ONE_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Due:
    day: date
    """The last day on which it is in time."""
    provisional: bool
    """A year on the way has no decree yet: the day may still move."""

    @property
    def at(self) -> datetime:
        """The first moment that is too late, in UTC."""
        return end_of(self.day)


@dataclass(frozen=True, slots=True)
class Calendar:
    overrides: Mapping[date, bool] = field(default_factory=lambda: MappingProxyType({}))
    """Days set by the office; True is a working day."""

    def is_working_day(self, day: date) -> bool:
        ruled = self.overrides.get(day)
        if ruled is not None:
            return ruled
        known = _exceptions(day.year)
        if self._is_decreed_here(day.year) and not known.is_decreed:
            return day.weekday() < _SATURDAY
        exception = known.days.get(day)
        return day.weekday() < _SATURDAY if exception is None else exception

    def is_provisional(self, year: int) -> bool:
        return not (self._is_decreed_here(year) or _exceptions(year).is_decreed)

    def add_working_days(self, start: date, n: int) -> Due:
        """The n-th working day after `start`; the day itself, worked or not, when n is 0."""
        if n < 0:
            raise ValueError(f"a deadline runs forward: {n}")
        day = start
        left = n
        while left:
            day += _ONE_DAY
            left -= self.is_working_day(day)
        return Due(day, any(map(self.is_provisional, range(start.year, day.year + 1))))

    def working_days_between(self, a: date, b: date) -> int:
        """Working days after `a`, up to and with `b`; negative when `b` comes first."""
        if b < a:
            return -self.working_days_between(b, a)
        days = (a + timedelta(days=one) for one in range(1, (b - a).days + 1))
        return sum(map(self.is_working_day, days))

    def due_at(self, start: datetime, n: int) -> Due:
        """As `add_working_days`, from the day that it is in China at `start`."""
        return self.add_working_days(china_day(start), n)

    def _is_decreed_here(self, year: int) -> bool:
        """The office has entered the year's decree, known by the two days that each one names."""
        return date(year, 1, 1) in self.overrides and date(year, 10, 1) in self.overrides


def china_day(at: datetime) -> date:
    if at.tzinfo is None:
        raise ValueError(f"naive time: {at}")
    return at.astimezone(CHINA).date()


def end_of(day: date) -> datetime:
    """The midnight that ends a day in China, in UTC."""
    return (datetime.combine(day, time(), CHINA) + _ONE_DAY).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _Year:
    days: Mapping[date, bool]
    """Days that are not what their weekday says."""
    is_decreed: bool


@cache
def _exceptions(year: int) -> _Year:
    """Loaded when a year is first asked about: both libraries are slow to import."""
    import chinese_calendar

    off = {day: False for day in chinese_calendar.holidays if day.year == year}
    if not off:
        return _Year(_statutory(year), is_decreed=False)
    return _Year(
        off | {day: True for day in chinese_calendar.workdays if day.year == year}, is_decreed=True
    )


def _statutory(year: int) -> Mapping[date, bool]:
    import holidays

    known = holidays.country_holidays("CN", years=year)
    made_up = {day: True for day in known.weekend_workdays if day.year == year}
    return {day: False for day in known if day.year == year} | made_up
