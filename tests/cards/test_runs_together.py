"""Daily files are judged together: a month's volume and a silence show over many of them."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from console.actions.cards.industry.earlier_files import around
from console.actions.cards.industry.findings import list_usage_findings
from console.actions.cards.industry.runs import append_usage, plan_run, run_monitoring
from console.actions.cards.industry.usage_files import UsageRow
from console.desk import Desk
from integrations.evidence import Digest
from models.cards.monitoring import MonitoringRun, UsageFinding
from models.cards.usage_rules import UsageRule
from tests.cards.used import MB, Did, csv_of, planted
from tests.conftest import Desks

R = UsageRule
FIRST = date(2026, 2, 2)


def judged(desk: Desk, rows: Sequence[Did]) -> MonitoringRun:
    return run_monitoring(desk, plan_run(desk, f"{rows[0]['day']}.csv", csv_of(rows)).id)


def found(desk: Desk, rule: UsageRule) -> Sequence[UsageFinding]:
    return list_usage_findings(desk, rule=rule).rows


@pytest.mark.requirement("004-2.3-g")
def test_a_month_of_daily_files_adds_up_against_the_limit(desks: Desks) -> None:
    used = planted(desks)
    days = [FIRST + timedelta(days=at) for at in range(3)]
    runs = [judged(desks.iot, [used.did(0, day, bytes=MB)]) for day in days]
    assert [run.hits for run in runs] == [0, 0, 1]
    (over,) = found(desks.iot, R.VOLUME_OVER_LIMIT)
    assert (over.value, over.last_day) == (3 * MB, days[-1])
    assert [run.records for run in runs] == [1, 1, 1], "what came before is not counted again"


def test_a_day_that_is_brought_again_counts_once_and_another_month_for_itself(
    desks: Desks,
) -> None:
    used = planted(desks)
    for _ in range(3):
        judged(desks.iot, [used.did(0, FIRST, bytes=MB * 3 // 2)])
    judged(desks.iot, [used.did(0, FIRST - timedelta(days=3), bytes=MB * 3 // 2)])
    assert not found(desks.iot, R.VOLUME_OVER_LIMIT)


def test_what_programs_sent_is_taken_along_by_the_next_file(desks: Desks) -> None:
    used = planted(desks)
    rows = [UsageRow(used.iccid(0), FIRST, bytes=MB), UsageRow(used.iccid(0), FIRST, bytes=MB)]
    for row in rows:
        run_monitoring(desks.iot, append_usage(desks.iot, [row]).id)
    assert not found(desks.iot, R.VOLUME_OVER_LIMIT)
    judged(desks.iot, [used.did(0, FIRST + timedelta(days=1), bytes=1)])
    (over,) = found(desks.iot, R.VOLUME_OVER_LIMIT)
    assert over.value == 2 * MB + 1


@pytest.mark.parametrize("is_sent_since", [True, False])
def test_of_a_day_the_whole_file_counts_and_what_was_sent_since(
    desks: Desks, *, is_sent_since: bool
) -> None:
    used = planted(desks)
    if is_sent_since:
        judged(desks.iot, [used.did(0, FIRST, bytes=MB)])
    run_monitoring(desks.iot, append_usage(desks.iot, [UsageRow(used.iccid(0), FIRST, MB)]).id)
    if not is_sent_since:
        judged(desks.iot, [used.did(0, FIRST, bytes=MB)])
    judged(desks.iot, [used.did(0, FIRST + timedelta(days=1), bytes=1)])
    assert [over.value for over in found(desks.iot, R.VOLUME_OVER_LIMIT)] == (
        [2 * MB + 1] if is_sent_since else []
    )


def test_a_burst_after_a_silence_shows_from_one_file_to_another(desks: Desks) -> None:
    used = planted(desks, monthly_mb=None)
    judged(desks.iot, [used.did(0, FIRST)])
    later = FIRST + timedelta(days=20)
    judged(desks.iot, [used.did(0, later, bytes=80 * MB)])
    (burst,) = found(desks.iot, R.SILENCE_THEN_BURST)
    assert burst.first_day == later


def test_what_was_found_of_earlier_days_is_not_found_again_by_later_files(desks: Desks) -> None:
    used = planted(desks)
    judged(desks.iot, [used.did(0, FIRST, voice=1)])
    second = judged(desks.iot, [used.did(1, FIRST + timedelta(days=1))])
    assert (second.hits, second.by_rule) == (0, {})
    (finding,) = found(desks.iot, R.VOICE_OFF)
    assert finding.times == 1


def test_an_earlier_file_that_is_gone_keeps_no_later_one_from_being_judged(desks: Desks) -> None:
    used = planted(desks)
    gone = judged(desks.iot, [used.did(0, FIRST, bytes=MB)])
    desks.house.house.evidence.path(Digest(gone.sha256)).unlink()
    after = judged(desks.iot, [used.did(0, FIRST + timedelta(days=1), voice=1)])
    assert after.by_rule == {"voice_off": 1}


def test_the_days_around_are_whole_months_and_two_silences() -> None:
    day = date(2026, 3, 20)
    assert around((day, day), 14) == (date(2026, 2, 20), date(2026, 3, 31))
    last = date(2026, 12, 31)
    assert around((date(2026, 12, 30), last), 14) == (date(2026, 12, 1), last)
