"""Sources, runs, listings, shops and findings."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.actions.patrol.findings import (
    confirm_finding,
    dismiss_finding,
    get_finding,
    list_findings,
)
from console.actions.patrol.listings import list_listings
from console.actions.patrol.plan import get_run, list_runs, plan_run, stop_run
from console.actions.patrol.shops import list_shops, shop_record
from console.actions.patrol.sources import (
    disable_source,
    edit_source,
    get_source,
    list_sources,
    save_source,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from models.channel.licences import Ground
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import PatrolRun, RunState, Source
from models.patrol.screening import Label, OfferKind
from models.patrol.shops import Shop, ShopState
from models.rules import FindingKind, Tier

router = APIRouter(tags=["patrol"])


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SourceOut(_Out):
    """A source; of its keys only the names."""

    id: UUID
    name: str
    platform: str
    mapping: str
    keys: list[str]
    version: int
    created_at: datetime
    disabled_at: datetime | None


class SourceIn(_In):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    mapping: Annotated[str, Field(max_length=100_000)]
    secrets: dict[str, str] = {}


class ReasonIn(_In):
    reason: Annotated[str, Field(max_length=1000)] = ""


class RunIn(_In):
    source_id: UUID


class RunOut(_Out):
    id: UUID
    number: str
    source_id: UUID | None
    platform: str
    state: RunState
    steps: int
    steps_done: int
    listings: int
    cards: int
    shops: int
    findings: int
    faults: list[dict[str, Any]]
    fault_count: int
    plan_id: UUID | None
    assignee_id: UUID | None
    seed: str
    """Of the random draw; with it anybody draws the same shops."""
    share: int
    flagged: int
    news: int
    drawn: int
    checked: int
    drawn_at: datetime | None
    due_at: datetime | None
    overdue_at: datetime | None
    overdue_reason: str
    review_due_at: datetime | None
    engine: str
    evidence_index: str | None
    register_sha256: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ListingOut(_Out):
    id: UUID
    run_id: UUID
    shop_id: UUID
    platform: str
    listing_id: str
    title: Annotated[str, Field(validation_alias="title_seen")]
    url: str
    price: Decimal | None
    currency: str
    sales: int | None
    is_card: bool
    label: Label
    kind: OfferKind
    severity: int
    is_new: bool
    score: float
    reasons: list[str]
    evidence_sha256: str | None
    seen_at: datetime


class SeenShopOut(_Out):
    id: UUID
    platform: str
    shop_key: str
    name: str
    licence_shown: str
    province_shown: str
    state: ShopState
    agent_id: UUID | None
    first_seen_at: datetime
    last_seen_at: datetime


class FindingOut(_Out):
    id: UUID
    number: str
    run_id: UUID | None
    """Its patrol; null where a spot check found it."""
    check_id: UUID | None
    """That spot check."""
    shop_id: UUID
    platform: str
    kind: FindingKind
    ground: Ground
    tier: Tier
    state: FindingState
    basis: str
    facts: dict[str, Any]
    """What explains it: offers with their words, whose number or badge, and `risk` by part."""
    risk: int
    """0 to 1000."""
    is_new: bool
    merged_into_id: UUID | None
    case_due_at: datetime | None
    claimed_number: str
    listing_ids: list[UUID]
    evidence: list[str]
    look_due_at: datetime | None
    reason: str
    case_id: UUID | None
    previous_id: UUID | None
    version: int
    created_at: datetime


class ConfirmIn(ReasonIn):
    tier: Tier | None = None
    version: int | None = None


class DismissIn(_In):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    sells_no_cards: bool = False
    version: int | None = None


def _source(source: Source) -> SourceOut:
    facts = {name: getattr(source, name) for name in SourceOut.model_fields if name != "keys"}
    return SourceOut(**facts, keys=sorted(source.secrets))


def source_out(desk: Desk, source_id: UUID) -> SourceOut:
    return _source(get_source(desk, source_id))


shown(Source.__name__)(source_out)


def run_out(desk: Desk, run_id: UUID) -> RunOut:
    return RunOut.model_validate(get_run(desk, run_id))


shown(PatrolRun.__name__)(run_out)


def finding_out(desk: Desk, finding_id: UUID) -> FindingOut:
    return FindingOut.model_validate(get_finding(desk, finding_id))


shown(Finding.__name__)(finding_out)


def shop_out(desk: Desk, shop_id: UUID) -> SeenShopOut:
    return SeenShopOut.model_validate(shop_record(desk, shop_id).shop)


shown(Shop.__name__)(shop_out)


@router.get("/sources")
def sources(desk: Reading, after: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[SourceOut]:
    found = list_sources(desk, after, limit=limit)
    return Page(items=[_source(row) for row in found.rows], next=found.next)


@router.get("/sources/{source_id}")
def source(desk: Reading, source_id: UUID) -> SourceOut:
    return source_out(desk, source_id)


@router.post("/sources", status_code=201)
def add_source(desk: Writing, given: SourceIn) -> SourceOut:
    return _source(save_source(desk, given.name, given.mapping, given.secrets))


@router.put("/sources/{source_id}")
def change_source(desk: Writing, source_id: UUID, given: SourceIn) -> SourceOut:
    return _source(edit_source(desk, source_id, given.mapping, given.secrets, name=given.name))


@router.post("/sources/{source_id}/disable")
def take_source_out(desk: Writing, source_id: UUID, given: ReasonIn) -> SourceOut:
    return _source(disable_source(desk, source_id, given.reason))


@router.get("/runs")
def runs(
    desk: Reading,
    state: RunState | None = None,
    source_id: UUID | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RunOut]:
    found = list_runs(desk, after, state=state, source_id=source_id, limit=limit)
    return Page(items=[RunOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/runs/{run_id}")
def run(desk: Reading, run_id: UUID) -> RunOut:
    return run_out(desk, run_id)


@router.post("/runs", status_code=202)
def start_run(desk: Writing, given: RunIn) -> RunOut:
    """Promise a run; it is done by the workers, and its state tells how far it is."""
    return RunOut.model_validate(plan_run(desk, given.source_id))


@router.post("/runs/{run_id}/stop")
def end_run(desk: Writing, run_id: UUID, given: ReasonIn) -> RunOut:
    return RunOut.model_validate(stop_run(desk, run_id, given.reason))


@router.get("/listings")
def listings(
    desk: Reading,
    run_id: UUID | None = None,
    shop_id: UUID | None = None,
    cards: bool | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ListingOut]:
    found = list_listings(desk, after, run_id=run_id, shop_id=shop_id, cards=cards, limit=limit)
    return Page(items=[ListingOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/seen-shops")
def seen_shops(
    desk: Reading,
    state: ShopState | None = None,
    platform: str | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[SeenShopOut]:
    """Shops as patrols know them."""
    found = list_shops(desk, after, state=state, platform=platform, limit=limit)
    return Page(items=[SeenShopOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/seen-shops/{shop_id}")
def seen_shop(desk: Reading, shop_id: UUID) -> SeenShopOut:
    return shop_out(desk, shop_id)


@router.get("/findings")
def findings(
    desk: Reading,
    state: FindingState | None = None,
    tier: Tier | None = None,
    ground: Ground | None = None,
    platform: str | None = None,
    run_id: UUID | None = None,
    shop_id: UUID | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[FindingOut]:
    found = list_findings(
        desk, after, state=state, tier=tier, ground=ground, platform=platform,
        run_id=run_id, shop_id=shop_id, limit=limit,
    )  # fmt: skip
    return Page(items=[FindingOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/findings/{finding_id}")
def finding(desk: Reading, finding_id: UUID) -> FindingOut:
    return finding_out(desk, finding_id)


@router.post("/findings/{finding_id}/confirm")
def confirm(desk: Writing, finding_id: UUID, given: ConfirmIn) -> FindingOut:
    return FindingOut.model_validate(
        confirm_finding(
            desk, finding_id, tier=given.tier, reason=given.reason, version=given.version
        )
    )


@router.post("/findings/{finding_id}/dismiss")
def dismiss(desk: Writing, finding_id: UUID, given: DismissIn) -> FindingOut:
    return FindingOut.model_validate(
        dismiss_finding(
            desk,
            finding_id,
            given.reason,
            sells_no_cards=given.sells_no_cards,
            version=given.version,
        )
    )
