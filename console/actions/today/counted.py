"""What waits for whom, kept for a while: lines for the work list, counts for the navigation.

Collecting asks every area, which takes longer than drawing a page. So a rerun never waits for the
counts: it shows those of before, and another thread counts anew. The work list waits, once a
minute at most; after a deed of one's own it is collected anew.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from threading import Lock
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from console.actions.asked import asked_items
from console.actions.waiting import WorkItem, WorkState
from console.actions.work import work_items
from console.desk import Desk
from models.permissions import Role
from models.refusals import Refusal

LINES_KEPT: Final = timedelta(minutes=1)
COUNTS_KEPT: Final = timedelta(minutes=3)
_PATIENCE: Final = 0.15
"""Seconds that the very first page of somebody waits, so that it comes with its numbers."""
_REST: Final = 3
"""Times as long as it took to collect: so much the hand beside rests, and leaves to the pages."""
_MOST_PEOPLE: Final = 2_000
_MOST_LISTS: Final = 200
"""A list holds a thousand lines and more; counts are small."""
Person = tuple[UUID | None, frozenset[Role]]


@dataclass(frozen=True, slots=True)
class PageCount:
    """What waits on a page, and how much of it is late."""

    waiting: int
    late: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for somebody, and what they have asked of others, as it was at a moment."""

    items: Sequence[WorkItem]
    asked: Sequence[WorkItem]
    at: datetime
    deeds: int
    """How many of the person's own deeds it knows of."""


@dataclass(frozen=True, slots=True)
class _Counts:
    pages: Mapping[str, PageCount]
    at: datetime
    deeds: int


@dataclass(slots=True)
class _Keeper:
    lists: OrderedDict[Person, Waiting] = field(default_factory=OrderedDict[Person, Waiting])
    counts: dict[Person, _Counts] = field(default_factory=dict[Person, _Counts])
    deeds: Counter[Person] = field(default_factory=Counter[Person])
    under_way: dict[tuple[Person, int], Future[None]] = field(
        default_factory=dict[tuple[Person, int], "Future[None]"]
    )
    at_work: tuple[Person, int] | None = None
    """For whom the hand is collecting, of those for whom it is to."""
    rests_until: float = 0.0
    lock: Lock = field(default_factory=Lock)
    hand: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="work-counts")
    )
    """One, so that a hundred tabs that come back at once stand in line and not in the way."""

    def collect(self, desk: Desk) -> Waiting:
        who = _person(desk)
        deeds = self.deeds[who]
        found = Waiting(work_items(desk), asked_items(desk), desk.now(), deeds)
        with self.lock:
            if len(self.counts) >= _MOST_PEOPLE:
                self.counts.clear()
            self.counts[who] = _Counts(by_page(found.items), found.at, deeds)
            self.lists[who] = found
            self.lists.move_to_end(who)
            if len(self.lists) > _MOST_LISTS:
                self.lists.popitem(last=False)
        return found

    def collect_beside(self, desk: Desk, key: tuple[Person, int]) -> None:
        sleep(max(0.0, self.rests_until - monotonic()))
        begun = monotonic()
        try:
            with self.lock:
                if self.fresh_counts(desk) is not None:  # a page was sooner
                    return
                self.at_work = key
            with suppress(Refusal, SQLAlchemyError):  # the next run collects again
                self.collect(desk)
        finally:
            with self.lock:
                self.at_work = None
                self.under_way.pop(key, None)
            self.rests_until = monotonic() + _REST * (monotonic() - begun)

    def begin(self, desk: Desk) -> "Future[None]":
        key = self.key(desk)
        with self.lock:
            if key not in self.under_way:
                self.under_way[key] = self.hand.submit(self.collect_beside, desk, key)
            return self.under_way[key]

    def join(self, desk: Desk) -> None:
        """Wait for what the hand is just collecting for this person."""
        with self.lock:
            begun = self.under_way.get(self.key(desk)) if self.at_work == self.key(desk) else None
        if begun is not None:
            begun.result()

    def fresh_list(self, desk: Desk) -> Waiting | None:
        kept = self.lists.get(_person(desk))
        return kept if kept and self.is_fresh(desk, kept, LINES_KEPT) else None

    def fresh_counts(self, desk: Desk) -> _Counts | None:
        kept = self.counts.get(_person(desk))
        return kept if kept and self.is_fresh(desk, kept, COUNTS_KEPT) else None

    def is_fresh(self, desk: Desk, kept: Waiting | _Counts, during: timedelta) -> bool:
        knows_all = kept.deeds == self.deeds[_person(desk)]
        return knows_all and timedelta() <= desk.now() - kept.at < during

    def key(self, desk: Desk) -> tuple[Person, int]:
        return _person(desk), self.deeds[_person(desk)]


def waiting_of(desk: Desk) -> Waiting:
    """What waits for the actor and what the actor waits for, a minute old at most."""
    keeper = _keeper_of(desk.house.engine)
    if (kept := keeper.fresh_list(desk)) is not None:
        return kept
    keeper.join(desk)
    return keeper.fresh_list(desk) or keeper.collect(desk)


def counts_of(desk: Desk) -> Mapping[str, PageCount]:
    """What waits for the actor, by the pages where it is done; as it was some minutes ago."""
    keeper = _keeper_of(desk.house.engine)
    if (fresh := keeper.fresh_counts(desk)) is not None:
        return fresh.pages
    is_free, begun = not keeper.under_way, keeper.begin(desk)
    if is_free and _person(desk) not in keeper.counts:
        with suppress(TooLong):
            begun.result(_PATIENCE)
    kept = keeper.counts.get(_person(desk))
    return {} if kept is None else kept.pages


def note_own_deed(desk: Desk) -> None:
    """What the actor has done may have changed what waits: it is collected anew."""
    _keeper_of(desk.house.engine).deeds[_person(desk)] += 1


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
def _keeper_of(engine: Engine) -> _Keeper:  # noqa: ARG001 - a house has one engine
    return _Keeper()
