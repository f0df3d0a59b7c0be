"""Reports to authorities by API: note one, transfer a case, add what came back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from pydantic import AwareDatetime, Field

from console.actions.cases.authorities.reports import (
    ReportForm,
    add_feedback,
    note_report,
    one_report,
    reports_of,
    transfer_case,
)
from console.desk import Desk
from console.web.api.base import Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, shapes_of
from console.web.api.instructions import Upload, brought
from models.cases.reports import Organ

router = APIRouter(tags=["reports"])


class FeedbackIn(In):
    words: str = Field(max_length=4000)


class ReportOut(Out):
    id: UUID
    case_id: UUID
    organ: Organ
    organ_name: str
    is_transfer: bool
    report_no: str
    reported_at: datetime
    words_given: str
    evidence: list[str]
    receipt_sha256: str
    receipt_name: str
    created_at: datetime
    feedback: str
    feedback_at: datetime | None


def _report(desk: Desk, report_id: UUID) -> ReportOut:
    return ReportOut.model_validate(one_report(desk, report_id))


shown("AuthorityReport")(_report)


def _form(
    organ: Annotated[Organ, Form()],
    organ_name: Annotated[str, Form(max_length=200)],
    report_no: Annotated[str, Form(max_length=64)],
    reported_at: Annotated[AwareDatetime, Form(description="With its offset from UTC.")],
    words: Annotated[str, Form(max_length=4000)] = "",
    evidence: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
) -> ReportForm:
    return ReportForm(organ, organ_name, report_no, reported_at, words, evidence)


@router.get("/cases/{case_id}/reports")
def reports(desk: Reading, case_id: UUID) -> list[ReportOut]:
    return shapes_of(ReportOut, reports_of(desk, case_id))


@router.post("/cases/{case_id}/reports", status_code=201)
def note(
    desk: Writing,
    case_id: UUID,
    receipt: Upload,
    form: Annotated[ReportForm, Depends(_form)],
) -> ReportOut:
    """One that the organ has taken; the task of the case that asked for it is done."""
    return ReportOut.model_validate(note_report(desk, case_id, form, brought(receipt)))


@router.post("/cases/{case_id}/transfer", status_code=201)
def transfer(
    desk: Writing,
    case_id: UUID,
    receipt: Upload,
    form: Annotated[ReportForm, Depends(_form)],
) -> ReportOut:
    """The whole matter is another authority's: the case ends."""
    return ReportOut.model_validate(transfer_case(desk, case_id, form, brought(receipt)))


@router.get("/reports/{report_id}")
def report(desk: Reading, report_id: UUID) -> ReportOut:
    return _report(desk, report_id)


@router.post("/reports/{report_id}/feedback")
def feedback(desk: Writing, report_id: UUID, body: FeedbackIn) -> ReportOut:
    return ReportOut.model_validate(add_feedback(desk, report_id, body.words))
