"""A case whose cards were bought, and the stock that they came from."""

from uuid import UUID

from sqlmodel import select

from console.actions.cases.tracing.trace import add_cards, begin_trace
from models.cards.stock import SourceChannel
from models.cases.cases import Case, CaseState
from models.cases.tasks import CaseTask, TaskKind
from models.permissions import Permission
from tests.cases.world import opened
from tests.conftest import Desks
from tests.stock.files import brought, iccid, line

HOW = "2026-03-01 测试购买的实体卡"


def stocked(desks: Desks, *, agent_no: str = "") -> None:
    """100 cards to QD-01, 100 to QD-02; both have theirs from QD-00."""
    up = {"渠道编码": "QD-00", "渠道名称": "广东分销中心", "渠道类型": "经销商", "省份": "44"}
    below = {"上级渠道编码": "QD-00"}
    other = {"渠道编码": "QD-02", "渠道名称": "龙腾旗舰", "渠道类型": "网络渠道",
             "批次号": "PC-0002", "代理商编号": agent_no}  # fmt: skip
    header = (*line(0), "上级渠道编码", "代理商编号")
    imported = brought(
        desks.manager, [up, line(0, 99) | below, line(100, 199) | below | other], header=header
    )
    assert imported.rejected == 0


def traced(desks: Desks, *cards: int, **more: str) -> Case:
    """A case under investigation, its trace begun, and its cards named."""
    stocked(desks, **more)
    case = opened(desks)
    begin_trace(desks.manager, case.id)
    if cards:
        add_cards(desks.manager, case.id, "\n".join(map(iccid, cards)), HOW)
    return case


def channel(desks: Desks, code: str) -> SourceChannel:
    with desks.house.begin(Permission.STOCK_READ) as work:
        return work.session.exec(select(SourceChannel).where(SourceChannel.code == code)).one()


def with_task(desks: Desks, case: Case, kind: TaskKind, target: str = "") -> CaseTask:
    """The case as a decision leaves it, with one task of this kind."""
    with desks.house.begin(Permission.CASE_OPEN) as work:
        row = work.get(Case, case.id)
        row.state = CaseState.EXECUTING
        task = work.add(
            CaseTask(
                case_id=case.id,
                organisation_id=row.organisation_id,
                kind=kind,
                target=target,
                due_at=work.at,
            )
        )
        work.record("task.made", task, kind=kind.value)
        return task


def task(desks: Desks, task_id: UUID) -> CaseTask:
    with desks.house.begin(Permission.CASE_READ) as work:
        return work.get(CaseTask, task_id)
