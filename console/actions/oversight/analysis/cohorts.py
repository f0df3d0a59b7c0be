"""Agents by the month of their admission: how many are still there, and how many were caught.

Admission is the approval of an agent's first licence: from then on it may sell.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, func
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from console.actions.oversight.analysis.asking import asked, column
from console.actions.oversight.analysis.kept import kept
from console.actions.oversight.analysis.periods import (
    china_month,
    last_months,
    month_of,
    months_between,
)
from console.actions.oversight.analysis.score_sources import BORNE_OUT
from console.desk import Desk, Work
from models.audit import AuditEntry
from models.channel.licences import Licence, LicenceState
from models.patrol.findings import Finding
from models.patrol.shops import Shop
from models.permissions import Permission
from models.rules import china_day

SHOWN: Final = 18
"""Months of admission."""
_CUT_SHORT: Final = (LicenceState.REVOKED, LicenceState.TERMINATED)
"""They ended before their last day: when, the record of deeds says."""
_BATCH: Final = 500
_STILL: Final = "9999-12"
"""Of a licence that holds today: no month is behind it."""


@dataclass(slots=True)
class Cohort:
    """The agents whose first licence was approved in one month."""

    month: str
    agents: int = 0
    ends: Counter[str] = field(default_factory=Counter[str])
    """By the month in which the last licence ended."""
    caught: Counter[int] = field(default_factory=Counter[int])
    """By the months from admission to the first confirmed finding."""
    suspended: int = 0
    """With a licence that is suspended today."""
    revoked: int = 0
    """With a licence that was revoked; who is blacklisted has no other."""

    def active_after(self, months: int, this_month: str) -> int | None:
        """How many held a licence in the n-th month after; None: that month is not over."""
        if not self._is_over(months, this_month):
            return None
        return sum(n for end, n in self.ends.items() if months_between(self.month, end) >= months)

    def active_now(self) -> int:
        """How many hold a licence today."""
        return self.ends[_STILL]

    def caught_within(self, months: int, this_month: str) -> int | None:
        """How many had a confirmed finding by the end of the n-th month after."""
        if not self._is_over(months, this_month):
            return None
        return sum(n for after, n in self.caught.items() if after <= months)

    def _is_over(self, months: int, this_month: str) -> bool:
        return months_between(self.month, this_month) > months


def cohorts(desk: Desk, *, province: str | None = None) -> Sequence[Cohort]:
    """The latest admission first; months without any are left out."""
    return kept(desk, Permission.AGENT_READ, lambda: _counted(desk, province), "cohorts", province)


def _counted(desk: Desk, province: str | None) -> Sequence[Cohort]:
    with desk.begin(Permission.AGENT_READ) as work:
        since = last_months(work.at, SHOWN)[0]
        found = dict[str, Cohort]()
        _count_ends(work, found, since, province)
        if work.actor.may(Permission.FINDING_READ):
            _count_caught(work, found, since, province)
        return [found[month] for month in sorted(found, reverse=True)]


def _firsts(work: Work, province: str | None) -> Any:  # noqa: ANN401 - columns
    """Of each agent: the first approval, the last day of what ran its course, what was cut short.

    The scope is that of the agents' licences.
    """
    last = case((col(Licence.state).in_(_CUT_SHORT), None), else_=col(Licence.ends_on))
    query = work.select(Licence).where(col(Licence.approved_at).is_not(None))
    if province is not None:
        query = query.where(Licence.province == province)
    counted = query.with_only_columns(
        column(Licence.agent_id).label("agent"),
        func.min(Licence.approved_at).label("first"),
        func.max(last).label("last"),
        _sum(col(Licence.state).in_(_CUT_SHORT)).label("cut"),
        _sum(col(Licence.state) == LicenceState.REVOKED).label("revoked"),
        _sum(col(Licence.state) == LicenceState.SUSPENDED).label("suspended"),
    ).group_by(col(Licence.agent_id))
    return counted.subquery().c


def _sum(holds: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((holds, 1), else_=0))


def _count_ends(work: Work, found: dict[str, Cohort], since: str, province: str | None) -> None:
    one, today = _firsts(work, province), china_day(work.at)
    month = china_month(one.first)
    whole = (
        select(month, one.last, one.suspended, func.count())
        .where(one.cut == 0, month >= since)
        .group_by(month, one.last, one.suspended)
    )
    for admitted, last, suspended, n in asked(work, whole):
        _note(found, admitted, _end_month(last, today), n).suspended += n if suspended else 0
    parts: tuple[Any, ...] = (one.agent, month, one.last, one.suspended, one.revoked)
    broken = select_columns(*parts).where(one.cut > 0, month >= since)
    rows = asked(work, broken)
    cut = _cut_days(work, {agent for agent, *_ in rows})
    for agent, admitted, last, suspended, revoked in rows:
        days = [day for day in (last, cut.get(agent)) if day is not None]
        # Of one whose end nobody put on record it is known only that it is over by now.
        end = _end_month(max(days), today) if days else f"{today:%Y-%m}"
        cohort = _note(found, admitted, end, 1)
        cohort.suspended += bool(suspended)
        cohort.revoked += bool(revoked)


def _note(found: dict[str, Cohort], admitted: str, end: str, n: int) -> Cohort:
    cohort = found.setdefault(admitted, Cohort(admitted))
    cohort.agents += n
    cohort.ends[end] += n
    return cohort


def _end_month(last: date, today: date) -> str:
    return _STILL if last >= today else f"{last:%Y-%m}"


def _cut_days(work: Work, agents: Collection[UUID]) -> dict[UUID, date]:
    """When the last licence of each that was cut short ended."""
    found = dict[UUID, date]()
    wanted = sorted(agents)
    for at in range(0, len(wanted), _BATCH):
        rows = work.session.exec(
            select(Licence.id, Licence.agent_id)
            .where(col(Licence.agent_id).in_(wanted[at : at + _BATCH]))
            .where(col(Licence.state).in_(_CUT_SHORT))
        ).all()
        agent_of = {str(licence): agent for licence, agent in rows}
        for licence, day in _ended(work, list(agent_of)).items():
            agent = agent_of[licence]
            found[agent] = max(day, found.get(agent, day))
    return found


def _ended(work: Work, licences: Sequence[str]) -> dict[str, date]:
    found = dict[str, date]()
    for at in range(0, len(licences), _BATCH):
        deeds = work.session.exec(
            select(AuditEntry.subject_id, AuditEntry.at)
            .where(AuditEntry.subject_kind == Licence.__name__)
            .where(col(AuditEntry.subject_id).in_(licences[at : at + _BATCH]))
            .where(col(AuditEntry.deed).in_(("licence.revoked", "licence.terminated")))
        ).all()
        found |= {licence: china_day(moment) for licence, moment in deeds}
    return found


def _count_caught(
    work: Work, found: Mapping[str, Cohort], since: str, province: str | None
) -> None:
    """Agents with a finding are far fewer than agents: each is asked for its first licence."""
    first = (
        work.select(Finding)
        .join(Shop, col(Shop.id) == col(Finding.shop_id))
        .where(col(Finding.state).in_(BORNE_OUT), col(Finding.merged_into_id).is_(None))
        .where(col(Shop.agent_id).is_not(None))
        .with_only_columns(
            column(Shop.agent_id).label("agent"), func.min(Finding.created_at).label("at")
        )
        .group_by(col(Shop.agent_id))
        .subquery()
        .c
    )
    own = work.select(Licence).where(
        col(Licence.agent_id) == first.agent, col(Licence.approved_at).is_not(None)
    )
    if province is not None:
        own = own.where(Licence.province == province)
    admitted = own.with_only_columns(func.min(Licence.approved_at)).scalar_subquery()
    both = select(china_month(admitted).label("admitted"), china_month(first.at).label("at"))
    one = both.subquery().c
    counted = (
        select(one.admitted, one.at, func.count())
        .where(one.admitted >= since)
        .group_by(one.admitted, one.at)
    )
    for month, at, n in asked(work, counted):
        # What was found before it had a licence counts from the first day on.
        found[month].caught[max(0, months_between(month, at))] += n


def this_month(desk: Desk) -> str:
    return month_of(desk.now())
