"""The sample that `channel demo` loads: each page has something true to show, and a next step."""

import pytest

from console.actions.cases.boards import COLUMNS, EVERY, case_board
from console.actions.cases.complaints.figures import Answered, complaints_compared
from console.actions.patrol.checks import check_record, list_checks
from console.actions.patrol.clusters import list_clusters
from console.actions.patrol.evidence_view import evidence_of
from console.actions.patrol.plan import list_runs
from console.actions.patrol.sources import list_sources
from console.actions.staff.sign_in import actor_named
from console.actions.work import work_items
from console.demo import load
from console.desk import Desk, House
from models.cases.cases import Case, CaseState
from models.patrol.findings import Finding
from models.patrol.runs import RunState
from models.permissions import Permission
from models.staff import Door


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_sample_has_checklists_to_fill_filled_and_waiting_for_the_second_person(
    house: House,
) -> None:
    def at(login: str) -> Desk:
        return house.desk(actor_named(house, login, Door.CONSOLE))

    assert load(house)
    assert not load(house)
    now, handed_in, brought, *_ = list_runs(at("chen.ming")).rows
    assert [one.state for one in (now, handed_in, brought)] == [
        RunState.IN_PROGRESS, RunState.SUBMITTED, RunState.CLOSED,
    ]  # fmt: skip
    assert (now.checked, now.drawn, now.faults) == (3, 7, [])
    (second,) = list_checks(at("li.hua"), to_review=True).rows
    seen = check_record(at("li.hua"), second.id)
    assert (seen.run.id, seen.check.reviewed_at) == (handed_in.id, None)
    assert "patrol_fill" in {item.kind for item in work_items(at("he.jing"))}
    assert "check_review" in {item.kind for item in work_items(at("li.hua"))}
    assert [cluster.size for cluster in list_clusters(at("chen.ming"))] == [2]
    with at("li.hua").begin(Permission.FINDING_READ) as work:
        found = work.all(work.select(Finding).where(Finding.run_id == now.id))
    assert all(evidence_of(at("li.hua"), one.id).captures for one in found)
    (source,) = list_sources(at("chen.ming")).rows
    assert "lanhai.example" in source.mapping
    board = {one.state: one.count for one in case_board(at("chen.ming"), EVERY)}
    assert set(board) == set(COLUMNS)
    assert all(board.values())
    with at("chen.ming").begin(Permission.CASE_READ) as work:
        states = {one.state for one in work.all(work.select(Case))}
    assert {CaseState.CLOSED, CaseState.APPEALED} <= states
    assert "case_appeal_accept" in {item.kind for item in work_items(at("li.hua"))}
    compared = complaints_compared(at("gd.jianguan"))
    assert compared.whole == Answered(in_time=4, late=1, waiting=1)
