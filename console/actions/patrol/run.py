"""A run goes on: one question, asked outside any transaction, then kept in one."""

from collections.abc import Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from secrets import token_hex
from time import monotonic
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.patrol.asking import Road, Seen, fetcher_for, put
from console.actions.patrol.custody import who
from console.actions.patrol.ending import end_run, fail_run, judge_some, permission_of
from console.actions.patrol.evidence import note_custody
from console.actions.patrol.listings import insert_new, keep_page
from console.actions.patrol.looks import look_at_shop
from console.actions.patrol.models import model_for
from console.actions.patrol.operators import suggest_links
from console.actions.patrol.plan import UNDER_WAY
from console.actions.patrol.quotas import meter_of
from console.actions.patrol.register import keep_register, kept_register
from console.actions.patrol.screened import screened, words
from console.actions.patrol.sources import secrets_for
from console.actions.patrol.steps import add_pages, cut_short, note_faults, repeat_later
from console.actions.promises import actor_kept
from console.desk import Desk, Work
from integrations.marketplaces.base import Reason
from integrations.marketplaces.mapping import Source as Mapped
from integrations.marketplaces.mapping import source_from
from integrations.marketplaces.shape import changed_shape
from integrations.marketplaces.steps import SHAPE_CHANGED, Fault, Step
from integrations.marketplaces.walk import first_steps
from models.base import new_id
from models.patrol.custody import CustodyAct
from models.patrol.judge import Register
from models.patrol.plans import hour_is_within
from models.patrol.runs import PatrolRun, Phase, RunMove, RunState, RunStep, Source
from models.permissions import Permission
from models.refusals import Invalid
from models.staff import Door

Roads = MutableMapping[UUID, Road]
LINKS: Final = "links:"
_GLANCE: Final = 0.5
"""Seconds between two looks at the kill switch."""


def advance_run(desk: Desk, run_id: UUID, roads: Roads | None = None) -> bool:
    """Do the next step of a run in the name of its planner; False when there is none left.

    `roads` keeps what a run needs for asking from one step to the next: its pace, and what it
    knows of robots.txt. A step that is done twice changes nothing the second time.
    """
    with desk.begin(Permission.PATROL_READ) as work:
        run = work.get(PatrolRun, run_id)
    own = desk.as_(replace(actor_kept(run.actor), door=Door.HOUSE))
    kept: Roads = dict[UUID, Road]() if roads is None else roads
    if run.state in UNDER_WAY and not hour_is_within(desk.now(), run.from_hour, run.until_hour):
        return False  # the window is closed; it goes on when it opens
    if run.state is RunState.PLANNED:
        _start(own, run)
        return True
    if run.state is RunState.IN_PROGRESS and run.drawn_at is None:
        return _go_on(own, run, kept)
    kept.pop(run_id, None)
    return False


def _start(desk: Desk, run: PatrolRun) -> None:
    """The register is taken as it stands now, and the first questions are written down.

    So is the seed of the lot, before anybody knows a shop.
    """
    digest = keep_register(desk.house)
    mapped = source_from(run.mapping, file=run.number) if run.mapping else None
    with desk.begin(permission_of(run)) as work:
        row = work.get(PatrolRun, run.id)
        if row.state is not RunState.PLANNED:
            return
        row.move(RunMove.START)
        row.started_at, row.register_sha256 = work.at, digest
        row.seed = token_hex(16)
        if mapped is not None:
            add_pages(work, row, mapped, first_steps(mapped))
        rows: list[dict[str, Any]] = [
            {"id": new_id(), "run_id": row.id, "key": LINKS, "step": {}, "phase": Phase.LINKS,
             "is_done": False}
        ]  # fmt: skip
        row.steps += len(insert_new(work, RunStep, rows, ["run_id", "key"]))
        work.record("patrol.started", row, register=digest, seed=row.seed)


def _go_on(desk: Desk, run: PatrolRun, roads: Roads) -> bool:
    step = _next_step(desk, run)
    if run.source_id is not None and run.id not in roads:
        try:
            roads[run.id] = _road(desk, run)
        except Invalid as no:  # a key that the mapping needs was taken away meanwhile
            return fail_run(desk, run, Fault(Reason(no.code, no.facts), ""))
    road = roads.get(run.id)
    if road is not None and step is not None and step.phase == Phase.PAGES:
        return _read_pages(desk, run, road)
    broken = _nothing_to_judge(run, road.source if road else None)
    if broken is not None:
        return fail_run(desk, run, broken)
    return end_run(desk, run) if step is None else _behind_pages(desk, run, step, road)


def _behind_pages(desk: Desk, run: PatrolRun, step: RunStep, road: Road | None) -> bool:
    match step.phase:
        case Phase.LOOK if road is not None:
            look_at_shop(desk, run.id, UUID(step.step["shop"]), road)
            return _done(desk, run, step)
        case Phase.LINKS:
            suggest_links(desk, run.id)
            return _done(desk, run, step)
        case _:
            known = road.register if road else _register(desk, run)
            return judge_some(desk, run, known)


def _nothing_to_judge(run: PatrolRun, mapped: Mapped | None) -> Fault | None:
    """Why nothing may be said of any shop: what was read is not what the source holds."""
    if run.listings == 0:
        return Fault(Reason("nothing_read", {}), mapped.start[0] if mapped else "")
    if mapped is None:
        return None
    if (changed := changed_shape(run.listings, run.faults)) is not None:
        return changed
    expected = mapped.plausible
    is_cut = any(fault["word"] == "limit_listings" for fault in run.faults)
    if (is_cut or expected.least <= run.listings) and run.listings <= expected.most:
        return None
    facts = {"found": run.listings, "least": expected.least, "most": expected.most}
    return Fault(Reason("implausible", facts), mapped.start[0])


