"""Spot checks of the past month and of the days to come, and the laptops that read for them."""

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import col

from console.actions.checks.devices import device_record, judge_reader
from console.actions.checks.spot_checks import CheckDraft, assign_check, note_order, plan_check
from console.actions.checks.spot_moves import open_session, refuse_check, review_check
from console.actions.checks.spot_plans import PlanDraft, make_plan, plan_record
from console.actions.checks.spot_submit import submit_check
from console.actions.checks.test_purchases import (
    Parcel,
    Plan,
    approve_purchase,
    order_purchase,
    plan_purchase,
    receive_purchase,
)
from console.actions.imports.plan import plan_import
from console.actions.imports.run import run_import
from console.actions.patrol.findings import confirm_finding
from console.demo.cast import INSPECTOR, PROOF, Cast
from console.demo.laptop import Laptop, paired, waiting
from models.cards.persons import CaptureMethod
from models.channel.agents import Agent, AgentState
from models.channel.imports import ImportKind
from models.channel.shops import AuthorisedShop
from models.checks.orders import OrderFacts, Route
from models.checks.spot_checks import CheckPurpose, ResultCode, SpotCheck
from models.permissions import Permission
from models.refusals import Invalid
from models.rules import china_day

_BASIS: Final = "工信部网安〔2016〕182号 三（二）（三）；《反恐怖主义法》第二十一条"
_FIRST_CARD: Final = 8_986_030_000_000_020_000
_GIVEN: Final = 100
"""Cards to each channel."""
_DRAWN: Final = 10
_STOCK: Final = ("渠道编码", "渠道名称", "渠道类型", "上级渠道编码", "省份", "批次号", "产品",
                 "配送日期", "起始ICCID", "终止ICCID", "代理商编号")  # fmt: skip
_PARENT: Final = "QD-440100-01"
_HALL: Final = "天河直营厅（示例）"
_AHEAD: Final = timedelta(minutes=11)
"""Of a laptop's clock: more than is let pass."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A shop, and the first of the cards that its agent's channel was given."""

    shop: AuthorisedShop
    first: int

    def card(self, at: int) -> str:
        """Nineteen digits, as printed."""
        return str(self.first + at)


@dataclass(frozen=True, slots=True)
class Scene:
    cast: Cast
    laptop: Laptop
    outlets: Sequence[Outlet]

    def of(self, check: SpotCheck) -> Outlet:
        return next(one for one in self.outlets if one.shop.id == check.shop_id)

    def other(self, outlet: Outlet) -> Outlet:
        return next(one for one in self.outlets if one.shop.id != outlet.shop.id)

    def at(self, platform: str = "", province: str = "", place: int = 0) -> Outlet:
        wanted = [
            one for one in self.outlets
            if one.shop.platform == (platform or one.shop.platform)
            and one.shop.province == (province or one.shop.province)
        ]  # fmt: skip
        return wanted[place]


def spot_checked(cast: Cast) -> None:
    """A month of checks, told in the order of its days: a chain of reads goes forward alone."""
    site = "渠道监督组（示例）"
    laptop = paired(cast.earlier(29), "gd-inspect-01", site)
    scene = Scene(cast, laptop, _outlets(cast))
    drawn = _planned(scene)
    _passed(scene, drawn[0], 25)
    _passed(scene, drawn[1], 22, Route.B)
    _sent_first(scene, drawn[2], 19)
    _passed(scene, _single(scene, 17, scene.at(province="45")), 17)
    _passed(scene, drawn[3], 15)
    _sold_elsewhere(scene, _single(scene, 13, scene.at("haiyun", place=-1)), 13)
    _at_the_counter(scene, 12)
    _passed(scene, drawn[4], 11, Route.B)
    _clock_off(scene, paired(cast.earlier(9), "gd-inspect-02", site), 8)
    _bought(scene, 5)
    _passed(scene, drawn[5], 3, is_reviewed=False)
    _not_read(scene, 2)
    _refused(scene, 1)
    _to_come(scene, drawn[6:])
    _under_way(scene)
    waiting(cast.earlier(0), "gd-inspect-03", site)


# What is checked


def _outlets(cast: Cast) -> Sequence[Outlet]:
    """Shops of agents at work, with a delivery to each agent's own channel."""
    with cast.manager.begin(Permission.SHOP_READ) as work:
        shops = work.all(
            work.select(AuthorisedShop)
            .join(Agent, col(Agent.id) == col(AuthorisedShop.agent_id))
            .where(Agent.state == AgentState.ACTIVE)
            .order_by(col(AuthorisedShop.id))
        )
        agents = [work.session.get_one(Agent, one.agent_id) for one in shops]
    firsts = [_FIRST_CARD + place * _GIVEN for place in range(len(shops))]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_STOCK)
    delivered = china_day(cast.manager.now()) - timedelta(days=45)
    for place, (agent, first) in enumerate(zip(agents, firsts, strict=True), 1):
        writer.writerow(
            (f"QD-WL-{place:03}", f"{agent.name[:4]}网络渠道", "网络渠道", _PARENT, agent.province,
             f"PC-WL-{place:03}", "青年卡", delivered.isoformat(), first, first + _GIVEN - 1,
             agent.agent_no)
        )  # fmt: skip
    file = out.getvalue().encode()
    brought = plan_import(cast.manager, ImportKind.STOCK, "网络渠道卡号.csv", file)
    run_import(cast.manager, brought.id)
    return [Outlet(shop, first) for shop, first in zip(shops, firsts, strict=True)]


