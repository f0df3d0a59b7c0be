"""Reading published rows by their keys, for strangers, as often as they ask.

A statement is compiled once. SQLite is read over connections of its own, which keep their page
cache and are never in a transaction: what SQLAlchemy does around a call costs several times the
look-up. PostgreSQL is read through the pool.
"""

from collections import deque, namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any, Final, cast

from sqlalchemy import Engine, Select, event
from sqlalchemy.engine.interfaces import DBAPIConnection

from console.desk import House

_CACHE: Final = "PRAGMA cache_size=-32768"
"""32 MiB of pages."""
_VERSION: Final = "PRAGMA data_version"
Version = tuple[int, int]
Convert = Callable[[Any], Any]
Query = Select[*tuple[Any, ...]]


def read(house: House, query: Query, **values: str) -> Sequence[Any]:
    """The rows of a query by its bound values, their columns by name.

    The query is a constant of its module: its plan is kept for good.
    """
    return _reader_of(house.engine).rows(query, values)


def version(house: House) -> Version | None:
    """What stays the same exactly as long as nobody commits anything, in whichever process.

    SQLite tells it in microseconds. PostgreSQL has no such word, so there it is None.
    """
    reader = _reader_of(house.engine)
    return reader.version() if reader.is_near else None


@lru_cache(maxsize=16)
def _reader_of(engine: Engine) -> "_Reader":
    reader = _Reader(engine, engine.dialect.name == "sqlite")

    def close(_engine: Engine) -> None:
        reader.close()

    event.listen(engine, "engine_disposed", close)
    return reader


@dataclass(frozen=True, slots=True)
class _Plan:
    """A query as the driver takes it, and what its columns become."""

    text: str
    names: Sequence[str]
    """Of the values, in the driver's order."""
    row: Callable[[Sequence[Any]], Any]
    converts: Sequence[tuple[int, Convert]]

    def read(self, found: Sequence[Any]) -> Any:  # noqa: ANN401 - a named tuple made for the query
        columns = list(found)
        for at, convert in self.converts:
            if columns[at] is not None:
                columns[at] = convert(columns[at])
        return self.row(columns)


@dataclass(slots=True)
class _Reader:
    engine: Engine
    is_near: bool
    plans: dict[Query, _Plan] = field(default_factory=dict[Any, _Plan])
    idle: deque[DBAPIConnection] = field(default_factory=deque[DBAPIConnection])
    """Taken from the end that was used last, whose pages are in memory."""
    watch: list[DBAPIConnection] = field(default_factory=list[DBAPIConnection])
    """The one connection whose word on the version counts: two of them count differently."""
    watches: int = 0
    """How many there have been: a new one counts anew."""
    lock: Lock = field(default_factory=Lock)

    def version(self) -> Version:
        with self.lock:
            if not self.watch:
                self.watch.append(self._opened())
                self.watches += 1
            cursor = self.watch[0].cursor()
            cursor.execute(_VERSION)
            (found,) = cursor.fetchone() or (0,)
            return self.watches, found

    def rows(self, query: Query, values: Mapping[str, str]) -> Sequence[Any]:
        if not self.is_near:
            with self.engine.connect() as connection:
                return connection.execute(query, values).all()
        plan = self.plans.get(query) or self._planned(query)
        try:
            connection = self.idle.pop()
        except IndexError:
            connection = self._opened()
        try:
            cursor = connection.cursor()
            cursor.execute(plan.text, [values[name] for name in plan.names])
            found = cursor.fetchall()
        finally:
            self.idle.append(connection)
        return [plan.read(row) for row in found]

    def close(self) -> None:
        with self.lock:
            while self.watch:
                self.watch.pop().close()
        while self.idle:
            self.idle.pop().close()

    def _opened(self) -> DBAPIConnection:
        pooled = self.engine.raw_connection()
        connection = cast("DBAPIConnection", pooled.driver_connection)
        pooled.detach()
        connection.cursor().execute(_CACHE)
        return connection

    def _planned(self, query: Query) -> _Plan:
        dialect = self.engine.dialect
        compiled = query.compile(dialect=dialect)
        columns = list(query.selected_columns)
        made = [column.type.dialect_impl(dialect) for column in columns]
        converts = [(at, kind.result_processor(dialect, None)) for at, kind in enumerate(made)]
        names = [str(column.key) for column in columns]
        row = namedtuple("Row", names)  # noqa: PYI024  # pyright: ignore[reportUntypedNamedTuple] - made when it runs
        plan = _Plan(
            str(compiled),
            compiled.positiontup or (),
            row._make,
            [(at, convert) for at, convert in converts if convert is not None],
        )
        self.plans[query] = plan
        return plan
