"""Runs: promised, followed, stopped, reviewed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select

from console.actions.audit import history
from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.actions.patrol.reviewing import open_findings, open_reviews
from console.actions.patrol.sources import own_source
from console.actions.promises import kept_actor
from console.desk import Desk, Order, Slice, Work
from integrations.marketplaces.mapping import source_from
from models.audit import AuditEntry
from models.channel.imports import Import, ImportState
from models.patrol.runs import PatrolRun, RunMove, RunState, Source
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed
from models.rules import CHINA, china_day
from models.staff import CARRIERS, Organisation, OrganisationKind

_ALL_IN: Final = (ImportState.DONE, ImportState.FAILED)
UNDER_WAY: Final = (RunState.PLANNED, RunState.IN_PROGRESS)


def plan_run(desk: Desk, source_id: UUID | str) -> PatrolRun:
    """Promise a run of a source; a worker does it. One source is walked once at a time."""
    with desk.begin(Permission.PATROL_RUN) as work:
        source = own_source(work, source_id)
        run = promised_run(work, source)
        work.record("patrol.planned", run, source=source.name, version=source.version)
        return run


def promised_run(work: Work, source: Source) -> PatrolRun:
    if source.disabled_at is not None:
        raise Conflict("patrol.source_disabled", name=source.name)
    busy = busy_run(work, source)
    if busy is not None:
        raise Conflict("patrol.already_running", name=source.name, number=busy.number)
    run = new_run(work, source.organisation_id, source.platform)
    run.source_id, run.mapping = source.id, source.mapping
    return work.add(run)


def busy_run(work: Work, source: Source) -> PatrolRun | None:
    """The run that still asks that source. One that waits for people's checklists does not."""
    return work.session.exec(
        select(PatrolRun)
        .where(PatrolRun.source_id == source.id, col(PatrolRun.drawn_at).is_(None))
        .where(col(PatrolRun.state).in_(UNDER_WAY))
        .with_for_update()
    ).first()


def new_run(work: Work, organisation_id: UUID, platform: str) -> PatrolRun:
    """A run with its number, its planner, and the two places whose administrations watch it."""
    owner = work.session.get_one(Organisation, organisation_id)
    market = work.session.exec(
        select(Organisation)
        .where(Organisation.code == platform)
        .where(Organisation.kind == OrganisationKind.PLATFORM)
    ).first()
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"patrols:{year}")
    return PatrolRun(
        number=f"PR-{year}-{serial:06d}",
        organisation_id=owner.id,
        platform=platform,
        platform_home=market.province if market else None,
        card_home=owner.province if owner.kind in CARRIERS else None,
        actor=kept_actor(work.actor),
        due_at=deadline(work, "patrol_run").at,
        created_at=work.at,
    )


def queued_runs(desk: Desk) -> Sequence[UUID]:
    """Runs that wait or are under way; those of a file as soon as all of it is in.

    One whose night window is closed, and one that waits for people, are left alone.
    """
    brought = select(Import.id).where(col(Import.state).in_(_ALL_IN))
    with desk.begin(Permission.PATROL_READ) as work:
        return work.session.exec(
            select(PatrolRun.id)
            .where(col(PatrolRun.state).in_(UNDER_WAY), col(PatrolRun.drawn_at).is_(None))
            .where(PatrolRun.seen_by(desk.actor), _is_in_window(work.at))
            .where(col(PatrolRun.source_id).is_not(None) | col(PatrolRun.import_id).in_(brought))
            .order_by(col(PatrolRun.id))
            .limit(200)
        ).all()


def _is_in_window(at: datetime) -> ColumnElement[bool]:
    hour = at.astimezone(CHINA).hour
    begins, ends = col(PatrolRun.from_hour), col(PatrolRun.until_hour)
    within = and_(begins <= hour, ends > hour)
    return or_(and_(begins < ends, within), and_(begins > ends, or_(begins <= hour, ends > hour)))


def lane_of(desk: Desk, run_id: UUID) -> str:
    """Runs that ask the same host go one after another."""
    with desk.begin(Permission.PATROL_READ) as work:
        run = work.get(PatrolRun, run_id)
    if not run.mapping:
        return run.number
    return urlsplit(source_from(run.mapping, file=run.number).start[0]).netloc


def stop_run(desk: Desk, run_id: UUID | str, reason: str = "") -> PatrolRun:
    """The kill switch: not one question more. What was found so far stays."""
    with desk.begin(Permission.PATROL_RUN) as work:
        run = own_run(work, run_id)
        run.move(RunMove.STOP)
        run.is_stop_asked, run.ended_at = True, work.at
        work.record("patrol.stopped", run, reason=reason)
        return run


def review_run(desk: Desk, run_id: UUID | str) -> PatrolRun:
    """Close a run that was looked through by somebody else than who planned it (4.8)."""
    with desk.begin(Permission.FINDING_CONFIRM) as work:
        run = own_run(work, run_id)
        if run.actor["id"] == kept_actor(work.actor)["id"]:
            raise NotAllowed("patrol.same_person", title=run.number)
        waiting = open_findings(work, run)
        if waiting:
            raise Conflict("patrol.findings_open", number=run.number, n=waiting)
        unsettled = open_reviews(work, run)
        if unsettled:
            raise Conflict("patrol.reviews_open", number=run.number, n=unsettled)
        run.move(RunMove.REVIEW)
        work.record("patrol.reviewed", run)
        return run


def own_run(work: Work, run_id: UUID | str) -> PatrolRun:
    run = work.get(PatrolRun, run_id)
    if not work.actor.is_house and run.organisation_id not in work.actor.organisations:
        raise NotAllowed("patrol.not_yours", title=run.title)
    return run


def list_runs(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    after: str | None = None,
    *,
    state: RunState | None = None,
    source_id: UUID | str | None = None,
    limit: int = 50,
    order: Order | None = None,
) -> Slice[PatrolRun]:
    with desk.begin(Permission.PATROL_READ) as work:
        query = work.select(PatrolRun)
        if state is not None:
            query = query.where(PatrolRun.state == state)
        if source_id is not None:
            query = query.where(col(PatrolRun.source_id) == UUID(str(source_id)))
        return work.slice(query, order or Order.by(PatrolRun.created_at), after, limit)


def get_run(desk: Desk, run_id: UUID | str) -> PatrolRun:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.get(PatrolRun, run_id)


def run_numbered(desk: Desk, number: str) -> PatrolRun:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.one(work.select(PatrolRun).where(PatrolRun.number == number), PatrolRun)


def run_and_history(desk: Desk, run_id: UUID | str) -> tuple[PatrolRun, Sequence[AuditEntry]]:
    with desk.begin(Permission.PATROL_READ) as work:
        run = work.get(PatrolRun, run_id)
        return run, history(work, run)
