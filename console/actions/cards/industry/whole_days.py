"""Days that programs sent in parts, each put together into one file that is judged as a whole.

A part is judged by itself when it comes. A month's volume, a silence and a pattern of resale are
seen by whole files alone; who sends nothing but parts gets one of each day, when it is over.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlmodel import col, or_, select, update

from console.actions.cards.industry.earlier_files import JUDGED
from console.actions.cards.industry.runs import add_run
from console.desk import Desk, Work
from integrations.bulk.usage_parts import put_together
from integrations.evidence import Digest
from models.cards.monitoring import MonitoringRun, MonitoringState
from models.permissions import Permission
from models.rules import china_day, parameter
from models.staff import CARRIERS, HOUSE, Organisation

_DAY: Final = timedelta(days=1)
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Days of a carrier that are to be put together, and all the parts that there are of them."""

    days: Sequence[date]
    parts: Sequence[MonitoringRun]


def sweep_parts(desk: Desk) -> int:
    """Plan a run of each day that came in parts alone; how many.

    Once a day for each carrier: what comes late is taken up the next time, as long as
    iot_parts_window says, and the later run takes the place of the earlier.
    """
    with desk.begin(Permission.INDUSTRY_READ) as work:
        carriers = work.session.exec(
            select(Organisation).where(col(Organisation.kind).in_(CARRIERS))
        ).all()
    return sum(_plan(desk, one) for one in carriers)


def _plan(desk: Desk, carrier: Organisation) -> int:
    with desk.begin(Permission.INDUSTRY_READ) as work:
        wanted = wanted_days(work, carrier)
    return sum(_plan_day(desk, carrier, day, wanted.parts) for day in wanted.days)


def wanted_days(work: Work, carrier: Organisation) -> Wanted:
    """Nothing while one that was brought waits, for nobody knows its days yet."""
    today = china_day(work.at)
    since = today - parameter("iot_parts_window", today).value * _DAY
    brought, made = _whole_files(work, carrier, since)
    is_unsure = any(one.state is MonitoringState.WAITING for one in brought)
    if is_unsure or any(china_day(one.created_at) == today for one in made):
        return Wanted((), ())
    parts = work.session.exec(
        select(MonitoringRun)
        .where(MonitoringRun.carrier_id == carrier.id, col(MonitoringRun.is_part).is_(True))
        .where(col(MonitoringRun.last_day) >= since, col(MonitoringRun.first_day) < today)
        .where(col(MonitoringRun.state).in_(JUDGED))
        .order_by(col(MonitoringRun.id))
    ).all()
    days = {day for part in parts for day in _left(part, since, today)} | _failed_days(made)
    days -= {day for one in brought for day in _days(one, since, today)}
    return Wanted(sorted(days), parts)


def _whole_files(
    work: Work, carrier: Organisation, since: date
) -> tuple[Sequence[MonitoringRun], Sequence[MonitoringRun]]:
    """Those that were brought, also by the carrier's group, and those that were put together."""
    whose = [one for one in (carrier.id, carrier.parent_id) if one is not None]
    found = work.session.exec(
        select(MonitoringRun)
        .where(col(MonitoringRun.carrier_id).in_(whose), col(MonitoringRun.is_part).is_(False))
        .where(
            or_(
                col(MonitoringRun.last_day) >= since,
                col(MonitoringRun.state) == MonitoringState.WAITING,
            )
        )
        .order_by(col(MonitoringRun.id))
    ).all()
    open_or_judged = (MonitoringState.WAITING, *JUDGED)
    brought = [one for one in found if not one.parts and one.state in open_or_judged]
    return brought, [one for one in found if one.parts and one.carrier_id == carrier.id]


def _failed_days(made: Sequence[MonitoringRun]) -> set[date]:
    """Days whose last run failed, for want of room on the disc or the like."""
    last = {one.first_day: one for one in made}
    return {day for day, one in last.items() if day and one.state is MonitoringState.FAILED}


def _left(part: MonitoringRun, since: date, today: date) -> Iterator[date]:
    """Days of a part that it was not taken up for."""
    taken = part.taken_until
    return _days(part, since if taken is None else max(since, taken + _DAY), today)


def _days(run: MonitoringRun, since: date, today: date) -> Iterator[date]:
    """A run's days from that on, as far as they are over."""
    if run.first_day is None or run.last_day is None:
        return
    day = max(run.first_day, since)
    while day <= run.last_day and day < today:
        yield day
        day += _DAY


def _plan_day(desk: Desk, carrier: Organisation, day: date, parts: Sequence[MonitoringRun]) -> bool:
    """Put away first, and promised then. What is in no store any more is left out."""
    mine = [one for one in parts if any(_days(one, day, day + _DAY))]
    there = [one for one in mine if desk.house.evidence.is_whole(Digest(one.sha256))]
    digest = _file_of(desk, there, day)
    with desk.begin(Permission.USAGE_IMPORT) as work:
        work.get(Organisation, carrier.id)  # two sweeps plan one after the other
        is_new = bool(digest) and not _is_planned(work, carrier, day)
        _take(work, mine, day)
        if not is_new:
            work.no_deed()
            return False
        name = f"usage-{day:%Y%m%d}.parquet"
        own: dict[str, Any] = {"parts": len(there), "first_day": day, "last_day": day}
        run = add_run(work, carrier, name, digest, HOUSE, **own)
        gone = len(mine) - len(there)
        work.record("monitoring.put_together", run, day=str(day), parts=len(there), gone=gone)
    return True


def _file_of(desk: Desk, parts: Sequence[MonitoringRun], day: date) -> str:
    """Its digest; none when there is no record of the day."""
    store = desk.house.evidence
    with tempfile.TemporaryDirectory(prefix="parts-", dir=desk.house.settings.data) as folder:
        path = Path(folder) / "day.parquet"
        if not put_together([store.path(Digest(one.sha256)) for one in parts], day, path):
            return ""
        with path.open("rb") as file:
            return store.keep(file)


def _is_planned(work: Work, carrier: Organisation, day: date) -> bool:
    """By another sweep, meanwhile."""
    last = work.session.exec(
        select(MonitoringRun.created_at)
        .where(MonitoringRun.carrier_id == carrier.id, col(MonitoringRun.is_part).is_(False))
        .where(MonitoringRun.last_day == day, MonitoringRun.parts > 0)
        .order_by(col(MonitoringRun.id).desc())
    ).first()
    return last is not None and china_day(last) == china_day(work.at)


def _take(work: Work, parts: Sequence[MonitoringRun], day: date) -> None:
    ids = [one.id for one in parts]
    for start in range(0, len(ids), _AT_ONCE):
        work.session.exec(
            update(MonitoringRun)
            .where(col(MonitoringRun.id).in_(ids[start : start + _AT_ONCE]))
            .values(taken_until=day)
            .execution_options(synchronize_session=False)
        )
