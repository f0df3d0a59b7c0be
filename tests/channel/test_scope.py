"""Who sees what of the channel, and who can change nothing."""

import pytest

from console.actions.channel.agents import add_agent, agent_record, list_agents, submit_agent
from console.actions.channel.badges import list_badges
from console.actions.channel.licences import list_licences, suspend_licence
from console.actions.channel.register import (
    lookup,
    public_agent,
    register_rows,
)
from console.actions.channel.search import public_search
from console.actions.channel.shops import end_shop, list_shops
from console.actions.staff.people import add_organisation, add_user
from console.actions.staff.sign_in import actor_named
from console.desk import Desk, House
from models.channel.public import PublicStatus
from models.permissions import Permission, Role
from models.refusals import Invalid, NotAllowed, NotFound
from models.staff import Door, OrganisationKind, UserRole
from tests.channel.stories import admitted, form, licensed, shop_of
from tests.conftest import Clock, Desks


def seen(desk: Desk) -> tuple[int, ...]:
    return tuple(
        len(rows)
        for rows in (
            list_agents(desk).rows,
            list_licences(desk).rows,
            list_shops(desk).rows,
            list_badges(desk).rows,
        )
    )


@pytest.mark.requirement("004-0-a")
def test_a_carrier_sees_its_own_a_platform_its_shops_a_regulator_its_province(
    desks: Desks,
) -> None:
    licensed(desks)

    assert seen(desks.manager) == (1, 1, 1, 1)
    assert seen(desks.other_manager) == (0, 0, 0, 0)
    assert seen(desks.platform) == (1, 1, 1, 1)
    assert seen(desks.other_platform) == (0, 0, 0, 0)
    assert seen(desks.regulator) == (1, 1, 1, 1)
    assert seen(desks.other_regulator) == (0, 0, 0, 0)


def hired(desks: Desks, organisation: str, role: Role) -> Desk:
    house, login = desks.house.house, f"new.{organisation.lower()}"
    user, _ = add_user(
        desks.house, organisation=organisation, login=login, name="新人", elsewhere=True
    )
    with desks.house.begin(Permission.STAFF_GRANT) as work:
        work.session.add(
            UserRole(user_id=user.id, role=role, granted_at=work.at, granted_by="house")
        )
        work.record("staff.role_granted", user, role=role.value)
    return house.desk(actor_named(house, login, Door.CONSOLE))


@pytest.mark.requirement("004-0-a")
def test_a_group_sees_its_provinces_and_a_reseller_its_own_alone(desks: Desks) -> None:
    add_organisation(desks.house, code="ZS", kind=OrganisationKind.RESELLER, name="转售一号",
                     parent=None, province=None)  # fmt: skip
    group = hired(desks, "CT", Role.CHANNEL_MANAGER)
    reseller = hired(desks, "ZS", Role.CHANNEL_MANAGER)
    licensed(desks)
    own = add_agent(reseller, form(2))

    assert seen(group) == (1, 1, 1, 1)
    assert seen(reseller) == (1, 0, 0, 0)
    assert [one.id for one in list_agents(reseller).rows] == [own.id]
    assert len(list_agents(desks.regulator).rows) == 2


def test_another_carriers_record_is_not_there(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    for stranger in (desks.other_manager, desks.other_platform, desks.other_regulator):
        with pytest.raises(NotFound):
            agent_record(stranger, agent.id)


def test_only_the_own_carrier_reads_a_representatives_name_and_contact(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    own = agent_record(desks.manager, agent.id)
    assert (own.legal_representative, own.contact) == ("陈启明", "0755-2601 0000")
    for reader in (desks.regulator, desks.platform):
        record = agent_record(reader, agent.id)
        assert (record.legal_representative, record.contact) == ("陈＊＊", "")


def test_a_platform_sees_no_shop_elsewhere(desks: Desks) -> None:
    agent = admitted(desks)
    shop_of(desks.manager, agent, "1001")
    shop_of(desks.manager, agent, "2002", platform="honghai")
    assert [shop.shop_key for shop in agent_record(desks.platform, agent.id).shops] == ["shop:1001"]


def test_nobody_who_only_watches_changes_anything(desks: Desks) -> None:
    agent, licence, (shop,) = licensed(desks)
    for desk in (desks.regulator, desks.platform, desks.auditor, desks.inspector):
        with pytest.raises(NotAllowed):
            submit_agent(desk, agent.id)
        with pytest.raises(NotAllowed):
            suspend_licence(desk, licence.id, reason="x", remedy="y")
        with pytest.raises(NotAllowed):
            end_shop(desk, shop.id, reason="x")


@pytest.mark.requirement("004-3.1-g", "004-3.1-l")
def test_the_public_finds_who_was_ever_licensed_and_nobody_else(desks: Desks, house: House) -> None:
    agent, licence, _ = licensed(desks)
    waiting = admitted(desks, 2)

    found = public_agent(house, agent.agent_no.lower())
    assert (found.name, found.status) == (agent.name, PublicStatus.ACTIVE)
    assert found.licences[0].shops[0].id == "1001"
    assert not hasattr(found, "legal_representative")
    with pytest.raises(NotFound):
        public_agent(house, waiting.agent_no)
    assert [one.agent_no for one in public_search(house, "龙腾").entries] == [agent.agent_no]
    assert public_search(house, "陈启明").entries == []
    assert public_search(house, "1").entries == ()

    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    assert public_agent(house, agent.agent_no).status is PublicStatus.SUSPENDED


def test_a_public_search_pages(desks: Desks, house: House) -> None:
    for serial in range(1, 23):
        licensed(desks, serial, (str(1000 + serial),))
    first = public_search(house, "龙腾")
    rest = public_search(house, "龙腾", first.next)
    assert (len(first.entries), len(rest.entries), rest.next) == (20, 2, None)
    assert len({one.agent_no for one in (*first.entries, *rest.entries)}) == 22


@pytest.mark.requirement("004-3.1-g", "004-3.1-i")
def test_a_platform_looks_its_shops_up_in_one_call(
    desks: Desks, house: House, clock: Clock
) -> None:
    agent, licence, _ = licensed(desks, numbers=("1001",))
    unnamed = shop_of(desks.manager, agent, "1002")
    pairs = [("lanhai", "1001"), ("LANHAI", "shop:1001"), ("lanhai", "666"), ("honghai", "1001")]
    found = lookup(house, [*pairs, ("lanhai", "1002"), ("", "x")])

    assert [one.is_licensed for one in found] == [True, True, False, False, False, False]
    assert found[0].delegations[0].licence_no == licence.number
    assert found[0].delegations[0].agent_no == agent.agent_no
    assert found[5].fault == "shop.no_platform"
    assert unnamed.ended_at is None
    assert lookup(house, pairs[:1])[0].is_licensed
    with pytest.raises(Invalid):
        lookup(house, [("lanhai", "1")] * 1001)

    clock.pass_(days=365)
    over = lookup(house, pairs[:1])[0]
    assert (over.is_licensed, over.delegations[0].status) == (False, PublicStatus.EXPIRED)


def test_a_patrol_knows_the_licences_of_every_carrier(desks: Desks) -> None:
    agent, licence, (shop,) = licensed(desks)
    unnamed = shop_of(desks.manager, agent, "1002")
    for reader in (desks.other_manager, desks.platform, desks.house):
        rows = register_rows(reader)
        assert {(row.agent_no, row.licence_no) for row in rows} == {
            (agent.agent_no, licence.number)
        }
        assert {row.shop_id: row.names_shop for row in rows} == {shop.id: True, unnamed.id: False}
