"""Notices of many cases by one command: nothing is lost, and nothing is sent twice."""

from dataclasses import replace

import pytest

from console.actions.cases.decide import approve, propose
from console.actions.cases.notices.sending import platforms_to_tell, send_notice, send_notices
from console.actions.cases.open import open_case
from console.actions.cases.previews import where_to_send
from models.cases.cases import Case
from models.cases.measures import Measure
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from tests.cases.core import at_agent
from tests.cases.world import decided, established, measures_with, opened, proposal
from tests.channel.stories import licensed
from tests.conftest import Desks


def test_many_cases_are_sent_each_for_itself(desks: Desks) -> None:
    good = [decided(desks, shop_no=no) for no in (1, 2, 3)]
    early = opened(desks, shop_no=4)
    told: list[tuple[int, int]] = []
    keyed = desks.manager.keyed("bulk-1", "x")
    asked = [good[0].id, early.id, good[1].id, good[2].id, good[0].id]
    first = send_notices(keyed, asked, lambda done, of: told.append((done, of)))
    again = send_notices(replace(desks.manager).keyed("bulk-1", "x"), asked)

    assert [one.notice is not None for one in first] == [True, False, True, True]
    assert first[1].refusal is not None
    assert first[1].refusal.code == "notice.not_decided"
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [one.notice and one.notice.id for one in again] == [
        one.notice and one.notice.id for one in first
    ]
    with pytest.raises(NotAllowed):
        send_notices(desks.platform, asked)
    with pytest.raises(Invalid):
        send_notices(desks.manager, [])


def on_two_platforms(desks: Desks) -> Case:
    """Decided, against an agent that has a shop elsewhere too."""
    agent, _, _ = licensed(desks)
    with desks.house.begin(Permission.BADGE_ISSUE) as work:
        work.add(
            AuthorisedShop(
                carrier_id=agent.carrier_id, agent_id=agent.id, platform="honghai",
                shop_key="shop:9", name="分店", province="44", created_at=work.at,
            )
        )  # fmt: skip
        work.no_deed()
    case = established(desks, open_case(desks.manager, at_agent(desks, agent.id).ids))
    propose(desks.manager, case.id, proposal(measures_with(desks, case, Measure.REMOVE_SHOP)))
    return approve(desks.approver, case.id)


@pytest.mark.requirement("004-3.3-f")
def test_every_platform_where_the_agent_has_a_shop_is_told(desks: Desks) -> None:
    case = on_two_platforms(desks)
    assert list(platforms_to_tell(desks.manager, case.id)) == ["lanhai", "honghai"]
    own = send_notice(desks.manager, case.id)
    assert list(platforms_to_tell(desks.manager, case.id)) == ["honghai"]
    assert where_to_send(desks.manager, [case.id])[case.id] == ["红海商城"]
    keyed = [replace(desks.manager).keyed("bulk-2", "x") for _ in range(2)]
    sent, again = (send_notices(desk, [case.id]) for desk in keyed)

    assert own.platform == "lanhai"
    assert [one.notice and one.notice.platform for one in sent] == ["honghai"]
    assert [one.notice and one.notice.id for one in again] == [
        one.notice and one.notice.id for one in sent
    ]
    (none_left,) = send_notices(desks.manager, [case.id])
    assert isinstance(none_left.refusal, Conflict)
    assert none_left.refusal.code == "notice.under_way"
    assert isinstance(where_to_send(desks.manager, [case.id])[case.id], Conflict)
