"""The database behind the desk: SQLite out of the box, PostgreSQL by one setting."""

import json
import sys
from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Engine,
    String,
    any_,
    create_engine,
    event,
    func,
    literal,
    make_url,
    select,
    text,
)
from sqlalchemy.orm import Mapped

from integrations.sqlite import PRAGMAS, SAFE_SQLITE, sqlite_module

WRITING: Final = "channel_writing"
MIGRATIONS: Final = Path(__file__).parent / "migrations"


class ReferencesBrokenError(AssertionError):
    """A step left rows that refer to nothing. Nothing of it is kept."""


def open_engine(url: str) -> Engine:
    """An engine for either database, with every safety setting of the house in force."""
    if make_url(url).get_backend_name() == "sqlite":
        return _open_sqlite(url)
    engine = create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True)
    event.listen(engine, "connect", _plan_each)
    return engine


def _plan_each(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's own
    """For short questions: PostgreSQL's JIT takes 20 ms to compile what runs in two, and a plan for
    every value is none for an administration that sees few of all rows.
    """
    connection.autocommit = True
    connection.execute("SET jit = off")
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.autocommit = False


def _open_sqlite(url: str) -> Engine:
    database = make_url(url).database
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, module=sqlite_module(), connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's own
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin` does
    cursor = connection.cursor()
    for name, value in PRAGMAS.items():
        cursor.execute(f"PRAGMA {name}={value}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Take the writer's lock at once when writing: an upgrade in mid-work would fail as busy."""
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def one_of_many(column: Mapped[str], values: Collection[str], dialect: str) -> ColumnElement[bool]:
    """Whether a text is one of thousands; `in_` would write a blank for each into the statement."""
    if dialect == "postgresql":
        return column == any_(literal(list(values), ARRAY(String)))
    each = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(each.c.value))


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the schema to a revision; down when it lies behind."""
    config = _config()
    with _for_steps(engine) as connection:
        config.attributes["connection"] = connection
        current = MigrationContext.configure(connection).get_current_revision()
        script = ScriptDirectory.from_config(config)
        ahead = [step.revision for step in script.iterate_revisions("head", current or "base")]
        target = script.get_current_head() if revision == "head" else revision
        if revision == "base" or (current != target and target not in ahead):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


@contextmanager
def _for_steps(engine: Engine) -> Generator[Connection]:
    """One transaction for all steps. SQLite makes a table anew to change it: meanwhile nothing
    guards what refers to it, and at the end all references must hold.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.execution_options(**{WRITING: True}).connect() as connection:
        raw = connection.connection.driver_connection if is_sqlite else None
        if raw is not None:
            raw.execute("PRAGMA foreign_keys = 0")
        try:
            with connection.begin():
                yield connection
                if raw is not None and (
                    broken := raw.execute("PRAGMA foreign_key_check").fetchall()
                ):
                    raise ReferencesBrokenError(broken[:10])
        finally:
            if raw is not None:
                raw.execute("PRAGMA foreign_keys = 1")


def is_current(engine: Engine) -> bool:
    """Whether every migration has been run."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config(stdout=sys.stderr)
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def faults(engine: Engine) -> list[str]:
    """What of SECURITY's settings is not in force, in words; empty when all is well."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            found = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS
            }
            wrong = [
                f"SQLite {name} is {found[name]}, must be {value}"
                for name, value in PRAGMAS.items()
                if str(found[name]) != value
            ]
            version = sqlite_module().sqlite_version_info
            if version < SAFE_SQLITE:
                wrong.append(
                    f"SQLite {'.'.join(map(str, version))} has the WAL-reset bug (< 3.51.3)"
                )
            return wrong
        wrong = [
            f"PostgreSQL {name} is {value}, must be on"
            for name in ("fsync", "full_page_writes", "synchronous_commit")
            if (value := connection.execute(text(f"SHOW {name}")).scalar()) != "on"
        ]
        if connection.execute(
            text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        ).scalar():
            wrong.append("PostgreSQL: the console signs in as a superuser")
        return wrong
