"""`kill -9` in the middle of an import: a real process, both databases, each row once."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from sqlmodel import col, func, select

from console.actions import audit
from console.actions.imports.plan import plan_import, the_import
from console.actions.imports.rejects import rejects_file
from console.desk import House
from models.channel.agents import Agent
from models.channel.imports import ImportState
from models.permissions import Permission
from tests.conftest import ONE_A_DAY, Desks
from tests.imports.files import agents_csv, read_csv

ROWS = 40_000
WORKER = """
import sys
from pathlib import Path
import threading
from console.desk import House
from console.jobs import engine
from console.settings import Settings

url = "http://127.0.0.1:8501"
house = House.open(Settings(data=Path(sys.argv[1]), database_url=sys.argv[2], public_url=url))
engine.start(house, pace=0.05)
threading.Event().wait(120)
"""


@ONE_A_DAY
def test_an_import_that_is_killed_twice_keeps_every_row_once(
    house: House, desks: Desks, database: str, tmp_path: Path
) -> None:
    spoiled = {f"row{at}": {"省份": "火星"} for at in (7, 20_007, 39_000)}
    planned = plan_import(desks.manager, "agents", "名单.csv", agents_csv(ROWS, **spoiled))
    command = [sys.executable, "-c", WORKER, str(tmp_path), database]
    for goal in (5_000, 20_000, ROWS):
        worker = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        try:
            _until(house, planned.id, goal)
        finally:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
    ended = the_import(desks.manager, planned.id)
    assert (ended.read, ended.accepted, ended.rejected) == (ROWS, ROWS - 3, 3)
    with house.desk().begin(Permission.AGENT_READ) as work:
        kept = work.session.exec(
            select(func.count(), func.count(col(Agent.uscc).distinct()), func.max(Agent.serial))
        ).one()
    assert kept == (ROWS - 3, ROWS - 3, ROWS - 3)
    rejected = read_csv(rejects_file(desks.manager, planned.id)[0])
    assert [row["省份"] for row in rejected] == ["火星"] * 3
    audit.seal(house.desk())
    assert audit.verify(house.desk()).fault is None


def _until(house: House, import_id: object, goal: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        now = the_import(house.desk(), str(import_id))
        if now.read >= goal and (goal < ROWS or now.state is ImportState.DONE):
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"the import did not reach row {goal}")
