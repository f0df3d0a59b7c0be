"""From a patrol to a case that the regulator reads: who does what, and what each of them sees."""

import hashlib
import io
import json
import re
from typing import Any

from playwright.sync_api import expect
from warcio.archiveiterator import ArchiveIterator

from tests.cases.world import PNG
from tests.e2e.actors import Person, part
from tests.e2e.story import SLOWEST_PATROL, Story


def a_patrol_runs(story: Story) -> None:
    manager = story.people["chen.ming"]
    manager.open("sources")
    manager.keep("sources-empty")
    manager.page.get_by_role("button", name="新建来源").first.click()
    manager.write("source:name", "蓝海商城全站")
    manager.press("source:begin", opens="source:new:mapping")
    manager.write("source:new:mapping", story.market.mapping)
    manager.press("source:try")
    manager.sees("尚未保存", within=60_000)
    manager.keep("source-preview")
    manager.press("source:save")
    manager.page.wait_for_url(lambda url: "id=" in url and "id=new" not in url)
    source = manager.record_id()
    manager.settled()
    manager.move("start", source)
    manager.page.wait_for_url(re.compile("/patrols"))
    run = story.ids["run"] = manager.record_id()
    manager.sees(re.compile("巡查中|待复核"), within=60_000)
    manager.album.keep(manager.page, "patrol-under-way")
    manager.sees("待复核", within=SLOWEST_PATROL)
    manager.keep("patrol-done")
    seen = manager.asks(f"/runs/{run}")
    assert (seen["listings"], seen["fault_count"]) == (story.market.listings, 0)


def the_findings_have_evidence(story: Story) -> None:
    manager, market = story.people["chen.ming"], story.market
    shops = {one["id"]: one for one in manager.asks("/seen-shops", limit="100")["items"]}
    found = manager.asks("/findings", run_id=story.ids["run"], limit="100")["items"]
    by_shop = {
        shops[one["shop_id"]]["shop_key"].removeprefix("shop:"): one
        for one in found
        if one["ground"] != "industry_card"  # that one holds for the licensed as well
    }
    assert market.stranger in by_shop
    assert market.licensed.shop not in by_shop, by_shop[market.licensed.shop]
    assert all(one["evidence"] for one in found)
    story.ids["finding"] = by_shop[market.stranger]["id"]
    of = by_shop[market.stranger]["evidence"][0]
    manifest = manager.downloads(f"/files/evidence/{of}")
    assert hashlib.sha256(manifest).hexdigest() == of
    kept = next(one for one in json.loads(manifest)["files"] if one["name"].endswith(".warc.gz"))
    warc = manager.downloads(f"/files/evidence/{kept['sha256']}?of={of}")
    assert hashlib.sha256(warc).hexdigest() == kept["sha256"]
    records: Any = ArchiveIterator(io.BytesIO(warc), check_digests=True)
    assert {"request", "response"} <= {one.rec_type for one in records}


def a_case_is_sent(story: Story) -> None:
    manager, approver = story.people["chen.ming"], story.people["li.hua"]
    finding = story.ids["finding"]
    manager.open("findings", id=finding)
    assert "确认" not in " ".join(manager.buttons())
    approver.open("findings")
    approver.keep("findings")
    approver.open("findings", id=finding)
    approver.keep("finding")
    body = approver.begin("confirm", finding)
    approver.confirm(body)
    approver.sees("已确认")
    manager.open("findings", id=finding)
    manager.move("open_case", finding)
    manager.page.wait_for_url(re.compile("/cases"))
    case = story.ids["case"] = manager.record_id()
    manager.settled()
    _established(manager, case)
    reason = manager.at(f"case:{case}:decision:reason")
    manager.fill(reason, "该店公开销售电话卡，未取得任何电信企业的委托。")
    manager.keep("case-proposal")
    manager.move("propose", case)
    manager.sees("待审批")
    approver.open("cases", id=case)
    approver.move("approve", case)
    approver.sees("已决定")
    manager.open("cases", id=case)
    manager.move("send", case)
    manager.sees("执行中")
    manager.keep("case-sent")


