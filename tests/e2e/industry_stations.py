"""From a purchaser to a suspended card: who does what, and what each of them sees."""

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

from playwright.sync_api import Locator, expect

from console.actions.cards.persons import import_key
from console.actions.staff.people import add_organisation, add_user, grant_role
from console.desk import House
from console.settings import Settings
from integrations.person_files import seal_person_file
from models.cards.usage_rules import MEGABYTE
from models.permissions import Role
from models.rules import china_day
from models.staff import OrganisationKind
from tests.cards.world import BUYER, HEADER, TARGETS, USE, iccid, iccid20, imei
from tests.cases.world import PDF, PNG
from tests.e2e.actors import Person, written
from tests.e2e.story import Story
from tests.e2e.world import PASSWORD, uscc
from tests.persons import as_csv, resident, told

CARDS = 3
ORGANISATIONS = (
    ("CT", OrganisationKind.BASIC_CARRIER_GROUP, "中国电信集团", None, None),
    ("CT-44", OrganisationKind.BASIC_CARRIER_PROVINCE, "中国电信广东公司", "CT", "44"),
    ("CA-44", OrganisationKind.COMM_ADMIN, "广东省通信管理局", None, "44"),
)
PEOPLE = (
    ("CT-44", "wu.lian", "吴联", Role.IOT_MANAGER),
    ("CT-44", "li.hua", "李华", Role.APPROVER),
    ("CA-44", "gd.jianguan", "粤监管", Role.REGULATOR),
)
BEST = (
    "成立满一年，经营正常",
    "相符，有项目合同佐证",
    "有设备清单，数量一致",
    "固定场所或固定设备",
    "自用",
    "首次合作",
    "有台账与专人，可逐卡暂停服务",
)


def house_of(story: Story) -> House:
    return House.open(Settings(data=story.served.folder, public_url=story.served.base))


def the_house_is_staffed(story: Story) -> None:
    """The house itself, in place of six command lines: each starts Python anew."""
    house = house_of(story)
    desk = house.desk()
    for code, kind, name, parent, province in ORGANISATIONS:
        add_organisation(desk, code=code, kind=kind, name=name, parent=parent, province=province)
    for code, login, name, role in PEOPLE:
        user, _ = add_user(desk, organisation=code, login=login, name=name, password=PASSWORD)
        grant_role(desk, user.id, role)
    house.engine.dispose()


# What one does with the page in front of one


def opens(person: Person, label: str) -> Locator:
    """The form behind a button of the record, by what the button says."""
    main = person.page.locator("[data-testid=stMain]")
    alone = re.compile(rf"(?<![\u4e00-\u9fff]){label}(?![\u4e00-\u9fff])")
    main.get_by_role("button", name=alone).first.click()
    body = person.page.locator("[data-testid=stPopoverBody]")
    expect(body).to_be_visible()
    return body


def says(person: Person, body: Locator, label: str, words: str) -> None:
    number = body.get_by_role("spinbutton", name=label)
    field = body.get_by_role("textbox", name=label).or_(number).first
    field.fill(words)
    field.press("Tab")
    person.settled()


def picks(person: Person, body: Locator, label: str) -> None:
    """A box or one of several answers, by its words."""
    body.locator("label").filter(has_text=label).first.click()
    person.settled()


def is_refused(person: Person, body: Locator, *words: str) -> None:
    """Pressed, and told why not; the form stays as it was filled in."""
    body.get_by_role("button", name=re.compile("^(确认|登记购买单位)")).last.click()
    for one in words:
        expect(body.get_by_role("alert")).to_contain_text(one)
    person.settled()


def turns_to(person: Person, label: str) -> None:
    """Another tab of the record."""
    person.page.get_by_role("radio", name=label, exact=True).click()
    person.settled()


def offers(person: Person) -> str:
    return " ".join(person.buttons())


# The stations


def a_purchaser_is_entered(story: Story) -> None:
    manager = story.comes("wu.lian", "/console/purchasers")
    manager.sees("尚未登记购买单位")
    body = opens(manager, "登记购买单位")
    says(manager, body, "单位名称", BUYER)
    says(manager, body, "统一社会信用代码", "91440000BAD0000000")
    manager.choose("", "广东", box=body.locator("[data-testid=stSelectbox]"))
    is_refused(manager, body, "91440000BAD0000000", "请按营业执照核对 18 位代码")
    manager.keep("purchaser-refused")
    says(manager, body, "统一社会信用代码", uscc(1))
    body.get_by_role("button", name="登记购买单位").click()
    story.ids["purchaser"] = manager.record_id()
    manager.told("已登记")
    manager.sees("尚未上传营业执照")
    assert "新建批次" not in offers(manager)
    body = opens(manager, "上传营业执照")
    manager.put_file("营业执照.png", PNG, "image/png", within=body)
    manager.confirm(body)
    manager.sees("营业执照.png")
    expect(manager.page.get_by_text("尚未上传营业执照")).to_have_count(0)


