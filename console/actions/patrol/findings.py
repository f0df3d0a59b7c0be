"""Findings: a second pair of eyes confirms or dismisses what a patrol found (4.8)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.cards.industry.offers import suggest_links
from console.actions.deadlines import deadline
from console.actions.patrol.labels import note_label
from console.actions.patrol.reviewing import close_if_reviewed
from console.actions.patrol.shops import move_shop
from console.desk import Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.channel.licences import Ground
from models.checks.spot_checks import SpotCheck
from models.patrol.findings import Finding, FindingMove, FindingState
from models.patrol.runs import PatrolRun
from models.patrol.screening import Label
from models.patrol.shops import SeenListing, Shop, ShopMove
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, Refusal
from models.rules import FindingKind, Tier, china_day, package_rules

_CONFIRMED = (
    FindingState.CONFIRMED,
    FindingState.RECTIFYING,
    FindingState.IN_CASE,
    FindingState.CLOSED,
)
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """A finding with all that it rests on."""

    finding: Finding
    shop: Shop
    run: PatrolRun | None
    """Its patrol; none where a spot check found it."""
    check: SpotCheck | None
    """That spot check, for whoever may know of it."""
    listings: Sequence[SeenListing]
    earlier: Sequence[Finding]
    """Of the same shop, the latest first."""
    merged: Sequence[Finding]
    """Those that go on in this one."""
    deeds: Sequence[AuditEntry]


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of one finding of many."""

    id: UUID
    refusal: Refusal | None = None


def confirm_finding(
    desk: Desk,
    finding_id: UUID | str,
    *,
    tier: Tier | None = None,
    reason: str = "",
    version: int | None = None,
) -> Finding:
    """It is so. The tier may be raised alone; its history at the same shop may raise it too."""
    with desk.begin(Permission.FINDING_CONFIRM) as work:
        finding = _held(work, finding_id, version)
        if not finding.evidence:
            raise Conflict("finding.no_evidence", number=finding.number)
        if tier is not None and tier < finding.tier:
            raise NotAllowed("finding.tier_not_lowered", number=finding.number)
        finding.move(FindingMove.CONFIRM)
        finding.tier = _escalated(work, finding, tier or finding.tier)
        finding.looked_by, finding.reason = work.actor.id, reason
        finding.case_due_at = _case_due(work, finding)
        work.record("finding.confirmed", finding, reason=reason, tier=finding.tier.value)
        _keep_labels(work, finding)
        shop = work.session.get_one(Shop, finding.shop_id, with_for_update=True)
        move_shop(work, shop, ShopMove.CONFIRM, ShopMove.FINDING, finding=finding.number)
        close_if_reviewed(work, finding.run_id)
    if finding.kind is FindingKind.IOT_CARD_ONLINE and desk.actor.may(Permission.USAGE_JUDGE):
        suggest_links(desk, finding.id, with_pictures=False)
    return finding


def dismiss_finding(
    desk: Desk,
    finding_id: UUID | str,
    reason: str,
    *,
    sells_no_cards: bool = False,
    version: int | None = None,
) -> Finding:
    """It is not so. The shop is cleared: as lawful, or as one that sells no cards."""
    if not reason.strip():
        raise Invalid("finding.reason_needed")
    with desk.begin(Permission.FINDING_CONFIRM) as work:
        finding = _held(work, finding_id, version)
        finding.move(FindingMove.DISMISS)
        finding.looked_by, finding.reason = work.actor.id, reason.strip()[:1000]
        work.record(
            "finding.dismissed", finding, reason=finding.reason, sells_no_cards=sells_no_cards
        )
        if sells_no_cards:
            _keep_labels(work, finding, Label.NOT_CARD)
        shop = work.session.get_one(Shop, finding.shop_id, with_for_update=True)
        move = ShopMove.NO_CARDS if sells_no_cards else ShopMove.CLEAR
        if not _others(work, finding):
            move_shop(work, shop, move, finding=finding.number, reason=finding.reason)
        close_if_reviewed(work, finding.run_id)
        return finding


def confirm_findings(desk: Desk, finding_ids: Sequence[UUID], reason: str = "") -> list[Looked]:
    """Confirm many, each on its own: one that is refused stops none of the others."""
    if len(finding_ids) > MOST_AT_ONCE:
        raise Invalid("finding.too_many", most=MOST_AT_ONCE)
    return [_tried(each, partial(confirm_finding, desk, each, reason=reason))
            for each in finding_ids]  # fmt: skip


def dismiss_findings(
    desk: Desk, finding_ids: Sequence[UUID], reason: str, *, sells_no_cards: bool = False
) -> list[Looked]:
    """Dismiss many for one reason, each on its own."""
    if len(finding_ids) > MOST_AT_ONCE:
        raise Invalid("finding.too_many", most=MOST_AT_ONCE)
    return [
        _tried(each, partial(dismiss_finding, desk, each, reason, sells_no_cards=sells_no_cards))
        for each in finding_ids
    ]


def _tried(finding_id: UUID, look: Callable[[], Finding]) -> Looked:
    try:
        look()
    except Refusal as no:
        return Looked(finding_id, no)
    return Looked(finding_id)


