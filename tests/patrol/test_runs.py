"""Runs against real small shops on loopback, through the guarded fetcher."""

from datetime import date

import pytest

from console.actions.patrol.listings import list_listings
from console.actions.patrol.packs import run_pack
from console.actions.patrol.plan import (
    list_runs,
    plan_run,
    queued_runs,
    review_run,
    run_and_history,
    stop_run,
)
from console.actions.patrol.run import advance_run
from console.actions.patrol.sources import save_source
from console.desk import Desk
from integrations.evidence import Digest, check_pack
from models.channel.licences import Ground, LicenceState
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun, RunState, RunStep
from models.patrol.shops import SeenListing, ShopState
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from models.staff import Door
from tests.conftest import Desks
from tests.patrol.walks import (
    license_shop,
    mapping,
    planned,
    row_of,
    rows_of,
    shop_open,
    shops_by_key,
    walked,
    walking,
)
from tests.shops import GOODS, KEY, Answer, Call, open_shop, rest_shop


def findings(desk: Desk) -> dict[str, Finding]:
    """Of the right to sell, by the shop's key."""
    keys = {shop.id: shop.shop_key for shop in shops_by_key(desk).values()}
    about_right = [one for one in rows_of(desk, Finding) if one.ground is not Ground.INDUSTRY_CARD]
    return {keys[finding.shop_id]: finding for finding in about_right}


@pytest.mark.requirement("004-3.3-g")
def test_a_run_finds_every_shop_that_sells_cards_without_a_licence(desks: Desks) -> None:
    license_shop(desks, "s-1")
    with shop_open() as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    assert run.state is RunState.SUBMITTED
    assert (run.listings, run.shops, run.findings) == (7, 3, 2)
    assert run.cards >= 2
    assert run.fault_count == 0
    assert run.steps == run.steps_done
    found = findings(desks.manager)
    assert list(found) == ["shop:s-2"]
    finding = found["shop:s-2"]
    assert finding.ground is Ground.NO_DELEGATION
    assert finding.kind is FindingKind.NO_DELEGATION
    assert finding.tier is Tier.SERIOUS
    assert finding.look_due_at is not None
    assert finding.rule_version == "finding_review/1"
    assert (finding.card_home, finding.platform_home) == ("44", "33")
    states = {key: shop.state for key, shop in shops_by_key(desks.manager).items()}
    assert states == {
        "shop:s-1": ShopState.LICENSED,
        "shop:s-2": ShopState.SUSPECTED,
        "shop:s-3": ShopState.NOT_CARDS,
    }


def test_what_was_seen_is_kept_with_its_evidence(desks: Desks) -> None:
    with shop_open() as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    store = desks.house.house.evidence
    listings = rows_of(desks.manager, SeenListing)
    assert {one.listing_id for one in listings} == {f"G-{good.no}" for good in GOODS}
    card = next(one for one in listings if one.listing_id == "G-3")
    assert (str(card.price), card.sales, card.title_seen) == ("1234.56", 7, GOODS[2].title)
    assert any("物联网卡" in reason for reason in card.reasons)
    assert "table=" in card.fields["sources"]["shop_id"]
    manifests = [Digest(one.evidence_sha256 or "") for one in listings]
    assert len(set(manifests)) == 7
    out = run_pack(desks.manager, run.id).path
    assert out is not None
    assert check_pack(out) == []
    out.unlink()
    assert b"SQ-" not in store.open(Digest(run.register_sha256 or ""))


@pytest.mark.parametrize(
    ("given", "ground", "kind"),
    [
        ({"ends": date(2026, 2, 1)}, Ground.EXPIRED, FindingKind.NO_DELEGATION),
        ({"begins": date(2026, 6, 1)}, Ground.NOT_BEGUN, FindingKind.NO_DELEGATION),
        ({"state": LicenceState.REVOKED}, Ground.NOT_IN_FORCE, FindingKind.NO_DELEGATION),
        ({"names_shop": False}, Ground.OUT_OF_SCOPE, FindingKind.SCOPE_EXCEEDED),
    ],
)
def test_a_licence_that_does_not_hold_is_the_ground(
    desks: Desks, given: dict[str, object], ground: Ground, kind: FindingKind
) -> None:
    license_shop(desks, "s-1", **given)  # pyright: ignore[reportArgumentType]
    with shop_open() as stand:
        walked(desks.manager, planned(desks.manager, stand))

    finding = findings(desks.manager)["shop:s-1"]
    assert (finding.ground, finding.kind) == (ground, kind)


