"""Files of records of use name devices, places and targets: they are not kept for ever.

What was found stays, and with it the files that it names as evidence.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time
from itertools import takewhile
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from console.actions.batches import AT_ONCE
from console.actions.cards.industry.files import last_day
from console.desk import Desk, Work
from integrations.evidence import Digest
from models.cards.monitoring import MonitoringRun, MonitoringState, UsageFinding
from models.permissions import Permission
from models.rules import CHINA, Calendar, china_day, parameter

_ENDED: Final = (MonitoringState.DONE, MonitoringState.FAILED)
_READ: Final = {"yield_per": 5_000}


class _Files(NamedTuple):
    """What the store has of a run."""

    id: UUID
    created_at: datetime
    state: MonitoringState
    sha256: str
    result_sha256: str
    rejects_sha256: str

    @property
    def digests(self) -> set[str]:
        return {self.sha256, self.result_sha256, self.rejects_sha256} - {""}


def sweep_usage_files(desk: Desk) -> int:
    """Delete files of records, and what was made of them, after iot_usage_retention; of how many.

    Deleted first and noted then: of one that is killed between, the next sweep notes it.
    """
    with desk.begin(Permission.INDUSTRY_READ) as work:
        doomed, kept = _sorted_out(work)
    store = desk.house.evidence
    for one in doomed:
        for digest in one.digests - kept:
            store.path(Digest(digest)).unlink(missing_ok=True)
    ids = [one.id for one in doomed]
    for start in range(0, len(ids), AT_ONCE):
        with desk.begin(Permission.SWEEP) as work:
            _note(work, ids[start : start + AT_ONCE])
    return len(doomed)


def _sorted_out(work: Work) -> tuple[Sequence[_Files], set[str]]:
    """Runs whose files go; and which of these digests stay, for others name them, too."""
    with closing(_runs(work)) as all_runs:
        old = list(takewhile(lambda one: _is_over(one.created_at, work.at), all_runs))
    if not old:
        return (), set()
    of_old = {digest for one in old for digest in one.digests}
    younger = _runs(work, col(MonitoringRun.created_at) > old[-1].created_at)
    named = of_old & {digest for evidence in _evidence(work) for digest in evidence}
    named |= {digest for one in younger for digest in one.digests & of_old}
    doomed = [one for one in old if one.state in _ENDED and one.sha256 not in named]
    gone = {one.id for one in doomed}
    named |= {digest for one in old if one.id not in gone for digest in one.digests}
    return doomed, named


def kept_until(since: datetime | date) -> date:
    """The last day (iot_usage_retention) of what is from that moment, or is of that day."""
    if not isinstance(since, datetime):
        since = datetime.combine(since, time(), CHINA)
    kept = parameter("iot_usage_retention", china_day(since)).deadline(since, Calendar())
    return last_day(kept)


def _is_over(created_at: datetime, at: datetime) -> bool:
    return kept_until(created_at) < china_day(at)


def _runs(work: Work, *which: ColumnElement[bool]) -> Generator[_Files]:
    """That have their files, the oldest first."""
    query = (
        select_columns(*(getattr(MonitoringRun, name) for name in _Files._fields))
        .where(col(MonitoringRun.is_file_gone).is_(False), *which)
        .order_by(col(MonitoringRun.created_at))
    )
    with work.session.connection().execute(query, execution_options=_READ) as rows:
        for row in rows:
            yield _Files(*row)


def _evidence(work: Work) -> Iterator[Sequence[str]]:
    query = select_columns(col(UsageFinding.evidence))
    yield from work.session.connection().scalars(query, execution_options=_READ)


def _note(work: Work, ids: Sequence[UUID]) -> None:
    found = work.session.exec(
        select(MonitoringRun).where(col(MonitoringRun.id).in_(ids)).with_for_update()
    ).all()
    for run in found:
        run.is_file_gone = True
        work.record("monitoring.files_deleted", run, sha256=run.sha256)
