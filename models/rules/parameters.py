"""Deadlines and limits as data: each with its source, its validity and its version."""

import calendar as months
from dataclasses import dataclass as plain_dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from models.rules.working_days import Calendar, china_day, end_of

_MONTHS_A_YEAR: Final = 12


class Unit(StrEnum):
    WORKING_DAYS = "working_days"
    DAYS = "days"
    HOURS = "hours"
    MINUTES = "minutes"
    SECONDS = "seconds"
    MONTHS = "months"
    YEARS = "years"
    COUNT = "count"
    PERCENT = "percent"
    MEGABYTES = "megabytes"
    AT_ONCE = "at_once"


class Period(StrEnum):
    """What a count or a volume is counted in."""

    HOUR = "hour"
    MONTH = "month"
    YEAR = "year"


class ParameterKind(StrEnum):
    LAW = "law"
    SEED = "seed"
    RULE = "rule"
    POLICY = "policy"
    SERVICE = "service"


class UnknownParameterError(KeyError):
    """The code asked for a rule that the library does not hold on that day: a fault of ours."""

    def __init__(self, code: str, on: date) -> None:
        super().__init__(f"no parameter {code!r} on {on}")


@plain_dataclass(frozen=True, slots=True)
class Deadline:
    at: datetime
    """The first moment that is too late, in UTC; at once is the start itself."""
    provisional: bool
    version: str
    """Of the parameter that set it, to be kept with the deadline."""


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Parameter:
    code: str
    value: int
    unit: Unit
    kind: ParameterKind
    source: str
    valid_from: date
    edition: str
    valid_to: date | None = None
    """The last day on which it holds."""
    per: Period | None = None

    @property
    def version(self) -> str:
        """Kept with every check that used it: `five_card_limit/2`."""
        return f"{self.code}/{self.edition}"

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def deadline(self, start: datetime, calendar: Calendar) -> Deadline:
        """When something begun at `start` is too late. Days, months and years end with a day."""
        if self.unit is Unit.WORKING_DAYS:
            due = calendar.due_at(start, self.value)
            return Deadline(due.at, due.provisional, self.version)
        return Deadline(self._plain_end(start), provisional=False, version=self.version)

    def _plain_end(self, start: datetime) -> datetime:
        match self.unit:
            case Unit.AT_ONCE:
                return start
            case Unit.SECONDS | Unit.MINUTES | Unit.HOURS:
                return start + timedelta(**{self.unit.value: self.value})
            case Unit.DAYS:
                return end_of(china_day(start) + timedelta(days=self.value))
            case Unit.MONTHS:
                return end_of(_months_after(china_day(start), self.value))
            case Unit.YEARS:
                return end_of(_months_after(china_day(start), self.value * _MONTHS_A_YEAR))
            case _:
                raise ValueError(f"{self.code} is no length of time")


def _months_after(day: date, n: int) -> date:
    """The same day n months on (or back), or the last of that month if it is shorter."""
    year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + n, _MONTHS_A_YEAR)
    last = months.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def months_before(day: date, n: int) -> date:
    return _months_after(day, -n)
