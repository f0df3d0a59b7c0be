"""Days that programs sent in parts are put together, and judged with all that came before."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from console.actions.cards.industry import runs, whole_days
from console.actions.cards.industry.findings import list_usage_findings
from console.actions.cards.industry.runs import append_usage, plan_run, run_monitoring, run_record
from console.actions.cards.industry.usage_files import UsageRow
from console.actions.cards.industry.whole_days import Wanted, sweep_parts, wanted_days
from console.desk import Work
from console.jobs.registry import SWEEPS
from integrations.evidence import Digest
from models.cards.monitoring import BatchDay, MonitoringRun, MonitoringState, UsageFinding
from models.cards.usage_rules import UsageRule
from models.permissions import Permission
from models.refusals import Conflict
from models.rules import china_day
from models.staff import Organisation
from tests.cards.used import MB, csv_of, planted
from tests.conftest import ONLY_SQLITE, Clock, Desks

R = UsageRule
YESTERDAY = date(2026, 3, 1)
"""The house's clock begins on the second."""
TODAY = YESTERDAY + timedelta(days=1)


def sent(desks: Desks, *rows: UsageRow) -> MonitoringRun:
    return run_monitoring(desks.iot, append_usage(desks.iot, rows).id)


def whole_runs(desks: Desks) -> Sequence[MonitoringRun]:
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        files = select(MonitoringRun).where(col(MonitoringRun.is_part).is_(False))
        return work.session.exec(files.order_by(col(MonitoringRun.id))).all()


def swept(desks: Desks) -> list[MonitoringRun]:
    """What one sweep plans, judged."""
    before = {one.id for one in whole_runs(desks)}
    count = sweep_parts(desks.house)
    new = [run_monitoring(desks.house, one.id) for one in whole_runs(desks) if one.id not in before]
    assert len(new) == count
    return new


def found(desks: Desks, rule: UsageRule) -> Sequence[UsageFinding]:
    return list_usage_findings(desks.iot, rule=rule).rows


def bytes_of(desks: Desks, day: date) -> int:
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        return work.session.exec(select(BatchDay.bytes).where(BatchDay.day == day)).one()


