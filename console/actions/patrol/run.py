"""A run goes on: one question, asked outside any transaction, then kept in one."""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, func, select

from console.actions.patrol.asking import Road, Seen, fault_facts, fetcher_for, put
from console.actions.patrol.judging import judge_shop
from console.actions.patrol.listings import JUDGE, insert_new, keep_page
from console.actions.patrol.register import keep_register, kept_register
from console.actions.patrol.sources import all_secrets, opened_secrets
from console.actions.promises import actor_kept
from console.desk import Desk, Work
from integrations.marketplaces.base import Reason
from integrations.marketplaces.mapping import Source as Mapped
from integrations.marketplaces.mapping import source_from
from integrations.marketplaces.steps import Fault, Step, StepKind
from integrations.marketplaces.walk import first_steps
from models.base import new_id
from models.patrol.judge import Register
from models.patrol.runs import PatrolRun, RunMove, RunState, RunStep, Source
from models.permissions import Permission
from models.refusals import Invalid
from models.staff import Door

Roads = MutableMapping[UUID, Road]
MOST_FAULTS: Final = 100
_SHOPS_AT_ONCE: Final = 20
_GLANCE: Final = 1.0
"""Seconds between two looks at the kill switch."""
_AGAIN: Final = "again:"


def advance_run(desk: Desk, run_id: UUID, roads: Roads | None = None) -> bool:
    """Do the next step of a run in the name of its planner; False when there is none left.

    `roads` keeps what a run needs for asking from one step to the next: its pace, and what it
    knows of robots.txt. A step that is done twice changes nothing the second time.
    """
    with desk.begin(Permission.PATROL_READ) as work:
        run = work.get(PatrolRun, run_id)
    own = desk.as_(replace(actor_kept(run.actor), door=Door.HOUSE))
    kept: Roads = dict[UUID, Road]() if roads is None else roads
    match run.state:
        case RunState.PLANNED:
            _start(own, run)
            return True
        case RunState.IN_PROGRESS:
            return _go_on(own, run, kept)
        case _:
            kept.pop(run_id, None)
            return False


def _start(desk: Desk, run: PatrolRun) -> None:
    """The register is taken as it stands now, and the first questions are written down."""
    digest = keep_register(desk.house)
    mapped = source_from(run.mapping, file=run.number) if run.mapping else None
    with desk.begin(_permission(run)) as work:
        row = work.get(PatrolRun, run.id)
        if row.state is not RunState.PLANNED:
            return
        row.move(RunMove.START)
        row.started_at, row.register_sha256 = work.at, digest
        if mapped is not None:
            _add_steps(work, row, mapped, first_steps(mapped))
        work.record("patrol.started", row, register=digest)


def _permission(run: PatrolRun) -> Permission:
    """What its planner was permitted when they planned it."""
    return Permission.LISTING_IMPORT if run.source_id is None else Permission.PATROL_RUN


def _go_on(desk: Desk, run: PatrolRun, roads: Roads) -> bool:
    if run.source_id is None:  # the listings came in a file, and all are there
        register = kept_register(desk.house.evidence, run.register_sha256 or "")
        return _judge_some(desk, run, register, None)
    step = _next_page(desk, run)
    if run.id not in roads:
        try:
            roads[run.id] = _road(desk, run)
        except Invalid as no:  # a key that the mapping needs was taken away meanwhile
            return _fail(desk, run.id, no)
    road = roads[run.id]
    if step is None:
        return _judge_some(desk, run, road.register, road.source)
    seen = put(desk.house, road, Step.from_json(step.step), f"patrol {run.number}")
    if any(fault.reason.word == "stopped" for fault in seen.done.faults):
        return True
    _keep(desk, run.id, step, seen, road.source)
    return True


