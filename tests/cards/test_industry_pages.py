"""What an IoT manager, a reviewer and a regulator see of industry cards, page by page."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.cards.industry.batches import draft_batch
from console.actions.cards.industry.cases import case_to_join, confirmed_of
from console.actions.cards.industry.findings import (
    confirm_usage_finding,
    list_usage_findings,
    usage_finding_record,
)
from console.actions.cards.industry.orders import order_cards
from console.actions.cards.industry.reviews import reassess_batch
from console.actions.cards.industry.runs import plan_run, run_monitoring
from models.cards.card_orders import CardMeasure
from models.cards.classes import CardClass
from models.cards.usage_rules import MEGABYTE
from models.rules import china_day
from tests.cards.ordered import confirmed
from tests.cards.used import planted
from tests.cards.world import USE, answers, approved, iccid, imei, in_use, purchaser, submitted
from tests.conftest import Desks
from tests.imports.files import csv_text
from tests.pages import Console, errors, grid, press
from tests.pages import shown as marked_up

ONLY_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def shown(page: AppTest) -> str:
    """Every word on the page, as it is read: without the marks that keep it from being rendered."""
    return marked_up(page).replace("\\", "")


@pytest.fixture
def console(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(desks.house.house, monkeypatch)


@ONLY_SQLITE
def test_empty_pages_say_what_to_do_first(desks: Desks, console: Console) -> None:
    assert "先登记购买单位" in shown(console.open("industry", desks.iot))
    assert "销售行业卡前" in shown(console.open("purchasers", desks.iot))
    assert "导入网络侧的每日用卡记录" in shown(console.open("monitoring", desks.iot))
    assert "导入每日用卡记录后" in shown(console.open("usage_findings", desks.iot))
    assert "登记购买单位并新建批次后" in shown(console.open("industry_counts", desks.regulator))


@ONLY_SQLITE
def test_a_purchasers_record_offers_what_comes_next(desks: Desks, console: Console) -> None:
    buyer = purchaser(desks, licence=False)
    for language, offered in (("zh", "上传营业执照"), ("en", "File the business licence")):
        page = console.open("purchasers", desks.iot, language=language, id=str(buyer.id))
        assert not errors(page)
        assert [one for one in page.button if offered in one.label]


@ONLY_SQLITE
@pytest.mark.requirement("004-2.3-a")
def test_a_draft_shows_all_that_is_missing_before_it_can_be_submitted(
    desks: Desks, console: Console
) -> None:
    buyer = purchaser(desks, licence=False)
    batch = draft_batch(
        desks.iot, purchaser=buyer.id, card_class=CardClass.I1, ordered=5, product="",
        use_statement="",
    )  # fmt: skip
    page = shown(console.open("industry", desks.iot, id=str(batch.id)))
    for missing in ("营业执照", "用途说明", "没有绑定使用范围"):
        assert missing in page
    english = shown(console.open("industry", desks.iot, language="en", id=str(batch.id)))
    assert "Still missing for" in english


@ONLY_SQLITE
@pytest.mark.requirement("004-2.3-c")
def test_the_risk_form_is_for_somebody_else_than_who_submitted(
    desks: Desks, console: Console
) -> None:
    batch = submitted(desks)
    mine = console.open("industry", desks.iot, id=str(batch.id))
    theirs = console.open("industry", desks.approver, id=str(batch.id))
    assert not [one for one in mine.button if "评估风险" in one.label]
    assert [one for one in theirs.button if "评估风险" in one.label]


@ONLY_SQLITE
def test_the_list_names_batches_with_their_purchaser_and_state(
    desks: Desks, console: Console
) -> None:
    batch = approved(desks)
    (row,) = grid(console.open("industry", desks.iot))
    assert row[:2] == [batch.number, ["approved"]]
    assert "广州禾苗智能表计有限公司" in row


@ONLY_SQLITE
@pytest.mark.requirement("004-2.3-g", "004-2.3-h")
def test_what_a_run_found_is_followed_from_its_page_to_the_order_on_the_batch(
    desks: Desks, console: Console
) -> None:
    batch = in_use(desks, ordered=3)
    today = china_day(desks.iot.now())
    rows = [
        [
            iccid(at),
            str(today - timedelta(days=ago)),
            str((20 if at == 1 else 1) * MEGABYTE),
            imei(at),
        ]
        for at in range(3)
        for ago in (3, 2, 1)
    ]
    file = csv_text(("iccid", "day", "bytes", "device"), rows).encode()
    run = run_monitoring(desks.iot, plan_run(desks.iot, "用卡.csv", file).id)
    page = shown(console.open("monitoring", desks.iot, id=str(run.id)))
    assert "按规则命中" in page
    found = list_usage_findings(desks.iot).rows
    assert [one.iccid for one in found] == [iccid(1)]
    record = shown(console.open("usage_findings", desks.approver, id=str(found[0].id)))
    assert iccid(1) in record
    confirm_usage_finding(desks.approver, found[0].id)
    order = order_cards(
        desks.iot, batch.id, CardMeasure.SUSPEND, iccids=[iccid(1)], finding_ids=[found[0].id],
        reason="流量超出抄表用途",
    )  # fmt: skip
    whole = shown(console.open("industry", desks.iot, id=str(batch.id), tab="orders"))
    assert order.number in whole
    assert "火警" in whole
    assert "每日流量" in shown(console.open("industry", desks.iot, id=str(batch.id), tab="use"))


@ONLY_SQLITE
def test_every_tab_of_a_batch_in_use_can_be_read_in_both_languages(
    desks: Desks, console: Console
) -> None:
    batch = in_use(desks, ordered=3)
    for language in ("zh", "en"):
        for tab in ("scope", "papers", "parties", "cards", "use", "orders"):
            page = console.open("industry", desks.iot, language=language, id=str(batch.id), tab=tab)
            assert not errors(page), (language, tab)
            assert batch.number in shown(page)


@ONLY_SQLITE
def test_a_regulator_sees_counts_and_neither_batch_nor_purchaser(
    desks: Desks, console: Console
) -> None:
    batch = in_use(desks, ordered=3)
    page = shown(console.open("industry_counts", desks.regulator))
    assert "使用中批次" in page
    assert batch.number not in page
    assert "禾苗" not in page
    refused = console.open("industry", desks.regulator, id=str(batch.id))
    assert errors(refused)
    assert batch.number not in shown(refused)


@ONLY_SQLITE
def test_a_draft_of_any_use_is_only_the_carriers_own(desks: Desks, console: Console) -> None:
    buyer = purchaser(desks)
    batch = draft_batch(
        desks.iot, purchaser=buyer.id, card_class=CardClass.I2, ordered=5, product="视频",
        use_statement=USE,
    )  # fmt: skip
    stranger = console.open("industry", desks.platform, id=str(batch.id))
    assert errors(stranger)
    assert batch.number not in shown(stranger)


@ONLY_SQLITE
def test_a_later_finding_is_added_to_the_case_that_the_first_ones_opened(
    desks: Desks, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned_to: list[tuple[str, object]] = []

    def turn(page: str, row_id: object) -> None:
        """A page by itself can't be left for another."""
        turned_to.append((page, row_id))

    monkeypatch.setattr("console.pages.kit.open_record", turn)
    used = planted(desks)
    first, second = confirmed(desks, used, 0), confirmed(desks, used, 1)
    page = console.open("usage_findings", desks.iot, id=str(first.id))
    press(page, "move:open_case:")
    assert case_to_join(desks.iot, used.id) is not None
    assert list(confirmed_of(desks.iot, used.id)) == [], "the case has all that stood"
    later = confirmed(desks, used, 2)
    page = console.open("usage_findings", desks.iot, id=str(later.id))
    case = usage_finding_record(desks.iot, second.id).case
    assert case is not None
    assert [one for one in page.button if f"并入案件 {case.reference}" in one.label]
    press(page, "move:add_to_case:")
    joined = usage_finding_record(desks.iot, later.id).case
    assert joined is not None
    assert joined.id == case.id
    assert turned_to == [("cases", case.id)] * 2


@ONLY_SQLITE
def test_the_whole_of_a_batch_that_is_fit_no_more_may_be_restricted_on_its_page(
    desks: Desks, console: Console
) -> None:
    batch = in_use(desks, ordered=3)

    def offered() -> list[str]:
        page = console.open("industry", desks.iot, id=str(batch.id), tab="orders")
        return next(list(one.options) for one in page.radio if one.label == "措施")

    assert offered() == ["警告"]
    reassess_batch(desks.approver, batch.id, answers(resale="distributor"), "转售")
    assert offered() == ["警告", "限制功能", "重新核验", "暂停服务"]
