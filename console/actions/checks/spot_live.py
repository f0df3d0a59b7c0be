"""A reading session as a screen follows it: one small question, asked again and again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import defer
from sqlmodel import col

from console.actions.checks.card_trace import CardTrace
from console.actions.checks.spot_checks import order_of
from console.actions.checks.spot_submit import traced
from console.desk import Desk
from models.checks.devices import ReaderDevice
from models.checks.reads import CardRead, ReadState
from models.checks.spot_checks import SpotCheck
from models.permissions import Permission
from models.refusals import NotFound


@dataclass(frozen=True, slots=True)
class Pulse:
    """What may change while cards are read; one that equals the last changes no screen."""

    version: int
    """Of the check."""
    until: datetime | None
    seen_at: datetime | None
    """When the session's device was last heard of."""
    reads: int
    newest: datetime | None


def pulse_of(desk: Desk, check_id: UUID) -> Pulse:
    """Cheap enough for twice a second: two primary keys and one index."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        rows = (
            work.select(SpotCheck)
            .where(SpotCheck.id == check_id)
            .outerjoin(ReaderDevice, col(ReaderDevice.id) == col(SpotCheck.device_id))
            .outerjoin(CardRead, col(CardRead.check_id) == col(SpotCheck.id))
            .with_only_columns(
                col(SpotCheck.version),
                col(SpotCheck.session_until),
                col(ReaderDevice.last_seen_at),
                func.count(col(CardRead.id)),
                func.max(col(CardRead.received_at)),
            )
            .group_by(
                col(SpotCheck.version), col(SpotCheck.session_until), col(ReaderDevice.last_seen_at)
            )
        )
        found = work.session.connection().execute(rows).first()
        if found is None:
            raise NotFound("row.not_found", table=SpotCheck.__name__)
        return Pulse(*found)


@dataclass(frozen=True, slots=True)
class LiveRead:
    read: CardRead
    trace: CardTrace | None
    """Where the card came from, as stock and batches say now; none of what is no card of ours."""


def newest_reads(desk: Desk, check_id: UUID) -> Sequence[LiveRead]:
    """What a session brought, the newest first, without the tokens."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        check = work.get(SpotCheck, check_id)
        reads = work.all(
            work.select(CardRead)
            .where(CardRead.check_id == check_id)
            .options(defer(CardRead.token))  # pyright: ignore[reportArgumentType]
            .order_by(col(CardRead.id).desc())
        )
        cards = [one for one in reads if one.state is ReadState.ACCEPTED]
        traces = {one.iccid: one for one in traced(work, check, order_of(work, check), cards)}
        return [LiveRead(one, traces.get(one.iccid)) for one in reads]
