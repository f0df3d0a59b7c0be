"""Plans: which source is patrolled how often, by whom, and how much of it people look at (4.8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.patrol.sources import own_source
from console.desk import Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.patrol.plans import WHOLE, Cadence, PatrolPlan, PlanWarning
from models.patrol.runs import PatrolRun, Source
from models.permissions import GRANTS, Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day, parameter
from models.staff import Organisation, OrganisationKind, User, UserRole

_LONGEST_NAME: Final = 64
_DAY: Final = 24
_RUNS_SHOWN: Final = 12
_MAY_FILL: Final = frozenset(role for role in Role if Permission.CHECK_FILL in GRANTS[role])


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """What a person decides of a plan. `share` None: what the policy asks of that cadence."""

    cadence: Cadence = Cadence.MONTHLY
    share: int | None = None
    assignee_id: UUID | None = None
    substitute_id: UUID | None = None
    from_hour: int = 0
    until_hour: int = 24
    """Hours of a day in China; 22 to 6 goes over midnight."""


@dataclass(frozen=True, slots=True)
class PlanRecord:
    plan: PatrolPlan
    source: Source
    people: dict[UUID, User]
    """The planner, the assignee and the substitute."""
    runs: Sequence[PatrolRun]
    """The latest first."""
    warnings: Sequence[PlanWarning]
    deeds: Sequence[AuditEntry]


def add_plan(
    desk: Desk,
    name: str,
    source_id: UUID | str,
    terms: PlanTerms | None = None,
    *,
    first_at: datetime | None = None,
) -> PatrolPlan:
    """Plan patrols of a source. The first run begins at `first_at`, or when the window opens."""
    terms = terms or PlanTerms()
    with desk.begin(Permission.PLAN_EDIT) as work:
        source = own_source(work, source_id)
        if source.disabled_at is not None:
            raise Conflict("patrol.source_disabled", name=source.name)
        planner = _person(work)
        if planner is None:
            raise Invalid("plan.nobody")
        plan = PatrolPlan(
            organisation_id=source.organisation_id,
            name=_name(work, source.organisation_id, name),
            source_id=source.id,
            cadence=terms.cadence,
            share=0,
            planned_by=planner,
            next_at=first_at or work.at,
            created_at=work.at,
        )
        _settle(work, plan, terms)
        work.add(plan)
        work.record("plan.added", plan, source=source.name, **_facts(plan))
        return plan


def edit_plan(  # noqa: PLR0913 - what may change
    desk: Desk,
    plan_id: UUID | str,
    terms: PlanTerms,
    *,
    name: str | None = None,
    next_at: datetime | None = None,
    version: int | None = None,
) -> PatrolPlan:
    """Whoever changes a plan is its planner from then on: runs are done in their name."""
    with desk.begin(Permission.PLAN_EDIT) as work:
        plan = own_plan(work, plan_id, version)
        if name is not None and name.strip() != plan.name:
            plan.name = _name(work, plan.organisation_id, name)
        _settle(work, plan, terms)
        plan.next_at = next_at or plan.next_at
        plan.planned_by = _person(work) or plan.planned_by
        plan.version += 1
        work.record("plan.edited", plan, **_facts(plan))
        return plan


def pause_plan(
    desk: Desk, plan_id: UUID | str, reason: str, *, version: int | None = None
) -> PatrolPlan:
    """No more runs until it is resumed; one that is under way goes on."""
    if not reason.strip():
        raise Invalid("plan.reason_needed")
    with desk.begin(Permission.PLAN_EDIT) as work:
        plan = own_plan(work, plan_id, version)
        if plan.paused_at is not None:
            raise Conflict("plan.paused", name=plan.name)
        pause(work, plan, reason.strip()[:1000])
        return plan


def resume_plan(desk: Desk, plan_id: UUID | str, *, version: int | None = None) -> PatrolPlan:
    """On again, in the name of whoever resumes it; what fell due meanwhile is one run."""
    with desk.begin(Permission.PLAN_EDIT) as work:
        plan = own_plan(work, plan_id, version)
        if plan.paused_at is None:
            raise Conflict("plan.not_paused", name=plan.name)
        source = work.session.get_one(Source, plan.source_id)
        if source.disabled_at is not None:
            raise Conflict("patrol.source_disabled", name=source.name)
        plan.paused_at, plan.pause_reason, plan.is_broken = None, "", False
        plan.planned_by = _person(work) or plan.planned_by
        plan.version += 1
        work.record("plan.resumed", plan)
        return plan


def pause(work: Work, plan: PatrolPlan, reason: str) -> None:
    plan.paused_at, plan.pause_reason = work.at, reason
    plan.version += 1
    work.record("plan.paused", plan, reason=reason)


def list_plans(
    desk: Desk, after: str | None = None, *, paused: bool | None = None, limit: int = 50
) -> Slice[PatrolPlan]:
    """By name."""
    with desk.begin(Permission.PATROL_READ) as work:
        query = work.select(PatrolPlan)
        if paused is not None:
            is_on = col(PatrolPlan.paused_at).is_(None)
            query = query.where(~is_on if paused else is_on)
        return work.slice(query, Order.by(PatrolPlan.name, descending=False), after, limit)


def get_plan(desk: Desk, plan_id: UUID | str) -> PatrolPlan:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.get(PatrolPlan, plan_id)


def plan_named(desk: Desk, name: str) -> PatrolPlan:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.one(work.select(PatrolPlan).where(PatrolPlan.name == name), PatrolPlan)


def plan_record(desk: Desk, plan_id: UUID | str) -> PlanRecord:
    with desk.begin(Permission.PATROL_READ) as work:
        plan = work.get(PatrolPlan, plan_id)
        wanted = {plan.planned_by, plan.assignee_id, plan.substitute_id} - {None}
        people = work.session.exec(select(User).where(col(User.id).in_(wanted))).all()
        runs = work.session.exec(
            select(PatrolRun)
            .where(PatrolRun.plan_id == plan.id)
            .order_by(col(PatrolRun.id).desc())
            .limit(_RUNS_SHOWN)
        ).all()
        return PlanRecord(
            plan,
            work.session.get_one(Source, plan.source_id),
            {one.id: one for one in people},
            runs,
            plan_warnings(work, plan),
            history(work, plan),
        )


def possible_assignees(desk: Desk) -> Sequence[User]:
    """People of the actor's own organisations who may fill in a checklist, by login."""
    with desk.begin(Permission.PATROL_READ) as work:
        return work.session.exec(
            select(User)
            .where(col(User.organisation_id).in_(work.actor.organisations))
            .where(col(User.disabled_at).is_(None))
            .where(col(User.id).in_(_fillers()))
            .order_by(col(User.login))
            .limit(200)
        ).all()


