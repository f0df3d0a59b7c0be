"""What of admission waits for the actor: re-checks, business licences, appeals."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from sqlmodel import col

from console.actions.waiting import WorkItem, WorkState, due_state, only
from console.desk import Desk
from models.channel.agents import Agent, AgentState
from models.channel.appeals import Appeal, AppealState
from models.channel.licences import EXPIRY_WARNINGS
from models.permissions import Permission
from models.rules import china_day, end_of

_ADMITTED: Final = (AgentState.ELIGIBLE, AgentState.ACTIVE)
_CALM: Final = max(EXPIRY_WARNINGS)
AGENT_TITLE: Final = col(Agent.agent_no) + " " + col(Agent.name)
"""What `Agent.title` puts together, as the database does."""


def _rechecks(desk: Desk) -> Iterator[WorkItem]:
    """Business licences to be looked at again."""
    if not desk.actor.may(Permission.PAPER_EDIT):
        return
    today = china_day(desk.now())
    with desk.begin(Permission.AGENT_READ) as work:
        query = (
            work.select(Agent)
            .where(col(Agent.recheck_on) <= today)
            .where(col(Agent.state).in_([*_ADMITTED, AgentState.SUSPENDED]))
            .order_by(col(Agent.recheck_on))
        )
        found = only(work, query, Agent.id, AGENT_TITLE, Agent.recheck_on)
    for agent_id, title, day in found:
        due = end_of(day)
        state = due_state(due, desk.now())
        yield WorkItem("agent_recheck", title, state, "agents", agent_id, due)


def _business_licences(desk: Desk) -> Iterator[WorkItem]:
    """Business licences of admitted agents that end soon, or are over: suspend or renew."""
    if not desk.actor.may(Permission.PAPER_EDIT) and not desk.actor.may(Permission.AGENT_REVIEW):
        return
    today = china_day(desk.now())
    with desk.begin(Permission.AGENT_READ) as work:
        query = (
            work.select(Agent)
            .where(col(Agent.business_licence_until) <= today + _CALM)
            .where(col(Agent.state).in_(_ADMITTED))
            .order_by(col(Agent.business_licence_until))
        )
        found = only(work, query, Agent.id, AGENT_TITLE, Agent.business_licence_until)
    for agent_id, title, last in found:
        left = last - today
        if left < timedelta(0):
            kind, state = "agent_licence_over", WorkState.OVERDUE
        else:
            within = min(warning for warning in EXPIRY_WARNINGS if left <= warning)
            kind = f"agent_licence_ends_{within.days}"
            state = WorkState.WAITING if within == _CALM else WorkState.DUE
        yield WorkItem(kind, title, state, "agents", agent_id, end_of(last))


def _appeals(desk: Desk) -> Iterator[WorkItem]:
    """Appeals to be decided, and decisions that another approver has proposed."""
    actor, now = desk.actor, desk.now()
    if not actor.may(Permission.APPEAL_DECIDE):
        return
    with desk.begin(Permission.APPEAL_READ) as work:
        found = work.all(
            work.select(Appeal)
            .where(Appeal.state == AppealState.LODGED)
            .where(col(Appeal.proposed_by).is_distinct_from(actor.id))
            .order_by(col(Appeal.due_at))
        )
    for row in found:
        kind = "appeal_decide" if row.proposal is None else "appeal_second"
        state = due_state(row.due_at, now)
        yield WorkItem(kind, row.title, state, "appeals", row.id, row.due_at)


ADMISSION_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _rechecks,
    _business_licences,
    _appeals,
)
