"""When something is too late, by the rule of the day it began and the calendar of the office."""

from datetime import datetime

from sqlmodel import select

from console.desk import Work
from models.rules import Deadline, china_day, parameter
from models.rules.tables import CalendarDay, office_calendar


def deadline(work: Work, code: str, begun: datetime | None = None) -> Deadline:
    """The deadline `code`, begun now or when it is said to have begun."""
    start = begun or work.at
    calendar = office_calendar(work.session.exec(select(CalendarDay)).all())
    return parameter(code, china_day(start)).deadline(start, calendar)


def warned_until(work: Work) -> datetime:
    """What is due before this moment is due soon (due_warning)."""
    return deadline(work, "due_warning").at
