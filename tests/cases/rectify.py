"""A rectification notice in steps that a test can stop at."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from console.actions.cases.rectifications.answers import (
    IssueAnswer,
    acknowledge_rectification,
    submit_rectification,
)
from console.actions.cases.rectifications.issuing import (
    IssueForm,
    RectificationForm,
    draft_rectification,
    issue_rectification,
)
from console.actions.cases.rectifications.rechecks import IssueVerdict, recheck_rectification
from console.actions.cases.rectifications.waiting import RECTIFICATION_SOURCES
from console.desk import Desk
from models.cases.instructions import Instruction, InstructionState, Jurisdiction
from models.cases.rectifications import Delivery, Rectification, RectificationIssue
from models.permissions import Permission
from models.refusals import Refusal
from models.rules import Tier
from tests.cases.world import PDF, PNG
from tests.conftest import Desks

RULE, OTHER_RULE = "004-3.1-e", "badge_missing"
TWO = (
    IssueForm("网店首页未展示统一标识", RULE),
    IssueForm("未亮明营业执照", OTHER_RULE),
)


def form(**changed: Any) -> RectificationForm:  # noqa: ANN401 - the form's fields
    usual: dict[str, Any] = {
        "subject": "网店亮照亮标",
        "issues": TWO,
        "tier": Tier.GENERAL,
        "unit": "lanhai",
    }
    if {"unit_name", "agent_id"} & changed.keys():
        usual |= {"unit": "", "delivery": Delivery.LETTER}
    return RectificationForm(**(usual | changed))


def issued(desks: Desks, *, proof: str = "EMS 1001", **changed: Any) -> Rectification:  # noqa: ANN401
    row = draft_rectification(desks.manager, form(**changed))
    return issue_rectification(desks.manager, row.id, proof=proof)


def acknowledged(desks: Desks, **changed: Any) -> Rectification:  # noqa: ANN401
    return acknowledge_rectification(desks.platform, issued(desks, **changed).id)


def answers(*numbers: int, refused: tuple[int, ...] = ()) -> list[IssueAnswer]:
    return [
        IssueAnswer(
            one,
            "本店不经营电话卡" if one in refused else "已在首页展示",
            None if one in refused else (f"第{one}项.png", PNG),
            is_refused=one in refused,
        )
        for one in numbers or (1, 2)
    ]


def submitted(desks: Desks, **changed: Any) -> Rectification:  # noqa: ANN401
    return submit_rectification(desks.platform, acknowledged(desks, **changed).id, answers())


def verdicts(marks: str, first: int = 1) -> list[IssueVerdict]:
    """`+` is good, `-` is not."""
    return [
        IssueVerdict(number, mark == "+", "" if mark == "+" else "截图看不清标识")
        for number, mark in enumerate(marks, first)
    ]


def closed(desks: Desks, **changed: Any) -> Rectification:  # noqa: ANN401
    row = submitted(desks, **changed)
    return recheck_rectification(desks.inspector, row.id, verdicts("++"))


def by_paper(desk: Desk, row: Rectification) -> Rectification:
    """For a unit that does not work here."""
    return acknowledge_rectification(desk, row.id, by="店主周女士", paper=("回执.pdf", PDF))


def instruction(
    desks: Desks, due_at: datetime, state: InstructionState = InstructionState.IN_PROGRESS
) -> Instruction:
    """What 广东省通信管理局 ordered of 中国电信广东."""
    owner = desks.manager.actor.organisation_id
    assert owner is not None
    with desks.house.begin(Permission.INSTRUCTION_EDIT) as work:
        row = work.add(
            Instruction(
                number="INS-2026-000001",
                organisation_id=owner,
                authority="CA-44",
                province="44",
                jurisdiction=Jurisdiction.CARD_HOME,
                document_no="粤通管函〔2026〕12 号",
                issued_on=(work.at - timedelta(days=1)).date(),
                subject="网店亮标专项整治",
                wanted="督促整改",
                state=state,
                due_at=due_at,
                created_at=work.at,
            )
        )
        work.record("instruction.planted", row)
    return row


def kept_issues(desks: Desks, row_id: UUID) -> list[RectificationIssue]:
    with desks.house.begin(Permission.RECTIFICATION_READ) as work:
        rows = work.all(
            work.select(RectificationIssue).where(RectificationIssue.rectification_id == row_id)
        )
    return sorted(rows, key=lambda one: one.number)


def code_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.code


def waits(desk: Desk) -> list[str]:
    return [item.kind for source in RECTIFICATION_SOURCES for item in source(desk)]
