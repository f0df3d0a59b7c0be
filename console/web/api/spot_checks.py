"""Spot checks by API: planned, assigned, told of their order, sent in, reviewed; their cards."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from console.actions.checks.card_trace import trace_card
from console.actions.checks.spot_checks import (
    CheckDraft,
    assign_check,
    note_order,
    plan_check,
    repeat_check,
)
from console.actions.checks.spot_lists import (
    RateBy,
    check_record,
    days,
    list_checks,
    pass_rates,
)
from console.actions.checks.spot_moves import (
    call_off_check,
    follow_up,
    open_session,
    refuse_check,
    review_check,
)
from console.actions.checks.spot_plans import (
    LONGEST,
    MOST_DRAWN,
    PlanDraft,
    list_plans,
    make_plan,
    plan_record,
)
from console.actions.checks.spot_submit import submit_check
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, ReasonIn, VersionIn, shapes_of
from models.checks.orders import OrderFacts
from models.checks.reads import Chain, ReadKind, ReadState
from models.checks.spot_checks import CheckPurpose, CheckState, ResultCode, Verdict
from models.checks.traces import IccidMatch, TraceGround
from models.formats import Carrier

router = APIRouter(tags=["spot checks"])


class SpotPlanIn(In):
    name: str = Field(max_length=LONGEST["name"])
    purpose: CheckPurpose
    basis: str = Field(max_length=LONGEST["basis"])
    size: int = Field(ge=1, le=MOST_DRAWN)
    begins_on: date
    ends_on: date
    platforms: list[str] = Field(default_factory=list[str], max_length=50)
    provinces: list[str] = Field(default_factory=list[str], max_length=31)
    wants_card: bool = True
    wants_identity: bool = False
    use_approval: str = Field(default="", max_length=64)
    """Needed where identity documents are read."""
    seed: str = Field(default="", max_length=64)
    """Hex of 32 bytes, where somebody outside has drawn it."""
    carrier: str | None = Field(default=None, max_length=32)


class SpotPlanOut(Out):
    id: UUID
    number: str
    name: str
    purpose: CheckPurpose
    basis: str
    platforms: list[str]
    provinces: list[str]
    wants_card: bool
    wants_identity: bool
    size: int
    seed: str
    frame_size: int
    frame_sha256: str
    begins_on: date
    ends_on: date
    created_at: datetime


class SpotPlanRecordOut(SpotPlanOut):
    is_same: bool | None
    """Drawn anew from seed and frame it gives the same shops; null: the frame can't be read."""
    checks: list[str]
    """Their numbers."""


class SpotCheckIn(In):
    purpose: CheckPurpose
    basis: str = Field(max_length=LONGEST["basis"])
    subject: str = Field(default="", max_length=LONGEST["subject"])
    shop: UUID | None = None
    """An authorised shop."""
    purchase: str | None = Field(default=None, max_length=40)
    """Number of a test purchase."""
    wants_card: bool = True
    wants_identity: bool = False
    use_approval: str = Field(default="", max_length=64)
    order: OrderFacts | None = None
    carrier: str | None = Field(default=None, max_length=32)


class AssignIn(VersionIn):
    assignee: str = Field(max_length=64)
    """Login of an inspector."""
    planned_for: date


class SessionIn(VersionIn):
    device: UUID
    notice_shown: bool
    """The person was shown the notice in force."""


class OrderFactsIn(VersionIn):
    order: OrderFacts


class RefusedIn(ReasonIn):
    result: ResultCode


class FollowUpIn(VersionIn):
    service_refused: bool
    note: str = Field(max_length=1000)


class NoteIn(VersionIn):
    note: str = Field(max_length=1000)


class SpotCheckOut(Out):
    id: UUID
    number: str
    carrier_id: UUID
    province: str | None
    plan_id: UUID | None
    purchase_id: UUID | None
    previous_id: UUID | None
    shop_id: UUID | None
    agent_id: UUID | None
    platform: str
    subject: str
    purpose: CheckPurpose
    basis: str
    use_approval: str
    wants_card: bool
    wants_identity: bool
    state: CheckState
    planned_for: date | None
    assignee_id: UUID | None
    device_id: UUID | None
    session_until: datetime | None
    notice_version: str
    verdict: Verdict | None
    result: ResultCode | None
    rule_version: str
    service_refused: bool | None
    recheck_due_at: datetime | None
    review_due_at: datetime | None
    compared_at: datetime | None
    reviewed_at: datetime | None
    version: int
    created_at: datetime


