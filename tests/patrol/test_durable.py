"""The engine of durable work does a planned run by itself."""

from console.jobs.patrol import PATROLS
from models.patrol.runs import PatrolRun, RunState
from tests.conftest import Desks
from tests.jobs.test_engine import running, until
from tests.patrol.walks import at_large, planned, row_of, shop_open


def test_a_planned_run_is_done_by_the_engine(desks: Desks) -> None:
    with shop_open() as stand, running(at_large(desks.house.house), PATROLS):
        run = planned(desks.manager, stand)
        until(lambda: row_of(desks.manager, PatrolRun, run.id).state is RunState.SUBMITTED, 60)

    done = row_of(desks.manager, PatrolRun, run.id)
    assert (done.listings, done.findings) == (7, 3)
    assert stand.asked.count("/robots.txt") == 1
