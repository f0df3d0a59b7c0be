"""Offers that a patrol found, tied to the industry batches that they are of."""

import pytest

from console.actions.audit import history
from console.actions.cards.industry.findings import confirm_usage_finding
from console.actions.cards.industry.offers import judge_link, links_of, list_links, suggest_links
from console.actions.patrol.findings import confirm_finding, dismiss_finding
from console.actions.work import work_items
from models.cards.industry import IndustryBatch
from models.cards.monitoring import FoundBy
from models.cards.numbers import card_key, card_number
from models.cards.offered import batch_numbers_in, cards_in, folded, telling
from models.checks.test_purchases import LinkBy, OfferLinkState
from models.patrol.findings import Finding, FindingState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind
from tests.checks.world import BUYER, NUMBER, batch, offer, pictured, usage_findings
from tests.conftest import Desks
from tests.stock.files import iccid

WHY = "卡面照片与号段一致"


# What is read in an offer's words


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("ICCID:8986 0399-0000 0000 123 4G 流量", ["8986039900000000123"]),
        ("８９８６０３９９００００００００１２３４", ["8986039900000000123"]),
        ("898604B0123456789012张", ["898604B012345678901"]),
        ("卡号8986011212345678901Y，另一张 898600A1011234567890",
         ["8986011212345678901", "898600A101123456789"]),
        ("8986 0399 0000 0000 123 45 元包邮", ["8986039900000000123"]),
        ("同一张 8986039900000000123 和 89860399000000001234", ["8986039900000000123"]),
        ("898603990000000012345 太长，8944123456789012345 是国外的，898603990 太短", []),
        ("没有卡号", []),
    ],
)  # fmt: skip
def test_cards_are_read_as_people_write_them(words: str, keys: list[str]) -> None:
    assert [one.card.key for one in cards_in(words)] == keys


def test_batches_and_names_are_read_through_disguises() -> None:
    assert batch_numbers_in("批次iot-44-2026-000001，IOT 44 2026 000002") == [
        "IOT-44-2026-000001", "IOT-44-2026-000002",
    ]  # fmt: skip
    assert telling(BUYER) == "广东远见智能科技"
    assert telling(BUYER) in folded("廣東·遠見★智能 科技 出的卡")
    assert (telling("中国有限公司"), telling("Acme Ltd")) == ("", "")


# What is suggested


def test_a_card_in_an_offer_tells_whose_batch_it_is(desks: Desks) -> None:
    held = batch(desks)
    finding = offer(desks, f"现货物联卡，ICCID {iccid(520)[:10]} {iccid(520)[10:]}8")
    (link,) = suggest_links(desks.iot, finding.id)
    assert (link.batch_id, link.how, link.state) == (
        held.id, LinkBy.ICCID, OfferLinkState.SUGGESTED,
    )  # fmt: skip
    assert iccid(520)[10:] in link.said
    again = suggest_links(desks.iot, finding.id)
    assert [one.id for one in again] == [link.id]
    (record,) = links_of(desks.iot, finding.id)
    assert record.purchaser is not None
    assert (record.batch.number, record.purchaser.name) == (NUMBER, BUYER)


def test_a_name_tells_as_well_and_the_product_tells_which(desks: Desks) -> None:
    meters = batch(desks)
    cars = batch(desks, number="IOT-44-2026-000002", product="车载终端卡", first=iccid(700))
    finding = offer(desks, "廣東遠見智能科技 原厂 车載終端卡 拆机")
    (link,) = suggest_links(desks.iot, finding.id)
    assert (link.batch_id, link.how) == (cars.id, LinkBy.TEXT)
    both = offer(desks, "广东远见智能科技流量卡", shop_no=9002)
    assert {one.batch_id for one in suggest_links(desks.iot, both.id)} == {meters.id, cars.id}
    by_number = offer(desks, f"批次 {NUMBER.lower()} 余量", shop_no=9003)
    assert [one.batch_id for one in suggest_links(desks.iot, by_number.id)] == [meters.id]


def test_a_product_that_many_have_tells_nothing(desks: Desks) -> None:
    for at in range(4):
        batch(desks, number=f"IOT-44-2026-{at:06}", first=iccid(1000 * (at + 1)))
    rare = batch(desks, number="IOT-44-2026-000009", product="智能水表卡", first=iccid(9000))
    assert suggest_links(desks.iot, offer(desks, "电表数据卡 便宜卖").id) == []
    (link,) = suggest_links(desks.iot, offer(desks, "智能水表卡 便宜卖", shop_no=9002).id)
    assert link.batch_id == rare.id


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_code_on_a_picture_tells_as_well(desks: Desks) -> None:
    held = batch(desks)
    finding = offer(desks, "物联卡 大流量")
    assert suggest_links(desks.iot, finding.id) == []
    pictured(desks, finding, f"ICCID:{iccid(520)}")
    assert suggest_links(desks.iot, finding.id, with_pictures=False) == []
    (link,) = suggest_links(desks.iot, finding.id)
    assert (link.batch_id, link.how) == (held.id, LinkBy.ICCID)


