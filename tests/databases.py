"""An empty, migrated database for every test, and one in which people already work.

SQLite's file is copied. PostgreSQL takes far longer to copy a database than to empty one, so a
test gets the last one's back with its rows put right; one whose schema was touched is made anew.
"""

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import Engine, event, make_url

from console.database import migrate, open_engine

Connection = psycopg.Connection[Any]
Shape = list[Any]
Fill = Callable[[str], None]
"""Puts people to work in the database of that address."""


@dataclass(frozen=True)
class Content:
    rows: Mapping[str, bytes]
    """Of each table that has any, as COPY gives and takes them."""
    counters: Sequence[tuple[str, int | None]]
    """Each sequence, and where it stands when it was ever asked."""


_NAME: Final = "test_house"
_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_LARGE_TABLES: Final = """
SELECT 1 FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
AND pg_table_size(oid) > 8000000
"""
"""A database that has any is sooner made anew than emptied."""
_COUNTERS: Final = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
_SHAPE: Final = """
SELECT count(*), max(xmin::text::bigint) FROM pg_namespace
UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_class
UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_attribute
UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_constraint
UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_trigger
UNION ALL SELECT count(*), max(xmin::text::bigint) FROM pg_proc
"""
"""What any change of the schema changes: how many rows its catalogues have, and their newest."""


def start_server(binaries: Path, folder: Path, as_user: list[str]) -> Callable[[], None]:
    """A PostgreSQL that forgets all when it ends, behind a socket in `folder`; what stops it."""
    data = folder / "data"
    settings = (
        "fsync=off",
        "full_page_writes=off",
        "synchronous_commit=off",
        "listen_addresses=",
        f"unix_socket_directories={folder}",
        "max_connections=200",
        "max_wal_size=128MB",
    )

    def run(program: str, *given: str) -> None:
        command = [*as_user, str(binaries / program), "-D", str(data), *given]
        subprocess.run(command, check=True, capture_output=True, cwd=folder)

    run("initdb", "-U", "channel", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = " ".join(f"-c {setting}" for setting in settings)
    run("pg_ctl", "-o", options, "-l", str(folder / "log"), "-w", "start")
    return lambda: run("pg_ctl", "-m", "immediate", "stop")


class SqliteHouses:
    def __init__(self, folder: Path, fill: Fill) -> None:
        self._empty, self._staffed = folder / "empty.db", folder / "staffed.db"
        _migrate(_file_url(self._empty))
        shutil.copy(self._empty, self._staffed)
        fill(_file_url(self._staffed))

    def fresh(self, folder: Path, *, is_staffed: bool) -> str:
        path = folder / "channel.db"
        shutil.copy(self._staffed if is_staffed else self._empty, path)
        return _file_url(path)


class PostgresHouses:
    """One database, put right between tests."""

    def __init__(self, server: str, fill: Fill) -> None:
        self._server = server
        self._remake("template_empty")
        _migrate(self._url("template_empty"))
        self._remake("template_staffed", "template_empty")
        fill(self._url("template_staffed"))
        self._kept = {True: self._read("template_staffed"), False: self._read("template_empty")}
        self._shape: Shape | None = None

    def fresh(self, *, is_staffed: bool) -> str:
        if not self._is_put_right(self._kept[is_staffed]):
            self._remake(_NAME, "template_staffed" if is_staffed else "template_empty")
            with self._connected(_NAME) as connection:
                self._shape = _shape(connection)
        return self._url(_NAME)

    def _is_put_right(self, kept: Content) -> bool:
        if self._shape is None:
            return False
        try:
            with self._connected(_NAME) as connection:
                return _shape(connection) == self._shape and _put_right(connection, kept)
        except psycopg.OperationalError:  # somebody still holds a lock, or all of it is gone
            return False

    def _read(self, name: str) -> Content:
        with self._connected(name) as connection:
            rows = {table: _copied(connection, table) for table in _filled(connection)}
            return Content(rows, connection.execute(_COUNTERS.encode()).fetchall())

    def _remake(self, name: str, template: str | None = None) -> None:
        copied = f" TEMPLATE {template}" if template else ""
        with self._connected("postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {name}{copied}".encode())

    def _url(self, name: str) -> str:
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def _connected(self, name: str, *, autocommit: bool = False) -> Connection:
        url = make_url(self._url(name)).set(drivername="postgresql")
        return psycopg.connect(
            url.render_as_string(hide_password=False),
            autocommit=autocommit,
            options="-c lock_timeout=2s",
        )


class Engines:
    """Engines for one test after the other, which remember the statements that others compiled.

    Connections to PostgreSQL stay open as well: a new one would have to learn all tables anew.
    """

    def __init__(self) -> None:
        self._shared: dict[str, Engine] = {}
        self._file = ""

    def to(self, url: str) -> Engine:
        """One that is nobody else's, to the database of that address: what the house keeps by
        engine is of one test.
        """
        address = make_url(url)
        kind = address.get_backend_name()
        if kind == "sqlite":
            self._file = address.database or ""
        if kind not in self._shared:
            self._shared[kind] = open_engine(url)
            if kind == "sqlite":
                event.listen(self._shared[kind], "do_connect", self._to_the_file)
        mine = self._shared[kind].execution_options()
        mine.url = address
        return mine

    def rest(self) -> None:
        """Behind a test: its file of SQLite's is let go."""
        if "sqlite" in self._shared:
            self._shared["sqlite"].dispose()

    def dispose(self) -> None:
        for engine in self._shared.values():
            engine.dispose()

    def _to_the_file(
        self, _dialect: object, _record: object, given: list[object], _named: object
    ) -> None:
        given[0] = self._file


def _shape(connection: Connection) -> Shape:
    return connection.execute(_SHAPE.encode()).fetchall()


def _put_right(connection: Connection, kept: Content) -> bool:
    """Whether this and no other content is in it again; not tried where a table is large."""
    if connection.execute(_LARGE_TABLES.encode()).fetchone():
        return False
    connection.execute("SET LOCAL session_replication_role = replica")  # what may not be deleted
    for table in _filled(connection):
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    for table, rows in kept.rows.items():
        into = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
        with connection.cursor() as cursor, cursor.copy(into) as copy:
            copy.write(rows)
    for counter, value in kept.counters:
        connection.execute("SELECT setval(%s, %s, %s)", (counter, value or 1, value is not None))
    return True


def _filled(connection: Connection) -> list[str]:
    names = [str(name) for (name,) in connection.execute(_TABLES.encode()).fetchall()]
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, sql.Identifier(name))
        for name in names
    )
    return [str(name) for (name,) in connection.execute(asked).fetchall()]


def _copied(connection: Connection, table: str) -> bytes:
    out = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(out) as copy:
        return b"".join(bytes(block) for block in copy)


def _migrate(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()


def _file_url(path: Path) -> str:
    return f"sqlite:///{path}"
