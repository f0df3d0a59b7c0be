"""A small fictitious workspace, made by the same use cases as people use."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from typing import Final

from PIL import Image, ImageDraw
from sqlmodel import col, select

from console.actions.cases.answers import acknowledge, answer
from console.actions.cases.decide import approve, measures_for, propose
from console.actions.cases.notices import send_notice
from console.actions.cases.open import open_case
from console.actions.channel.agents import AgentForm, add_agent, submit_agent
from console.actions.channel.appeals import lodge_appeal
from console.actions.channel.blacklist import blacklist_firm, blacklist_person
from console.actions.channel.conditions import SignedLine, sign_conditions
from console.actions.channel.licences import (
    LicenceForm,
    approve_licence,
    draft_licence,
    submit_licence,
)
from console.actions.channel.logos import put_logo
from console.actions.channel.papers import PaperForm, add_paper
from console.actions.channel.publish import prepare_publication, publish
from console.actions.channel.restricted import RestrictedForm, add_restricted
from console.actions.channel.review import review_agent, suspend_agent
from console.actions.channel.shops import ShopForm, add_shop
from console.actions.imports.plan import plan_import
from console.actions.imports.run import run_import
from console.actions.patrol.findings import confirm_finding, dismiss_finding
from console.actions.patrol.plan import queued_runs
from console.actions.patrol.plans import add_plan
from console.actions.patrol.run import advance_run
from console.actions.patrol.sources import save_source
from console.actions.staff.people import add_organisation, add_user, grant_role
from console.actions.staff.sign_in import actor_named
from console.desk import Desk, House
from models.cases.notices import AnswerOutcome
from models.channel.agents import Agent, AgentReason, AgentState
from models.channel.conditions import condition_lines
from models.channel.imports import ImportKind
from models.channel.licences import Product
from models.channel.papers import Clause, PaperKind
from models.channel.shops import AuthorisedShop
from models.formats import organisation_check_character, uscc_check_character
from models.patrol.findings import Finding
from models.permissions import Permission, Role
from models.rules import china_day
from models.staff import HOUSE, Door, OrganisationKind, User

_Shops = Sequence[tuple[str, str, str, Sequence[str]]]
PASSWORD: Final = "demo-channel-2026"  # noqa: S105 - printed, for a fictitious workspace
_K, _R = OrganisationKind, Role
ORGANISATIONS: Final = (
    ("CT", _K.BASIC_CARRIER_GROUP, "示例电信集团", None, None),
    ("CT-44", _K.BASIC_CARRIER_PROVINCE, "示例电信广东公司", "CT", "44"),
    ("MV-11", _K.RESELLER, "示例转售公司", None, "11"),
    ("lanhai", _K.PLATFORM, "蓝海商城（示例）", None, "33"),
    ("CA-44", _K.COMM_ADMIN, "广东省通信管理局（示例）", None, "44"),
)
PEOPLE: Final = (
    ("CT-44", "chen.ming", "陈明", _R.CHANNEL_MANAGER),
    ("CT-44", "he.jing", "何静", _R.CHANNEL_MANAGER),
    ("CT-44", "li.hua", "李华", _R.APPROVER),
    ("CT-44", "lin.jing", "林静", _R.AUDITOR),
    ("MV-11", "zhao.lei", "赵磊", _R.CHANNEL_MANAGER),
    ("lanhai", "lan.xin", "兰欣", _R.PLATFORM_OFFICER),
    ("CA-44", "gd.jianguan", "粤监管", _R.REGULATOR),
)
_TOWNS: Final = ("广州", "深圳", "佛山", "东莞", "珠海", "中山", "惠州", "汕头", "江门", "湛江")
_NAMES: Final = ("星河", "远景", "云桥", "诚信", "捷联", "海纳")
_SHOPS: Final = (
    # shop id, shop name, licence number shown, offers
    ("lh-9001", "流量卡批发总汇", "", ("纯流量卡 全国通用手机卡 免实名", "电话卡 上网卡 包邮")),
    ("lh-9002", "畅联手机卡专营", "GD-2020-1234", ("5G手机卡 电话卡 低月租 可选号",)),
    ("lh-9003", "数码配件小铺", "", ("手机壳 硅胶防摔", "取卡针 SIM卡托 适用苹果")),
    ("lh-9004", "靓号优选", "", ("手机靓号 电话卡 0元月租 在线选号", "虚拟卡 注册卡 批发")),
)  # fmt: skip
_NEW_SHOPS: Final = (
    # Met by the second patrol alone.
    ("lh-9005", "物联卡工厂直供", "", ("物联网卡 行业卡 大流量 免实名", "4G物联卡 监控专用")),
    ("lh-9006", "星河通讯优选店", "", ("流 量 卡 19元100G 全国通用", "手机咔 电话咔 低月租")),
    ("lh-9007", "代办小助手", "", ("手机卡实名代办 人脸代过 当天出卡",)),
    ("lh-9008", "验证设备铺", "", ("身份证阅读器破解软件 免验证 读卡器模拟",)),
    ("lh-9009", "玩具总动员", "", ("游戏点卡 月卡 会员充值", "贺卡 明信片 手绘")),
)  # fmt: skip
_SOURCE: Final = """platform = "lanhai"
kind = "html"
start = ["https://lanhai.example/list"]
currency = "CNY"
pace = 2

