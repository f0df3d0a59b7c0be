"""What a single card did day by day is told of its user: it is kept no longer than the files are.

Days of a batch as a whole tell of nobody, and stay for its months to be compared.
"""

from datetime import date
from itertools import takewhile
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.cards.industry.old_files import kept_until
from console.actions.cards.industry.retention import delete_days
from console.actions.cards.industry.settled import is_unsettled
from console.desk import Desk, Work
from models.cards.industry import IndustryBatch
from models.cards.monitoring import CardDay, WatchEntry
from models.permissions import Permission
from models.rules import china_day


def sweep_card_days(desk: Desk) -> int:
    """Delete days of watched cards after iot_usage_retention; how many.

    An order, an appeal or a case of the batch that is open holds them back.
    """
    with desk.begin(Permission.INDUSTRY_READ) as work:
        own = select(func.min(CardDay.day)).where(CardDay.batch_id == col(IndustryBatch.id))
        oldest = own.scalar_subquery()
        single = select(WatchEntry.batch_id).where(WatchEntry.card != 0)
        found = work.session.exec(
            select(IndustryBatch.id, oldest)
            .where(oldest.is_not(None))
            .where(col(IndustryBatch.id).in_(single))
            .where(~is_unsettled(col(IndustryBatch.id)))
        ).all()
        today = china_day(work.at)
    old = [(batch_id, last_over(day, today)) for batch_id, day in found]
    return sum(_delete_of(desk, batch_id, last) for batch_id, last in old if last is not None)


def last_over(oldest: date, today: date) -> date | None:
    """From the oldest day on, the last one whose time of keeping is over."""
    days = (oldest + at * date.resolution for at in range((today - oldest).days))
    over = list(takewhile(lambda day: kept_until(day) < today, days))
    return over[-1] if over else None


def _delete_of(desk: Desk, batch_id: UUID, last: date) -> int:
    done = 0
    while True:
        with desk.begin(Permission.SWEEP) as work:
            batch = work.get(IndustryBatch, batch_id)
            days = _delete_some(work, batch, last)
        done += days
        if not days:
            return done


def _delete_some(work: Work, batch: IndustryBatch, last: date) -> int:
    is_held = work.session.exec(select(is_unsettled(batch.id))).one()  # since it was looked for
    days = 0 if is_held else delete_days(work, batch, last)
    if days:
        work.record("monitoring.card_days_deleted", batch, days=days, until=last.isoformat())
    else:
        work.no_deed()
    return days
