"""No analysis reads a whole table of somebody else's rows: each begins at an index of its scope."""

from collections.abc import Callable
from typing import Final

import pytest

from console.actions.oversight.analysis.cohorts import cohorts
from console.actions.oversight.analysis.quality import quality
from console.actions.oversight.analysis.repeats import (
    networks,
    repeat_agents,
    repeat_shops,
    returns,
)
from console.actions.oversight.analysis.scorecards import list_scorecards
from console.actions.oversight.analysis.workload import endings, workload
from console.desk import Desk
from tests.conftest import Desks
from tests.patrol.test_query_plans import plans_of

TABLES: Final = ("agents", "licences", "findings", "cases", "shops", "shop_checks", "spot_checks",
                 "complaints", "rectifications", "notices", "patrol_runs", "seen_listings",
                 "audit_entries")  # fmt: skip
ASKED: Final[dict[str, Callable[[Desk], object]]] = {
    "scorecards": list_scorecards,
    "cohorts": cohorts,
    "networks": networks,
    "shops": repeat_shops,
    "agents": repeat_agents,
    "returns": returns,
    "quality": quality,
    "workload": workload,
    "endings": endings,
}


@pytest.mark.parametrize("name", ASKED)
def test_no_analysis_reads_a_whole_table(desks: Desks, name: str) -> None:
    lines = plans_of(desks.manager, ASKED[name])

    assert lines
    for line in lines:
        for table in TABLES:
            assert f"Seq Scan on {table} " not in line, line
            if line.startswith(f"SCAN {table} ") or line == f"SCAN {table}":
                assert "USING" in line, line


def test_no_analysis_reads_a_listing(desks: Desks) -> None:
    """Of a large house they are half a million, and nothing here rests on a single one."""
    for asked in ASKED.values():
        assert not [line for line in plans_of(desks.approver, asked) if "seen_listings" in line]
