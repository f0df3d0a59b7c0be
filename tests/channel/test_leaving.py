"""How an agent is stopped, leaves, and comes back."""

from dataclasses import replace
from datetime import date

import pytest

from console.actions.channel.admission import agent_file
from console.actions.channel.agents import (
    HandBack,
    UsersData,
    agent_record,
    exit_agent,
    reapply_agent,
    submit_agent,
)
from console.actions.channel.licences import terminate_licence
from console.actions.channel.papers import PaperForm, add_paper, list_papers, withdraw_paper
from console.actions.channel.review import (
    restore_agent,
    review_agent,
    suspend_agent,
)
from console.desk import Desk
from models.channel.agents import AgentReason, AgentState
from models.channel.badges import BadgeState
from models.channel.licences import LicenceState
from models.channel.papers import PaperKind
from models.refusals import Conflict, Invalid
from tests.channel.stories import (
    PDF,
    admitted,
    every_deed,
    licensed,
    submitted,
    with_papers,
)
from tests.conftest import Clock, Desks


def test_a_suspended_agents_licences_and_badges_are_suspended_with_it(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    with pytest.raises(Invalid):
        suspend_agent(desks.approver, agent.id, reason="营业执照过期", remedy="")
    suspend_agent(desks.approver, agent.id, reason="营业执照过期", remedy="向渠道部申诉，附新执照")

    record = agent_record(desks.manager, agent.id)
    assert record.agent.state is AgentState.SUSPENDED
    assert record.licences[0].state is LicenceState.SUSPENDED
    assert record.badges[0].state is BadgeState.SUSPENDED

    assert restore_agent(desks.approver, agent.id, proof="新执照").state is AgentState.ACTIVE


def test_a_new_application_begins_without_the_old_papers_and_keeps_them(
    desks: Desks, third: Desk
) -> None:
    agent = submitted(desks.manager)
    with_papers(desks.manager, agent)
    for approver in (desks.approver, third):
        review_agent(approver, agent.id, passed=False, reasons=[AgentReason.FALSE_MATERIAL])
    agent = reapply_agent(desks.manager, agent.id)
    assert (agent.attempt, agent.is_realname_ready, agent.is_protection_ready) == (2, False, False)

    file = agent_file(desks.manager, agent.id)
    assert (file.present.papers, file.present.conditions) == ([], [])
    assert [(old.number, len(old.conditions)) for old in file.old] == [(1, 12)]
    assert file.old[0].papers

    submit_agent(desks.manager, agent.id)
    with pytest.raises(Conflict):
        review_agent(desks.approver, agent.id, passed=True)


LEAVING = HandBack("协议期满", UsersData.DELETED, cards=12)


@pytest.mark.requirement("004-3.1-a")
def test_an_agent_leaves_when_all_is_handed_back_and_buyers_were_told(
    desks: Desks, clock: Clock
) -> None:
    agent, licence, _ = licensed(desks)
    with pytest.raises(Conflict) as no:
        exit_agent(desks.manager, agent.id, LEAVING)
    assert no.value.facts["number"] == licence.number
    terminate_licence(desks.approver, licence.id, reason="协议期满", is_handed_back=True)
    sheet = next(
        one for one in list_papers(desks.manager, agent.id) if one.kind is PaperKind.HAND_BACK
    )
    withdraw_paper(desks.manager, sheet.id, reason="缺签字")
    with pytest.raises(Conflict) as no:
        exit_agent(desks.manager, agent.id, LEAVING)
    assert no.value.code == "admission.hand_back_missing"
    add_paper(desks.manager, agent.id, PaperForm(PaperKind.HAND_BACK), "交接单.pdf", PDF)

    with pytest.raises(Conflict) as no:
        exit_agent(desks.manager, agent.id, LEAVING)
    assert no.value.code == "admission.closing_notice_missing"
    told = replace(LEAVING, notice_on=date(2026, 3, 2))
    with pytest.raises(Conflict) as no:
        exit_agent(desks.manager, agent.id, told)
    assert no.value.facts["first"] == "2026-04-01"
    clock.pass_(days=30)
    assert exit_agent(desks.manager, agent.id, told).state is AgentState.EXITED
    assert agent_record(desks.manager, agent.id).shops[0].ended_at is not None
    left = [one.facts for one in every_deed(desks.house) if one.deed == "agent.exited"]
    assert (left[0]["cards"], left[0]["data"]) == (12, "deleted")
    assert left[0]["rule"] == "shop_closing_notice/1"


def test_an_agent_without_an_open_shop_leaves_at_once(desks: Desks) -> None:
    agent = admitted(desks)
    with pytest.raises(Invalid):
        exit_agent(desks.manager, agent.id, replace(LEAVING, cards=-1))
    with pytest.raises(Invalid):
        exit_agent(desks.manager, agent.id, replace(LEAVING, reason=" "))
    assert exit_agent(desks.manager, agent.id, LEAVING).state is AgentState.EXITED
