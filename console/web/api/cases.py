"""Cases for carriers, notices and answers for platforms."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from console.actions.cases.boards import CaseFilters, find_cases
from console.actions.cases.decide import MOST_RULES, Proposal, approve, propose, return_to_owner
from console.actions.cases.lists import case_record
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import MOST_FINDINGS, open_case
from console.actions.cases.recheck import recheck
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.notices import NoticeOut, NoticeRecordOut
from models.cases.cases import Case, CaseState, TierBasis
from models.cases.measures import Measure, MeasureState
from models.cases.parties import PartyRole
from models.cases.tasks import TaskKind, TaskState
from models.channel.licences import Ground
from models.rules import FindingKind, Outcome, Tier

router = APIRouter(tags=["cases"])
_PlatformCode = Annotated[str, Query(max_length=32, description="The case's own unless given.")]
_Words = Annotated[str, Field(min_length=1, max_length=2000)]


class CaseOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    reference: str
    platform: str
    shop_id: UUID | None
    shop_name: str
    shop_key: str
    kind: FindingKind
    ground: Ground
    tier: Tier
    state: CaseState
    tier_basis: TierBasis
    parent_id: UUID | None
    merged_into_id: UUID | None
    reason: str
    rules: list[str]
    filing_place: str | None
    card_home: str | None
    platform_home: str | None
    due_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    version: int


class FindingBrief(BaseModel):
    """A finding of the case, as far as the reader may see it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str
    kind: FindingKind
    ground: Ground
    tier: Tier
    evidence: list[str]


class PartyOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    role: PartyRole
    name: str
    uscc: str
    share: int
    statement: str
    heard_at: datetime | None


class MeasureOut(BaseModel):
    """What was ordered, with what those it falls on are told (Anti-Fraud Law art. 32)."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    measure: Measure
    state: MeasureState
    is_interim: bool
    reason: str
    remedy: str
    papers: str
    is_emergency_exempt: bool
    ordered_at: datetime | None
    lifted_at: datetime | None


class TaskOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: TaskKind
    target: str
    target_name: str
    state: TaskState
    is_mandatory: bool
    due_at: datetime
    done_at: datetime | None
    words_given: str
    facts: dict[str, Any]


class LookOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    round: int
    number: int
    due_at: datetime
    is_clean: bool | None
    words_given: str
    done_at: datetime | None


class CaseRecordOut(CaseOut):
    parties: list[PartyOut] = Field(default_factory=list[PartyOut])
    measures: list[MeasureOut] = Field(default_factory=list[MeasureOut])
    tasks: list[TaskOut] = Field(default_factory=list[TaskOut])
    looks: list[LookOut] = Field(default_factory=list[LookOut])
    wanted: list[Outcome] = Field(default_factory=list[Outcome])
    """What the rules want the decision to bring about."""
    findings: list[FindingBrief] = Field(default_factory=list[FindingBrief])
    notices: list[NoticeRecordOut] = Field(default_factory=list[NoticeRecordOut])


class OpenIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    finding_ids: list[UUID] = Field(min_length=1, max_length=MOST_FINDINGS)


class ProposeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    measures: list[Measure] = Field(min_length=1, max_length=len(Measure))
    reason: _Words
    remedy: _Words
    papers: Annotated[str, Field(min_length=1, max_length=1000)]
    facts: Annotated[str, Field(max_length=4000)] = ""
    rules: list[str] = Field(default_factory=list, max_length=MOST_RULES)


class ReturnIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: _Words


class RecheckIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    clean: bool
    reason: _Words


def _asked(
    state: CaseState | None = None,
    tier: Tier | None = None,
    platform: Annotated[str, Query(max_length=32)] = "",
    province: Annotated[str, Query(max_length=2)] = "",
    overdue: bool = False,
    mine: bool = False,
    q: Annotated[str, Query(max_length=100)] = "",
) -> CaseFilters:
    """`province` is of any of the three routers; `q` part of a reference, a shop's name or id."""
    return CaseFilters(state, tier, platform, province, overdue=overdue, mine=mine, q=q)


def case_out(desk: Desk, case_id: UUID) -> CaseRecordOut:
    record = case_record(desk, case_id)
    found = CaseRecordOut.model_validate(record.case)
    found.parties = [PartyOut.model_validate(one) for one in record.parties]
    found.measures = [MeasureOut.model_validate(one) for one in record.measures]
    found.tasks = [TaskOut.model_validate(one) for one in record.tasks]
    found.looks = [LookOut.model_validate(one) for one in record.looks]
    found.wanted = list(record.wanted)
    found.findings = [FindingBrief.model_validate(one) for one in record.findings]
    found.notices = [NoticeRecordOut.of(one) for one in record.notices]
    return found


shown("Case")(case_out)


@router.get("/cases")
def cases(
    desk: Reading,
    filters: Annotated[CaseFilters, Depends(_asked)],
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[CaseOut]:
    """Cases, newest first; those that were merged stand in their main case."""
    part = find_cases(desk, filters, after, limit)
    return Page(items=[CaseOut.model_validate(row) for row in part.rows], next=part.next)


@router.get("/cases/{case_id}")
def case(desk: Reading, case_id: UUID) -> CaseRecordOut:
    return case_out(desk, case_id)


@router.post("/cases", status_code=HTTPStatus.CREATED)
def open_(desk: Writing, body: OpenIn) -> CaseOut:
    """Open a case on confirmed findings of one shop."""
    return _case(open_case(desk, body.finding_ids))


@router.post("/cases/{case_id}/propose")
def propose_(desk: Writing, case_id: UUID, body: ProposeIn) -> CaseOut:
    """Measures, reason, remedy and papers. Before it come the parties and the trace."""
    given = Proposal(body.measures, body.reason, body.remedy, body.papers, body.facts, body.rules)
    return _case(propose(desk, case_id, given))


@router.post("/cases/{case_id}/approve")
def approve_(desk: Writing, case_id: UUID) -> CaseOut:
    """Decide as proposed; never by who proposed."""
    return _case(approve(desk, case_id))


@router.post("/cases/{case_id}/return")
def return_(desk: Writing, case_id: UUID, body: ReturnIn) -> CaseOut:
    return _case(return_to_owner(desk, case_id, body.reason))


@router.post("/cases/{case_id}/send")
def send(desk: Writing, case_id: UUID, platform: _PlatformCode = "") -> NoticeOut:
    """Notify the case's platform, or another that a task names. `state` says whether it arrived:
    `sending` is tried again by itself.
    """
    return NoticeOut.model_validate(send_notice(desk, case_id, platform))


@router.post("/cases/{case_id}/recheck")
def recheck_(desk: Writing, case_id: UUID, body: RecheckIn) -> CaseOut:
    return _case(recheck(desk, case_id, clean=body.clean, reason=body.reason))


def _case(row: Case) -> CaseOut:
    return CaseOut.model_validate(row)
