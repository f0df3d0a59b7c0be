"""What of cases waits for whom: exactly those who would not be refused, and nobody else."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from console.actions.cases.assigning import assign_case
from console.actions.cases.decide import approve, propose
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import open_case
from console.actions.cases.recheck import recheck
from console.actions.cases.tiers import decide_tier, lower_tier
from console.actions.cases.waiting import APPROVERS, CASE_SOURCES, NEEDED
from console.actions.waiting import WorkItem, WorkState
from console.actions.work import work_counts, work_items
from console.desk import Desk
from models.cases.cases import Case, CaseState
from models.cases.measures import Measure
from models.cases.notices import AnswerOutcome
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.permissions import Permission, Role
from models.refusals import Refusal
from models.rules import FindingKind, Tier
from models.staff import User
from tests.cases import world
from tests.conftest import Clock, Desks

GENERAL: Mapping[str, Any] = {
    "kind": FindingKind.SCOPE_EXCEEDED, "tier": Tier.GENERAL,
}  # fmt: skip


class Undone(Exception):
    """All of a use case went through, and nothing of it is kept."""


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], bool]:
    """Whether a use case would go through; it leaves no trace."""
    commit = Session.commit

    def undo(self: Any) -> None:  # noqa: ANN401
        if self.info.get("changed"):
            raise Undone
        commit(self)

    def would(act: Callable[[], object]) -> bool:
        with monkeypatch.context() as patched:
            patched.setattr(Session, "commit", undo)
            try:
                act()
            except Undone:
                return True
            except Refusal:
                return False
        raise AssertionError("nothing was changed")

    return would


@dataclass(frozen=True)
class People:
    """Everybody of the story, and more of those who could act."""

    all: Mapping[str, Desk]

    @classmethod
    def of(cls, desks: Desks) -> "People":
        own = {one.name: getattr(desks, one.name) for one in fields(desks) if one.name != "house"}
        more = {
            "manager_2": world.person(desks, "manager.2", "CT-44", Role.CHANNEL_MANAGER),
            "approver_2": world.person(desks, "approver.2", "CT-44", Role.APPROVER),
            "group_manager": world.person(desks, "group", "CT", Role.CHANNEL_MANAGER),
        }
        return cls(own | more)

    def who_get(self, kind: str, case_id: UUID) -> set[str]:
        return {
            name
            for name, desk in self.all.items()
            for item in own_items(desk)
            if (item.kind, item.id) == (kind, case_id)
        }

    def who_may(self, would: Callable[[Callable[[], object]], bool],
                act: Callable[[Desk], object]) -> set[str]:  # fmt: skip
        return {name for name, desk in self.all.items() if would(lambda d=desk: act(d))}


def own_items(desk: Desk) -> Iterator[WorkItem]:
    return (item for source in CASE_SOURCES for item in source(desk))


def unowned(desks: Desks) -> Case:
    return open_case(desks.manager, world.found(desks).ids, unowned=True)


def general(desks: Desks) -> Case:
    return world.proposed(desks, Measure.CORRECT, **GENERAL)


def lowered(desks: Desks) -> Case:
    case = world.proposed(desks)
    return lower_tier(desks.approver, case.id, Tier.GENERAL, "情节较轻")


def waiting(desks: Desks) -> Case:
    notice = world.sent(desks)
    world.removed(desks, notice)
    assert notice.case_id is not None
    world.all_else_proven(desks, notice.case_id)
    return world.row(desks, Case, notice.case_id)


SHARED: Mapping[str, tuple[Callable[[Desks], Case], Callable[[Desk, Case, Desks], object]]] = {
    "case_assign": (unowned, lambda d, c, all_: assign_case(d, c.id, str(all_.manager.actor.id))),
    "case_approve": (world.proposed, lambda d, c, _: approve(d, c.id)),
    "case_approve of a general one": (general, lambda d, c, _: approve(d, c.id)),
    "case_approve while its tier waits": (lowered, lambda d, c, _: approve(d, c.id)),
    "case_tier": (lowered, lambda d, c, _: decide_tier(d, c.id, granted=True, reason="同意")),
    "case_recheck": (waiting, lambda d, c, _: recheck(d, c.id, clean=True, reason="未再发现")),
}


@pytest.mark.parametrize("step", SHARED)
def test_a_step_that_is_nobodys_by_name_waits_for_everybody_who_may_take_it(
    desks: Desks, step: str, tried: Callable[[Callable[[], object]], bool]
) -> None:
    people, (story, act) = People.of(desks), SHARED[step]
    case = story(desks)
    kind = step.split(maxsplit=1)[0]

    may = people.who_may(tried, lambda desk: act(desk, case, desks))

    assert people.who_get(kind, case.id) == may
    assert bool(may) is ("while" not in step)


NAMED: Mapping[str, tuple[Callable[[Desks], Case], Callable[[Desk, Case, Desks], object]]] = {
    "case_propose": (
        lambda desks: world.established(desks, world.opened(desks)),
        lambda d, c, all_: propose(d, c.id, world.proposal(
            world.measures_with(all_, c, Measure.REMOVE_SHOP))),
    ),
    "case_send": (world.decided, lambda d, c, _: send_notice(d, c.id)),
}  # fmt: skip


@pytest.mark.parametrize("kind", NAMED)
def test_a_step_of_the_owner_waits_for_the_owner_alone_and_is_not_refused(
    desks: Desks, kind: str, tried: Callable[[Callable[[], object]], bool]
) -> None:
    people, (story, act) = People.of(desks), NAMED[kind]
    case = story(desks)

    assert people.who_get(kind, case.id) == {"manager"}
    assert "manager" in people.who_may(tried, lambda desk: act(desk, case, desks))


STEPS: Mapping[CaseState, set[str]] = {
    CaseState.OPENED: {"case_assign"},
    CaseState.INVESTIGATING: {"case_propose", "case_send"},
    CaseState.DECISION_PROPOSED: {"case_approve", "case_send"},
    CaseState.DECIDED: {"case_send"},
    CaseState.EXECUTING: {"case_send"},
}
STOPPED = {CaseState.CLOSED, CaseState.REVERSED, CaseState.APPEALED}


def test_in_no_state_does_a_step_wait_that_the_state_does_not_have(desks: Desks) -> None:
    case = world.decided(desks)
    for state in CaseState:
        with desks.house.begin(Permission.CASE_OPEN) as work:
            row = work.get(Case, case.id)
            row.state = state
            row.owner_id = None if state is CaseState.OPENED else desks.manager.actor.id
            work.no_deed()
        found = {
            item.kind
            for name in ("manager", "approver", "other_approver", "platform", "inspector")
            for item in own_items(getattr(desks, name))
        }
        assert {one for one in found if one.startswith("case_")} == STEPS.get(state, set()), state
        assert any(one.startswith("task_") for one in found) is (state not in STOPPED), state


def test_a_task_waits_for_whom_it_was_given_to_or_for_all_who_alone_may_do_it(
    desks: Desks,
) -> None:
    people, case = People.of(desks), world.decided(desks)
    with desks.house.begin(Permission.CASE_OPEN) as work:
        for task in work.session.exec(select(CaseTask)).all():
            task.state = TaskState.DONE
        for kind in TaskKind:
            work.add(
                CaseTask(
                    case_id=case.id, organisation_id=case.organisation_id, kind=kind,
                    assignee_id=desks.manager.actor.id, due_at=work.at, target="elsewhere",
                )
            )  # fmt: skip
        work.no_deed()
    got: dict[str, set[str]] = {}
    for name, desk in people.all.items():
        for item in own_items(desk):
            got.setdefault(item.kind, set()).add(name)

    for kind in TaskKind:
        own = {"approver", "approver_2"} if kind in APPROVERS else {"manager"}
        assert got[f"task_{kind.value}"] == own, kind
        assert all(people.all[name].actor.may(NEEDED[kind]) for name in own)


def test_a_platform_that_was_told_and_has_not_acted_is_told_again(desks: Desks) -> None:
    notice = world.sent(desks)
    assert {item.kind for item in own_items(desks.manager)} & {"case_send", "case_again"} == set()

    world.answer(desks.platform, notice.id, AnswerOutcome.KEPT, "商家称已有委托")
    assert [item.kind for item in own_items(desks.manager) if item.kind.startswith("case_")] == [
        "case_again"
    ]


def test_the_second_look_waits_until_it_may_be_made(desks: Desks, clock: Clock) -> None:
    case = waiting(desks)
    third = world.person(desks, "third", "CT-44", Role.APPROVER)
    recheck(third, case.id, clean=True, reason="未再发现")

    def told() -> list[WorkItem]:
        return [item for item in own_items(third) if item.kind == "case_recheck"]

    assert told() == []
    clock.pass_(days=24)
    (item,) = told()
    assert item.due is not None
    recheck(third, case.id, clean=True, reason="未再发现")
    assert told() == []


def test_a_case_whose_owner_has_left_is_handed_over(desks: Desks) -> None:
    case = world.opened(desks)
    second = world.person(desks, "second", "CT-44", Role.CHANNEL_MANAGER)
    with desks.house.begin(Permission.STAFF_EDIT) as work:
        work.session.get_one(User, case.owner_id).disabled_at = work.at
        work.no_deed()

    for desk in (second, desks.approver):
        assert ("case_reassign", case.id) in {(one.kind, one.id) for one in own_items(desk)}
    assign_case(desks.approver, case.id, second.actor.id or "")
    assert "case_reassign" not in {one.kind for one in own_items(second)}
    assert ("case_propose", case.id) in {(one.kind, one.id) for one in own_items(second)}


def test_an_item_is_due_then_due_soon_then_late(desks: Desks, clock: Clock) -> None:
    case = world.opened(desks)
    assert case.due_at is not None

    def state() -> WorkState:
        (found,) = [one for one in work_items(desks.manager) if one.id == case.id]
        return found.state

    assert state() is WorkState.DUE
    clock.at = case.due_at - timedelta(days=1)
    assert state() is WorkState.WARNING
    clock.at = case.due_at + timedelta(seconds=1)
    assert state() is WorkState.OVERDUE


def test_what_waits_is_counted_no_further_than_it_is_listed(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(3):
        world.opened(desks, shop_no=9001 + at)
    monkeypatch.setattr("console.actions.cases.waiting.MOST_ALIKE", 2)
    monkeypatch.setattr("console.actions.work.MOST_ALIKE", 2)
    (found,) = [one for one in work_counts(desks.manager) if one.kind == "case_propose"]
    assert (found.count, found.is_more, found.state) == (2, True, WorkState.DUE)


def test_nobody_elses_cases_wait_for_anybody(desks: Desks) -> None:
    world.proposed(desks)
    with suppress(Refusal):
        assert list(own_items(desks.other_manager)) == []
        assert list(own_items(desks.other_approver)) == []
    with desks.other_approver.begin(Permission.CASE_READ) as work:
        assert work.all(work.select(Case).order_by(col(Case.id))) == []
