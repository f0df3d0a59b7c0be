"""Which running process is which. The engine knows its own unfinished work by the seat's number.

A seat is a lock that a killed process loses, so the next one sits down on it and goes on there.
"""

import fcntl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Protocol

from sqlalchemy import Connection, Function, func, select
from sqlalchemy.exc import DBAPIError

from console.desk import House

SWEEPER: Final = 0
"""The lock of the one process that sweeps."""
SEATS: Final = range(1, 33)
_SPACE: Final = 0x5EA7


class Locks(Protocol):
    def take(self, number: int) -> bool:
        """Whether the lock is now ours; never waits."""
        ...

    def free(self, number: int) -> None: ...

    def close(self) -> None: ...


class FileLocks:
    """Of the processes that share one data folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._held: dict[int, IO[bytes]] = {}

    def take(self, number: int) -> bool:
        if number in self._held:
            return True
        file = (self._folder / f"{number}.lock").open("wb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._held[number] = file
        return True

    def free(self, number: int) -> None:
        if file := self._held.pop(number, None):
            file.close()

    def close(self) -> None:
        for number in list(self._held):
            self.free(number)


class DatabaseLocks:
    """Of the processes that share one PostgreSQL database, on whatever machine."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connection = connect().execution_options(isolation_level="AUTOCOMMIT")
        self._held: set[int] = set()

    def take(self, number: int) -> bool:
        if number not in self._held and self._ask(func.pg_try_advisory_lock(_SPACE, number)):
            self._held.add(number)
        return number in self._held

    def free(self, number: int) -> None:
        if number in self._held:
            self._ask(func.pg_advisory_unlock(_SPACE, number))
            self._held.discard(number)

    def close(self) -> None:
        # A server takes a moment to see that a connection is gone, and one that is gone keeps none.
        with suppress(DBAPIError):
            for number in list(self._held):
                self.free(number)
        # A connection that goes back to its pool would keep its locks.
        self._connection.invalidate()
        self._connection.close()

    def _ask(self, call: Function[bool]) -> bool:
        return bool(self._connection.scalar(select(call)))


def locks_of(house: House) -> Locks:
    if house.engine.dialect.name == "postgresql":
        return DatabaseLocks(house.engine.connect)
    return FileLocks(house.settings.data / "jobs")
