"""What was counted right after a week or month is kept, under a digest of its own bytes."""

import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from sqlmodel import select

from console.actions.oversight.pictures import count_pictures, picture
from console.actions.oversight.reports import keep_reports, list_reports, report
from models.audit import AuditEntry
from models.oversight.figures import Indicator, OversightReport, ReportPeriod
from models.permissions import Permission
from models.refusals import Invalid, NotFound
from tests.conftest import Clock, Desks
from tests.oversight.counted import plant

MONDAY = datetime(2026, 3, 1, 16, tzinfo=UTC)
"""Its first moment in Beijing."""
PICTURES = 6


def test_each_monday_the_week_before_is_kept_once(desks: Desks, clock: Clock) -> None:
    clock.at = MONDAY.replace(minute=20)
    count_pictures(desks.house)
    assert keep_reports(desks.house) == 2 * PICTURES  # the first of March was a Sunday
    assert keep_reports(desks.house) == 0
    kept = list_reports(desks.manager).rows
    assert {(one.period, one.name) for one in kept} == {
        (ReportPeriod.WEEK, "2026-W09"), (ReportPeriod.MONTH, "2026-02"),
    }  # fmt: skip
    assert {one.counted_at for one in kept} == {clock.at}


def test_a_picture_from_before_midnight_is_waited_for(desks: Desks, clock: Clock) -> None:
    clock.at = MONDAY.replace(hour=15, minute=50)
    count_pictures(desks.house)
    clock.at = MONDAY.replace(minute=10)
    weeks = {one.name for one in list_reports(desks.manager).rows}
    keep_reports(desks.house)
    assert "2026-W09" not in weeks | {one.name for one in list_reports(desks.manager).rows}
    clock.at = MONDAY.replace(minute=50)
    count_pictures(desks.house)
    keep_reports(desks.house)
    assert "2026-W09" in {one.name for one in list_reports(desks.manager).rows}


def test_what_is_counted_days_later_is_no_report_of_the_week(desks: Desks, clock: Clock) -> None:
    clock.at = datetime(2026, 3, 12, 4, tzinfo=UTC)
    count_pictures(desks.house)
    assert keep_reports(desks.house) == 0


@pytest.mark.requirement("004-3.4-a")
def test_a_report_shows_what_stood_then_whatever_came_since(desks: Desks, clock: Clock) -> None:
    plant(desks)
    count_pictures(desks.house)
    keep_reports(desks.house)
    then = picture(desks.regulator)
    clock.pass_(days=40)
    count_pictures(desks.house)
    newest = list_reports(desks.regulator).rows[0]
    kept = report(desks.regulator, newest.id)
    assert (kept.is_whole, kept.organisation) == (True, "广东省通信管理局")
    assert kept.picture.made_at == then.made_at != picture(desks.regulator).made_at
    for one in Indicator:
        was, now = then.now(one), kept.picture.now(one)
        assert was is not None
        assert now is not None
        assert (now.count, now.base, now.p90) == (was.count, was.base, was.p90)
        assert list(kept.picture.trend(one)) == list(then.trend(one))


def test_the_digest_is_of_the_very_bytes_and_shows_a_change(desks: Desks) -> None:
    count_pictures(desks.house)
    keep_reports(desks.house)
    row_id = list_reports(desks.manager).rows[0].id
    with desks.house.begin(Permission.SWEEP) as work:
        row = work.get(OversightReport, row_id)
        assert sha256(row.figures.encode()).hexdigest() == row.sha256
        assert json.loads(row.figures)["organisation"] == "CT-44"
        row.figures = row.figures.replace(
            '"cases_open","whole","","",0', '"cases_open","whole","","",9'
        )
        work.no_deed()
    assert not report(desks.manager, row_id).is_whole


def test_keeping_one_is_on_record_and_it_is_its_organisation_s_alone(desks: Desks) -> None:
    count_pictures(desks.house)
    keep_reports(desks.house)
    with desks.house.begin(Permission.AUDIT_READ) as work:
        deeds = select(AuditEntry.subject_name).where(AuditEntry.deed == "oversight.report_kept")
        assert set(work.session.exec(deeds).all()) == {"2026-W09", "2026-02"}
    with pytest.raises(NotFound):
        report(desks.other_manager, list_reports(desks.manager).rows[0].id)


def test_a_long_list_goes_on(desks: Desks) -> None:
    count_pictures(desks.house)
    keep_reports(desks.house)
    first = list_reports(desks.manager, limit=1)
    rest = list_reports(desks.manager, first.next, limit=1)
    assert (len(first.rows), len(rest.rows), rest.next) == (1, 1, None)
    assert first.rows[0].id != rest.rows[0].id
    with pytest.raises(Invalid):
        list_reports(desks.manager, "nowhere")
