"""Complaints by API: taken down, accepted, answered, closed. No contact goes out by this door."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from console.actions.cases.complaints.handling import (
    accept_complaint,
    answer_complaint,
    assign_handler,
    card_resold,
    close_complaint,
    investigate,
    link_complaint,
    name_colleague,
    pass_on,
    reward,
)
from console.actions.cases.complaints.lists import (
    complaint_figures,
    complaint_record,
    list_complaints,
)
from console.actions.cases.complaints.lodging import Told, take_down
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, shapes_of
from models.cases.complaints import ComplaintKind, ComplaintSource, ComplaintState, Fault

router = APIRouter(prefix="/complaints", tags=["complaints"])


class ComplaintIn(In):
    kind: ComplaintKind
    text: str = Field(max_length=4000)
    source: ComplaintSource
    """`hotline`, `ca` (with its number) or `staff`; the public has the form at /report."""
    source_number: str = Field(default="", max_length=64)
    platform: str = Field(default="", max_length=32)
    shop: str = Field(default="", max_length=500)
    province: str = Field(default="", max_length=2)
    contact: str = Field(default="", max_length=120)
    iccid: str = Field(default="", max_length=40)
    """Of a device's card (`device_card`), as printed on it."""


class AcceptIn(In):
    handler_id: UUID | None = None
    """None: oneself, which a program can't be."""


class AssignIn(In):
    handler_id: UUID
    reason: str = Field(max_length=1000)


class ColleagueIn(In):
    login: str = Field(max_length=64)
    reason: str = Field(max_length=1000)


class PassOnIn(In):
    organisation: str = Field(max_length=32)
    reason: str = Field(max_length=1000)


class ReasonIn(In):
    reason: str = Field(max_length=1000)


class ComplaintAnswerIn(In):
    answer: str = Field(max_length=4000)
    fault: Fault
    paper: str = Field(default="", max_length=120)
    """By which paper of the administration there was no fault."""


class RewardIn(In):
    what: str = Field(max_length=200)
    paper: str = Field(max_length=120)


class LinkIn(In):
    case: str = Field(default="", max_length=40)
    finding: str = Field(default="", max_length=40)
    shop_id: UUID | None = None


class ComplaintOut(Out):
    id: UUID
    number: str
    organisation_id: UUID
    province: str | None
    source: ComplaintSource
    source_number: str
    kind: ComplaintKind
    platform: str
    shop: str
    iccid: str
    text: str
    files: list[dict[str, Any]]
    contact_mask: str
    handler_id: UUID | None
    state: ComplaintState
    due_at: datetime
    is_late: bool
    rule_version: str
    fault: Fault | None
    fault_paper: str
    counts_in_rate: bool
    answer: str
    answered_at: datetime | None
    case_id: UUID | None
    finding_id: UUID | None
    shop_id: UUID | None
    reward: str
    version: int
    created_at: datetime


class FiguresOut(Out):
    by_state: dict[ComplaintState, int]
    received: int
    counted: int
    not_counted: int
    """About re-registration and without fault (004-4.2-c)."""
    late: int
    per_million: float | None


def _complaint(desk: Desk, complaint_id: UUID) -> ComplaintOut:
    return ComplaintOut.model_validate(complaint_record(desk, complaint_id).complaint)


shown("Complaint")(_complaint)


@router.get("")
def complaints(
    desk: Reading,
    state: ComplaintState | None = None,
    kind: ComplaintKind | None = None,
    late: bool | None = None,
    q: Annotated[str, Query(max_length=40)] = "",
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ComplaintOut]:
    """The newest first; `q` is the beginning of a number."""
    part = list_complaints(
        desk, state=state, kind=kind, late=late, words=q, after=after, limit=limit
    )
    return Page(items=shapes_of(ComplaintOut, part.rows), next=part.next)


