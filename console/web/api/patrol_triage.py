"""The queue of findings, and findings that are one."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.actions.patrol.triage import (
    Likeness,
    Wanted,
    merge_findings,
    next_in_queue,
    suggest_duplicates,
    triage,
    unmerge,
)
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing
from console.web.api.patrol import FindingOut
from models.rules import FindingKind, Tier

router = APIRouter(tags=["patrol"])
_MOST = 200


class DuplicateOut(BaseModel):
    finding: FindingOut
    shop_key: str
    shop: str
    reasons: list[Likeness]


class MergeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[UUID], Field(min_length=1, max_length=_MOST)]
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


@router.get("/queue")
def queue(
    desk: Reading,
    platform: str | None = None,
    tier: Tier | None = None,
    kind: FindingKind | None = None,
    run_id: UUID | None = None,
    only_new: bool = False,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[FindingOut]:
    """Open findings, the most urgent first; merged ones are not in it."""
    found = triage(desk, after, Wanted(platform, tier, kind, run_id, only_new), limit=limit)
    return Page(items=[FindingOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/queue/next")
def next_one(
    desk: Reading, behind: UUID | None = None, platform: str | None = None, only_new: bool = False
) -> FindingOut | None:
    """The finding behind one, or the first: none that the caller made themselves."""
    found = next_in_queue(desk, behind, Wanted(platform=platform, only_new=only_new))
    return None if found is None else FindingOut.model_validate(found)


@router.get("/findings/{finding_id}/duplicates")
def duplicates(desk: Reading, finding_id: UUID) -> Sequence[DuplicateOut]:
    """Open findings that may be the same thing; nothing is merged by itself."""
    return [
        DuplicateOut(
            finding=FindingOut.model_validate(one.finding),
            shop_key=one.shop.shop_key,
            shop=one.shop.name,
            reasons=list(one.reasons),
        )
        for one in suggest_duplicates(desk, finding_id)
    ]


@router.post("/findings/{finding_id}/merge")
def merge(desk: Writing, finding_id: UUID, given: MergeIn) -> FindingOut:
    """Let others go on in this one."""
    return FindingOut.model_validate(merge_findings(desk, finding_id, given.ids, given.reason))


@router.post("/findings/{finding_id}/unmerge")
def take_out(desk: Writing, finding_id: UUID) -> FindingOut:
    """The finding stands alone again."""
    return FindingOut.model_validate(unmerge(desk, finding_id))
