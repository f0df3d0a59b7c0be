"""The schema is made by numbered steps, meets the tables, and can be taken back."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect
from sqlmodel import SQLModel

import models
from console.database import MIGRATIONS, faults, is_current, migrate, open_engine

for found in pkgutil.walk_packages(models.__path__, "models."):
    importlib.import_module(found.name)

SEARCH_INDEXES = {"agent_search", "ix_agents_terms"}


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """The search index has no table of ours: SQLite and PostgreSQL keep it each in their way."""
    return kind == "column" or not any((name or "").startswith(own) for own in SEARCH_INDEXES)


def test_migrations_meet_the_tables(database: str) -> None:
    engine = open_engine(database)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": is_ours},
        )
        differences = compare_metadata(context, SQLModel.metadata)
    engine.dispose()
    assert differences == []


def test_every_step_can_be_taken_back_and_done_again(database: str) -> None:
    engine = open_engine(database)
    migrate(engine, "base")
    left = set(inspect(engine).get_table_names())
    migrate(engine)
    assert is_current(engine)
    engine.dispose()
    assert left == {"alembic_version"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_each_step_taken_back_leaves_what_was_there_before_it(database: str) -> None:
    engine = open_engine(database)
    migrate(engine, "base")
    steps = sorted(path.name[:4] for path in MIGRATIONS.glob("versions/*.py"))
    stood: dict[str, object] = {}
    for step in steps:
        migrate(engine, step)
        stood[step] = schema(engine)
    for step in reversed(steps[:-1]):
        migrate(engine, step)
        assert schema(engine) == stood[step], step
    engine.dispose()


def schema(engine: Engine) -> list[tuple[str, str, list[str]]]:
    """All that there is, line by line: a table that was made anew has its lines in another order,
    and its name in quotes.
    """
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all()
    return sorted(
        (kind, name, sorted(re.split(r",?\s*\n\s*", (sql or "").replace('"', ""))))
        for kind, name, sql in rows
    )


def test_steps_are_numbered_without_gaps_and_know_nothing_of_the_house() -> None:
    steps = sorted(path.name for path in MIGRATIONS.glob("versions/*.py"))
    assert [name[:4] for name in steps] == [f"{n:04d}" for n in range(1, len(steps) + 1)]
    for path in (Path(MIGRATIONS) / "versions").glob("*.py"):
        assert not re.search(
            r"^(from|import) (models|console|integrations)", path.read_text("utf-8"), re.MULTILINE
        )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_runs_with_every_safety_setting(database: str) -> None:
    engine = open_engine(database)
    assert faults(engine) == []
    engine.dispose()
