"""What is stopped at once, before the decision, and what becomes of it then (004-3.3-k)."""

import pytest

from console.actions.cases.boards import find_cases
from console.actions.cases.decide import approve, propose
from console.actions.cases.doing import settle_tasks
from console.actions.cases.interim import stop_at_once
from console.actions.cases.lists import case_record
from console.actions.cases.notices.answers import answer
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import open_case
from console.actions.channel.licences import suspend_licence
from models.cases.cases import Case, CaseState
from models.cases.measures import CaseMeasure, Measure, MeasureState
from models.cases.notices import AnswerOutcome
from models.cases.tasks import TaskKind, TaskState
from models.channel.licences import Licence, LicenceState
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound
from models.rules import FindingKind, Tier
from tests.cases.core import at_agent, tasks
from tests.cases.world import (
    PAPERS,
    PNG,
    REASON,
    REMEDY,
    established,
    measures_with,
    opened,
    proposal,
    proposed,
    row,
)
from tests.channel.stories import licensed
from tests.conftest import Desks

AT_ONCE = {"kind": FindingKind.SECONDARY_RESALE}


def stopped(desks: Desks, case: Case, *measures: Measure) -> Case:
    return stop_at_once(
        desks.manager, case.id, measures, reason=REASON, remedy=REMEDY, papers=PAPERS
    )


def states(desks: Desks, case: Case) -> dict[tuple[Measure, bool], MeasureState]:
    found = case_record(desks.manager, case.id).measures
    return {(one.measure, one.is_interim): one.state for one in found}


@pytest.mark.requirement("004-3.3-k")
def test_what_can_not_wait_is_stopped_before_the_decision_and_the_platform_is_told(
    desks: Desks,
) -> None:
    case = stopped(desks, established(desks, opened(desks, **AT_ONCE)), Measure.REMOVE_LISTINGS)
    (task,) = tasks(desks, case.id)
    with pytest.raises(NotFound):
        case_record(desks.platform, case.id)
    notice = send_notice(desks.manager, case.id)
    seen = case_record(desks.platform, case.id)
    answer(desks.platform, notice.id, AnswerOutcome.REMOVED, "已下架", [("a.png", PNG)])

    assert (task.kind, task.due_at) == (TaskKind.NOTIFY_PLATFORM, case.created_at)
    assert row(desks, Case, case.id).state is CaseState.INVESTIGATING
    assert [one.notice.id for one in seen.notices] == [notice.id]
    assert (seen.findings, seen.parties, seen.tasks) == ([], [], [])
    assert [one.id for one in find_cases(desks.platform).rows] == [case.id]
    assert find_cases(desks.other_platform).rows == []
    assert row(desks, type(task), task.id).state is TaskState.DONE
    assert row(desks, Shop, case.shop_id).state is ShopState.REMOVED


def test_the_decision_keeps_what_was_stopped_and_asks_nobody_twice(desks: Desks) -> None:
    case = stopped(desks, established(desks, opened(desks, **AT_ONCE)), Measure.REMOVE_LISTINGS)
    notice = send_notice(desks.manager, case.id)
    answer(desks.platform, notice.id, AnswerOutcome.REMOVED, "已下架", [("a.png", PNG)])
    propose(desks.manager, case.id, proposal(measures_with(desks, case, Measure.REMOVE_LISTINGS)))
    told = [(one.measure, one.is_interim) for one in case_record(desks.platform, case.id).measures]
    assert told == [(Measure.REMOVE_LISTINGS, True)]  # and nothing of what is only proposed
    approve(desks.approver, case.id)

    held = states(desks, case)
    assert held[Measure.REMOVE_LISTINGS, True] is not MeasureState.LIFTED
    assert held[Measure.REMOVE_LISTINGS, False] in {
        MeasureState.IN_FORCE, MeasureState.CARRIED_OUT,
    }  # fmt: skip
    (notified,) = tasks(desks, case.id, TaskKind.NOTIFY_PLATFORM)
    assert notified.state is TaskState.DONE


def test_a_graver_decision_is_put_to_the_platform_anew(desks: Desks) -> None:
    case = stopped(desks, established(desks, opened(desks, **AT_ONCE)), Measure.REMOVE_LISTINGS)
    first = send_notice(desks.manager, case.id)
    answer(desks.platform, first.id, AnswerOutcome.REMOVED, "已下架", [("a.png", PNG)])
    propose(desks.manager, case.id, proposal(measures_with(desks, case, Measure.STOP_SERVICE)))
    approve(desks.approver, case.id)
    (told,) = tasks(desks, case.id, TaskKind.NOTIFY_PLATFORM)
    second = send_notice(desks.manager, case.id)

    assert states(desks, case)[Measure.REMOVE_LISTINGS, True] is MeasureState.LIFTED
    assert (told.state, told.is_mandatory) == (TaskState.OPEN, True)
    assert second.number != first.number


def test_what_the_decision_does_not_keep_is_lifted_with_what_it_brought_about(
    desks: Desks,
) -> None:
    agent, licence, _ = licensed(desks)
    place = at_agent(desks, agent.id, kind=FindingKind.SCOPE_EXCEEDED, tier=Tier.GENERAL)
    case = stopped(
        desks,
        established(desks, open_case(desks.manager, place.ids)),
        Measure.SUSPEND_LICENCE,
        Measure.REMOVE_LISTINGS,
    )
    suspend_licence(desks.manager, licence.id, reason="立即制止", remedy=REMEDY)
    assert settle_tasks(desks.house) == 1
    propose(desks.manager, case.id, proposal([Measure.CORRECT]))
    approve(desks.approver, case.id)

    held = states(desks, case)
    assert held[Measure.SUSPEND_LICENCE, True] is MeasureState.LIFTED
    assert held[Measure.REMOVE_LISTINGS, True] is MeasureState.LIFTED
    assert row(desks, Licence, licence.id).state is LicenceState.ACTIVE
    assert {(one.kind, one.state) for one in tasks(desks, case.id)} == {
        (TaskKind.SUSPEND_LICENCE, TaskState.DONE),
        (TaskKind.NOTIFY_PLATFORM, TaskState.OPEN),
    }


def test_only_what_can_be_taken_back_is_ordered_at_once_and_once(desks: Desks) -> None:
    case = opened(desks, **AT_ONCE)
    for measures in ([], [Measure.BLACKLIST], [Measure.CANCEL_DELEGATION, Measure.CORRECT]):
        with pytest.raises(Invalid) as wrong:
            stopped(desks, case, *measures)
        assert wrong.value.code == "case.not_interim"
    with pytest.raises(Conflict) as nobody:
        stopped(desks, case, Measure.SUSPEND_LICENCE)
    stopped(desks, case, Measure.STOP_SERVICE)
    with pytest.raises(Conflict) as twice:
        stopped(desks, case, Measure.STOP_SERVICE)
    with pytest.raises(Conflict):
        stopped(desks, proposed(desks, shop_no=2), Measure.STOP_SERVICE)

    assert nobody.value.code == "case.measure_without_agent"
    assert twice.value.code == "case.held_already"
    with desks.house.begin(Permission.CASE_READ) as work:
        (measure,) = work.all(work.select(CaseMeasure).where(CaseMeasure.case_id == case.id))
    assert (measure.reason, measure.remedy, measure.papers) == (REASON, REMEDY, PAPERS)
