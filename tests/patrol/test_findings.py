"""Findings get a second look by somebody else, and the shop moves with what is decided."""

import pytest

from console.actions.patrol.findings import (
    confirm_finding,
    confirm_findings,
    dismiss_finding,
    finding_record,
    list_findings,
    shops_of,
)
from console.actions.patrol.plan import plan_run, review_run
from console.actions.patrol.shops import list_shops, shop_record
from console.actions.patrol.sources import save_source
from console.desk import Desk
from models.channel.licences import LicenceState
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import PatrolRun, RunState
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import Tier
from tests.conftest import Clock, Desks
from tests.patrol.walks import (
    license_shop,
    mapping,
    plain_cards,
    planned,
    row_of,
    rows_of,
    shop_open,
    walked,
)


def found(desk: Desk) -> list[Finding]:
    """Two findings of one run of the plain shop."""
    with shop_open(plain_cards) as stand:
        walked(desk, planned(desk, stand))
    return rows_of(desk, Finding)


@pytest.mark.requirement("004-3.3-g")
def test_a_second_look_confirms_and_the_shop_is_without_licence(desks: Desks) -> None:
    first, _ = found(desks.manager)

    finding = confirm_finding(desks.approver, first.id, reason="与清单核对无误")

    assert finding.state is FindingState.CONFIRMED
    assert finding.looked_by == desks.approver.actor.id
    assert row_of(desks.manager, Shop, finding.shop_id).state is ShopState.UNLICENSED
    record = finding_record(desks.manager, finding.id)
    assert [deed.deed for deed in record.deeds] == ["finding.confirmed", "finding.found"]
    assert record.listings
    assert {str(one.id) for one in record.listings} == set(finding.listing_ids)
    assert set(finding.evidence) == {one.evidence_sha256 for one in record.listings}


def test_with_its_last_finding_looked_at_the_run_is_reviewed(desks: Desks) -> None:
    first, second = found(desks.manager)
    confirm_finding(desks.approver, first.id)
    assert row_of(desks.manager, PatrolRun, first.run_id).state is RunState.SUBMITTED
    assert first.run_id is not None
    with pytest.raises(Conflict):
        review_run(desks.approver, first.run_id)

    dismiss_finding(desks.approver, second.id, "该店不售电话卡", sells_no_cards=True)

    assert row_of(desks.manager, PatrolRun, first.run_id).state is RunState.CLOSED
    assert row_of(desks.manager, Shop, second.shop_id).state is ShopState.NOT_CARDS


def test_a_dismissed_finding_clears_the_shop_and_says_why(desks: Desks) -> None:
    first, _ = found(desks.manager)
    with pytest.raises(Invalid):
        dismiss_finding(desks.approver, first.id, "  ")

    finding = dismiss_finding(desks.approver, first.id, "已出示委托书")

    assert finding.state is FindingState.FALSE_POSITIVE
    assert finding.reason == "已出示委托书"
    assert row_of(desks.manager, Shop, first.shop_id).state is ShopState.LICENSED


def test_who_patrolled_does_not_decide(desks: Desks) -> None:
    with shop_open() as stand:
        run = walked(desks.platform, planned(desks.platform, stand))
    first = rows_of(desks.platform, Finding)[0]
    assert run.card_home is None

    with pytest.raises(NotAllowed) as no:
        confirm_finding(desks.platform, first.id)
    assert no.value.code == "patrol.same_person"
    with pytest.raises(NotAllowed):
        dismiss_finding(desks.platform, first.id, "x")
    assert row_of(desks.platform, Finding, first.id).state is FindingState.OPEN


def test_a_tier_may_be_raised_alone_and_not_lowered(desks: Desks) -> None:
    license_shop(desks, "s-1", names_shop=False)
    general = next(one for one in found(desks.manager) if one.tier is Tier.GENERAL)

    with pytest.raises(NotAllowed) as no:
        confirm_finding(desks.approver, general.id, tier=Tier.MINOR)
    assert no.value.code == "finding.tier_not_lowered"
    assert confirm_finding(desks.approver, general.id, tier=Tier.SERIOUS).tier is Tier.SERIOUS


