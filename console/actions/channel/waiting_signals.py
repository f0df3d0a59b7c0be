"""What buyers and scans say of badges, and nobody has looked at yet."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlmodel import col

from console.actions.waiting import WorkItem, WorkState
from console.desk import Desk
from models.channel.signals import Signal, SignalState
from models.permissions import Permission


def _signals(desk: Desk) -> Iterator[WorkItem]:
    """Open signals of the actor's own carriers, the most often reported first."""
    if not desk.actor.may(Permission.SIGNAL_CLOSE):
        return
    with desk.begin(Permission.SIGNAL_READ) as work:
        found = work.all(
            work.select(Signal)
            .where(Signal.state == SignalState.OPEN)
            .order_by(col(Signal.times).desc(), col(Signal.last_at))
        )
    for row in found:
        kind = f"signal_{row.kind}"
        yield WorkItem(kind, row.badge_name, WorkState.WAITING, "signals", row.id)


SIGNAL_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (_signals,)
