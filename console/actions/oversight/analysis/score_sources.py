"""Where an agent's record is written: of each part of its score the rows, their day and word."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, func, literal, or_
from sqlmodel import col

from console.actions.oversight.analysis.asking import column
from console.desk import Work
from models.cases.cases import Case, CaseState
from models.cases.complaints import Complaint
from models.cases.rectifications import Rectification, RectificationState
from models.checks.spot_checks import SpotCheck, Verdict
from models.oversight.scores import GOOD, ScorePart
from models.patrol.checks import CheckAnswer, CheckItem, ShopCheck
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop
from models.permissions import Permission

BAD: Final = "bad"
BORNE_OUT: Final = (
    FindingState.CONFIRMED,
    FindingState.RECTIFYING,
    FindingState.IN_CASE,
    FindingState.CLOSED,
)
"""States of a finding that somebody confirmed."""


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of one part, as far as the actor may know of them, and what of each counts."""

    permission: Permission
    page: str
    """Where a row of it is opened."""
    rows: Callable[[Work], Select[Any]]
    agent: ColumnElement[Any]
    at: ColumnElement[Any]
    word: ColumnElement[Any]
    """What the weights of the part call it; `GOOD` of a share."""
    id: ColumnElement[Any]
    number: ColumnElement[str]


def _cases(work: Work) -> Select[Any]:
    return work.select(Case).where(
        col(Case.merged_into_id).is_(None), Case.state != CaseState.REVERSED
    )


def _findings(work: Work) -> Select[Any]:
    return (
        work.select(Finding)
        .join(Shop, col(Shop.id) == col(Finding.shop_id))
        .where(col(Finding.state).in_(BORNE_OUT), col(Finding.case_id).is_(None))
        .where(col(Finding.merged_into_id).is_(None))
    )


def _spot_checks(work: Work) -> Select[Any]:
    """What could not be told tells nothing of the agent."""
    told = (Verdict.PASSED, Verdict.FAILED)
    return work.select(SpotCheck).where(col(SpotCheck.verdict).in_(told))


def _badges(work: Work) -> Select[Any]:
    looked_at = (CheckAnswer.GOOD.value, CheckAnswer.BAD.value)
    return (
        work.select(ShopCheck)
        .join(Shop, col(Shop.id) == col(ShopCheck.shop_id))
        .where(col(ShopCheck.done_at).is_not(None), _BADGE.in_(looked_at))
    )


def _rectifications(work: Work) -> Select[Any]:
    late = (RectificationState.OVERDUE, RectificationState.ESCALATED)
    return work.select(Rectification).where(
        or_(col(Rectification.misses) > 0, col(Rectification.state).in_(late))
    )


def _complaints(work: Work) -> Select[Any]:
    """By the case that one became, else by the shop that it was found to be about."""
    return (
        work.select(Complaint)
        .outerjoin(Case, col(Case.id) == col(Complaint.case_id))
        .outerjoin(Shop, col(Shop.id) == col(Complaint.shop_id))
    )


def _answer(answers: ColumnElement[Any]) -> ColumnElement[str]:
    return answers[CheckItem.BADGE_DISPLAYED.value].as_string()


_BADGE: Final = func.coalesce(
    _answer(column(ShopCheck.settled)), _answer(column(ShopCheck.answers))
)
"""What holds where two people answered differently, else what the first one did."""

SOURCES: Final[Mapping[ScorePart, Source]] = {
    ScorePart.CASES: Source(
        Permission.CASE_READ, "cases", _cases, column(Case.agent_id), column(Case.created_at),
        column(Case.tier), column(Case.id), column(Case.reference),
    ),
    ScorePart.FINDINGS: Source(
        Permission.FINDING_READ, "findings", _findings, column(Shop.agent_id),
        column(Finding.created_at), column(Finding.tier), column(Finding.id),
        column(Finding.number),
    ),
    ScorePart.SPOT_CHECKS: Source(
        Permission.SPOT_CHECK_READ, "spot_checks", _spot_checks, column(SpotCheck.agent_id),
        column(SpotCheck.compared_at),
        case((column(SpotCheck.verdict) == Verdict.FAILED, BAD), else_=GOOD), column(SpotCheck.id),
        column(SpotCheck.number),
    ),
    ScorePart.BADGE: Source(
        Permission.PATROL_READ, "checks", _badges, column(Shop.agent_id), column(ShopCheck.done_at),
        case((_BADGE.in_((CheckAnswer.BAD.value,)), BAD), else_=GOOD), column(ShopCheck.id),
        column(Shop.name),
    ),
    ScorePart.RECTIFICATIONS: Source(
        Permission.RECTIFICATION_READ, "rectifications", _rectifications,
        column(Rectification.agent_id), column(Rectification.issued_at), literal("missed"),
        column(Rectification.id), func.coalesce(column(Rectification.number), ""),
    ),
    ScorePart.COMPLAINTS: Source(
        Permission.COMPLAINT_READ, "complaints", _complaints,
        func.coalesce(column(Case.agent_id), column(Shop.agent_id)), column(Complaint.created_at),
        literal("about"), column(Complaint.id), column(Complaint.number),
    ),
}  # fmt: skip
