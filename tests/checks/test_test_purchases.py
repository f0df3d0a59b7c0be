"""Test purchases: two people, a walk through all states, and whose card came."""

from collections.abc import Callable
from itertools import product

import pytest

from console.actions.audit import list_deeds
from console.actions.cards.industry.offers import judge_link, links_of, suggest_links
from console.actions.checks.test_purchases import (
    MOST_CARDS,
    MOST_FEN,
    Parcel,
    Plan,
    approve_purchase,
    call_off_purchase,
    close_purchase,
    list_purchases,
    order_purchase,
    plan_purchase,
    purchase_file,
    purchase_record,
    receive_purchase,
)
from console.actions.work import work_items
from console.desk import Desk
from models.cards.monitoring import FoundBy, UsageFindingState
from models.cards.numbers import card_number
from models.checks.test_purchases import (
    PURCHASE_MOVES,
    LinkBy,
    OfferLinkState,
    PurchaseMove,
    PurchaseResult,
    PurchaseState,
)
from models.checks.test_purchases import (
    TestPurchase as Purchase,  # pytest takes what is called Test… for tests
)
from models.formats import Carrier
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind
from tests.cases.world import PNG, person
from tests.checks.world import batch, offer, ordered, parcel, planned, usage_findings
from tests.conftest import Desks
from tests.stock.files import iccid
from tests.stock.world import stocked

S, M = PurchaseState, PurchaseMove
ACTS: dict[PurchaseMove, Callable[[Desks, Purchase], Purchase]] = {
    M.APPROVE: lambda desks, row: approve_purchase(desks.approver, row.id),
    M.ORDER: lambda desks, row: order_purchase(desks.iot, row.id, order_no="D-1", price_fen=1),
    M.RECEIVE: lambda desks, row: receive_purchase(desks.iot, row.id, Parcel(notes="空包裹")),
    M.CLOSE: lambda desks, row: close_purchase(desks.iot, row.id, reason="已移交"),
    M.CALL_OFF: lambda desks, row: call_off_purchase(desks.iot, row.id, reason="商家未发货"),
}


def in_state(desks: Desks, state: PurchaseState) -> Purchase:
    row = planned(desks)
    with desks.house.begin(Permission.TEST_PURCHASE_EDIT) as work:
        row = work.get(Purchase, row.id)
        row.state = state
        work.record("test_purchase.planned", row)
    return row


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_move_goes_from_its_states_and_from_no_other(desks: Desks) -> None:
    assert set(ACTS) == set(PurchaseMove)
    for state, move in product(PurchaseState, PurchaseMove):
        row = in_state(desks, state)
        follows = PURCHASE_MOVES.get((state, move))
        if follows is None:
            with pytest.raises(Conflict):
                ACTS[move](desks, row)
        else:
            assert ACTS[move](desks, row).state is follows


def test_nobody_approves_what_they_planned(desks: Desks) -> None:
    both = person(desks, "both", "CT-44", Role.INSPECTOR, Role.APPROVER)
    own = plan_purchase(both, Plan("核实", "某商品"))
    assert own.number == "TP-2026-000001"
    with pytest.raises(NotAllowed, match="same_person"):
        approve_purchase(both, own.id)
    assert "purchase_approve" not in {item.kind for item in work_items(both)}
    with pytest.raises(NotAllowed):
        approve_purchase(desks.manager, own.id)
    with pytest.raises(NotFound):
        approve_purchase(desks.other_approver, own.id)
    assert approve_purchase(desks.approver, own.id, version=own.version).state is S.APPROVED
    with pytest.raises(Conflict, match="changed_meanwhile"):
        order_purchase(both, own.id, order_no="D", price_fen=1, version=own.version)


def test_what_waits_is_asked_of_who_may_do_it(desks: Desks) -> None:
    def waits(desk: Desk) -> set[str]:
        kinds = {item.kind for item in work_items(desk) if item.page == "test_purchases"}
        return {kind.removeprefix("purchase_") for kind in kinds}

    row = planned(desks)
    assert (waits(desks.approver), waits(desks.iot), waits(desks.other_approver)) == (
        {"approve"}, set(), set(),
    )  # fmt: skip
    approve_purchase(desks.approver, row.id)
    assert (waits(desks.approver), waits(desks.inspector)) == (set(), {"order"})
    order_purchase(desks.inspector, row.id, order_no="D-1", price_fen=1990)
    assert (waits(desks.manager), waits(desks.auditor)) == ({"receive"}, set())
    receive_purchase(desks.manager, row.id, Parcel(notes="只有空盒"))
    assert waits(desks.iot) == {"close"}
    close_purchase(desks.iot, row.id, reason="已移交")
    assert waits(desks.iot) == set()


@pytest.mark.requirement("004-2.3-g")
def test_an_industry_card_that_was_bought_proves_its_resale(desks: Desks) -> None:
    held = batch(desks)
    finding = offer(desks, "物联卡 大流量")
    row = ordered(desks, finding.number)
    assert (row.finding_id, row.shop_id) == (finding.id, finding.shop_id)
    came = receive_purchase(desks.inspector, row.id, parcel(f"{iccid(520)}8", iccid(521)))
    assert (came.result, came.batch_id) == (PurchaseResult.IN_BATCH, held.id)
    assert came.card == card_number(iccid(520))
    first, second = sorted(usage_findings(desks.iot), key=lambda one: one.card)
    assert came.usage_finding_id == first.id
    assert {first.found_by, second.found_by} == {FoundBy.TEST_PURCHASE}
    assert (first.kind, first.state, first.source_id) == (
        FindingKind.IOT_RESALE, UsageFindingState.OPEN, row.id,
    )  # fmt: skip
    assert first.facts["asked_identity"] is False
    assert list(first.evidence) == [came.files[0]["sha256"]]
    (link,) = links_of(desks.iot, finding.id)
    assert (link.link.how, link.link.state) == (LinkBy.TEST_PURCHASE, OfferLinkState.CONFIRMED)