def test_a_shop_that_writes_another_ones_number_is_found_by_it(desks: Desks) -> None:
    license_shop(desks, "s-9")

    def stolen(_call: Call, answer: Answer) -> Answer:
        assert isinstance(answer.body, str)
        shown = "<tr><th>授权编号</th><td>SQ-CU-44-2026-000001</td></tr></table>"
        return Answer(answer.body.replace("</table>", shown, 1), answer.status)

    with shop_open(stolen) as stand:
        text = mapping(stand) + '\nlicence_no = { table = "授权编号" }\n'
        source = save_source(desks.manager, "一", text)
        walked(desks.manager, plan_run(desks.manager, source.id))

    finding = findings(desks.manager)["shop:s-2"]
    assert finding.ground is Ground.SOMEONE_ELSES_NUMBER
    assert finding.claimed_number == "SQ-CU-44-2026-000001"


def test_a_second_run_finds_nothing_twice(desks: Desks) -> None:
    with shop_open() as stand:
        source = save_source(desks.manager, "一", mapping(stand))
        first = walked(desks.manager, plan_run(desks.manager, source.id))
        second = walked(desks.manager, plan_run(desks.manager, source.id))

    assert (first.findings, second.findings) == (3, 0)
    assert len(rows_of(desks.manager, Finding)) == 3
    assert len(shops_by_key(desks.manager)) == 3
    assert len(rows_of(desks.manager, SeenListing)) == 14


def test_a_source_with_a_key_is_asked_with_it_and_the_key_is_nowhere_kept(desks: Desks) -> None:
    with open_shop(rest_shop) as stand:
        source = save_source(desks.manager, "接口", mapping(stand, "rest"), {"rest": KEY})
        run = walked(desks.manager, plan_run(desks.manager, source.id))

    assert run.listings == 7
    assert "/robots.txt" not in stand.asked
    assert KEY not in str(source.secrets)
    for path in desks.house.house.settings.data.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes()


def test_a_killed_step_is_done_again_and_changes_nothing(desks: Desks) -> None:
    with shop_open() as stand:
        run = planned(desks.manager, stand)
        house = walking(desks.house)
        while not any(one.is_done for one in rows_of(desks.manager, RunStep)):
            advance_run(house, run.id)
        with desks.house.begin(Permission.PATROL_RUN) as work:  # as if its end had been lost
            step = next(one for one in rows_of(desks.manager, RunStep) if one.is_done)
            work.session.get_one(RunStep, step.id).is_done = False
            work.no_deed()
        run = walked(desks.manager, run)

    assert run.listings == 7
    assert len(rows_of(desks.manager, SeenListing)) == 7


def test_a_shop_that_refuses_robots_is_left_alone_and_the_run_says_why(desks: Desks) -> None:
    def closed(call: Call, answer: Answer) -> Answer:
        return Answer("User-agent: *\nDisallow: /") if call.path == "/robots.txt" else answer

    with shop_open(closed) as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    assert run.state is RunState.FAILED
    assert run.faults[0]["word"] == "robots"
    assert set(stand.asked) == {"/robots.txt"}


def test_a_run_that_can_read_nothing_has_failed(desks: Desks) -> None:
    with shop_open(lambda _call, _answer: Answer("<h1>维护中</h1>", 500)) as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    assert run.state is RunState.FAILED
    assert run.ended_at is not None
    assert run.fault_count >= 1


def test_one_page_that_cannot_be_read_is_a_fault_and_the_rest_is_read(desks: Desks) -> None:
    def broken(call: Call, answer: Answer) -> Answer:
        return Answer("<h1>?</h1>") if call.path == "/shop/item-2/" else answer

    with shop_open(broken) as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    assert run.state is RunState.SUBMITTED
    assert run.listings == 6
    assert [fault["word"] for fault in run.faults] == ["field_missing"]
    assert run.faults[0]["url"].endswith("/shop/item-2/")


def test_what_may_pass_later_is_asked_once_more(desks: Desks) -> None:
    asked = list[str]()

    def moody(call: Call, answer: Answer) -> Answer:
        if call.path == "/shop/item-5/":
            asked.append(call.path)
            if len(asked) == 1:
                return Answer("busy", 500)
        return answer

    with shop_open(moody) as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    assert len(asked) == 2
    assert run.listings == 7
    assert run.fault_count == 1


