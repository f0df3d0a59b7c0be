"""What of the channel stands on whose work list, and since when."""

from datetime import date, timedelta

import pytest

from console.actions.channel.agents import edit_agent
from console.actions.channel.badges import list_badges, mark_copied, reissue_badge
from console.actions.channel.licences import (
    approve_licence,
    resume_licence,
    return_licence,
    revoke_licence,
    submit_licence,
    suspend_licence,
)
from console.actions.channel.publish import prepare_publication, publish
from console.actions.channel.review import blacklist_agent, review_agent
from console.actions.staff.people import add_user
from console.actions.staff.sign_in import actor_named
from console.actions.waiting import WorkItem, WorkState
from console.actions.work import work_items
from console.desk import Desk
from console.i18n import Language, texts
from models.channel.agents import AgentReason
from models.channel.licences import EXPIRY_WARNINGS
from models.permissions import Permission, Role
from models.staff import Door, UserRole
from tests.channel.stories import (
    admitted,
    form,
    licensed,
    pending,
    shop_of,
    submitted,
    with_papers,
)
from tests.channel.test_sweeps import left_unsigned
from tests.conftest import Clock, Desks

OVERDUE, WARNING, DUE, WAITING = WorkState


@pytest.fixture
def second(desks: Desks) -> Desk:
    """Another approver of the same carrier."""
    user, _ = add_user(
        desks.house, organisation="CT-44", login="he.ping", name="he.ping", elsewhere=True
    )
    with desks.house.begin(Permission.STAFF_GRANT) as work:
        work.session.add(
            UserRole(user_id=user.id, role=Role.APPROVER, granted_at=work.at, granted_by="house")
        )
        work.record("staff.role_granted", user)
    return desks.house.house.desk(actor_named(desks.house.house, "he.ping", Door.CONSOLE))


def waits(desk: Desk) -> dict[str, WorkItem]:
    """What is on the list, without what other areas put there."""
    return {
        item.kind: item
        for item in work_items(desk)
        if item.page in {"agents", "licences", "badges", "publications"}
    }


def test_a_review_waits_for_an_approver_until_it_is_late(desks: Desks, clock: Clock) -> None:
    agent = submitted(desks.manager)
    found = waits(desks.approver)
    assert list(found) == ["agent_review"]
    assert (found["agent_review"].state, found["agent_review"].id) == (DUE, agent.id)
    for other in (desks.manager, desks.other_approver, desks.regulator, desks.platform):
        assert waits(other) == {}

    clock.pass_(days=10)
    assert waits(desks.approver)["agent_review"].state is OVERDUE


def test_nobody_is_asked_to_review_their_own_application(desks: Desks) -> None:
    with desks.house.begin(Permission.STAFF_GRANT) as work:
        assert desks.manager.actor.id is not None
        work.session.add(
            UserRole(
                user_id=desks.manager.actor.id,
                role=Role.APPROVER,
                granted_at=work.at,
                granted_by="house",
            )
        )
        work.no_deed()
    both = desks.house.house.desk(actor_named(desks.house.house, "chen.ming", Door.CONSOLE))
    agent = submitted(both)
    assert waits(both) == {}
    with_papers(desks.manager, agent)
    review_agent(desks.approver, agent.id, passed=True)
    licence = pending(desks, agent, shop_of(both, agent))
    assert licence.number not in [item.title for item in waits(both).values()]
    assert waits(desks.approver)["licence_approve"].id == licence.id


def test_an_application_that_came_back_waits_for_the_manager(desks: Desks) -> None:
    agent = submitted(desks.manager, uscc=form().uscc[:-1] + "?")
    item = waits(desks.manager)["agent_correct"]
    assert (item.id, item.state, item.due) == (agent.id, DUE, agent.review_due_at)
    edit_agent(desks.manager, agent.id, form())
    assert "agent_correct" not in waits(desks.approver)


