"""The queue of applications: by due date, with a warning at three working days of five."""

from datetime import date

import pytest

from console.actions.channel.admission import (
    QueuePart,
    admission_queue,
    queue_ages,
    queue_counts,
)
from console.actions.channel.papers import PaperForm, add_paper
from console.actions.channel.review import review_agent
from console.actions.waiting import WorkState
from console.actions.work import work_items
from models.channel.agents import AgentReason
from models.channel.papers import PaperKind
from tests.channel.stories import PDF, admitted, submitted
from tests.conftest import Clock, Desks

Q = QueuePart


@pytest.mark.requirement("000-5.2-b", "001-10")
def test_reviews_are_warned_of_at_three_working_days_and_late_after_five(
    desks: Desks, clock: Clock
) -> None:
    agent = submitted(desks.manager)  # Monday

    def kinds() -> list[str]:
        return [item.kind for item in work_items(desks.approver) if item.id == agent.id]

    assert kinds() == ["agent_review"]
    clock.pass_(days=3)  # Thursday: its third day is not over
    assert [one.id for one in admission_queue(desks.approver, Q.SOON).rows] == []
    clock.pass_(days=1)
    assert [one.id for one in admission_queue(desks.approver, Q.SOON).rows] == [agent.id]
    assert kinds() == ["agent_review_soon"]
    clock.pass_(days=4)
    assert [one.id for one in admission_queue(desks.approver, Q.OVERDUE).rows] == [agent.id]
    assert admission_queue(desks.approver, Q.SOON).rows == []
    (item,) = [item for item in work_items(desks.approver) if item.id == agent.id]
    assert item.state is WorkState.OVERDUE


def test_the_queue_stands_by_due_date_and_tells_whose_turn_it_is(
    desks: Desks, clock: Clock
) -> None:
    first = submitted(desks.manager, 1)
    clock.pass_(days=1)
    second = submitted(desks.manager, 2)
    submitted(desks.other_manager, 3)
    back = submitted(desks.manager, 4, uscc="123")
    rows = admission_queue(desks.approver, Q.TO_REVIEW).rows
    assert [one.id for one in rows] == [first.id, second.id]
    review_agent(desks.approver, second.id, passed=False, reasons=[AgentReason.FALSE_MATERIAL])
    assert dict(queue_counts(desks.approver)) == {
        Q.TO_REVIEW: 1, Q.OVERDUE: 0, Q.SOON: 0, Q.SECOND: 1, Q.OWN: 0, Q.CORRECTION: 1,
    }  # fmt: skip
    assert queue_counts(desks.manager)[Q.OWN] == 2
    assert [one.id for one in admission_queue(desks.manager, Q.CORRECTION).rows] == [back.id]
    assert dict(queue_ages(desks.approver)) == {1: 1, 3: 1, 5: 0, 10: 0, 0: 0}
    clock.pass_(days=30)
    assert dict(queue_ages(desks.approver)) == {1: 0, 3: 0, 5: 0, 10: 0, 0: 2}


@pytest.mark.requirement("004-3.1-b")
def test_business_licences_are_looked_at_again_and_told_before_they_end(
    desks: Desks, clock: Clock
) -> None:
    agent = admitted(desks)
    form = PaperForm(PaperKind.BUSINESS_LICENCE, valid_until=date(2026, 4, 30))
    add_paper(desks.manager, agent.id, form, "执照.pdf", PDF)

    def told() -> list[tuple[str, WorkState]]:
        return [(i.kind, i.state) for i in work_items(desks.manager) if i.id == agent.id]

    assert told() == [("agent_licence_ends_60", WorkState.WAITING)]
    clock.pass_(days=35)
    assert told() == [("agent_licence_ends_30", WorkState.DUE)]
    clock.pass_(days=20)
    assert told() == [("agent_licence_ends_7", WorkState.DUE)]
    clock.pass_(days=5)
    assert told() == [("agent_licence_over", WorkState.OVERDUE)]
    renewed = PaperForm(PaperKind.BUSINESS_LICENCE, valid_until=date(2036, 4, 30))
    add_paper(desks.manager, agent.id, renewed, "新执照.pdf", PDF)
    assert told() == []
    clock.pass_(days=181)
    assert told() == [("agent_recheck", WorkState.OVERDUE)]
