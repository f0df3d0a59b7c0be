"""Cases and what surrounds them: stock, an instruction, a rectification notice, a complaint."""

import csv
import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from console.actions.cases.authorities.instructions import (
    InstructionForm,
    accept_instruction,
    begin_instruction,
    enter_instruction,
)
from console.actions.cases.authorities.kept import Brought
from console.actions.cases.complaints.handling import accept_complaint, answer_complaint
from console.actions.cases.complaints.lodging import Told, lodge
from console.actions.cases.decide import Proposal, approve, propose
from console.actions.cases.notices.answers import acknowledge, answer
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import open_case
from console.actions.cases.orders import wanted_of
from console.actions.cases.parties import Factors, hear_party, parties_of, weigh_party
from console.actions.cases.recheck import recheck
from console.actions.cases.rectifications.issuing import (
    IssueForm,
    RectificationForm,
    draft_rectification,
    issue_rectification,
)
from console.actions.cases.tracing.recovery import note_recovery
from console.actions.cases.tracing.source_cases import open_source_case
from console.actions.cases.tracing.trace import (
    add_cards,
    begin_trace,
    conclude_trace,
    give_up_trace,
    trace_record,
)
from console.actions.imports.plan import plan_import
from console.actions.imports.run import run_import
from console.demo.cast import PAPER, PROOF, Cast
from models.cases.cases import Case
from models.cases.complaints import ComplaintKind, Fault
from models.cases.instructions import Jurisdiction
from models.cases.measures import least_measures
from models.cases.notices import AnswerOutcome
from models.cases.traces import WhyNotTraceable
from models.channel.imports import ImportKind
from models.patrol.findings import Finding
from models.permissions import Permission
from models.rules import Tier, china_day

_FIRST_CARD: Final = 8_986_030_000_000_007_000
_STOCK: Final = (
    ("QD-440100-01", "广州示例营业厅", "自有营业厅", "", "PC-2026-001", 0),
    ("QD-440100-17", "荔湾示例经营部", "社会渠道", "QD-440100-01", "PC-2026-002", 100),
    ("QD-440300-05", "深圳示例通讯店", "社会渠道", "", "PC-2026-003", 200),
)
_COMPLAINTS: Final = (
    (
        86,
        6,
        ComplaintKind.UNLICENSED_SHOP,
        "网店没有展示标识，也不在名单中（示例）。",
        "已核实该店未取得委托，已通报平台清理。",
    ),
    (
        71,
        11,
        ComplaintKind.NUMBER_NOT_MINE,
        "名下多出一个号码，不是本人办理（示例）。",
        "已核实并办理注销，相关渠道已停止受理。",
    ),
    (
        48,
        19,
        ComplaintKind.ADDED_BURDEN,
        "网店要求先充值两百元才寄卡（示例）。",
        "已要求网店退款并改正，因核对资金流水超过期限，特此致歉。",
    ),
    (33, 4, ComplaintKind.FORCED_PACKAGE, "只能选高价套餐（示例）。", "已恢复全部套餐供选择。"),
    (12, 5, ComplaintKind.RESALE, "买到的卡是别人名下的（示例）。", "已关停该卡并对来源渠道立案。"),
)
"""Days ago, days to the answer, kind, text, answer."""
_HEAD: Final = ("渠道编码", "渠道名称", "渠道类型", "上级渠道编码", "省份", "批次号", "产品",
                "配送日期", "起始ICCID", "终止ICCID")  # fmt: skip


def supervised(cast: Cast, confirmed: Sequence[Finding]) -> None:
    """One case that waits for its second look, one that waits for its platform, and the rest."""
    _stocked(cast)
    _removed(cast, confirmed[0])
    if len(confirmed) > 1:
        _sent(cast, confirmed[1])
    _instructed(cast)
    _rectifying(cast)
    _complained(cast)


def _stocked(cast: Cast) -> None:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(_HEAD)
    delivered = china_day(cast.manager.now()) - timedelta(days=60)
    for code, name, kind, parent, batch, first in _STOCK:
        start = _FIRST_CARD + first
        row = (code, name, kind, parent, "广东", batch, "青年卡", delivered.isoformat())
        writer.writerow([*row, str(start), str(start + 99)])
    planned = plan_import(cast.manager, ImportKind.STOCK, "卡号库存.csv", table.getvalue().encode())
    run_import(cast.manager, planned.id)