def _next_step(desk: Desk, run: PatrolRun) -> RunStep | None:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.session.exec(
            select(RunStep)
            .where(RunStep.run_id == run.id, col(RunStep.is_done).is_(False))
            .order_by(col(RunStep.phase), col(RunStep.id))
            .limit(1)
        ).first()


def _done(desk: Desk, run: PatrolRun, step: RunStep) -> bool:
    with desk.begin(permission_of(run)) as work:
        row = work.get(PatrolRun, run.id)
        waiting = work.session.get_one(RunStep, step.id, with_for_update=True)
        if not waiting.is_done:
            waiting.is_done = True
            row.steps_done += 1
        work.no_deed()
    return True


def _read_pages(desk: Desk, run: PatrolRun, road: Road) -> bool:
    """Ask for the next pages, several at once where the source allows it, and keep what came."""
    steps = _waiting_pages(desk, run, road.at_once)
    ask = partial(_ask, desk, run, road)
    if len(steps) == 1:
        seen = [ask(steps[0])]
    else:
        with ThreadPoolExecutor(len(steps)) as pool:
            seen = list(pool.map(ask, steps))
    came = [
        (step, one)
        for step, one in zip(steps, seen, strict=True)
        if all(fault.reason.word != "stopped" for fault in one.done.faults)
    ]
    for _, one in came:
        if one.done.shape_broken:
            changed = next(f for f in one.done.faults if f.reason.word == SHAPE_CHANGED)
            return fail_run(desk, run, changed, evidence=one.manifest)
    if came:  # what was read is kept before what ends the walk
        _keep(desk, run.id, sorted(came, key=lambda pair: pair[1].done.ends), road)
    return True


def _ask(desk: Desk, run: PatrolRun, road: Road, step: RunStep) -> Seen:
    about = {"run": run.number, "operator": who(actor_kept(run.actor))}
    return put(desk.house, road, Step.from_json(step.step), f"patrol {run.number}", about)


def _waiting_pages(desk: Desk, run: PatrolRun, most: int) -> Sequence[RunStep]:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.session.exec(
            select(RunStep)
            .where(RunStep.run_id == run.id, col(RunStep.is_done).is_(False))
            .where(RunStep.phase == Phase.PAGES)
            .order_by(col(RunStep.id))
            .limit(most)
        ).all()


def _road(desk: Desk, run: PatrolRun) -> Road:
    mapped = source_from(run.mapping, file=run.number)
    with desk.begin(Permission.PATROL_READ) as work:
        source = work.session.get_one(Source, run.source_id)
    secrets = secrets_for(desk, source, mapped)
    fetcher = fetcher_for(desk.house.settings, mapped, _stop_of(desk, run.id))
    model = model_for(desk.house, run.organisation_id)
    meter = meter_of(desk, source.id, mapped)
    return Road(mapped, fetcher, secrets, _register(desk, run), model=model, meter=meter)


def _register(desk: Desk, run: PatrolRun) -> Register:
    return kept_register(desk.house.evidence, run.register_sha256 or "")


def _stop_of(desk: Desk, run_id: UUID) -> Callable[[], bool]:
    """The kill switch of a run, looked at twice a second and then for good."""
    looked, thrown = 0.0, False

    def stopped() -> bool:
        nonlocal looked, thrown
        if not thrown and monotonic() - looked >= _GLANCE:
            looked = monotonic()
            with desk.begin(Permission.PATROL_READ) as work:
                thrown = work.get(PatrolRun, run_id).state is not RunState.IN_PROGRESS
        return thrown

    return stopped


def _keep(desk: Desk, run_id: UUID, came: Sequence[tuple[RunStep, Seen]], road: Road) -> None:
    """The harvest of pages, each whole or not at all."""
    offers = (words(o.title, o.description) for _, one in came for o in one.done.listings)
    said = screened(offers, road.model)
    with desk.begin(Permission.PATROL_RUN) as work:
        run = work.get(PatrolRun, run_id)
        if run.state is not RunState.IN_PROGRESS:
            return
        for step, seen in came:
            row = work.session.get_one(RunStep, step.id, with_for_update=True)
            if row.is_done:
                continue
            room = max(0, road.source.limits.listings - run.listings)
            kept = keep_page(work, run, seen.done.listings[:room], seen.manifest, said)
            _end_page(work, run, row, seen, road.source)
            work.record(
                "patrol.page_read", run, url=row.step["url"], evidence=seen.manifest,
                listings=kept.listings, cards=kept.cards, faults=len(seen.done.faults),
            )  # fmt: skip
            work.session.flush()


def _end_page(work: Work, run: PatrolRun, row: RunStep, seen: Seen, mapped: Mapped) -> None:
    """The page is done with: what it leads to, and what of it could not be read."""
    done = seen.done
    row.is_done = True
    run.steps_done += 1
    add_pages(work, run, mapped, done.next_steps)
    repeat_later(work, run, row, done.faults)
    note_faults(run, done.faults)
    broken = bool(done.faults) and not done.listings and not done.next_steps
    run.failures = run.failures + 1 if broken else 0
    work.session.flush()
    cut_short(work, run, mapped, row.step["url"], ends=done.ends)
    note_custody(work, run, seen.manifest, CustodyAct.CAPTURED)