def test_what_was_bought_overrules_what_was_judged_by_words(desks: Desks) -> None:
    batch(desks)
    finding = offer(desks, "广东远见智能科技 电表数据卡")
    (link,) = suggest_links(desks.iot, finding.id)
    judge_link(desks.iot, link.id, confirm=False, reason="名称相近")
    receive_purchase(desks.iot, ordered(desks, finding.number).id, parcel(iccid(520)))
    (now,) = links_of(desks.iot, finding.id)
    assert (now.link.id, now.link.state) == (link.id, OfferLinkState.CONFIRMED)


@pytest.mark.requirement("004-3.3-h")
def test_an_ordinary_card_shows_the_channels_it_went_through(desks: Desks) -> None:
    stocked(desks)
    row = receive_purchase(desks.inspector, ordered(desks).id, parcel(iccid(7)))
    assert (row.result, row.card, row.batch_id) == (
        PurchaseResult.IN_STOCK, card_number(iccid(7)), None,
    )  # fmt: skip
    (card,) = purchase_record(desks.inspector, row.id).cards
    assert card.place is not None
    assert [one["code"] for one in card.place.chain] == ["QD-01", "QD-00"]
    assert usage_findings(desks.iot) == []


def test_a_card_of_another_carrier_is_not_ours_whoever_has_it_here(desks: Desks) -> None:
    batch(desks, carrier="CU-44", first=iccid(500, "898601"))
    row = receive_purchase(desks.iot, ordered(desks).id, parcel(iccid(520, "898601")))
    assert row.result is PurchaseResult.NOT_OURS
    (card,) = purchase_record(desks.iot, row.id).cards
    assert (card.issuer, card.batch, card.place) == (Carrier.CUCC, None, None)
    assert usage_findings(desks.other_approver) == []
    empty = receive_purchase(desks.iot, ordered(desks).id, Parcel(notes="寄来一张说明书"))
    assert empty.result is PurchaseResult.NO_CARD


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (parcel("898603990"), "iccid_format"),
        (parcel("8.98603E+18"), "iccid_rounded"),
        (parcel(iccid(1), files=[]), "picture_needed"),
        (parcel(iccid(1), asked_identity=None), "say_how"),
        (parcel(iccid(1), works=None), "say_how"),
        (parcel(*map(iccid, range(MOST_CARDS + 1))), "too_many_cards"),
        (parcel(iccid(1), files=[("a.png", PNG)] * 11), "too_many_files"),
        (parcel(iccid(1), files=[("a.exe", b"MZ")]), "wrong_type"),
        (parcel(iccid(1), notes="买家 11010519491231002X"), "identity_number"),
        (Parcel(), "field_missing"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_parcel_that_says_too_little_or_too_much_is_refused(
    desks: Desks, bad: Parcel, code: str
) -> None:
    row = ordered(desks)
    with pytest.raises(Invalid, match=code):
        receive_purchase(desks.iot, row.id, bad)
    assert purchase_record(desks.iot, row.id).purchase.state is S.ORDERED


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_plan_and_an_order_are_checked(desks: Desks) -> None:
    for plan, code in (
        (Plan("", "某商品"), "field_missing"),
        (Plan("核实", " "), "field_missing"),
        (Plan("核实", "长" * 501), "too_long"),
        (Plan("核实 11010519491231002X", "某商品"), "identity_number"),
    ):
        with pytest.raises(Invalid, match=code):
            plan_purchase(desks.iot, plan)
    with pytest.raises(NotFound):
        plan_purchase(desks.iot, Plan("核实", "某商品", "FND-2026-999999"))
    row = approve_purchase(desks.approver, planned(desks).id)
    for price in (-1, MOST_FEN + 1):
        with pytest.raises(Invalid, match="bad_price"):
            order_purchase(desks.iot, row.id, order_no="D", price_fen=price)


def test_who_may_not_know_of_batches_is_not_told_whose_card_it_is(desks: Desks) -> None:
    batch(desks)
    row = receive_purchase(desks.inspector, ordered(desks).id, parcel(iccid(520)))
    for desk in (desks.inspector, desks.regulator):
        seen = purchase_record(desk, row.id)
        assert (seen.purchase.result, seen.usage_finding) == (PurchaseResult.IN_BATCH, None)
        assert [one.batch for one in seen.cards] == [None]
    known = purchase_record(desks.manager, row.id)
    assert known.usage_finding is not None
    assert known.cards[0].batch is not None
    assert list_purchases(desks.other_manager).rows == []
    with pytest.raises(NotAllowed):
        list_purchases(desks.platform)


def test_pictures_are_kept_as_evidence_and_every_look_is_on_record(desks: Desks) -> None:
    row = receive_purchase(desks.iot, ordered(desks).id, parcel(iccid(1)))
    digest = row.files[0]["sha256"]
    file = purchase_file(desks.manager, row.id, digest)
    assert (file.data, file.media_type, file.name) == (PNG, "image/png", "卡面.png")
    with pytest.raises(NotFound):
        purchase_file(desks.manager, row.id, "0" * 64)
    with pytest.raises(NotFound):
        purchase_file(desks.other_manager, row.id, digest)
    deeds = list_deeds(desks.house, deed="test_purchase").rows
    assert deeds[0].deed == "test_purchase.file_looked_at"