def _established(manager: Person, case: str) -> None:
    """Who is behind it has been heard, and where the cards came from cannot be known."""
    (party,) = manager.asks(f"/cases/{case}")["parties"]
    manager.move("hear", party["id"], "店主称货源来自他人，未能提供任何委托。")
    manager.move("trace_begin", case)
    body = manager.begin("trace_give_up", case)
    manager.fill(part(body, "reason"), "未能购得样卡，没有卡号可以核查。")
    manager.confirm(body)


def the_platform_answers(story: Story) -> None:
    """Comes by the link of a mail, and lands on the record after signing in."""
    platform = story.comes("lan.xin", f"/console/cases?id={story.ids['case']}")
    assert platform.record_id() == story.ids["case"]
    platform.sees("已送达")
    platform.keep("platform-notice")
    (notice,) = platform.asks("/notices")["items"]
    platform.move("acknowledge", notice["id"])
    platform.sees("已签收")
    body = platform.begin("answer", notice["id"])
    platform.choose("", "已清理下架", box=part(body, "outcome"))
    platform.fill(part(body, "words"), "已关闭店铺并冻结账号。")
    platform.put_file("下架截图.png", PNG, "image/png", within=body)
    expect(body.get_by_text("下架截图.png")).to_be_visible()
    platform.keep("platform-answer")
    platform.confirm(body)
    platform.sees("已答复")
    platform.keep("platform-answered")


def another_person_looks(story: Story) -> None:
    manager, case = story.people["chen.ming"], story.ids["case"]
    manager.open("cases", id=case)
    body = manager.begin("recovery_note", case)
    manager.fill(part(body, "why"), "没有卡号，没有可收回的电话卡。")
    manager.confirm(body)
    manager.sees("待复查")
    manager.keep("case-proven")
    other = story.comes("he.jing")
    other.sees("复查")
    other.keep("second-approver-work-list")
    other.open("cases", id=case)
    proof = other.page.locator("a[href*='/files/proofs/']").first.get_attribute("href")
    assert other.downloads(str(proof)) == PNG
    other.move("clean", case, "店铺页面已不存在，未再发现售卡商品。")
    record = other.asks(f"/cases/{case}")
    assert (record["state"], [one["is_clean"] for one in record["looks"]]) == (
        "waiting_recheck",
        [True, None],
    )
    other.keep("case-looked-at")
    assert other.downloads(f"/files/cases/{case}.pdf").startswith(b"%PDF")


def the_regulator_reads(story: Story) -> None:
    regulator = story.comes("gd.jianguan", "/console/overview")
    regulator.sees("监管账号只读")
    regulator.keep("regulator-overview")
    regulator.open("cases", id=story.ids["case"])
    for words in ("待复查", "已关闭店铺并冻结账号", "办理记录", "通报"):
        regulator.sees(words)
    regulator.keep("regulator-case")
    writing = {"批准", "退回", "拟处理", "发送", "复查", "听取", "登记", "移送"}
    assert not any(word in one for word in writing for one in regulator.buttons())
    for page in ("agents", "licences", "publications", "sources", "patrols", "findings"):
        regulator.open(page)
        made = {"新增", "编制", "新建", "开始", "确认", "导入"}
        assert not any(word in one for word in made for one in regulator.buttons()), page
    again = regulator.context.request.post(
        f"{story.served.base}/api/v1/cases/{story.ids['case']}/recheck",
        data={"clean": False, "reason": "x"},
        headers={"idempotency-key": "regulator-1", "origin": story.served.base},
    )
    assert (again.status, again.json()["code"]) == (403, "staff.not_allowed")
    denied = regulator.asks("/audit/deeds", deed="staff.denied")["items"]
    assert denied[0]["actor_name"] == "粤监管"
