"""Appeals against the decision of a case by API: lodge, accept, decide, withdraw."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import Field

from console.actions.cases.authorities.appeals import (
    AppealForm,
    accept_case_appeal,
    case_appeal_record,
    case_appeals_of,
    decide_case_appeal,
    list_case_appeals,
    lodge_case_appeal,
    withdraw_case_appeal,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, shapes_of
from console.web.api.instructions import Upload, brought
from models.cases.appeals import CaseAppealMove, CaseAppealState

router = APIRouter(tags=["case appeals"])


class CaseDecisionIn(In):
    decision: CaseAppealMove
    """`uphold` or `dismiss`."""
    reason: str = Field(max_length=4000)


class CaseWithdrawIn(In):
    reason: str = Field(max_length=4000)


class CaseAppealOut(Out):
    id: UUID
    number: str
    case_id: UUID
    party_id: UUID | None
    appellant: str
    ground: str
    sha256: str
    file_name: str
    state: CaseAppealState
    lodged_at: datetime
    due_at: datetime
    is_late: bool
    accepted_at: datetime | None
    decision: str
    decided_at: datetime | None


def _appeal(desk: Desk, appeal_id: UUID) -> CaseAppealOut:
    return CaseAppealOut.model_validate(case_appeal_record(desk, appeal_id).appeal)


shown("CaseAppeal")(_appeal)


@router.get("/case-appeals")
def case_appeals(
    desk: Reading,
    state: CaseAppealState | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[CaseAppealOut]:
    """The most urgent first."""
    part = list_case_appeals(desk, state, after=after, limit=limit)
    return Page(items=shapes_of(CaseAppealOut, part.rows), next=part.next)


@router.get("/case-appeals/{appeal_id}")
def case_appeal(desk: Reading, appeal_id: UUID) -> CaseAppealOut:
    return _appeal(desk, appeal_id)


@router.get("/cases/{case_id}/appeals")
def appeals_of_case(desk: Reading, case_id: UUID) -> list[CaseAppealOut]:
    return shapes_of(CaseAppealOut, [one.appeal for one in case_appeals_of(desk, case_id)])


@router.post("/cases/{case_id}/appeals", status_code=201)
def lodge(
    desk: Writing,
    case_id: UUID,
    paper: Upload,
    ground: Annotated[str, Form(max_length=4000)],
    appellant: Annotated[str, Form(max_length=200)] = "",
    party_id: Annotated[UUID | None, Form()] = None,
) -> CaseAppealOut:
    """With the paper that it was made in, within the days that the rule leaves."""
    form = AppealForm(ground, appellant, party_id)
    return CaseAppealOut.model_validate(lodge_case_appeal(desk, case_id, form, brought(paper)))


@router.post("/case-appeals/{appeal_id}/accept")
def accept(desk: Writing, appeal_id: UUID) -> CaseAppealOut:
    return CaseAppealOut.model_validate(accept_case_appeal(desk, appeal_id))


@router.post("/case-appeals/{appeal_id}/decide")
def decide(desk: Writing, appeal_id: UUID, body: CaseDecisionIn) -> CaseAppealOut:
    """By an approver who had no hand in the case; what is upheld is lifted at once."""
    done = decide_case_appeal(desk, appeal_id, body.decision, body.reason)
    return CaseAppealOut.model_validate(done)


@router.post("/case-appeals/{appeal_id}/withdraw")
def withdraw(desk: Writing, appeal_id: UUID, body: CaseWithdrawIn) -> CaseAppealOut:
    return CaseAppealOut.model_validate(withdraw_case_appeal(desk, appeal_id, body.reason))
