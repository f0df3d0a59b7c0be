"""Checklists of drawn shops: filled in, looked at again, settled."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.actions.patrol.checks import (
    check_record,
    fill_check,
    get_check,
    list_checks,
    review_check,
    settle_check,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from models.patrol.checks import CheckAnswer, CheckItem, ShopCheck

router = APIRouter(tags=["patrol"])


class CheckOut(BaseModel):
    """The checklist of one drawn shop in one run; `review` are the second person's answers."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    run_id: UUID
    shop_id: UUID
    assignee_id: UUID | None
    is_passed_on: bool
    """The run's assignee had a hand in the shop's agent, so somebody else is asked."""
    answers: dict[CheckItem, CheckAnswer]
    rule_version: str
    """The edition of the checklist that was filled in; empty until then."""
    remark: str
    done_by: UUID | None
    done_at: datetime | None
    is_review_drawn: bool
    review: dict[CheckItem, CheckAnswer]
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    differences: list[CheckItem]
    settled: dict[CheckItem, CheckAnswer]
    settled_by: UUID | None
    settled_at: datetime | None
    settled_reason: str
    version: int


class CheckWithHintsOut(CheckOut):
    hints: dict[str, Any]
    """By item what the run itself saw: an offer to whoever answers, never an answer."""


class FillIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answers: dict[CheckItem, CheckAnswer]
    remark: Annotated[str, Field(max_length=1000)] = ""
    version: int | None = None


class ReviewIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    answers: dict[CheckItem, CheckAnswer]
    version: int | None = None


class SettleIn(ReviewIn):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


def check_out(desk: Desk, check_id: UUID) -> CheckOut:
    return CheckOut.model_validate(get_check(desk, check_id))


shown(ShopCheck.__name__)(check_out)


@router.get("/checks")
def checks(
    desk: Reading,
    run_id: UUID | None = None,
    done: bool | None = None,
    to_review: bool | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[CheckOut]:
    found = list_checks(desk, after, run_id=run_id, done=done, to_review=to_review, limit=limit)
    return Page(items=[CheckOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/checks/{check_id}")
def check(desk: Reading, check_id: UUID) -> CheckWithHintsOut:
    record = check_record(desk, check_id)
    out = CheckOut.model_validate(record.check)
    return CheckWithHintsOut(**out.model_dump(), hints=dict(record.hints))


@router.post("/checks/{check_id}/fill")
def fill(desk: Writing, check_id: UUID, given: FillIn) -> CheckOut:
    """Answer items; the checklist is done with the last of them."""
    filled = fill_check(desk, check_id, given.answers, given.remark, version=given.version)
    return CheckOut.model_validate(filled)


@router.post("/checks/{check_id}/review")
def review(desk: Writing, check_id: UUID, given: ReviewIn) -> CheckOut:
    """The second person's own answers, to all items."""
    return CheckOut.model_validate(
        review_check(desk, check_id, given.answers, version=given.version)
    )


@router.post("/checks/{check_id}/settle")
def settle(desk: Writing, check_id: UUID, given: SettleIn) -> CheckOut:
    """What holds where the two answered differently."""
    settled = settle_check(desk, check_id, given.answers, given.reason, version=given.version)
    return CheckOut.model_validate(settled)
