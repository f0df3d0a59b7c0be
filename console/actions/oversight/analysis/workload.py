"""What comes in by the week, what is to be expected, and what is known to end by month."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func
from sqlmodel import col, select

from console.actions.oversight.analysis.asking import asked, asked_by_key, column
from console.actions.oversight.analysis.kept import kept
from console.actions.oversight.analysis.periods import china_date, first_of, monday_of
from console.desk import Desk, Work
from models.cases.cases import Case
from models.cases.complaints import Complaint
from models.cases.notices import Notice
from models.channel.agents import Agent, AgentState
from models.channel.licences import Licence, LicenceState
from models.channel.papers import AgentPaper
from models.oversight.forecast import Forecast, forecast
from models.patrol.findings import Finding
from models.permissions import Permission
from models.rules import china_day

WEEKS: Final = 104
"""Of the past, so that last year's same weeks can be tried."""
AHEAD: Final = 8
MONTHS_AHEAD: Final = 12


class WorkKind(StrEnum):
    FINDINGS = "findings"
    CASES = "cases"
    NOTICES = "notices"
    REVIEWS = "reviews"
    """Applications of agents that were handed in."""
    COMPLAINTS = "complaints"


class EndKind(StrEnum):
    LICENCES = "licences"
    BUSINESS_LICENCES = "business_licences"
    PAPERS = "papers"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One kind of work by week."""

    kind: WorkKind
    past: Mapping[date, int]
    """By Monday, whole weeks alone, the oldest first; from the first week that had any."""
    this_week: int
    """So far."""
    forecast: Forecast | None
    """Its first week is the running one; None where the past is too short."""

    @property
    def ahead(self) -> Sequence[date]:
        """The Mondays of the forecast's weeks."""
        last = max(self.past) if self.past else None
        if last is None or self.forecast is None:
            return ()
        return [last + timedelta(weeks=n + 1) for n in range(len(self.forecast.weeks))]


@dataclass(frozen=True, slots=True)
class _Inflow:
    permission: Permission
    rows: Callable[[Work], Select[Any]]
    at: ColumnElement[Any]


def _findings(work: Work) -> Select[Any]:
    return work.select(Finding).where(col(Finding.merged_into_id).is_(None))


def _cases(work: Work) -> Select[Any]:
    return work.select(Case)


def _notices(work: Work) -> Select[Any]:
    return work.select(Notice)


def _reviews(work: Work) -> Select[Any]:
    return work.select(Agent).where(col(Agent.submitted_at).is_not(None))


def _complaints(work: Work) -> Select[Any]:
    return work.select(Complaint)


_INFLOWS: Final[Mapping[WorkKind, _Inflow]] = {
    WorkKind.FINDINGS: _Inflow(Permission.FINDING_READ, _findings, column(Finding.created_at)),
    WorkKind.CASES: _Inflow(Permission.CASE_READ, _cases, column(Case.created_at)),
    WorkKind.NOTICES: _Inflow(Permission.CASE_READ, _notices, column(Notice.promised_at)),
    WorkKind.REVIEWS: _Inflow(Permission.PAPER_READ, _reviews, column(Agent.submitted_at)),
    WorkKind.COMPLAINTS: _Inflow(
        Permission.COMPLAINT_READ, _complaints, column(Complaint.created_at)
    ),
}


def workload(desk: Desk) -> Sequence[Incoming]:
    """Each kind of work that the actor may know of; those that never came are left out."""
    return kept(desk, Permission.CASE_READ, lambda: _workload(desk), "workload")


def _workload(desk: Desk) -> Sequence[Incoming]:
    with desk.begin(Permission.CASE_READ) as work:
        this = monday_of(china_day(work.at))
        found = list[Incoming]()
        for kind, inflow in _INFLOWS.items():
            if work.actor.may(inflow.permission):
                by_week = _by_week(work, inflow, this - timedelta(weeks=WEEKS))
                if by_week:
                    found.append(_incoming(kind, by_week, this))
        return found


def _by_week(work: Work, inflow: _Inflow, first: date) -> dict[date, int]:
    since = first_of(f"{first:%Y-%m}") + timedelta(days=first.day - 1)
    one = (
        inflow.rows(work)
        .where(inflow.at >= since)
        .with_only_columns(china_date(inflow.at).label("day"))
        .subquery()
        .c
    )
    weeks: dict[date, int] = defaultdict(int)
    counted = select(one.day, func.count()).group_by(one.day)
    for day, n in asked(work, counted):
        weeks[monday_of(date.fromisoformat(day))] += n
    return weeks


def _incoming(kind: WorkKind, by_week: Mapping[date, int], this: date) -> Incoming:
    """Weeks before the first that had any are no quiet weeks: nothing was kept yet."""
    first = min(by_week)
    weeks = [first + timedelta(weeks=n) for n in range((this - first).days // 7)]
    past = {monday: by_week.get(monday, 0) for monday in weeks}
    return Incoming(kind, past, by_week.get(this, 0), forecast(list(past.values()), AHEAD))


def endings(desk: Desk) -> Mapping[EndKind, Mapping[str, int]]:
    """By month, this one first: licences and papers that hold today and end then."""
    return kept(desk, Permission.LICENCE_READ, lambda: _endings(desk), "endings")


def _endings(desk: Desk) -> Mapping[EndKind, Mapping[str, int]]:
    with desk.begin(Permission.LICENCE_READ) as work:
        today = china_day(work.at)
        months = _months_ahead(today)
        last = _months_ahead(today, MONTHS_AHEAD + 1)[-1]
        until = date.fromisoformat(f"{last}-01") - timedelta(days=1)
        found = {EndKind.LICENCES: _licences(work, today, until)}
        if work.actor.may(Permission.PAPER_READ):
            found[EndKind.BUSINESS_LICENCES] = _business_licences(work, today, until)
            found[EndKind.PAPERS] = _papers(work, today, until)
        return {
            kind: {month: _of_month(days, month) for month in months}
            for kind, days in found.items()
        }


def _months_ahead(today: date, n: int = MONTHS_AHEAD) -> list[str]:
    first = today.year * 12 + today.month - 1
    return [f"{at // 12:04}-{at % 12 + 1:02}" for at in range(first, first + n)]


def _of_month(days: Mapping[date, int], month: str) -> int:
    return sum(n for day, n in days.items() if f"{day:%Y-%m}" == month)


def _by_day(work: Work, rows: Select[Any], day: ColumnElement[Any]) -> dict[date, int]:
    counted = rows.with_only_columns(day, func.count()).group_by(day)
    return asked_by_key(work, counted)


def _licences(work: Work, first: date, last: date) -> dict[date, int]:
    rows = work.select(Licence).where(
        Licence.state == LicenceState.ACTIVE, col(Licence.ends_on).between(first, last)
    )
    return _by_day(work, rows, column(Licence.ends_on))


def _business_licences(work: Work, first: date, last: date) -> dict[date, int]:
    rows = work.select(Agent).where(
        col(Agent.state).in_((AgentState.ELIGIBLE, AgentState.ACTIVE, AgentState.SUSPENDED)),
        col(Agent.business_licence_until).between(first, last),
    )
    return _by_day(work, rows, column(Agent.business_licence_until))


def _papers(work: Work, first: date, last: date) -> dict[date, int]:
    rows = work.select(AgentPaper).where(
        col(AgentPaper.withdrawn_at).is_(None), col(AgentPaper.valid_until).between(first, last)
    )
    return _by_day(work, rows, column(AgentPaper.valid_until))