def a_batch_is_drafted_and_bound(story: Story) -> None:
    manager = story.people["wu.lian"]
    body = opens(manager, "新建批次")
    says(manager, body, "订购张数", str(CARDS))
    says(manager, body, "产品", "抄表 30M")
    says(manager, body, "用途说明", USE)
    manager.keep("batch-form")
    body.get_by_role("button", name="确认新建批次").click()
    manager.page.wait_for_url(re.compile(r"/console/industry\?id="))
    story.ids["batch"] = manager.record_id()
    manager.settled()
    story.ids["number"] = manager.asks(f"/industry-batches/{story.ids['batch']}")["number"]
    manager.sees("没有绑定使用范围")
    body = opens(manager, "绑定使用范围")
    says(manager, body, "功能", "仅数据，定向访问抄表平台")
    says(manager, body, "业务范围", "供水企业远程抄表")
    says(manager, body, "使用场景", "居民小区表井，固定安装")
    says(manager, body, "产品形态", "贴片卡，焊接在水表内")
    says(manager, body, "定向访问目标", "\n".join(TARGETS))
    says(manager, body, "每卡每月流量上限", "30")
    picks(manager, body, "机卡绑定")
    manager.keep("scope-form")
    manager.confirm(body)
    manager.sees("居民小区表井，固定安装")


def it_is_submitted(story: Story) -> None:
    manager = story.people["wu.lian"]
    manager.confirm(opens(manager, "提交审核"))
    manager.sees("购买单位审核")
    assert "评估风险" not in offers(manager)
    manager.keep("submitted")


def another_person_weighs_the_risk(story: Story) -> None:
    approver = story.comes("li.hua")
    approver.sees(story.ids["number"])
    approver.open("industry", id=story.ids["batch"])
    body = opens(approver, "评估风险")
    for answer in BEST:
        picks(approver, body, answer)
    says(approver, body, "评估意见", "已核对营业执照与水表安装合同。")
    expect(body).to_contain_text("评估将通过")
    approver.keep("risk-form")
    approver.confirm(body)
    approver.sees("审核通过")


def the_agreement_is_filed(story: Story) -> None:
    """Without the clause against resale it is none (004-2.3-f)."""
    manager, on = story.people["wu.lian"], china_day(house_of(story).now())
    manager.open("industry", id=story.ids["batch"])
    body = opens(manager, "归档协议")
    manager.put_file("协议.pdf", PDF, "application/pdf", within=body)
    says(manager, body, "协议编号", "XY-2026-001")
    for clause in ("实名登记义务与违约责任", "同意监测与处置"):
        picks(manager, body, clause)
    signed = body.locator("[data-testid=stDateInput]").filter(has_text="签订日期")
    manager.fill(signed, on.strftime("%Y-%m-%d"))
    body.get_by_text("协议须载明").click()  # which puts the calendar away
    is_refused(manager, body, "协议缺少必备条款", "禁止二次销售")
    manager.keep("agreement-refused")
    picks(manager, body, "禁止二次销售")
    manager.confirm(body)
    manager.sees("已签约")


def somebody_answers_for_the_cards(story: Story) -> None:
    manager = story.people["wu.lian"]
    turns_to(manager, "责任")
    manager.confirm(opens(manager, "登记责任单位"))
    manager.page.get_by_text("导入责任人与使用人").click()
    manager.put_file("责任人.jwe", persons_file(story), "application/octet-stream")
    manager.page.get_by_role("button", name="导入", exact=True).click()
    manager.sees("责任人 1 人")
    manager.sees("欧**")
    manager.keep("persons-taken")
    assert resident(1) not in manager.page.content()
    manager.confirm(opens(manager, "登记责任"))
    manager.sees("已登记责任")


def persons_file(story: Story) -> bytes:
    house = house_of(story)
    desk = house.desk()
    row = told(1, batch=story.ids["number"], verified_at=desk.now().isoformat())
    sealed, _ = seal_person_file(as_csv([row]), json.dumps(dict(import_key(desk))), desk.now())
    house.engine.dispose()
    return sealed


def it_is_not_activated_before_all_is_there(story: Story) -> None:
    manager = story.people["wu.lian"]
    body = opens(manager, "启用")
    is_refused(manager, body, "尚缺 2 项", "导入的卡数与订购数量不一致", "没有限制生效证明")
    manager.keep("activation-refused")