@ONLY_SQLITE
@pytest.mark.requirement("004-2.3-g")
def test_a_month_that_came_in_parts_alone_adds_up_against_the_limit(
    desks: Desks, clock: Clock
) -> None:
    """A program sends some days at once; each becomes a run, and none of them is over by itself."""
    used = planted(desks)
    for _ in range(5):
        days = [china_day(clock.at) + timedelta(days=at) for at in range(4)]
        clock.pass_(days=4)
        sent(desks, *(UsageRow(used.iccid(0), day, bytes=MB // 8) for day in days))
        assert [(run.first_day, run.parts, run.records) for run in swept(desks)] == [
            (day, 1, 1) for day in days
        ]
    (over,) = found(desks, R.VOLUME_OVER_LIMIT)
    assert (over.value, over.card) == (20 * MB // 8, used.card(0))


def test_all_parts_of_a_day_are_one_file_in_the_name_of_the_house(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    for at in range(3):
        sent(desks, UsageRow(used.iccid(0), YESTERDAY, bytes=MB), UsageRow(used.iccid(at), TODAY))
    (run,) = swept(desks)
    assert (run.parts, run.records, run.first_day, run.last_day) == (3, 1, YESTERDAY, YESTERDAY)
    assert (run.state, run.carrier_id) == (MonitoringState.DONE, used.batch.carrier_id)
    (deed,) = (
        one for one in run_record(desks.iot, run.id).deeds if one.deed == "monitoring.put_together"
    )
    assert (deed.actor_name, deed.facts["parts"]) == (desks.house.actor.name, 3)
    (over,) = found(desks, R.VOLUME_OVER_LIMIT)
    assert over.value == 3 * MB
    assert bytes_of(desks, YESTERDAY) == 3 * MB
    clock.pass_(days=1)
    (next_run,) = swept(desks)
    assert (next_run.first_day, next_run.parts, next_run.records) == (TODAY, 3, 3)


def test_a_part_that_comes_late_is_put_together_with_the_others_the_next_day(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    row = UsageRow(used.iccid(0), YESTERDAY, bytes=MB)
    sent(desks, row)
    assert [one.parts for one in swept(desks)] == [1]
    sent(desks, row)
    assert not swept(desks), "once a day"
    assert bytes_of(desks, YESTERDAY) == 2 * MB
    clock.pass_(days=1)
    sent(desks, UsageRow(used.iccid(0), YESTERDAY, bytes=1))
    (again,) = swept(desks)
    assert (again.first_day, again.parts) == (YESTERDAY, 3)
    (over,) = found(desks, R.VOLUME_OVER_LIMIT)
    assert over.value == 2 * MB + 1
    assert bytes_of(desks, YESTERDAY) == 2 * MB + 1
    for _ in range(2):
        clock.pass_(days=1)
        assert not swept(desks), "nothing new"


def test_what_comes_later_than_the_window_is_left_to_itself(desks: Desks, clock: Clock) -> None:
    used = planted(desks)
    sent(desks, UsageRow(used.iccid(0), TODAY - timedelta(days=8)))
    assert not swept(desks)
    sent(desks, UsageRow(used.iccid(0), TODAY - timedelta(days=7)))
    clock.pass_(hours=1)
    assert [one.first_day for one in swept(desks)] == [TODAY - timedelta(days=7)]


@pytest.mark.parametrize("carrier", ["CT-44", "CT"])
def test_who_brings_whole_files_gets_no_other(desks: Desks, clock: Clock, carrier: str) -> None:
    """Nor while one is still to be judged, whose days nobody knows yet."""
    used = planted(desks)
    sent(desks, UsageRow(used.iccid(0), YESTERDAY, bytes=1))
    file = csv_of([used.did(0, YESTERDAY)])
    brought = plan_run(desks.house, "use.csv", file, carrier=carrier)
    assert not sweep_parts(desks.house)
    run_monitoring(desks.house, brought.id)
    for _ in range(2):
        sent(desks, UsageRow(used.iccid(0), YESTERDAY, bytes=1))
        clock.pass_(days=1)
        assert not sweep_parts(desks.house)
    assert [one.id for one in whole_runs(desks)] == [brought.id]


def test_a_silence_shows_over_days_that_came_in_parts(desks: Desks, clock: Clock) -> None:
    used = planted(desks, monthly_mb=None)
    sent(desks, UsageRow(used.iccid(0), YESTERDAY, bytes=MB))
    swept(desks)
    clock.pass_(days=20)
    later = china_day(clock.at) - timedelta(days=1)
    sent(desks, UsageRow(used.iccid(0), later, bytes=80 * MB))
    assert not found(desks, R.SILENCE_THEN_BURST)
    swept(desks)
    (burst,) = found(desks, R.SILENCE_THEN_BURST)
    assert burst.first_day == later


def test_a_day_whose_run_failed_is_tried_again_and_parts_that_are_gone_are_left_out(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = planted(desks)
    gone, _ = (sent(desks, UsageRow(used.iccid(at), YESTERDAY, bytes=3 * MB)) for at in range(2))

    def full(*_: object) -> None:
        raise Conflict("bulk.disc_full", file="hits.parquet")

    monkeypatch.setattr(runs, "judged_file", full)
    assert [one.state for one in swept(desks)] == [MonitoringState.FAILED]
    monkeypatch.undo()
    desks.house.house.evidence.path(Digest(gone.sha256)).unlink()
    clock.pass_(days=1)
    (again,) = swept(desks)
    assert (again.state, again.parts, again.cards) == (MonitoringState.DONE, 1, 1)
    clock.pass_(days=1)
    assert not swept(desks)


def test_parts_whose_files_are_all_gone_plan_nothing_ever(desks: Desks, clock: Clock) -> None:
    part = sent(desks, UsageRow(planted(desks).iccid(0), YESTERDAY))
    desks.house.house.evidence.path(Digest(part.sha256)).unlink()
    for _ in range(2):
        assert not swept(desks)
        clock.pass_(days=1)


def test_two_sweeps_at_the_same_time_plan_one_run(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other looked before the first had planned anything."""
    sent(desks, UsageRow(planted(desks).iccid(0), YESTERDAY))
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        carriers = work.session.exec(select(Organisation)).all()
        stale = {one.id: wanted_days(work, one) for one in carriers}
    assert sweep_parts(desks.house) == 1

    def looked_before(_work: Work, carrier: Organisation) -> Wanted:
        return stale[carrier.id]

    monkeypatch.setattr(whole_days, "wanted_days", looked_before)
    assert sweep_parts(desks.house) == 0
    assert len(whole_runs(desks)) == 1


def test_the_house_looks_for_such_days_each_hour() -> None:
    (own,) = [one for one in SWEEPS if one.sweep is sweep_parts]
    assert own.every == timedelta(hours=1)