def test_what_one_approver_asked_for_waits_for_another(desks: Desks, second: Desk) -> None:
    agent = submitted(desks.manager)
    review_agent(desks.approver, agent.id, passed=False, reasons=[AgentReason.FALSE_MATERIAL])
    assert waits(desks.approver) == {}
    assert list(waits(second)) == ["agent_refuse_second"]
    assert waits(second)["agent_refuse_second"].state is DUE

    licensed_agent, licence, _ = licensed(desks, 2)
    revoke_licence(desks.approver, licence.id, reason="转卖", remedy="申诉")
    assert "licence_revoke_second" not in waits(desks.approver)
    assert waits(second)["licence_revoke_second"].id == licence.id

    blacklist_agent(desks.approver, licensed_agent.id, reason="转卖", source="案件")
    assert "agent_blacklist_second" not in waits(desks.approver)
    assert waits(second)["agent_blacklist_second"].id == licensed_agent.id
    blacklist_agent(second, licensed_agent.id, reason="转卖", source="案件")
    assert waits(desks.manager).keys() <= {"list_none"}


def test_a_returned_licence_waits_for_the_manager_until_it_is_handed_in(desks: Desks) -> None:
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))
    return_licence(desks.approver, licence.id, reason="省份不符")
    assert waits(desks.manager)["licence_mend"].id == licence.id
    assert waits(desks.approver) == {}
    submit_licence(desks.manager, licence.id)
    assert waits(desks.manager) == {}


def test_a_licence_that_runs_out_is_told_at_sixty_thirty_and_seven_days(
    desks: Desks, clock: Clock
) -> None:
    _, licence, _ = licensed(desks)
    publish(desks.approver, prepare_publication(desks.manager).id)
    ends = licence.ends_on - date(2026, 3, 2)
    seen: dict[str, WorkState] = {}
    for left in (61, 60, 31, 30, 8, 7, 0):
        clock.at += ends - timedelta(days=left) - (clock.at.date() - date(2026, 3, 2))
        found = [item for kind, item in waits(desks.manager).items() if "ends" in kind]
        assert len(found) == (left <= 60), left
        seen |= {f"{left}:{item.kind}": item.state for item in found}
    assert seen == {
        "60:licence_ends_60": WAITING,
        "31:licence_ends_60": WAITING,
        "30:licence_ends_30": DUE,
        "8:licence_ends_30": DUE,
        "7:licence_ends_7": DUE,
        "0:licence_ends_7": WARNING,
    }


def test_a_licence_that_is_followed_by_another_is_not_told(desks: Desks, clock: Clock) -> None:
    agent, _, shops = licensed(desks)
    clock.pass_(days=340)
    assert "licence_ends_30" in waits(desks.manager)
    pending(desks, agent, *shops, begins_on=date(2027, 2, 1), ends_on=date(2028, 2, 28))
    assert "licence_ends_30" not in waits(desks.manager)


def test_a_list_waits_to_be_made_put_out_and_renewed(desks: Desks, clock: Clock) -> None:
    licensed(desks)
    assert waits(desks.manager)["list_none"].state is WAITING
    edition = prepare_publication(desks.manager)
    assert waits(desks.manager)["list_ready"].id == edition.id
    publish(desks.approver, edition.id)
    assert waits(desks.manager) == {}
    clock.pass_(days=6)
    assert waits(desks.manager)["list_due"].state is WARNING
    clock.pass_(days=2)
    assert waits(desks.manager)["list_stale"].state is OVERDUE
    assert waits(desks.other_manager) == {}


def test_a_badge_that_is_not_signed_or_copied_is_told(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_unsigned(desks, monkeypatch)
    assert "badge_stuck" not in waits(desks.manager)
    clock.pass_(minutes=11)
    badge = list_badges(desks.manager).rows[0]
    assert waits(desks.manager)["badge_stuck"].id == badge.id

    suspend_licence(desks.manager, badge.licence_id, reason="未亮照", remedy="申诉")
    assert "badge_stuck" not in waits(desks.manager)
    resume_licence(desks.approver, badge.licence_id, proof="合格")
    mark_copied(desks.manager, badge.id, seen_at="https://lanhai.example/shop/666")
    assert waits(desks.manager)["badge_replace"].id == badge.id
    new = reissue_badge(desks.manager, badge.id)
    assert new.id != badge.id
    assert "badge_replace" not in waits(desks.manager)


def test_every_kind_of_work_has_words() -> None:
    days = {f"work.licence_ends_{warning.days}" for warning in EXPIRY_WARNINGS}
    assert days <= set(texts(Language.ZH))


def test_an_approved_licence_leaves_the_list(desks: Desks) -> None:
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))
    assert waits(desks.approver)["licence_approve"].state is DUE
    approve_licence(desks.approver, licence.id)
    assert waits(desks.approver) == {}
