"""One thing that waits for somebody, as every area tells of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, null

from console.desk import Work

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


@dataclass(frozen=True, slots=True)
class Shown:
    """The page of a kind of record, and the columns of one that its item shows."""

    page: str
    id: Any
    title: Any
    due: Any = None


def only(
    work: Work,
    query: Select[Any],
    *columns: Any,  # noqa: ANN401 - columns
    most: int = MOST_ALIKE,
) -> Sequence[Any]:
    """These columns of a query's rows: whole ones hold JSON and long texts that no item shows."""
    narrow = query.with_only_columns(*columns).limit(most)
    return work.session.connection().execute(narrow).all()


def items(
    work: Work, query: Select[Any], kind: str, shown: Shown, most: int = MOST_ALIKE
) -> Iterator[WorkItem]:
    """An item of each row, where nothing but its moment says how it stands."""
    moment = null() if shown.due is None else shown.due
    for key, title, due in only(work, query, shown.id, shown.title, moment, most=most):
        yield WorkItem(kind, title, due_state(due, work.at), shown.page, key, due)
