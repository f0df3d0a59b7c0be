"""Files of records of use are deleted when their time is over; what was found of them stays."""

import pytest

from console.actions.cards.industry.findings import list_usage_findings
from console.actions.cards.industry.old_files import sweep_usage_files
from console.actions.cards.industry.run_files import run_hits
from console.actions.cards.industry.runs import plan_run, run_monitoring, run_record, the_run
from console.jobs.registry import SWEEPS
from integrations.evidence import Digest
from models.cards.monitoring import MonitoringRun
from models.refusals import Conflict
from tests.cards.used import Did, Used, csv_of, planted
from tests.conftest import Clock, Desks


def judged(desks: Desks, *rows: Did) -> MonitoringRun:
    return run_monitoring(desks.iot, plan_run(desks.iot, "use.csv", csv_of(rows)).id)


def is_there(desks: Desks, digest: str) -> bool:
    return desks.house.house.evidence.has(Digest(digest))


def harmless(desks: Desks, used: Used) -> MonitoringRun:
    """Nothing is found of it; a bad record is in a file of its own."""
    return judged(desks, used.did(0), {**used.did(1), "day": "gestern"})


def test_files_go_after_a_year_and_what_they_were_stays_on_record(
    desks: Desks, clock: Clock
) -> None:
    run = harmless(desks, planted(desks))
    clock.pass_(days=365)
    assert not sweep_usage_files(desks.house), "the year ends with a day"
    assert is_there(desks, run.sha256)
    clock.pass_(days=1)
    assert sweep_usage_files(desks.house) == 1
    for digest in (run.sha256, run.result_sha256, run.rejects_sha256):
        assert not is_there(desks, digest)
    after = run_record(desks.iot, run.id)
    assert (after.run.is_file_gone, after.run.sha256) == (True, run.sha256)
    (deed,) = (one for one in after.deeds if one.deed == "monitoring.files_deleted")
    assert deed.facts["sha256"] == run.sha256
    with pytest.raises(Conflict, match=r"monitoring\.files_deleted"):
        run_hits(desks.iot, run.id)
    assert not sweep_usage_files(desks.house)


def test_what_a_finding_names_as_evidence_is_kept_with_what_explains_it(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    run = judged(desks, used.did(0, voice=1), {**used.did(1), "day": "gestern"})
    (finding,) = list_usage_findings(desks.iot).rows
    assert finding.evidence == [run.sha256]
    clock.pass_(days=400)
    assert not sweep_usage_files(desks.house)
    assert all(is_there(desks, one) for one in (run.sha256, run.result_sha256, run.rejects_sha256))
    assert not the_run(desks.iot, run.id).is_file_gone


def test_what_a_younger_run_has_too_is_kept_for_it(desks: Desks, clock: Clock) -> None:
    """The same file brought again, or another file with the same hits: none."""
    used = planted(desks)
    twice, once = harmless(desks, used), judged(desks, used.did(2))
    clock.pass_(days=200)
    harmless(desks, used)
    clock.pass_(days=200)
    assert once.result_sha256 == twice.result_sha256
    assert sweep_usage_files(desks.house) == 1
    assert [is_there(desks, one.sha256) for one in (twice, once)] == [True, False]
    assert is_there(desks, once.result_sha256)
    clock.pass_(days=200)
    assert sweep_usage_files(desks.house) == 2
    assert not is_there(desks, once.result_sha256)


def test_a_file_that_is_to_be_judged_still_stays(desks: Desks, clock: Clock) -> None:
    waiting = plan_run(desks.iot, "use.csv", csv_of([planted(desks).did(0)]))
    clock.pass_(days=400)
    assert not sweep_usage_files(desks.house)
    assert is_there(desks, waiting.sha256)


def test_the_house_looks_for_old_files_each_day() -> None:
    (own,) = [one for one in SWEEPS if one.sweep is sweep_usage_files]
    assert own.every.days == 1
