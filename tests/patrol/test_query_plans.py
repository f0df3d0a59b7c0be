"""No list of patrols reads a whole table: each has an index that gives it its rows."""

from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import pytest
from sqlalchemy import event, text

from console.actions.patrol.checks import list_checks
from console.actions.patrol.figures import coverage, trend
from console.actions.patrol.findings import shops_of
from console.actions.patrol.plan import list_runs, queued_runs
from console.actions.patrol.plans import list_plans
from console.actions.patrol.shops import list_shops
from console.actions.patrol.starting import start_due_plans
from console.actions.patrol.sweeps import note_overdue_runs
from console.actions.patrol.triage import Wanted, next_in_queue, triage
from console.desk import Desk
from models.patrol.findings import Finding
from tests.conftest import Desks

TABLES: Final = ("patrol_runs", "patrol_plans", "findings", "shop_checks", "run_steps",
                 "seen_listings")  # fmt: skip
LISTS: Final[dict[str, Callable[[Desk], object]]] = {
    "plans": list_plans,
    "runs": list_runs,
    "checks": list_checks,
    "checks to review": lambda desk: list_checks(desk, to_review=True),
    "queue": triage,
    "queue of what is new": lambda desk: triage(desk, None, Wanted(only_new=True)),
    "next in the queue": next_in_queue,
    "coverage": coverage,
    "trend": trend,
    "plans that are due": lambda desk: start_due_plans(desk.house.desk()),
    "runs that are late": lambda desk: note_overdue_runs(desk.house.desk()),
    "runs that wait": lambda desk: queued_runs(desk.house.desk()),
}


def plans_of(desk: Desk, ask: Callable[[Desk], object], *without: str) -> list[str]:
    """The lines by which the database tells how it would find what was asked for: PostgreSQL
    without whole tables, and without those of its other ways, too, where it has any choice.
    """
    asked: list[tuple[str, Any]] = []

    def heard(*call: Any) -> None:  # noqa: ANN401
        asked.append((call[2], call[3]))

    engine = desk.house.engine
    event.listen(engine, "before_cursor_execute", heard)
    ask(desk)
    event.remove(engine, "before_cursor_execute", heard)
    lines: list[str] = []
    with engine.connect() as connection:
        is_sqlite = engine.dialect.name == "sqlite"
        if not is_sqlite:  # an empty table is quickest read whole
            for way in ("seqscan", *without):
                connection.execute(text(f"SET enable_{way} = off"))
        for statement, given in asked:
            if statement.lstrip().startswith("SELECT"):
                words = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
                rows = connection.exec_driver_sql(f"{words} {statement}", given).all()
                lines += [str(row[-1]) for row in rows]
    return lines


@pytest.mark.parametrize("name", LISTS)
def test_no_list_reads_a_whole_table(desks: Desks, name: str) -> None:
    lines = plans_of(desks.manager, LISTS[name])

    assert any(table in line for line in lines for table in TABLES)
    for line in lines:
        for table in TABLES:
            assert f"Seq Scan on {table}" not in line
            if line.startswith(f"SCAN {table}"):
                assert "USING" in line


@pytest.mark.parametrize("who", ["manager", "platform", "regulator"])
def test_shops_come_in_the_order_of_an_index(desks: Desks, who: str) -> None:
    lines = plans_of(getattr(desks, who), list_shops, "sort", "incremental_sort", "bitmapscan")

    ways = "ix_shops_platform_home", "ix_shops_card_home"
    for index in ways if who == "regulator" else ("ix_shops_seen",):
        assert any(index in line for line in lines)
    assert not any("TEMP B-TREE" in line for line in lines[: len(ways)])


def test_the_shops_of_a_screen_are_looked_up_by_their_ids(desks: Desks) -> None:
    finding = Finding.model_construct(shop_id=uuid4())
    lines = plans_of(desks.manager, lambda desk: shops_of(desk, [finding]))

    assert any("(id=?)" in line or "uq_shops" in line or "pk_shops" in line for line in lines)
    assert not any("ix_shops" in line for line in lines)
