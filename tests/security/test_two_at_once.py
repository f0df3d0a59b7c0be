"""What two people do at the same moment is done once; what one may not do alone stays undone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from console.actions.channel.agents import add_agent, submit_agent
from console.actions.channel.licences import approve_licence
from console.actions.channel.review import review_agent
from console.actions.staff.people import add_user, grant_role
from console.actions.staff.sign_in import actor_named
from console.desk import Desk, House
from models.channel.agents import AgentState
from models.permissions import Role
from models.refusals import Conflict, NotAllowed, Refusal
from models.staff import Door
from tests.channel.stories import admitted, deeds, form, pending, shop_of, submitted, with_papers
from tests.conftest import Desks


def both(*acts: Callable[[], object]) -> list[object]:
    """What came of acts begun at the same moment: a row, or the refusal."""

    def done(act: Callable[[], object]) -> object:
        try:
            return act()
        except Refusal as no:
            return no

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(done, acts))


def test_two_approvers_put_a_licence_in_force_once(desks: Desks, house: House) -> None:
    second = another_approver(desks, house)
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))

    came = both(
        lambda: approve_licence(desks.approver, licence.id),
        lambda: approve_licence(second, licence.id),
    )

    assert sum(isinstance(one, Conflict) for one in came) == 1
    assert deeds(desks.house).count("licence.approved") == 1


def another_approver(desks: Desks, house: House) -> Desk:
    user, _ = add_user(
        desks.admin, organisation="CT-44", login="second", name="second", elsewhere=True
    )
    grant_role(desks.security, user.id, Role.APPROVER)
    return house.desk(actor_named(house, "second", Door.CONSOLE))


def test_one_firm_applied_for_twice_at_once_is_one_application(desks: Desks) -> None:
    came = both(*[lambda: add_agent(desks.manager, form()) for _ in range(4)])

    assert sum(isinstance(one, Conflict) for one in came) == 3
    assert deeds(desks.house).count("agent.added") == 1


def test_who_holds_both_roles_still_does_not_review_their_own(desks: Desks, house: House) -> None:
    user, _ = add_user(desks.admin, organisation="CT-44", login="both", name="x", elsewhere=True)
    for role in (Role.CHANNEL_MANAGER, Role.APPROVER):
        grant_role(desks.security, user.id, role)
    console, door = (
        house.desk(actor_named(house, "both", one)) for one in (Door.CONSOLE, Door.CLI)
    )
    agent = submitted(console)

    with pytest.raises(NotAllowed, match="same_person"):
        review_agent(door, agent.id, passed=True)
    with_papers(console, agent)
    assert review_agent(desks.approver, agent.id, passed=True).state is AgentState.ELIGIBLE


def test_the_house_is_no_second_person_to_itself(desks: Desks) -> None:
    agent = add_agent(desks.house, form(), "CT-44")
    submit_agent(desks.house, agent.id)
    with pytest.raises(NotAllowed, match="same_person"):
        review_agent(desks.house, agent.id, passed=True)
