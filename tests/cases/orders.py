"""An instruction of 广东省通信管理局 as 中国电信广东 receives it."""

from dataclasses import replace
from datetime import date
from typing import Any

from console.actions.cases.authorities.instructions import (
    InstructionForm,
    accept_instruction,
    begin_instruction,
    enter_instruction,
)
from console.actions.cases.authorities.kept import Brought
from console.desk import Desk
from models.cases.cases import Case
from models.cases.instructions import Instruction, Jurisdiction
from tests.cases.world import PDF, PNG, row, sent
from tests.conftest import Desks

PAPER = Brought("来文.pdf", PDF)
PROOF = Brought("回收清单.png", PNG)
FORM = InstructionForm(
    authority="CA-44",
    jurisdiction=Jurisdiction.CARD_HOME,
    document_no="粤通管函〔2026〕12号",
    issued_on=date(2026, 2, 27),
    due_on=date(2026, 3, 6),
    subject="关于收回未售出电话卡并倒查流出渠道的通知",
    wanted="收回“星河通信专营店”未售出电话卡，倒查流出渠道，书面报告结果。",
)


def entered(desk: Desk, **changed: Any) -> Instruction:  # noqa: ANN401 - the form's fields
    return enter_instruction(desk, replace(FORM, **changed), PAPER)


def accepted(desks: Desks, **changed: Any) -> Instruction:  # noqa: ANN401
    return accept_instruction(desks.approver, entered(desks.manager, **changed).id)


def begun(desks: Desks, **changed: Any) -> Instruction:  # noqa: ANN401
    return begin_instruction(desks.manager, accepted(desks, **changed).id)


def told(desks: Desks, **more: Any) -> Case:  # noqa: ANN401 - as `found` takes them
    """A case of which its platform has been told."""
    notice = sent(desks, **more)
    assert notice.case_id is not None
    return row(desks, Case, notice.case_id)
