"""What of industry cards ends by the clock. What only becomes late is marked with all else."""

from sqlmodel import col, select

from console.actions.batches import in_batches
from console.desk import Desk, Work
from models.cards.monitoring import WatchEntry
from models.rules import china_day


def sweep_watch(desk: Desk) -> int:
    """Watches whose last day is over come off the list; how many."""
    return in_batches(desk, _end_some)


def _end_some(work: Work, limit: int) -> int:
    """Those that another sweep has in hand are left to it."""
    over = work.session.exec(
        select(WatchEntry)
        .where(col(WatchEntry.ended_at).is_(None), col(WatchEntry.until) < china_day(work.at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for entry in over:
        entry.ended_at = work.at
        work.record("watch.ran_out", entry, until=str(entry.until))
    return len(over)
