"""What earlier files of a carrier say of the days around a new one.

A month's volume and a silence are seen over many daily files. Of a day the latest whole file
counts, and with it what programs sent in parts since. A day that came in parts alone has a whole
file that the house made of them (`whole_days`).
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Final

from sqlalchemy.orm import aliased
from sqlmodel import col, select

from console.actions.imports.plan import at_hand
from console.desk import Desk
from integrations.bulk.monitoring import Before
from integrations.evidence import Damaged, Digest, Store
from models.cards.monitoring import MonitoringRun, MonitoringState
from models.permissions import Permission

Days = tuple[date, date]
"""The first and the last."""
_DAY: Final = timedelta(days=1)
_SILENCES: Final = 2
"""Lengths of a silence that are looked back: of use before it, and of itself."""
JUDGED: Final = (MonitoringState.RUNNING, MonitoringState.DONE)
_MOST: Final = 2_000


def around(own: Days, silence_days: int) -> Days:
    """Whole months of these days, and so far back that a silence shows."""
    first = min(own[0].replace(day=1), own[0] - _SILENCES * silence_days * _DAY)
    after = (own[1].replace(day=1) + 32 * _DAY).replace(day=1)
    return first, after - _DAY


def files_before(
    desk: Desk, run: MonitoringRun, own: Days, window: Days, open_files: ExitStack
) -> list[Before]:
    """The carrier's files of the window, each with its days that no later one has anew."""
    left, found = _without([window], own), list[Before]()
    for one in _judged_before(desk, run, window):
        if one.first_day is None or one.last_day is None:
            continue
        whole = one.first_day, one.last_day
        days = _common(left, whole)
        if days and _is_whole(desk.house.evidence, one.sha256):
            kept = at_hand(one.file_name, desk.house.evidence.path(Digest(one.sha256)))
            found.append(Before(open_files.enter_context(kept), days, one.records))
            if not one.is_part:
                left = _without(left, whole)
    return found


def _is_whole(store: Store, sha256: str) -> bool:
    """One that is gone can't be judged with; the new file is judged without it."""
    try:
        for _ in store.stream(Digest(sha256)):
            pass
    except (Damaged, FileNotFoundError):
        return False
    return True


def _judged_before(desk: Desk, run: MonitoringRun, window: Days) -> Sequence[MonitoringRun]:
    """The newest first; no part that is within one later file, for it says nothing any more."""
    later = aliased(MonitoringRun)
    replaced = select(later.id).where(
        later.carrier_id == run.carrier_id,
        col(later.is_part).is_(False),
        col(later.last_day) >= col(MonitoringRun.last_day),
        col(later.first_day) <= col(MonitoringRun.first_day),
        col(later.id) > col(MonitoringRun.id),
        col(later.id) < run.id,
        col(later.state).in_(JUDGED),
    )
    earlier = (
        select(MonitoringRun)
        .where(MonitoringRun.carrier_id == run.carrier_id, col(MonitoringRun.id) < run.id)
        .where(col(MonitoringRun.state).in_(JUDGED))
        .where(col(MonitoringRun.last_day) >= window[0])
        .where(col(MonitoringRun.first_day) <= window[1])
        .order_by(col(MonitoringRun.id).desc())
        .limit(_MOST)
    )
    is_part = col(MonitoringRun.is_part)
    with desk.begin(Permission.INDUSTRY_READ) as work:
        files = work.session.exec(earlier.where(is_part.is_(False))).all()
        parts = work.session.exec(earlier.where(is_part.is_(True), ~replaced.exists())).all()
    return sorted((*files, *parts), key=lambda one: one.id, reverse=True)


def _common(days: Sequence[Days], with_: Days) -> list[Days]:
    both = [(max(first, with_[0]), min(last, with_[1])) for first, last in days]
    return [one for one in both if one[0] <= one[1]]


def _without(days: Sequence[Days], gone: Days) -> list[Days]:
    def left() -> Iterator[Days]:
        for first, last in days:
            yield first, min(last, gone[0] - _DAY)
            yield max(first, gone[1] + _DAY), last

    return [one for one in left() if one[0] <= one[1]]
