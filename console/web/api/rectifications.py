"""Rectification notices by API: issued by one side, answered by the other, looked at by a third."""

import json
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import Field, TypeAdapter, ValidationError

from console.actions.brought import LARGEST
from console.actions.cases.extensions import (
    ask_extension,
    decide_extension,
    get_extension,
    list_extensions,
)
from console.actions.cases.rectifications.answers import (
    IssueAnswer,
    acknowledge_rectification,
    submit_rectification,
)
from console.actions.cases.rectifications.issuing import (
    MOST_ISSUES,
    IssueForm,
    RectificationForm,
    draft_rectification,
    escalate,
    issue_rectification,
    redraft_rectification,
    remind,
    report_back,
)
from console.actions.cases.rectifications.lists import (
    Side,
    list_rectifications,
    rectification_record,
)
from console.actions.cases.rectifications.rechecks import IssueVerdict, recheck_rectification
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, ReasonIn, VersionIn, shapes_of
from models.cases.cases import TierBasis
from models.cases.extensions import ExtensionState
from models.cases.rectifications import Delivery, RectificationState
from models.refusals import Invalid
from models.rules import Tier

router = APIRouter(tags=["rectifications"])


class IssueIn(In):
    what: str = Field(max_length=1000)
    rule: str = Field(max_length=64)
    """An id of the rule library."""
    finding_id: UUID | None = None


class RectificationIn(In):
    """One of `unit` (an organisation's code), `agent_id` and `unit_name`."""

    subject: str = Field(max_length=200)
    issues: list[IssueIn] = Field(min_length=1, max_length=MOST_ISSUES)
    tier: Tier = Tier.GENERAL
    unit: str = Field(default="", max_length=32)
    agent_id: UUID | None = None
    unit_name: str = Field(default="", max_length=200)
    delivery: Delivery = Delivery.PORTAL
    remedy: str = Field(default="", max_length=2000)
    case_id: UUID | None = None
    instruction_id: UUID | None = None

    def form(self) -> RectificationForm:
        issues = [IssueForm(one.what, one.rule, one.finding_id) for one in self.issues]
        return RectificationForm(
            subject=self.subject,
            issues=issues,
            tier=self.tier,
            unit=self.unit,
            agent_id=self.agent_id,
            unit_name=self.unit_name,
            delivery=self.delivery,
            remedy=self.remedy,
            case_id=self.case_id,
            instruction_id=self.instruction_id,
        )


class RedraftIn(RectificationIn):
    version: int


class IssuedIn(VersionIn):
    proof: str = Field(default="", max_length=300)
    """Of a letter its number, of a mail its address and time, else who took it."""


class RemindIn(VersionIn):
    delivery: Delivery
    proof: str = Field(max_length=300)


class ReceiptIn(VersionIn):
    receipt: str = Field(max_length=200)


class VerdictIn(In):
    number: int
    is_good: bool
    remark: str = Field(default="", max_length=1000)


class RecheckIn(VersionIn):
    verdicts: list[VerdictIn] = Field(min_length=1, max_length=MOST_ISSUES)
    result: str = Field(default="", max_length=2000)


class AnswerIn(In):
    number: int
    done: str = Field(max_length=2000)
    is_refused: bool = False
    file: str = Field(default="", max_length=200)
    """The name of one of the files that come with it."""


class ExtensionIn(In):
    until: date
    """The last day that is asked for."""
    reason: str = Field(max_length=2000)


class ExtensionDecisionIn(In):
    grant: bool
    answer: str = Field(max_length=1000)


class ExtensionOut(Out):
    id: UUID
    subject_kind: str
    subject_id: UUID
    subject_name: str
    state: ExtensionState
    reason: str
    old_due_at: datetime
    new_due_at: datetime
    asked_at: datetime
    decided_at: datetime | None
    answer: str


class IssueOut(Out):
    id: UUID
    number: int
    finding_id: UUID | None
    what: str
    rule: str
    done: str
    is_refused: bool
    sha256: str
    file_name: str
    is_good: bool | None
    remark: str


class RectificationOut(Out):
    id: UUID
    number: str | None
    subject: str
    unit_name: str
    case_id: UUID | None
    instruction_id: UUID | None
    agent_id: UUID | None
    delivery: Delivery
    tier: Tier
    state: RectificationState
    round: int
    due_at: datetime
    acknowledge_due_at: datetime | None
    recheck_due_at: datetime | None
    issued_at: datetime | None
    acknowledged_at: datetime | None
    submitted_at: datetime | None
    is_late: bool
    misses: int
    result: str
    escalated_ground: TierBasis | None
    report_receipt: str
    created_at: datetime
    closed_at: datetime | None
    version: int


class RectificationRecordOut(RectificationOut):
    remedy: str
    issues: list[IssueOut] = Field(default_factory=list[IssueOut])
    extensions: list[ExtensionOut] = Field(default_factory=list[ExtensionOut])


_ANSWERS: Final = TypeAdapter(list[AnswerIn])


def rectification_out(desk: Desk, row_id: UUID) -> RectificationRecordOut:
    record = rectification_record(desk, row_id)
    out = RectificationRecordOut.model_validate(record.row)
    out.issues = shapes_of(IssueOut, record.issues)
    out.extensions = shapes_of(ExtensionOut, record.extensions)
    return out


def _extension(desk: Desk, extension_id: UUID) -> ExtensionOut:
    return ExtensionOut.model_validate(get_extension(desk, extension_id))


shown("Rectification")(rectification_out)
shown("Extension")(_extension)


