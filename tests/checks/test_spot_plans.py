"""Plans: a random sample of authorised shops that anybody can draw again."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import select

from console.actions.channel.shops import end_shop
from console.actions.checks.spot_checks import assign_check
from console.actions.checks.spot_lists import list_checks
from console.actions.checks.spot_plans import PlanDraft, list_plans, make_plan, plan_record
from models.channel.licences import Licence, LicenceState
from models.channel.shops import AuthorisedShop
from models.checks.sampling import draw, frame_of, frame_text, fresh_seed, is_seed
from models.checks.spot_checks import CheckPurpose, CheckState, SpotCheckPlan
from models.permissions import Permission
from models.refusals import Invalid, NotAllowed, NotFound
from tests.channel.stories import licensed
from tests.checks.spot_world import BASIS, INSPECTOR
from tests.conftest import ONLY_SQLITE, Desks

SEED = "5e" * 32
TODAY = date(2026, 3, 2)
DRAFT = PlanDraft(
    "三月抽查", CheckPurpose.CAMPAIGN, BASIS, 2, TODAY, TODAY + timedelta(days=30), seed=SEED
)


def test_the_same_seed_and_frame_give_the_same_sample_in_whatever_order() -> None:
    frame = [f"{n:04}" for n in range(1000)]
    drawn = draw(SEED, frame, 20)
    assert drawn == draw(SEED, [*reversed(frame), *frame], 20)
    assert len(set(drawn)) == 20
    assert drawn != draw("5f" * 32, frame, 20)
    assert draw(SEED, frame, 10) == drawn[:10]
    assert list(frame_of(frame_text(reversed(frame)))) == frame


def test_the_draw_is_as_it_is_written_down() -> None:
    """By `sha256sum` over "<seed> <id>", sorted: whoever has no Python draws the same."""
    assert draw("00" * 32, ["a", "b", "c", "d"], 4) == ["c", "d", "b", "a"]


def test_no_shop_is_likelier_than_another() -> None:
    frame = [str(n) for n in range(10)]
    hits = dict.fromkeys(frame, 0)
    for n in range(2000):
        for one in draw(f"{n:064x}", frame, 3):
            hits[one] += 1
    assert all(500 < n < 700 for n in hits.values()), hits  # 600 each, five sigma and more


def test_a_fresh_seed_is_a_seed() -> None:
    seed = fresh_seed()
    assert is_seed(seed)
    assert not is_seed(seed.upper() + "0")


def shops(desks: Desks) -> list[AuthorisedShop]:
    """Four of an agent in force, and two of one that is suspended."""
    _, _, live = licensed(desks, 1, ("1001", "1002", "1003", "1004"))
    _, licence, _ = licensed(desks, 2, ("2001", "2002"))
    with desks.house.begin(Permission.LICENCE_EDIT) as work:
        row = work.get(Licence, licence.id)
        row.state = LicenceState.SUSPENDED
        work.record("licence.suspended", row)
    return live


def test_shops_are_drawn_from_live_ones_of_agents_with_a_licence_in_force(desks: Desks) -> None:
    live = shops(desks)
    end_shop(desks.manager, live[3].id, reason="已关店")
    plan = make_plan(desks.manager, DRAFT)
    assert (plan.number, plan.frame_size, plan.seed) == ("SP-2026-000001", 3, SEED)
    frame = [str(one.id) for one in live[:3]]
    assert desks.house.house.evidence.open(plan.frame_sha256) == frame_text(frame)  # pyright: ignore[reportArgumentType]
    record = plan_record(desks.manager, plan.id)
    assert sorted(str(one.shop_id) for one in record.checks) == sorted(draw(SEED, frame, 2))
    assert {one.state for one in record.checks} == {CheckState.PLANNED}
    assert {one.number for one in record.checks} == {"SC-2026-000001", "SC-2026-000002"}
    assert record.is_same is True
    assert [one.id for one in list_plans(desks.manager).rows] == [plan.id]
    assert len(list_checks(desks.manager, plan=plan.id).rows) == 2


def test_a_sample_that_was_changed_afterwards_is_not_the_same(desks: Desks) -> None:
    shops(desks)
    plan = make_plan(desks.manager, DRAFT)
    with desks.house.begin(Permission.SPOT_CHECK_PLAN) as work:
        row = work.session.exec(select(SpotCheckPlan)).one()
        row.seed = "aa" * 32
        work.record("spot_plan.made", row)
    drawn = plan_record(desks.manager, plan.id)
    again = draw("aa" * 32, frame_of(desks.house.house.evidence.open(plan.frame_sha256)), 2)  # pyright: ignore[reportArgumentType]
    same = sorted(again) == sorted(str(one.shop_id) for one in drawn.checks)
    assert drawn.is_same is same
    desks.house.house.evidence.path(plan.frame_sha256).unlink()  # pyright: ignore[reportArgumentType]
    assert plan_record(desks.manager, plan.id).is_same is None


def test_a_sample_is_of_the_platforms_and_provinces_that_are_named(desks: Desks) -> None:
    shops(desks)
    one = replace(DRAFT, size=1, platforms=["lanhai"], provinces=["44"])
    assert make_plan(desks.manager, one).frame_size == 4
    for nowhere in ({"platforms": ["honghai"]}, {"provinces": ["11"]}):
        with pytest.raises(Invalid, match="frame_small"):
            make_plan(desks.manager, replace(DRAFT, **nowhere))  # pyright: ignore[reportArgumentType]


@ONLY_SQLITE
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"size": 0}, "bad_size"),
        ({"size": 201}, "bad_size"),
        ({"size": 5}, "frame_small"),
        ({"seed": "7"}, "bad_seed"),
        ({"provinces": ["99"]}, "no_such_province"),
        ({"ends_on": TODAY - timedelta(days=1)}, "bad_days"),
        ({"wants_card": False}, "wants_nothing"),
        ({"wants_identity": True}, "use_approval_needed"),
        ({"wants_identity": True, "use_approval": "李某某的审批"}, "use_approval_needed"),
        ({"name": " "}, "field_missing"),
        ({"basis": ""}, "field_missing"),
        ({"name": "查 11010519491231002X"}, "identity_number"),
    ],
)
def test_a_plan_that_says_too_little_or_too_much_is_refused(
    desks: Desks, changed: dict[str, object], code: str
) -> None:
    shops(desks)
    with pytest.raises(Invalid, match=code):
        make_plan(desks.manager, replace(DRAFT, **changed))  # pyright: ignore[reportArgumentType]
    assert list_plans(desks.manager).rows == []


def test_a_lead_plans_and_gives_to_inspectors_of_the_carrier(desks: Desks) -> None:
    shops(desks)
    for nobody in (desks.inspector, desks.approver, desks.platform, desks.regulator):
        with pytest.raises(NotAllowed):
            make_plan(nobody, DRAFT)
    plan = make_plan(desks.manager, DRAFT)
    row = plan_record(desks.manager, plan.id).checks[0]
    for login, code in ((INSPECTOR, ""), ("wang.fang", "no_such"), ("chen.ming", "no_such")):
        if code:
            with pytest.raises(Invalid, match=code):
                assign_check(desks.manager, row.id, login, TODAY)
        else:
            assert assign_check(desks.manager, row.id, login, TODAY).assignee_id is not None
    with pytest.raises(Invalid, match="day_past"):
        assign_check(desks.manager, row.id, INSPECTOR, TODAY - timedelta(days=1))
    with pytest.raises(Invalid, match="day_outside"):
        assign_check(desks.manager, row.id, INSPECTOR, TODAY + timedelta(days=31))
    with pytest.raises(NotFound):
        assign_check(desks.other_manager, row.id, "wang.fang", TODAY)