@router.get("/figures")
def figures(
    desk: Reading,
    since: date,
    until: date,
    users: Annotated[int | None, Query(ge=1, le=10_000_000_000)] = None,
) -> FiguresOut:
    """Received on those days; `users` makes the number of a million users."""
    return FiguresOut.model_validate(complaint_figures(desk, since, until, users=users))


@router.get("/{complaint_id}")
def complaint(desk: Reading, complaint_id: UUID) -> ComplaintOut:
    return _complaint(desk, complaint_id)


@router.post("", status_code=201)
def take(desk: Writing, body: ComplaintIn) -> ComplaintOut:
    """Take one down for the administration, the hotline or a colleague."""
    told = Told(
        body.kind, body.text, body.platform, body.shop, body.province, body.contact,
        iccid=body.iccid,
    )  # fmt: skip
    made = take_down(desk, told, source=body.source, source_number=body.source_number)
    return _complaint(desk, made.id)


@router.post("/{complaint_id}/accept")
def accept(desk: Writing, complaint_id: UUID, body: AcceptIn) -> ComplaintOut:
    done = accept_complaint(desk, complaint_id, handler_id=body.handler_id)
    return ComplaintOut.model_validate(done)


@router.post("/{complaint_id}/assign")
def assign(desk: Writing, complaint_id: UUID, body: AssignIn) -> ComplaintOut:
    done = assign_handler(desk, complaint_id, body.handler_id, reason=body.reason)
    return ComplaintOut.model_validate(done)


@router.post("/{complaint_id}/colleague")
def colleague(desk: Writing, complaint_id: UUID, body: ColleagueIn) -> ComplaintOut:
    """Whom it is about: never its handler."""
    done = name_colleague(desk, complaint_id, body.login, reason=body.reason)
    return ComplaintOut.model_validate(done)


@router.post("/{complaint_id}/pass-on")
def passing(desk: Writing, complaint_id: UUID, body: PassOnIn) -> ComplaintOut:
    """To another organisation, before it is accepted."""
    done = pass_on(desk, complaint_id, body.organisation, reason=body.reason)
    return ComplaintOut.model_validate(done)


@router.post("/{complaint_id}/investigate")
def looking(desk: Writing, complaint_id: UUID, body: ReasonIn) -> ComplaintOut:
    return ComplaintOut.model_validate(investigate(desk, complaint_id, plan=body.reason))


@router.post("/{complaint_id}/card-resold")
def resold(desk: Writing, complaint_id: UUID, body: ReasonIn) -> ComplaintOut:
    """The card of a device was sold on: a finding of the batch that it is in."""
    card_resold(desk, complaint_id, reason=body.reason)
    return _complaint(desk, complaint_id)


@router.post("/{complaint_id}/answer")
def answering(desk: Writing, complaint_id: UUID, body: ComplaintAnswerIn) -> ComplaintOut:
    """What the reporter reads under their code."""
    done = answer_complaint(
        desk, complaint_id, answer=body.answer, fault=body.fault, paper=body.paper
    )
    return ComplaintOut.model_validate(done)


@router.post("/{complaint_id}/close")
def closing(desk: Writing, complaint_id: UUID, body: ReasonIn) -> ComplaintOut:
    return ComplaintOut.model_validate(close_complaint(desk, complaint_id, reason=body.reason))


@router.post("/{complaint_id}/reward")
def rewarding(desk: Writing, complaint_id: UUID, body: RewardIn) -> ComplaintOut:
    return ComplaintOut.model_validate(reward(desk, complaint_id, what=body.what, paper=body.paper))


@router.post("/{complaint_id}/link")
def linking(desk: Writing, complaint_id: UUID, body: LinkIn) -> ComplaintOut:
    """A case by its reference, a finding by its number, a shop by its id."""
    done = link_complaint(
        desk, complaint_id, case=body.case, finding=body.finding, shop_id=body.shop_id
    )
    return ComplaintOut.model_validate(done)
