"""What was found of industry cards, by API: looked at, reported, confirmed or dismissed."""

from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import Field

from console.actions.cards.industry.cases import (
    MOST_FINDINGS,
    add_to_case,
    open_industry_case,
)
from console.actions.cards.industry.findings import (
    MOST_PAPERS,
    Report,
    confirm_usage_finding,
    dismiss_usage_finding,
    list_usage_findings,
    report_finding,
    usage_finding_record,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.cases import CaseOut
from console.web.api.channel.shapes import In, VersionIn, shapes_of
from console.web.api.industry.purchasers import file_of
from console.web.api.industry.shapes import CardScopeOut, UsageFindingOut
from models.cards.monitoring import FoundBy, UsageFindingState
from models.cards.usage_rules import UsageRule
from models.refusals import Invalid
from models.rules import FindingKind

router = APIRouter(prefix="/usage-findings")


class UseConfirmIn(VersionIn):
    reason: str = Field(default="", max_length=1000)


class UseDismissIn(VersionIn):
    reason: str = Field(max_length=1000)


class OpenCaseIn(In):
    finding_ids: list[UUID] = Field(min_length=1, max_length=MOST_FINDINGS)
    """Confirmed, and of one batch."""


class AddToCaseIn(OpenCaseIn):
    case_id: UUID
    """About the batch, or what its case goes on in; not decided yet."""


class UsageFindingRecordOut(UsageFindingOut):
    batch: str
    scope: CardScopeOut | None
    """What the cards may be used for."""
    run: str | None
    """The last that saw it."""
    case: str | None
    others: list[UsageFindingOut]
    """Of the same card, or of the batch as a whole."""


def _record(desk: Desk, finding_id: UUID) -> UsageFindingRecordOut:
    found = usage_finding_record(desk, finding_id)
    return UsageFindingRecordOut(
        **UsageFindingOut.model_validate(found.finding).model_dump(),
        batch=found.batch.number,
        scope=CardScopeOut.model_validate(found.scope) if found.scope else None,
        run=found.run.number if found.run else None,
        case=found.case.reference if found.case else None,
        others=shapes_of(UsageFindingOut, found.others),
    )


shown("UsageFinding")(_record)


@router.get("")
def findings(
    desk: Reading,
    state: UsageFindingState | None = None,
    rule: UsageRule | None = None,
    kind: FindingKind | None = None,
    found_by: FoundBy | None = None,
    batch: UUID | None = None,
    run: UUID | None = None,
    late: bool = False,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[UsageFindingOut]:
    """Newest first. `late` leaves those that should have been acted on by now."""
    part = list_usage_findings(
        desk,
        state=state,
        rule=rule,
        kind=kind,
        found_by=found_by,
        batch=batch,
        run=run,
        late=late,
        after=after,
        limit=limit,
    )
    return Page(items=shapes_of(UsageFindingOut, part.rows), next=part.next)


@router.post("", status_code=HTTPStatus.CREATED)
def report(
    desk: Writing,
    batch_id: Annotated[UUID, Form()],
    kind: Annotated[FindingKind, Form(description="iot_scope_breach or iot_resale.")],
    first_day: Annotated[date, Form()],
    said: Annotated[str, Form(max_length=2000)],
    who: Annotated[str, Form(max_length=200, description="The unit that tells; no person.")],
    last_day: Annotated[date | None, Form(description="Without: that one day.")] = None,
    iccid: Annotated[str, Form(max_length=40, description="Without: the whole batch.")] = "",
    papers: Annotated[list[UploadFile], File(description="PNG, JPEG or PDF, each 10 MB.")] = [],  # noqa: B006 - FastAPI copies it
) -> UsageFindingOut:
    """What the purchaser, the police or an administration told; somebody else looks at it."""
    if len(papers) > MOST_PAPERS:
        raise Invalid("usage_finding.too_many_papers", most=MOST_PAPERS)
    told = Report(kind, first_day, said, who, last_day, iccid)
    files = [file_of(one) for one in papers]
    found = report_finding(desk, batch_id, told, papers=files)
    return UsageFindingOut.model_validate(found)


@router.post("/open-case", status_code=HTTPStatus.CREATED)
def open_case(desk: Writing, body: OpenCaseIn) -> CaseOut:
    """One case for all that was confirmed of a batch."""
    return CaseOut.model_validate(open_industry_case(desk, body.finding_ids))


@router.post("/add-to-case")
def add(desk: Writing, body: AddToCaseIn) -> CaseOut:
    """What was confirmed since joins the batch's case, which is judged by the gravest of all."""
    return CaseOut.model_validate(add_to_case(desk, body.case_id, body.finding_ids))


@router.get("/{finding_id}")
def finding(desk: Reading, finding_id: UUID) -> UsageFindingRecordOut:
    return _record(desk, finding_id)


@router.post("/{finding_id}/confirm")
def confirm(desk: Writing, finding_id: UUID, body: UseConfirmIn) -> UsageFindingOut:
    """It is so. What is done about it is an order, or a case."""
    return UsageFindingOut.model_validate(
        confirm_usage_finding(desk, finding_id, **body.model_dump())
    )


@router.post("/{finding_id}/dismiss")
def dismiss(desk: Writing, finding_id: UUID, body: UseDismissIn) -> UsageFindingOut:
    """It is not so: found anew only by what later days show."""
    return UsageFindingOut.model_validate(
        dismiss_usage_finding(desk, finding_id, **body.model_dump())
    )