[list]
items = "li.goods"
paging = { by = "page", param = "page" }

[list.fields]
listing_id = "a@data-id"
title = "a@title"
url = "a@href"
shop_id = "a@data-shop"
shop_name = ".shop"
price = ".price"
"""
_COLUMNS: Final = ("平台", "商品ID", "标题", "链接", "店铺ID", "店铺名称", "价格", "许可证号")
_PROOF: Final = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cc\xf8\x0f\x00\x01\x01\x01\x00\x1b\xb6\xeeV\x00\x00\x00\x00IEND\xaeB`\x82"
)

_PAPER: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)


_COLOURS: Final = (("CT-44", "#0a5ba8"), ("MV-11", "#b4381f"))


def _logo(colour: str) -> bytes:
    """A mark that no carrier has: a disc with a wave through it."""
    drawn = Image.new("RGB", (640, 400), "white")
    pen = ImageDraw.Draw(drawn)
    pen.ellipse((150, 30, 490, 370), fill=colour)
    pen.arc((70, 130, 330, 390), 200, 340, fill="white", width=34)
    pen.arc((310, 10, 570, 270), 20, 160, fill="white", width=34)
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Cast:
    """Who does what in the sample."""

    manager: Desk
    colleague: Desk
    approver: Desk
    platform: Desk


def load(house: House) -> bool:
    """Fill an empty house; False when somebody works in it already."""
    if not _is_empty(house):
        return False
    cast = _staff(house)
    for code, colour in _COLOURS:
        put_logo(house.desk(), code, _logo(colour))
    agents = [_agent(cast, number) for number in range(24)]
    _licensed(cast, agents)
    publish(cast.approver, prepare_publication(cast.manager).id)
    _kept_out(cast)
    _appealed(cast, agents[0])
    _patrolled(cast)
    return True


def _is_empty(house: House) -> bool:
    with house.desk().begin(Permission.STAFF_READ) as work:
        logins = set(work.session.exec(select(User.login)))
    return logins <= {"admin"}


def _staff(house: House) -> _Cast:
    desk = house.desk()
    for code, kind, name, parent, province in ORGANISATIONS:
        add_organisation(desk, code=code, kind=kind, name=name, parent=parent, province=province)
    for organisation, login, name, role in PEOPLE:
        user, _ = add_user(
            desk, organisation=organisation, login=login, name=name, password=PASSWORD
        )
        grant_role(desk, user.id, role)

    def at(login: str) -> Desk:
        return house.desk(actor_named(house, login, Door.CLI))

    return _Cast(at("chen.ming"), at("he.jing"), at("li.hua"), at("lan.xin"))


def _uscc(number: int) -> str:
    """A well-formed code of no firm: its region is nobody's."""
    organisation = f"MADEU{number:03d}".replace("U", "X")
    body = f"91440000{organisation}{organisation_check_character(organisation)}"
    return body + uscc_check_character(body)


