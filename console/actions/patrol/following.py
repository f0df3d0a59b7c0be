"""A run as people follow it: how far each phase is, what is left at each stage, and its stamp."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.audit import history
from console.desk import Desk, Work
from integrations.marketplaces.mapping import source_from
from models.audit import AuditEntry
from models.patrol.custody import EvidenceStamp
from models.patrol.plans import PatrolPlan
from models.patrol.runs import DISMISSED, PatrolRun, Phase, RunStep
from models.permissions import Permission

_NAMES: Final = {
    Phase.PAGES: "pages",
    Phase.LOOK: "looks",
    Phase.JUDGE: "judging",
    Phase.LINKS: "links",
}


@dataclass(frozen=True, slots=True)
class Followed:
    run: PatrolRun
    phases: Mapping[str, tuple[int, int]]
    """`pages`, `looks`, `judging`, `links`, `checklists`: done and all; only those with work."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    run: PatrolRun
    phases: Mapping[str, tuple[int, int]]
    plan: PatrolPlan | None
    stamp: EvidenceStamp | None
    """The latest over its evidence."""
    is_sample: bool
    """Its source lets us see a part of the market alone."""
    deeds: Sequence[AuditEntry]
    dismissed: int
    """What it saw again and left as people had dismissed it: the facts were the same."""


def follow_run(desk: Desk, run_id: UUID | str) -> Followed:
    with desk.begin(Permission.PATROL_READ) as work:
        run = work.get(PatrolRun, run_id)
        return Followed(run, _phases(work, run))


def run_record(desk: Desk, run_id: UUID | str) -> RunRecord:
    with desk.begin(Permission.PATROL_READ) as work:
        run = work.get(PatrolRun, run_id)
        stamps = work.select(EvidenceStamp).where(EvidenceStamp.run_id == run.id)
        plans = work.select(PatrolPlan).where(PatrolPlan.id == run.plan_id)
        return RunRecord(
            run,
            _phases(work, run),
            work.session.exec(plans).first() if run.plan_id else None,
            work.session.exec(stamps.order_by(col(EvidenceStamp.id).desc()).limit(1)).first(),
            _is_sample(run),
            history(work, run),
            _dismissed(work, run),
        )


def _dismissed(work: Work, run: PatrolRun) -> int:
    counted = select(func.sum(RunStep.step[DISMISSED].as_integer())).where(
        RunStep.run_id == run.id, RunStep.phase == Phase.JUDGE
    )
    return work.session.exec(counted).one() or 0


def _phases(work: Work, run: PatrolRun) -> dict[str, tuple[int, int]]:
    counted = work.session.exec(
        select(RunStep.phase, RunStep.is_done, func.count())
        .where(RunStep.run_id == run.id)
        .group_by(col(RunStep.phase), col(RunStep.is_done))
    ).all()
    number = {(phase, is_done): n for phase, is_done, n in counted}
    found: dict[str, tuple[int, int]] = {}
    for phase, name in _NAMES.items():
        done = number.get((phase, True), 0)
        found[name] = (done, done + number.get((phase, False), 0))
    found["checklists"] = (run.checked, run.drawn)
    return {name: counts for name, counts in found.items() if counts[1]}


def _is_sample(run: PatrolRun) -> bool:
    return bool(run.mapping) and source_from(run.mapping, file=run.number).is_sample
