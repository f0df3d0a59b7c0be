"""A patrol that is killed in the middle goes on where it was: nothing lost, nothing twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

from console.actions.audit import verify
from console.actions.patrol.plan import plan_run
from console.actions.patrol.sources import save_source
from models.patrol.findings import Finding
from models.patrol.pictures import SeenPicture
from models.patrol.runs import PatrolRun, RunState
from models.patrol.shops import SeenListing
from tests.conftest import ONE_A_DAY, Desks
from tests.patrol.walks import mapping, row_of, rows_of, shop_open
from tests.shops import GOODS, Answer, Call, Stand

WORKER = """
import sys
from pathlib import Path
from console.actions.patrol.plan import queued_runs
from console.actions.patrol.run import advance_run
from console.desk import House
from console.settings import Settings

house = House.open(Settings(data=Path(sys.argv[1]), database_url=sys.argv[2],
                            fetch_allowed_networks=("127.0.0.0/8",), fetch_pace=0,
                            screenshots=False))
roads = {}
for run_id in queued_runs(house.desk()):
    while advance_run(house.desk(), run_id, roads):
        pass
"""


def one_at_a_time(stand: Stand) -> str:
    return mapping(stand).replace("pace = 0", "pace = 0\nconcurrency = 1")


def asked(n: int) -> Callable[[Stand], bool]:
    return lambda stand: len(stand.calls) >= n


def pictures(n: int) -> Callable[[Stand], bool]:
    """In the middle of looking at a shop."""
    return lambda stand: sum(path.startswith("/pics/") for path in stand.asked) >= n


def worker(desks: Desks) -> subprocess.Popen[bytes]:
    settings = desks.house.house.settings
    command = [sys.executable, "-c", WORKER, str(settings.data), settings.sqlalchemy_url]
    return subprocess.Popen(command, env={**os.environ, "PYTHONWARNINGS": "error"})


@ONE_A_DAY
def test_a_patrol_that_is_killed_reads_every_page_once_and_loses_nothing(desks: Desks) -> None:
    def slow(_call: Call, answer: Answer) -> Answer:
        threading.Event().wait(0.02)
        return answer

    with shop_open(slow) as stand:
        run = plan_run(desks.manager, save_source(desks.manager, "一", one_at_a_time(stand)).id)
        for reached in (asked(4), asked(8), pictures(1)):
            process = worker(desks)
            deadline = time.monotonic() + 60
            while not reached(stand):
                assert process.poll() is None
                assert time.monotonic() < deadline
                threading.Event().wait(0.002)
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert row_of(desks.manager, PatrolRun, run.id).state is RunState.IN_PROGRESS
        last = worker(desks)
        assert last.wait(60) == 0

    done = row_of(desks.manager, PatrolRun, run.id)
    assert done.state is RunState.SUBMITTED
    assert (done.listings, done.shops, done.findings) == (7, 3, 3)
    assert done.steps == done.steps_done
    listings = Counter(one.listing_id for one in rows_of(desks.manager, SeenListing))
    assert listings == Counter(f"G-{good.no}" for good in GOODS)
    assert len(rows_of(desks.manager, Finding)) == 3
    looked = Counter(picture.shop_id for picture in rows_of(desks.manager, SeenPicture))
    assert sorted(looked.values()) == [1, 1]
    assert done.pictures == 2
    pages = Counter(path for path in stand.asked if "item" in path)
    assert sum(pages.values()) <= len(GOODS) + 3  # a page that was cut off is asked for again
    store = desks.house.house.evidence
    assert list(store.verify_all()) == []
    assert verify(desks.audit).fault is None
