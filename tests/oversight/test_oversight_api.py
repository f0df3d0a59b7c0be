"""How things stand, for a program."""

import pytest

from console.actions.oversight.pictures import count_pictures
from models.permissions import Role
from tests.cases.programs import Program
from tests.conftest import ONLY_SQLITE, Desks
from tests.oversight.counted import plant

pytestmark = ONLY_SQLITE


@pytest.mark.requirement("004-3.4-a")
def test_a_regulator_s_program_reads_what_was_counted_for_its_province(desks: Desks) -> None:
    plant(desks)
    watcher = Program(desks, "CA-44", Role.REGULATOR)
    before = watcher.get("/oversight").json()
    count_pictures(desks.house)
    now = watcher.get("/oversight").json()
    lists = watcher.get("/oversight?by=carrier").json()["figures"]
    months = watcher.get("/oversight?months=true").json()["figures"]
    assert before == {"made_at": None, "figures": []}
    assert now["made_at"] == desks.house.now().isoformat().replace("+00:00", "Z")
    gone = next(one for one in now["figures"] if one["indicator"] == "time_to_gone")
    assert (gone["base"], gone["median_s"]) == (1, 2 * 86_400)
    current = [one for one in lists if one["indicator"] == "lists_current"]
    assert {one["name"]: (one["count"], one["base"]) for one in current} == {
        "CT-44": (1, 1), "CU-44": (0, 1),
    }  # fmt: skip
    assert len([one for one in months if one["indicator"] == "findings"]) == 18