@router.get("/rectifications")
def rectifications(
    desk: Reading,
    side: Side | None = None,
    state: RectificationState | None = None,
    tier: Tier | None = None,
    overdue: bool = False,
    q: Annotated[str, Query(max_length=100)] = "",
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RectificationOut]:
    """Newest first. `side` is which end of them the reader stands at."""
    part = list_rectifications(
        desk, side=side, state=state, tier=tier, overdue=overdue, q=q, after=after, limit=limit
    )
    return Page(items=shapes_of(RectificationOut, part.rows), next=part.next)


@router.get("/rectifications/{row_id}")
def rectification(desk: Reading, row_id: UUID) -> RectificationRecordOut:
    """With its issues; the files are under `/files/rectifications/` for people."""
    return rectification_out(desk, row_id)


@router.post("/rectifications", status_code=HTTPStatus.CREATED)
def draft(desk: Writing, body: RectificationIn) -> RectificationOut:
    """A draft, that nobody but the own organisation sees."""
    return RectificationOut.model_validate(draft_rectification(desk, body.form()))


@router.post("/rectifications/{row_id}/redraft")
def redraft(desk: Writing, row_id: UUID, body: RedraftIn) -> RectificationOut:
    done = redraft_rectification(desk, row_id, body.form(), version=body.version)
    return RectificationOut.model_validate(done)


@router.post("/rectifications/{row_id}/issue")
def issue(desk: Writing, row_id: UUID, body: IssuedIn) -> RectificationOut:
    """Give it a number and a due date, and deliver it."""
    done = issue_rectification(desk, row_id, proof=body.proof, version=body.version)
    return RectificationOut.model_validate(done)


@router.post("/rectifications/{row_id}/remind")
def remind_(desk: Writing, row_id: UUID, body: RemindIn) -> RectificationOut:
    """By another channel than the notice itself went."""
    done = remind(desk, row_id, body.delivery, body.proof, version=body.version)
    return RectificationOut.model_validate(done)


@router.post("/rectifications/{row_id}/acknowledge")
def acknowledge(
    desk: Writing,
    row_id: UUID,
    by: Annotated[str, Form(max_length=64)] = "",
    paper: Annotated[UploadFile | None, File(description="PNG, JPEG or PDF, up to 10 MB.")] = None,
) -> RectificationOut:
    """By the unit; for one that does not work here by the issuer, with its receipt."""
    file = None if paper is None else _file(paper)
    done = acknowledge_rectification(desk, row_id, by=by, paper=file)
    return RectificationOut.model_validate(done)


@router.post("/rectifications/{row_id}/submit")
def submit(
    desk: Writing,
    row_id: UUID,
    answers: Annotated[
        str, Form(description="JSON: a list of {number, done, is_refused, file}.", max_length=90000)
    ],
    files: Annotated[list[UploadFile], File(description="PNG, JPEG or PDF, each 10 MB.")] = [],  # noqa: B006 - FastAPI copies it
) -> RectificationOut:
    """Every open issue, each with a file or with the reason why it won't be put right."""
    if len(files) > MOST_ISSUES:
        raise Invalid("api.invalid", fields="files")
    brought = {one.filename or "file": _file(one) for one in files}
    try:
        said = _ANSWERS.validate_python(json.loads(answers))
    except (ValueError, ValidationError, RecursionError):
        raise Invalid("api.invalid", fields="answers") from None
    given = [IssueAnswer(one.number, one.done, brought.get(one.file), is_refused=one.is_refused)
             for one in said]  # fmt: skip
    return RectificationOut.model_validate(submit_rectification(desk, row_id, given))


@router.post("/rectifications/{row_id}/recheck")
def recheck(desk: Writing, row_id: UUID, body: RecheckIn) -> RectificationOut:
    """Issue by issue, by somebody who neither issued it nor sent the answer in."""
    said = [IssueVerdict(one.number, one.is_good, one.remark) for one in body.verdicts]
    done = recheck_rectification(desk, row_id, said, result=body.result, version=body.version)
    return RectificationOut.model_validate(done)


@router.post("/rectifications/{row_id}/escalate")
def escalate_(desk: Writing, row_id: UUID, body: ReasonIn) -> RectificationOut:
    """An overdue one goes up, with the ground for a case or accountability."""
    done = escalate(desk, row_id, body.reason, version=body.version)
    return RectificationOut.model_validate(done)


@router.post("/rectifications/{row_id}/report")
def report(desk: Writing, row_id: UUID, body: ReceiptIn) -> RectificationOut:
    """The administration that ordered it was told, and gave this receipt."""
    done = report_back(desk, row_id, body.receipt, version=body.version)
    return RectificationOut.model_validate(done)


@router.post("/rectifications/{row_id}/extensions", status_code=HTTPStatus.CREATED)
def ask(desk: Writing, row_id: UUID, body: ExtensionIn) -> ExtensionOut:
    """Before the due date has passed."""
    asked = ask_extension(desk, "Rectification", row_id, body.until, body.reason)
    return ExtensionOut.model_validate(asked)


@router.get("/extensions")
def extensions(
    desk: Reading,
    state: ExtensionState | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ExtensionOut]:
    part = list_extensions(desk, state, after=after, limit=limit)
    return Page(items=shapes_of(ExtensionOut, part.rows), next=part.next)


@router.get("/extensions/{extension_id}")
def extension(desk: Reading, extension_id: UUID) -> ExtensionOut:
    return _extension(desk, extension_id)


@router.post("/extensions/{extension_id}/decide")
def decide(desk: Writing, extension_id: UUID, body: ExtensionDecisionIn) -> ExtensionOut:
    """Never by who asked."""
    done = decide_extension(desk, extension_id, grant=body.grant, answer=body.answer)
    return ExtensionOut.model_validate(done)


def _file(file: UploadFile) -> tuple[str, bytes]:
    return file.filename or "file", file.file.read(LARGEST + 1)
