"""The blacklist: by whom, for how long, and who is looked into because of it."""

from dataclasses import replace
from datetime import date

import pytest

from console.actions.channel.agents import (
    agent_record,
    edit_agent,
    list_agents,
    reapply_agent,
    submit_agent,
)
from console.actions.channel.blacklist import (
    blacklist_firm,
    blacklist_person,
    lift_from_blacklist,
    list_blacklist,
)
from console.actions.channel.review import (
    blacklist_agent,
    clear_name,
    review_agent,
    withdraw_proposal,
)
from console.desk import Desk
from models.channel.agents import AgentReason, AgentState
from models.channel.badges import BadgeState
from models.channel.licences import LicenceState
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.channel.stories import (
    admitted,
    deeds,
    form,
    licensed,
    submitted,
    uscc,
    with_papers,
)
from tests.conftest import Clock, Desks


def test_a_firm_that_was_blacklisted_meanwhile_does_not_pass(desks: Desks) -> None:
    agent = submitted(desks.manager)
    with_papers(desks.manager, agent)
    with pytest.raises(Conflict):
        blacklist_firm(desks.approver, uscc=agent.uscc, name="x", reason="r", source="s")
    blacklist_firm(desks.house, uscc=agent.uscc, name="x", reason="r", source="s", carrier="CT")

    with pytest.raises(Conflict) as no:
        review_agent(desks.approver, agent.id, passed=True)
    assert no.value.facts["reasons"] == ["blacklist_hit"]


def test_a_blacklist_holds_for_its_carriers_group_and_until_its_day(
    desks: Desks, clock: Clock
) -> None:
    entry = blacklist_firm(
        desks.approver, uscc=uscc(1), name="x", reason="r", source="s", until=date(2026, 3, 5)
    )
    assert submitted(desks.manager).reasons == ["blacklist_hit"]
    assert submitted(desks.other_manager).reasons == []
    assert [row.id for row in list_blacklist(desks.manager).rows] == [entry.id]
    assert list_blacklist(desks.other_manager).rows == []

    clock.pass_(days=4)
    agent = list_agents(desks.manager).rows[0]
    assert submit_agent(desks.manager, agent.id).reasons == []


def test_an_entry_is_lifted_with_a_reason(desks: Desks) -> None:
    entry = blacklist_firm(desks.approver, uscc=uscc(1), name="x", reason="r", source="s")
    with pytest.raises(Invalid):
        lift_from_blacklist(desks.approver, entry.id, " ")
    with pytest.raises(NotFound):
        lift_from_blacklist(desks.other_approver, entry.id, "误列")
    lift_from_blacklist(desks.approver, entry.id, "误列")

    assert submitted(desks.manager).reasons == []


@pytest.mark.requirement("004-3.3-e")
def test_two_approvers_blacklist_a_firm_with_all_it_has(desks: Desks, third: Desk) -> None:
    agent, licence, _ = licensed(desks, numbers=("1001", "1002"))
    asked = blacklist_agent(desks.approver, agent.id, reason="虚假登记", source="案件 C-1")
    assert asked.state is AgentState.ACTIVE
    with pytest.raises(NotAllowed):
        blacklist_agent(desks.approver, agent.id, reason="虚假登记", source="案件 C-1")

    blacklist_agent(third, agent.id, reason="虚假登记", source="案件 C-1")

    record = agent_record(desks.manager, agent.id)
    assert record.agent.state is AgentState.BLACKLISTED
    assert [one.state for one in record.licences] == [LicenceState.REVOKED]
    assert [one.state for one in record.badges] == [BadgeState.REVOKED] * 2
    assert licence.number in {one.number for one in record.licences}
    with pytest.raises(Conflict):
        reapply_agent(desks.manager, agent.id)


def test_what_one_approver_asked_for_is_taken_back(desks: Desks, third: Desk) -> None:
    agent = admitted(desks)
    blacklist_agent(desks.approver, agent.id, reason="养卡", source="线索")
    assert withdraw_proposal(third, agent.id).proposal is None
    with pytest.raises(Conflict):
        withdraw_proposal(third, agent.id)
    assert blacklist_agent(third, agent.id, reason="养卡", source="线索").state is not (
        AgentState.BLACKLISTED
    )


@pytest.mark.requirement("004-3.3-e")
def test_who_runs_a_blacklisted_firm_is_looked_into_at_the_next(desks: Desks, third: Desk) -> None:
    agent = admitted(desks)
    for approver in (desks.approver, third):
        blacklist_agent(approver, agent.id, reason="养卡", source="案件 C-2")

    other = submitted(desks.manager, 2, legal_representative=" 陈 启明 ")
    assert other.state is AgentState.VERIFYING
    assert other.reasons == ["representative_blacklisted"]
    with_papers(desks.manager, other)
    with pytest.raises(Conflict) as no:
        review_agent(desks.approver, other.id, passed=True)
    assert no.value.code == "admission.name_not_cleared"
    assert no.value.facts["failing"] == [
        {"code": "agent_reason.representative_blacklisted", "rule": "MIIT 2016-11 (5)"}
    ]

    with pytest.raises(Invalid):
        clear_name(desks.approver, other.id, statement=" ")
    with pytest.raises(Invalid):
        clear_name(desks.approver, other.id, statement="证件 11010519491231002X 不同")
    clear_name(desks.approver, other.id, statement="同名不同人：登记住所和出生年份不同")
    assert review_agent(desks.approver, other.id, passed=True).state is AgentState.ELIGIBLE
    assert "agent.name_cleared" in deeds(desks.house)


def test_who_handed_an_application_in_does_not_clear_its_name(desks: Desks) -> None:
    blacklist_person(desks.approver, person="陈启明", reason="养卡", source="通报")
    agent = submitted(desks.manager)
    both = replace(desks.manager.actor, roles=frozenset({Role.CHANNEL_MANAGER, Role.APPROVER}))
    with pytest.raises(NotAllowed):
        clear_name(desks.manager.as_(both), agent.id, statement="不是同一人")
    with pytest.raises(NotFound):
        clear_name(desks.other_approver, agent.id, statement="不是同一人")


def test_an_entry_that_comes_after_a_name_was_cleared_is_looked_into_anew(desks: Desks) -> None:
    blacklist_person(desks.approver, person="陈启明", reason="养卡", source="通报一")
    agent = submitted(desks.manager)
    with_papers(desks.manager, agent)
    clear_name(desks.approver, agent.id, statement="不是同一人")
    blacklist_person(desks.approver, person="陈启明", reason="养卡", source="通报二")
    with pytest.raises(Conflict):
        review_agent(desks.approver, agent.id, passed=True)
    clear_name(desks.approver, agent.id, statement="也不是同一人")
    with pytest.raises(Conflict):
        clear_name(desks.approver, agent.id, statement="再核对")
    assert review_agent(desks.approver, agent.id, passed=True).state is AgentState.ELIGIBLE


def test_another_representative_is_looked_into_as_well(desks: Desks) -> None:
    blacklist_person(desks.approver, person="陈启明", reason="养卡", source="通报")
    agent = submitted(desks.manager)
    agent = clear_name(desks.approver, agent.id, statement="不是同一人")
    assert agent.cleared
    review_agent(desks.approver, agent.id, passed=False, reasons=[AgentReason.OTHER])
    edit_agent(desks.manager, agent.id, form(legal_representative="周航"))
    edit_agent(desks.manager, agent.id, form())
    assert submit_agent(desks.manager, agent.id).reasons == ["representative_blacklisted"]
