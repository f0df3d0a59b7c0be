"""No list of cases reads a whole table: each has an index that gives it its rows."""

from collections.abc import Callable
from itertools import product
from typing import Any, Final

import pytest

from console.actions.cases.boards import CaseFilters, case_board, find_cases
from console.actions.cases.notices.threads import list_threads
from console.actions.cases.notices.waiting import NOTICE_SOURCES
from console.actions.cases.waiting import CASE_SOURCES
from console.desk import Desk
from models.cases.cases import Case, CaseState
from models.cases.notices import NoticeState
from models.permissions import Permission
from models.rules import Tier
from tests.cases.world import opened
from tests.conftest import Desks
from tests.patrol.test_query_plans import plans_of

TABLES: Final = ("cases", "case_tasks", "rechecks", "notices", "findings")
OWN: Final = (
    "ix_cases_next", "ix_cases_owner", "ix_cases_tier_asked", "ix_case_tasks_assignee",
    "ix_case_tasks_due", "ix_rechecks_due",
)  # fmt: skip


def found(**filters: Any) -> Callable[[Desk], object]:  # noqa: ANN401
    return lambda desk: find_cases(desk, CaseFilters(**filters))


LISTS: Final[dict[str, tuple[Callable[[Desk], object], str]]] = {
    "cases": (found(), "ix_cases_listed"),
    "cases in a state": (found(state=CaseState.EXECUTING), "ix_cases_listed"),
    "cases of a tier": (found(tier=Tier.GENERAL), "ix_cases_listed"),
    "cases of a platform": (found(platform="lanhai"), ""),
    "cases that are late": (found(overdue=True), "ix_cases_listed"),
    "cases by what is in their names": (found(q="星河"), "ix_cases_listed"),
    "cases by a province": (found(province="44"), "ix_cases_listed"),
    "cases of one's own": (found(mine=True), "ix_cases_listed"),
    "board": (lambda desk: case_board(desk, CaseFilters()), "ix_cases_listed"),
    "notices": (list_threads, ""),
    "notices in a state": (lambda desk: list_threads(desk, state=NoticeState.SENT), ""),
    "notices that are late": (lambda desk: list_threads(desk, overdue=True), ""),
    "what of cases waits": (
        lambda desk: [list(one(desk)) for one in CASE_SOURCES], "ix_cases_next"
    ),
    "what of notices waits": (lambda desk: [list(one(desk)) for one in NOTICE_SOURCES], ""),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_no_list_reads_a_whole_table(desks: Desks, name: str) -> None:
    ask, by = LISTS[name]
    for desk in (desks.manager, desks.approver, desks.platform):
        lines = plans_of(desk, ask)
        for line in lines:
            for table in TABLES:
                assert f"Seq Scan on {table}" not in line, line
                if line.startswith(f"SCAN {table}"):
                    assert "USING" in line, line
    lines = plans_of(desks.manager, ask)
    is_sqlite = desks.house.house.engine.dialect.name == "sqlite"
    assert not is_sqlite or any(by in line for line in lines), lines


ROUTED: Final = ("filing_place", "card_home", "platform_home")
ROUTERS: Final = tuple(f"ix_cases_{name}" for name in ROUTED)


def test_an_administration_finds_cases_by_each_router_for_itself(desks: Desks) -> None:
    """With an OR of the three the few cases of one place are looked for among all."""
    lines = plans_of(desks.regulator, found())
    assert not [line for line in lines if "MULTI-INDEX OR" in line or "BitmapOr" in line], lines
    if desks.house.house.engine.dialect.name == "sqlite":
        for index in ROUTERS:
            assert any(index in line for line in lines), (index, lines)


def test_what_is_seen_for_several_reasons_is_listed_once_and_in_order(desks: Desks) -> None:
    case, places = opened(desks), (None, "33", "44")
    with desks.house.begin(Permission.CASE_OPEN) as work:
        for at, routed in enumerate(product(places, repeat=3)):
            like: dict[str, Any] = case.model_dump(exclude={"id", "reference"})
            like |= dict(zip(ROUTED, routed, strict=True))
            work.add(Case(reference=f"CASE-{at}", **like))
        work.no_deed()
    rows = find_cases(desks.regulator).rows
    by_place = [[getattr(row, name) for name in ROUTED] for row in rows]
    one_by_one: list[Case] = []
    after: str | None = None
    while len(one_by_one) < len(rows):
        page = find_cases(desks.regulator, after=after, limit=1)
        one_by_one += page.rows
        after = page.next

    (own,) = desks.regulator.actor.provinces
    assert len(rows) >= 27 - 8
    assert all(own in places for places in by_place)
    assert [row.id for row in rows] == sorted({row.id for row in rows}, reverse=True)
    assert [row.id for row in one_by_one] == [row.id for row in rows]
    assert after is None


def test_each_list_of_work_is_found_by_its_own_index(desks: Desks) -> None:
    lines = [
        line
        for desk in (desks.manager, desks.approver)
        for source in CASE_SOURCES
        for line in plans_of(desk, lambda desk, source=source: list(source(desk)))
    ]
    if desks.house.house.engine.dialect.name == "sqlite":
        for index in OWN:
            assert any(index in line for line in lines), index
        read_whole = tuple(f"SCAN {table}" for table in TABLES)
        assert not [line for line in lines if line.startswith(read_whole)]
