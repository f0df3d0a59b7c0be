"""Service that was cut off is put on again by whoever cut it off, whatever became of the case."""

import pytest

from console.actions.cases.doing import do_task, waive_task
from console.actions.cases.interim import lift_at_once
from console.actions.cases.late import sweep_deadlines
from console.actions.cases.open import open_case
from console.actions.staff.people import disable_user
from models.cases.cases import Case, CaseState
from models.cases.measures import Measure
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.permissions import Role
from models.refusals import Conflict
from tests.cases.core import at_agent, tasks
from tests.cases.orders import PROOF
from tests.cases.test_case_appeals import fresh
from tests.cases.test_interim import stopped
from tests.cases.test_lifted import SCOPE, decide, upheld, waiting
from tests.cases.world import (
    established,
    person,
    row,
)
from tests.channel.stories import licensed
from tests.conftest import Clock, Desks


def cut_off(desks: Desks, measure: Measure = Measure.SUSPEND_CARDS) -> tuple[Case, CaseTask]:
    """Stopped at once, and done by a colleague of the case's owner."""
    agent, _, _ = licensed(desks)
    place = at_agent(desks, agent.id, **SCOPE)
    case = stopped(desks, established(desks, open_case(desks.manager, place.ids)), measure)
    (task,) = tasks(desks, case.id)
    second = person(desks, "zhou.er", "CT-44", Role.CHANNEL_MANAGER)
    return case, do_task(second, task.id, "已停机", PROOF)


def test_whoever_cut_service_off_puts_it_on_again_within_a_working_day(
    desks: Desks, clock: Clock
) -> None:
    case, done = cut_off(desks)
    decide(desks, case, Measure.CORRECT)
    (task,) = tasks(desks, case.id, TaskKind.RESTORE)

    assert (task.state, task.target, task.assignee_id) == (
        TaskState.OPEN, "suspend_cards", done.done_by,
    )  # fmt: skip
    assert task.rule_version == "service_restoration/1"
    assert task.due_at > clock.at
    with pytest.raises(Conflict):
        waive_task(fresh(desks), task.id, "不用了")
    clock.pass_(days=4)
    sweep_deadlines(desks.house)
    assert row(desks, CaseTask, task.id).is_late


def test_service_is_put_on_again_though_an_appeal_has_ended_the_case(desks: Desks) -> None:
    case, _ = cut_off(desks)
    decide(desks, case, Measure.CORRECT, Measure.SUSPEND_CARDS)
    upheld(desks, case.id)
    (task,) = tasks(desks, case.id, TaskKind.RESTORE)
    assert row(desks, Case, case.id).state is CaseState.REVERSED
    assert task.state is TaskState.OPEN
    assert do_task(desks.manager, task.id, "已复机", PROOF).state is TaskState.DONE
    with pytest.raises(Conflict):
        do_task(desks.manager, task.id, "已复机", PROOF)


def test_nobody_restores_what_was_never_cut_off_or_stays_so(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    place = at_agent(desks, agent.id, **SCOPE)
    case = stopped(
        desks, established(desks, open_case(desks.manager, place.ids)), Measure.SUSPEND_CARDS
    )
    decide(desks, case, Measure.CORRECT)
    assert tasks(desks, case.id, TaskKind.RESTORE) == []


def test_what_a_graver_decision_keeps_cut_off_is_not_restored(desks: Desks) -> None:
    case, _ = cut_off(desks)
    decide(desks, case, Measure.CORRECT, Measure.SHUT_DOWN_CARDS)
    assert tasks(desks, case.id, TaskKind.RESTORE) == []


def test_it_falls_to_the_owner_where_whoever_did_it_is_gone(desks: Desks) -> None:
    case, done = cut_off(desks)
    assert done.done_by is not None
    disable_user(desks.house, done.done_by)
    decide(desks, case, Measure.CORRECT)
    (task,) = tasks(desks, case.id, TaskKind.RESTORE)

    assert task.assignee_id == desks.manager.actor.id
    assert "task_restore" in waiting(desks.manager, "task_restore")


def test_what_was_lifted_by_hand_is_done_anew_where_the_decision_orders_it(desks: Desks) -> None:
    case, done = cut_off(desks)
    stopped(desks, case, Measure.REMOVE_LISTINGS)
    both = (Measure.SUSPEND_CARDS, Measure.REMOVE_LISTINGS)
    lift_at_once(desks.approver, case.id, both, "暂缓")
    stopped(desks, case, Measure.REMOVE_LISTINGS)
    lift_at_once(desks.approver, case.id, both, "暂缓")
    assert {(one.kind, one.state) for one in tasks(desks, case.id)} == {
        (TaskKind.BY_HAND, TaskState.DONE),
        (TaskKind.NOTIFY_PLATFORM, TaskState.NOT_NEEDED),
        (TaskKind.RESTORE, TaskState.OPEN),
    }
    decide(desks, case, Measure.CORRECT, *both)

    assert {(one.kind, one.state) for one in tasks(desks, case.id)} == {
        (TaskKind.BY_HAND, TaskState.OPEN),
        (TaskKind.NOTIFY_PLATFORM, TaskState.OPEN),
        (TaskKind.RESTORE, TaskState.NOT_NEEDED),
    }
    assert row(desks, CaseTask, done.id).done_at is None
