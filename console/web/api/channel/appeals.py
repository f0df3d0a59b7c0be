"""Appeals by API: lodge, decide, withdraw."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from console.actions.channel.agents import agent_record
from console.actions.channel.appeals import (
    appeal_record,
    decide_appeal,
    list_appeals,
    lodge_appeal,
    withdraw_appeal,
)
from console.actions.channel.licences import licence_record
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, shapes_of
from models.channel.appeals import AppealMove, AppealState

router = APIRouter()


class AppealIn(In):
    ground: str = Field(max_length=2000)
    paper_id: UUID
    """The appeal as the firm wrote it, on file with the agent."""


class DecisionIn(In):
    decision: AppealMove
    """`uphold` or `reject`; the first approver proposes, another confirms."""
    reason: str = Field(max_length=2000)


class AppealWithdrawIn(In):
    reason: str = Field(max_length=1000)


class AppealOut(Out):
    id: UUID
    subject_kind: str
    subject_id: UUID
    subject_name: str
    measure: str
    ground: str
    paper_id: UUID | None
    state: AppealState
    proposal: AppealMove | None
    decision: str
    due_at: datetime
    created_at: datetime
    decided_at: datetime | None


def _appeal(desk: Desk, appeal_id: UUID) -> AppealOut:
    return AppealOut.model_validate(appeal_record(desk, appeal_id).appeal)


shown("Appeal")(_appeal)


@router.get("/appeals")
def appeals(
    desk: Reading,
    state: AppealState | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[AppealOut]:
    """The most urgent first."""
    part = list_appeals(desk, state, after=after, limit=limit)
    return Page(items=shapes_of(AppealOut, part.rows), next=part.next)


@router.get("/appeals/{appeal_id}")
def appeal(desk: Reading, appeal_id: UUID) -> AppealOut:
    return _appeal(desk, appeal_id)


@router.post("/agents/{agent_id}/appeals", status_code=201)
def appeal_of_agent(desk: Writing, agent_id: UUID, body: AppealIn) -> AppealOut:
    """Against a refusal, a suspension or the blacklist."""
    agent = agent_record(desk, agent_id).agent
    made = lodge_appeal(desk, agent, ground=body.ground, paper_id=body.paper_id)
    return AppealOut.model_validate(made)


@router.post("/licences/{licence_id}/appeals", status_code=201)
def appeal_of_licence(desk: Writing, licence_id: UUID, body: AppealIn) -> AppealOut:
    """Against a suspension or a revocation."""
    licence = licence_record(desk, licence_id).licence
    made = lodge_appeal(desk, licence, ground=body.ground, paper_id=body.paper_id)
    return AppealOut.model_validate(made)


@router.post("/appeals/{appeal_id}/decide")
def decide(desk: Writing, appeal_id: UUID, body: DecisionIn) -> AppealOut:
    """By two approvers, neither of whom took the measure; what is upheld is lifted at once."""
    done = decide_appeal(desk, appeal_id, body.decision, decision=body.reason)
    return AppealOut.model_validate(done)


@router.post("/appeals/{appeal_id}/withdraw")
def withdraw(desk: Writing, appeal_id: UUID, body: AppealWithdrawIn) -> AppealOut:
    return AppealOut.model_validate(withdraw_appeal(desk, appeal_id, reason=body.reason))
