"""Evidence that somebody has to see to: damaged in the store, or left without its stamp."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlmodel import col, select

from console.actions.patrol.rehash import damaged_captures
from console.actions.patrol.stamps import NO_AUTHORITY
from console.actions.waiting import Shown, WorkItem, WorkState, items, only
from console.desk import Desk
from models.patrol.custody import EvidenceStamp, StampState
from models.patrol.runs import PatrolRun
from models.permissions import Permission

_SHORT: Final = 12
_RUN: Final = Shown("patrols", PatrolRun.id, PatrolRun.number)


def _damaged(desk: Desk) -> Iterator[WorkItem]:
    if not desk.actor.may(Permission.FINDING_CONFIRM):
        return
    with desk.begin(Permission.PATROL_READ) as work:
        found = damaged_captures(work)
    for row in found:
        title = row.manifest_sha256[:_SHORT]
        yield WorkItem("evidence_damaged", title, WorkState.OVERDUE, "patrols", row.run_id)


def _unstamped(desk: Desk) -> Iterator[WorkItem]:
    """Runs whose last stamp was refused or given up; not where there is nobody to ask."""
    if not desk.actor.may(Permission.PATROL_RUN):
        return
    with desk.begin(Permission.PATROL_READ) as work:
        query = (
            work.select(EvidenceStamp)
            .where(col(EvidenceStamp.state).in_([StampState.REFUSED, StampState.GIVEN_UP]))
            .where(EvidenceStamp.problem != NO_AUTHORITY)
            .where(col(EvidenceStamp.run_id).not_in(_settled()))
            .order_by(col(EvidenceStamp.id).desc())
        )
        ids = {row.run_id for row in only(work, query, EvidenceStamp.run_id)}
        if ids:
            runs = select(PatrolRun).where(col(PatrolRun.id).in_(ids))
            yield from items(work, runs, "evidence_unstamped", _RUN)


def _settled():  # noqa: ANN202 - a query
    return select(EvidenceStamp.run_id).where(
        col(EvidenceStamp.state).in_([StampState.GRANTED, StampState.PROMISED])
    )


EVIDENCE_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (_damaged, _unstamped)
