"""When a case's next step is too late, by the rules and the calendar of the office."""

from sqlmodel import select

from console.desk import Work
from models.rules import Calendar, Deadline, china_day, parameter
from models.rules.tables import CalendarDay, office_calendar


def deadline(work: Work, code: str) -> Deadline:
    """The deadline `code`, begun now."""
    return parameter(code, china_day(work.at)).deadline(work.at, _calendar(work))


def _calendar(work: Work) -> Calendar:
    return office_calendar(work.session.exec(select(CalendarDay)).all())
