"""Runs that begin by a plan when its turn has come, or because of a signal."""

from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.patrol.plan import busy_run, promised_run
from console.actions.patrol.plans import pause
from console.actions.patrol.sources import own_source
from console.actions.staff.sign_in import actor_named
from console.desk import Desk, Work
from models.channel.badges import Badge
from models.channel.shops import AuthorisedShop
from models.channel.signals import Signal, SignalState
from models.patrol.plans import PatrolPlan
from models.patrol.runs import PatrolRun, Source
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed, NotFound, Refusal
from models.staff import Door, User

_AT_ONCE: Final = 50


def run_plan_now(desk: Desk, plan_id: UUID | str) -> PatrolRun:
    """One run by a plan's terms before its turn; the turn itself stays."""
    with desk.begin(Permission.PATROL_RUN) as work:
        plan = work.get(PatrolPlan, plan_id)
        source = own_source(work, plan.source_id)
        run = _by_plan(work, plan, source)
        run.from_hour, run.until_hour = 0, 24
        return run


def patrol_signal(desk: Desk, signal_id: UUID | str) -> PatrolRun:
    """Look at the shop whose badge a signal speaks of: in the run under way, else in a new one.

    The shop is drawn for a checklist whatever the lot says.
    """
    with desk.begin(Permission.PATROL_RUN) as work:
        signal = work.get(Signal, signal_id)
        if signal.state is not SignalState.OPEN:
            raise Conflict("patrol.signal_closed", badge=signal.badge_name)
        shop = work.session.exec(
            select(AuthorisedShop)
            .join(Badge, col(Badge.shop_id) == col(AuthorisedShop.id))
            .where(Badge.id == signal.badge_id)
        ).one()
        source = work.session.exec(
            select(Source)
            .where(col(Source.organisation_id).in_(work.actor.organisations))
            .where(Source.platform == shop.platform, col(Source.disabled_at).is_(None))
            .order_by(col(Source.id))
        ).first()
        if source is None:
            raise Conflict("patrol.no_source_of", platform=shop.platform)
        run = busy_run(work, source) or promised_run(work, source)
        run.asked_shops = list(dict.fromkeys([*run.asked_shops, shop.shop_key]))
        facts = {"badge": signal.badge_name, "shop": shop.shop_key, "run": run.number}
        work.record("signal.patrolled", signal, **facts)
        work.record("patrol.asked_for", run, **facts)
        return run


def start_due_plans(desk: Desk) -> int:
    """Begin a run for each plan whose turn has come and whose window is open; how many."""
    with desk.begin(Permission.PATROL_READ) as work:
        due = work.session.exec(
            select(PatrolPlan)
            .where(col(PatrolPlan.paused_at).is_(None), PatrolPlan.next_at <= work.at)
            .order_by(col(PatrolPlan.next_at))
            .limit(_AT_ONCE)
        ).all()
        open_now = [plan for plan in due if plan.is_open_at(work.at)]
        names = select(User.id, User.login)
        people = {plan.planned_by for plan in open_now}
        logins: dict[UUID, str] = dict(
            work.session.exec(names.where(col(User.id).in_(people))).all()
        )
    return sum(_start(desk, plan, logins[plan.planned_by]) for plan in open_now)


def _start(desk: Desk, plan: PatrolPlan, login: str) -> bool:
    """In the planner's name, with what they may do today; a plan that cannot run is paused."""
    try:
        planner = actor_named(desk.house, login, Door.HOUSE)
        planner.must(Permission.PATROL_RUN)
    except NotAllowed as no:
        _pause(desk, plan, login, no)
        return False
    try:
        return _start_as(desk.as_(planner), plan)
    except (NotAllowed, NotFound) as no:
        _pause(desk, plan, login, no)
        return False
    except Conflict as no:
        if no.code != "patrol.already_running":  # that one waits for its turn
            _pause(desk, plan, login, no)
        return False


def _start_as(own: Desk, plan: PatrolPlan) -> bool:
    with own.begin(Permission.PATROL_RUN) as work:
        row = work.get(PatrolPlan, plan.id)
        if row.paused_at is not None or row.next_at > work.at:
            return False
        _by_plan(work, row, own_source(work, row.source_id))
        row.next_at = row.turn_after(work.at)
        return True


def _pause(desk: Desk, plan: PatrolPlan, login: str, no: Refusal) -> None:
    with desk.begin(Permission.PLAN_EDIT) as work:
        row = work.get(PatrolPlan, plan.id)
        if row.paused_at is None:
            row.is_broken = True
            pause(work, row, f"{no.code} {login}")


def _by_plan(work: Work, plan: PatrolPlan, source: Source) -> PatrolRun:
    run = promised_run(work, source)
    run.plan_id, run.share = plan.id, plan.share
    run.assignee_id, run.substitute_id = plan.assignee_id, plan.substitute_id
    run.from_hour, run.until_hour = plan.from_hour, plan.until_hour
    plan.last_run_id = run.id
    work.record(
        "patrol.planned", run, source=source.name, version=source.version, plan=plan.name,
        share=plan.share,
    )  # fmt: skip
    return run
