"""Many rows of one table, without an object each: the statement is compiled once a batch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any, cast

from psycopg import sql
from sqlalchemy import Dialect, insert, inspect
from sqlalchemy.sql.schema import Table as Columns

from console.desk import Work
from models.base import Table

_CACHE_KIB = 65_536


def insert_rows(
    work: Work,
    table: type[Table],
    same: Mapping[str, Any],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    """Insert rows of the named columns; `same` fills the others, alike in every row."""
    if not rows:
        return
    connection = work.session.connection()
    dialect = connection.dialect
    columns = cast("Columns", inspect(table).local_table)
    ready = {name: _ready(columns, name, dialect) for name in (*same, *names)}
    columns_of: dict[str, Iterable[Any]] = {
        name: repeat(ready[name](value), len(rows)) for name, value in same.items()
    }
    columns_of |= {
        name: values if ready[name] is _as_it_is else map(ready[name], values)
        for name, values in zip(names, zip(*rows, strict=True), strict=True)
    }
    if dialect.name == "postgresql":
        _copy(connection.connection.cursor(), columns.name, columns_of)
        return
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KIB}")
    statement = insert(columns).compile(dialect=dialect, column_keys=list(columns_of))
    ordered = [columns_of[name] for name in statement.positiontup or ()]
    connection.exec_driver_sql(str(statement), list(zip(*ordered, strict=True)))


def _ready(columns: Columns, name: str, dialect: Dialect) -> Callable[[Any], Any]:
    """How a value of a column is handed to the driver."""
    kind = columns.c[name].type
    found = cast("Callable[[Any], Any] | None", kind.dialect_impl(dialect).bind_processor(dialect))
    return found or _as_it_is


def _as_it_is(value: object) -> object:
    return value


def _copy(cursor: Any, table: str, columns: Mapping[str, Iterable[Any]]) -> None:  # noqa: ANN401
    named = sql.SQL(", ").join(map(sql.Identifier, columns))  # one is called `order`
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), named)
    with cursor.copy(into) as copy:
        for row in zip(*columns.values(), strict=True):
            copy.write_row(row)
