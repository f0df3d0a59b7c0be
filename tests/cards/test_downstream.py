"""What makers of devices report of the cards in them, month by month, and what stays open."""

from datetime import UTC, datetime

import pytest

from console.actions.cards.industry.downstream import (
    DueReport,
    downstream_of,
    report_downstream,
    waiting_downstream,
)
from console.actions.cards.industry.ordering import back_in_use, restrict
from console.actions.waiting import WorkState
from console.desk import House
from models.cards.downstream import DownstreamReport
from models.cards.industry import BatchMove, BatchState, IndustryBatch
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from tests.cards.answering import again, deeds_of, live_batch, plant_batch
from tests.conftest import Clock, Desks
from tests.persons import resident

CARDS = 20
"""Of the batch, which is in use from 2026-03-02 on."""


@pytest.fixture
def batch(desks: Desks) -> IndustryBatch:
    return live_batch(desks, is_device_maker=True)


def report(
    desks: Desks, batch: IndustryBatch, month: str, sold: int, *, why: str = ""
) -> DownstreamReport:
    return report_downstream(
        desks.iot, batch.id, month, sold=sold, in_stock=5, registered=5, explanation=why
    )


def next_month(clock: Clock, month: int) -> None:
    clock.at = datetime(2026, month, 2, 4, tzinfo=UTC)


def test_sold_in_stock_and_registered_add_up_to_what_was_issued(
    desks: Desks, batch: IndustryBatch, clock: Clock, house: House
) -> None:
    next_month(clock, 4)
    made = report(desks, batch, "2026-03", CARDS - 10)
    assert (made.issued, made.gap) == (CARDS, 0)
    found = downstream_of(desks.iot, batch.id)
    assert not found.is_alarm
    assert found.due is None
    assert list(waiting_downstream(desks.iot)) == []
    (deed,) = deeds_of(house, "downstream")
    assert (deed.facts["month"], deed.facts["gap"]) == ("2026-03", 0)


def test_a_gap_is_explained_and_an_alarm_until_a_later_report_has_none(
    desks: Desks, batch: IndustryBatch, clock: Clock, house: House
) -> None:
    next_month(clock, 4)
    for sold in (7, 12):
        with pytest.raises(Invalid, match="gap_unexplained"):
            report(desks, batch, "2026-03", sold)
    report(desks, batch, "2026-03", 7, why="三台设备在途")
    assert downstream_of(desks.iot, batch.id).is_alarm
    (item,) = waiting_downstream(desks.iot)
    assert (item.kind, item.title) == ("downstream_gap", batch.number)
    with house.desk().begin(Permission.CARD_ORDER) as work:
        restrict(work, work.get(IndustryBatch, batch.id), "IO-1")
    assert [one.kind for one in waiting_downstream(desks.iot)] == ["downstream_gap"]
    with house.desk().begin(Permission.CARD_ORDER) as work:
        back_in_use(work, work.get(IndustryBatch, batch.id), BatchMove.REVERIFY_OK, "已核验")
    next_month(clock, 5)
    report(desks, batch, "2026-04", 12, why="多报两台，待核")
    assert downstream_of(desks.iot, batch.id).reports[0].gap == -2
    assert downstream_of(desks.iot, batch.id).is_alarm
    next_month(clock, 6)
    report(desks, batch, "2026-05", 10)
    assert not downstream_of(desks.iot, batch.id).is_alarm
    assert list(waiting_downstream(desks.iot)) == []
    deeds = [one.deed for one in deeds_of(house, "downstream")]
    assert deeds == [
        "downstream.reported", "downstream.gap_found", "downstream.reported",
        "downstream.reported", "downstream.gap_closed",
    ]  # fmt: skip


def test_a_second_report_of_a_month_replaces_the_first_on_record(
    desks: Desks, batch: IndustryBatch, clock: Clock, house: House
) -> None:
    next_month(clock, 4)
    first = report(desks, batch, "2026-03", 7, why="三台设备在途")
    second = report(desks, batch, "2026-03", 10)
    assert (second.id, second.version, second.gap, second.explanation) == (first.id, 2, 0, "")
    assert not downstream_of(desks.iot, batch.id).is_alarm
    told = [one for one in deeds_of(house, "downstream") if one.deed == "downstream.reported"]
    assert told[1].facts["before"]["gap"] == 3


def test_a_month_is_due_a_month_after_its_end(
    desks: Desks, batch: IndustryBatch, clock: Clock
) -> None:
    assert list(waiting_downstream(desks.iot)) == []
    next_month(clock, 4)
    due = downstream_of(desks.iot, batch.id).due
    assert isinstance(due, DueReport)
    assert due.month == "2026-03"
    assert due.deadline.version == "iot_downstream_report/1"
    assert due.deadline.at == datetime(2026, 4, 30, 16, tzinfo=UTC)
    (item,) = waiting_downstream(desks.iot)
    assert (item.kind, item.state, item.due) == (
        "downstream_report", WorkState.DUE, due.deadline.at,
    )  # fmt: skip
    next_month(clock, 5)
    assert [one.state for one in waiting_downstream(desks.iot)] == [WorkState.OVERDUE]
    for other in (desks.other_manager, desks.approver, desks.regulator, desks.auditor):
        assert list(waiting_downstream(other)) == []


def test_months_are_reported_in_order_when_they_are_over(
    desks: Desks, batch: IndustryBatch, clock: Clock
) -> None:
    next_month(clock, 5)
    for month, code in (
        ("2026-04", "month_missing"),
        ("2026-05", "month_not_over"),
        ("2026-02", "month_before_use"),
        ("2026-13", "bad_month"),
        ("三月", "bad_month"),
    ):
        with pytest.raises((Conflict, Invalid), match=code):
            report(desks, batch, month, 10)
    report(desks, batch, "2026-03", 10)
    report(desks, batch, "2026-04", 10)
    report(desks, batch, "2026-03", 10)


def test_counts_are_whole_and_words_are_nobodys(
    desks: Desks, batch: IndustryBatch, clock: Clock
) -> None:
    next_month(clock, 4)
    for sold in (-1, 3_000_000_000):
        with pytest.raises(Invalid, match="bad_counts"):
            report(desks, batch, "2026-03", sold)
    with pytest.raises(Invalid, match="identity_number"):
        report(desks, batch, "2026-03", 1, why=f"由 {resident()} 保管")
    with pytest.raises(NotAllowed):
        report_downstream(desks.approver, batch.id, "2026-03", sold=10, in_stock=5, registered=5)
    with pytest.raises(Conflict, match="changed_meanwhile"):
        report_downstream(
            desks.iot, batch.id, "2026-03", sold=10, in_stock=5, registered=5, version=77
        )


def test_only_makers_batches_in_use_report(
    desks: Desks, batch: IndustryBatch, clock: Clock
) -> None:
    next_month(clock, 4)
    with pytest.raises(Conflict, match="no_device_maker"):
        report(desks, live_batch(desks), "2026-03", 10)
    with pytest.raises(Conflict, match="not_in_use"):
        report(desks, plant_batch(desks, is_device_maker=True), "2026-03", 10)
    assert len(list(waiting_downstream(desks.iot))) == 1
    with desks.house.begin(Permission.SWEEP) as work:
        work.get(IndustryBatch, batch.id).state = BatchState.RESTRICTED
        work.no_deed()
    assert list(waiting_downstream(desks.iot)) == []
    assert downstream_of(desks.iot, batch.id).due is None
    assert again(desks.iot, batch).version == batch.version
