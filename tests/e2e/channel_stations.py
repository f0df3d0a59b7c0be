"""From an empty house to a published list: who does what, and what each of them sees."""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import FilePayload, expect

from models.badge_reading import codes_in
from tests.cases.world import PNG
from tests.channel.test_pictures import logo
from tests.e2e.actors import Person, part, written
from tests.e2e.story import Story
from tests.e2e.world import ORGANISATIONS, PASSWORD, PEOPLE, agents_file


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
