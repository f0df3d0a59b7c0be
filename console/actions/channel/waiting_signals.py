"""What buyers and scans say of badges, and nobody has looked at yet."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlmodel import col

from console.actions.waiting import WorkItem, WorkState, only
from console.desk import Desk
from models.channel.signals import Signal, SignalState
from models.permissions import Permission


def _signals(desk: Desk) -> Iterator[WorkItem]:
    """Open signals of the actor's own carriers, the most often reported first."""
    if not desk.actor.may(Permission.SIGNAL_CLOSE):
        return
    with desk.begin(Permission.SIGNAL_READ) as work:
        query = (
            work.select(Signal)
            .where(Signal.state == SignalState.OPEN)
            .order_by(col(Signal.times).desc(), col(Signal.last_at))
        )
        found = only(work, query, Signal.id, Signal.badge_name, Signal.kind)
    for row_id, name, kind in found:
        yield WorkItem(f"signal_{kind}", name, WorkState.WAITING, "signals", row_id)


SIGNAL_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (_signals,)
