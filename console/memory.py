"""What was found a moment ago: for all who ask alike, or handed to the one who asks next."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Any, Final, TypeVar

_KEPT: Final = timedelta(minutes=1)
"""For what another process does: this one does not hear of it."""
_HANDED: Final = 1.0
"""Seconds in which what was handed over has to be taken."""
_MOST: Final = 2_000
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class _Kept:
    found: Any
    at: datetime
    deeds: int


@dataclass(slots=True)
class Memory:
    """Of one house. Whoever asks names in the key all that the answer depends on.

    What is kept holds until somebody does something here, and for a minute at most.
    """

    deeds: int = 0
    kept: OrderedDict[Hashable, _Kept] = field(default_factory=OrderedDict[Hashable, _Kept])
    handed: dict[Hashable, tuple[Any, float]] = field(
        default_factory=dict[Hashable, tuple[Any, float]]
    )
    lock: Lock = field(default_factory=Lock)

    def note_deed(self) -> None:
        with self.lock:
            self.deeds += 1

    def ask(self, key: Hashable, now: datetime, find: Callable[[], Found]) -> Found:
        """What is kept under the key, or what `find` finds: the same object for all."""
        kept, deeds = self.kept.get(key), self.deeds
        if kept and kept.deeds == deeds and timedelta() <= now - kept.at < _KEPT:
            return kept.found
        found = find()
        with self.lock:
            self.kept[key] = _Kept(found, now, deeds)
            self.kept.move_to_end(key)
            if len(self.kept) > _MOST:
                self.kept.popitem(last=False)
        return found

    def hand(self, key: Hashable, found: object) -> None:
        """For the next who takes it, and for nobody after."""
        with self.lock:
            if len(self.handed) >= _MOST:
                self.handed.clear()
            self.handed[key] = (found, monotonic())

    def take(self, key: Hashable) -> Any:  # noqa: ANN401 - as it was handed
        """What was handed over within a second; None when there is nothing."""
        with self.lock:
            found, at = self.handed.pop(key, (None, 0.0))
        return found if monotonic() - at < _HANDED else None
