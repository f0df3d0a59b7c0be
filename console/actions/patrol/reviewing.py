"""When a run has had its second look: every finding looked at, every drawn check settled (4.8)."""

from uuid import UUID

from sqlmodel import col, func, select

from console.desk import Work
from models.patrol.checks import ShopCheck
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import PatrolRun, RunMove, RunState


def open_findings(work: Work, run: PatrolRun) -> int:
    """Those that somebody still has to look at; one that was merged goes on in another."""
    return work.session.exec(
        select(func.count())
        .select_from(Finding)
        .where(Finding.run_id == run.id, Finding.state == FindingState.OPEN)
        .where(col(Finding.merged_into_id).is_(None))
    ).one()


def open_reviews(work: Work, run: PatrolRun) -> int:
    """Checklists of the tenth that the second person has not settled."""
    drawn = work.session.exec(
        select(ShopCheck).where(
            ShopCheck.run_id == run.id, col(ShopCheck.is_review_drawn).is_(True)
        )
    ).all()
    return sum(not check.is_settled for check in drawn)


def close_if_reviewed(work: Work, run_id: UUID | None) -> None:
    """With its last finding looked at and its last check settled, the run is reviewed.

    What a spot check found is of no run.
    """
    if run_id is None:
        return
    run = work.session.get_one(PatrolRun, run_id, with_for_update=True)
    if run.state is not RunState.SUBMITTED or open_findings(work, run) or open_reviews(work, run):
        return
    run.move(RunMove.REVIEW)
    work.record("patrol.reviewed", run)
