"""Coverage and trends, from what is counted on each run: no listing is read for them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy.orm import InstrumentedAttribute, defer
from sqlmodel import col

from console.desk import Desk
from models.patrol.runs import PatrolRun, RunState
from models.permissions import Permission
from models.rules import CHINA, china_day
from models.rules.parameters import months_before

MOST_RUNS: Final = 5000
MOST_POINTS: Final = 365
_READ: Final = (RunState.SUBMITTED, RunState.CLOSED, RunState.IN_PROGRESS)


@dataclass(slots=True)
class Covered:
    """What was patrolled of one platform in one month."""

    platform: str
    month: str
    """`2026-03`, in China."""
    runs: int = 0
    failed: int = 0
    listings: int = 0
    flagged: int = 0
    news: int = 0
    shops: int = 0
    flagged_shops: int = 0
    licensed_shops: int = 0
    findings: int = 0
    drawn: int = 0
    checked: int = 0

    @property
    def share(self) -> int:
        """Percent of the shops with flagged offers that were drawn for a checklist."""
        return min(100, round(100 * self.drawn / self.flagged_shops)) if self.flagged_shops else 0


@dataclass(frozen=True, slots=True)
class Point:
    """One run in a trend."""

    run_id: UUID
    number: str
    at: datetime
    platform: str
    shops: int
    flagged: int
    flagged_shops: int
    licensed_shops: int
    findings: int
    news: int
    drawn: int
    checked: int


@dataclass(frozen=True, slots=True)
class _Of:
    """Whose runs a trend is of."""

    plan_id: UUID | None = None
    source_id: UUID | None = None
    platform: str | None = None


_LONG: Final = cast(
    "tuple[InstrumentedAttribute[Any], ...]",
    (PatrolRun.faults, PatrolRun.mapping, PatrolRun.actor),
)
_COUNTED: Final = (
    "listings", "flagged", "news", "shops", "flagged_shops", "licensed_shops", "findings",
    "drawn", "checked",
)  # fmt: skip
_POINT: Final = tuple(one.name for one in fields(Point) if one.name not in {"run_id", "at"})


def coverage(desk: Desk, months: int = 12, *, platform: str | None = None) -> Sequence[Covered]:
    """Platform by month, the latest month first; shops are counted once in each run."""
    first = months_before(china_day(desk.now()).replace(day=1), max(0, months - 1))
    since = datetime(first.year, first.month, 1, tzinfo=CHINA)
    found: dict[tuple[str, str], Covered] = {}
    for run in _runs(desk, _Of(platform=platform), since, MOST_RUNS):
        month = f"{run.created_at.astimezone(CHINA):%Y-%m}"
        row = found.setdefault((month, run.platform), Covered(run.platform, month))
        row.runs += 1
        row.failed += run.state is RunState.FAILED
        for counted in _COUNTED:
            setattr(row, counted, getattr(row, counted) + getattr(run, counted))
    by_platform = sorted(found, key=lambda key: key[1])
    return [found[key] for key in sorted(by_platform, key=lambda key: key[0], reverse=True)]


def trend(  # noqa: PLR0913 - filters
    desk: Desk,
    *,
    plan_id: UUID | None = None,
    source_id: UUID | None = None,
    platform: str | None = None,
    days: int = 365,
    limit: int = 60,
) -> Sequence[Point]:
    """The latest runs that read something, the oldest of them first."""
    since, of = desk.now() - timedelta(days=days), _Of(plan_id, source_id, platform)
    runs = _runs(desk, of, since, min(limit, MOST_POINTS), only_read=True)
    return [
        Point(run.id, at=run.created_at, **{name: getattr(run, name) for name in _POINT})
        for run in reversed(runs)
    ]


def _runs(
    desk: Desk, of: _Of, since: datetime, most: int, *, only_read: bool = False
) -> Sequence[PatrolRun]:
    """The latest runs, without what is long in them."""
    with desk.begin(Permission.PATROL_READ) as work:
        query = (
            work.select(PatrolRun)
            .options(*map(defer, _LONG))
            .where(PatrolRun.created_at >= since)
            .order_by(col(PatrolRun.created_at).desc(), col(PatrolRun.id).desc())
            .limit(most)
        )
        if only_read:
            query = query.where(col(PatrolRun.state).in_(_READ), PatrolRun.listings > 0)
        for name in ("plan_id", "source_id", "platform"):
            wanted = getattr(of, name)
            if wanted is not None:
                query = query.where(getattr(PatrolRun, name) == wanted)
        return work.session.exec(query).all()