def _planned(scene: Scene) -> Sequence[SpotCheck]:
    """A random sample of the shops; its seed is on record."""
    then = scene.cast.earlier(28)
    today = china_day(then.manager.now())
    draft = PlanDraft(
        "网络代理渠道月度随机抽查（示例）", CheckPurpose.ROUTINE, _BASIS, _DRAWN,
        begins_on=today, ends_on=today + timedelta(days=45),
    )  # fmt: skip
    return plan_record(then.manager, make_plan(then.manager, draft).id).checks


def _single(scene: Scene, ago: int, outlet: Outlet | None, **more: Any) -> SpotCheck:  # noqa: ANN401 - as CheckDraft takes them
    usual: Mapping[str, Any] = {
        "purpose": CheckPurpose.CAMPAIGN,
        "basis": _BASIS,
        "shop": outlet.shop.id if outlet else None,
    }
    return plan_check(scene.cast.earlier(ago + 2).manager, CheckDraft(**{**usual, **more}))


def _kept(then: datetime, card: str, route: Route = Route.A, **changed: object) -> OrderFacts:
    """An order that went as the rules have it; named facts say otherwise."""
    at = [then - timedelta(hours=hours) for hours in (70, 69, 50, 30, 29, 28)]
    facts: dict[str, object] = {
        "route": route,
        "order_no": f"DD-{at[0]:%Y%m%d}-{card[-4:]}",
        "iccids": (card,),
        "ordered_at": at[0],
        "authority_compare_ref": f"NC-{card[-6:]}",
        "compared_at": at[1],
        "compare_agrees": True,
        "capture": CaptureMethod.ID_READER,
        "asked_identity": True,
        "manual_entry": False,
        "shipped_at": at[2],
        "handed_over_at": at[3],
        "handover_match": True,
        "active_on_arrival": False,
        "activated_at": at[5],
        "holder_is_document": True,
    }
    if route is Route.B:
        facts |= {"live_check_ref": f"SP-{card[-6:]}", "live_checked_at": at[4]}
    return OrderFacts.model_validate({**facts, **changed})


# How it went


def _opened(scene: Scene, check: SpotCheck, ago: int, laptop: Laptop | None = None) -> Cast:
    """Given to the inspector the day before; its session is open. The people at that moment."""
    then = scene.cast.earlier(ago)
    day = china_day(then.manager.now())
    assign_check(scene.cast.earlier(ago + 1).manager, check.id, INSPECTOR, day)
    device = (laptop or scene.laptop).device.id
    open_session(then.inspector, check.id, device, notice_shown=check.wants_identity)
    return then


def _compared(then: Cast, check: SpotCheck, facts: OrderFacts) -> SpotCheck:
    after = then.later(6)
    note_order(after.inspector, check.id, facts)
    return submit_check(after.inspector, check.id)


def _reviewed(scene: Scene, check: SpotCheck, ago: int, note: str) -> None:
    """By another, the day after; and what was found is confirmed."""
    after = scene.cast.earlier(ago - 1).approver
    review_check(after, check.id, note)
    if check.finding_id is not None:
        confirm_finding(after, check.finding_id, reason=note)


def _passed(
    scene: Scene, check: SpotCheck, ago: int, route: Route = Route.A, *, is_reviewed: bool = True
) -> None:
    then, card = _opened(scene, check, ago), scene.of(check).card(ago)
    scene.laptop.reads_card(then.house, card)
    _compared(then, check, _kept(then.manager.now(), card, route))
    if is_reviewed:
        _reviewed(scene, check, ago, "卡号、批次与许可范围相符，流程完整")


def _sent_first(scene: Scene, check: SpotCheck, ago: int) -> None:
    """The card went out before anybody compared who had ordered it."""
    then, card = _opened(scene, check, ago), scene.of(check).card(ago)
    scene.laptop.reads_card(then.house, card)
    late = then.manager.now() - timedelta(hours=45)
    check = _compared(then, check, _kept(then.manager.now(), card, compared_at=late))
    _reviewed(scene, check, ago, "先发货后核验属实，转交核查")


def _sold_elsewhere(scene: Scene, check: SpotCheck, ago: int) -> None:
    """The card was given to another agent's channel."""
    then, card = _opened(scene, check, ago), scene.other(scene.of(check)).card(ago)
    scene.laptop.reads_card(then.house, card)
    check = _compared(then, check, _kept(then.manager.now(), card))
    _reviewed(scene, check, ago, "卡号属于另一代理商批次，请渠道部说明货源")


