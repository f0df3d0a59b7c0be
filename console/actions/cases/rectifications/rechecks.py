"""The re-check of a correction, issue by issue, by somebody who had no hand in it (4.12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.rectifications.issuing import (
    begin_round,
    issued_by_us,
    issues_of,
)
from console.actions.cases.rectifications.raising import go_up, raise_case
from console.actions.cases.tasks import prove
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.patrol.shops import move_shop
from console.desk import Desk, Work
from models.cases.cases import TierBasis
from models.cases.rectifications import (
    Rectification,
    RectificationIssue,
    RectificationMove,
    RectificationState,
)
from models.cases.tasks import TaskKind
from models.patrol.findings import Finding, FindingMove, FindingState
from models.patrol.shops import Shop, ShopMove
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day, parameter
from models.staff import Actor

_LONGEST: Final = 1000
_LONGEST_RESULT: Final = 2000
_HELD: Final = (
    FindingState.OPEN,
    FindingState.CONFIRMED,
    FindingState.RECTIFYING,
    FindingState.IN_CASE,
)
_S: Final = RectificationState
_GOES_ON: Final = (_S.ISSUED, _S.ACKNOWLEDGED, _S.OVERDUE, _S.SUBMITTED)


@dataclass(frozen=True, slots=True)
class IssueVerdict:
    number: int
    is_good: bool
    remark: str = ""


def has_had_a_hand(actor: Actor, row: Rectification) -> bool:
    """Who issued it, or sent the answer in, does not look at it."""
    return actor.id in {row.issued_by, row.submitted_by_id}


def recheck_rectification(
    desk: Desk,
    row_id: UUID | str,
    verdicts: Sequence[IssueVerdict],
    *,
    result: str = "",
    version: int | None = None,
) -> Rectification:
    """All good closes it; else it goes back for another round, or up when those are used up."""
    must_name_nobodys_number(desk, result, *(one.remark for one in verdicts))
    with desk.begin(Permission.RECTIFICATION_RECHECK) as work:
        row = issued_by_us(work, row_id, version)
        if row.state is not RectificationState.SUBMITTED:
            row.move(RectificationMove.RECHECK_PASS)
        if has_had_a_hand(work.actor, row):
            raise NotAllowed("rectification.same_person", number=row.title)
        issues = [one for one in issues_of(work, row) if one.is_good is not True]
        _judge(row, issues, verdicts)
        row.rechecked_by, row.result = work.actor.id, result.strip()[:_LONGEST_RESULT]
        if all(one.is_good for one in issues):
            _close(work, row)
        else:
            _send_back(work, row, issues)
        return row


def _judge(
    row: Rectification, issues: Sequence[RectificationIssue], verdicts: Sequence[IssueVerdict]
) -> None:
    said = {one.number: one for one in verdicts}
    if len(said) != len(verdicts) or set(said) - {one.number for one in issues}:
        raise Invalid("rectification.no_such_issue", number=row.title)
    if missing := [one.number for one in issues if one.number not in said]:
        raise Conflict("rectification.not_all_checked", missing=", ".join(map(str, missing)))
    for issue in issues:
        verdict = said[issue.number]
        if len(verdict.remark) > _LONGEST or not (verdict.is_good or verdict.remark.strip()):
            raise Invalid("rectification.remark_needed", issue=issue.number, most=_LONGEST)
        issue.is_good, issue.remark = verdict.is_good, verdict.remark.strip()


def _close(work: Work, row: Rectification) -> None:
    row.move(RectificationMove.RECHECK_PASS)
    row.closed_at, row.recheck_due_at = work.at, None
    work.record("rectification.recheck_passed", row, round=row.round, reason=row.result)
    for issue in issues_of(work, row):
        if issue.finding_id is not None:
            _close_finding(work, row, issue.finding_id)
    if row.case_id is not None and not _goes_on(work, row):
        prove(work, row.case_id, TaskKind.RECTIFICATION, rectification=row.number)


def _goes_on(work: Work, row: Rectification) -> bool:
    """Whether another notice of the same case is not through yet."""
    query = select(Rectification.id).where(
        Rectification.case_id == row.case_id,
        Rectification.id != row.id,
        col(Rectification.state).in_(_GOES_ON),
    )
    return work.session.exec(query.limit(1)).first() is not None


def _close_finding(work: Work, row: Rectification, finding_id: UUID) -> None:
    """What was found is put right; so is its shop, when nothing else is held against it."""
    finding = work.session.get_one(Finding, finding_id, with_for_update=True)
    if finding.state is not FindingState.RECTIFYING:
        return
    finding.move(FindingMove.VERIFY_OK)
    work.record("finding.closed", finding, notice=row.number)
    work.session.flush()
    others = select(Finding.id).where(
        Finding.shop_id == finding.shop_id, col(Finding.state).in_(_HELD)
    )
    if work.session.exec(others.limit(1)).first() is None:
        shop = work.session.get_one(Shop, finding.shop_id, with_for_update=True)
        move_shop(work, shop, ShopMove.RECTIFIED, finding=finding.number)


def _send_back(work: Work, row: Rectification, issues: Sequence[RectificationIssue]) -> None:
    """Another round; a refusal to correct puts it one tier up (DOMAIN 4.2)."""
    bad = [one for one in issues if not one.is_good]
    reason = row.result or "；".join(f"{one.number}. {one.remark}" for one in bad)
    if row.round >= parameter("rectification_rounds", china_day(work.at)).value:
        go_up(work, row, TierBasis.NOT_CORRECTED, None, reason)
        return
    row.move(RectificationMove.RECHECK_FAIL)
    if any(one.is_refused for one in bad):
        row.tier = row.tier.raised()
        raise_case(work, row, TierBasis.NOT_CORRECTED)
    for issue in bad:
        _put_away(row, issue)
    row.round += 1
    begin_round(work, row)
    work.record(
        "rectification.recheck_failed", row, round=row.round, reason=reason,
        issues=[one.number for one in bad], tier=row.tier.value, due_at=row.due_at.isoformat(),
        rule=row.rule_version,
    )  # fmt: skip


def _put_away(row: Rectification, issue: RectificationIssue) -> None:
    """What was said of it in this round, kept beside it."""
    said = {
        "round": row.round,
        "done": issue.done,
        "is_refused": issue.is_refused,
        "sha256": issue.sha256,
        "file_name": issue.file_name,
        "media_type": issue.media_type,
        "remark": issue.remark,
    }
    issue.earlier = [*issue.earlier, said]
    issue.done = issue.sha256 = issue.file_name = issue.media_type = ""
    issue.is_refused = False
