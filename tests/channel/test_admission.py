"""How a firm becomes an agent, and how it does not."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from console.actions.channel.admission import agent_file
from console.actions.channel.agents import (
    HandBack,
    UsersData,
    add_agent,
    agent_record,
    edit_agent,
    exit_agent,
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
from console.actions.channel.licences import terminate_licence
from console.actions.channel.papers import PaperForm, add_paper, list_papers, withdraw_paper
from console.actions.channel.review import (
    blacklist_agent,
    clear_name,
    restore_agent,
    review_agent,
    review_agents,
    suspend_agent,
    sweep_lapsed,
    withdraw_proposal,
)
from console.desk import Desk
from models.channel.agents import AgentMove, AgentReason, AgentState
from models.channel.badges import BadgeState
from models.channel.conditions import condition_lines
from models.channel.licences import LicenceState
from models.channel.papers import PaperKind
from models.formats import IssuedNumber, check_agent_number
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.channel.stories import (
    PDF,
    admitted,
    deeds,
    every_deed,
    form,
    licensed,
    submitted,
    uscc,
    with_papers,
)
from tests.conftest import Clock, Desks


@pytest.fixture
def third(desks: Desks) -> Desk:
    """Another approver of the same carrier."""
    actor = replace(desks.approver.actor, id=desks.auditor.actor.id, name="lin.jing")
    return desks.approver.as_(replace(actor, roles=frozenset({Role.APPROVER})))


@pytest.mark.requirement("004-3.1-a", "000-5.2-a", "001-10")
def test_an_application_is_checked_at_once_and_reviewed_by_a_second_person(desks: Desks) -> None:
    draft = add_agent(desks.manager, form())
    assert draft.state is AgentState.DRAFT
    number = check_agent_number(draft.agent_no)
    assert isinstance(number, IssuedNumber)
    assert (number.carrier, number.province.code, number.year) == ("CT", "44", 2026)

    agent = submit_agent(desks.manager, draft.id)
    assert agent.state is AgentState.VERIFYING
    assert agent.review_due_at is not None
    assert agent.review_due_at.date() == date(2026, 3, 9)  # Monday noon, five working days
    assert agent.rule_version == "verify_review/1"

    with_papers(desks.manager, agent)
    agent = review_agent(desks.approver, agent.id, passed=True)
    assert (agent.state, agent.review_due_at) == (AgentState.ELIGIBLE, None)
    assert [deed for deed in deeds(desks.house) if deed.startswith("agent.")] == [
        "agent.added",
        "agent.submitted",
        "agent.first_checked",
        "agent.conditions_signed",
        "agent.passed",
    ]


def test_whoever_handed_an_application_in_does_not_decide_on_it(desks: Desks) -> None:
    agent = submitted(desks.manager)
    both = replace(desks.manager.actor, roles=frozenset({Role.CHANNEL_MANAGER, Role.APPROVER}))

    with pytest.raises(NotAllowed) as no:
        review_agent(desks.manager.as_(both), agent.id, passed=True)
    assert no.value.code == "channel.same_person"
    with pytest.raises(NotAllowed):
        review_agent(desks.manager, agent.id, passed=True)


@pytest.mark.requirement("004-3.1-b", "000-5.2-c")
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"uscc": "9144030012345"}, AgentReason.USCC_FORMAT),
        ({"uscc": uscc(1)[:17] + ("A" if uscc(1)[17] != "A" else "B")}, AgentReason.USCC_CHECKSUM),
        ({"uscc": "12100000000018032A"}, AgentReason.NO_BUSINESS_LICENCE),
        ({"business_licence_until": date(2026, 3, 1)}, AgentReason.LICENCE_EXPIRED),
    ],
)
def test_an_application_with_a_fault_goes_back_with_its_reason(
    desks: Desks, changed: dict[str, Any], reason: AgentReason
) -> None:
    agent = submitted(desks.manager, **changed)

    assert agent.state is AgentState.NEEDS_CORRECTION
    assert agent.reasons == [reason.value]
    assert agent.rule_version == "resubmission/1"


def test_a_business_licence_that_ends_today_still_holds(desks: Desks) -> None:
    assert submitted(desks.manager, business_licence_until=date(2026, 3, 2)).reasons == []


def test_a_corrected_application_goes_to_review(desks: Desks) -> None:
    agent = submitted(desks.manager, uscc="9144030012345")
    agent = edit_agent(desks.manager, agent.id, form(), agent.version)
    agent = submit_agent(desks.manager, agent.id)

    assert (agent.state, agent.reasons) == (AgentState.VERIFYING, [])


def test_an_application_that_nobody_corrects_lapses(desks: Desks, clock: Clock) -> None:
    agent = submitted(desks.manager, uscc="9144030012345")
    clock.pass_(days=13)
    assert sweep_lapsed(desks.house) == 0
    clock.pass_(days=3)
    assert sweep_lapsed(desks.house) == 1
    assert agent_record(desks.manager, agent.id).agent.state is AgentState.REJECTED


def test_one_firm_has_one_file_at_a_carrier_and_another_at_the_next(desks: Desks) -> None:
    first = add_agent(desks.manager, form())
    with pytest.raises(Conflict) as no:
        add_agent(desks.manager, form())
    assert no.value.facts["agent_no"] == first.agent_no

    assert add_agent(desks.other_manager, form()).agent_no.startswith("CU-44-2026-000001-")


def test_numbers_are_counted_by_carrier_and_serials_over_the_house(desks: Desks) -> None:
    made = [add_agent(desks.manager, form(serial)) for serial in (1, 2)]
    made.append(add_agent(desks.other_manager, form(3)))

    assert [agent.agent_no[:17] for agent in made] == [
        "CT-44-2026-000001",
        "CT-44-2026-000002",
        "CU-44-2026-000001",
    ]
    assert [agent.serial for agent in made] == [1, 2, 3]


@pytest.mark.requirement("004-3.1-c", "004-3.1-d")
@pytest.mark.parametrize(
    ("line", "reason"),
    [("trained_staff", "not_realname_ready"), ("incident_contact", "not_protection_ready")],
)
def test_nobody_is_admitted_without_every_line_of_both_conditions(
    desks: Desks, line: str, reason: str
) -> None:
    agent = submitted(desks.manager)
    with_papers(desks.manager, agent, lines_without=line)
    with pytest.raises(Conflict) as no:
        review_agent(desks.approver, agent.id, passed=True)
    assert no.value.code == "channel.conditions_missing"
    assert (no.value.facts["lines"], no.value.facts["reasons"]) == ([line], [reason])


@pytest.mark.requirement("004-3.1-b")
def test_nobody_is_admitted_without_a_business_licence_on_file(desks: Desks) -> None:
    agent = submitted(desks.manager)
    with_papers(desks.manager, agent, without=PaperKind.BUSINESS_LICENCE)
    with pytest.raises(Conflict) as no:
        review_agent(desks.approver, agent.id, passed=True)
    assert no.value.code == "admission.licence_file_missing"


def test_every_ground_is_told_at_once_and_each_with_its_rule(desks: Desks) -> None:
    agent = submitted(desks.manager)
    blacklist_firm(desks.house, uscc=agent.uscc, name="x", reason="r", source="s", carrier="CT")
    with pytest.raises(Conflict) as no:
        review_agent(desks.approver, agent.id, passed=True)
    assert no.value.facts["failing"] == [
        {"code": "agent_reason.blacklist_hit", "rule": "MIIT 2016-11 (5)"},
        {"code": "agent_reason.licence_file_missing", "rule": "004-3.1-b"},
        {"code": "agent_reason.not_realname_ready", "rule": "004-3.1-c"},
        {"code": "agent_reason.not_protection_ready", "rule": "004-3.1-d"},
    ]
    assert no.value.facts["lines"] == [one.code for one in condition_lines(date(2026, 3, 2))]


def test_an_application_hears_of_every_fault_at_its_first_check(desks: Desks) -> None:
    agent = submitted(
        desks.manager, uscc="12100000000018032A", business_licence_until=date(2026, 3, 1)
    )
    assert agent.reasons == ["no_business_licence", "licence_expired"]
    agent = submitted(desks.manager, 2, uscc="123", business_licence_until=date(2026, 3, 1))
    assert agent.reasons == ["uscc_format", "licence_expired"]


def test_a_firm_that_was_blacklisted_meanwhile_does_not_pass(desks: Desks) -> None:
    agent = submitted(desks.manager)
    with_papers(desks.manager, agent)
    with pytest.raises(Conflict):
        blacklist_firm(desks.approver, uscc=agent.uscc, name="x", reason="r", source="s")
    blacklist_firm(desks.house, uscc=agent.uscc, name="x", reason="r", source="s", carrier="CT")

    with pytest.raises(Conflict) as no:
        review_agent(desks.approver, agent.id, passed=True)
    assert no.value.facts["reasons"] == ["blacklist_hit"]


@pytest.mark.requirement("001-10")
def test_a_late_decision_says_why(desks: Desks, clock: Clock) -> None:
    agent = submitted(desks.manager)
    with_papers(desks.manager, agent)
    clock.pass_(days=8)
    with pytest.raises(Invalid) as no:
        review_agent(desks.approver, agent.id, passed=True)
    assert no.value.code == "admission.late_reason_needed"
    with pytest.raises(Invalid):
        review_agent(desks.approver, agent.id, passed=False, reasons=[AgentReason.OTHER])

    agent = review_agent(desks.approver, agent.id, passed=True, late_reason="等待第三方核验")
    assert (agent.state, agent.late_reason) == (AgentState.ELIGIBLE, "等待第三方核验")


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


@pytest.mark.requirement("001-G2-5")
def test_the_third_failed_review_needs_two_approvers(desks: Desks, third: Desk) -> None:
    agent = submitted(desks.manager)
    for _ in range(2):
        agent = review_agent(
            desks.approver, agent.id, passed=False, reasons=[AgentReason.OTHER], remark="材料不清"
        )
        assert agent.state is AgentState.NEEDS_CORRECTION
        agent = submit_agent(desks.manager, agent.id)

    agent = review_agent(desks.approver, agent.id, passed=False, reasons=[AgentReason.OTHER])
    assert (agent.state, agent.proposal) == (AgentState.VERIFYING, AgentMove.VERIFY_FAIL_FINAL)
    with pytest.raises(NotAllowed):
        review_agent(desks.approver, agent.id, passed=False, reasons=[AgentReason.OTHER])

    agent = review_agent(third, agent.id, passed=False, reasons=[AgentReason.OTHER])
    assert (agent.state, agent.failures, agent.proposal) == (AgentState.REJECTED, 3, None)


@pytest.mark.requirement("000-5.3-b")
def test_false_material_ends_an_application_at_the_first_review(desks: Desks, third: Desk) -> None:
    agent = submitted(desks.manager)
    reasons = [AgentReason.FALSE_MATERIAL]
    review_agent(desks.approver, agent.id, passed=False, reasons=reasons)
    agent = review_agent(third, agent.id, passed=False, reasons=reasons)
    assert agent.state is AgentState.REJECTED

    agent = reapply_agent(desks.manager, agent.id)
    assert (agent.state, agent.failures, agent.reasons) == (AgentState.DRAFT, 0, [])


def test_a_refusal_has_a_reason(desks: Desks) -> None:
    agent = submitted(desks.manager)
    with pytest.raises(Invalid):
        review_agent(desks.approver, agent.id, passed=False)


def test_several_are_decided_each_by_itself(desks: Desks) -> None:
    good, lame = submitted(desks.manager, 1), submitted(desks.manager, 2)
    with_papers(desks.manager, good)
    with_papers(desks.manager, lame, lines_without="id_reader")
    alien = submitted(desks.other_manager, 3)

    done = review_agents(desks.approver, [good.id, lame.id, alien.id], passed=True)

    codes = [one.refusal.code if one.refusal else None for one in done]
    assert codes == [None, "channel.conditions_missing", "row.not_found"]
    assert agent_record(desks.manager, good.id).agent.state is AgentState.ELIGIBLE
    assert agent_record(desks.manager, lame.id).agent.state is AgentState.VERIFYING


def test_a_change_made_meanwhile_is_not_run_over(desks: Desks) -> None:
    agent = add_agent(desks.manager, form())
    edit_agent(desks.manager, agent.id, form(contact="office@longteng.example"), agent.version)

    with pytest.raises(Conflict) as no:
        edit_agent(desks.manager, agent.id, form(name="另一公司"), 1)
    assert no.value.code == "channel.changed_meanwhile"


def test_the_code_of_an_admitted_firm_does_not_change(desks: Desks) -> None:
    agent = admitted(desks)
    with pytest.raises(Conflict) as no:
        edit_agent(desks.manager, agent.id, form(uscc=uscc(9)))
    assert no.value.code == "channel.field_fixed"

    renamed = edit_agent(desks.manager, agent.id, form(name="深圳市新名通信有限公司"))
    assert [one.id for one in list_agents(desks.manager, "新名").rows] == [renamed.id]
    assert list_agents(desks.manager, "龙腾").rows == []


def test_agents_are_found_by_two_characters_number_and_code(desks: Desks) -> None:
    agent = add_agent(desks.manager, form(1))
    add_agent(desks.manager, form(2, name="广州市远航信息有限公司", legal_representative="周航"))

    for words in ("龙腾", "腾通", agent.agent_no, agent.uscc, "陈启明", "深"):
        assert [one.id for one in list_agents(desks.manager, words).rows] == [agent.id], words
    for words in ("龙航", '"', "龙腾 OR 远航", "'--", "%"):
        assert list_agents(desks.manager, words).rows == [], words
    assert len(list_agents(desks.manager, "有限公司").rows) == 2


def test_a_list_of_agents_pages_and_filters(desks: Desks) -> None:
    for serial in range(1, 6):
        add_agent(desks.manager, form(serial))
    submit_agent(desks.manager, list_agents(desks.manager).rows[0].id)

    first = list_agents(desks.manager, limit=2)
    second = list_agents(desks.manager, after=first.next, limit=2)
    last = list_agents(desks.manager, after=second.next, limit=2)
    assert [one.serial for part in (first, second, last) for one in part.rows] == [5, 4, 3, 2, 1]
    assert last.next is None
    assert [a.serial for a in list_agents(desks.manager, state=AgentState.VERIFYING).rows] == [5]
    assert list_agents(desks.manager, province="11").rows == []


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


def test_an_approver_who_decides_on_an_own_application_is_refused_on_record(desks: Desks) -> None:
    agent = submitted(desks.manager)
    both = replace(desks.manager.actor, roles=frozenset({Role.CHANNEL_MANAGER, Role.APPROVER}))
    with pytest.raises(NotAllowed):
        review_agent(desks.manager.as_(both), agent.id, passed=True)
    refused = [one for one in every_deed(desks.house) if one.deed == "staff.own_act_refused"]
    assert [one.actor_name for one in refused] == [both.name]


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