class AnswerOut(Out):
    rule: str
    ok: bool | None
    """True: kept; false: broken; null: nobody can tell."""
    facts: dict[str, Any]
    duty: str
    """Of docs/requirements.csv."""


class CardReadOut(Out):
    id: UUID
    kind: ReadKind
    state: ReadState
    refusal: str
    seq: int
    chain: Chain
    sha256: str
    captured_at: datetime
    received_at: datetime
    is_offline: bool
    iccid: str
    fault: str
    facts: dict[str, Any]


class SpotCheckRecordOut(SpotCheckOut):
    order: OrderFacts
    reads: list[CardReadOut]
    answers: list[AnswerOut]
    traces: list[dict[str, Any]]
    """Where each card came from, as it stood when the check was compared."""
    finding: str | None
    usage_finding: str | None
    asks_service: bool
    """Whether service was refused has still to be said."""


class CardTraceOut(Out):
    iccid: str
    issuer: Carrier
    """By the number alone: a hint."""
    matched: IccidMatch | None
    is_industry: bool
    batch: str | None
    stock: str | None
    chain: list[dict[str, Any]]
    """The channel that has it, and whom it has its cards from, up to the first."""
    agent: str | None
    licence: str | None
    in_scope: bool | None
    """Whether it may be sold there; null: nobody can tell."""
    grounds: list[TraceGround]
    should_be_active: bool | None


class DayOut(Out):
    on: date
    counts: dict[CheckState, int]


class PassRateOut(Out):
    key: str
    name: str
    counts: dict[Verdict, int]
    judged: int
    per_mille: int | None
    """Passed of those judged."""


def _check(desk: Desk, check_id: UUID) -> SpotCheckRecordOut:
    record = check_record(desk, check_id)
    return SpotCheckRecordOut(
        **SpotCheckOut.model_validate(record.check).model_dump(),
        order=record.order,
        reads=shapes_of(CardReadOut, record.reads),
        answers=[AnswerOut(**one) for one in record.answers],
        traces=[dict(one) for one in record.traces],
        finding=record.finding.number if record.finding else None,
        usage_finding=record.usage_finding.number if record.usage_finding else None,
        asks_service=record.asks_service,
    )


def _plan(desk: Desk, plan_id: UUID) -> SpotPlanRecordOut:
    record = plan_record(desk, plan_id)
    return SpotPlanRecordOut(
        **SpotPlanOut.model_validate(record.plan).model_dump(),
        is_same=record.is_same,
        checks=[one.number for one in record.checks],
    )


shown("SpotCheck")(_check)
shown("SpotCheckPlan")(_plan)