def _removed(cast: Cast, finding: Finding) -> None:
    """Bought a card there, traced it, had the shop removed, called the rest back."""
    case = heard(cast, finding)
    begin_trace(cast.manager, case.id)
    add_cards(cast.manager, case.id, str(_FIRST_CARD + 142), "购买样卡一张，读取卡面卡号")
    conclude_trace(cast.manager, case.id)
    proposed(cast, case)
    approve(cast.approver, case.id)
    (channel, *_) = trace_record(cast.manager, case.id).channels
    open_source_case(cast.manager, case.id, channel.channel.id)
    notice = send_notice(cast.manager, case.id)
    acknowledge(cast.platform, notice.id)
    proofs = [("下架截图.png", PROOF)]
    answer(cast.platform, notice.id, AnswerOutcome.REMOVED, "已下架并关闭店铺", proofs)
    note_recovery(cast.manager, case.id, 58, 55, "三张已售出，机主已另行核实")
    recheck(cast.colleague, case.id, clean=True, reason="店铺页面已不存在，搜索未再发现")


def _sent(cast: Cast, finding: Finding) -> None:
    case = heard(cast, finding)
    without_card(cast, case)
    proposed(cast, case)
    approve(cast.approver, case.id)
    send_notice(cast.manager, case.id)


def heard(cast: Cast, finding: Finding) -> Case:
    case = open_case(cast.manager, [finding.id])
    with cast.manager.begin(Permission.CASE_READ) as work:
        (party,) = parties_of(work, case)
    hear_party(cast.manager, party.id, "店主承认未取得委托，称货源来自他人介绍")
    weigh_party(cast.manager, party.id, Factors("无委托销售", "公开上架数月", "售出若干张"))
    return case


def without_card(cast: Cast, case: Case) -> None:
    """Its trace, given up with the reason."""
    begin_trace(cast.manager, case.id)
    reason = "未能购得样卡，没有卡号可以核查"
    give_up_trace(cast.manager, case.id, WhyNotTraceable.NO_CARD, reason)


def proposed(cast: Cast, case: Case) -> None:
    with cast.manager.begin(Permission.CASE_READ) as work:
        wanted = wanted_of(work, case)
    proposal = Proposal(
        least_measures(wanted),
        "未取得网络代理委托销售电话卡",
        "可在 15 日内向本单位渠道部书面申诉",
        "营业执照、网络代理委托证明",
        "该店在平台公开销售电话卡，名单中没有它，也未展示有效标识。",
    )
    propose(cast.manager, case.id, proposal)


def _instructed(cast: Cast) -> None:
    today = china_day(cast.manager.now())
    form = InstructionForm(
        authority="CA-44",
        jurisdiction=Jurisdiction.CARD_HOME,
        document_no=f"粤通管函〔{today.year}〕17号",
        issued_on=today - timedelta(days=2),
        due_on=today + timedelta(days=12),
        subject="关于核查网络渠道违规售卡的通知（示例）",
        wanted="请核查附件所列网店的货源，收回未售出的电话卡，并书面报告结果。",
    )
    entered = enter_instruction(cast.manager, form, Brought("通知.pdf", PAPER))
    accept_instruction(cast.approver, entered.id)
    begin_instruction(cast.manager, entered.id)


def _rectifying(cast: Cast) -> None:
    issues = [IssueForm("“示例店铺”首页未展示统一标识", "004-3.1-e")]
    form = RectificationForm("网店亮照亮标（示例）", issues, tier=Tier.GENERAL, unit="lanhai")
    issue_rectification(cast.manager, draft_rectification(cast.manager, form).id)


def _complained(cast: Cast) -> None:
    """Some of before, one of them answered late; the last waits for somebody to take it on."""
    for ago, took, kind, text, answer_ in _COMPLAINTS:
        then, after = cast.earlier(ago), cast.earlier(ago - took)
        lodged = lodge(then.house, Told(kind, text, platform="蓝海商城", province="44"))
        accept_complaint(then.manager, lodged.id)
        answer_complaint(after.manager, lodged.id, answer=answer_, fault=Fault.OWN)
    told = Told(
        ComplaintKind.NO_REAL_NAME,
        "客服说买卡不用实名，可以代过人脸（示例）。",
        platform="蓝海商城",
        shop="代办小助手",
        province="44",
    )
    lodge(cast.house, told)