def list_findings(  # noqa: PLR0913 - filters
    desk: Desk,
    after: str | None = None,
    *,
    state: FindingState | None = None,
    tier: Tier | None = None,
    ground: Ground | None = None,
    platform: str | None = None,
    run_id: UUID | str | None = None,
    shop_id: UUID | str | None = None,
    limit: int = 50,
    order: Order | None = None,
) -> Slice[Finding]:
    with desk.begin(Permission.FINDING_READ) as work:
        query = work.select(Finding)
        wanted = {"state": state, "tier": tier, "ground": ground, "platform": platform}
        for name, value in wanted.items():
            if value is not None:
                query = query.where(getattr(Finding, name) == value)
        if run_id is not None:
            query = query.where(Finding.run_id == UUID(str(run_id)))
        if shop_id is not None:
            query = query.where(Finding.shop_id == UUID(str(shop_id)))
        return work.slice(query, order or Order.by(Finding.created_at), after, limit)


def shops_of(desk: Desk, findings: Sequence[Finding]) -> dict[UUID, Shop]:
    """The shops of a screen of findings, by id."""
    with desk.begin(Permission.FINDING_READ) as work:
        shops = work.those(Shop, {finding.shop_id for finding in findings})
    return {shop.id: shop for shop in shops}


def get_finding(desk: Desk, finding_id: UUID | str) -> Finding:
    with desk.begin(Permission.FINDING_READ) as work:
        return work.get(Finding, finding_id)


def finding_record(desk: Desk, finding_id: UUID | str) -> FindingRecord:
    with desk.begin(Permission.FINDING_READ) as work:
        finding = work.get(Finding, finding_id)
        ids = [UUID(one) for one in finding.listing_ids]
        listings = work.all(select(SeenListing).where(col(SeenListing.id).in_(ids)))
        earlier = work.all(
            work.select(Finding)
            .where(Finding.shop_id == finding.shop_id, Finding.id != finding.id)
            .order_by(col(Finding.id).desc())
        )
        merged = work.all(work.select(Finding).where(Finding.merged_into_id == finding.id))
        return FindingRecord(
            finding,
            work.session.get_one(Shop, finding.shop_id),
            work.session.get_one(PatrolRun, finding.run_id) if finding.run_id else None,
            _check(work, finding),
            listings,
            earlier,
            merged,
            history(work, finding),
        )


def _check(work: Work, finding: Finding) -> SpotCheck | None:
    if finding.check_id is None or not work.actor.may(Permission.SPOT_CHECK_READ):
        return None
    known = work.select(SpotCheck).where(SpotCheck.id == finding.check_id)
    return work.session.exec(known).first()


def _held(work: Work, finding_id: UUID | str, version: int | None) -> Finding:
    """The finding under lock, of the actor's own patrols, and not one that they made."""
    finding = work.get(Finding, finding_id)
    if not work.actor.is_house and finding.organisation_id not in work.actor.organisations:
        raise NotAllowed("patrol.not_yours", title=finding.title)
    if version is not None and version != finding.version:
        raise Conflict("patrol.changed_meanwhile", title=finding.title)
    if finding.merged_into_id is not None:
        raise Conflict("finding.merged", number=finding.number)
    if finding.found_by is not None and finding.found_by == work.actor.id:
        raise NotAllowed("patrol.same_person", title=finding.number)
    return finding


def _case_due(work: Work, finding: Finding) -> datetime | None:
    """A serious one goes to a case within a day; where the law leaves no choice, at once."""
    if package_rules().finding(finding.kind).cannot_be_lowered:
        return deadline(work, "mandatory_finding_to_case").at
    if finding.tier is Tier.SERIOUS or _came_back(work, finding):
        return deadline(work, "finding_to_case").at
    return None


def _came_back(work: Work, finding: Finding) -> bool:
    """What follows a dismissed one is found for the first time."""
    if finding.previous_id is None:
        return False
    return work.session.get_one(Finding, finding.previous_id).state is FindingState.CLOSED


def _keep_labels(work: Work, finding: Finding, label: Label | None = None) -> None:
    """What the officer said its offers are, to learn from; None: what the machine had said."""
    ids = [UUID(one) for one in finding.listing_ids]
    rows = work.session.exec(select(SeenListing).where(col(SeenListing.id).in_(ids))).all()
    said = [label] if label is not None else sorted({row.label for row in rows})
    for one in said:
        note_label(work, finding, [r for r in rows if label is not None or r.label is one], one)


def _escalated(work: Work, finding: Finding, tier: Tier) -> Tier:
    """Minor ones add up, and so do general ones (4.2)."""
    earlier = work.session.exec(
        select(Finding)
        .where(Finding.shop_id == finding.shop_id, Finding.id != finding.id)
        .where(col(Finding.state).in_(_CONFIRMED))
        .limit(MOST_AT_ONCE)
    ).all()
    past = [(one.tier, china_day(one.created_at)) for one in earlier]
    return package_rules().escalated(tier, china_day(work.at), past)


def _others(work: Work, finding: Finding) -> bool:
    """Whether something else is still held against the same shop."""
    live = (FindingState.OPEN, *_CONFIRMED[:-1])
    query = select(Finding.id).where(Finding.shop_id == finding.shop_id)
    query = query.where(Finding.id != finding.id, col(Finding.state).in_(live))
    return work.session.exec(query.limit(1)).first() is not None
