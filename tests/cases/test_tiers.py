"""How grave a case is: by what went before, by a reviewer, lowered only by two (DOMAIN 4.2)."""

from typing import Any
from uuid import UUID

import pytest

from console.actions.cases.decide import approve, propose, return_to_owner
from console.actions.cases.open import open_case
from console.actions.cases.tiers import decide_tier, lower_tier, raise_for, raise_tier
from models.cases.cases import Case, CaseState, TierBasis
from models.cases.measures import Measure
from models.channel.licences import Ground
from models.patrol.findings import FindingState
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import FindingKind, Tier
from tests.cases.core import at_agent, case_of, deeds_of, earlier, refused_lowerings
from tests.cases.world import (
    all_else_proven,
    established,
    found,
    looked_at,
    measures_with,
    opened,
    person,
    proposal,
    proposed,
    removed,
    row,
    sent,
)
from tests.channel.stories import admitted
from tests.conftest import Clock, Desks

MINOR: dict[str, Any] = {"kind": FindingKind.BADGE_MISSING, "tier": Tier.MINOR}
GENERAL: dict[str, Any] = {"kind": FindingKind.SCOPE_EXCEEDED, "tier": Tier.GENERAL}
THE_FOUR = (
    FindingKind.NO_REGISTRATION,
    FindingKind.FALSE_REGISTRATION,
    FindingKind.BULK_OPENING,
    FindingKind.CARD_RAISING,
)


def tier(desks: Desks, case_id: UUID) -> tuple[Tier, TierBasis]:
    case = case_of(desks, case_id)
    return case.tier, case.tier_basis


@pytest.mark.parametrize(
    ("days_ago", "after"),
    [
        ((10, 89), (Tier.GENERAL, TierBasis.MINOR_REPEATED)),
        ((10, 91), (Tier.MINOR, TierBasis.KIND)),
        ((10,), (Tier.MINOR, TierBasis.KIND)),
    ],
)
def test_the_third_minor_finding_within_90_days_is_a_general_one(
    desks: Desks, days_ago: tuple[int, ...], after: tuple[Tier, TierBasis]
) -> None:
    place = found(desks, **MINOR)
    for serial, days in enumerate(days_ago):
        earlier(desks, place, serial, days_ago=days)

    assert tier(desks, open_case(desks.manager, place.ids).id) == after


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_second_general_finding_within_a_year_is_a_serious_one_and_says_by_which_rules(
    desks: Desks,
) -> None:
    place = found(desks, **GENERAL)
    earlier(desks, place, 1, days_ago=360, tier=Tier.GENERAL)
    case = open_case(desks.manager, place.ids)
    long_ago = found(desks, shop_no=2, **GENERAL)
    earlier(desks, long_ago, 1, days_ago=370, tier=Tier.GENERAL)

    assert (case.tier, case.tier_basis) == (Tier.SERIOUS, TierBasis.GENERAL_REPEATED)
    assert open_case(desks.manager, long_ago.ids).tier is Tier.GENERAL
    (deed,) = [one for one in deeds_of(desks.manager, case) if one.deed == "case.opened"]
    assert deed.facts["rules"] == [
        "escalation_minor_count/1", "escalation_minor_window/1", "escalation_general_count/1",
        "escalation_general_window/1",
    ]  # fmt: skip


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_all_shops_of_an_agent_count_and_what_was_dismissed_or_merged_does_not(
    desks: Desks,
) -> None:
    agent = admitted(desks)
    first = at_agent(desks, agent.id, shop_no=1, **MINOR)
    second = at_agent(desks, agent.id, shop_no=2, **MINOR)
    earlier(desks, first, 1, days_ago=3, state=FindingState.FALSE_POSITIVE)
    earlier(desks, first, 2, days_ago=3, merged_into_id=first.findings[0].id)
    earlier(desks, first, 3, days_ago=3, state=FindingState.OPEN)
    alone = open_case(desks.manager, first.ids)
    earlier(desks, first, 4, days_ago=3)
    both = open_case(desks.manager, second.ids)

    assert (alone.tier, alone.agent_id) == (Tier.MINOR, agent.id)
    assert (both.tier, both.tier_basis) == (Tier.GENERAL, TierBasis.MINOR_REPEATED)


def test_a_shop_that_was_removed_and_stands_again_is_graver_and_names_its_former_case(
    desks: Desks, clock: Clock
) -> None:
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)
    notice = sent(desks)
    removed(desks, notice)
    assert notice.case_id is not None
    all_else_proven(desks, notice.case_id)
    former = looked_at(second, clock, notice.case_id)
    again = found(desks, shop_no=77, kind=FindingKind.SCOPE_EXCEEDED, tier=Tier.GENERAL)
    with desks.house.begin(Permission.PATROL_RUN) as work:
        finding = work.session.get_one(type(again.findings[0]), again.ids[0])
        finding.shop_id, finding.listing_ids = former.shop_id, []  # pyright: ignore[reportAttributeAccessIssue]
        work.no_deed()
    case = open_case(desks.manager, again.ids)

    assert case.former_id == former.id
    assert (case.tier, case.tier_basis) == (Tier.SERIOUS, TierBasis.RELISTED)


