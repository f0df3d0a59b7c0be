"""Cases about the same matter go on as one, and stand alone again as they stood."""

from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from console.actions.cases.authorities.kept import Brought
from console.actions.cases.decide import approve, propose
from console.actions.cases.doing import do_task
from console.actions.cases.interim import stop_at_once
from console.actions.cases.lists import case_record, overdue
from console.actions.cases.merging import merge_cases, unmerge
from console.actions.cases.notices.answers import answer
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import open_case
from console.actions.cases.parties import hear_party
from models.cases.cases import Case, CaseState
from models.cases.measures import CaseMeasure, Measure
from models.cases.notices import AnswerOutcome, Notice
from models.cases.parties import CaseParty
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop, ShopState
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from tests.cases.core import case_of, deeds_of, kept, tasks
from tests.cases.world import (
    PAPERS,
    PNG,
    REASON,
    REMEDY,
    all_else_proven,
    established,
    found,
    looked_at,
    measures_with,
    opened,
    person,
    proposal,
    proposed,
    removed,
    row,
    sent,
)
from tests.conftest import Clock, Desks

PAPER = Brought("办理结果.png", PNG)
WHY = "同一经营者"
ALL = (Case, CaseTask, CaseMeasure, CaseParty, Finding, Notice, Shop)


def test_merged_cases_are_decided_and_closed_as_one(desks: Desks, clock: Clock) -> None:
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)
    main = established(desks, opened(desks, kind=FindingKind.NO_DELEGATION))
    other = opened(desks, shop_no=2, kind=FindingKind.MANUAL_ENTRY, tier=Tier.GENERAL)
    merge_cases(desks.manager, main.id, [other.id], WHY)
    alone = [*measures_with(desks, main, Measure.REMOVE_SHOP), Measure.CORRECT]
    assert Measure.RETRAIN in alone
    with pytest.raises(Conflict) as unheard:
        propose(desks.manager, main.id, proposal(alone))
    hear_party(desks.manager, case_record(desks.manager, other.id).parties[0].id, "承认")
    with pytest.raises(Conflict) as weak:
        propose(desks.manager, main.id, proposal([m for m in alone if m is not Measure.RETRAIN]))
    propose(desks.manager, main.id, proposal(alone))
    approve(desks.approver, main.id)
    removed(desks, send_notice(desks.manager, main.id))
    all_else_proven(desks, main.id)
    closed = looked_at(second, clock, main.id)

    assert unheard.value.code == "case.party_not_heard"
    assert weak.value.code == "case.measure_too_weak"
    assert closed.state is CaseState.CLOSED
    (finding,) = case_record(desks.manager, other.id).findings
    assert finding.state is FindingState.CLOSED
    assert [one.id for one in case_record(desks.manager, main.id).linked] == [other.id]
    assert overdue(desks.manager).cases == []
    with pytest.raises(Conflict) as over:
        unmerge(desks.manager, other.id, "误并")
    assert over.value.code == "case_merge.main_over"


def test_a_merged_case_is_not_worked_on_alone_and_its_shop_gets_no_second_case(
    desks: Desks,
) -> None:
    main, other = opened(desks), found(desks, shop_no=2, findings=2)
    case = open_case(desks.manager, other.ids[:1])
    merge_cases(desks.manager, main.id, [case.id], WHY)
    with pytest.raises(Conflict) as merged:
        propose(desks.manager, case.id, proposal([Measure.REMOVE_SHOP]))
    with pytest.raises(Conflict) as again:
        open_case(desks.manager, other.ids[1:])

    assert merged.value.code == "case.merged"
    assert again.value.facts["reference"] == main.reference
    assert [one.deed for one in deeds_of(desks.manager, case)][-1] == "case.merged"
    back = unmerge(desks.manager, case.id, "不是同一人")
    assert (back.state, back.merged_into_id) == (CaseState.INVESTIGATING, None)


def test_open_tasks_go_along_and_come_back(desks: Desks) -> None:
    main = opened(desks)
    other = established(desks, opened(desks, shop_no=2, kind=FindingKind.SECONDARY_RESALE))
    stop_at_once(
        desks.manager, other.id, [Measure.REMOVE_LISTINGS, Measure.SUSPEND_CARDS],
        reason=REASON, remedy=REMEDY, papers=PAPERS,
    )  # fmt: skip
    merge_cases(desks.manager, main.id, [other.id], WHY)
    along = tasks(desks, main.id)
    assert [(one.kind, one.origin_id) for one in along] == [
        (TaskKind.NOTIFY_PLATFORM, other.id), (TaskKind.BY_HAND, other.id),
    ]  # fmt: skip
    notice = send_notice(desks.manager, other.id)
    answer(desks.platform, notice.id, AnswerOutcome.REMOVED, "已下架", [("a.png", PNG)])
    do_task(desks.manager, along[1].id, "已停机", PAPER)
    assert {one.state for one in tasks(desks, main.id)} == {TaskState.DONE}
    unmerge(desks.manager, other.id, "不是同一人")

    assert tasks(desks, main.id) == []
    assert {one.state for one in tasks(desks, other.id)} == {TaskState.DONE}


