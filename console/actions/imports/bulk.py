"""Many rows of one table, without an object each: the statement is compiled once a batch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

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
    filled = [ready[name](value) for name, value in same.items()]
    ways = [ready[name] for name in names]
    if dialect.name == "postgresql":
        _copy(connection.connection.cursor(), columns.name, [*same, *names], filled, ways, rows)
        return
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KIB}")
    statement = insert(columns).compile(dialect=dialect, column_keys=[*same, *names])
    order = [[*same, *names].index(name) for name in statement.positiontup or ()]
    values = ([*filled, *(way(one) for way, one in zip(ways, row, strict=True))] for row in rows)
    connection.exec_driver_sql(
        str(statement), [tuple([value[at] for at in order]) for value in values]
    )


def _ready(columns: Columns, name: str, dialect: Dialect) -> Callable[[Any], Any]:
    """How a value of a column is handed to the driver."""
    kind = columns.c[name].type
    found = cast("Callable[[Any], Any] | None", kind.dialect_impl(dialect).bind_processor(dialect))
    return found or _as_it_is


def _as_it_is(value: object) -> object:
    return value


def _copy(  # noqa: PLR0913, PLR0917 - a table's parts
    cursor: Any,  # noqa: ANN401 - the driver's own
    table: str,
    names: Sequence[str],
    filled: Sequence[Any],
    ways: Sequence[Callable[[Any], Any]],
    rows: Sequence[Sequence[Any]],
) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([*filled, *(way(one) for way, one in zip(ways, row, strict=True))])
