"""What was counted a moment ago, kept for whoever turns a page or changes a view.

Each kept count is one person's, so that nobody sees what another's scope gave.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from console.desk import Desk
from models.permissions import Permission

Value = TypeVar("Value")
FOR: Final = timedelta(minutes=5)
_MOST: Final = 200
_turn: Final = Lock()
_counts: Final[WeakKeyDictionary[Engine, OrderedDict[Hashable, tuple[datetime, Any]]]] = (
    WeakKeyDictionary()
)


def kept(desk: Desk, permission: Permission, count: Callable[[], Value], *key: Hashable) -> Value:
    """What `count` gave this person for this key, if that is no older than `FOR`; else counts."""
    desk.must(permission)
    own, now = (desk.actor, *key), desk.now()
    with _turn:
        counts = _counts.setdefault(desk.house.engine, OrderedDict())
        if own in counts and timedelta(0) <= now - counts[own][0] < FOR:
            return counts[own][1]
    fresh = count()
    with _turn:
        counts[own] = (now, fresh)
        counts.move_to_end(own)
        while len(counts) > _MOST:
            counts.popitem(last=False)
    return fresh
