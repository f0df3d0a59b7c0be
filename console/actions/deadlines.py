"""When something begun now is too late, by the rule of today and the calendar of the office."""

from sqlmodel import select

from console.desk import Work
from models.rules import Deadline, china_day, parameter
from models.rules.tables import CalendarDay, office_calendar


def deadline(work: Work, code: str) -> Deadline:
    """The deadline `code`, begun now."""
    calendar = office_calendar(work.session.exec(select(CalendarDay)).all())
    return parameter(code, china_day(work.at)).deadline(work.at, calendar)