def plan_warnings(work: Work, plan: PatrolPlan) -> Sequence[PlanWarning]:
    """What the office's own policy asks beyond the plan; the plan stands all the same."""
    least = parameter("patrol_sample_share", china_day(work.at)).value
    found: list[PlanWarning] = []
    if plan.share == 0:
        found.append(PlanWarning.NO_CHECKLISTS)
    elif plan.cadence is Cadence.QUARTERLY and plan.share < WHOLE:
        found.append(PlanWarning.QUARTERLY_NOT_WHOLE)
    elif plan.share < least:
        found.append(PlanWarning.SHARE_TOO_SMALL)
    return found


def own_plan(work: Work, plan_id: UUID | str, version: int | None) -> PatrolPlan:
    plan = work.get(PatrolPlan, plan_id)
    if not work.actor.is_house and plan.organisation_id not in work.actor.organisations:
        raise NotAllowed("patrol.not_yours", title=plan.title)
    if version is not None and version != plan.version:
        raise Conflict("patrol.changed_meanwhile", title=plan.title)
    return plan


def _person(work: Work) -> UUID | None:
    """Whoever acts, if they are a person: programs and the house plan nothing in their name."""
    user = None if work.actor.id is None else work.session.get(User, work.actor.id)
    return None if user is None else user.id


def _name(work: Work, organisation_id: UUID, name: str) -> str:
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Invalid("plan.bad_name", name=name[:_LONGEST_NAME], most=_LONGEST_NAME)
    taken = select(PatrolPlan.id).where(
        PatrolPlan.organisation_id == organisation_id, PatrolPlan.name == name
    )
    if work.session.exec(taken).first() is not None:
        raise Conflict("plan.name_taken", name=name)
    return name


def _settle(work: Work, plan: PatrolPlan, terms: PlanTerms) -> None:
    """Put the terms into the plan, where the rules and the people allow them."""
    owner = work.session.get_one(Organisation, plan.organisation_id)
    if owner.kind is OrganisationKind.PLATFORM and terms.cadence is Cadence.QUARTERLY:
        rule = parameter("platform_patrol", china_day(work.at))
        raise Invalid("plan.too_seldom", times=rule.value, source=rule.source, rule=rule.version)
    share = terms.share
    if share is None:
        least = parameter("patrol_sample_share", china_day(work.at)).value
        share = WHOLE if terms.cadence is Cadence.QUARTERLY else least
    if not 0 <= share <= WHOLE:
        raise Invalid("plan.bad_share", share=share)
    begins, ends = terms.from_hour, terms.until_hour
    if not (0 <= begins < _DAY and 0 <= ends <= _DAY and begins != ends):
        raise Invalid("plan.bad_window", begins=begins, ends=ends)
    if terms.substitute_id is not None and terms.substitute_id == terms.assignee_id:
        raise Invalid("plan.same_substitute")
    for user_id in (terms.assignee_id, terms.substitute_id):
        if user_id is not None:
            _must_be_able_to_fill(work, plan.organisation_id, user_id)
    plan.cadence, plan.share = terms.cadence, share
    plan.assignee_id, plan.substitute_id = terms.assignee_id, terms.substitute_id
    plan.from_hour, plan.until_hour = begins, ends


def _must_be_able_to_fill(work: Work, organisation_id: UUID, user_id: UUID) -> None:
    user = work.session.exec(
        select(User)
        .where(User.id == user_id, col(User.disabled_at).is_(None))
        .where(User.organisation_id == organisation_id, col(User.id).in_(_fillers()))
    ).first()
    if user is None:
        raise Invalid("plan.cannot_fill")


def _fillers():  # noqa: ANN202 - a subquery
    return select(UserRole.user_id).where(col(UserRole.role).in_(_MAY_FILL))


def _facts(plan: PatrolPlan) -> dict[str, object]:
    return {
        "cadence": plan.cadence.value,
        "share": plan.share,
        "assignee": str(plan.assignee_id) if plan.assignee_id else None,
        "substitute": str(plan.substitute_id) if plan.substitute_id else None,
        "window": f"{plan.from_hour}-{plan.until_hour}",
        "next_at": plan.next_at.isoformat(),
    }
