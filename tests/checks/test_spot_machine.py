"""Every move of a spot check goes from its states, and from no other."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product

import pytest

from console.actions.audit import list_deeds
from console.actions.checks.spot_checks import assign_check
from console.actions.checks.spot_moves import open_session, refuse_check, review_check
from console.actions.checks.spot_submit import submit_check
from console.actions.checks.spot_sweeps import sweep_checks
from models.checks.spot_checks import (
    CHECK_MOVES,
    CheckMove,
    CheckState,
    ResultCode,
    SpotCheck,
    Verdict,
)
from models.permissions import Permission
from models.refusals import Conflict
from models.rules import china_day
from tests.checks.laptops import Laptop, approved
from tests.checks.spot_world import INSPECTOR, planned
from tests.conftest import ONLY_SQLITE, Desks

S, M = CheckState, CheckMove
JUDGED = {M.MATCH: Verdict.PASSED, M.MISMATCH: Verdict.FAILED, M.CANT_TELL: Verdict.INCONCLUSIVE}
"""No act of anybody's: what a comparison comes to, in the act that sends a check in."""
BY_TIME = {M.TIMEOUT: timedelta(minutes=1), M.PURGE: timedelta(days=91)}


def _assign(desks: Desks, row: SpotCheck, _: Laptop) -> SpotCheck:
    return assign_check(desks.manager, row.id, INSPECTOR, china_day(desks.house.now()))


def _open(desks: Desks, row: SpotCheck, laptop: Laptop) -> SpotCheck:
    return open_session(desks.inspector, row.id, laptop.id, notice_shown=True)


def _submit(desks: Desks, row: SpotCheck, _: Laptop) -> SpotCheck:
    return submit_check(desks.inspector, row.id)


def _refuse(desks: Desks, row: SpotCheck, _: Laptop) -> SpotCheck:
    return refuse_check(desks.inspector, row.id, ResultCode.REFUSED_CHECK, "拒绝出示证件")


def _review(desks: Desks, row: SpotCheck, _: Laptop) -> SpotCheck:
    return review_check(desks.approver, row.id, "已核对")


ACTS: dict[CheckMove, Callable[[Desks, SpotCheck, Laptop], SpotCheck]] = {
    M.ASSIGN: _assign,
    M.OPEN_SESSION: _open,
    M.SUBMIT: _submit,
    M.REFUSE: _refuse,
    M.REVIEW: _review,
}


def in_state(desks: Desks, state: CheckState, ago: timedelta = timedelta(0)) -> SpotCheck:
    row = planned(desks)
    with desks.house.begin(Permission.SPOT_CHECK_PLAN) as work:
        row = work.get(SpotCheck, row.id)
        row.state, row.assignee_id = state, desks.inspector.actor.id
        row.session_until = work.at - ago if ago else work.at + timedelta(minutes=15)
        work.record("spot_check.planned", row)
    return row


@ONLY_SQLITE
def test_every_move_goes_from_its_states_and_from_no_other(desks: Desks) -> None:
    assert {*ACTS, *JUDGED, *BY_TIME} == set(CheckMove)
    laptop = approved(desks)
    laptop.own_pass()
    for state, move in product(CheckState, ACTS):
        row = in_state(desks, state)
        follows = CHECK_MOVES.get((state, move))
        if follows is None:
            with pytest.raises(Conflict):
                ACTS[move](desks, row, laptop)
        else:
            done = ACTS[move](desks, row, laptop)
            # What is compared is judged in the same breath.
            assert done.state is (S.INCONCLUSIVE if move is M.SUBMIT else follows)
            _out_of_the_way(desks, done)


def _out_of_the_way(desks: Desks, row: SpotCheck) -> None:
    """A laptop reads for one check at once."""
    with desks.house.begin(Permission.SPOT_CHECK_PLAN) as work:
        work.get(SpotCheck, row.id).device_id = None
        work.record("spot_check.planned", row)


@ONLY_SQLITE
@pytest.mark.parametrize("move", BY_TIME)
def test_time_moves_a_check_from_one_state_alone(desks: Desks, move: CheckMove) -> None:
    rows = {state: in_state(desks, state, BY_TIME[move]) for state in CheckState}
    sweep_checks(desks.house)
    with desks.house.begin(Permission.SPOT_CHECK_READ) as work:
        now = {state: work.get(SpotCheck, row.id).state for state, row in rows.items()}
    moved = {state: CHECK_MOVES.get((state, move), state) for state in CheckState}
    moved |= {S.READING: S.ABORTED}  # ninety-one days are beyond a session, too
    assert now == moved


def test_of_one_comparison_comes_one_verdict() -> None:
    for state, move in product(CheckState, JUDGED):
        assert (CHECK_MOVES.get((state, move)) is not None) is (state is S.COMPARED)
    assert {CHECK_MOVES[S.COMPARED, move].value for move in JUDGED} == {
        verdict.value for verdict in JUDGED.values()
    }


def test_each_move_is_on_record_once(desks: Desks) -> None:
    laptop = approved(desks)
    laptop.own_pass()
    row = planned(desks)
    for move in (M.ASSIGN, M.OPEN_SESSION, M.SUBMIT, M.REVIEW):
        ACTS[move](desks, row, laptop)
    deeds = [one.deed for one in list_deeds(desks.house, deed="spot_check").rows]
    assert sorted(deeds) == [
        "spot_check.assigned",
        "spot_check.compared",
        "spot_check.planned",
        "spot_check.reviewed",
        "spot_check.session_opened",
    ]


def test_what_changed_meanwhile_is_not_written_over(desks: Desks) -> None:
    row = planned(desks)
    _assign(desks, row, approved(desks))
    with pytest.raises(Conflict, match="changed_meanwhile"):
        assign_check(desks.manager, row.id, INSPECTOR, china_day(desks.house.now()), row.version)
