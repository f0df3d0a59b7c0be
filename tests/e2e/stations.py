"""The stations of the whole path: who does what, and what each of them sees."""

import hashlib
import io
import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect
from warcio.archiveiterator import ArchiveIterator

from models.badge_reading import codes_in
from tests.cases.world import PNG
from tests.channel.test_pictures import logo
from tests.e2e.actors import PHONE, Album, Person, part, written
from tests.e2e.world import (
    ADMIN_PASSWORD,
    ORGANISATIONS,
    PASSWORD,
    PEOPLE,
    Market,
    Served,
    agents_file,
)

SLOWEST_PATROL = 240_000


@dataclass
class Story:
    """What the stations hand on to each other."""

    served: Served
    market: Market
    browser: Browser
    album: Album
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    ids: dict[str, str] = field(default_factory=dict[str, str])

    def comes(self, login: str, path: str = "/console/", **looks: Any) -> Person:  # noqa: ANN401
        """Somebody signs in, and stays for what comes later."""
        password = ADMIN_PASSWORD if login == "admin" else PASSWORD
        person = Person(self.browser, self.served.base, self.album, login, password, **looks)
        person.sign_in(path)
        person.settled()
        self.people[login] = person
        return person

    def visits(self, path: str, *, phone: bool = False) -> Page:
        """Anybody, who never signs in."""
        looks: Any = {"viewport": PHONE, "is_mobile": True, "has_touch": True} if phone else {}
        page = self.browser.new_context(locale="zh-CN", **looks).new_page()
        page.goto(path if "://" in path else self.served.base + path)
        return page


def staff_is_made(story: Story) -> None:
    """One organisation, one account and one role by hand; the others by the command line."""
    for organisation in ORGANISATIONS:
        story.served.channel("org", "add", *organisation)
    admin = story.comes("admin")
    admin.keep("admin-work-list")
    admin.open("staff", view="organisations")
    admin.press("add_organisation:0")
    admin.choose("add_organisation:kind", "基础电信企业省公司")
    admin.write("add_organisation:code", "CT-44")
    admin.write("add_organisation:name", "中国电信广东公司")
    admin.choose("add_organisation:parent", "CT")
    admin.choose("add_organisation:province", "广东")
    admin.press("add_organisation:sure")
    admin.told("已添加单位 CT-44")
    for person in PEOPLE:
        *account, role = person
        story.served.channel("user", "add", *account, "--role", role, "--password", PASSWORD)
    admin.open("staff")
    admin.press("add_user:0")
    admin.choose("add_user:organisation", "CT-44")
    admin.write("add_user:login", "chen.ming")
    admin.write("add_user:name", "陈明")
    admin.press("add_user:sure")
    admin.sees("chen.ming 的一次性密码")
    story.ids["first password"] = admin.page.locator("[data-testid=stCode]").first.inner_text()
    admin.press("kit:put_away")
    expect(admin.page.locator("[data-testid=stCode]")).to_have_count(0)
    admin.settled()
    admin.open_row("chen.ming")
    user = admin.record_id()
    body = admin.begin("grant", user)
    admin.choose("", "渠道经理", box=body)
    admin.confirm(body)
    admin.sees("渠道经理")
    admin.keep("staff-record")
    admin.leave()


def agents_are_imported(story: Story) -> None:
    manager = Person(
        story.browser, story.served.base, story.album, "chen.ming", story.ids["first password"]
    )
    story.people["chen.ming"] = manager
    manager.sign_in("/console/imports")
    manager.change_password(PASSWORD)
    manager.settled()
    manager.keep("imports-empty")
    manager.press("imports:open")
    manager.settled()
    manager.choose("imports:kind", "代理商")
    manager.put_file("代理商名单.csv", written(agents_file(story.market)), "text/csv")
    manager.sees("列对应关系")
    manager.keep("import-mapping")
    manager.press("imports:dry")
    tried = manager.record_id()
    manager.sees("尚未保存任何数据")
    manager.keep("import-dry")
    assert manager.asks("/agents")["items"] == []
    manager.move("real", tried)
    manager.page.wait_for_url(lambda url: tried not in url)
    real = manager.record_id()
    manager.sees("下载退回的行")
    manager.keep("import-result")
    rejects = manager.downloads(f"/files/imports/{real}/rejects.csv").decode("utf-8-sig")
    assert "坏代码有限公司" in rejects
    assert "校验位不符" in rejects
    story.ids |= {one["name"]: one["id"] for one in manager.asks("/agents")["items"]}
    assert {"华东通信设备有限公司", "优享网络技术有限公司"} <= set(story.ids)


CLAUSES = ("实名登记责任", "违约处置措施", "不得转委托下级代理")