def its_cards_are_loaded(story: Story) -> None:
    manager = story.people["wu.lian"]
    manager.page.reload()
    manager.settled()
    turns_to(manager, "卡号")
    manager.page.get_by_role("button", name="导入卡号").click()
    manager.page.get_by_role("button", name="导入文件").click()
    manager.settled()
    manager.choose("imports:kind", "行业卡卡号")
    rows = [
        dict.fromkeys(HEADER, "")
        | {"批次号": story.ids["number"], "ICCID": iccid20(at), "IMEI": imei(at)}
        for at in range(CARDS)
    ]
    manager.put_file("卡号.csv", written(rows), "text/csv")
    manager.page.get_by_role("button", name="正式导入").click()
    manager.record_id()
    manager.sees("全部行已接收")


def it_is_activated(story: Story) -> None:
    manager = story.people["wu.lian"]
    manager.open("industry", id=story.ids["batch"])
    turns_to(manager, "审核与协议")
    body = opens(manager, "上传限制生效证明")
    manager.put_file("网络侧限制.png", PNG, "image/png", within=body)
    manager.confirm(body)
    manager.sees("网络侧限制.png")
    manager.confirm(opens(manager, "启用"))
    manager.sees("使用中")
    manager.keep("in-use")


def use_is_brought_and_judged(story: Story) -> None:
    """The run ends by itself, on the page that stays open."""
    manager = story.people["wu.lian"]
    manager.open("monitoring")
    manager.sees("尚无监测记录")
    body = opens(manager, "导入用卡记录")
    manager.put_file("用卡.csv", written(_use(story)), "text/csv", within=body)
    body.get_by_role("button", name="导入用卡记录").click()
    manager.record_id()
    manager.sees("本次发现的问题", within=60_000)
    manager.sees("已完成")
    manager.keep("run-done")
    (found,) = manager.asks("/usage-findings")["items"]
    story.ids["finding"] = found["id"]


def _use(story: Story) -> Sequence[dict[str, str]]:
    """Under the names that the page asks for; one card is far above its thirty megabytes."""
    today = china_day(house_of(story).now())
    return [
        {
            "ICCID": iccid20(at),
            "日期": str(today - timedelta(days=ago)),
            "流量（字节）": str((20 if at == 1 else 1) * MEGABYTE),
            "设备 IMEI": imei(at),
            "访问目标": TARGETS[0],
        }
        for at in range(CARDS)
        for ago in (3, 2, 1)
    ]


def the_finding_is_confirmed(story: Story) -> None:
    manager, approver = story.people["wu.lian"], story.people["li.hua"]
    manager.open_row(iccid(1))
    manager.page.wait_for_url(re.compile(f"/usage_findings.*{story.ids['finding']}"))
    manager.settled()
    manager.sees(iccid(1))
    assert "下达处置" not in offers(manager)
    approver.open("usage_findings", id=story.ids["finding"])
    body = opens(approver, "确认属实")
    says(approver, body, "理由", "当月用量为约定上限的两倍。")
    approver.confirm(body)
    approver.sees("已确认")


def the_card_is_suspended(story: Story) -> None:
    manager = story.people["wu.lian"]
    manager.open("usage_findings", id=story.ids["finding"])
    body = opens(manager, "下达处置")
    picks(manager, body, "暂停服务")
    expect(body).to_contain_text("紧急呼叫始终可用")
    says(manager, body, "理由（载入告知书）", "流量超出抄表用途，疑似被取出另作他用。")
    manager.keep("order-form")
    manager.confirm(body)
    manager.told(re.compile("告知书 .+ 已生成"))
    manager.page.get_by_role("button", name=story.ids["number"]).click()
    turns_to(manager, "处置")
    manager.sees("暂停服务")
    manager.page.get_by_text("告知书", exact=True).click()
    letter = manager.page.locator("[data-testid=stCode]").first
    for words in (
        BUYER, iccid(1), "流量超出抄表用途", "超过约定的 30 MB", "救济途径", "提出申诉",
        "营业执照复印件", "火警 119", "第三十二条",
    ):  # fmt: skip
        expect(letter).to_contain_text(words)
    manager.keep("letter")


def the_regulator_counts(story: Story) -> None:
    regulator = story.comes("gd.jianguan", "/console/industry_counts")
    for label, number in (("使用中批次", "1"), ("使用中卡数", str(CARDS)), ("责任登记率", "100%")):
        figure = regulator.page.locator("[data-testid=stMetric]").filter(has_text=label)
        expect(figure).to_contain_text(number)
    regulator.keep("regulator-counts")
    nav = regulator.page.locator("[data-testid=stSidebarNav]")
    expect(nav).to_contain_text("行业卡概况")
    expect(nav).not_to_contain_text("行业卡批次")
    regulator.open("industry", id=story.ids["batch"])
    assert "行业卡" not in regulator.title()  # there is no such page for them
    for hidden in (story.ids["number"], BUYER):
        expect(regulator.page.locator("body")).not_to_contain_text(hidden)
    path = f"{story.served.base}/api/v1/industry-batches/{story.ids['batch']}"
    assert regulator.context.request.get(path).status == HTTPStatus.FORBIDDEN