def _at_the_counter(scene: Scene, ago: int) -> None:
    """Identity documents: the reader's module waits for a person to allow it, then it counts."""
    check = _single(
        scene, ago, None, subject=f"{_HALL}柜台入网流程", purpose=CheckPurpose.RE_REGISTRATION,
        wants_card=False, wants_identity=True, use_approval="SY-2026-017",
    )  # fmt: skip
    then = _opened(scene, check, ago)
    with suppress(Invalid):
        scene.laptop.reads_document(then.house)
    (module,) = (
        one for one in device_record(then.approver, scene.laptop.device.id).readers if one.sam_id
    )
    judge_reader(then.later(2).approver, module.id, allowed=True)
    scene.laptop.reads_document(then.later(3).house)
    facts = OrderFacts(
        capture=CaptureMethod.ID_READER, asked_identity=True, manual_entry=False,
        compare_agrees=True, holder_is_document=True,
    )  # fmt: skip
    _compared(then, check, facts)
    _reviewed(scene, check, ago, "证件由设备读取，未见手工录入")


def _clock_off(scene: Scene, other: Laptop, ago: int) -> None:
    """A laptop whose clock had run on is put out of work; the first one finished the check."""
    outlet = scene.at("haiyun")
    check = _single(scene, ago, outlet, purpose=CheckPurpose.COMPLAINT)
    then = _opened(scene, check, ago, other)
    with suppress(Invalid):
        other.reads_card(then.house, outlet.card(ago), _AHEAD)
    after = then.later(5)
    open_session(after.inspector, check.id, scene.laptop.device.id, notice_shown=False)
    scene.laptop.reads_card(after.house, outlet.card(ago))
    _compared(after, check, _kept(then.manager.now(), outlet.card(ago)))
    _reviewed(scene, check, ago, "第一台笔记本时钟偏差已隔离，换机后核对相符")


def _bought(scene: Scene, ago: int) -> None:
    """A test purchase: the card worked when it came, before anybody was asked for a document."""
    outlet = scene.at("lanhai", place=1)
    card, before = outlet.card(ago), scene.cast.earlier
    plan = Plan("核实到货前是否已激活", f"{outlet.shop.name} {outlet.shop.url}", platform="lanhai")
    bought = plan_purchase(before(ago + 4).manager, plan)
    approve_purchase(before(ago + 4).approver, bought.id)
    number = f"LH{china_day(before(ago + 3).manager.now()):%m%d}0071"
    order_purchase(before(ago + 3).inspector, bought.id, order_no=number, price_fen=2900)
    parcel = Parcel(
        card, asked_identity=True, works=True, notes="开箱即可上网（示例）",
        files=[("卡面.png", PROOF)],
    )  # fmt: skip
    check = _single(scene, ago, outlet, purpose=CheckPurpose.TEST_PURCHASE, purchase=bought.id)
    receive_purchase(before(ago + 1).inspector, bought.id, parcel)
    then = _opened(scene, check, ago)
    scene.laptop.reads_card(then.house, card)
    usual = _kept(then.manager.now(), card, manual_entry=None)
    ours = {"order_no": number, "active_on_arrival": True, "ordered_at": None, "activated_at": None}
    _compared(then, check, usual.model_copy(update=ours))


def _not_read(scene: Scene, ago: int) -> None:
    """A chip that never answered: nobody can tell, and it is to be looked at again."""
    outlet = scene.at("lanhai", place=2)
    check = _single(scene, ago, outlet)
    then = _opened(scene, check, ago)
    for minutes in (1, 2):
        scene.laptop.reads_nothing(then.later(minutes).house, "mute", "connect")
    _compared(then, check, _kept(then.manager.now(), outlet.card(ago)))


def _refused(scene: Scene, ago: int) -> None:
    """Somebody would not be checked; whether they were served has still to be said."""
    check = _single(
        scene, ago, scene.at("lanhai", place=3), purpose=CheckPurpose.COMPLAINT,
        wants_identity=True, use_approval="SY-2026-021",
    )  # fmt: skip
    then = _opened(scene, check, ago)
    said = "收货人拒绝出示证件并离开（示例）"
    refuse_check(then.later(4).inspector, check.id, ResultCode.REFUSED_CHECK, said)


def _to_come(scene: Scene, drawn: Sequence[SpotCheck]) -> None:
    """Of the sample some are given to the inspector, for days to come; one is nobody's yet."""
    today = china_day(scene.cast.manager.now())
    for days, check in zip((0, 2, 6), drawn, strict=False):
        day = today + timedelta(days=days)
        assign_check(scene.cast.manager, check.id, INSPECTOR, day)


def _under_way(scene: Scene) -> None:
    """A session of this very moment, with its first card in."""
    outlet = scene.at("haiyun", place=1)
    check = _single(scene, 0, outlet)
    then = _opened(scene, check, 0)
    scene.laptop.reads_card(then.house, outlet.card(1))
