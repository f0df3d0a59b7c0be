"""Who comes back is told by cases that stand, and a network by links that nobody rejected."""

from datetime import timedelta

import pytest

from console.actions.oversight.analysis.kept import FOR
from console.actions.oversight.analysis.repeats import (
    by_absence,
    networks,
    repeat_agents,
    repeat_shops,
    returns,
)
from models.cases.cases import CaseState
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.patrol.shops import Shop, ShopState
from tests.analysis.world import agent, case, kept, own, shop
from tests.conftest import Clock, Desks


def linked(
    desks: Desks,
    one: Shop,
    other: Shop,
    state: LinkState = LinkState.ACCEPTED,
    *,
    kind: LinkKind = LinkKind.SAME_OPERATOR,
    score: float = 0.9,
) -> ShopLink:
    first, second = sorted((one.id, other.id))
    return kept(
        desks,
        ShopLink(
            organisation_id=own(desks), kind=kind, one_id=first, other_id=second, score=score,
            state=state, created_at=desks.house.now(),
        ),
    )  # fmt: skip


def test_a_shop_with_two_cases_is_told_with_its_latest(desks: Desks) -> None:
    twice, once = shop(desks), shop(desks)
    first = case(desks, twice, days_ago=90)
    latest = case(desks, twice, days_ago=10)
    case(desks, once)
    (row,) = repeat_shops(desks.manager)

    assert (row.name, row.cases, row.id) == (twice.name, 2, latest.id)
    assert (row.first_at, row.last_at) == (first.created_at, latest.created_at)


@pytest.mark.parametrize("kind", ["reversed", "merged"])
def test_what_does_not_stand_is_no_second_case(desks: Desks, kind: str) -> None:
    at = shop(desks)
    first = case(desks, at)
    case(
        desks,
        at,
        state=CaseState.REVERSED if kind == "reversed" else CaseState.INVESTIGATING,
        merged_into_id=first.id if kind == "merged" else None,
    )

    assert repeat_shops(desks.manager) == []


def test_an_agent_with_two_cases_at_two_shops_is_told(desks: Desks) -> None:
    of = agent(desks)
    for _ in range(2):
        case(desks, shop(desks, of))
    (row,) = repeat_agents(desks.manager)

    assert (row.id, row.cases) == (of.id, 2)
    assert repeat_shops(desks.manager) == []


def test_a_platform_counts_only_the_cases_that_it_was_told_of(desks: Desks) -> None:
    at = shop(desks)
    case(desks, at, state=CaseState.INVESTIGATING)
    for _ in range(2):
        case(desks, at, state=CaseState.EXECUTING)

    assert [one.cases for one in repeat_shops(desks.manager)] == [3]
    assert [one.cases for one in repeat_shops(desks.platform)] == [2]
    assert repeat_shops(desks.other_platform) == []
    assert repeat_shops(desks.manager, platform="honghai") == []


def test_the_share_of_networks_is_of_all_cases_against_shops(desks: Desks) -> None:
    one, other, alone = shop(desks), shop(desks), shop(desks)
    linked(desks, one, other)
    for at in (one, other, other, alone):
        case(desks, at)
    found = networks(desks.manager)
    (row,) = found.rows

    assert (found.share.cases, found.share.accepted, found.share.suggested) == (4, 3, 0)
    assert (row.size, row.offending, row.cases, row.is_accepted) == (2, 2, 3, True)
    assert sorted(row.names) == sorted([one.name, other.name])


def test_suggested_links_are_told_apart_and_rejected_ones_are_none(desks: Desks) -> None:
    shops = [shop(desks) for _ in range(4)]
    linked(desks, shops[0], shops[1], LinkState.SUGGESTED)
    linked(desks, shops[2], shops[3], LinkState.REJECTED)
    linked(desks, shops[1], shops[2], LinkState.SUGGESTED, score=0.3)
    for at in shops:
        case(desks, at)
    found = networks(desks.manager)

    assert (found.share.accepted, found.share.suggested) == (0, 2)
    assert [(one.size, one.is_accepted) for one in found.rows] == [(2, False)]


def test_a_shop_under_another_name_was_gone_since_it_was_last_met(desks: Desks) -> None:
    old = shop(desks, days_ago=90, state=ShopState.CLOSED)
    new = shop(desks, days_ago=60)
    linked(desks, old, new, kind=LinkKind.RELISTED)
    (row,) = returns(desks.manager)

    assert (row.id, row.before, row.is_same_shop) == (new.id, old.name, False)
    assert row.away == timedelta(days=30)


def test_the_same_shop_in_a_new_case_is_back(desks: Desks) -> None:
    at, now = shop(desks), desks.house.now()
    former = case(
        desks, at, days_ago=90, state=CaseState.CLOSED, closed_at=now - timedelta(days=50)
    )
    again = case(desks, at, days_ago=45, former_id=former.id)
    (row,) = returns(desks.manager)

    assert (row.id, row.is_same_shop, row.away) == (again.id, True, timedelta(days=5))
    assert by_absence([row]) == {7: 1}


def test_a_rejected_link_is_no_return(desks: Desks, clock: Clock) -> None:
    link = linked(desks, shop(desks, days_ago=90), shop(desks, days_ago=60), kind=LinkKind.RELISTED)
    before = returns(desks.manager)
    link.state = LinkState.REJECTED
    kept(desks, link)
    clock.pass_(seconds=FOR.total_seconds())

    assert len(before) == 1
    assert returns(desks.manager) == []


def test_another_carrier_sees_none_of_it(desks: Desks) -> None:
    one, other = shop(desks), shop(desks)
    linked(desks, one, other, kind=LinkKind.RELISTED)
    case(desks, one)
    case(desks, one)

    assert repeat_shops(desks.other_manager) == []
    assert returns(desks.other_manager) == []
    assert networks(desks.other_manager).share.cases == 0