def test_limits_end_a_walk_and_say_so(desks: Desks) -> None:
    with shop_open() as stand:
        few = mapping(stand).replace("[list]", "[limits]\nlistings = 2\n\n[list]", 1)
        source = save_source(desks.manager, "一", few)
        run = walked(desks.manager, plan_run(desks.manager, source.id))

    assert run.listings == 2
    assert "limit_listings" in [fault["word"] for fault in run.faults]
    assert run.state is RunState.SUBMITTED


def test_a_run_is_stopped_at_once_and_asks_no_further(desks: Desks) -> None:
    with shop_open() as stand:
        run = planned(desks.manager, stand)
        house = walking(desks.house)
        for _ in range(3):
            advance_run(house, run.id)
        stop_run(desks.manager, run.id, "平台要求暂停")
        asked = len(stand.asked)

        assert not advance_run(house, run.id)

    assert len(stand.asked) == asked
    assert row_of(desks.manager, PatrolRun, run.id).state is RunState.STOPPED
    with pytest.raises(Conflict):
        stop_run(desks.manager, run.id)
    assert queued_runs(desks.house) == []


def test_deeds_of_a_run_carry_the_name_of_who_planned_it(desks: Desks) -> None:
    with shop_open() as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    _, deeds = run_and_history(desks.manager, run.id)
    read = [deed for deed in deeds if deed.deed == "patrol.page_read"]
    assert len(read) == 11
    assert {deed.actor_name for deed in deeds} == {"chen.ming"}
    assert {deed.door for deed in read} == {Door.HOUSE}
    assert all(deed.facts["evidence"] for deed in read)


def test_a_source_is_walked_once_at_a_time(desks: Desks) -> None:
    with shop_open() as stand:
        run = planned(desks.manager, stand)

        with pytest.raises(Conflict) as no:
            plan_run(desks.manager, run.source_id or "")

    assert no.value.code == "patrol.already_running"


def test_runs_and_what_they_saw_are_known_to_their_own_and_to_the_watching_province(
    desks: Desks,
) -> None:
    with shop_open() as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    for desk in (desks.manager, desks.approver, desks.regulator, desks.auditor, desks.inspector):
        assert [one.id for one in list_runs(desk).rows] == [run.id]
        assert len(list_listings(desk, run_id=run.id).rows) == 7
    for desk in (desks.other_manager, desks.platform, desks.other_regulator):
        assert list_runs(desk).rows == []
        with pytest.raises(NotFound):
            list_listings(desk, run_id=run.id)
    for desk in (desks.privacy, desks.iot, desks.admin):
        with pytest.raises(NotAllowed):
            list_runs(desk)


def test_only_patrollers_start_and_stop_runs(desks: Desks) -> None:
    with shop_open() as stand:
        run = planned(desks.manager, stand)
        for desk in (desks.regulator, desks.approver, desks.inspector):
            with pytest.raises(NotAllowed):
                stop_run(desk, run.id)
        with pytest.raises(NotFound):
            stop_run(desks.other_manager, run.id)


def test_a_run_without_findings_is_closed_by_somebody_else(desks: Desks) -> None:
    license_shop(desks, "s-1")

    def no_card(_call: Call, answer: Answer) -> Answer:
        assert isinstance(answer.body, str)
        return Answer(answer.body.replace("物联网卡 工业级", "手机支架"), answer.status)

    with shop_open(no_card) as stand:
        run = walked(desks.manager, planned(desks.manager, stand))
    assert (run.state, run.findings) == (RunState.SUBMITTED, 0)

    with pytest.raises(NotAllowed):
        review_run(desks.manager, run.id)
    assert review_run(desks.approver, run.id).state is RunState.CLOSED


def test_what_pages_say_is_kept_whatever_it_is(desks: Desks) -> None:
    odd = "流量卡 " + "长" * 1500 + "\u0007 <script>"

    def strange(_call: Call, answer: Answer) -> Answer:
        assert isinstance(answer.body, str)
        return Answer(answer.body.replace("物联网卡 工业级", odd), answer.status)

    with shop_open(strange) as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    assert run.listings == 7
    titles = [one.title_seen for one in rows_of(desks.manager, SeenListing)]
    assert max(map(len, titles)) <= 1000