def test_a_carrier_learns_of_its_own_batches_alone(desks: Desks) -> None:
    batch(desks, carrier="CU-44", first=iccid(500, "898601"))
    finding = offer(desks, f"物联卡 {iccid(520, '898601')} {BUYER}")
    assert suggest_links(desks.iot, finding.id) == []
    with pytest.raises(NotFound):
        suggest_links(desks.other_approver, finding.id)
    with pytest.raises(NotAllowed):
        suggest_links(desks.manager, finding.id)
    own = batch(desks, number="IOT-44-2026-000002")
    (link,) = suggest_links(desks.iot, offer(desks, iccid(520), shop_no=9002).id)
    assert link.batch_id == own.id
    assert list_links(desks.other_approver).rows == []
    with pytest.raises(NotFound):
        judge_link(desks.other_approver, link.id, confirm=True, reason=WHY)
    with pytest.raises(NotAllowed):
        links_of(desks.regulator, link.finding_id)


def test_confirming_a_finding_of_industry_cards_matches_it_at_once(desks: Desks) -> None:
    batch(desks)
    finding = offer(desks, f"物联卡 {iccid(520)}", state=FindingState.OPEN)
    confirm_finding(desks.approver, finding.id)
    assert len(links_of(desks.iot, finding.id)) == 1
    waiting = [(item.kind, item.id) for item in work_items(desks.iot)]
    assert ("offer_judge", finding.id) in waiting
    assert "offer_judge" not in {item.kind for item in work_items(desks.manager)}
    other = offer(desks, f"物联卡 {iccid(521)}", state=FindingState.OPEN, shop_no=9002)
    dismiss_finding(desks.approver, other.id, "并非售卡")
    with pytest.raises(Conflict, match="dismissed"):
        suggest_links(desks.iot, other.id)


# What is judged


@pytest.mark.requirement("004-2.3-g")
def test_a_card_of_a_batch_in_an_offer_is_a_finding_of_its_resale(desks: Desks) -> None:
    held = batch(desks)
    finding = offer(desks, f"物联卡 {iccid(520)} {iccid(521)}")
    (link,) = suggest_links(desks.iot, finding.id)
    with pytest.raises(Invalid, match="field_missing"):
        judge_link(desks.iot, link.id, confirm=True, reason=" ")
    judge_link(desks.iot, link.id, confirm=True, reason=WHY)
    (found,) = usage_findings(desks.iot)
    assert (found.batch_id, found.kind, found.found_by) == (
        held.id, FindingKind.IOT_RESALE, FoundBy.ONLINE_SALE,
    )  # fmt: skip
    assert (found.card, found.iccid) == (card_number(iccid(520)), iccid(520))
    assert found.facts["cards"] == [iccid(520), iccid(521)]
    assert (found.source_id, list(found.evidence)) == (finding.id, list(finding.evidence))
    assert card_key(found.card) == iccid(520)
    with pytest.raises(NotAllowed, match="same_person"):
        confirm_usage_finding(desks.iot, found.id)
    confirm_usage_finding(desks.approver, found.id)
    with pytest.raises(Conflict, match="judged_already"):
        judge_link(desks.approver, link.id, confirm=False, reason=WHY)
    with desks.iot.begin(Permission.FINDING_READ) as work:
        of_finding = {one.deed for one in history(work, work.get(Finding, finding.id))}
    with desks.iot.begin(Permission.INDUSTRY_READ) as work:
        of_batch = {one.deed for one in history(work, work.get(IndustryBatch, link.batch_id))}
    assert "offer_link.suggested" in of_finding
    assert "offer_link.confirmed" in of_batch - of_finding  # not every reader knows of batches


def test_words_alone_are_an_offer_and_no_resale(desks: Desks) -> None:
    batch(desks)
    finding = offer(desks, "广东远见智能科技 电表数据卡")
    (link,) = suggest_links(desks.iot, finding.id)
    judge_link(desks.approver, link.id, confirm=True, reason=WHY)
    (found,) = usage_findings(desks.iot)
    assert (found.kind, found.card) == (FindingKind.IOT_CARD_ONLINE, 0)


def test_what_was_ruled_out_is_not_suggested_again(desks: Desks) -> None:
    batch(desks)
    finding = offer(desks, "广东远见智能科技 电表数据卡")
    (link,) = suggest_links(desks.iot, finding.id)
    judge_link(desks.iot, link.id, confirm=False, reason="只是店名相近")
    (again,) = suggest_links(desks.iot, finding.id)
    assert again.state is OfferLinkState.REJECTED
    assert usage_findings(desks.iot) == []
