"""The last look: whether the shop is clean, by somebody who has not had a hand in the case."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlmodel import select

from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.cases.cases import Case, CaseMove
from models.patrol.findings import Finding, FindingMove, FindingState
from models.patrol.shops import Shop, ShopMove, ShopState
from models.permissions import Permission
from models.refusals import Invalid, NotAllowed
from models.staff import Actor

LONGEST_REASON: Final = 2000
CLEAN: Final[Mapping[ShopState, tuple[ShopMove, ...]]] = {
    ShopState.REMOVED: (ShopMove.RECHECK_CLEAN,),
    ShopState.PLATFORM_NOTIFIED: (ShopMove.REMOVED, ShopMove.RECHECK_CLEAN),
    ShopState.ESCALATED: (ShopMove.REMOVED, ShopMove.RECHECK_CLEAN),
    ShopState.NON_COMPLIANT: (ShopMove.RECTIFIED,),
}
BACK: Final = (ShopMove.RELISTED, ShopMove.CONFIRM)
BACK_LICENSED: Final = (ShopMove.RELISTED, ShopMove.CLEAR, ShopMove.FINDING)
"""What a shop goes through that was gone and is found again."""


def has_had_a_hand(actor: Actor, case: Case) -> bool:
    """Who opened, proposed or decided the case does not look at its end."""
    return actor.id in {case.owner_id, case.proposed_by, case.decided_by}


def recheck(desk: Desk, case_id: UUID | str, *, clean: bool, reason: str) -> Case:
    """Close the case, or send it back to be carried out; with what was seen in words."""
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = work.get(Case, case_id)
        case.move(CaseMove.RECHECK_OK if clean else CaseMove.RECHECK_BAD)
        if has_had_a_hand(work.actor, case):
            raise NotAllowed("case.recheck_by_another", reference=case.reference)
        words = reason.strip()
        if not words or len(words) > LONGEST_REASON:
            raise Invalid("case.words_needed", field="reason", most=LONGEST_REASON)
        case.rechecked_by = work.actor.id
        if clean:
            case.due_at, case.closed_at = None, work.at
            work.record("case.closed", case, reason=words)
            _close_findings(work, case)
        else:
            due = deadline(work, "case_execution")
            case.due_at, case.rule_version = due.at, due.version
            work.record("case.recheck_bad", case, reason=words)
        _move_shop(work, case, clean=clean)
        return case


def _close_findings(work: Work, case: Case) -> None:
    findings = work.session.exec(
        select(Finding).where(Finding.case_id == case.id).with_for_update()
    ).all()
    for finding in findings:
        if finding.state is FindingState.IN_CASE:
            finding.move(FindingMove.VERIFY_OK)
            work.record("finding.closed", finding, case=case.reference)


def _move_shop(work: Work, case: Case, *, clean: bool) -> None:
    shop = work.session.exec(select(Shop).where(Shop.id == case.shop_id).with_for_update()).one()
    if clean:
        moves = CLEAN.get(shop.state, ())
    elif shop.state is ShopState.REMOVED:
        moves = BACK_LICENSED if shop.agent_id else BACK
    else:
        moves = ()
    for move in moves:
        shop.move(move)
        work.record("shop.moved", shop, move=move.value, case=case.reference)
