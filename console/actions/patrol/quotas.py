"""How often a source may still be asked today, counted over all its runs."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import case, or_, update
from sqlmodel import col

from console.desk import Desk
from integrations.marketplaces.base import TurnedDown
from integrations.marketplaces.mapping import Source as Mapped
from models.patrol.runs import Source
from models.permissions import Permission
from models.rules import china_day


def meter_of(desk: Desk, source_id: UUID, mapped: Mapped) -> Callable[[], None]:
    """Counts one question before it is put; refuses the first that is over the day's limit."""
    most = mapped.daily

    def count() -> None:
        if most is not None and not _counted(desk, source_id, most):
            raise TurnedDown("daily_limit", url=mapped.start[0], most=most)

    return count


def _counted(desk: Desk, source_id: UUID, most: int) -> bool:
    today = china_day(desk.now())
    is_today = col(Source.asked_on) == today
    one_more = (
        update(Source)
        .where(col(Source.id) == source_id)
        .where(or_(col(Source.asked_on).is_(None), col(Source.asked_on) != today,
                   col(Source.asked) < most))
        .values(asked=case((is_today, col(Source.asked) + 1), else_=1), asked_on=today)
    )  # fmt: skip
    with desk.begin(Permission.PATROL_RUN) as work:
        return work.session.connection().execute(one_more).rowcount == 1
