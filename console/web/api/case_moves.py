"""Work on a case by API: parties, tiers, what is stopped at once, tasks, owners, mergers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import Field

from console.actions.cases.assigning import assign_case, assign_task
from console.actions.cases.decide import LONGEST_PAPERS, MOST_RULES
from console.actions.cases.doing import do_task, waive_task
from console.actions.cases.interim import LONGEST_LIFTING, lift_at_once, stop_at_once
from console.actions.cases.merging import LONGEST_REASON, MOST, merge_cases, unmerge
from console.actions.cases.parties import (
    LONGEST_FACTOR,
    LONGEST_NAME,
    LONGEST_STATEMENT,
    MOST_PARTIES,
    Factors,
    PartyForm,
    add_party,
    hear_party,
    remove_party,
    set_shares,
    weigh_party,
)
from console.actions.cases.similar import (
    MOST_FINDINGS,
    Similar,
    SimilarWhy,
    similar_cases,
    similar_to_case,
)
from console.actions.cases.tiers import decide_tier, lower_tier, raise_tier
from console.actions.cases.words import LONGEST_WORDS
from console.desk import Desk
from console.web.api.base import Reading, Writing, shown
from console.web.api.cases import CaseOut, CaseRecordOut, TaskOut, case_out
from console.web.api.channel.shapes import In, Out
from console.web.api.instructions import brought
from models.cases.cases import Case
from models.cases.measures import Measure
from models.cases.parties import PartyRole
from models.cases.tasks import CaseTask
from models.permissions import Permission
from models.rules import FindingKind, Tier

router = APIRouter(tags=["cases"])
_Words = Annotated[str, Field(min_length=1, max_length=LONGEST_WORDS)]
_Reason = Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]
_Factor = Annotated[str, Field(max_length=LONGEST_FACTOR)]


class FactorsIn(In):
    """What responsibility is weighed by (003-11.1-1)."""

    nature: _Factor = ""
    circumstance: _Factor = ""
    result: _Factor = ""


class PartyIn(FactorsIn):
    role: PartyRole
    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    uscc: str = Field(default="", max_length=18)


class HearIn(In):
    statement: Annotated[str, Field(min_length=1, max_length=LONGEST_STATEMENT)]


class SharesIn(In):
    shares: dict[UUID, Annotated[int, Field(ge=0, le=100)]] = Field(max_length=MOST_PARTIES)
    """Per cent by party; together a hundred."""


class ReasonIn(In):
    reason: _Words


class MergeIn(In):
    case_ids: list[UUID] = Field(min_length=1, max_length=MOST)
    reason: _Reason


class TierIn(In):
    tier: Tier
    reason: _Words


class TierDecisionIn(In):
    granted: bool
    reason: _Words


class StopIn(In):
    measures: list[Measure] = Field(min_length=1, max_length=len(Measure))
    reason: _Words
    remedy: _Words
    papers: Annotated[str, Field(min_length=1, max_length=LONGEST_PAPERS)]
    rules: list[str] = Field(default_factory=list[str], max_length=MOST_RULES)


class LiftIn(In):
    measures: list[Measure] = Field(min_length=1, max_length=len(Measure))
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_LIFTING)]


class PersonIn(In):
    user_id: UUID


class SimilarOut(Out):
    id: UUID
    reference: str
    shop_name: str
    kind: FindingKind
    tier: Tier
    state: str
    created_at: datetime
    why: list[SimilarWhy]
    """The strongest reason first."""


def _task(desk: Desk, task_id: UUID) -> TaskOut:
    with desk.begin(Permission.CASE_READ) as work:
        return TaskOut.model_validate(work.get(CaseTask, task_id))


shown("CaseTask")(_task)


def _case(row: Case) -> CaseOut:
    return CaseOut.model_validate(row)


def _similar(found: list[Similar]) -> list[SimilarOut]:
    fields = ("id", "reference", "shop_name", "kind", "tier", "state", "created_at")
    return [
        SimilarOut(**{name: getattr(one.case, name) for name in fields}, why=list(one.why))
        for one in found
    ]


@router.get("/similar-cases")
def similar(
    desk: Reading,
    finding_id: Annotated[list[UUID], Query(min_length=1, max_length=MOST_FINDINGS)],
) -> list[SimilarOut]:
    """What to look at before a case is opened on these findings of one shop."""
    return _similar(list(similar_cases(desk, finding_id)))


@router.get("/cases/{case_id}/similar")
def similar_to(desk: Reading, case_id: UUID) -> list[SimilarOut]:
    """What may go on in this case."""
    return _similar(list(similar_to_case(desk, case_id)))


@router.post("/cases/{case_id}/parties")
def add_party_(desk: Writing, case_id: UUID, body: PartyIn) -> CaseRecordOut:
    factors = Factors(body.nature, body.circumstance, body.result)
    form = PartyForm(body.role, body.name, body.uscc, factors)
    return case_out(desk, add_party(desk, case_id, form).case_id)


@router.post("/cases/{case_id}/shares")
def set_shares_(desk: Writing, case_id: UUID, body: SharesIn) -> CaseOut:
    return _case(set_shares(desk, case_id, body.shares))


@router.post("/case-parties/{party_id}/weigh")
def weigh_party_(desk: Writing, party_id: UUID, body: FactorsIn) -> CaseRecordOut:
    factors = Factors(body.nature, body.circumstance, body.result)
    return case_out(desk, weigh_party(desk, party_id, factors).case_id)


@router.post("/case-parties/{party_id}/hear")
def hear_party_(desk: Writing, party_id: UUID, body: HearIn) -> CaseRecordOut:
    """What they said, or why they could not be heard."""
    return case_out(desk, hear_party(desk, party_id, body.statement).case_id)


@router.post("/case-parties/{party_id}/remove")
def remove_party_(desk: Writing, party_id: UUID, body: ReasonIn) -> CaseOut:
    return _case(remove_party(desk, party_id, body.reason))


@router.post("/cases/{case_id}/owner")
def assign(desk: Writing, case_id: UUID, body: PersonIn) -> CaseOut:
    """Give it to somebody, or hand it over with its open tasks."""
    return _case(assign_case(desk, case_id, body.user_id))


@router.post("/cases/{case_id}/raise")
def raise_(desk: Writing, case_id: UUID, body: TierIn) -> CaseOut:
    return _case(raise_tier(desk, case_id, body.tier, body.reason))


@router.post("/cases/{case_id}/lower")
def lower(desk: Writing, case_id: UUID, body: TierIn) -> CaseOut:
    """Ask for a lower tier; of four offences this is refused and recorded."""
    return _case(lower_tier(desk, case_id, body.tier, body.reason))


@router.post("/cases/{case_id}/tier-decision")
def decide_tier_(desk: Writing, case_id: UUID, body: TierDecisionIn) -> CaseOut:
    """By an approver who did not ask."""
    return _case(decide_tier(desk, case_id, granted=body.granted, reason=body.reason))


@router.post("/cases/{case_id}/stop")
def stop(desk: Writing, case_id: UUID, body: StopIn) -> CaseOut:
    """Order at once what can't wait for the decision."""
    return _case(
        stop_at_once(
            desk, case_id, body.measures,
            reason=body.reason, remedy=body.remedy, papers=body.papers, rules=body.rules,
        )
    )  # fmt: skip


