"""Plans of patrols, runs begun by them or for a signal, and what was covered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.actions.patrol.figures import Covered, Point, coverage, trend
from console.actions.patrol.handing_in import explain_delay, hand_in_run
from console.actions.patrol.plan import review_run
from console.actions.patrol.plans import (
    PlanTerms,
    add_plan,
    edit_plan,
    get_plan,
    list_plans,
    pause_plan,
    resume_plan,
)
from console.actions.patrol.starting import patrol_signal, run_plan_now
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.patrol import ReasonIn, RunOut
from models.patrol.plans import Cadence, PatrolPlan

router = APIRouter(tags=["patrol"])


class PlanOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    source_id: UUID
    cadence: Cadence
    share: int
    """Percent of the shops with a flagged offer that people look at; 0: none."""
    assignee_id: UUID | None
    substitute_id: UUID | None
    from_hour: int
    until_hour: int
    """The night window, hours of a day in China."""
    next_at: datetime
    last_run_id: UUID | None
    paused_at: datetime | None
    pause_reason: str
    version: int
    created_at: datetime


class TermsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cadence: Cadence = Cadence.MONTHLY
    share: Annotated[int, Field(ge=0, le=100)] | None = None
    """None: what the policy asks of that cadence."""
    assignee_id: UUID | None = None
    substitute_id: UUID | None = None
    from_hour: Annotated[int, Field(ge=0, le=23)] = 0
    until_hour: Annotated[int, Field(ge=0, le=24)] = 24

    def terms(self) -> PlanTerms:
        names = ("cadence", "share", "assignee_id", "substitute_id", "from_hour", "until_hour")
        return PlanTerms(**{name: getattr(self, name) for name in names})


class PlanIn(TermsIn):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    source_id: UUID
    first_at: datetime | None = None


class ChangeIn(TermsIn):
    name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    next_at: datetime | None = None
    version: int | None = None


class PauseIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    version: int | None = None


class CoveredOut(BaseModel):
    """What was patrolled of one platform in one month; shops are counted once in each run."""

    model_config = ConfigDict(from_attributes=True)

    platform: str
    month: str
    runs: int
    failed: int
    listings: int
    flagged: int
    news: int
    shops: int
    flagged_shops: int
    licensed_shops: int
    findings: int
    drawn: int
    checked: int
    share: int
    """Percent of the shops with flagged offers that were drawn for a checklist."""


def plan_out(desk: Desk, plan_id: UUID) -> PlanOut:
    return PlanOut.model_validate(get_plan(desk, plan_id))


shown(PatrolPlan.__name__)(plan_out)


@router.get("/plans")
def plans(
    desk: Reading, paused: bool | None = None, after: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[PlanOut]:
    found = list_plans(desk, after, paused=paused, limit=limit)
    return Page(items=[PlanOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/plans/{plan_id}")
def plan(desk: Reading, plan_id: UUID) -> PlanOut:
    return plan_out(desk, plan_id)


@router.post("/plans", status_code=201)
def make_plan(desk: Writing, given: PlanIn) -> PlanOut:
    """Plan patrols of a source. A person plans: runs are done in their name."""
    made = add_plan(desk, given.name, given.source_id, given.terms(), first_at=given.first_at)
    return PlanOut.model_validate(made)


@router.put("/plans/{plan_id}")
def change_plan(desk: Writing, plan_id: UUID, given: ChangeIn) -> PlanOut:
    changed = edit_plan(
        desk, plan_id, given.terms(), name=given.name, next_at=given.next_at, version=given.version
    )
    return PlanOut.model_validate(changed)


@router.post("/plans/{plan_id}/pause")
def pause(desk: Writing, plan_id: UUID, given: PauseIn) -> PlanOut:
    return PlanOut.model_validate(pause_plan(desk, plan_id, given.reason, version=given.version))


@router.post("/plans/{plan_id}/resume")
def resume(desk: Writing, plan_id: UUID) -> PlanOut:
    return PlanOut.model_validate(resume_plan(desk, plan_id))


@router.post("/plans/{plan_id}/run", status_code=202)
def run_now(desk: Writing, plan_id: UUID) -> RunOut:
    """One run by the plan's terms before its turn."""
    return RunOut.model_validate(run_plan_now(desk, plan_id))


@router.post("/signals/{signal_id}/patrol", status_code=202)
def run_for_signal(desk: Writing, signal_id: UUID) -> RunOut:
    """Look at the shop that a signal speaks of, in the run under way or in a new one."""
    return RunOut.model_validate(patrol_signal(desk, signal_id))


@router.post("/runs/{run_id}/hand-in")
def hand_in(desk: Writing, run_id: UUID, given: ReasonIn) -> RunOut:
    """Every checklist is full; a run that is late says why."""
    return RunOut.model_validate(hand_in_run(desk, run_id, given.reason))


@router.post("/runs/{run_id}/delay")
def delay(desk: Writing, run_id: UUID, given: ReasonIn) -> RunOut:
    """Why a run is late."""
    return RunOut.model_validate(explain_delay(desk, run_id, given.reason))


@router.post("/runs/{run_id}/review")
def review(desk: Writing, run_id: UUID) -> RunOut:
    """Close a run whose findings are looked at and whose second looks are settled."""
    return RunOut.model_validate(review_run(desk, run_id))


@router.get("/coverage")
def covered(
    desk: Reading,
    months: Annotated[int, Field(ge=1, le=36)] = 12,
    platform: str | None = None,
) -> Sequence[CoveredOut]:
    rows: Sequence[Covered] = coverage(desk, months, platform=platform)
    return [CoveredOut.model_validate(row) for row in rows]


@router.get("/trend")
def points(
    desk: Reading,
    plan_id: UUID | None = None,
    source_id: UUID | None = None,
    platform: str | None = None,
) -> Sequence[Point]:
    """The latest runs, the oldest of them first."""
    return trend(desk, plan_id=plan_id, source_id=source_id, platform=platform)