def _agent(cast: _Cast, number: int) -> Agent:
    """An application; by its number it is left at one place or another of the way."""
    name = f"{_TOWNS[number % 10]}{_NAMES[number % 6]}通信有限公司（示例{number + 1}）"
    form = AgentForm(
        name=name,
        uscc=_uscc(number),
        province="44",
        legal_representative=f"示例{number + 1}",
        contact=f"service{number + 1}@agent.example",
        business_licence_until=china_day(cast.manager.now()) + timedelta(days=900),
    )
    agent = add_agent(cast.manager, form)
    if number % 8 == 7:  # noqa: PLR2004 - every eighth stays a draft
        return agent
    agent = submit_agent(cast.manager, agent.id)
    if number % 8 == 6:  # noqa: PLR2004 - waits for its review
        return agent
    if number % 8 == 5:  # noqa: PLR2004 - to be mended
        reasons = [AgentReason.NOT_PROTECTION_READY]
        return review_agent(
            cast.approver, agent.id, passed=False, reasons=reasons, remark="请补充制度文件"
        )
    _file_papers(cast.manager, agent)
    return review_agent(cast.approver, agent.id, passed=True)


def _file_papers(manager: Desk, agent: Agent) -> None:
    """Every paper that admission and a licence ask for, and both checklists signed."""
    for kind in (
        PaperKind.AGREEMENT, PaperKind.COMMITMENT_LETTER, PaperKind.DATA_PROCESSING,
    ):  # fmt: skip
        form = PaperForm(kind, f"{agent.agent_no}-{kind.value[:2].upper()}", list(Clause))
        add_paper(manager, agent.id, form, f"{kind.value}.pdf", _PAPER)
    licence = PaperForm(PaperKind.BUSINESS_LICENCE, valid_until=agent.business_licence_until)
    add_paper(manager, agent.id, licence, "营业执照.png", _PROOF)
    form = PaperForm(PaperKind.CONDITION_EVIDENCE)
    report = add_paper(manager, agent.id, form, "现场核查报告.pdf", _PAPER)
    lines = condition_lines(china_day(manager.now()))
    signed = [SignedLine(line.code, is_met=True, paper_id=report.id) for line in lines]
    sign_conditions(manager, agent.id, signed)


def _kept_out(cast: _Cast) -> None:
    """The blacklist, a restricted firm, and an application whose representative bears a name."""
    blacklist_firm(
        cast.approver,
        uscc=_uscc(999),
        name="黑马通信（示例）",
        person="示例黑名单甲",
        reason="虚假登记（示例）",
        source="示例",
    )
    blacklist_person(
        cast.approver, person="示例同名", reason="养卡、转卖（示例）", source="示例通报"
    )
    today = china_day(cast.approver.now())
    add_restricted(
        cast.approver,
        RestrictedForm(
            name="某某信息技术有限公司（示例）",
            uscc=_uscc(998),
            authority="某市公安局（示例）",
            document_no="联惩〔2026〕示例1号",
            basis="出租、出售电话卡三张以上（示例）",
            begins_on=today - timedelta(days=60),
            until=today + timedelta(days=600),
            appeal_to="向作出决定的公安机关书面申诉，附情况说明（示例）",
        ),
    )
    for number, (name, person) in enumerate(
        (("示例同名通信有限公司", "示例同名"), ("某某信息技术有限公司（示例）", "示例乙"))
    ):
        form = AgentForm(
            name=name, uscc=_uscc(998 if number else 801),
            province="44", legal_representative=person,
        )  # fmt: skip
        submit_agent(cast.colleague, add_agent(cast.colleague, form).id)
    _overdue(cast)


def _overdue(cast: _Cast) -> None:
    """An application of ten days ago that nobody has decided on."""
    then = cast.colleague.now() - timedelta(days=10)
    house = replace(cast.colleague.house, now=lambda: then)
    early = replace(cast.colleague, house=house)
    form = AgentForm(
        name="韶关久候通信有限公司（示例）", uscc=_uscc(802), province="44",
        legal_representative="示例久候",
    )  # fmt: skip
    submit_agent(early, add_agent(early, form).id)


def _appealed(cast: _Cast, agent: Agent) -> None:
    """An agent that was suspended, and says that it should not have been."""
    suspend_agent(
        cast.approver,
        agent.id,
        reason="现场检查未见实名核验设备（示例）",
        remedy="十五日内向渠道管理部书面申诉",
        papers="情况说明、设备采购凭证",
    )
    form = PaperForm(PaperKind.APPEAL, "SS-2026-001")
    paper = add_paper(cast.manager, agent.id, form, "申诉书.pdf", _PAPER)
    ground = "检查当日设备送检，已附送检单和补充照片（示例）"
    lodge_appeal(cast.manager, agent, ground=ground, paper_id=paper.id)


