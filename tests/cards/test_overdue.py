"""Months that makers owe and changes that nobody completed: listed, and each on record once."""

from datetime import UTC, datetime

import pytest

from console.actions.cards.industry.accountable import announce_change, withdraw_change
from console.actions.cards.industry.downstream import report_downstream
from console.actions.cards.industry.overdue import (
    overdue_changes,
    overdue_reports,
    sweep_overdue,
)
from console.desk import House
from console.jobs.registry import SWEEPS
from models.cards.industry import IndustryBatch
from models.refusals import NotAllowed
from tests.cards.answering import bring, deeds_of, live_batch
from tests.conftest import Clock, Desks
from tests.persons import told


@pytest.fixture
def batch(desks: Desks) -> IndustryBatch:
    """Of a maker, in use from 2026-03-02 on."""
    return live_batch(desks, is_device_maker=True)


def at(clock: Clock, month: int, day: int = 2) -> None:
    clock.at = datetime(2026, month, day, 4, tzinfo=UTC)


def owed(desks: Desks) -> list[str]:
    return [one.month for one in overdue_reports(desks.iot).due.values()]


def noted(house: House, deed: str) -> list[object]:
    area, _, word = deed.partition(".")
    key = "month" if area == "downstream" else "due_at"
    return [one.facts[key] for one in deeds_of(house, area) if one.deed.endswith(f".{word}")]


def test_a_month_that_a_maker_owes_is_listed_from_its_due_day_and_on_record_once(
    desks: Desks, batch: IndustryBatch, clock: Clock, house: House
) -> None:
    at(clock, 4, 30)
    assert not owed(desks)
    assert not sweep_overdue(desks.house), "the last day is in time"
    at(clock, 5, 1)
    assert owed(desks) == ["2026-03"]
    assert [sweep_overdue(desks.house) for _ in range(2)] == [1, 0]
    report_downstream(desks.iot, batch.id, "2026-03", sold=20, in_stock=0, registered=0)
    assert not owed(desks)
    at(clock, 6, 1)
    assert [sweep_overdue(desks.house) for _ in range(2)] == [1, 0]
    assert noted(house, "downstream.overdue") == ["2026-03", "2026-04"]
    with pytest.raises(NotAllowed):
        overdue_reports(desks.regulator)
    assert not overdue_reports(desks.other_approver).batches.rows


def test_who_makes_no_devices_owes_no_report(desks: Desks, clock: Clock) -> None:
    live_batch(desks)
    at(clock, 8)
    assert not owed(desks)
    assert not sweep_overdue(desks.house)


@pytest.mark.requirement("004-2.3-e")
def test_a_change_that_nobody_completed_in_time_is_listed_and_on_record_once(
    desks: Desks, clock: Clock, house: House
) -> None:
    batch = live_batch(desks)
    due = announce_change(desks.iot, batch.id, "负责人离职").change_due_at
    assert due is not None
    assert not sweep_overdue(desks.house)
    clock.at = due
    assert [one.id for one in overdue_changes(desks.auditor).rows] == [batch.id]
    assert [sweep_overdue(desks.house) for _ in range(2)] == [1, 0]
    withdraw_change(desks.iot, batch.id, "暂不更换")
    assert not overdue_changes(desks.iot).rows
    again = announce_change(desks.iot, batch.id, "负责人离职").change_due_at
    assert again is not None
    clock.at = again
    assert sweep_overdue(desks.house) == 1
    assert noted(house, "accountable.change_overdue") == [due.isoformat(), again.isoformat()]
    assert bring(desks.iot, [told(2, batch=batch.number)]).persons == 1
    assert not overdue_changes(desks.iot).rows


def test_the_house_looks_for_what_is_overdue_each_hour() -> None:
    (own,) = [one for one in SWEEPS if one.sweep is sweep_overdue]
    assert own.every.seconds == 3600