def _next_page(desk: Desk, run: PatrolRun) -> RunStep | None:
    with desk.begin(Permission.PATROL_READ) as work:
        return work.session.exec(
            select(RunStep)
            .where(RunStep.run_id == run.id, col(RunStep.is_done).is_(False))
            .where(col(RunStep.key).not_like(f"{JUDGE}%"))
            .order_by(col(RunStep.id))
            .limit(1)
        ).first()


def _road(desk: Desk, run: PatrolRun) -> Road:
    mapped = source_from(run.mapping, file=run.number)
    with desk.begin(Permission.PATROL_READ) as work:
        source = work.session.get_one(Source, run.source_id)
    register = kept_register(desk.house.evidence, run.register_sha256 or "")
    secrets = opened_secrets(desk, source)
    all_secrets(mapped, secrets)
    fetcher = fetcher_for(desk.house.settings, mapped, _stop_of(desk, run.id))
    return Road(mapped, fetcher, secrets, register)


def _fail(desk: Desk, run_id: UUID, no: Invalid) -> bool:
    with desk.begin(Permission.PATROL_RUN) as work:
        run = work.get(PatrolRun, run_id)
        _note(run, [Fault(Reason(no.code, no.facts), "")])
        run.move(RunMove.FAIL)
        run.ended_at = work.at
        work.record("patrol.failed", run, reason=no.code)
    return False


def _stop_of(desk: Desk, run_id: UUID) -> Callable[[], bool]:
    """The kill switch of a run, looked at once a second and then for good."""
    looked, thrown = 0.0, False

    def stopped() -> bool:
        nonlocal looked, thrown
        if not thrown and monotonic() - looked >= _GLANCE:
            looked = monotonic()
            with desk.begin(Permission.PATROL_READ) as work:
                thrown = work.get(PatrolRun, run_id).state is not RunState.IN_PROGRESS
        return thrown

    return stopped


def _keep(desk: Desk, run_id: UUID, step: RunStep, seen: Seen, mapped: Mapped) -> None:
    """One page's harvest, whole or not at all."""
    done = seen.done
    with desk.begin(Permission.PATROL_RUN) as work:
        run = work.get(PatrolRun, run_id)
        row = work.session.get_one(RunStep, step.id, with_for_update=True)
        if row.is_done or run.state is not RunState.IN_PROGRESS:
            return
        room = max(0, mapped.limits.listings - run.listings)
        kept = keep_page(work, run, done.listings[:room], seen.manifest)
        run.listings += kept.listings
        run.cards += kept.cards
        run.shops += kept.shops
        row.is_done = True
        run.steps_done += 1
        _add_steps(work, run, mapped, done.next_steps)
        _repeat_later(work, run, row, done.faults)
        _note(run, done.faults)
        broken = bool(done.faults) and not done.listings and not done.next_steps
        run.failures = run.failures + 1 if broken else 0
        _cut_short(work, run, mapped, step.step["url"])
        work.record(
            "patrol.page_read", run, url=step.step["url"], evidence=seen.manifest,
            listings=kept.listings, cards=kept.cards, faults=len(done.faults),
        )  # fmt: skip


def _add_steps(work: Work, run: PatrolRun, mapped: Mapped, steps: Sequence[Step]) -> None:
    shallow = [step for step in steps if step.depth <= mapped.limits.depth]
    if len(shallow) < len(steps):
        _limit(run, "limit_depth", steps[-1].url, mapped.limits.depth)
    lists = [step for step in shallow if step.kind is not StepKind.DETAIL]
    if lists:
        count = select(func.count()).select_from(RunStep).where(RunStep.run_id == run.id)
        kinds = col(RunStep.key).like("list:%") | col(RunStep.key).like("sitemap:%")
        room = max(0, mapped.limits.pages - work.session.exec(count.where(kinds)).one())
        if len(lists) > room:
            _limit(run, "limit_pages", lists[-1].url, mapped.limits.pages)
            left_out = lists[room:]
            shallow = [step for step in shallow if step not in left_out]
    rows = [
        {"id": new_id(), "run_id": run.id, "key": f"{step.kind}:{step.key}",
         "step": step.as_json(), "is_done": False}
        for step in shallow
    ]  # fmt: skip
    once = list({row["key"]: row for row in rows}.values())
    run.steps += len(insert_new(work, RunStep, once, ["run_id", "key"]))


