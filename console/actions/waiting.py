"""One thing that waits for somebody, as every area tells of its own."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

MOST_ALIKE: Final = 200
"""Items of a kind that a source gives; the page behind them shows all."""


class WorkState(StrEnum):
    OVERDUE = "overdue"
    WARNING = "warning"
    """Its moment is near, by the rule `due_warning`; the work list finds that out, no source."""
    DUE = "due"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing to do. `kind` names the text `work.<kind>`, which says what to do with `title`."""

    kind: str
    title: str
    state: WorkState
    page: str
    """The page where it is done, by its file's name: `"agents"`."""
    id: UUID | None = None
    """The record there; None is the list."""
    due: datetime | None = None


def due_state(due: datetime | None, now: datetime) -> WorkState:
    """Where an item with a deadline stands."""
    if due is None:
        return WorkState.WAITING
    return WorkState.OVERDUE if due < now else WorkState.DUE
