"""The steps of a run: which wait, which are asked for again, and when a walk has enough."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import col, func, select

from console.actions.patrol.asking import fault_facts
from console.actions.patrol.listings import insert_new
from console.desk import Work
from integrations.marketplaces.base import Reason
from integrations.marketplaces.mapping import Source as Mapped
from integrations.marketplaces.steps import Fault, Step, StepKind
from models.base import new_id
from models.patrol.runs import PatrolRun, Phase, RunStep

MOST_FAULTS: Final = 100
_AGAIN: Final = "again:"


def add_pages(work: Work, run: PatrolRun, mapped: Mapped, steps: Sequence[Step]) -> None:
    """Write down what is to be asked for, within the mapping's limits, nothing twice."""
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
    rows = [_row(run, f"{step.kind}:{step.key}", step.as_json()) for step in shallow]
    once = list({row["key"]: row for row in rows}.values())
    run.steps += len(insert_new(work, RunStep, once, ["run_id", "key"]))


def _row(run: PatrolRun, key: str, step: dict[str, Any]) -> dict[str, Any]:
    return {"id": new_id(), "run_id": run.id, "key": key, "step": step, "phase": Phase.PAGES,
            "is_done": False}  # fmt: skip


def repeat_later(work: Work, run: PatrolRun, row: RunStep, faults: Sequence[Fault]) -> None:
    """What may pass later is asked for once more, behind all that waits."""
    if row.key.startswith(_AGAIN) or not any(fault.again for fault in faults):
        return
    rows = [_row(run, f"{_AGAIN}{row.key}", row.step)]
    run.steps += len(insert_new(work, RunStep, rows, ["run_id", "key"]))


def note_faults(run: PatrolRun, faults: Sequence[Fault]) -> None:
    run.fault_count += len(faults)
    room = MOST_FAULTS - len(run.faults)
    run.faults = [*run.faults, *(fault_facts(fault) for fault in faults[: max(0, room)])]


def _limit(run: PatrolRun, word: str, url: str, most: int) -> None:
    if not any(fault["word"] == word for fault in run.faults):
        facts = {"url": url, "most": most, "after": most}
        note_faults(run, [Fault(Reason(word, facts), url)])


def cut_short(work: Work, run: PatrolRun, mapped: Mapped, url: str, *, ends: bool = False) -> None:
    """A walk that has enough, or gets nothing any more, asks no further; it says so."""
    limits = mapped.limits
    if run.listings >= limits.listings:
        word, most = "limit_listings", limits.listings
    elif run.failures >= limits.failures or ends:
        word, most = "gave_up", run.failures
    else:
        return
    waiting = (
        update(RunStep)
        .where(col(RunStep.run_id) == run.id, col(RunStep.is_done).is_(False))
        .where(col(RunStep.phase) == Phase.PAGES)
        .values(is_done=True)
    )
    dropped = work.session.connection().execute(waiting).rowcount
    run.steps_done += dropped
    if dropped or word == "gave_up":
        _limit(run, word, url, most)
