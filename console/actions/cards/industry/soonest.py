"""What of industry cards is due first. Each carrier of the actor's is asked by itself: with several
no index gives the order.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from console.actions.waiting import MOST_ALIKE
from console.desk import Work
from models.cards.card_orders import CardOrder
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding

_NEVER: Final = datetime.max.replace(tzinfo=UTC)
Waits = tuple[UUID, str, datetime | None, UUID]
"""Id, number, the moment, and the id of the batch."""


def soonest(
    work: Work,
    table: type[IndustryBatch | UsageFinding | CardOrder],
    *conditions: ColumnElement[bool],
    most: int = MOST_ALIKE,
) -> Sequence[Waits]:
    of: Any = table
    batch = of.id if table is IndustryBatch else of.batch_id
    asked = (
        select(of.id, of.number, of.due_at, batch.label("batch"))
        .where(*conditions)
        .order_by(col(of.due_at), col(of.id))
        .limit(most)
    )
    found = [
        row
        for carrier in work.actor.carriers
        for row in work.session.exec(asked.where(of.carrier_id == carrier)).all()
    ]
    return sorted(found, key=by_moment)[:most]


def by_moment(row: Waits) -> tuple[datetime, UUID]:
    return row[2] or _NEVER, row[0]