def _licensed(cast: _Cast, agents: Sequence[Agent]) -> None:
    numbers = count(1)
    for agent in agents:
        if agent.state is not AgentState.ELIGIBLE:
            continue
        number = next(numbers)
        shop = add_shop(
            cast.manager,
            agent.id,
            ShopForm("lanhai", f"lh-{1000 + number}", f"{agent.name[:6]}旗舰店",
                     f"https://lanhai.example/shop/lh-{1000 + number}"),
        )  # fmt: skip
        licence = submit_licence(
            cast.manager, draft_licence(cast.manager, agent.id, _scope(cast, shop, number)).id
        )
        if number % 6:
            approve_licence(cast.approver, licence.id)


def _scope(cast: _Cast, shop: AuthorisedShop, number: int) -> LicenceForm:
    today = china_day(cast.manager.now())
    begins = today - timedelta(days=30)
    ends = begins + timedelta(days=45 if number % 5 == 0 else 365)
    return LicenceForm(
        products=[Product.VOICE_CARD, Product.DATA_CARD],
        provinces=["44", "45"],
        shop_ids=[shop.id],
        begins_on=begins,
        ends_on=ends,
        agreement_no=f"XY-{today.year}-{number:04d}",
    )


def _patrolled(cast: _Cast) -> None:
    """Two patrols a month apart; what the first found is decided, what the second found waits."""
    then = cast.manager.now() - timedelta(days=30)
    house = replace(cast.manager.house, now=lambda: then)
    early = replace(cast, manager=replace(cast.manager, house=house),
                    approver=replace(cast.approver, house=house))  # fmt: skip
    first = _patrol(early, _SHOPS)
    confirmed: list[Finding] = []
    for finding, is_so in zip(first, (True, True, False), strict=False):
        if is_so:
            reason = "已核对页面与公布名单"
            confirmed.append(confirm_finding(early.approver, finding.id, reason=reason))
        else:
            dismiss_finding(early.approver, finding.id, "店铺并未销售电话卡", sells_no_cards=True)
    for finding, is_answered in zip(confirmed, (True, False), strict=False):
        _case(cast, finding, is_answered=is_answered)
    _patrol(cast, (*_SHOPS, *_NEW_SHOPS))
    source = save_source(cast.manager, "蓝海商城", _SOURCE)
    next_month = cast.manager.now() + timedelta(days=30)
    add_plan(cast.manager, "蓝海商城每月巡查", source.id, first_at=next_month)


def _patrol(cast: _Cast, shops: _Shops) -> Sequence[Finding]:
    """Offers that a colleague collected, judged against the register; the findings, by number."""
    offers = _offers(china_day(cast.manager.now()), shops)
    planned = plan_import(cast.manager, ImportKind.LISTINGS, "巡查样本.csv", offers)
    run_import(cast.manager, planned.id)
    house = cast.manager.as_(HOUSE)
    runs = list(queued_runs(house))
    for run_id in runs:
        while advance_run(house, run_id):
            pass
    with cast.manager.begin(Permission.FINDING_READ) as work:
        found = work.all(work.select(Finding).where(col(Finding.run_id).in_(runs)))
    return sorted(found, key=lambda one: one.number)


def _case(cast: _Cast, finding: Finding, *, is_answered: bool) -> None:
    case = open_case(cast.manager, [finding.id])
    measure = measures_for([finding.kind])[0]
    reason = "未取得网络代理委托销售电话卡"
    propose(cast.manager, case.id, measure, reason, "可在 15 日内书面申诉并附委托证明")
    approve(cast.approver, case.id)
    notice = send_notice(cast.manager, case.id)
    if is_answered:
        acknowledge(cast.platform, notice.id)
        proofs = [("下架截图.png", _PROOF)]
        answer(cast.platform, notice.id, AnswerOutcome.REMOVED, "已下架并关闭店铺", proofs)


def _offers(today: date, shops: _Shops) -> bytes:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["平台", "商品ID", "标题", "链接", "店铺ID", "店铺名称", "价格", "许可证号"])
    numbers = count(1)
    for shop, name, licence, offers in shops:
        for offer in offers:
            item = f"{today:%m%d}{next(numbers):03d}"
            link = f"https://lanhai.example/item/{item}"
            writer.writerow(["lanhai", item, offer, link, shop, name, "19.90", licence])
    return table.getvalue().encode("utf-8-sig")
