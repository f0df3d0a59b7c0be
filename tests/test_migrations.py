"""The schema is made by numbered steps, meets the tables, and can be taken back."""

import importlib
import pkgutil
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData, inspect
from sqlalchemy import Table as SqlTable
from sqlmodel import SQLModel

import models
from console.database import MIGRATIONS, faults, is_current, migrate, open_engine
from models.search import sought_text

for found in pkgutil.walk_packages(models.__path__, "models."):
    importlib.import_module(found.name)

FILLERS: Mapping[type, object] = {
    str: "x", int: 1, bool: False, dict: {}, list: [], UUID: UUID(int=1),
    datetime: datetime(2026, 3, 2, 4, tzinfo=UTC),
}  # fmt: skip
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
    """All that there is, part by part: a table that was made anew has its parts in another order,
    its name in quotes and a default in brackets.
    """
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all()
    return sorted(
        (kind, name, sorted(filter(None, re.split(r",\s*|\s*\n\s*", _plain(sql or "")))))
        for kind, name, sql in rows
    )


def _plain(sql: str) -> str:
    return sql.replace('"', "").replace("('')", "''")


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


def test_what_cases_had_ordered_before_measures_were_rows_is_kept(database: str) -> None:
    engine = open_engine(database)
    migrate(engine, "base")
    migrate(engine, "0008")
    carrier, platform, shop, case, notice = (uuid4().hex for _ in range(5))
    with engine.execution_options(channel_writing=True).begin() as connection:
        for row in (
            ("organisations", {"id": carrier, "code": "CT-44", "kind": "province_company"}),
            ("organisations", {"id": platform, "code": "lanhai", "kind": "platform"}),
            ("shops", {"id": shop, "organisation_id": carrier, "platform": "lanhai"}),
            ("cases", {"id": case, "organisation_id": carrier, "shop_id": shop,
                       "state": "executing", "measure": "remove_shop", "reason": "无委托",
                       "remedy": "15 日内", "platform": "lanhai", "reference": "CASE-7",
                       "shop_name": "星河 ＡＢ", "shop_key": "shop:1"}),
            ("notices", {"id": notice, "case_id": case, "organisation_id": carrier,
                         "platform": "lanhai"}),
        ):  # fmt: skip
            plant(connection, *row)
    migrate(engine)
    with engine.connect() as connection:
        measures = connection.exec_driver_sql(
            "SELECT measure, state, reason, remedy FROM case_measures"
        ).all()
        recipients = connection.exec_driver_sql("SELECT recipient_id FROM notices").all()
        (sought,) = connection.exec_driver_sql("SELECT search_text FROM cases").all()
    migrate(engine, "0008")
    with engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT measure, remedy FROM cases").all()
    engine.dispose()

    assert [tuple(row) for row in measures] == [("remove_shop", "in_force", "无委托", "15 日内")]
    assert sought[0] == sought_text("CASE-7", "星河 ＡＢ", "shop:1") == "case7\n星河ab\nshop1"
    assert [str(row[0]).replace("-", "") for row in recipients] == [platform]
    assert [tuple(row) for row in before] == [("remove_shop", "15 日内")]


def plant(connection: Connection, name: str, given: dict[str, str]) -> None:
    """A row as it stood then; what is not given is filled with something of its kind."""
    table = SqlTable(name, MetaData(), autoload_with=connection)
    row: dict[str, object] = {}
    for column in table.columns:
        kind = column.type.python_type
        if column.name in given:
            row[column.name] = UUID(given[column.name]) if kind is UUID else given[column.name]
        elif not column.nullable and column.server_default is None:
            row[column.name] = FILLERS[kind]
    connection.execute(table.insert().values(row))