def test_an_executing_case_waits_for_what_came_along_and_no_longer_when_it_leaves(
    desks: Desks,
) -> None:
    main = sent(desks)
    assert main.case_id is not None
    other = sent(desks, shop_no=2)
    merge_cases(desks.manager, main.case_id, [str(other.case_id)], WHY)
    removed(desks, main)
    all_else_proven(desks, main.case_id)
    waiting = tasks(desks, main.case_id, TaskKind.NOTIFY_PLATFORM)
    assert [one.state for one in waiting] == [TaskState.DONE, TaskState.OPEN]
    assert case_of(desks, main.case_id).state is CaseState.EXECUTING
    assert row(desks, Shop, case_of(desks, main.case_id).shop_id).state is ShopState.REMOVED
    unmerge(desks.manager, str(other.case_id), "不是同一人")

    assert case_of(desks, main.case_id).state is CaseState.WAITING_RECHECK
    assert other.case_id is not None
    assert case_of(desks, other.case_id).state is CaseState.EXECUTING
    removed(desks, other)
    assert case_of(desks, other.case_id).state is CaseState.WAITING_RECHECK


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_fitting_cases_are_merged(desks: Desks) -> None:
    serious = opened(desks)
    minor = opened(desks, shop_no=2, kind=FindingKind.BADGE_MISSING, tier=Tier.MINOR)
    third = opened(desks, shop_no=3)
    reasons: list[tuple[Any, str]] = [
        (lambda: merge_cases(desks.manager, minor.id, [serious.id], WHY), "case_merge.graver"),
        (lambda: merge_cases(desks.manager, serious.id, [serious.id], WHY), "case_merge.choose"),
        (lambda: merge_cases(desks.manager, serious.id, [third.id], " "), "case.words_needed"),
        (lambda: unmerge(desks.manager, third.id, WHY), "case_merge.not_merged"),
    ]
    for act, code in reasons:
        with pytest.raises((Conflict, Invalid)) as no:
            act()
        assert no.value.code == code
    for stranger in (desks.other_manager, desks.platform):
        with pytest.raises((NotFound, NotAllowed)):
            merge_cases(stranger, serious.id, [third.id], WHY)
    merge_cases(desks.manager, serious.id, [minor.id], WHY)
    with pytest.raises(Conflict) as has_others:
        merge_cases(desks.manager, third.id, [serious.id], WHY)
    with pytest.raises(Conflict) as twice:
        merge_cases(desks.manager, third.id, [minor.id], WHY)
    assert (has_others.value.code, twice.value.code) == ("case_merge.has_others", "case.merged")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_decided_case_takes_in_nothing_that_wants_more_than_was_decided(desks: Desks) -> None:
    main = sent(desks, kind=FindingKind.NO_BUSINESS_LICENCE, measure=Measure.STOP_SERVICE)
    other = opened(desks, shop_no=2, kind=FindingKind.MANUAL_ENTRY, tier=Tier.GENERAL)
    with pytest.raises(Conflict) as no:
        merge_cases(desks.manager, str(main.case_id), [other.id], WHY)
    assert no.value.code == "case.measure_too_weak"
    assert case_of(desks, other.id).merged_into_id is None


STEPS = (opened, proposed, sent)
numbers = count(100)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
@settings(
    max_examples=6,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(main=st.sampled_from(STEPS), others=st.lists(st.sampled_from(STEPS), min_size=1, max_size=3))
def test_what_was_merged_and_taken_out_again_is_as_it_was(
    desks: Desks,
    main: Any,  # noqa: ANN401 - a step of the world
    others: list[Any],
) -> None:
    def case_at(step: Any) -> UUID:  # noqa: ANN401
        kind = FindingKind.SCOPE_EXCEEDED
        more = {} if step is opened else {"measure": Measure.CORRECT}
        made = step(desks, shop_no=next(numbers), kind=kind, tier=Tier.GENERAL, **more)
        case_id = made.case_id if isinstance(made, Notice) else made.id
        assert isinstance(case_id, UUID)
        return case_id

    main_id, other_ids = case_at(main), [case_at(one) for one in others]
    before = kept(desks, *ALL)
    merge_cases(desks.manager, main_id, other_ids, WHY)
    assert {case_of(desks, one).merged_into_id for one in other_ids} == {main_id}
    for one in other_ids:
        unmerge(desks.manager, one, "误并")

    assert kept(desks, *ALL) == before
