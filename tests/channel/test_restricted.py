"""Jointly punished parties: entered with a term and a source, kept out, lifted."""

from dataclasses import replace
from datetime import date

import pytest

from console.actions.channel.restricted import (
    RestrictedForm,
    add_restricted,
    lift_restricted,
    list_restricted,
    restricted_record,
)
from console.actions.channel.review import clear_name, review_agent
from models.channel.agents import AgentState, BlacklistState
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.channel.stories import submitted, uscc, with_papers
from tests.conftest import Clock, Desks

FIRM = RestrictedForm(
    name="某某通信有限公司",
    uscc=uscc(1),
    authority="某市公安局",
    document_no="联惩〔2026〕1号",
    basis="出租电话卡三张以上",
    begins_on=date(2026, 1, 1),
    until=date(2027, 12, 31),
    appeal_to="向某市公安局书面申诉，附身份与情况说明",
)
PERSON = replace(FIRM, name="陈启明", uscc="")


@pytest.mark.requirement("004-3.1-b")
def test_a_firm_under_joint_punishment_is_not_admitted_during_its_term(
    desks: Desks, clock: Clock
) -> None:
    add_restricted(desks.approver, replace(FIRM, until=date(2026, 3, 5)))
    agent = submitted(desks.manager)
    assert (agent.state, agent.reasons) == (AgentState.NEEDS_CORRECTION, ["restricted_party"])
    assert submitted(desks.other_manager).reasons == []
    clock.pass_(days=4)
    assert submitted(desks.manager, 2).reasons == []
    assert list_restricted(desks.manager, live=True).rows == []
    assert len(list_restricted(desks.manager).rows) == 1


def test_a_person_is_found_by_name_and_looked_into(desks: Desks) -> None:
    add_restricted(desks.approver, replace(PERSON, name="陈 启明"))
    agent = submitted(desks.manager)
    assert (agent.state, agent.reasons) == (AgentState.VERIFYING, ["representative_restricted"])
    with_papers(desks.manager, agent)
    with pytest.raises(Conflict):
        review_agent(desks.approver, agent.id, passed=True)
    clear_name(desks.approver, agent.id, statement="出生年份不同，不是同一人")
    assert review_agent(desks.approver, agent.id, passed=True).state is AgentState.ELIGIBLE


def test_a_restriction_runs_for_five_years_at_most(desks: Desks) -> None:
    add_restricted(desks.approver, replace(FIRM, until=date(2030, 12, 31)))
    for last in (date(2031, 1, 1), date(2099, 1, 1)):
        with pytest.raises(Conflict) as no:
            add_restricted(desks.approver, replace(PERSON, until=last))
        assert no.value.facts == {"most": 5, "rule": "joint_punishment_cap/1"}
    leap = replace(PERSON, begins_on=date(2024, 2, 29), until=date(2029, 2, 28))
    assert add_restricted(desks.approver, leap).until == date(2029, 2, 28)


@pytest.mark.parametrize(
    "changed",
    [
        {"uscc": "123"},
        {"name": " "},
        {"authority": ""},
        {"appeal_to": ""},
        {"basis": "x" * 501},
        {"until": date(2025, 12, 31)},
        {"basis": "证件 11010519491231002X"},
    ],
)
def test_an_entry_says_who_why_how_long_and_where_to_appeal(
    desks: Desks, changed: dict[str, object]
) -> None:
    with pytest.raises(Invalid):
        add_restricted(desks.approver, replace(FIRM, **changed))  # pyright: ignore[reportArgumentType]


def test_an_entry_is_lifted_by_its_own_carrier_with_a_reason(desks: Desks) -> None:
    party = add_restricted(desks.approver, FIRM)
    with pytest.raises(Invalid):
        lift_restricted(desks.approver, party.id, " ")
    with pytest.raises(NotFound):
        lift_restricted(desks.other_approver, party.id, "解除")
    with pytest.raises(NotAllowed):
        lift_restricted(desks.manager, party.id, "解除")
    with pytest.raises(NotAllowed):
        add_restricted(desks.regulator, PERSON)
    lift_restricted(desks.approver, party.id, "公安机关解除")
    with pytest.raises(Conflict):
        lift_restricted(desks.approver, party.id, "再次")
    record = restricted_record(desks.regulator, party.id)
    assert record.party.state_on(date(2026, 3, 2)) is BlacklistState.LIFTED
    assert [entry.deed for entry in record.deeds] == ["restricted.lifted", "restricted.added"]
    assert submitted(desks.manager).reasons == []
