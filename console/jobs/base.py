"""What an area tells the engine: which rows wait, how one goes on, what is swept and how often."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from console.desk import Desk


@dataclass(frozen=True, slots=True)
class Kind:
    """Work that is promised by a row and done in steps.

    A step may be done twice when a process is killed right after it, so `advance` is one
    transaction that knows what is done already.
    """

    name: str
    queued: Callable[[Desk], Sequence[UUID]]
    """Rows that wait or are under way. Cheap: it is asked each second."""
    advance: Callable[[Desk, UUID], bool]
    """Do the next step of a row; False when there is none left."""
    lane: Callable[[Desk, UUID], str] | None = None
    """Rows of one lane go one after another, as the shops of one platform do."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is due by now, found and done. It may be called at any time, any number of times."""

    name: str
    every: timedelta
    sweep: Callable[[Desk], object]
