"""The queue of findings: the most urgent first, one thing once, decided in one call each."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.actions.patrol.findings import (
    confirm_finding,
    dismiss_finding,
    dismiss_findings,
    finding_record,
)
from console.actions.patrol.labels import list_labels
from console.actions.patrol.plan import plan_run
from console.actions.patrol.sources import save_source
from console.actions.patrol.triage import (
    Likeness,
    Wanted,
    merge_findings,
    next_in_queue,
    suggest_duplicates,
    triage,
    unmerge,
)
from console.actions.work import work_items
from console.desk import Desk
from models.base import new_id
from models.patrol.findings import Finding, FindingState
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.patrol.risk import RiskFacts, RiskReason, risk_of
from models.patrol.runs import PatrolRun, RunState
from models.patrol.screening import Label
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from tests.conftest import Desks
from tests.patrol.walks import mapping, plain_cards, planned, row_of, rows_of, shop_open, walked


def found(desk: Desk) -> Sequence[Finding]:
    """Three findings of the plain shop: two shops without a licence, one sells industry cards."""
    with shop_open() as stand:
        walked(desk, planned(desk, stand))
    return rows_of(desk, Finding)


def linked(desks: Desks, one: Finding, other: Finding, state: LinkState) -> None:
    first, second = sorted([one.shop_id, other.shop_id])
    with desks.house.begin(Permission.LINK_JUDGE) as work:
        work.add(
            ShopLink(organisation_id=one.organisation_id, kind=LinkKind.SAME_OPERATOR,
                     one_id=first, other_id=second, score=0.9, state=state, created_at=work.at)
        )  # fmt: skip
        work.no_deed()


def test_the_most_urgent_comes_first(desks: Desks) -> None:
    found(desks.manager)

    queue = triage(desks.approver).rows

    risks = [one.risk for one in queue]
    assert len(queue) == 3
    assert risks == sorted(risks, reverse=True)
    assert queue[-1].kind is FindingKind.IOT_CARD_ONLINE
    for one in queue:
        parts = one.facts["risk"]
        assert sum(part["points"] for part in parts) == one.risk
        assert {part["reason"] for part in parts} >= {"tier", "offer", "sureness"}


def test_the_queue_is_walked_page_by_page_and_one_by_one(desks: Desks) -> None:
    found(desks.manager)
    whole = [one.id for one in triage(desks.approver).rows]

    first = triage(desks.approver, limit=2)
    rest = triage(desks.approver, first.next, limit=2)
    assert [one.id for one in [*first.rows, *rest.rows]] == whole
    assert rest.next is None
    walked_by_key = list[object]()
    at = next_in_queue(desks.approver)
    while at is not None:
        walked_by_key.append(at.id)
        at = next_in_queue(desks.approver, at.id)
    assert walked_by_key == whole
    assert next_in_queue(desks.manager) is None  # they made these themselves


def test_what_is_decided_leaves_the_queue_and_teaches(desks: Desks) -> None:
    found(desks.manager)
    first, second, third = triage(desks.approver).rows

    confirm_finding(desks.approver, first.id)
    dismiss_finding(desks.approver, third.id, "不售电话卡", sells_no_cards=True)

    assert [one.id for one in triage(desks.approver).rows] == [second.id]
    labels = {one.title_seen: one.label for one in list_labels(desks.approver).rows}
    assert set(labels.values()) == {Label.SELLS_CARD, Label.NOT_CARD}


def test_many_are_dismissed_for_one_reason(desks: Desks) -> None:
    findings = found(desks.manager)

    done = dismiss_findings(desks.approver, [one.id for one in findings], "已出示委托书")

    assert all(looked.refusal is None for looked in done)
    assert triage(desks.approver).rows == []
    again = dismiss_findings(desks.approver, [findings[0].id], "再次")
    assert again[0].refusal is not None
    with pytest.raises(Invalid):
        dismiss_findings(desks.approver, [findings[0].id] * 201, "x")


def test_a_queue_is_narrowed(desks: Desks) -> None:
    findings = found(desks.manager)

    def left(wanted: Wanted) -> int:
        return len(triage(desks.approver, None, wanted).rows)

    assert left(Wanted(tier=Tier.SERIOUS)) == 2
    assert left(Wanted(kind=FindingKind.IOT_CARD_ONLINE)) == 1
    assert left(Wanted(platform="lanhai")) == 3
    assert left(Wanted(platform="honghai")) == 0
    assert left(Wanted(run_id=findings[0].run_id)) == 3


def test_only_what_no_earlier_run_had_found_is_new(desks: Desks) -> None:
    with shop_open(plain_cards) as stand:
        source = save_source(desks.manager, "一", mapping(stand))
        walked(desks.manager, plan_run(desks.manager, source.id))
        first, second = rows_of(desks.manager, Finding)
        with desks.house.begin(Permission.CASE_CLOSE) as work:  # as a case's end leaves it
            work.session.get_one(Finding, first.id).state = FindingState.CLOSED
            work.no_deed()
        again = walked(desks.manager, plan_run(desks.manager, source.id))

    (back,) = triage(desks.approver, None, Wanted(run_id=again.id)).rows
    assert (back.shop_id, back.is_new) == (first.shop_id, False)
    new = triage(desks.approver, None, Wanted(only_new=True)).rows
    assert [one.id for one in new] == [second.id]
    assert again.news == 0
    assert again.flagged >= 2


@pytest.mark.parametrize("state", [LinkState.SUGGESTED, LinkState.ACCEPTED, LinkState.REJECTED])
def test_shops_of_one_operator_are_suggested_as_duplicates(desks: Desks, state: LinkState) -> None:
    of_right = [one for one in found(desks.manager) if one.kind is FindingKind.NO_DELEGATION]
    linked(desks, of_right[0], of_right[1], state)

    likely = suggest_duplicates(desks.approver, of_right[1].id)
    suggested = {one.finding.id: one.reasons for one in likely}

    is_seen = state is not LinkState.REJECTED
    assert (suggested.get(of_right[0].id) == (Likeness.SAME_OPERATOR,)) is is_seen
    assert list(suggested.values()).count((Likeness.SAME_SHOP,)) == 1


def test_findings_are_merged_and_taken_apart_again_without_losing_a_word(desks: Desks) -> None:
    first, second, third = found(desks.manager)
    before = second.model_dump()

    merge_findings(desks.approver, first.id, [second.id, third.id], "同一家店")

    assert [one.id for one in triage(desks.approver).rows] == [first.id]
    record = finding_record(desks.approver, first.id)
    assert {one.id for one in record.merged} == {second.id, third.id}
    waiting = [item.title for item in work_items(desks.approver) if item.kind == "finding_look"]
    assert waiting == [first.number]
    with pytest.raises(Conflict) as no:
        confirm_finding(desks.approver, second.id)
    assert no.value.code == "finding.merged"
    with pytest.raises(Conflict):
        merge_findings(desks.approver, second.id, [first.id], "倒过来")

    unmerge(desks.approver, second.id)

    after = row_of(desks.manager, Finding, second.id).model_dump()
    assert {name for name in before if before[name] != after[name]} == {"version"}
    assert {one.id for one in triage(desks.approver).rows} == {first.id, second.id}
    with pytest.raises(Conflict):
        unmerge(desks.approver, second.id)


def test_the_run_is_reviewed_when_all_that_is_left_is_merged(desks: Desks) -> None:
    first, second, third = found(desks.manager)
    merge_findings(desks.approver, first.id, [second.id, third.id], "同一家店")

    confirm_finding(desks.approver, first.id)

    assert row_of(desks.manager, PatrolRun, first.run_id).state is RunState.CLOSED


def test_what_may_not_be_merged(desks: Desks) -> None:
    first, second, third = found(desks.manager)
    with pytest.raises(Invalid):
        merge_findings(desks.approver, first.id, [second.id], " ")
    with pytest.raises(Invalid):
        merge_findings(desks.approver, first.id, [first.id], "自己")
    with pytest.raises(Invalid):
        merge_findings(desks.approver, first.id, [new_id() for _ in range(201)], "多")
    with pytest.raises(NotFound):
        merge_findings(desks.approver, first.id, [new_id()], "没有")
    confirm_finding(desks.approver, third.id)
    with pytest.raises(Conflict) as no:
        merge_findings(desks.approver, first.id, [third.id], "已复核")
    assert no.value.code == "finding.not_open"
    with pytest.raises(NotAllowed):
        merge_findings(desks.regulator, first.id, [second.id], "x")
    with pytest.raises(NotFound):
        merge_findings(desks.other_approver, first.id, [second.id], "x")
    assert row_of(desks.manager, Finding, second.id).merged_into_id is None


def test_a_serious_finding_has_to_be_in_a_case_within_a_day(desks: Desks) -> None:
    findings = found(desks.manager)
    serious = next(one for one in findings if one.tier is Tier.SERIOUS)
    general = next(one for one in findings if one.tier is Tier.GENERAL)

    assert confirm_finding(desks.approver, serious.id).case_due_at is not None
    assert confirm_finding(desks.approver, general.id).state is FindingState.CONFIRMED

    due = [item for item in work_items(desks.manager) if item.kind == "finding_to_case"]
    assert serious.number in [item.title for item in due]


def facts() -> some.SearchStrategy[RiskFacts]:
    return some.builds(
        RiskFacts,
        tier=some.sampled_from(Tier),
        severity=some.integers(-5, 150),
        sureness=some.floats(-1, 2),
        trade=some.floats(-10, 1e15),
        is_stolen=some.booleans(),
        repeats=some.integers(0, 50),
        cluster=some.integers(0, 500),
        is_disguised=some.booleans(),
    )


@given(facts())
def test_a_risk_is_the_sum_of_its_parts_and_at_most_a_thousand(given_facts: RiskFacts) -> None:
    risk = risk_of(given_facts)

    assert 0 < risk.score <= 1000
    assert sum(points for _, points in risk.parts) == risk.score
    assert all(one >= other for (_, one), (_, other) in pairwise(risk.parts))


@given(facts(), some.sampled_from(["severity", "sureness", "trade", "repeats", "cluster"]))
def test_what_is_graver_is_never_less_urgent(given_facts: RiskFacts, name: str) -> None:
    more = {field: getattr(given_facts, field) for field in given_facts.__slots__}
    more[name] = max(more[name], 0) * 2 + 1

    assert risk_of(RiskFacts(**more)).score >= risk_of(given_facts).score


def test_each_part_of_a_risk_is_told() -> None:
    most = RiskFacts(Tier.SERIOUS, 100, 1.0, 1e9, True, 9, 99, True)  # noqa: FBT003 - all at once

    assert risk_of(most).score == 1000
    assert {reason for reason, _ in risk_of(most).parts} == set(RiskReason)
