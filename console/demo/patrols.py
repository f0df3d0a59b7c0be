"""What was found on a fictitious marketplace, and how far people are with it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from ipaddress import IPv4Network
from itertools import count
from typing import Final
from uuid import UUID

from sqlmodel import col

from console.actions.imports.plan import plan_import
from console.actions.imports.run import run_import
from console.actions.patrol.checks import fill_check, list_checks
from console.actions.patrol.findings import confirm_finding, dismiss_finding
from console.actions.patrol.handing_in import hand_in_run
from console.actions.patrol.plan import queued_runs
from console.actions.patrol.plans import PlanTerms, add_plan
from console.actions.patrol.run import Roads, advance_run
from console.actions.patrol.sources import edit_source, save_source
from console.actions.patrol.starting import run_plan_now
from console.demo.cast import Cast
from console.demo.shop import Stall, open_market
from console.demo.stages import for_stages
from console.demo.supervision import supervised
from console.desk import House
from models.channel.imports import ImportKind
from models.patrol.checks import ITEMS, CheckAnswer, CheckItem
from models.patrol.findings import Finding
from models.patrol.plans import Cadence
from models.permissions import Permission
from models.rules import china_day
from models.staff import HOUSE

_STALLS: Final = (
    Stall("lh-9001", "流量卡批发总汇", ("纯流量卡 全国通用手机卡 免实名", "电话卡 上网卡 包邮"),
          words="下单前请加微信 kache8888 咨询", picture=1),
    Stall("lh-9002", "畅联手机卡专营", ("5G手机卡 电话卡 低月租 可选号",), "GD-2020-1234",
          picture=2),
    Stall("lh-9003", "数码配件小铺", ("手机壳 硅胶防摔", "取卡针 SIM卡托 适用苹果")),
    Stall("lh-9004", "靓号优选", ("手机靓号 电话卡 0元月租 在线选号", "虚拟卡 注册卡 批发"),
          picture=3),
)  # fmt: skip
_OLD_STALLS: Final = (
    Stall("lh-8001", "随身流量铺", ("手机卡 电话卡 全国流量 包邮",)),
    Stall("lh-8002", "校园卡代理小王", ("校园手机卡 电话卡 学生专享",)),
    Stall("lh-8003", "天天数码通讯", ("电话卡 手机卡 长期套餐",)),
    Stall("lh-8004", "南粤靓号坊", ("手机靓号 电话卡 尾号可选",)),
    Stall("lh-8005", "出行上网卡", ("旅游电话卡 手机卡 七天流量",)),
)
"""Of two months ago; their cases stand at one stage each."""
_NEW_STALLS: Final = (
    # Met by the last patrol alone. The second of them is the first above under another name.
    Stall("lh-9005", "物联卡工厂直供", ("物联网卡 行业卡 大流量 免实名", "4G物联卡 监控专用"),
          picture=4),
    Stall("lh-9006", "星河通讯优选店", ("流 量 卡 19元100G 全国通用", "手机咔 电话咔 低月租"),
          words="下单前请加微信 kache8888 咨询", picture=1),
    Stall("lh-9007", "代办小助手", ("手机卡实名代办 人脸代过 当天出卡",)),
    Stall("lh-9008", "验证设备铺", ("身份证阅读器破解软件 免验证 读卡器模拟",)),
    Stall("lh-9009", "玩具总动员", ("游戏点卡 月卡 会员充值", "贺卡 明信片 手绘")),
)  # fmt: skip
_SITE: Final = "https://lanhai.example"
_SOURCE: Final = f"""platform = "lanhai"
kind = "html"
start = ["{_SITE}/list"]
currency = "CNY"
pace = 2

[list]
items = "li.goods"
paging = {{ by = "page", param = "page" }}