def _repeat_later(work: Work, run: PatrolRun, row: RunStep, faults: Sequence[Fault]) -> None:
    """What may pass later is asked for once more, behind all that waits."""
    if row.key.startswith(_AGAIN) or not any(fault.again for fault in faults):
        return
    again = {"id": new_id(), "run_id": run.id, "key": f"{_AGAIN}{row.key}"}
    rows: list[dict[str, Any]] = [{**again, "step": row.step, "is_done": False}]
    run.steps += len(insert_new(work, RunStep, rows, ["run_id", "key"]))


def _note(run: PatrolRun, faults: Sequence[Fault]) -> None:
    run.fault_count += len(faults)
    room = MOST_FAULTS - len(run.faults)
    run.faults = [*run.faults, *(fault_facts(fault) for fault in faults[: max(0, room)])]


def _limit(run: PatrolRun, word: str, url: str, most: int) -> None:
    if not any(fault["word"] == word for fault in run.faults):
        facts = {"url": url, "most": most, "after": most}
        _note(run, [Fault(Reason(word, facts), url)])


def _cut_short(work: Work, run: PatrolRun, mapped: Mapped, url: str) -> None:
    """A walk that has enough, or gets nothing any more, asks no further; it says so."""
    limits = mapped.limits
    if run.listings >= limits.listings:
        word, most = "limit_listings", limits.listings
    elif run.failures >= limits.failures:
        word, most = "gave_up", limits.failures
    else:
        return
    waiting = (
        update(RunStep)
        .where(col(RunStep.run_id) == run.id, col(RunStep.is_done).is_(False))
        .where(col(RunStep.key).not_like(f"{JUDGE}%"))
        .values(is_done=True)
    )
    dropped = work.session.connection().execute(waiting).rowcount
    run.steps_done += dropped
    if dropped or word == "gave_up":
        _limit(run, word, url, most)


def _judge_some(desk: Desk, run: PatrolRun, register: Register, mapped: Mapped | None) -> bool:
    """When no page waits: shops are judged, a few at a time, and the run is handed in."""
    with desk.begin(_permission(run)) as work:
        row = work.get(PatrolRun, run.id)
        if row.state is not RunState.IN_PROGRESS:
            return False
        waiting = work.session.exec(
            select(RunStep)
            .where(RunStep.run_id == row.id, col(RunStep.is_done).is_(False))
            .order_by(col(RunStep.id))
            .limit(_SHOPS_AT_ONCE)
            .with_for_update()
        ).all()
        for step in waiting:
            found = judge_shop(work, row, UUID(step.step["shop"]), register)
            row.findings += found is not None
            row.steps_done += 1
            step.is_done = True
        if waiting:
            work.record("patrol.judged", row, shops=len(waiting), findings=row.findings)
        else:
            _hand_in(work, row, mapped)
        return bool(waiting)


def _hand_in(work: Work, run: PatrolRun, mapped: Mapped | None) -> None:
    """A run that could read nothing has failed, and the first fault says why."""
    expected = mapped.plausible if mapped else None
    if mapped and expected and not expected.least <= run.listings <= expected.most:
        facts = {"found": run.listings, "least": expected.least, "most": expected.most}
        _note(run, [Fault(Reason("implausible", facts), mapped.start[0])])
    run.ended_at = work.at
    if run.listings == 0:
        run.move(RunMove.FAIL)
        work.record("patrol.failed", run, reason=run.faults[0]["word"] if run.faults else "")
        return
    run.move(RunMove.SUBMIT)
    work.record(
        "patrol.submitted", run, listings=run.listings, cards=run.cards, shops=run.shops,
        findings=run.findings, faults=run.fault_count,
    )  # fmt: skip
