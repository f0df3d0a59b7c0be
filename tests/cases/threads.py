"""Notices without a case between them, for the stories about them."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlmodel import select

from console.actions.cases.notices.writing import NoticeForm, ask_carriers, send_draft, write_notice
from console.actions.patrol.custody import note_custody
from console.actions.work import work_items
from console.desk import Desk
from models.cases.notices import Notice, NoticeKind
from models.patrol.custody import CustodyAct
from models.patrol.runs import PatrolRun
from models.permissions import Permission
from tests.cases.world import Found, found
from tests.conftest import Desks


def found_by_platform(desks: Desks, shop_no: int = 1001, **more: Any) -> Found:  # noqa: ANN401
    """What 蓝海商城 found and confirmed itself, with a custody that begins at its own capture."""
    made = found(replace(desks, manager=desks.platform), shop_no=shop_no, **more)
    with desks.house.begin(Permission.PATROL_RUN) as work:
        finding = made.findings[0]
        run = work.session.exec(select(PatrolRun).where(PatrolRun.id == finding.run_id)).one()
        note_custody(work, run, finding.evidence[0], CustodyAct.CAPTURED)
        work.record("patrol.planted", run)
    return made


def reported(desks: Desks, finding_id: UUID | None = None, **more: Any) -> Notice:  # noqa: ANN401
    """A report that 蓝海商城 has sent to the carrier of the agent."""
    form = NoticeForm(NoticeKind.REPORT, "该店使用他人委托编号", finding_id=finding_id, **more)
    return send_draft(desks.platform, write_notice(desks.platform, form).id)


def inquired(desks: Desks, finding_id: UUID, *carriers: str) -> list[Notice]:
    form = NoticeForm(NoticeKind.INQUIRY, "网店自称有委托", finding_id=finding_id)
    return ask_carriers(desks.manager, form, carriers)


def waiting(desk: Desk) -> set[tuple[str, str]]:
    return {(one.kind, one.title) for one in work_items(desk) if one.kind.startswith("notice")}