def test_a_refusal_to_correct_puts_a_case_one_tier_up_once(desks: Desks) -> None:
    case = opened(desks, **MINOR)
    for wanted in (True, False):
        with desks.house.begin(Permission.SWEEP) as work:
            held = work.session.get_one(Case, case.id)
            assert raise_for(work, held, TierBasis.NOT_CORRECTED) is wanted
            work.no_deed()
    assert tier(desks, case.id) == (Tier.GENERAL, TierBasis.NOT_CORRECTED)
    with desks.house.begin(Permission.SWEEP) as work:
        assert raise_for(work, work.session.get_one(Case, case.id), TierBasis.DUE_MISSED)
    assert tier(desks, case.id) == (Tier.SERIOUS, TierBasis.DUE_MISSED)
    raised = [one for one in deeds_of(desks.manager, case) if one.deed == "case.tier_raised"]
    assert [one.facts["basis"] for one in raised] == ["not_corrected", "due_missed"]


def test_a_reviewer_alone_raises_and_a_second_approver_lowers(desks: Desks) -> None:
    case = opened(desks, **GENERAL)
    with pytest.raises(Invalid):
        raise_tier(desks.manager, case.id, Tier.GENERAL, "情节较重")
    raise_tier(desks.manager, case.id, Tier.SERIOUS, "涉及多个平台")
    with pytest.raises(Invalid):
        lower_tier(desks.approver, case.id, Tier.SERIOUS, "x")
    lower_tier(desks.approver, case.id, Tier.MINOR, "主动改正")
    with pytest.raises(Conflict) as twice:
        lower_tier(desks.manager, case.id, Tier.MINOR, "主动改正")
    with pytest.raises(NotAllowed) as own:
        decide_tier(desks.approver, case.id, granted=True, reason="同意")
    with pytest.raises(NotAllowed) as manager:
        decide_tier(desks.manager, case.id, granted=True, reason="同意")
    assert (twice.value.code, own.value.code, manager.value.code) == (
        "case_tier.asked_already", "case_tier.same_person", "case.approver_needed",
    )  # fmt: skip
    assert tier(desks, case.id) == (Tier.SERIOUS, TierBasis.RAISED)
    second = person(desks, "er.shen", "CT-44", Role.APPROVER)
    decide_tier(second, case.id, granted=False, reason="理由不足")
    lower_tier(desks.manager, case.id, Tier.MINOR, "主动改正")
    decide_tier(second, case.id, granted=True, reason="同意")

    assert tier(desks, case.id) == (Tier.MINOR, TierBasis.LOWERED)
    assert case_of(desks, case.id).tier_asked is None
    assert [one.deed for one in deeds_of(desks.manager, case)][-4:] == [
        "case.tier_lowering_asked", "case.tier_kept", "case.tier_lowering_asked",
        "case.tier_lowered",
    ]  # fmt: skip


def test_nothing_is_decided_while_a_lower_tier_waits_or_below_the_kind_without_two(
    desks: Desks,
) -> None:
    case = proposed(desks, Measure.CORRECT, **GENERAL)
    lower_tier(desks.manager, case.id, Tier.MINOR, "主动改正")
    with pytest.raises(Conflict) as waits:
        approve(desks.approver, case.id)
    decide_tier(desks.approver, case.id, granted=True, reason="同意")
    low = proposed(desks, Measure.CORRECT, shop_no=2, kind=GENERAL["kind"], tier=Tier.MINOR)
    with pytest.raises(Conflict) as too_low:
        approve(desks.approver, low.id)

    assert (waits.value.code, too_low.value.code) == ("case.tier_waits", "case.tier_too_low")
    assert approve(desks.approver, case.id).state is CaseState.DECIDED


@pytest.mark.parametrize("kind", THE_FOUR)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_of_four_offences_nobody_lowers_the_tier_or_the_outcome_and_the_attempt_stays(
    desks: Desks, kind: FindingKind
) -> None:
    agent = admitted(desks)
    place = at_agent(desks, agent.id, kind=kind, ground=Ground.OUT_OF_SCOPE)
    case = established(desks, open_case(desks.manager, place.ids))
    weaker = [Measure.SUSPEND_LICENCE, Measure.STOP_SERVICE, Measure.BLACKLIST]
    with pytest.raises(NotAllowed) as tier_no:
        lower_tier(desks.approver, case.id, Tier.GENERAL, "初犯")
    with pytest.raises(NotAllowed) as outcome_no:
        propose(desks.manager, case.id, proposal(weaker))

    assert tier_no.value.code == "case_tier.mandatory"
    assert outcome_no.value.code == "case.mandatory"
    assert row(desks, Case, case.id).state is CaseState.INVESTIGATING
    first, second = refused_lowerings(desks)
    assert (first.actor_name, second.actor_name) == ("li.hua", "chen.ming")
    assert {one.facts["reference"] for one in (first, second)} == {case.reference}
    assert second.facts["missing"] == ["cancel_delegation"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_tier_is_not_lowered_after_the_decision_and_nothing_changes_after_the_end(
    desks: Desks,
) -> None:
    case = proposed(desks, Measure.CORRECT, **GENERAL)
    return_to_owner(desks.approver, case.id, "补充")
    propose(desks.manager, case.id, proposal(measures_with(desks, case, Measure.CORRECT)))
    approve(desks.approver, case.id)
    with pytest.raises(Conflict) as decided:
        lower_tier(desks.manager, case.id, Tier.MINOR, "x")
    with pytest.raises(Conflict) as nothing:
        decide_tier(desks.approver, case.id, granted=True, reason="x")

    assert decided.value.code == "case_tier.decided"
    assert nothing.value.code == "case_tier.nothing_asked"