@router.get("/spot-check-plans")
def plans(desk: Reading, after: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[SpotPlanOut]:
    """The newest first."""
    part = list_plans(desk, after, limit)
    return Page(items=shapes_of(SpotPlanOut, part.rows), next=part.next)


@router.get("/spot-check-plans/{plan_id}")
def plan(desk: Reading, plan_id: UUID) -> SpotPlanRecordOut:
    """One, and whether its sample drawn anew is the same."""
    return _plan(desk, plan_id)


@router.post("/spot-check-plans", status_code=201)
def make(desk: Writing, body: SpotPlanIn) -> SpotPlanRecordOut:
    """Draw a random sample of authorised shops, and plan a check of each."""
    return _plan(desk, make_plan(desk, PlanDraft(**body.model_dump())).id)


@router.get("/spot-checks")
def checks(
    desk: Reading,
    state: CheckState | None = None,
    verdict: Verdict | None = None,
    assignee: UUID | None = None,
    plan: UUID | None = None,
    q: Annotated[str, Query(max_length=40)] = "",
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[SpotCheckOut]:
    """The newest first; `q` is the beginning of a number."""
    part = list_checks(
        desk, state=state, verdict=verdict, assignee=assignee, plan=plan, words=q, after=after,
        limit=limit,
    )  # fmt: skip
    return Page(items=shapes_of(SpotCheckOut, part.rows), next=part.next)


@router.get("/spot-checks/days")
def calendar(desk: Reading, first: date, last: date) -> list[DayOut]:
    """How many are planned for each day, by their states."""
    return shapes_of(DayOut, days(desk, first, last))


@router.get("/spot-checks/rates")
def rates(desk: Reading, by: RateBy, since: datetime | None = None) -> list[PassRateOut]:
    """How those compared since then came out."""
    return shapes_of(PassRateOut, pass_rates(desk, by, since))


@router.get("/spot-checks/{check_id}")
def check(desk: Reading, check_id: UUID) -> SpotCheckRecordOut:
    """One with its reads, answers, and where its cards came from."""
    return _check(desk, check_id)


@router.post("/spot-checks", status_code=201)
def plan_one(desk: Writing, body: SpotCheckIn) -> SpotCheckRecordOut:
    asked = {name: getattr(body, name) for name in type(body).model_fields}
    return _check(desk, plan_check(desk, CheckDraft(**asked)).id)


@router.post("/spot-checks/{check_id}/assign")
def assign(desk: Writing, check_id: UUID, body: AssignIn) -> SpotCheckRecordOut:
    assign_check(desk, check_id, body.assignee, body.planned_for, body.version)
    return _check(desk, check_id)


@router.post("/spot-checks/{check_id}/session")
def session(desk: Writing, check_id: UUID, body: SessionIn) -> SpotCheckRecordOut:
    """Let a device of the inspector's own read for a quarter of an hour."""
    open_session(desk, check_id, body.device, body.notice_shown, body.version)
    return _check(desk, check_id)


@router.post("/spot-checks/{check_id}/order")
def order(desk: Writing, check_id: UUID, body: OrderFactsIn) -> SpotCheckRecordOut:
    """All that is known of the order; no identity data."""
    note_order(desk, check_id, body.order, body.version)
    return _check(desk, check_id)


@router.post("/spot-checks/{check_id}/submit")
def submit(desk: Writing, check_id: UUID, body: VersionIn) -> SpotCheckRecordOut:
    submit_check(desk, check_id, body.version)
    return _check(desk, check_id)


@router.post("/spot-checks/{check_id}/refuse")
def refuse(desk: Writing, check_id: UUID, body: RefusedIn) -> SpotCheckRecordOut:
    """The person would not be checked, or nobody can tell who they are."""
    refuse_check(desk, check_id, body.result, body.reason, body.version)
    return _check(desk, check_id)


@router.post("/spot-checks/{check_id}/call-off")
def call_off(desk: Writing, check_id: UUID, body: ReasonIn) -> SpotCheckRecordOut:
    """Break off what its inspector left, once its session has ended."""
    call_off_check(desk, check_id, body.reason, body.version)
    return _check(desk, check_id)


@router.post("/spot-checks/{check_id}/follow-up")
def followed(desk: Writing, check_id: UUID, body: FollowUpIn) -> SpotCheckRecordOut:
    """Whether service was refused to them."""
    follow_up(desk, check_id, body.service_refused, body.note, body.version)
    return _check(desk, check_id)


@router.post("/spot-checks/{check_id}/review")
def review(desk: Writing, check_id: UUID, body: NoteIn) -> SpotCheckRecordOut:
    """By a second person; no program may."""
    review_check(desk, check_id, body.note, body.version)
    return _check(desk, check_id)


@router.post("/spot-checks/{check_id}/repeat", status_code=201)
def repeat(desk: Writing, check_id: UUID) -> SpotCheckRecordOut:
    """Plan a check of the same anew."""
    return _check(desk, repeat_check(desk, check_id).id)


@router.get("/cards/{iccid}/trace")
def trace(
    desk: Reading, iccid: str, shop: UUID | None = None, on: date | None = None
) -> CardTraceOut:
    """Where a card came from, and whether it may be sold in a shop on a day."""
    return CardTraceOut(**trace_card(desk, iccid, shop, on).as_row())
