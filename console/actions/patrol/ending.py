"""The machine's part of a run ends: shops judged, the lot drawn, handed in, or failed."""

from typing import Final
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.patrol.drawing import draw_shops
from console.actions.patrol.handing_in import submit
from console.actions.patrol.judging import judge_shop
from console.actions.patrol.looks import flagged_of
from console.actions.patrol.steps import note_faults
from console.actions.patrol.traits import note_traits
from console.actions.patrol.weighing import weigh, weigh_again
from console.desk import Desk, Work
from integrations.marketplaces.steps import Fault
from models.patrol.findings import Finding
from models.patrol.judge import Register
from models.patrol.runs import DISMISSED, PatrolRun, Phase, RunMove, RunState, RunStep
from models.patrol.screening import FLAGGED
from models.patrol.shops import SeenListing, Shop, ShopState
from models.permissions import Permission

_SHOPS_AT_ONCE: Final = 20


def permission_of(run: PatrolRun) -> Permission:
    """What its planner was permitted when they planned it."""
    return Permission.LISTING_IMPORT if run.source_id is None else Permission.PATROL_RUN


def judge_some(desk: Desk, run: PatrolRun, register: Register) -> bool:
    """Judge the next shops, a few at a time."""
    with desk.begin(permission_of(run)) as work:
        row = work.get(PatrolRun, run.id)
        if row.state is not RunState.IN_PROGRESS:
            return False
        waiting = work.session.exec(
            select(RunStep)
            .where(RunStep.run_id == row.id, col(RunStep.is_done).is_(False))
            .where(RunStep.phase == Phase.JUDGE)
            .order_by(col(RunStep.id))
            .limit(_SHOPS_AT_ONCE)
            .with_for_update()
        ).all()
        dismissed = 0
        for step in waiting:
            shop_id = UUID(step.step["shop"])
            if row.source_id is None:  # nobody looked at a shop that came in a file
                offers = flagged_of(work, row.id, shop_id)
                shop = work.session.get_one(Shop, shop_id)
                note_traits(work, row, shop, offers, vault=desk.house.vault)
            found = judge_shop(work, row, shop_id, register)
            work.session.flush()
            for finding in found.new:
                _weigh(work, finding)
            row.findings += len(found.new)
            row.steps_done += 1
            step.is_done = True
            dismissed += found.dismissed
            if found.dismissed:
                step.step = {**step.step, DISMISSED: found.dismissed}
        work.record("patrol.judged", row, shops=len(waiting), findings=row.findings,
                    dismissed=dismissed)  # fmt: skip
        return True


def _weigh(work: Work, finding: Finding) -> None:
    ids = [UUID(one) for one in finding.listing_ids]
    rows = select(SeenListing).where(col(SeenListing.id).in_(ids))
    weigh(work, finding, work.session.exec(rows).all())


def end_run(desk: Desk, run: PatrolRun) -> bool:
    """Draw the lot and leave the run to people, or hand it in when nobody is asked."""
    with desk.begin(permission_of(run)) as work:
        row = work.get(PatrolRun, run.id)
        if row.state is not RunState.IN_PROGRESS or row.drawn_at is not None:
            return False
        weigh_again(work, row.id)
        _count(work, row)
        drawn = draw_shops(work, row) if row.share or row.asked_shops else 0
        row.drawn_at = work.at
        if drawn == 0:
            submit(work, row)
        return False


def _count(work: Work, run: PatrolRun) -> None:
    """What trends and coverage are drawn from, kept with the run."""
    flagged = (
        select(SeenListing.shop_id)
        .where(SeenListing.run_id == run.id, col(SeenListing.label).in_(FLAGGED))
        .distinct()
    )
    counted = select(func.count()).select_from(Shop).where(col(Shop.id).in_(flagged))
    run.flagged_shops = work.session.exec(counted).one()
    run.licensed_shops = work.session.exec(counted.where(Shop.state == ShopState.LICENSED)).one()


def fail_run(desk: Desk, run: PatrolRun, fault: Fault, evidence: str | None = None) -> bool:
    """A run that says nothing of anybody: what it met is a fault of the source, or ours.

    One that could read nothing has failed by its first fault.
    """
    with desk.begin(permission_of(run)) as work:
        row = work.get(PatrolRun, run.id)
        if row.state is not RunState.IN_PROGRESS:
            return False
        if row.listings or not row.faults:
            note_faults(row, [fault])
        row.move(RunMove.FAIL)
        row.ended_at = work.at
        reason = fault.reason.word if row.listings else str(row.faults[0]["word"])
        work.record("patrol.failed", row, reason=reason, url=fault.url, evidence=evidence)
    return False
