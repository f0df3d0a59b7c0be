"""What a run says of one shop: nothing, lawful, or a finding."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.numbers import next_numbers
from console.actions.patrol.shops import move_shop
from console.desk import Work
from models.patrol.findings import Finding, FindingState
from models.patrol.judge import Entry, Judgement, Register, ShopFacts, judge
from models.patrol.runs import PatrolRun
from models.patrol.shops import SeenListing, Shop, ShopMove
from models.provinces import province_of_name
from models.rules import Calendar, Deadline, FindingKind, china_day, parameter
from models.staff import Organisation, OrganisationKind

_LIVE: Final = (
    FindingState.OPEN,
    FindingState.CONFIRMED,
    FindingState.RECTIFYING,
    FindingState.IN_CASE,
)
_MOST_LISTINGS: Final = 100
_REOCCURS_WITHIN: Final = timedelta(days=365)
_NO: Final = frozenset({"无", "没有", "未公示", "未亮照", "none", "no", "false"})


def judge_shop(work: Work, run: PatrolRun, shop_id: UUID, register: Register) -> Finding | None:
    """Judge a shop by what this run saw of it; the new finding, if there is one.

    What is already found and still open is not found a second time.
    """
    shop = work.session.get_one(Shop, shop_id, with_for_update=True)
    cards = work.session.exec(
        select(SeenListing)
        .where(SeenListing.run_id == run.id, SeenListing.shop_id == shop.id)
        .where(col(SeenListing.is_card).is_(True))
        .order_by(col(SeenListing.id))
        .limit(_MOST_LISTINGS)
    ).all()
    if not cards:
        move_shop(work, shop, ShopMove.NO_CARDS, run=run.number)
        return None
    verdict = judge(facts_of_shop(shop, cards), register, china_day(work.at),
                    is_reseller=_is_reseller(work, run))  # fmt: skip
    if verdict.against is None:
        _lawful(work, run, shop, verdict.by)
        return None
    move_shop(work, shop, ShopMove.NO_MATCH, ShopMove.RELISTED, run=run.number)
    return _finding(work, run, shop, cards, verdict.against)


def facts_of_shop(shop: Shop, cards: Sequence[SeenListing]) -> ShopFacts:
    extras: list[dict[str, Any]] = [one.fields.get("extra", {}) for one in cards]
    papers = {str(extra["business_licence"]).strip().lower() for extra in extras
              if extra.get("business_licence")}  # fmt: skip
    areas = {part for extra in extras for part in str(extra.get("sells_in", "")).split()}
    places = (province_of_name(area) for area in areas)
    return ShopFacts(
        platform=shop.platform,
        key=shop.shop_key,
        name=shop.name,
        numbers=tuple(shop.licence_shown.split()),
        sells_in=frozenset(place.code for place in places if place is not None),
        has_business_licence=not papers <= _NO if papers else None,
    )


def _is_reseller(work: Work, run: PatrolRun) -> bool:
    owner = work.session.get_one(Organisation, run.organisation_id)
    return owner.kind is OrganisationKind.RESELLER


def _lawful(work: Work, run: PatrolRun, shop: Shop, by: Entry | None) -> None:
    """A shop under suspicion is cleared by a person, not by the next run."""
    number = by.number if by else ""
    move_shop(work, shop, ShopMove.MATCH_LICENCE, run=run.number, licence=number)
    if by is not None and by.agent_id:
        shop.agent_id = UUID(by.agent_id)


def _finding(
    work: Work, run: PatrolRun, shop: Shop, cards: Sequence[SeenListing], against: Judgement
) -> Finding | None:
    same = work.session.exec(
        select(Finding)
        .where(Finding.shop_id == shop.id, Finding.kind == against.kind)
        .order_by(col(Finding.id).desc())
    ).all()
    if any(one.state in _LIVE or one.run_id == run.id for one in same):
        return None
    since = work.at - _REOCCURS_WITHIN
    before = next(
        (one for one in same if one.state is FindingState.CLOSED and one.created_at >= since), None
    )
    due = look_due(work)
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"findings:{year}")
    finding = work.add(
        Finding(
            number=f"FD-{year}-{serial:06d}",
            organisation_id=run.organisation_id,
            run_id=run.id,
            shop_id=shop.id,
            platform=run.platform,
            platform_home=run.platform_home,
            card_home=run.card_home,
            kind=FindingKind(against.kind),
            ground=against.ground,
            tier=against.tier,
            rule_version=due.version,
            claimed_number=against.claimed[:200],
            listing_ids=[str(one.id) for one in cards],
            evidence=list(dict.fromkeys(e for e in (c.evidence_sha256 for c in cards) if e)),
            found_by=UUID(run.actor["id"]) if run.actor.get("id") else None,
            look_due_at=due.at,
            previous_id=before.id if before else None,
            created_at=work.at,
        )
    )
    work.record(
        "finding.found",
        finding,
        ground=against.ground.value,
        kind=against.kind.value,
        basis=against.basis.value,
        holder=against.holder,
        shop=shop.shop_key,
    )
    return finding


def look_due(work: Work) -> Deadline:
    """When a second look is too late (finding_review)."""
    return parameter("finding_review", china_day(work.at)).deadline(work.at, Calendar())