def test_a_decision_is_made_once_and_on_what_was_shown(desks: Desks) -> None:
    first, _ = found(desks.manager)
    with pytest.raises(Conflict) as no:
        confirm_finding(desks.approver, first.id, version=first.version + 1)
    assert no.value.code == "patrol.changed_meanwhile"

    confirm_finding(desks.approver, first.id, version=first.version)
    with pytest.raises(Conflict):
        confirm_finding(desks.approver, first.id)
    with pytest.raises(Conflict):
        dismiss_finding(desks.approver, first.id, "x")


def test_many_are_confirmed_each_on_its_own(desks: Desks) -> None:
    first, second = found(desks.manager)
    confirm_finding(desks.approver, first.id)

    done = confirm_findings(desks.approver, [first.id, second.id])

    assert [looked.refusal is None for looked in done] == [False, True]
    with pytest.raises(Invalid):
        confirm_findings(desks.approver, [first.id] * 201)


def test_findings_are_listed_by_what_one_looks_for(desks: Desks) -> None:
    first, second = found(desks.manager)
    confirm_finding(desks.approver, first.id)

    assert [one.id for one in list_findings(desks.manager).rows] == [second.id, first.id]
    by_state = list_findings(desks.manager, state=FindingState.OPEN).rows
    assert [one.id for one in by_state] == [second.id]
    assert list_findings(desks.manager, tier=Tier.MINOR).rows == []
    assert list_findings(desks.manager, platform="honghai").rows == []
    assert len(list_findings(desks.manager, shop_id=first.shop_id).rows) == 1
    assert len(list_findings(desks.manager, run_id=first.run_id).rows) == 2
    assert set(shops_of(desks.manager, [first, second])) == {first.shop_id, second.shop_id}


def test_findings_and_shops_are_known_to_their_own_and_to_the_watching_provinces(
    desks: Desks,
) -> None:
    first, _ = found(desks.manager)

    for desk in (desks.manager, desks.approver, desks.regulator, desks.inspector, desks.auditor):
        assert len(list_findings(desk).rows) == 2
        assert len(list_shops(desk).rows) == 3
        assert shop_record(desk, first.shop_id).findings
    for desk in (desks.other_approver, desks.other_platform, desks.other_regulator):
        assert list_findings(desk).rows == []
        assert list_shops(desk).rows == []
        with pytest.raises(NotFound):
            finding_record(desk, first.id)
    with pytest.raises(NotAllowed):
        confirm_finding(desks.regulator, first.id)
    with pytest.raises(NotFound):
        confirm_finding(desks.other_approver, first.id)
    with pytest.raises(NotAllowed):
        list_findings(desks.privacy)


def test_what_comes_back_within_a_year_is_linked_to_what_was_closed(
    desks: Desks, clock: Clock
) -> None:
    with shop_open() as stand:
        source = save_source(desks.manager, "一", mapping(stand))
        walked(desks.manager, plan_run(desks.manager, source.id))
        first = rows_of(desks.manager, Finding)[0]
        with desks.house.begin(Permission.CASE_CLOSE) as work:  # as a case's end leaves it
            work.session.get_one(Finding, first.id).state = FindingState.CLOSED
            shop = work.session.get_one(Shop, first.shop_id)
            shop.state = ShopState.REMOVED
            work.record("case.closed", shop)
        clock.pass_(days=40)
        run = walked(desks.manager, plan_run(desks.manager, source.id))

    again = next(one for one in rows_of(desks.manager, Finding) if one.run_id == run.id)
    assert again.previous_id == first.id
    assert row_of(desks.manager, Shop, first.shop_id).state is ShopState.SUSPECTED


def test_a_finding_at_a_licensed_shop_makes_it_non_compliant_when_confirmed(desks: Desks) -> None:
    licence = license_shop(desks, "s-1")
    with shop_open() as stand:
        source = save_source(desks.manager, "一", mapping(stand))
        walked(desks.manager, plan_run(desks.manager, source.id))
        with desks.house.begin(Permission.LICENCE_REVOKE) as work:
            row = work.session.get_one(type(licence), licence.id)
            row.state = LicenceState.SUSPENDED
            work.record("licence.suspended", row)
        run = walked(desks.manager, plan_run(desks.manager, source.id))
    finding = next(one for one in rows_of(desks.manager, Finding) if one.run_id == run.id)
    assert row_of(desks.manager, Shop, finding.shop_id).state is ShopState.LICENSED

    confirm_finding(desks.approver, finding.id)

    assert row_of(desks.manager, Shop, finding.shop_id).state is ShopState.NON_COMPLIANT
