"""Appeals: lodged for a firm, answered by two who took no part, lifted at once."""

from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from console.actions.channel.agents import agent_record, list_agents
from console.actions.channel.appeals import (
    appeal_record,
    decide_appeal,
    list_appeals,
    lodge_appeal,
    withdraw_appeal,
)
from console.actions.channel.blacklist import list_blacklist
from console.actions.channel.licences import licence_record, revoke_licence, suspend_licence
from console.actions.channel.papers import PaperForm, add_paper
from console.actions.channel.review import blacklist_agent, review_agent, suspend_agent
from console.actions.work import work_items
from console.desk import Desk
from models.base import new_id
from models.channel.agents import Agent, AgentReason, AgentState
from models.channel.appeals import APPEAL_MOVES, Appeal, AppealMove, AppealState
from models.channel.badges import BadgeState
from models.channel.licences import Licence, LicenceState
from models.channel.papers import PaperKind
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.channel.stories import PDF, admitted, every_deed, licensed, submitted
from tests.conftest import Clock, Desks

M = AppealMove


def approvers(desks: Desks) -> list[Desk]:
    """Two who take measures, and two who took no part."""
    own = desks.approver.actor
    return [
        desks.approver.as_(replace(own, id=own.id if at == 0 else new_id(), name=name))
        for at, name in enumerate(("li.hua", "wu.gang", "zhou.ping", "xu.min"))
    ]


def lodged(desks: Desks, subject: Agent | Licence) -> Appeal:
    agent_id = subject.id if isinstance(subject, Agent) else subject.agent_id
    paper = add_paper(desks.manager, agent_id, PaperForm(PaperKind.APPEAL), "申诉书.pdf", PDF)
    return lodge_appeal(desks.manager, subject, ground="证据有误", paper_id=paper.id)


def blacklisted(desks: Desks, by: list[Desk]) -> Agent:
    agent, _, _ = licensed(desks)
    for approver in by[:2]:
        agent = blacklist_agent(approver, agent.id, reason="养卡", source="案件 C-2")
    return agent


def test_every_state_of_an_appeal_knows_its_moves() -> None:
    for state, move in product(AppealState, AppealMove):
        assert ((state, move) in APPEAL_MOVES) == (state is AppealState.LODGED)


def test_an_upheld_appeal_takes_a_firm_off_the_list(desks: Desks) -> None:
    first, second, third, fourth = approvers(desks)
    agent = blacklisted(desks, [first, second])
    appeal = lodged(desks, agent)
    assert (appeal.measure, appeal.due_at.date()) == ("agent.blacklisted", date(2026, 3, 17))
    assert appeal.rule_version == "blacklist_appeal_answer/1"

    for involved in (first, second):
        with pytest.raises(NotAllowed) as no:
            decide_appeal(involved, appeal.id, M.UPHOLD, decision="证据不足")
        assert no.value.code == "appeal.same_person"
    refused = [one for one in every_deed(desks.house) if one.deed == "staff.own_act_refused"]
    assert len(refused) == 2

    assert decide_appeal(third, appeal.id, M.UPHOLD, decision="证据不足").proposal is M.UPHOLD
    with pytest.raises(NotAllowed):
        decide_appeal(third, appeal.id, M.UPHOLD, decision="证据不足")
    assert agent_record(desks.manager, agent.id).agent.state is AgentState.BLACKLISTED
    appeal = decide_appeal(fourth, appeal.id, M.UPHOLD, decision="证据不足")

    assert (appeal.state, appeal.decided_by) == (AppealState.UPHELD, fourth.actor.id)
    assert agent_record(desks.manager, agent.id).agent.state is AgentState.ELIGIBLE
    assert list_blacklist(desks.approver).rows[0].lifted_at is not None


def test_an_upheld_appeal_ends_a_suspension_with_what_was_stopped_by_it(desks: Desks) -> None:
    first, _, third, fourth = approvers(desks)
    agent, licence, _ = licensed(desks)
    suspend_agent(first, agent.id, reason="现场不符", remedy="向渠道部书面申诉", papers="情况说明")
    appeal = lodged(desks, agent_record(desks.manager, agent.id).agent)
    for approver in (third, fourth):
        decide_appeal(approver, appeal.id, M.UPHOLD, decision="现场核实无误")

    record = agent_record(desks.manager, agent.id)
    assert record.agent.state is AgentState.ACTIVE
    assert [one.state for one in record.licences] == [LicenceState.ACTIVE]
    assert [one.state for one in record.badges] == [BadgeState.ISSUED]
    assert licence.id == record.licences[0].id


def test_what_another_ground_had_stopped_before_stays_stopped(desks: Desks) -> None:
    first, _, third, fourth = approvers(desks)
    agent, licence, _ = licensed(desks)
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="向渠道部申诉")
    suspend_agent(first, agent.id, reason="现场不符", remedy="向渠道部书面申诉", papers="情况说明")
    appeal = lodged(desks, agent_record(desks.manager, agent.id).agent)
    for approver in (third, fourth):
        decide_appeal(approver, appeal.id, M.UPHOLD, decision="现场核实无误")
    assert licence_record(desks.manager, licence.id).licence.state is LicenceState.SUSPENDED


def test_an_upheld_appeal_against_a_refusal_opens_the_application_again(desks: Desks) -> None:
    first, second, third, fourth = approvers(desks)
    agent = submitted(desks.manager)
    for approver in (first, second):
        review_agent(approver, agent.id, passed=False, reasons=[AgentReason.FALSE_MATERIAL])
    appeal = lodged(desks, agent_record(desks.manager, agent.id).agent)
    assert appeal.measure == "agent.refused_finally"
    for approver in (third, fourth):
        decide_appeal(approver, appeal.id, M.UPHOLD, decision="材料属实")
    agent = list_agents(desks.manager).rows[0]
    assert (agent.state, agent.failures, agent.attempt) == (AgentState.DRAFT, 0, 1)


