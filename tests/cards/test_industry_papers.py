"""What was filed about industry cards is opened, chosen and read on the pages that name it."""

from typing import Any, cast

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.cards.industry.batches import batch_record
from console.actions.cards.industry.findings import list_usage_findings
from console.actions.cards.industry.order_appeals import appeal_order, decide_order_appeal
from console.actions.cards.industry.order_lists import OrderFilters, find_orders
from console.actions.cards.industry.reviews import assess_batch
from console.actions.cards.industry.runs import plan_run, run_monitoring
from console.web import files
from console.web.site import Site
from models.cards.assessments import AssessmentVerdict
from models.cards.card_orders import CardMeasure
from models.cards.industry import BatchState
from tests.browser import Visitor, web_app
from tests.cards.ordered import confirmed, done, ordered
from tests.cards.used import MB, csv_of, planted
from tests.cards.world import answers, in_use, kept, purchaser, ready, submitted
from tests.cases.test_files import as_
from tests.cases.world import PDF
from tests.conftest import Desks
from tests.pages import Console, errors, press, shown

ONLY_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def console(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(desks.house.house, monkeypatch)


@pytest.fixture
def visitor(desks: Desks) -> Visitor:
    site = Site.of(desks.house.house)
    return Visitor(web_app(site, files.routes(site)))


def linked(page: AppTest) -> list[str]:
    """Files that the page leads to."""
    return [one.proto.url for one in page.get("link_button")]


def fill(page: AppTest, move: str, **said: object) -> None:
    """What somebody enters in a move's form, by the last part of each field's key."""
    kinds = ("radio", "text_area", "text_input", "checkbox", "date_input", "multiselect")
    for name, value in said.items():
        (field,) = [one for kind in kinds for one in keyed(page, kind, f"move:{move}:", f":{name}")]
        field.set_value(value)


def keyed(page: AppTest, kind: str, begin: str, end: str) -> list[Any]:
    """Fields of a kind by how their keys begin and end."""
    found = cast("list[Any]", list(page.get(kind)))
    return [one for one in found if str(one.key).startswith(begin) and str(one.key).endswith(end)]


@ONLY_SQLITE
def test_every_filed_paper_opens_from_the_page_that_names_it(
    desks: Desks, console: Console, visitor: Visitor
) -> None:
    batch = ready(desks)
    (agreement,) = batch_record(desks.iot, batch.id).agreements
    used = planted(desks, 2)
    order = done(desks, ordered(desks, used))
    rows = [used.did(1, bytes=3 * MB), {**used.did(2), "iccid": "12"}]
    run = run_monitoring(desks.house, plan_run(desks.iot, "use.csv", csv_of(rows)).id)
    seen = {
        ("purchasers", batch.purchaser_id): [f"/files/purchasers/{batch.purchaser_id}/licence"],
        ("industry", batch.id): [
            f"/files/industry-agreements/{agreement.id}",
            f"/files/industry-batches/{batch.id}/limits",
        ],
        ("industry", used.id): [
            f"/files/card-orders/{order.id}.pdf?language=zh",
            f"/files/card-orders/{order.id}/proof",
        ],
        ("monitoring", run.id): [
            f"/files/usage-runs/{run.id}/hits.parquet",
            f"/files/usage-runs/{run.id}/rejects.csv",
        ],
    }
    for (page, row_id), wanted in seen.items():
        tab = "orders" if row_id == used.id else "papers"
        assert linked(console.open(page, desks.iot, id=str(row_id), tab=tab)) == wanted
        for path in wanted:
            assert as_(visitor, desks.iot).get(path).status_code == 200


@ONLY_SQLITE
def test_a_page_links_to_nothing_that_was_not_filed(desks: Desks, console: Console) -> None:
    buyer, batch = purchaser(desks, 1, licence=False), submitted(desks, serial=2)
    assert linked(console.open("purchasers", desks.iot, id=str(buyer.id))) == []
    page = console.open("industry", desks.iot, id=str(batch.id), tab="papers")
    assert linked(page) == []
    assert "尚未上传限制生效证明" in shown(page)


@ONLY_SQLITE
@pytest.mark.requirement("004-2.3-g")
def test_papers_of_a_report_are_filed_with_it_and_open_from_the_finding(
    desks: Desks, console: Console, visitor: Visitor
) -> None:
    batch = in_use(desks, ordered=3)
    page = console.open("industry", desks.iot, id=str(batch.id), tab="orders")
    fill(page, "report", first=desks.iot.now().date(), who="天河区公安分局", said="卡被用于上网")
    (given,) = keyed(page, "file_uploader", "move:report:", ":papers")
    given.upload("通报.pdf", PDF, "application/pdf")
    page.run()
    press(page, "move:report:")
    (finding,) = list_usage_findings(desks.iot, batch=batch.id).rows
    (path,) = linked(console.open("usage_findings", desks.approver, id=str(finding.id)))
    assert as_(visitor, desks.approver).get(path).content == PDF
    others = {"nobody": None, "regulator": desks.regulator, "other": desks.other_manager}
    answered = {who: int(as_(visitor, desk).get(path).status_code) for who, desk in others.items()}
    assert answered == {"nobody": 303, "regulator": 403, "other": 404}
    unknown = path.rpartition("/")[0] + "/" + "0" * 64
    assert as_(visitor, desks.iot).get(unknown).status_code == 404


@ONLY_SQLITE
@pytest.mark.requirement("004-2.3-h")
def test_an_order_rests_on_the_findings_that_were_chosen_and_on_no_other(
    desks: Desks, console: Console
) -> None:
    used = planted(desks)
    first, second = confirmed(desks, used, 0), confirmed(desks, used, 1)
    page = console.open("industry", desks.iot, id=str(used.id), tab="orders")
    (ground,) = [one for one in page.multiselect if one.label == "依据的已确认问题"]
    assert ground.value == []
    assert all(first.iccid in one or second.iccid in one for one in ground.options)
    fill(page, "order", ground=[str(second.id)])
    page.run()
    fill(page, "order", measure=CardMeasure.SUSPEND, reason="月流量超过约定上限")
    press(page, "move:order:")
    (order,) = find_orders(desks.iot, OrderFilters(batch_id=used.id)).rows
    assert order.measure is CardMeasure.SUSPEND
    assert order.finding_ids == [str(second.id)]
    assert order.cards == [second.iccid]
    assert second.number in order.notice_zh
    assert first.number not in order.notice_zh
    after = console.open("industry", desks.iot, id=str(used.id), tab="orders")
    assert second.number in [one.value.replace("\\", "") for one in after.markdown]


@ONLY_SQLITE
def test_whoever_decides_on_an_appeal_reads_it_beside_the_order(
    desks: Desks, console: Console
) -> None:
    used = planted(desks)
    order = done(desks, ordered(desks, used))
    appeal_order(desks.iot, order.id, "智联科技", "该卡系测试设备，未超出约定用途")
    asked = {"id": str(used.id), "tab": "orders"}
    assert "该卡系测试设备" in shown(console.open("industry", desks.approver, **asked))
    decide_order_appeal(desks.approver, order.id, upheld=True, answer="经复核属测试用途")
    assert "经复核属测试用途" in shown(console.open("industry", desks.iot, **asked))


@ONLY_SQLITE
@pytest.mark.requirement("004-2.3-c")
def test_an_assessor_may_fail_what_the_form_would_pass_and_says_why(
    desks: Desks, console: Console
) -> None:
    batch = submitted(desks)
    page = console.open("industry", desks.approver, id=str(batch.id))
    fill(page, "assess", **answers())
    page.run()
    fill(page, "assess", fails=True)
    press(page, "move:assess:")
    assert errors(page), "it has to be said why"
    assert kept(desks, batch.id).state is BatchState.PURCHASER_REVIEW
    fill(page, "assess", reason="实际经营地无人办公")
    press(page, "move:assess:")
    assert kept(desks, batch.id).state is BatchState.REFUSED
    (made,) = batch_record(desks.iot, batch.id).assessments
    assert (made.score, made.verdict) == (0, AssessmentVerdict.FAILED)
    papers = shown(console.open("industry", desks.iot, id=str(batch.id), tab="papers"))
    assert "得分已达通过线，由评估人判为不通过" in papers
    assert "实际经营地无人办公" in papers


@ONLY_SQLITE
@pytest.mark.requirement("004-2.3-c")
def test_an_assessment_is_shown_as_it_was_filled_in(desks: Desks, console: Console) -> None:
    batch = submitted(desks)
    assess_batch(desks.approver, batch.id, answers(resale="distributor"), "转售卡片")
    words = shown(console.open("industry", desks.iot, id=str(batch.id), tab="papers"))
    words = words.replace("\\", "")
    assert "转售卡片（分值 10，权重 3；一票否决）" in words
    assert "一票否决：转售链条" in words
    assert "1.67（不高于 4 为通过）" in words
    assert desks.approver.actor.name in words