def papers_are_filed(story: Story) -> None:
    """Licence and agreement by hand, the rest by command; a line by hand, the rest by command."""
    manager, agent = story.people["chen.ming"], story.ids["华东通信设备有限公司"]
    manager.open("agents", id=agent)
    body = manager.begin("add", agent)
    manager.put_file("营业执照.png", logo(), "image/png", within=body)
    manager.confirm(body)
    manager.sees("营业执照.png")
    body = manager.begin("add", agent)
    manager.choose("", "委托代理协议", box=part(body, "kind"))
    manager.put_file("委托代理协议.png", PNG, "image/png", within=body)
    for clause in CLAUSES:
        manager.choose("", clause, box=part(body, "clauses"))
    manager.confirm(body)
    manager.sees("委托代理协议.png")
    number = manager.asks(f"/agents/{agent}")["agent_no"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.png"
        path.write_bytes(PNG)
        for kind in ("commitment_letter", "data_processing", "condition_evidence"):
            story.served.channel("--as", "chen.ming", "agent", "file", number, kind, str(path))
    papers = {one["kind"]: one["id"] for one in manager.asks(f"/agents/{agent}/papers")}
    report = papers["condition_evidence"]
    story.served.channel("--as", "chen.ming", "agent", "sign", number, report)
    manager.open("agents", id=agent)
    body = manager.begin("sign", agent)
    manager.choose("", "配备二代身份证识别设备", box=part(body, "met"))
    manager.confirm(body)
    manager.sees("6/6")
    manager.choose("look:papers", "营业执照.png")
    picture = manager.page.locator("img[src*='/files/papers/']")
    expect(picture).to_be_visible()
    manager.keep("agent-papers")
    answer = manager.context.request.get(f"{story.served.base}/files/papers/{report}")
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def agents_are_reviewed(story: Story) -> None:
    approver, passed = story.comes("li.hua"), story.ids["华东通信设备有限公司"]
    approver.sees("华东通信设备有限公司")
    approver.keep("approver-work-list")
    approver.open("agents", id=passed)
    approver.keep("agent-in-review")
    approver.move("pass", passed)
    approver.sees("已准入")
    back = story.ids["优享网络技术有限公司"]
    approver.open("agents", id=back)
    body = approver.begin("refuse", back)
    approver.choose("", "法定代表人与营业执照不一致", box=body)
    approver.fill(part(body, "remark"), "请补充变更后的营业执照")
    approver.confirm(body)
    approver.sees("待补正")
    approver.sees("请补充变更后的营业执照")
    approver.keep("agent-sent-back")


def a_licence_is_granted(story: Story) -> None:
    manager, approver = story.people["chen.ming"], story.people["li.hua"]
    agent = story.ids["华东通信设备有限公司"]
    manager.open("agents", id=agent)
    body = manager.begin("draft_licence", agent)
    manager.choose("", "流量卡", box=part(body, "products"))
    for province in ("广东", "浙江"):
        manager.choose("", province, box=part(body, "provinces"))
    manager.fill(part(body, "agreement"), "XY-2026-0001")
    manager.keep("licence-form")
    manager.confirm(body)
    (licence,) = manager.asks("/licences")["items"]
    manager.open("licences", id=licence["id"])
    manager.move("submit", licence["id"])
    manager.sees("待审批")
    assert "批准" not in " ".join(manager.buttons())
    approver.open("licences", id=licence["id"])
    approver.move("approve", licence["id"])
    approver.sees("有效")
    approver.keep("licence-approved")


def the_logo_is_put_in_use(manager: Person) -> None:
    manager.open("badges")
    page = manager.page
    page.get_by_role("button", name="企业标志").click()
    file: FilePayload = {"name": "logo.png", "mimeType": "image/png", "buffer": logo()}
    page.locator("input[type=file]").first.set_input_files([file])
    page.get_by_role("button", name="启用这个标志").click()
    manager.told("标志已启用")


def the_list_is_published(story: Story) -> None:
    manager = story.people["chen.ming"]
    (badge,) = manager.asks("/badges", state="issued")["items"]
    the_logo_is_put_in_use(manager)
    manager.open("badges", id=badge["id"])
    links = manager.page.locator("a[href*='/files/badges/']")
    expect(links).to_have_count(3)
    manager.keep("badge")
    svg, png, pdf = [str(one.get_attribute("href")) for one in links.all()]
    assert b"<svg" in manager.downloads(svg)
    assert manager.downloads(pdf).startswith(b"%PDF-")
    (code,) = codes_in(Image.open(io.BytesIO(manager.downloads(png))))
    story.ids["badge"] = code.text
    manager.open("publications")
    manager.keep("publications-empty")
    manager.page.get_by_role("button", name="编制").first.click()
    edition = manager.record_id()
    manager.settled()
    approver = story.people["li.hua"]
    approver.open("publications", id=edition)
    approver.move("publish", edition)
    approver.sees("已公布")
    approver.sees("华东通信设备有限公司")
    approver.keep("published")


def the_public_looks(story: Story) -> None:
    page = story.visits("/")
    story.album.keep(page, "landing")
    page.goto(f"{story.served.base}/agents")
    page.fill("#q", "华东通信")
    page.click("form.search button")
    expect(page.locator("main")).to_contain_text("华东通信设备有限公司")
    story.album.keep(page, "public-agents")
    page.locator("td.number a").first.click()
    expect(page.locator("main")).to_contain_text(story.market.licensed.name)
    expect(page.locator("main")).to_contain_text("现有委托授权有效")
    story.album.keep(page, "public-agent")
    page.context.close()
    phone = story.visits(story.ids["badge"].lower(), phone=True)
    main = phone.locator("main")
    expect(main).to_contain_text("您现在是在这家店铺吗？")
    expect(main).to_contain_text(story.market.licensed.name)
    assert "neutral" in str(phone.locator(".verdict").get_attribute("class")).split()
    story.album.keep(phone, "public-badge-phone")
    phone.context.close()


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


STATIONS = (
    staff_is_made,
    agents_are_imported,
    papers_are_filed,
    agents_are_reviewed,
    a_licence_is_granted,
    the_list_is_published,
    the_public_looks,
    a_patrol_runs,
    the_findings_have_evidence,
    a_case_is_sent,
    the_platform_answers,
    another_person_looks,
    the_regulator_reads,
)


def walk(story: Story) -> None:
    """From an empty house to a closed case, station by station; the record is whole after it."""
    for station in STATIONS:
        station(story)
    story.served.channel("audit", "verify")


def faults_of(story: Story) -> list[str]:
    """What the doctor finds, and what browsers complained of, once all is done."""
    complaints = [str(one.complaints) for one in story.people.values() if one.complaints]
    return story.served.faults() + complaints
