"""How things stand within the actor's scope, counted by the database and never row by row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, extract, func
from sqlmodel import col, select

from console.actions.cases.lists import case_is_overdue, notice_is_overdue
from console.actions.cases.open import ENDED
from console.desk import Desk, Work
from models.base import Table
from models.cases.cases import Case, CaseState
from models.cases.notices import ACTED, Answer, Notice
from models.channel.agents import Agent, AgentState
from models.channel.licences import Licence, LicenceState
from models.channel.publications import Publication, PublicationState
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.rules import china_day

ENDING: Final = timedelta(days=60)
LOOK_BACK: Final = timedelta(days=365)
"""Whose findings count for the time to removal."""
State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Lists:
    """Carriers' published lists: how many are current, and how many of them are past due."""

    current: int
    stale: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Removal:
    """From a finding to the platform's first report of action, over the past year."""

    count: int
    median: timedelta | None


@dataclass(frozen=True, slots=True)
class Overview:
    at: datetime
    agents: Mapping[AgentState, int]
    licences_ending: int
    lists: Lists
    findings: Mapping[FindingState, int]
    shops: Mapping[tuple[str, ShopState], int]
    """By platform and state."""
    cases: Mapping[CaseState, int]
    cases_overdue: int
    notices_overdue: int
    removal: Removal

    @property
    def cases_open(self) -> int:
        return sum(count for state, count in self.cases.items() if state not in ENDED)

    @property
    def overdue(self) -> int:
        return self.cases_overdue + self.notices_overdue

    @property
    def is_empty(self) -> bool:
        return not (self.agents or self.findings or self.shops or self.cases or self.lists.current)


def overview(desk: Desk) -> Overview:
    """Every figure as of now."""
    with desk.begin(Permission.OVERVIEW_READ) as work:
        return Overview(
            at=work.at,
            agents=_by_state(work, Agent, Agent.state, AgentState),
            licences_ending=_licences_ending(work),
            lists=_lists(work),
            findings=_by_state(work, Finding, Finding.state, FindingState),
            shops=_shops(work),
            cases=_by_state(work, Case, Case.state, CaseState),
            cases_overdue=_count(work, Case, case_is_overdue(work.at)),
            notices_overdue=_count(work, Notice, notice_is_overdue(work.at)),
            removal=_removal(work),
        )


def _by_state(
    work: Work,
    table: type[Table],
    column: Any,  # noqa: ANN401 - SQLModel types a column as its value
    states: type[State],
) -> dict[State, int]:
    """Counts by state, in the order in which states follow each other; empty ones left out."""
    counted = work.session.exec(
        select(column, func.count()).where(table.seen_by(work.actor)).group_by(column)
    ).all()
    found = dict(counted)
    return {state: found[state] for state in states if state in found}  # pyright: ignore[reportGeneralTypeIssues,reportUnknownVariableType]


def _count(work: Work, table: type[Table], *conditions: ColumnElement[bool]) -> int:
    return work.session.exec(
        select(func.count()).select_from(table).where(table.seen_by(work.actor), *conditions)
    ).one()


def _licences_ending(work: Work) -> int:
    today = china_day(work.at)
    return _count(
        work,
        Licence,
        col(Licence.state) == LicenceState.ACTIVE,
        col(Licence.ends_on).between(today, today + ENDING),
    )


def _lists(work: Work) -> Lists:
    late = func.count().filter(col(Publication.due_at) < work.at)
    current, stale, newest = work.session.exec(
        select(func.count(), late, func.max(Publication.published_at)).where(
            Publication.seen_by(work.actor), Publication.state == PublicationState.PUBLISHED
        )
    ).one()
    return Lists(current, stale, newest)


def _shops(work: Work) -> dict[tuple[str, ShopState], int]:
    counted = work.session.exec(
        select(Shop.platform, Shop.state, func.count())
        .where(Shop.seen_by(work.actor))
        .group_by(col(Shop.platform), col(Shop.state))
    ).all()
    found = {(platform, ShopState(state)): count for platform, state, count in counted}
    order = list(ShopState)
    return dict(sorted(found.items(), key=lambda one: (one[0][0], order.index(one[0][1]))))


def _removal(work: Work) -> Removal:
    """The lower median: a time that was really measured."""
    seconds = (
        extract("epoch", func.min(Answer.at)) - extract("epoch", col(Finding.created_at))
    ).label("seconds")
    times = (
        select(seconds)
        .select_from(Finding)
        .join(Notice, col(Notice.case_id) == col(Finding.case_id))
        .join(Answer, col(Answer.notice_id) == col(Notice.id))
        .where(Finding.seen_by(work.actor), col(Answer.outcome).in_(ACTED))
        .where(col(Finding.created_at) >= work.at - LOOK_BACK)
        .group_by(col(Finding.id), col(Finding.created_at))
        .subquery()
    )
    ranked = select(
        times.c.seconds,
        func.row_number().over(order_by=times.c.seconds).label("place"),
        func.count().over().label("among"),
    ).subquery()
    middle = work.session.exec(
        select(ranked.c.seconds, ranked.c.among).where(ranked.c.place == (ranked.c.among + 1) // 2)
    ).first()
    if middle is None:
        return Removal(0, None)
    seconds_taken, count = middle
    return Removal(count, timedelta(seconds=float(seconds_taken)))
