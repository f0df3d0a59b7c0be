"""Files of records of use become findings: explained, one alive for each card and rule."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from functools import partial
from unittest.mock import Mock

import pytest
from sqlmodel import col, func, select

from console.actions.cards.industry import found as found_room
from console.actions.cards.industry import runs
from console.actions.cards.industry.findings import (
    dismiss_usage_finding,
    list_usage_findings,
    usage_finding_record,
)
from console.actions.cards.industry.found import Hit
from console.actions.cards.industry.runs import (
    advance_run,
    append_usage,
    list_runs,
    plan_run,
    run_monitoring,
    run_record,
    the_run,
    waiting_runs,
)
from console.actions.cards.industry.usage_files import UsageRow
from console.desk import Desk, Work
from integrations.evidence import Digest
from models.cards.industry import BatchState
from models.cards.monitoring import (
    BatchDay,
    MonitoringRun,
    MonitoringState,
    UsageFinding,
    UsageFindingState,
)
from models.cards.usage_rules import UsageRule
from models.permissions import Permission
from models.refusals import Invalid, NotAllowed
from models.rules import FindingKind, Tier, china_day
from tests.cards.used import DAY, IMEI, MB, Did, csv_of, planted
from tests.conftest import Clock, Desks

R = UsageRule


def judged(desk: Desk, rows: Sequence[Did], name: str = "use.csv") -> MonitoringRun:
    run = plan_run(desk, name, csv_of(rows))
    return run_monitoring(desk, run.id)


def found(desk: Desk) -> list[UsageFinding]:
    return sorted(list_usage_findings(desk).rows, key=lambda one: (one.card, one.rule or ""))


@pytest.mark.requirement("004-2.3-g", "004-2.3-b")
def test_use_beyond_the_scope_is_found_with_what_explains_it(desks: Desks) -> None:
    locked = planted(
        desks, device_lock=True, locked={1: IMEI}, targets=["iot.example.com"], regions=["44"]
    )
    rows = [
        locked.did(0, bytes=3 * MB),
        locked.did(1, device="356938035643809"),
        locked.did(2, targets="iot.example.com;chat.example.org"),
        locked.did(3, region="110105"),
        locked.did(4, voice=2),
        locked.did(5, sms=9),
        locked.did(6, targets="iot.example.com", region="440100"),
    ]
    run = judged(desks.iot, rows)
    assert (run.state, run.records, run.bad_rows, run.batches) == (MonitoringState.DONE, 7, 0, 1)
    by_card = {one.card - locked.card(0): one for one in found(desks.iot)}
    assert {at: one.rule for at, one in by_card.items()} == {
        0: R.VOLUME_OVER_LIMIT, 1: R.DEVICE_SWAPPED, 2: R.TARGET_OUTSIDE, 3: R.REGION_LEFT,
        4: R.VOICE_OFF, 5: R.SMS_OFF,
    }  # fmt: skip
    assert by_card[2].facts["seen"] == ["chat.example.org"]
    assert (by_card[0].value, by_card[0].threshold) == (3 * MB, 2 * MB)
    assert by_card[0].iccid == locked.iccid(0)[:19]
    assert {one.kind for one in by_card.values()} == {FindingKind.IOT_SCOPE_BREACH}
    assert run.findings == 6
    assert run.rules, "the thresholds that it was judged by are kept"


def test_a_card_used_before_activation_is_acted_on_at_once(desks: Desks, clock: Clock) -> None:
    new = planted(desks, state=BatchState.REGISTERED)
    ended = planted(desks, 2, state=BatchState.SHUT_DOWN)
    used = planted(desks, 3)
    judged(desks.iot, [new.did(0), ended.did(0), used.did(0, voice=1)])
    early, late, voice = found(desks.iot)
    assert early.rule is late.rule is R.USED_BEFORE_ACTIVATION
    assert early.due_at == clock.at
    assert voice.due_at is not None
    assert voice.due_at - clock.at > timedelta(hours=12)


def test_a_batch_whose_cards_are_passed_on_is_one_serious_finding(desks: Desks) -> None:
    used = planted(desks)
    rows = [
        used.did(at, device=f"{35_000_000_000_000 + at * 7 + more}0")
        for at in range(40)
        for more in range(3)
    ]
    judged(desks.iot, rows)
    (whole,) = (one for one in found(desks.iot) if one.rule is R.RESALE_PATTERN)
    assert (whole.card, whole.iccid, whole.tier) == (0, "", Tier.SERIOUS)
    assert whole.kind is FindingKind.IOT_RESALE


def test_a_later_file_makes_a_finding_heavier_and_no_second_one(desks: Desks) -> None:
    used = planted(desks)
    judged(desks.iot, [used.did(0, voice=1)], "monday.csv")
    (before,) = found(desks.iot)
    judged(desks.iot, [used.did(0, DAY + timedelta(days=1), voice=5)], "tuesday.csv")
    (after,) = found(desks.iot)
    assert (after.number, after.times, after.value) == (before.number, 2, 6)
    assert (after.first_day, after.last_day) == (DAY, DAY + timedelta(days=1))
    assert after.facts["files"] == ["monday.csv", "tuesday.csv"]


def test_what_was_dismissed_is_found_anew_by_later_days_alone(desks: Desks) -> None:
    used = planted(desks)
    judged(desks.iot, [used.did(0, voice=1)])
    (first,) = found(desks.iot)
    dismiss_usage_finding(desks.approver, first.id, "出厂测试呼叫，已核实。")
    again = judged(desks.iot, [used.did(0, voice=1)])
    assert (again.hits, again.findings) == (1, 0)
    judged(desks.iot, [used.did(0, DAY + timedelta(days=1), voice=1)])
    (second,) = list_usage_findings(desks.iot, state=UsageFindingState.OPEN).rows
    assert second.facts["earlier"] == first.number
    assert usage_finding_record(desks.iot, second.id).others[0].id == first.id


def test_what_is_dismissed_while_a_run_sees_it_again_keeps_both(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finding is held: the dismissal waits, and neither change is lost."""
    used = planted(desks)
    judged(desks.iot, [used.did(0, voice=1)])
    (first,) = found(desks.iot)
    seen = getattr(found_room, "_seen_again")  # noqa: B009 - a room's own
    with ThreadPoolExecutor(1) as pool:
        begun: list[Future[UsageFinding]] = []

        def meanwhile(*of_run: object) -> None:
            look = partial(dismiss_usage_finding, desks.approver, first.id, "已核实。")
            begun.append(pool.submit(look))
            wait(begun, timeout=0.4)
            seen(*of_run)

        monkeypatch.setattr(found_room, "_seen_again", meanwhile)
        judged(desks.iot, [used.did(0, DAY + timedelta(days=1), voice=1)])
        begun[0].result()
    (row,) = found(desks.iot)
    assert (row.state, row.times) == (UsageFindingState.DISMISSED, 2)
    assert row.version == first.version + 2


