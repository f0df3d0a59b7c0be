"""The end of a run: by the machine when nobody is asked, by a person when checklists are full."""

from typing import Final
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.deadlines import deadline
from console.actions.patrol.check_findings import find_bad_answers
from console.actions.patrol.evidence import close_evidence
from console.actions.patrol.plan import UNDER_WAY, own_run
from console.desk import Desk, Work
from models.patrol.checks import ShopCheck, draw
from models.patrol.runs import PatrolRun, RunMove, RunState
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import china_day, parameter

_AT_ONCE: Final = 500
_LONGEST: Final = 1000
REVIEW: Final = "review"
"""Behind the seed of a run it is the seed of the second draw."""


def hand_in_run(desk: Desk, run_id: UUID | str, reason: str = "") -> PatrolRun:
    """Every drawn shop's checklist is full: bad answers become findings, a tenth is drawn again.

    A run that is late says why.
    """
    with desk.begin(Permission.CHECK_FILL) as work:
        run = own_run(work, run_id)
        if run.state is not RunState.IN_PROGRESS or run.drawn_at is None:
            raise Conflict("patrol.not_ready", number=run.number)
        unfilled = select(func.count()).where(
            ShopCheck.run_id == run.id, col(ShopCheck.done_at).is_(None)
        )
        left = work.session.exec(unfilled).one()
        if left:
            raise Conflict("patrol.checks_open", number=run.number, n=left)
        _say_why(run, reason, is_late=_is_late(work, run))
        checks = work.session.exec(
            select(ShopCheck).where(ShopCheck.run_id == run.id).order_by(col(ShopCheck.id))
        ).all()
        for first in range(0, len(checks), _AT_ONCE):
            run.findings += len(find_bad_answers(work, run, checks[first : first + _AT_ONCE]))
        share = parameter("patrol_review_share", china_day(work.at)).value
        keys = _shop_keys(work, run)
        drawn = set(draw(f"{run.seed}{REVIEW}", keys.values(), share))
        for check in checks:
            check.is_review_drawn = keys[check.id] in drawn
        submit(work, run, review=sorted(drawn))
        return run


def _shop_keys(work: Work, run: PatrolRun) -> dict[UUID, str]:
    """The shop's key of each checklist."""
    rows = work.session.exec(
        select(ShopCheck.id, Shop.shop_key)
        .join(Shop, col(Shop.id) == col(ShopCheck.shop_id))
        .where(ShopCheck.run_id == run.id)
    ).all()
    return dict(rows)


def submit(work: Work, run: PatrolRun, **facts: object) -> None:
    run.move(RunMove.SUBMIT)
    run.ended_at = work.at
    run.review_due_at = deadline(work, "patrol_review").at
    close_evidence(work, run)
    work.record(
        "patrol.submitted", run, listings=run.listings, cards=run.cards, shops=run.shops,
        findings=run.findings, faults=run.fault_count, checked=run.checked, **facts,
    )  # fmt: skip


def explain_delay(desk: Desk, run_id: UUID | str, reason: str) -> PatrolRun:
    """Why a run is late, said before it is handed in."""
    with desk.begin(Permission.CHECK_FILL) as work:
        run = own_run(work, run_id)
        if run.state not in UNDER_WAY or not _is_late(work, run):
            raise Conflict("patrol.not_late", number=run.number)
        run.overdue_reason = ""
        _say_why(run, reason, is_late=True)
        work.record("patrol.delay_explained", run, reason=run.overdue_reason)
        return run


def _is_late(work: Work, run: PatrolRun) -> bool:
    return run.overdue_at is not None or (run.due_at is not None and run.due_at <= work.at)


def _say_why(run: PatrolRun, reason: str, *, is_late: bool) -> None:
    if not is_late or run.overdue_reason:
        return
    if not reason.strip():
        raise Invalid("patrol.reason_needed", number=run.number)
    run.overdue_reason = reason.strip()[:_LONGEST]
