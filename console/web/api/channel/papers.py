"""Papers and conditions of an agent by API: file, read, withdraw, sign."""

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import Field

from console.actions.brought import LARGEST
from console.actions.channel.admission import agent_file
from console.actions.channel.conditions import SignedLine, sign_conditions
from console.actions.channel.papers import (
    PaperForm,
    add_paper,
    list_papers,
    the_paper,
    withdraw_paper,
)
from console.desk import Desk
from console.web.api.base import Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, shapes_of
from models.channel.agents import AgentReason
from models.channel.conditions import Checklist
from models.channel.papers import Clause, PaperKind

router = APIRouter()
_MOST: Final = 20


class PaperOut(Out):
    id: UUID
    agent_id: UUID
    attempt: int
    kind: PaperKind
    number: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    clauses: list[str]
    valid_from: date | None
    valid_until: date | None
    created_at: datetime
    withdrawn_at: datetime | None


class WithdrawIn(In):
    reason: str = Field(max_length=1000)


class LineIn(In):
    line: str = Field(max_length=32)
    is_met: bool
    paper_id: UUID | None = None
    """What shows it; a line that is met has one."""
    remark: str = Field(default="", max_length=1000)


class SignIn(In):
    lines: list[LineIn] = Field(min_length=1, max_length=_MOST)
    version: int | None = None


class LineOut(Out):
    """A line of the checklists as they hold today, and what was signed."""

    line: str
    checklist: Checklist
    source: str
    is_met: bool | None
    """None: nobody has signed it."""
    paper_id: UUID | None
    remark: str
    signer: str
    signed_at: datetime | None


class ConditionsOut(Out):
    attempt: int
    lines: list[LineOut]
    lacking: list[AgentReason]
    """Why a reviewer could not pass the application now."""


def _paper(desk: Desk, paper_id: UUID) -> PaperOut:
    return PaperOut.model_validate(the_paper(desk, paper_id))


shown("AgentPaper")(_paper)


@router.get("/agents/{agent_id}/papers")
def papers(desk: Reading, agent_id: UUID) -> list[PaperOut]:
    """Of all applications; the files themselves are under `/files/papers/{id}` for people."""
    return shapes_of(PaperOut, list_papers(desk, agent_id))


@router.post("/agents/{agent_id}/papers", status_code=201)
def file_paper(
    desk: Writing,
    agent_id: UUID,
    file: Annotated[UploadFile, File(description="PNG, JPEG or PDF, up to 10 MB.")],
    kind: Annotated[PaperKind, Form()],
    number: Annotated[str, Form(max_length=64)] = "",
    clauses: Annotated[list[Clause], Form()] = [],  # noqa: B006 - FastAPI copies it
    valid_from: Annotated[date | None, Form()] = None,
    valid_until: Annotated[date | None, Form(description="Without: no term.")] = None,
    replaces: Annotated[UUID | None, Form()] = None,
) -> PaperOut:
    """One file. What it is, its own bytes say."""
    form = PaperForm(kind, number, clauses, valid_from, valid_until)
    content = file.file.read(LARGEST + 1)
    filed = add_paper(desk, agent_id, form, file.filename or "file", content, replaces=replaces)
    return PaperOut.model_validate(filed)


@router.post("/papers/{paper_id}/withdraw")
def withdraw(desk: Writing, paper_id: UUID, body: WithdrawIn) -> PaperOut:
    """Lines that it proved are open again."""
    return PaperOut.model_validate(withdraw_paper(desk, paper_id, reason=body.reason))


@router.get("/agents/{agent_id}/conditions")
def conditions(desk: Reading, agent_id: UUID) -> ConditionsOut:
    """Both checklists, line by line."""
    return _conditions(desk, agent_id)


@router.post("/agents/{agent_id}/conditions")
def sign(desk: Writing, agent_id: UUID, body: SignIn) -> ConditionsOut:
    """Sign lines; a line that is met names its evidence."""
    lines = [SignedLine(one.line, one.is_met, one.paper_id, one.remark) for one in body.lines]
    sign_conditions(desk, agent_id, lines, body.version)
    return _conditions(desk, agent_id)


def _conditions(desk: Desk, agent_id: UUID) -> ConditionsOut:
    file = agent_file(desk, agent_id)
    signed = {one.line: one for one in file.present.conditions}
    lines: list[LineOut] = []
    for line in file.lines:
        one = signed.get(line.code)
        lines.append(
            LineOut(
                line=line.code,
                checklist=line.checklist,
                source=line.source,
                is_met=one.is_met if one else None,
                paper_id=one.paper_id if one else None,
                remark=one.remark if one else "",
                signer=one.signer if one else "",
                signed_at=one.signed_at if one else None,
            )
        )
    return ConditionsOut(attempt=file.agent.attempt, lines=lines, lacking=list(file.lacking))
