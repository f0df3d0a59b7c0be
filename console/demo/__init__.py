"""A small fictitious workspace, made by the same use cases as people use."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Final

from PIL import Image, ImageDraw
from sqlmodel import select

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
from console.actions.staff.people import add_organisation, add_user, grant_role
from console.actions.staff.sign_in import actor_named
from console.demo.cast import INSPECTOR, PAPER, PASSWORD, PROOF, Cast
from console.demo.checks import spot_checked
from console.demo.codes import made_up_uscc
from console.demo.industry import industry_shown
from console.demo.patrols import patrolled
from console.demo.world import build
from console.demo.world.badges import aged_keys
from console.demo.world.made import Tell
from console.demo.world.places import PEOPLE as OTHERS
from console.desk import Desk, House
from models.channel.agents import Agent, AgentReason, AgentState
from models.channel.conditions import condition_lines
from models.channel.licences import Product
from models.channel.papers import Clause, PaperKind
from models.channel.shops import AuthorisedShop
from models.permissions import Permission, Role
from models.rules import china_day
from models.staff import Door, OrganisationKind, User

_K, _R = OrganisationKind, Role
ORGANISATIONS: Final = (
    ("CT", _K.BASIC_CARRIER_GROUP, "示例电信集团", None, None),
    ("CT-44", _K.BASIC_CARRIER_PROVINCE, "示例电信广东公司", "CT", "44"),
    ("MV-11", _K.RESELLER, "示例转售公司", None, "11"),
    ("lanhai", _K.PLATFORM, "蓝海商城（示例）", None, "33"),
    ("haiyun", _K.PLATFORM, "海云集市（示例）", None, "44"),
    ("CA-44", _K.COMM_ADMIN, "广东省通信管理局（示例）", None, "44"),
)
PEOPLE: Final = (
    ("CT-44", "chen.ming", "陈明", _R.CHANNEL_MANAGER),
    ("CT-44", "he.jing", "何静", _R.CHANNEL_MANAGER),
    ("CT-44", "li.hua", "李华", _R.APPROVER),
    ("CT-44", "wu.tong", "吴桐", _R.IOT_MANAGER),
    ("CT-44", INSPECTOR, "周洁", _R.INSPECTOR),
    ("CT-44", "lin.jing", "林静", _R.AUDITOR),
    ("MV-11", "zhao.lei", "赵磊", _R.CHANNEL_MANAGER),
    ("lanhai", "lan.xin", "兰欣", _R.PLATFORM_OFFICER),
    ("CA-44", "gd.jianguan", "粤监管", _R.REGULATOR),
)
_TOWNS: Final = ("广州", "深圳", "佛山", "东莞", "珠海", "中山", "惠州", "汕头", "南宁", "桂林")
_GUANGXI: Final = ("南宁", "桂林")
_NAMES: Final = ("星河", "远景", "云桥", "诚信", "捷联", "海纳")
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


def people_of(scale: float) -> list[str]:
    """Who signs in to a workspace of that scale."""
    return [login for _, login, *_ in (*PEOPLE, *(OTHERS if scale > 0 else ()))]


def _nobody(_part: str, _rows: int) -> None: ...


def load(house: House, scale: float = 1.0, tell: Tell = _nobody) -> bool:
    """Fill an empty house; False when somebody works in it already.

    The stories are made by use cases; around them stands a world in bulk, of 5,000 agents and
    60,000 listings at a scale of 1, and none at 0. `tell` hears how far it is.
    """
    if not _is_empty(house):
        return False
    if scale > 0:
        aged_keys(house)
    tell("stories", 0)
    _stories(house)
    if scale > 0:
        build(house, scale, tell)
    return True


def _stories(house: House) -> None:
    cast = _staff(house)
    for code, colour in _COLOURS:
        put_logo(house.desk(), code, _logo(colour))
    agents = [_agent(cast, number) for number in range(24)]
    _licensed(cast, agents)
    publish(cast.approver, prepare_publication(cast.manager).id)
    _kept_out(cast)
    _appealed(cast, agents[0])
    patrolled(cast)
    industry_shown(cast)
    spot_checked(cast)


def _is_empty(house: House) -> bool:
    with house.desk().begin(Permission.STAFF_READ) as work:
        logins = set(work.session.exec(select(User.login)))
    return logins <= {"admin"}


def _staff(house: House) -> Cast:
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

    return Cast(
        at("chen.ming"), at("he.jing"), at("li.hua"), at("lan.xin"), at("wu.tong"), at(INSPECTOR)
    )


def _agent(cast: Cast, number: int) -> Agent:
    """An application; by its number it is left at one place or another of the way."""
    town = _TOWNS[number % 10]
    name = f"{town}{_NAMES[number % 6]}通信有限公司（示例{number + 1}）"
    form = AgentForm(
        name=name,
        uscc=made_up_uscc(number),
        province="45" if town in _GUANGXI else "44",
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
        add_paper(manager, agent.id, form, f"{kind.value}.pdf", PAPER)
    licence = PaperForm(PaperKind.BUSINESS_LICENCE, valid_until=agent.business_licence_until)
    add_paper(manager, agent.id, licence, "营业执照.png", PROOF)
    form = PaperForm(PaperKind.CONDITION_EVIDENCE)
    report = add_paper(manager, agent.id, form, "现场核查报告.pdf", PAPER)
    lines = condition_lines(china_day(manager.now()))
    signed = [SignedLine(line.code, is_met=True, paper_id=report.id) for line in lines]
    sign_conditions(manager, agent.id, signed)


def _kept_out(cast: Cast) -> None:
    """The blacklist, a restricted firm, and an application whose representative bears a name."""
    blacklist_firm(
        cast.approver,
        uscc=made_up_uscc(999),
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
            uscc=made_up_uscc(998),
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
            name=name, uscc=made_up_uscc(998 if number else 801),
            province="44", legal_representative=person,
        )  # fmt: skip
        submit_agent(cast.colleague, add_agent(cast.colleague, form).id)
    _overdue(cast)


def _overdue(cast: Cast) -> None:
    """An application of ten days ago that nobody has decided on."""
    then = cast.colleague.now() - timedelta(days=10)
    house = replace(cast.colleague.house, now=lambda: then)
    early = replace(cast.colleague, house=house)
    form = AgentForm(
        name="韶关久候通信有限公司（示例）", uscc=made_up_uscc(802), province="44",
        legal_representative="示例久候",
    )  # fmt: skip
    submit_agent(early, add_agent(early, form).id)


def _appealed(cast: Cast, agent: Agent) -> None:
    """An agent that was suspended, and says that it should not have been."""
    suspend_agent(
        cast.approver,
        agent.id,
        reason="现场检查未见实名核验设备（示例）",
        remedy="十五日内向渠道管理部书面申诉",
        papers="情况说明、设备采购凭证",
    )
    form = PaperForm(PaperKind.APPEAL, "SS-2026-001")
    paper = add_paper(cast.manager, agent.id, form, "申诉书.pdf", PAPER)
    ground = "检查当日设备送检，已附送检单和补充照片（示例）"
    lodge_appeal(cast.manager, agent, ground=ground, paper_id=paper.id)


def _licensed(cast: Cast, agents: Sequence[Agent]) -> None:
    numbers = count(1)
    for agent in agents:
        if agent.state is not AgentState.ELIGIBLE:
            continue
        number = next(numbers)
        platform, letters = ("lanhai", "lh") if number % 3 else ("haiyun", "hy")
        key = f"{letters}-{1000 + number}"
        shop = add_shop(
            cast.manager,
            agent.id,
            ShopForm(platform, key, f"{agent.name[:6]}旗舰店",
                     f"https://{platform}.example/shop/{key}"),
        )  # fmt: skip
        licence = submit_licence(
            cast.manager, draft_licence(cast.manager, agent.id, _scope(cast, shop, number)).id
        )
        if number % 6:
            approve_licence(cast.approver, licence.id)


def _scope(cast: Cast, shop: AuthorisedShop, number: int) -> LicenceForm:
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
