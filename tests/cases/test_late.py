"""Due moments that pass: marked once, with one deed, whoever sweeps and however often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import col, select

from console.actions import batches
from console.actions.cases import late
from console.actions.cases.late import KINDS, OPEN, sweep_deadlines, sweep_late
from console.actions.cases.recheck import recheck
from console.jobs.registry import SWEEPS
from models.audit import AuditEntry
from models.cases.cases import Case
from models.cases.rechecks import Recheck
from models.cases.tasks import CaseTask, TaskState
from models.permissions import Permission, Role
from models.refusals import Conflict
from tests.cases import world
from tests.conftest import Clock, Desks


def deeds(desks: Desks, *names: str) -> list[tuple[str, str]]:
    """What was recorded under these names, and of which row."""
    with desks.house.begin(Permission.AUDIT_READ) as work:
        rows = work.session.exec(select(AuditEntry).where(col(AuditEntry.deed).in_(names))).all()
    return sorted((row.deed, row.subject_id) for row in rows)


def marked(desks: Desks, case_id: Any) -> bool:  # noqa: ANN401
    return bool(world.row(desks, Case, case_id).is_late)


def test_a_case_that_nobody_takes_further_is_marked_late_once(desks: Desks, clock: Clock) -> None:
    case = world.opened(desks)
    assert case.due_at is not None
    clock.at = case.due_at - timedelta(seconds=1)
    assert sweep_late(desks.house) == 0

    clock.pass_(seconds=1)
    assert [sweep_late(desks.house) for _ in range(3)] == [1, 0, 0]

    assert marked(desks, case.id)
    assert deeds(desks, "case.overdue") == [("case.overdue", str(case.id))]
    assert world.row(desks, Case, case.id).version == case.version


def test_the_next_step_takes_the_mark_away_and_the_next_due_moment_counts_anew(
    desks: Desks, clock: Clock
) -> None:
    case = world.opened(desks)
    clock.pass_(days=60)
    sweep_late(desks.house)

    world.established(desks, case)
    case = world.propose(desks.manager, case.id, world.proposal(world.measures_with(
        desks, case, world.Measure.REMOVE_SHOP)))  # fmt: skip
    assert not marked(desks, case.id)
    assert sweep_late(desks.house) == 0

    clock.pass_(days=60)
    assert sweep_late(desks.house) == 1
    assert len(deeds(desks, "case.overdue")) == 2


def test_tasks_and_looks_are_marked_as_the_case_is(desks: Desks, clock: Clock) -> None:
    notice = world.sent(desks)
    clock.pass_(days=60)
    with desks.house.begin(Permission.CASE_READ) as work:
        waiting = work.session.exec(
            select(CaseTask.id).where(CaseTask.state == TaskState.OPEN)
        ).all()
    sweep_late(desks.house)
    assert {one for _, one in deeds(desks, "task.overdue")} == set(map(str, waiting))

    world.removed(desks, notice)
    world.all_else_proven(desks, notice.case_id)  # pyright: ignore[reportArgumentType]
    assert sweep_late(desks.house) == 0
    clock.pass_(days=10)
    sweep_late(desks.house)
    with desks.house.begin(Permission.CASE_READ) as work:
        first, second = work.session.exec(select(Recheck).order_by(col(Recheck.number))).all()
    assert (first.is_late, second.is_late) == (True, False)
    assert deeds(desks, "recheck.overdue") == [("recheck.overdue", str(first.id))]

    third = world.person(desks, "third", "CT-44", Role.APPROVER)
    recheck(third, first.case_id, clean=True, reason="未再发现")
    sweep_late(desks.house)
    assert not marked(desks, first.case_id)


def test_more_time_takes_the_mark_away(desks: Desks, clock: Clock) -> None:
    case = world.decided(desks)
    clock.pass_(days=60)
    sweep_late(desks.house)
    with desks.house.begin(Permission.CASE_SEND) as work:
        for task in work.session.exec(select(CaseTask)).all():
            task.due_at = work.at + timedelta(days=10)
        work.no_deed()

    assert sweep_late(desks.house) == 0
    with desks.house.begin(Permission.CASE_READ) as work:
        assert not any(work.session.exec(select(CaseTask.is_late)).all())
    before = len(deeds(desks, "task.overdue"))
    clock.pass_(days=11)
    sweep_late(desks.house)
    assert len(deeds(desks, "task.overdue")) == 2 * before
    assert marked(desks, case.id)


def test_what_has_ended_or_was_merged_is_never_late(desks: Desks, clock: Clock) -> None:
    one, other = world.opened(desks), world.opened(desks, shop_no=9002)
    with desks.house.begin(Permission.CASE_OPEN) as work:
        row = work.get(Case, other.id)
        row.merged_into_id = one.id
        work.no_deed()
    clock.pass_(days=60)

    assert sweep_late(desks.house) == 1
    assert marked(desks, one.id)
    assert not marked(desks, other.id)


def test_two_sweeps_at_once_mark_nothing_twice(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, many = world.opened(desks), 120
    with desks.house.begin(Permission.CASE_OPEN) as work:
        for at in range(many):
            like: dict[str, Any] = case.model_dump(exclude={"id", "reference"})
            work.add(Case(reference=f"CASE-{at}", **like))
        work.no_deed()
    monkeypatch.setattr(batches, "AT_ONCE", 10)
    clock.pass_(days=60)

    with ThreadPoolExecutor(4) as threads:
        found = sum(threads.map(sweep_late, [desks.house] * 4))
    found += sweep_late(desks.house)

    assert found == many + 1
    overdue = deeds(desks, "case.overdue")
    assert len(overdue) == len(set(overdue)) == many + 1


def test_one_sweep_that_fails_stops_none_of_the_others(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_desk: object) -> int:
        raise Conflict("row.done_meanwhile")

    world.opened(desks)
    clock.pass_(days=60)
    monkeypatch.setattr(late, "DEADLINES", (broken, *late.DEADLINES))
    assert sweep_deadlines(desks.house) == 1


def test_the_house_sweeps_all_deadlines_of_cases_each_minute() -> None:
    (own,) = [one for one in SWEEPS if one.sweep is sweep_deadlines]
    assert own.every == timedelta(minutes=1)


def test_no_sweep_reads_a_whole_table(desks: Desks) -> None:
    engine = desks.house.house.engine
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    sweep_late(desks.house)
    seen = [one for one in asked if one[0].lstrip().startswith(("SELECT", "UPDATE"))]
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if not is_sqlite:
            connection.execute(text("SET enable_seqscan = off"))
        words = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        lines = [
            str(row[-1])
            for statement, given in seen
            for row in connection.exec_driver_sql(f"{words} {statement}", given).all()
        ]
    assert len(seen) >= 2 * len(KINDS)
    assert not [one for one in lines if "Seq Scan" in one or one.startswith("SCAN ")]
    for table in (kind.table.__tablename__ for kind in KINDS):
        assert not is_sqlite or any(f"ix_{table}_late" in one for one in lines), lines


def test_every_state_that_goes_on_can_be_late() -> None:
    assert {one.value for one in OPEN} == {
        "opened", "investigating", "decision_proposed", "decided", "executing",
        "waiting_recheck", "closed", "appealed",
    } - {"closed"}  # fmt: skip