[list.fields]
listing_id = "a@data-id"
title = "a@title"
url = "a@href"
shop_id = "a@data-shop"
shop_name = ".shop"
price = ".price"
licence_no = ".licence"
description = ".words"
images = "img@src"
"""
_BEFORE: Final = 60
_WHOLE: Final = 100
_FILLED: Final = 3
_SHOWN: Final = {CheckItem.LICENCE_DISPLAYED, CheckItem.BADGE_DISPLAYED}
_ANSWERS: Final = {item: CheckAnswer.BAD if item in _SHOWN else CheckAnswer.GOOD for item in ITEMS}
"""None of these shops shows a licence or a badge."""


def patrolled(cast: Cast) -> None:
    """A file a month ago, decided since; two patrols of today, with people's checklists."""
    for_stages(cast, _confirmed(cast.earlier(_BEFORE), _OLD_STALLS))
    early = cast.earlier(30)
    confirmed: list[Finding] = []
    for finding, is_so in zip(_brought(early, _STALLS), (True, True, False), strict=False):
        if is_so:
            reason = "已核对页面与公布名单"
            confirmed.append(confirm_finding(early.approver, finding.id, reason=reason))
        else:
            dismiss_finding(early.approver, finding.id, "店铺并未销售电话卡", sells_no_cards=True)
    supervised(cast, confirmed[:2])
    _checked(cast)


def _confirmed(cast: Cast, stalls: Sequence[Stall]) -> list[Finding]:
    return [
        confirm_finding(cast.approver, one.id, reason="已核对页面与公布名单")
        for one in _brought(cast, stalls)
    ]


def _brought(cast: Cast, stalls: Sequence[Stall]) -> Sequence[Finding]:
    """Offers that a colleague collected, judged against the register; the findings, by number."""
    offers = _offers(china_day(cast.manager.now()), stalls)
    planned = plan_import(cast.manager, ImportKind.LISTINGS, "巡查样本.csv", offers)
    run_import(cast.manager, planned.id)
    runs = list(queued_runs(cast.manager.as_(HOUSE)))
    for run_id in runs:
        _walk(cast.house, run_id)
    with cast.manager.begin(Permission.FINDING_READ) as work:
        found = work.all(work.select(Finding).where(col(Finding.run_id).in_(runs)))
    return sorted(found, key=lambda one: one.number)


def _checked(cast: Cast) -> None:
    """One patrol is handed in and waits for the second person; of the next some is left to fill."""
    colleague = cast.colleague.actor.id
    source = save_source(cast.manager, "蓝海商城", _SOURCE)
    plan = add_plan(
        cast.manager, "蓝海商城每月巡查", source.id,
        PlanTerms(Cadence.MONTHLY, _WHOLE, assignee_id=colleague),
        first_at=cast.manager.now() + timedelta(days=30),
    )  # fmt: skip
    for stalls, most in ((_STALLS, None), ((*_STALLS, *_NEW_STALLS), _FILLED)):
        with open_market(stalls) as address:
            here = _SOURCE.replace(_SITE, address).replace("pace = 2", "pace = 0")
            edit_source(cast.manager, source.id, here)
            run = run_plan_now(cast.manager, plan.id)
            _walk(_on_loopback(cast.house), run.id)
        drawn = list_checks(cast.colleague, run_id=run.id).rows
        for check in drawn[:most]:
            fill_check(cast.colleague, check.id, _ANSWERS)
        if most is None:
            hand_in_run(cast.colleague, run.id)
    edit_source(cast.manager, source.id, _SOURCE)


def _walk(house: House, run_id: UUID) -> None:
    roads: Roads = {}
    while advance_run(house.desk(), run_id, roads):
        pass


def _on_loopback(house: House) -> House:
    """The same house, allowed to ask the market that the sample opens; without a browser."""
    update = {"fetch_allowed_networks": (IPv4Network("127.0.0.0/8"),), "fetch_pace": 0.0,
              "screenshots": False}  # fmt: skip
    return replace(house, settings=house.settings.model_copy(update=update))


def _offers(today: date, stalls: Sequence[Stall]) -> bytes:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["平台", "商品ID", "标题", "链接", "店铺ID", "店铺名称", "价格", "许可证号"])
    numbers = count(1)
    for stall in stalls:
        for offer in stall.offers:
            item = f"{today:%m%d}{next(numbers):03d}"
            link = f"{_SITE}/item/{item}"
            writer.writerow(
                ["lanhai", item, offer, link, stall.shop_id, stall.name, "19.90", stall.licence]
            )
    return table.getvalue().encode("utf-8-sig")