def test_a_run_that_is_killed_goes_on_and_finds_nothing_twice(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = planted(desks)
    monkeypatch.setattr(runs, "HITS_AT_ONCE", 3)
    run = plan_run(desks.iot, "use.csv", csv_of([used.did(at, voice=1) for at in range(10)]))
    assert waiting_runs(desks.house) == [run.id]
    advance_run(desks.house, run.id)
    kept = runs.keep_hits
    calls: list[int] = []

    def dying(work: Work, run: MonitoringRun, hits: Sequence[Hit]) -> int:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return kept(work, run, hits)

    monkeypatch.setattr(runs, "keep_hits", dying)
    with pytest.raises(KeyboardInterrupt):
        advance_run(desks.house, run.id)
    assert the_run(desks.iot, run.id).dealt_with == 6
    done = run_monitoring(desks.iot, run.id)
    assert (done.state, done.findings, len(found(desks.iot))) == (MonitoringState.DONE, 10, 10)
    assert {one.times for one in found(desks.iot)} == {1}
    assert not advance_run(desks.house, run.id)
    assert not waiting_runs(desks.house)


def test_a_step_done_twice_at_the_same_time_is_done_once(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers hold the same run as it was."""
    used = planted(desks)
    run = plan_run(desks.iot, "use.csv", csv_of([used.did(at, voice=1) for at in range(3)]))
    for _ in ("judged", "dealt with"):
        stale = the_run(desks.iot, run.id)
        monkeypatch.setattr(runs, "the_run", Mock(return_value=stale))
        advance_run(desks.house, run.id)
        advance_run(desks.house, run.id)
        monkeypatch.undo()
    done = run_monitoring(desks.iot, run.id)
    assert (done.dealt_with, done.findings, len(found(desks.iot))) == (3, 3, 3)


def test_records_that_are_no_records_are_counted_and_handed_back(desks: Desks) -> None:
    used = planted(desks)
    rows = [used.did(0), {**used.did(1), "day": "gestern"}, {**used.did(2), "iccid": "898603"}]
    stranger = {**used.did(3), "iccid": "89860100000000000000"}
    run = judged(desks.iot, [*rows, stranger])
    assert (run.records, run.bad_rows, run.unknown_cards) == (4, 2, 1)
    rejects = desks.house.house.evidence.open(Digest(run.rejects_sha256)).decode("utf-8-sig")
    assert "898603" in rejects
    assert desks.house.house.evidence.has(Digest(run.result_sha256))


def test_a_file_without_cards_is_refused_and_one_that_vanished_fails_with_the_reason(
    desks: Desks,
) -> None:
    used = planted(desks)
    with pytest.raises(Invalid, match=r"usage\.no_columns"):
        plan_run(desks.iot, "use.csv", b"name,age\nx,1\n")
    run = plan_run(desks.iot, "use.csv", csv_of([used.did(0)]))
    desks.house.house.evidence.path(Digest(run.sha256)).unlink()
    gone = run_monitoring(desks.iot, run.id)
    assert gone.state is MonitoringState.FAILED
    assert gone.fault == {"code": "monitoring.file_gone", "facts": {"file": "use.csv"}}


def test_records_by_program_are_a_run_of_their_own_and_add_to_their_day(desks: Desks) -> None:
    used = planted(desks)
    row = UsageRow(used.iccid(0), DAY, bytes=100, voice=1)
    other = UsageRow(used.iccid(1), DAY, bytes=50, targets=["a.example"])
    for rows in ([row], [other]):
        done = run_monitoring(desks.iot, append_usage(desks.iot, rows).id)
        assert (done.state, done.is_part) == (MonitoringState.DONE, True)
    (day,) = days(desks)
    assert (day.cards, day.bytes, day.top_bytes, day.voice) == (2, 150, 100, 1)
    for rows in ([], [row] * 5_001):
        with pytest.raises(Invalid, match=r"monitoring\.rows"):
            append_usage(desks.iot, rows)


def test_a_later_file_of_a_day_takes_the_place_of_the_earlier(desks: Desks) -> None:
    used = planted(desks)
    judged(desks.iot, [used.did(0, bytes=100), used.did(1, bytes=7)])
    judged(desks.iot, [used.did(0, bytes=30)])
    (day,) = days(desks)
    assert (day.day, day.cards, day.bytes) == (DAY, 1, 30)


def days(desks: Desks) -> Sequence[BatchDay]:
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        return work.session.exec(select(BatchDay).order_by(col(BatchDay.day))).all()


def test_only_who_may_brings_a_file_and_nobody_sees_that_of_another_carrier(desks: Desks) -> None:
    used = planted(desks)
    for desk in (desks.manager, desks.approver, desks.regulator, desks.auditor):
        with pytest.raises(NotAllowed):
            plan_run(desk, "use.csv", csv_of([used.did(0)]))
    run = judged(desks.iot, [used.did(0, voice=1)])
    assert run_record(desks.auditor, run.id).findings.rows
    assert not list_runs(desks.other_manager).rows
    assert not list_usage_findings(desks.other_manager).rows
    with pytest.raises(NotAllowed):
        list_runs(desks.regulator)


def test_each_carrier_judges_its_own_cards(desks: Desks) -> None:
    own, foreign = planted(desks), planted(desks, 2, carrier="CU-44")
    run = judged(desks.iot, [own.did(0, voice=1), foreign.did(0, voice=1)])
    assert (run.hits, run.unknown_cards) == (1, 1)


def test_every_new_finding_is_on_record_with_its_batch(desks: Desks) -> None:
    used = planted(desks)
    judged(desks.iot, [used.did(0, voice=1)])
    (finding,) = found(desks.iot)
    (deed,) = usage_finding_record(desks.iot, finding.id).deeds
    assert (deed.deed, deed.facts["batch"]) == ("usage_finding.found", used.batch.number)
    assert finding.number == f"UF-{china_day(finding.created_at).year}-000001"
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        assert work.session.exec(select(func.count()).select_from(UsageFinding)).one() == 1
