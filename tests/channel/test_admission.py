"""How a firm becomes an agent, and how it does not."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from console.actions.channel.agents import (
    add_agent,
    agent_record,
    edit_agent,
    list_agents,
    reapply_agent,
    submit_agent,
)
from console.actions.channel.blacklist import (
    blacklist_firm,
)
from console.actions.channel.review import (
    review_agent,
    review_agents,
    sweep_lapsed,
)
from console.desk import Desk
from models.channel.agents import AgentMove, AgentReason, AgentState
from models.channel.conditions import condition_lines
from models.channel.papers import PaperKind
from models.formats import IssuedNumber, check_agent_number
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed
from tests.channel.stories import (
    admitted,
    deeds,
    every_deed,
    form,
    submitted,
    uscc,
    with_papers,
)
from tests.conftest import Clock, Desks


@pytest.mark.requirement("004-3.1-a", "000-5.2-a", "001-9-c", "001-10", "001-G1-4", "001-G1-7")
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


@pytest.mark.requirement("004-3.1-b", "000-4.2-b", "000-4.3-d", "000-5.2-c", "003-3.2-2")
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


@pytest.mark.requirement("000-4.2-b")
def test_a_firm_gives_its_name_its_code_and_its_representative(desks: Desks) -> None:
    for field in ("name", "uscc", "legal_representative"):
        with pytest.raises(Invalid) as no:
            add_agent(desks.manager, replace(form(), **{field: " "}))
        assert (no.value.code, no.value.facts["field"]) == ("channel.field_missing", field)
    assert list_agents(desks.manager).rows == []


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


@pytest.mark.requirement("000-4.3-d")
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


@pytest.mark.requirement("001-G2-5", "003-3.2-3")
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


def test_an_approver_who_decides_on_an_own_application_is_refused_on_record(desks: Desks) -> None:
    agent = submitted(desks.manager)
    both = replace(desks.manager.actor, roles=frozenset({Role.CHANNEL_MANAGER, Role.APPROVER}))
    with pytest.raises(NotAllowed):
        review_agent(desks.manager.as_(both), agent.id, passed=True)
    refused = [one for one in every_deed(desks.house) if one.deed == "staff.own_act_refused"]
    assert [one.actor_name for one in refused] == [both.name]
