"""Decisions of cases: who proposes and approves them, with which measures, and what they say."""

from itertools import product

import pytest

from console.actions.cases.decide import Proposal, approve, propose, return_to_owner
from console.actions.cases.lists import case_record
from console.actions.cases.parties import hear_party
from models.cases.cases import Case, CaseState
from models.cases.measures import MEETS, Measure, least_measures, not_met, outcomes_of
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import FindingKind, Outcome, Tier
from tests.cases.world import (
    PAPERS,
    REASON,
    REMEDY,
    established,
    measures_with,
    opened,
    person,
    proposal,
    proposed,
    row,
)
from tests.conftest import Desks


def test_who_proposed_does_not_approve_and_a_serious_case_needs_an_approver(desks: Desks) -> None:
    colleague = person(desks, "tong.shi", "CT-44", Role.CHANNEL_MANAGER)
    both = person(desks, "liang.ban", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    case = proposed(desks)
    general = proposed(
        desks, Measure.CORRECT, kind=FindingKind.SCOPE_EXCEEDED, tier=Tier.GENERAL, shop_no=2
    )

    with pytest.raises(NotAllowed) as same:
        approve(desks.manager, case.id)
    with pytest.raises(NotAllowed) as manager:
        approve(colleague, case.id)
    return_to_owner(desks.approver, case.id, "请补充销量")
    propose(both, case.id, proposal(measures_with(desks, case, Measure.STOP_SERVICE)))
    with pytest.raises(NotAllowed) as own:
        approve(both, case.id)
    with pytest.raises(NotAllowed) as returned:
        return_to_owner(both, case.id, "x")

    assert same.value.code == own.value.code == returned.value.code == "case.same_person"
    assert manager.value.code == "case.approver_needed"
    assert approve(desks.approver, case.id).state is CaseState.DECIDED
    assert approve(colleague, general.id).state is CaseState.DECIDED


@pytest.mark.requirement("004-3.3-m", "004-3.3-l")
def test_a_measure_meets_what_the_kind_must_lead_to(desks: Desks) -> None:
    case = established(desks, opened(desks))
    weaker = measures_with(desks, case, Measure.REMOVE_LISTINGS)
    with pytest.raises(Conflict) as weak:
        propose(desks.manager, case.id, proposal(weaker))

    assert weak.value.facts["missing"] == [Outcome.REMOVE_SHOP]
    assert weak.value.facts["least"] == [[Measure.REMOVE_SHOP, Measure.STOP_SERVICE]]
    assert row(desks, Case, case.id).state is CaseState.INVESTIGATING


@pytest.mark.parametrize("kind", FindingKind)
def test_the_least_measures_of_a_kind_bring_about_all_that_the_rules_want(
    kind: FindingKind,
) -> None:
    for has_agent, has_shop in product((True, False), repeat=2):
        wanted = outcomes_of([kind], has_agent=has_agent, has_shop=has_shop)
        least = least_measures(wanted)
        assert not_met(wanted, least) == []
        assert all(not_met(wanted, set(least) - {one}) for one in least)
    assert set(outcomes_of([kind], has_agent=True)) <= set(MEETS)


def test_a_decision_says_why_how_to_object_and_with_which_papers(desks: Desks) -> None:
    case = established(desks, opened(desks))
    measures = measures_with(desks, case, Measure.REMOVE_SHOP)
    for words in (
        ("", REMEDY, PAPERS),
        (REASON, " ", PAPERS),
        (REASON, REMEDY, ""),
        (REASON * 200, REMEDY, PAPERS),
    ):
        with pytest.raises(Invalid):
            propose(desks.manager, case.id, Proposal(measures, *words))


def test_a_case_is_proposed_when_its_parties_are_heard_and_its_cards_traced(
    desks: Desks,
) -> None:
    case = opened(desks)
    measures = measures_with(desks, case, Measure.REMOVE_SHOP)
    with pytest.raises(Conflict) as unheard:
        propose(desks.manager, case.id, proposal(measures))
    (party,) = case_record(desks.manager, case.id).parties
    hear_party(desks.manager, party.id, "店主拒绝到场")
    with pytest.raises(Conflict) as untraced:
        propose(desks.manager, case.id, proposal(measures))

    assert (unheard.value.code, unheard.value.facts["party"]) == (
        "case.party_not_heard",
        party.name,
    )
    assert untraced.value.code == "case.not_traced"
