"""How often a stranger may do something, counted in memory and by no address that can be read."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from threading import Lock
from typing import Final

_MOST: Final = 50_000
"""Names that are remembered; the one that was heard of longest ago is forgotten first."""


@dataclass(slots=True)
class Pace:
    """At most `most` times in `within`, for each name."""

    most: int
    within: timedelta
    now: Callable[[], datetime]
    times: OrderedDict[bytes, list[datetime]] = field(
        default_factory=OrderedDict[bytes, list[datetime]]
    )
    lock: Lock = field(default_factory=Lock)
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def allows(self, name: str) -> bool:
        """Whether it may be done once more; then it counts."""
        key, now = self._key(name), self.now()
        with self.lock:
            recent = [at for at in self.times.pop(key, []) if now - self.within < at <= now]
            is_allowed = len(recent) < self.most
            self.times[key] = [*recent, now] if is_allowed else recent
            if len(self.times) > _MOST:
                self.times.popitem(last=False)
        return is_allowed

    def is_spent(self, name: str) -> bool:
        """Whether it has been done as often as it may; to ask counts for nothing."""
        now = self.now()
        with self.lock:
            times = self.times.get(self._key(name), ())
            return sum(now - self.within < at <= now for at in times) >= self.most

    def _key(self, name: str) -> bytes:
        return blake2b(name.encode(), key=self.salt, digest_size=12).digest()
