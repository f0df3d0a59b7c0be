"""Shops are drawn by a seed, people fill in their checklists, a second person looks at a tenth."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from console.actions.patrol.checks import (
    check_record,
    fill_check,
    list_checks,
    next_check,
    review_check,
    settle_check,
)
from console.actions.patrol.findings import dismiss_finding
from console.actions.patrol.handing_in import explain_delay, hand_in_run
from console.actions.patrol.plan import queued_runs, review_run, run_and_history
from console.actions.patrol.plans import PlanTerms, add_plan
from console.actions.patrol.run import advance_run
from console.actions.patrol.sources import save_source
from console.actions.patrol.starting import run_plan_now
from console.actions.patrol.sweeps import note_overdue_runs
from console.actions.work import work_items
from models.channel.licences import Ground
from models.data import packaged
from models.patrol.checks import ITEMS, CheckAnswer, CheckItem, ShopCheck, draw
from models.patrol.findings import Finding
from models.patrol.plans import Cadence
from models.patrol.runs import PatrolRun, RunState
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from tests.channel.stories import licensed
from tests.conftest import Clock, Desks
from tests.patrol.walks import (
    mapping,
    plain_cards,
    row_of,
    rows_of,
    shop_open,
    shops_by_key,
    walked,
    walking,
)

GOOD: Mapping[CheckItem, CheckAnswer] = dict.fromkeys(ITEMS, CheckAnswer.GOOD)


def bad(*items: CheckItem) -> dict[CheckItem, CheckAnswer]:
    return {**GOOD, **dict.fromkeys(items, CheckAnswer.BAD)}


def who(desks: Desks, name: str) -> UUID:
    person = getattr(desks, name).actor.id
    assert person is not None
    return person


def drawn(
    desks: Desks,
    share: int = 100,
    assignee_id: UUID | None = None,
    substitute_id: UUID | None = None,
) -> PatrolRun:
    """A run of the plain shop whose shops with cards are drawn: s-1 and s-2."""
    with shop_open(plain_cards) as stand:
        source = save_source(desks.manager, "蓝海", mapping(stand))
        terms = PlanTerms(Cadence.MONTHLY, share, assignee_id, substitute_id)
        plan = add_plan(desks.manager, "每月", source.id, terms)
        return walked(desks.manager, run_plan_now(desks.manager, plan.id))


def by_shop(desks: Desks) -> dict[str, ShopCheck]:
    keys = {shop.id: key for key, shop in shops_by_key(desks.manager).items()}
    return {keys[check.shop_id]: check for check in rows_of(desks.manager, ShopCheck)}


def handed_in(desks: Desks) -> PatrolRun:
    run = drawn(desks)
    for check in rows_of(desks.manager, ShopCheck):
        fill_check(desks.inspector, check.id, GOOD)
    return hand_in_run(desks.inspector, run.id)


def the_drawn_one(desks: Desks) -> ShopCheck:
    (check,) = [one for one in rows_of(desks.manager, ShopCheck) if one.is_review_drawn]
    return check


@pytest.mark.requirement("004-3.3-a")
def test_the_seed_is_on_record_before_the_shops_and_draws_them_again(desks: Desks) -> None:
    run = drawn(desks, share=50)

    assert (run.state, run.drawn, run.flagged_shops) == (RunState.IN_PROGRESS, 1, 2)
    assert len(run.seed) == 32
    deeds = {deed.deed: deed for deed in run_and_history(desks.manager, run.id)[1]}
    assert deeds["patrol.started"].facts["seed"] == run.seed
    assert deeds["patrol.drawn"].facts["shops"] == list(by_shop(desks))
    order = [deed.deed for deed in reversed(run_and_history(desks.manager, run.id)[1])]
    assert order.index("patrol.started") < order.index("patrol.page_read")
    assert order.index("patrol.page_read") < order.index("patrol.drawn")
    assert list(draw(run.seed, ["shop:s-2", "shop:s-1"], 50)) == list(by_shop(desks))


def test_a_run_that_waits_for_people_is_left_alone_by_the_machine(desks: Desks) -> None:
    run = drawn(desks)

    assert queued_runs(desks.house) == []
    assert not advance_run(walking(desks.house), run.id)
    assert len(rows_of(desks.manager, ShopCheck)) == 2
    kinds = [item.kind for item in work_items(desks.inspector)]
    assert "patrol_fill" in kinds


@pytest.mark.requirement("004-3.1-j", "004-3.1-k")
def test_bad_answers_become_findings_when_the_run_is_handed_in(desks: Desks) -> None:
    run = drawn(desks)
    machine = run.findings
    one, other = by_shop(desks).values()
    with pytest.raises(Conflict) as no:
        hand_in_run(desks.inspector, run.id)
    assert (no.value.code, no.value.facts["n"]) == ("patrol.checks_open", 2)
    wrong = bad(CheckItem.LICENCE_DISPLAYED, CheckItem.BADGE_DISPLAYED, CheckItem.ROUTE)
    fill_check(desks.inspector, one.id, wrong, "首页未见标识")
    fill_check(desks.inspector, other.id, GOOD)

    run = hand_in_run(desks.inspector, run.id)

    assert run.state is RunState.SUBMITTED
    assert run.review_due_at is not None
    found = [f for f in rows_of(desks.manager, Finding) if f.basis == "seen_by_people"]
    assert run.findings == machine + 3
    assert {(f.kind, f.ground, f.tier) for f in found} == {
        (FindingKind.LICENCE_NOT_DISPLAYED, Ground.NOT_DISPLAYED, Tier.MINOR),
        (FindingKind.BADGE_MISSING, Ground.NOT_DISPLAYED, Tier.MINOR),
        (FindingKind.SHIPPED_BEFORE_VERIFY, Ground.ROUTE_NOT_KEPT, Tier.GENERAL),
    }
    assert all(f.evidence and f.risk and f.shop_id == one.shop_id for f in found)
    assert {f.found_by for f in found} == {desks.inspector.actor.id}
    with pytest.raises(Conflict):
        hand_in_run(desks.inspector, run.id)
    with pytest.raises(Conflict) as no:
        fill_check(desks.inspector, other.id, GOOD)
    assert no.value.code == "check.handed_in"


@pytest.mark.requirement("004-2.1-a")
def test_a_checklist_is_filled_in_bit_by_bit_and_keeps_its_edition(desks: Desks) -> None:
    run = drawn(desks)
    first = next_check(desks.inspector, run.id)
    assert first is not None
    half = {CheckItem.ROUTE: CheckAnswer.NOT_APPLICABLE}

    check = fill_check(desks.inspector, first.id, half)
    assert check.done_at is None
    assert row_of(desks.manager, PatrolRun, run.id).checked == 0
    rest = {item: CheckAnswer.GOOD for item in ITEMS if item is not CheckItem.ROUTE}
    check = fill_check(desks.inspector, first.id, rest, version=check.version)

    assert check.done_at is not None
    assert check.rule_version == "patrol-checklist/1"
    assert check.answers["route"] == "not_applicable"
    assert row_of(desks.manager, PatrolRun, run.id).checked == 1
    with pytest.raises(Conflict):
        fill_check(desks.inspector, first.id, rest, version=1)
    behind = next_check(desks.inspector, run.id, after=first.id)
    assert behind is not None
    assert behind.id != first.id
    record = check_record(desks.inspector, first.id)
    assert record.listings
    assert set(record.hints) == {item.value for item in ITEMS}
    assert len(list_checks(desks.inspector, run_id=run.id, done=False).rows) == 1


def test_skipping_goes_through_all_that_are_left_before_the_first_comes_again(
    desks: Desks,
) -> None:
    with desks.house.begin(Permission.PATROL_RUN) as work:
        run = work.add(PatrolRun(number="PR-1", organisation_id=own_of(desks), platform="lanhai",
                                 actor={}, created_at=work.at))  # fmt: skip
        work.session.flush()
        people = (None, who(desks, "inspector"), None, who(desks, "inspector"), None)
        for place, person in enumerate(people):
            shop = work.add(Shop(organisation_id=own_of(desks), platform="lanhai", name="店",
                                 shop_key=f"shop:{place}", first_seen_at=work.at,
                                 last_seen_at=work.at))  # fmt: skip
            work.session.flush()
            work.add(ShopCheck(run_id=run.id, shop_id=shop.id, organisation_id=own_of(desks),
                               assignee_id=person))  # fmt: skip
        work.record("patrol.drawn", run)
    ids = [check.id for check in rows_of(desks.manager, ShopCheck)]
    after, met = None, list[UUID]()
    for _ in range(6):
        check = next_check(desks.inspector, run.id, after)
        assert check is not None
        after = check.id
        met.append(check.id)

    assert met == [ids[at] for at in (1, 3, 0, 2, 4, 1)]
    with desks.house.begin(Permission.CHECK_FILL) as work:
        for one in ids[1:]:
            work.get(ShopCheck, one).done_at = work.at
        work.no_deed()
    left = next_check(desks.inspector, run.id, after=ids[0])
    assert left is not None
    assert left.id == ids[0]


def own_of(desks: Desks) -> UUID:
    own = desks.manager.actor.organisation_id
    assert own is not None
    return own


@pytest.mark.requirement("004-3.3-a")
def test_who_had_a_hand_in_the_agent_does_not_look_at_its_shop(desks: Desks) -> None:
    licensed(desks, numbers=("s-1",))
    drawn(desks, 100, who(desks, "manager"), who(desks, "inspector"))
    checks = by_shop(desks)

    own, strange = checks["shop:s-1"], checks["shop:s-2"]
    assert (own.assignee_id, own.is_passed_on) == (who(desks, "inspector"), True)
    assert (strange.assignee_id, strange.is_passed_on) == (who(desks, "manager"), False)
    with pytest.raises(NotAllowed) as no:
        fill_check(desks.manager, own.id, GOOD)
    assert no.value.code == "check.related"
    fill_check(desks.manager, strange.id, GOOD)
    fill_check(desks.inspector, own.id, GOOD)


def test_without_a_substitute_the_shop_is_left_for_any_colleague(desks: Desks) -> None:
    licensed(desks, numbers=("s-1",))
    drawn(desks, assignee_id=who(desks, "manager"))

    own = by_shop(desks)["shop:s-1"]
    assert (own.assignee_id, own.is_passed_on) == (None, True)
    assert "patrol_fill" in [item.kind for item in work_items(desks.inspector)]


def test_a_second_person_looks_at_a_tenth_and_the_run_is_closed(desks: Desks) -> None:
    run = handed_in(desks)
    check = the_drawn_one(desks)
    keys = list(by_shop(desks))
    (again,) = draw(f"{run.seed}review", keys, 10)
    assert by_shop(desks)[again].id == check.id
    for finding in rows_of(desks.manager, Finding):
        dismiss_finding(desks.approver, finding.id, "已出示委托书")
    assert row_of(desks.manager, PatrolRun, run.id).state is RunState.SUBMITTED
    with pytest.raises(Conflict) as no:
        review_run(desks.approver, run.id)
    assert no.value.code == "patrol.reviews_open"
    assert "check_review" in [item.kind for item in work_items(desks.approver)]

    review_check(desks.approver, check.id, GOOD)

    assert row_of(desks.manager, PatrolRun, run.id).state is RunState.CLOSED
    with pytest.raises(Conflict):
        review_check(desks.approver, check.id, GOOD)


def test_what_two_people_saw_differently_is_settled(desks: Desks) -> None:
    run = handed_in(desks)
    check = the_drawn_one(desks)
    with pytest.raises(Invalid) as no:
        review_check(desks.approver, check.id, {CheckItem.ROUTE: CheckAnswer.GOOD})
    assert no.value.code == "check.incomplete"
    check = review_check(desks.approver, check.id, bad(CheckItem.BADGE_DISPLAYED))
    assert check.differences == ["badge_displayed"]
    for finding in rows_of(desks.manager, Finding):
        dismiss_finding(desks.approver, finding.id, "已出示委托书")
    assert row_of(desks.manager, PatrolRun, run.id).state is RunState.SUBMITTED
    one = {CheckItem.BADGE_DISPLAYED: CheckAnswer.BAD}
    with pytest.raises(Invalid):
        settle_check(desks.approver, check.id, one, " ")
    with pytest.raises(Invalid):
        settle_check(desks.approver, check.id, {CheckItem.ROUTE: CheckAnswer.BAD}, "误看")

    settle_check(desks.approver, check.id, one, "截图可见首页无标识")

    found = [f for f in rows_of(desks.manager, Finding) if f.kind is FindingKind.BADGE_MISSING]
    assert [f.shop_id for f in found] == [check.shop_id]
    assert row_of(desks.manager, PatrolRun, run.id).state is RunState.SUBMITTED
    with pytest.raises(Conflict):
        settle_check(desks.approver, check.id, one, "再裁")


def test_only_what_was_drawn_is_looked_at_again_and_never_by_the_same_person(
    desks: Desks,
) -> None:
    with shop_open(plain_cards) as stand:
        source = save_source(desks.platform, "蓝海", mapping(stand))
        plan = add_plan(desks.platform, "每月", source.id, PlanTerms(share=100))
        run = walked(desks.platform, run_plan_now(desks.platform, plan.id))
    for check in rows_of(desks.platform, ShopCheck):
        fill_check(desks.platform, check.id, GOOD)
    hand_in_run(desks.platform, run.id)
    for check in rows_of(desks.platform, ShopCheck):
        with pytest.raises((NotAllowed, Conflict)) as no:
            review_check(desks.platform, check.id, GOOD)
        drawn_code = "check.same_person" if check.is_review_drawn else "check.not_drawn"
        assert no.value.code == drawn_code


def test_a_late_run_says_why_before_it_is_handed_in(desks: Desks, clock: Clock) -> None:
    run = drawn(desks)
    with pytest.raises(Conflict) as early:
        explain_delay(desks.inspector, run.id, "忙")
    assert early.value.code == "patrol.not_late"
    for check in rows_of(desks.manager, ShopCheck):
        fill_check(desks.inspector, check.id, GOOD)
    clock.pass_(days=30)
    assert note_overdue_runs(desks.house) == 1
    with pytest.raises(Invalid) as no:
        hand_in_run(desks.inspector, run.id)
    assert no.value.code == "patrol.reason_needed"
    assert "patrol_late" in [item.kind for item in work_items(desks.inspector)]

    run = hand_in_run(desks.inspector, run.id, "网店关停核实耗时")

    assert run.overdue_reason == "网店关停核实耗时"
    assert "patrol_late" not in [item.kind for item in work_items(desks.inspector)]


def test_checklists_are_their_organisations_own(desks: Desks) -> None:
    drawn(desks)
    check = rows_of(desks.manager, ShopCheck)[0]

    assert len(list_checks(desks.regulator).rows) == 2
    with pytest.raises(NotAllowed):
        fill_check(desks.regulator, check.id, GOOD)
    with pytest.raises(NotAllowed):
        fill_check(desks.approver, check.id, GOOD)
    for desk in (desks.other_manager, desks.platform):
        assert list_checks(desk).rows == []
        with pytest.raises(NotFound):
            fill_check(desk, check.id, GOOD)


def test_a_draw_takes_at_least_one_and_all_at_a_hundred() -> None:
    keys = [f"shop:{n}" for n in range(100)]

    assert len(draw("a", keys, 1)) == 1
    assert len(draw("a", keys[:3], 10)) == 1
    assert set(draw("a", keys, 100)) == set(keys)
    assert draw("a", keys, 20) == draw("a", reversed(keys), 20)
    assert draw("a", keys, 20) != draw("b", keys, 20)
    assert list(draw("a", [], 20)) == []


def test_the_newest_edition_of_the_checklist_asks_for_every_item() -> None:
    newest = packaged("checklists.toml")["patrol"][-1]
    assert [line["code"] for line in newest["lines"]] == list(ITEMS)