def test_an_upheld_appeal_resumes_a_licence(desks: Desks) -> None:
    _, _, third, fourth = approvers(desks)
    _, licence, _ = licensed(desks)
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="向渠道部申诉")
    appeal = lodged(desks, licence_record(desks.manager, licence.id).licence)
    for approver in (third, fourth):
        decide_appeal(approver, appeal.id, M.UPHOLD, decision="已亮照")
    record = licence_record(desks.manager, licence.id)
    assert (record.licence.state, record.licence.reason) == (LicenceState.ACTIVE, "")


def test_a_revoked_licence_stays_ended_when_its_appeal_is_upheld(desks: Desks) -> None:
    first, second, third, fourth = approvers(desks)
    _, licence, _ = licensed(desks)
    for approver in (first, second):
        revoke_licence(approver, licence.id, reason="转卖", remedy="申诉")
    appeal = lodged(desks, licence_record(desks.manager, licence.id).licence)
    with pytest.raises(NotAllowed):
        decide_appeal(second, appeal.id, M.UPHOLD, decision="x")
    for approver in (third, fourth):
        decide_appeal(approver, appeal.id, M.UPHOLD, decision="证据不足，可重新起草")
    assert licence_record(desks.manager, licence.id).licence.state is LicenceState.REVOKED


def test_a_rejected_appeal_changes_nothing_and_says_why(desks: Desks) -> None:
    first, second, third, fourth = approvers(desks)
    agent = blacklisted(desks, [first, second])
    appeal = lodged(desks, agent)
    with pytest.raises(Invalid):
        decide_appeal(third, appeal.id, M.REJECT, decision=" ")
    decide_appeal(third, appeal.id, M.UPHOLD, decision="证据不足")
    decide_appeal(fourth, appeal.id, M.REJECT, decision="证据充分")
    assert appeal_record(desks.manager, appeal.id).appeal.proposal is M.REJECT
    appeal = decide_appeal(third, appeal.id, M.REJECT, decision="复核后同意")
    assert (appeal.state, appeal.decision) == (AppealState.REJECTED, "复核后同意")
    assert agent_record(desks.manager, agent.id).agent.state is AgentState.BLACKLISTED
    with pytest.raises(Conflict):
        decide_appeal(third, appeal.id, M.UPHOLD, decision="再议")


def test_an_appeal_is_against_something_and_has_a_paper(desks: Desks) -> None:
    first, second, *_ = approvers(desks)
    agent = admitted(desks)
    paper = add_paper(desks.manager, agent.id, PaperForm(PaperKind.APPEAL), "申诉书.pdf", PDF)
    with pytest.raises(Conflict) as no:
        lodge_appeal(desks.manager, agent, ground="不服", paper_id=paper.id)
    assert no.value.code == "appeal.nothing_to_appeal"
    other = admitted(desks, 2)
    for approver in (first, second):
        blacklist_agent(approver, agent.id, reason="养卡", source="线索")
    with pytest.raises(Conflict):
        lodge_appeal(desks.manager, agent, ground="不服")
    with pytest.raises(Invalid):
        lodge_appeal(desks.manager, agent, ground=" ", paper_id=paper.id)
    alien = add_paper(desks.manager, other.id, PaperForm(PaperKind.APPEAL), "申诉书.pdf", PDF)
    with pytest.raises(Conflict):
        lodge_appeal(desks.manager, agent, ground="不服", paper_id=alien.id)
    lodge_appeal(desks.manager, agent, ground="不服", paper_id=paper.id)
    with pytest.raises(Conflict) as no:
        lodge_appeal(desks.manager, agent, ground="还是不服", paper_id=paper.id)
    assert no.value.code == "appeal.open_already"


def test_a_withdrawn_appeal_leaves_room_for_another(desks: Desks) -> None:
    first, second, *_ = approvers(desks)
    agent = blacklisted(desks, [first, second])
    appeal = lodged(desks, agent)
    assert withdraw_appeal(desks.manager, appeal.id, reason="企业撤回").state is (
        AppealState.WITHDRAWN
    )
    assert lodged(desks, agent).id != appeal.id


def test_appeals_are_of_the_carrier_and_wait_for_who_may_decide(desks: Desks, clock: Clock) -> None:
    first, second, third, fourth = approvers(desks)
    appeal = lodged(desks, blacklisted(desks, [first, second]))
    for stranger in (desks.other_manager, desks.other_approver):
        assert list_appeals(stranger).rows == []
        with pytest.raises(NotFound):
            appeal_record(stranger, appeal.id)
    with pytest.raises(NotFound):
        decide_appeal(desks.other_approver, appeal.id, M.UPHOLD, decision="x")
    for denied in (desks.manager, desks.regulator, desks.platform):
        with pytest.raises(NotAllowed):
            decide_appeal(denied, appeal.id, M.UPHOLD, decision="x")
    with pytest.raises(NotAllowed):
        list_appeals(desks.platform)
    assert list_appeals(desks.regulator).rows[0].id == appeal.id

    def waiting(desk: Desk) -> list[str]:
        return [item.kind for item in work_items(desk) if item.page == "appeals"]

    assert waiting(third) == ["appeal_decide"]
    decide_appeal(third, appeal.id, M.UPHOLD, decision="证据不足")
    assert (waiting(third), waiting(fourth)) == ([], ["appeal_second"])
    clock.pass_(days=20)
    assert [i.state for i in work_items(fourth) if i.page == "appeals"] == ["overdue"]
