"""The last look: whether the shop is clean, by somebody who has not had a hand in the case."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.cards.industry.case_orders import settle_usage
from console.actions.cases.authorities.reports import why_not_reported
from console.actions.cases.decide import written
from console.actions.cases.hands import hands_of
from console.actions.cases.notices.threads import close_threads
from console.actions.cases.orders import family_of, merged_into
from console.actions.cases.tasks import by_hand, plan_looks, reopen, tasks_of
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.cases.cases import Case, CaseMove
from models.cases.rechecks import Recheck
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.channel.tellings import Telling, TellingEvent
from models.patrol.findings import Finding, FindingMove, FindingState
from models.patrol.shops import Shop, ShopMove, ShopState
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed, Refusal
from models.rules import china_day
from models.staff import Organisation, OrganisationKind

SECOND_FROM: Final = timedelta(days=7)
"""So long before its due day the second look may be made."""
CLEAN: Final[Mapping[ShopState, tuple[ShopMove, ...]]] = {
    ShopState.REMOVED: (ShopMove.RECHECK_CLEAN,),
    ShopState.PLATFORM_NOTIFIED: (ShopMove.REMOVED, ShopMove.RECHECK_CLEAN),
    ShopState.ESCALATED: (ShopMove.REMOVED, ShopMove.RECHECK_CLEAN),
    ShopState.NON_COMPLIANT: (ShopMove.RECTIFIED,),
}
BACK: Final = (ShopMove.RELISTED, ShopMove.CONFIRM)
BACK_LICENSED: Final = (ShopMove.RELISTED, ShopMove.CLEAR, ShopMove.FINDING)
"""What a shop goes through that was gone and is found again."""


def recheck(
    desk: Desk, case_id: UUID | str, *, clean: bool, reason: str, evidence: Sequence[str] = ()
) -> Case:
    """One of the looks after 7 and 30 days: the last clean one closes the case, one that is not
    sends it back to be carried out; with what was seen in words.
    """
    words = written(reason, "reason")
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = work.get(Case, case_id)
        if CaseMove.RECHECK_OK not in case.open_moves():
            case.move(CaseMove.RECHECK_OK)
        if work.actor.id in hands_of(work, case):
            raise NotAllowed("case.recheck_by_another", reference=case.reference)
        look, after = _looks(work, case)
        _must_not_be_early(work, look)
        look.is_clean, look.words_given, look.evidence = clean, words, list(evidence)
        look.done_by, look.done_at, look.is_late = work.actor.id, work.at, False
        if not clean:
            _back(work, case, words)
        elif after is not None:
            case.due_at, case.rule_version = after.due_at, after.rule_version
            case.version += 1
            work.record("case.rechecked", case, number=look.number, reason=words)
        else:
            _close(work, case, words)
        return case


def next_look(work: Work, case: Case) -> Recheck | None:
    """The look that is due next, of a case that the actor was given."""
    return work.session.exec(_open_looks(case)).first()


def _open_looks(case: Case) -> SelectOfScalar[Recheck]:
    return (
        select(Recheck)
        .where(Recheck.case_id == case.id, col(Recheck.done_at).is_(None))
        .order_by(col(Recheck.round).desc(), col(Recheck.number))
    )


def _looks(work: Work, case: Case) -> tuple[Recheck, Recheck | None]:
    """The look that is made now, and the one after it."""
    waiting = work.session.exec(_open_looks(case).with_for_update()).all()
    look = waiting[0] if waiting else plan_looks(work, case)[0]
    after = [one for one in waiting[1:] if one.round == look.round]
    return look, after[0] if after else None


def _must_not_be_early(work: Work, look: Recheck) -> None:
    """The second look tells something only when some time has passed."""
    if look.number > 1 and work.at < (first := look.due_at - SECOND_FROM):
        raise Conflict("case.recheck_too_early", first=china_day(first).isoformat())


def _back(work: Work, case: Case, words: str) -> None:
    """It is to be carried out again, and the platform told again; planned looks fall away."""
    due = deadline(work, "case_execution")
    case.move(CaseMove.RECHECK_BAD)
    case.rechecked_by = work.actor.id
    case.due_at, case.rule_version = due.at, due.version
    work.record("case.recheck_bad", case, reason=words)
    for look in work.session.exec(_open_looks(case).with_for_update()).all():
        if look.done_at is None:
            work.session.delete(look)
    again = [
        task
        for task in tasks_of(work, case, TaskState.DONE)
        if task.kind is TaskKind.NOTIFY_PLATFORM and _is_at(task, case)
    ]
    for task in again:
        reopen(work, task, due, words)
    if not again:
        by_hand(work, case, words, due)
    for one in (case, *merged_into(work, case)):
        _move_shop(work, one, clean=False)


def _is_at(task: CaseTask, case: Case) -> bool:
    """The platform where the case's own shop is."""
    return task.target == case.platform and task.origin_id is None


def _close(work: Work, case: Case, words: str) -> None:
    if (no := why_not_close(work, case)) is not None:
        raise no
    case.move(CaseMove.RECHECK_OK)
    case.rechecked_by = work.actor.id
    case.due_at, case.closed_at = None, work.at
    work.record("case.closed", case, reason=words)
    for one in (case, *merged_into(work, case)):
        _close_findings(work, one)
        settle_usage(work, one)
        _move_shop(work, one, clean=True)
        close_threads(work, one)


def why_not_close(work: Work, case: Case) -> Refusal | None:
    """What still has no proof, or no report where the law asks for one (004-3.3-p)."""
    waiting = [task.kind for task in tasks_of(work, case, TaskState.OPEN)]
    if waiting:
        return Conflict("case.tasks_open", reference=case.reference, tasks=waiting)
    platform = _platform_not_told(work, case)
    if platform is not None:
        return Conflict("case.platform_not_told", reference=case.reference, platform=platform)
    return why_not_reported(work, case)


def _platform_not_told(work: Work, case: Case) -> str | None:
    """One that works here and has not said that it knows of a delegation that the case cancelled
    (004-3.3-f).
    """
    revoked = work.session.exec(
        select(CaseTask.target).where(
            col(CaseTask.case_id).in_(family_of(work, case)),
            CaseTask.kind == TaskKind.REVOKE_LICENCE,
        )
    ).all()
    return work.session.exec(
        select(Organisation.name)
        .join(Telling, col(Telling.platform) == col(Organisation.code))
        .where(col(Telling.licence_id).in_([UUID(one) for one in revoked]))
        .where(Telling.event == TellingEvent.REVOKED, col(Telling.acknowledged_at).is_(None))
        .where(Organisation.kind == OrganisationKind.PLATFORM)
        .where(col(Organisation.disabled_at).is_(None))
        .order_by(Organisation.code)
    ).first()


def _close_findings(work: Work, case: Case) -> None:
    findings = work.session.exec(
        select(Finding).where(Finding.case_id == case.id).with_for_update()
    ).all()
    for finding in findings:
        if finding.state is FindingState.IN_CASE:
            finding.move(FindingMove.VERIFY_OK)
            work.record("finding.closed", finding, case=case.reference)


def _move_shop(work: Work, case: Case, *, clean: bool) -> None:
    if case.shop_id is None:
        return
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
