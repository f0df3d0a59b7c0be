"""How much waits on each page, for the navigation: kept a minute, and counted beside the run.

Counting asks every area, which takes longer than drawing a page. So a rerun never waits for it:
it shows what was counted last, and another thread counts anew.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from typing import Final
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from console.actions.waiting import WorkItem, WorkState
from console.actions.work import work_items
from console.desk import Desk
from models.permissions import Role
from models.refusals import Refusal

KEPT: Final = timedelta(seconds=60)
_PATIENCE: Final = 0.15
"""Seconds that the very first page of somebody waits, so that it comes with its numbers."""
_MOST_PEOPLE: Final = 2_000
Person = tuple[UUID | None, frozenset[Role]]


@dataclass(frozen=True, slots=True)
class PageCount:
    """What waits on a page, and how much of it is late."""

    waiting: int
    late: int


@dataclass(slots=True)
class _Kept:
    pages: Mapping[str, PageCount]
    at: datetime
    is_stale: bool = False


@dataclass(slots=True)
class _Counter:
    kept: dict[Person, _Kept] = field(default_factory=dict[Person, _Kept])
    under_way: dict[Person, Future[None]] = field(default_factory=dict[Person, "Future[None]"])
    lock: Lock = field(default_factory=Lock)
    hand: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="work-counts")
    )
    """One, so that a hundred tabs that come back at once stand in line and not in the way."""

    def keep(self, desk: Desk, items: Iterable[WorkItem]) -> None:
        with self.lock:
            if len(self.kept) >= _MOST_PEOPLE:
                self.kept.clear()
            self.kept[_person(desk)] = _Kept(by_page(items), desk.now())

    def count(self, desk: Desk) -> None:
        try:
            with suppress(Refusal, SQLAlchemyError):  # the next minute counts again
                self.keep(desk, work_items(desk))
        finally:
            with self.lock:
                self.under_way.pop(_person(desk), None)

    def begin(self, desk: Desk) -> "Future[None]":
        with self.lock:
            begun = self.under_way.get(_person(desk))
            if begun is None:
                begun = self.under_way[_person(desk)] = self.hand.submit(self.count, desk)
            return begun


def counts_of(desk: Desk) -> Mapping[str, PageCount]:
    """What waits for the actor, by the pages where it is done; as it was within the minute."""
    counter = _counter_of(desk.house.engine)
    kept = counter.kept.get(_person(desk))
    if kept is not None and not kept.is_stale and desk.now() - kept.at < KEPT:
        return kept.pages
    begun = counter.begin(desk)
    if kept is None:
        with suppress(TooLong):
            begun.result(_PATIENCE)
        kept = counter.kept.get(_person(desk))
    return {} if kept is None else kept.pages


def note_counted(desk: Desk, items: Iterable[WorkItem]) -> None:
    """Whoever has just asked for all that waits spares the navigation the same."""
    _counter_of(desk.house.engine).keep(desk, items)


def note_own_deed(desk: Desk) -> None:
    """What the actor has done may have changed what waits: the next run counts anew."""
    kept = _counter_of(desk.house.engine).kept.get(_person(desk))
    if kept is not None:
        kept.is_stale = True


def by_page(items: Iterable[WorkItem]) -> Mapping[str, PageCount]:
    found: dict[str, PageCount] = {}
    for item in items:
        before = found.get(item.page, PageCount(0, 0))
        late = before.late + (item.state is WorkState.OVERDUE)
        found[item.page] = PageCount(before.waiting + 1, late)
    return found


def _person(desk: Desk) -> Person:
    return desk.actor.id, desk.actor.roles


@lru_cache(maxsize=16)
def _counter_of(engine: Engine) -> _Counter:  # noqa: ARG001 - a house has one engine
    return _Counter()
