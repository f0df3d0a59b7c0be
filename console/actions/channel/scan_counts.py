"""How often badges are scanned: counted in memory, kept by hour and province, soon forgotten."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from console.desk import Desk, House, Work
from integrations.places import Places
from models.channel.badges import Badge
from models.channel.signals import ScanCount
from models.permissions import Permission
from models.refusals import Refusal
from models.rules import china_day, parameter

FLUSHED_EACH: Final = timedelta(seconds=10)
_ROWS: Final = 500
_MOST: Final = 100_000
"""Places in the tally; a flood of new badges beyond that is not counted until the next flush."""
Place = tuple[str, datetime, str]
"""Badge, hour in UTC, province."""


@dataclass(slots=True)
class Tally:
    """What was scanned since the last flush. Addresses become provinces at once."""

    house: House
    places: Places
    counted: Counter[Place] = field(default_factory=Counter[Place])
    lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, house: House) -> "Tally":
        return cls(house, Places(house.settings.places))

    def count(self, badge_id: str, address: str) -> None:
        hour = self.house.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        place = (badge_id, hour, self.places.province_of(address))
        with self.lock:
            if place in self.counted or len(self.counted) < _MOST:
                self.counted[place] += 1

    def flush(self) -> int:
        """Keep what was counted, in one transaction; how many scans. What fails is tried again."""
        with self.lock:
            counted, self.counted = self.counted, Counter()
        self.places.refresh()
        try:
            return keep_counts(self.house.desk(), counted) if counted else 0
        except (Refusal, SQLAlchemyError):
            with self.lock:
                self.counted.update(counted)
            raise


def keep_counts(desk: Desk, counted: Mapping[Place, int]) -> int:
    """Add to the hours' counts, of badges that are ours and of no others."""
    with desk.begin(Permission.SWEEP) as work:
        ours = _known(work, sorted({badge_id for badge_id, _, _ in counted}))
        # In one order, so that two processes never wait for each other in a ring.
        rows = [
            {"badge_id": badge_id, "hour": hour, "province": province, "scans": scans}
            for (badge_id, hour, province), scans in sorted(counted.items())
            if badge_id in ours
        ]
        for start in range(0, len(rows), _ROWS):
            _add(work, rows[start : start + _ROWS])
        work.no_deed()
        return sum(scans for (badge_id, _, _), scans in counted.items() if badge_id in ours)


def _known(work: Work, badge_ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(badge_ids), _ROWS):
        some = badge_ids[start : start + _ROWS]
        found.update(
            work.session.exec(select(Badge.badge_id).where(col(Badge.badge_id).in_(some))).all()
        )
    return found


def _add(work: Work, rows: Sequence[Mapping[str, Any]]) -> None:
    is_postgres = work.session.get_bind().dialect.name == "postgresql"
    added = postgresql.insert(ScanCount) if is_postgres else sqlite.insert(ScanCount)
    kept = added.values(rows)
    statement = kept.on_conflict_do_update(
        index_elements=["badge_id", "hour", "province"],
        set_={"scans": col(ScanCount.scans) + kept.excluded.scans},
    )
    work.session.connection().execute(statement)


def forget_scans(desk: Desk) -> int:
    """Delete counts that are older than the rules allow; how many rows."""
    with desk.begin(Permission.SWEEP) as work:
        kept = parameter("scan_count_retention", china_day(work.at)).value
        old = delete(ScanCount).where(col(ScanCount.hour) < work.at - timedelta(days=kept))
        gone = work.session.connection().execute(old).rowcount
        work.no_deed()
        return gone


@dataclass(frozen=True, slots=True)
class Series:
    """Scans of one badge, day by day in China without a gap, the last being today."""

    first: date
    days: Sequence[Counter[str]]
    """Of each day: scans by province."""

    def at(self, day: date) -> int:
        return max(0, (day - self.first).days)

    @property
    def by_day(self) -> dict[str, int]:
        return {
            (self.first + timedelta(days=at)).isoformat(): sum(day.values())
            for at, day in enumerate(self.days)
        }

    @property
    def by_province(self) -> Counter[str]:
        whole = Counter[str]()
        for day in self.days:
            whole.update(day)
        return whole


def series_of(work: Work, badge_ids: Iterable[str], days: int) -> dict[str, Series]:
    """The last `days` days of badges that the caller has a right to; badges never scanned lack."""
    today = china_day(work.at)
    since = work.at - timedelta(days=days)
    counts: dict[str, dict[date, Counter[str]]] = {}
    rows = work.session.exec(
        select(ScanCount.badge_id, ScanCount.hour, ScanCount.province, ScanCount.scans)
        .where(col(ScanCount.badge_id).in_(list(badge_ids)))
        .where(col(ScanCount.hour) >= since)
    ).all()
    for badge_id, hour, province, scans in rows:
        day = counts.setdefault(badge_id, {}).setdefault(china_day(hour), Counter())
        day[province] += scans
    found: dict[str, Series] = {}
    for badge_id, by_day in counts.items():
        first = min(by_day)
        every = [first + timedelta(days=at) for at in range((today - first).days + 1)]
        found[badge_id] = Series(first, [by_day.get(day, Counter()) for day in every])
    return found
