"""What many runs ask alike, kept until somebody does something here, and for a minute at most."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, TypeVar

KEPT: Final = timedelta(minutes=1)
"""For what another process does: this one does not hear of it."""
_MOST: Final = 2_000
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Any
    at: datetime
    deeds: int


@dataclass(slots=True)
class Memory:
    """Of one house. Whoever asks names in the key all that the answer depends on."""

    deeds: int = 0
    kept: OrderedDict[Hashable, _Kept] = field(default_factory=OrderedDict[Hashable, _Kept])
    lock: Lock = field(default_factory=Lock)

    def note_deed(self) -> None:
        with self.lock:
            self.deeds += 1

    def ask(self, key: Hashable, now: datetime, find: Callable[[], Found]) -> Found:
        """What is kept under the key, or what `find` finds: the same object for all."""
        kept, deeds = self.kept.get(key), self.deeds
        if kept and kept.deeds == deeds and timedelta() <= now - kept.at < KEPT:
            return kept.found
        found = find()
        with self.lock:
            self.kept[key] = _Kept(found, now, deeds)
            self.kept.move_to_end(key)
            if len(self.kept) > _MOST:
                self.kept.popitem(last=False)
        return found
