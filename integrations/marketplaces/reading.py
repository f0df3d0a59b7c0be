"""Reading pages of strangers in processes of their own, that a page may at worst take along."""

import json
from datetime import datetime
from functools import cache, lru_cache
from typing import Final

from pydantic import TypeAdapter

from integrations.child import Died, Pool
from integrations.marketplaces.base import Page, SourceError, Unreachable, Unreadable
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.steps import Done, Fault, Step

MEMORY: Final = 64_000_000
"""What one page may take of the process that reads it."""
SECONDS: Final = 4
"""Of the processor, for one page."""
_PATIENCE: Final = 9.0
"""Seconds on the wall that we wait for it."""
_CHILD: Final = "integrations.marketplaces.reading_child"

DONE: Final = TypeAdapter(Done)


@cache
def readers() -> Pool:
    """The readers of this process, as many as its threads use at the same time."""
    return Pool(_CHILD, _PATIENCE)


def read_apart(source: Source, step: Step, page: Page, at: datetime) -> Done:
    """What a page says, read in a process of its own; `page_too_heavy` when that gave up,
    `reader_late` when it took too long on the wall.
    """
    head = {
        "source": _told(_Same(source)),
        "step": step.as_json(),
        "url": page.url,
        "status": page.status,
        "headers": dict(page.headers),
        "record": page.record,
        "at": at.isoformat(),
    }
    try:
        answer = readers().ask(json.dumps(head).encode(), page.body)
    except Died as died:
        return Done(faults=(Fault.of(_no_reading(page, died), step),))
    return DONE.validate_json(answer)


def _no_reading(page: Page, died: Died) -> SourceError:
    """What a page may take has limits of its own: time on the wall is a busy machine's matter."""
    facts = {"url": page.url, "bytes": len(page.body), "seen": str(died)}
    if died.is_late:
        return Unreachable("reader_late", **facts)
    return Unreadable("page_too_heavy", **facts)


class _Same:
    """A source by its identity: it is frozen, and told to every reader for every page."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.source is self.source

    def __hash__(self) -> int:
        return id(self.source)


@lru_cache(maxsize=64)
def _told(same: _Same) -> str:
    return same.source.model_dump_json(by_alias=True, exclude_unset=True)