@router.post("/cases/{case_id}/lift")
def lift(desk: Writing, case_id: UUID, body: LiftIn) -> CaseOut:
    """What was stopped at once need not have been: another than who ordered it lifts it."""
    return _case(lift_at_once(desk, case_id, body.measures, body.reason))


@router.post("/cases/{case_id}/merge")
def merge(desk: Writing, case_id: UUID, body: MergeIn) -> CaseOut:
    """Let other cases go on in this one."""
    return _case(merge_cases(desk, case_id, body.case_ids, body.reason))


@router.post("/cases/{case_id}/unmerge")
def unmerge_(desk: Writing, case_id: UUID, body: ReasonIn) -> CaseOut:
    """It stands alone again."""
    return _case(unmerge(desk, case_id, body.reason))


@router.post("/case-tasks/{task_id}/do")
def do(
    desk: Writing,
    task_id: UUID,
    words: Annotated[str, Form(max_length=LONGEST_WORDS)] = "",
    proof: Annotated[UploadFile | None, File(description="PNG, JPEG or PDF, up to 10 MB.")] = None,
) -> TaskOut:
    """Say that it is done: with words and a paper, or have the house look where it can see."""
    paper = brought(proof) if proof else None
    return TaskOut.model_validate(do_task(desk, task_id, words, paper))


@router.post("/case-tasks/{task_id}/waive")
def waive(desk: Writing, task_id: UUID, body: ReasonIn) -> TaskOut:
    """By an approver; never what a rule wants."""
    return TaskOut.model_validate(waive_task(desk, task_id, body.reason))


@router.post("/case-tasks/{task_id}/assignee")
def assign_task_(desk: Writing, task_id: UUID, body: PersonIn) -> TaskOut:
    return TaskOut.model_validate(assign_task(desk, task_id, body.user_id))
