"""What of patrols waits for the actor: checklists, second looks, late runs, sources, models."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import and_, col, or_, select

from console.actions.waiting import Shown, WorkItem, WorkState, due_state, items, only
from console.desk import Desk
from models.patrol.checks import ShopCheck
from models.patrol.findings import Finding, FindingState
from models.patrol.labels import ModelState, ScreenModel
from models.patrol.plans import PatrolPlan
from models.patrol.runs import PatrolRun, RunState, Source
from models.permissions import Permission

_BROKEN: Final = frozenset({"shape_changed", "implausible"})
_BROKEN_FOR: Final = timedelta(days=14)
_R: Final = PatrolRun
_LATE: Final = Shown("patrols", _R.id, _R.number, _R.due_at)
_REVIEW: Final = Shown("patrols", _R.id, _R.number, _R.review_due_at)
_FINDING: Final = Shown("findings", Finding.id, Finding.number, Finding.case_due_at)
_MODEL: Final = Shown("screening", ScreenModel.id, ScreenModel.number)


def _runs(desk: Desk) -> Iterator[WorkItem]:
    """Runs that wait for checklists: to be filled in, or to be handed in."""
    if not desk.actor.may(Permission.CHECK_FILL):
        return
    with desk.begin(Permission.PATROL_READ) as work:
        query = (
            select(_R)
            .where(col(_R.organisation_id).in_(work.actor.organisations))
            .where(_R.state == RunState.IN_PROGRESS, col(_R.drawn_at).is_not(None))
            .order_by(col(_R.due_at))
        )
        by = _R.id, _R.number, _R.due_at, _R.checked, _R.drawn, _R.assignee_id
        drawn = only(work, query, *by)
        if not drawn:
            return
        others = work.session.exec(
            select(ShopCheck.run_id)
            .where(col(ShopCheck.run_id).in_([run.id for run in drawn]))
            .where(col(ShopCheck.done_at).is_(None))
            .where(or_(col(ShopCheck.assignee_id).is_(None),
                       ShopCheck.assignee_id == work.actor.id))
            .distinct()
        ).all()  # fmt: skip
    waits, me = set(others), desk.actor.id
    for run in drawn:
        state = due_state(run.due_at, desk.now())
        if run.checked >= run.drawn:
            if run.assignee_id in {None, me}:
                yield WorkItem("patrol_hand_in", run.number, state, "patrols", run.id, run.due_at)
        elif run.id in waits:
            yield WorkItem("patrol_fill", run.number, state, "patrols", run.id, run.due_at)


def _late(desk: Desk) -> Iterator[WorkItem]:
    """Late runs that nobody has explained, for who planned and who fills in."""
    if not (desk.actor.may(Permission.CHECK_FILL) or desk.actor.may(Permission.PATROL_RUN)):
        return
    with desk.begin(Permission.PATROL_READ) as work:
        late = (
            select(_R)
            .where(col(_R.organisation_id).in_(work.actor.organisations))
            .where(col(_R.state).in_([RunState.PLANNED, RunState.IN_PROGRESS]))
            .where(col(_R.overdue_at).is_not(None), _R.overdue_reason == "")
            .order_by(col(_R.due_at))
        )
        for one in items(work, late, "patrol_late", _LATE):
            yield replace(one, state=WorkState.OVERDUE)


def _reviews(desk: Desk) -> Iterator[WorkItem]:
    """Checklists of the tenth, that somebody else has filled in."""
    if not desk.actor.may(Permission.CHECK_REVIEW):
        return
    with desk.begin(Permission.PATROL_READ) as work:
        to_review = (
            select(_R)
            .where(_R.state == RunState.SUBMITTED)
            .where(
                col(_R.id).in_(
                    select(ShopCheck.run_id)
                    .where(col(ShopCheck.organisation_id).in_(work.actor.organisations))
                    .where(col(ShopCheck.is_review_drawn).is_(True))
                    .where(col(ShopCheck.reviewed_at).is_(None))
                    .where(col(ShopCheck.done_by).is_distinct_from(work.actor.id))
                )
            )
            .order_by(col(_R.review_due_at))
        )
        yield from items(work, to_review, "check_review", _REVIEW)


def _plans(desk: Desk) -> Iterator[WorkItem]:
    """Plans that could not run."""
    if not desk.actor.may(Permission.PLAN_EDIT):
        return
    with desk.begin(Permission.PATROL_READ) as work:
        paused = (
            work.select(PatrolPlan)
            .where(col(PatrolPlan.paused_at).is_not(None), col(PatrolPlan.is_broken).is_(True))
            .order_by(col(PatrolPlan.name))
        )
        for row_id, name in only(work, paused, PatrolPlan.id, PatrolPlan.name):
            yield WorkItem("plan_stopped", name, WorkState.OVERDUE, "plans", row_id)


def _sources(desk: Desk) -> Iterator[WorkItem]:
    """Sources whose last run found another shape, or too little or too much: a fault of ours."""
    if not desk.actor.may(Permission.SOURCE_EDIT):
        return
    since: datetime = desk.now() - _BROKEN_FOR
    with desk.begin(Permission.PATROL_READ) as work:
        query = (
            select(_R)
            .where(col(_R.organisation_id).in_(work.actor.organisations))
            .where(_R.created_at >= since, col(_R.source_id).is_not(None))
            .order_by(col(_R.created_at).desc(), col(_R.id).desc())
        )
        runs = only(work, query, _R.source_id, _R.state, _R.faults)
        last = {run.source_id: run for run in reversed(runs)}
        broken = [
            source_id
            for source_id, run in last.items()
            if run.state is RunState.FAILED and _BROKEN & {str(one["word"]) for one in run.faults}
        ]
        if not broken:
            return
        sources = work.session.exec(
            select(Source).where(col(Source.id).in_(broken), col(Source.disabled_at).is_(None))
        ).all()
    for source in sources:
        yield WorkItem("source_broken", source.name, WorkState.OVERDUE, "sources", source.id)


def _to_cases(desk: Desk) -> Iterator[WorkItem]:
    """Confirmed findings that have to be in a case by now, or soon."""
    if not (desk.actor.may(Permission.CASE_OPEN) and desk.actor.sees_channels):
        return
    with desk.begin(Permission.FINDING_READ) as work:
        confirmed = (
            work.select(Finding)
            .where(
                and_(
                    Finding.state == FindingState.CONFIRMED,
                    col(Finding.case_due_at).is_not(None),
                    col(Finding.merged_into_id).is_(None),
                )
            )
            .order_by(col(Finding.case_due_at))
        )
        yield from items(work, confirmed, "finding_to_case", _FINDING)


def _models(desk: Desk) -> Iterator[WorkItem]:
    """Trained models that somebody else than their trainer has to decide on."""
    if not desk.actor.may(Permission.MODEL_ADOPT):
        return
    with desk.begin(Permission.PATROL_READ) as work:
        trained = (
            work.select(ScreenModel)
            .where(ScreenModel.state == ModelState.CANDIDATE)
            .where(col(ScreenModel.organisation_id).in_(work.actor.organisations))
            .where(ScreenModel.trained_by != work.actor.id)
            .order_by(col(ScreenModel.id))
        )
        yield from items(work, trained, "model_to_decide", _MODEL)


PATROL_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _runs,
    _late,
    _reviews,
    _plans,
    _sources,
    _to_cases,
    _models,
)
