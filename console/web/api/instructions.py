"""Instructions received by API: enter, accept, report back; and who is competent in a case."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import Field

from console.actions.brought import LARGEST
from console.actions.cases.authorities.instructions import (
    InstructionForm,
    accept_instruction,
    ask_more,
    attach_instruction,
    begin_instruction,
    close_instruction,
    detach_instruction,
    enter_instruction,
    instruction_record,
    jurisdiction_of,
    list_instructions,
    report_back,
)
from console.actions.cases.authorities.kept import Brought
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, shapes_of
from models.cases.instructions import InstructionState, Jurisdiction
from models.cases.measures import Measure

router = APIRouter(tags=["instructions"])
Upload = Annotated[UploadFile, File(description="PNG, JPEG or PDF, up to 10 MB.")]


def brought(file: UploadFile) -> Brought:
    """What was sent with a form, read no further than a file may be long."""
    return Brought(file.filename or "file", file.file.read(LARGEST + 1))


class MoreIn(In):
    reason: str = Field(max_length=4000)
    due_on: date | None = None
    """Only where the administration has set a new day."""


class CloseIn(In):
    receipt: str = Field(default="", max_length=200)


class AttachIn(In):
    case_id: UUID


class DetachIn(In):
    reason: str = Field(max_length=4000)


class InstructionOut(Out):
    id: UUID
    number: str
    case_id: UUID | None
    authority: str
    province: str
    jurisdiction: Jurisdiction
    document_no: str
    issued_on: date
    subject: str
    wanted: str
    sha256: str
    file_name: str
    state: InstructionState
    due_at: datetime
    """The first moment that is too late, by the document's last day in China."""
    is_late: bool
    report: str
    report_sha256: str
    reported_at: datetime | None
    receipt: str
    created_at: datetime
    version: int


class CompetentOut(Out):
    authority: str
    jurisdiction: Jurisdiction
    measures: list[Measure]


class JurisdictionOut(Out):
    """Whose administrations are competent for which measures of a case."""

    competent: list[CompetentOut]
    missing: list[Jurisdiction]
    """Routers that a measure needs and that lead nowhere yet."""


def _instruction(desk: Desk, instruction_id: UUID) -> InstructionOut:
    return InstructionOut.model_validate(instruction_record(desk, instruction_id).instruction)


shown("Instruction")(_instruction)


@router.get("/instructions")
def instructions(
    desk: Reading,
    state: InstructionState | None = None,
    overdue: bool = False,
    q: Annotated[str, Query(max_length=100)] = "",
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[InstructionOut]:
    """The latest first. An administration reads those of its province and changes none."""
    part = list_instructions(desk, state=state, overdue=overdue, q=q, after=after, limit=limit)
    return Page(items=shapes_of(InstructionOut, part.rows), next=part.next)


@router.get("/instructions/{instruction_id}")
def instruction(desk: Reading, instruction_id: UUID) -> InstructionOut:
    return _instruction(desk, instruction_id)


@router.post("/instructions", status_code=201)
def enter(
    desk: Writing,
    document: Upload,
    authority: Annotated[str, Form(max_length=16)],
    jurisdiction: Annotated[Jurisdiction, Form()],
    document_no: Annotated[str, Form(max_length=64)],
    issued_on: Annotated[date, Form()],
    due_on: Annotated[date, Form(description="The last day that the document leaves.")],
    subject: Annotated[str, Form(max_length=500)],
    wanted: Annotated[str, Form(max_length=4000)],
    case_id: Annotated[UUID | None, Form()] = None,
) -> InstructionOut:
    """With the document itself; another person accepts it."""
    form = InstructionForm(
        authority, jurisdiction, document_no, issued_on, due_on, subject, wanted, case_id
    )
    return InstructionOut.model_validate(enter_instruction(desk, form, brought(document)))


@router.post("/instructions/{instruction_id}/accept")
def accept(desk: Writing, instruction_id: UUID) -> InstructionOut:
    """By another than entered it."""
    return InstructionOut.model_validate(accept_instruction(desk, instruction_id))


@router.post("/instructions/{instruction_id}/begin")
def begin(desk: Writing, instruction_id: UUID) -> InstructionOut:
    return InstructionOut.model_validate(begin_instruction(desk, instruction_id))


@router.post("/instructions/{instruction_id}/report")
def report(
    desk: Writing,
    instruction_id: UUID,
    proof: Upload,
    words: Annotated[str, Form(max_length=4000)],
    receipt: Annotated[str, Form(max_length=200)] = "",
) -> InstructionOut:
    """What was done, with the proof; the administration's receipt may follow."""
    done = report_back(desk, instruction_id, words, brought(proof), receipt)
    return InstructionOut.model_validate(done)


@router.post("/instructions/{instruction_id}/more")
def more(desk: Writing, instruction_id: UUID, body: MoreIn) -> InstructionOut:
    return InstructionOut.model_validate(ask_more(desk, instruction_id, body.reason, body.due_on))


@router.post("/instructions/{instruction_id}/close")
def close(desk: Writing, instruction_id: UUID, body: CloseIn) -> InstructionOut:
    """By another than reported, with the administration's receipt."""
    return InstructionOut.model_validate(close_instruction(desk, instruction_id, body.receipt))


@router.post("/instructions/{instruction_id}/attach")
def attach(desk: Writing, instruction_id: UUID, body: AttachIn) -> InstructionOut:
    """To a case of the same organisation, whose place agrees with the administration."""
    return InstructionOut.model_validate(attach_instruction(desk, instruction_id, body.case_id))


@router.post("/instructions/{instruction_id}/detach")
def detach(desk: Writing, instruction_id: UUID, body: DetachIn) -> InstructionOut:
    return InstructionOut.model_validate(detach_instruction(desk, instruction_id, body.reason))


@router.get("/cases/{case_id}/jurisdiction")
def jurisdiction(desk: Reading, case_id: UUID) -> JurisdictionOut:
    """By the three routers of notice 182 三(四)."""
    competent, missing = jurisdiction_of(desk, case_id)
    return JurisdictionOut(competent=shapes_of(CompetentOut, competent), missing=list(missing))
