"""The queue of applications by due date, and the file of one agent: papers, checklists, appeals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import col, select

from console.actions.channel.blacklist import NameHit, name_hits
from console.actions.channel.review import what_is_lacking
from console.desk import PAGE, Desk, Order, Slice, Work
from models.channel.agents import Agent, AgentReason, AgentState
from models.channel.appeals import Appeal
from models.channel.conditions import Condition, ConditionLine, condition_lines
from models.channel.papers import AgentPaper
from models.permissions import Permission
from models.rules import china_day, end_of, parameter
from models.rules.tables import CalendarDay, office_calendar
from models.staff import Actor

_LOOK_BACK: Final = 40
"""Days that three working days are looked for in; no holiday is longer."""
AGES: Final = (1, 3, 5, 10)
"""Days by which the ages of waiting applications are told apart; the last is open."""


class QueuePart(StrEnum):
    TO_REVIEW = "to_review"
    OVERDUE = "overdue"
    SOON = "soon"
    SECOND = "second"
    OWN = "own"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was filed and signed for one application."""

    number: int
    papers: Sequence[AgentPaper]
    conditions: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class AgentFile:
    """What an application rests on; the old ones are read and not changed."""

    agent: Agent
    lines: Sequence[ConditionLine]
    """Both checklists as they hold today."""
    present: Attempt
    old: Sequence[Attempt]
    """Newest first."""
    hits: Sequence[NameHit]
    appeals: Sequence[Appeal]
    lacking: Sequence[AgentReason]
    """Why a reviewer could not pass it now."""


def agent_file(desk: Desk, agent_id: UUID | str) -> AgentFile:
    with desk.begin(Permission.PAPER_READ) as work:
        agent = work.get(Agent, agent_id)
        papers = work.all(
            work.select(AgentPaper)
            .where(AgentPaper.agent_id == agent.id)
            .order_by(col(AgentPaper.id))
        )
        conditions = work.all(
            work.select(Condition).where(Condition.agent_id == agent.id).order_by(col(Condition.id))
        )
        appeals = work.all(
            work.select(Appeal)
            .where(Appeal.subject_kind == "Agent", Appeal.subject_id == agent.id)
            .order_by(col(Appeal.id).desc())
        )

        def attempt(number: int) -> Attempt:
            return Attempt(
                number,
                [one for one in papers if one.attempt == number],
                [one for one in conditions if one.attempt == number],
            )

        open_ = agent.state in {AgentState.DRAFT, AgentState.VERIFYING, AgentState.NEEDS_CORRECTION}
        return AgentFile(
            agent=agent,
            lines=condition_lines(china_day(work.at)),
            present=attempt(agent.attempt),
            old=[attempt(number) for number in range(agent.attempt - 1, 0, -1)],
            hits=name_hits(work, agent) if _is_own(work.actor, agent) else [],
            appeals=appeals,
            lacking=what_is_lacking(work, agent)[0] if open_ else [],
        )


def _is_own(actor: Actor, agent: Agent) -> bool:
    return actor.is_house or agent.carrier_id in actor.carriers


def admission_queue(
    desk: Desk, part: QueuePart, *, after: str | None = None, limit: int = PAGE
) -> Slice[Agent]:
    """Applications by due date, the latest first."""
    with desk.begin(Permission.AGENT_READ) as work:
        query = work.select(Agent).where(_in_part(work, part))
        return work.slice(query, Order.by(Agent.review_due_at, descending=False), after, limit)


def queue_counts(desk: Desk) -> Mapping[QueuePart, int]:
    with desk.begin(Permission.AGENT_READ) as work:
        return {part: _count(work, _in_part(work, part)) for part in QueuePart}


def queue_ages(desk: Desk) -> Mapping[int, int]:
    """How many applications in review have waited for less than so many days; 0 is any longer."""
    with desk.begin(Permission.AGENT_READ) as work:
        bounds = [work.at - timedelta(days=days) for days in AGES]
        waiting = col(Agent.state) == AgentState.VERIFYING
        submitted = col(Agent.submitted_at)
        found = {
            days: _count(work, and_(waiting, submitted > oldest, submitted <= newest))
            for days, oldest, newest in zip(AGES, bounds, [work.at, *bounds], strict=False)
        }
        return found | {0: _count(work, and_(waiting, submitted <= bounds[-1]))}


def _count(work: Work, condition: ColumnElement[bool]) -> int:
    rows = work.select(Agent).where(condition).with_only_columns(func.count())
    return work.session.scalar(rows) or 0


def _in_part(work: Work, part: QueuePart) -> ColumnElement[bool]:
    verifying = and_(
        col(Agent.state) == AgentState.VERIFYING, col(Agent.review_due_at).is_not(None)
    )
    own = col(Agent.submitted_by) == work.actor.id
    others = col(Agent.submitted_by).is_distinct_from(work.actor.id)
    first = col(Agent.proposal).is_(None)
    due = col(Agent.review_due_at)
    match part:
        case QueuePart.TO_REVIEW:
            return and_(verifying, others, first)
        case QueuePart.OVERDUE:
            return and_(verifying, due <= work.at)
        case QueuePart.SOON:
            warned = col(Agent.submitted_at) < warned_if_before(work)
            return and_(verifying, due > work.at, warned)
        case QueuePart.SECOND:
            return and_(verifying, col(Agent.proposal).is_not(None))
        case QueuePart.OWN:
            return and_(verifying, own)
        case QueuePart.CORRECTION:
            return and_(col(Agent.state) == AgentState.NEEDS_CORRECTION, due.is_not(None))


def warned_if_before(work: Work) -> datetime:
    """Applications handed in before this moment have waited for the three days of the warning."""
    today = china_day(work.at)
    rule = parameter("verify_review_warning", today)
    calendar = office_calendar(work.session.exec(select(CalendarDay)).all())
    for back in range(_LOOK_BACK):
        day: date = today - timedelta(days=back)
        if rule.deadline(end_of(day) - timedelta(seconds=1), calendar).at <= work.at:
            return end_of(day)
    return work.at - timedelta(days=_LOOK_BACK)
