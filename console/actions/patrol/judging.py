"""What a run says of one shop: nothing, lawful, or findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.channel.numbers import next_numbers
from console.actions.patrol.earlier import Earlier, earlier_at
from console.actions.patrol.shops import move_shop
from console.desk import Work
from models.patrol.checks import CheckItem
from models.patrol.findings import Finding
from models.patrol.judge import (
    Judged,
    Judgement,
    Offer,
    Register,
    SeenBadge,
    ShopFacts,
    Verdict,
    judge_all,
)
from models.patrol.pictures import SeenPicture
from models.patrol.runs import PatrolRun
from models.patrol.screening.labels import FLAGGED, Label, OfferKind
from models.patrol.shops import SeenListing, Shop, ShopMove
from models.provinces import province_of_name
from models.rules import Calendar, Deadline, FindingKind, china_day, parameter
from models.staff import Organisation, OrganisationKind
from models.tokens import Verdict as BadgeVerdict

_MOST_LISTINGS: Final = 100
_MOST_PICTURES: Final = 50
_NO: Final = frozenset({"无", "没有", "未公示", "未亮照", "none", "no", "false"})


@dataclass(frozen=True, slots=True)
class Found:
    """What came of judging one shop."""

    new: Sequence[Finding] = ()
    dismissed: int = 0
    """Judgements that a person dismissed before, on these same facts."""


def judge_shop(work: Work, run: PatrolRun, shop_id: UUID, register: Register) -> Found:
    """Judge a shop by what this run saw of it.

    What is already found and still open is not found a second time, nor what a person dismissed
    while it rests on the same facts.
    """
    shop = work.session.get_one(Shop, shop_id, with_for_update=True)
    flagged, badges = _flagged(work, run, shop), _badges(work, run, shop)
    if not flagged and not badges:
        move_shop(work, shop, ShopMove.NO_CARDS, run=run.number)
        return Found()
    facts = replace(facts_of_shop(shop, flagged, badges, register), seen=_seen(work, run, shop))
    judged = judge_all(facts, register, china_day(work.at), is_reseller=_is_reseller(work, run))
    earlier, offers = earlier_at(work, shop), {str(one.id): one for one in flagged}
    standing = _undismissed(work, run, judged, offers, earlier)
    _move(work, run, shop, standing)
    new = dict[FindingKind, Finding]()
    for one in standing.found:
        if one.kind not in new and not earlier.is_known(run, one):
            new[one.kind] = _finding(work, run, shop, [offers[o.id] for o in one.offers], one)
            new[one.kind].previous_id = earlier.previous(one, work.at)
    return Found(list(new.values()), len(judged.found) - len(standing.found))


def _undismissed(
    work: Work,
    run: PatrolRun,
    judged: Judged,
    offers: Mapping[str, SeenListing],
    earlier: Earlier,
) -> Judged:
    """Without what a person dismissed on these same facts; that is noted with what they said."""
    left = list[Judgement]()
    for one in judged.found:
        before = earlier.dismissed(work, run, one, [offers[offer.id] for offer in one.offers])
        if before is None:
            left.append(one)
        else:
            work.record("finding.left_dismissed", before, run=run.number)
    right = judged.right
    if right is not None and right.against is not None:
        right = right if right.against.kind in {one.kind for one in left} else None
    return Judged(tuple(left), right)


def facts_of_shop(
    shop: Shop,
    flagged: Sequence[SeenListing],
    badges: Sequence[SeenPicture],
    register: Register,
) -> ShopFacts:
    extras: list[dict[str, Any]] = [one.fields.get("extra", {}) for one in flagged]
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
        url=shop.url,
        offers=tuple(map(_offer, flagged)),
        badges=tuple(map(_badge, badges)),
        alike=register.alike(shop.name),
    )


def hints_of_shop(work: Work, run: PatrolRun, shop: Shop) -> dict[str, dict[str, Any]]:
    """What the run saw that bears on each item of a checklist: for people, never an answer."""
    flagged, badges = _flagged(work, run, shop), _badges(work, run, shop)
    words = [f"{one.title_seen} {one.fields.get('description', '')}" for one in flagged]
    kinds = [one.kind for one in flagged if one.label is Label.SELLS_CARD]
    others = [one.label.value for one in flagged if one.label is not Label.SELLS_CARD]
    return {
        CheckItem.LICENCE_DISPLAYED.value: {
            "numbers": shop.licence_shown.split(),
            "business_licence": _first(flagged, "business_licence"),
        },
        CheckItem.BADGE_DISPLAYED.value: {
            "verdicts": sorted({one.badge_verdict for one in badges}),
            "agent_nos": sorted({one.badge_agent_no for one in badges if one.badge_agent_no}),
        },
        CheckItem.ROUTE.value: {
            "route_a": sum("先核验" in text or "实名后发货" in text for text in words),
            "route_b": sum("当面" in text or "上门核验" in text for text in words),
        },
        CheckItem.NO_INDUSTRY_CARDS.value: {
            "offers": sum(kind is OfferKind.IOT_CARD for kind in kinds)
        },
        CheckItem.NO_FORBIDDEN_OFFERS.value: {"labels": sorted(set(others)), "offers": len(others)},
    }


def _first(flagged: Sequence[SeenListing], name: str) -> str:
    shown = (str(one.fields.get("extra", {}).get(name, "")) for one in flagged)
    return next((text[:200] for text in shown if text), "")


def _flagged(work: Work, run: PatrolRun, shop: Shop) -> Sequence[SeenListing]:
    return work.session.exec(
        select(SeenListing)
        .where(SeenListing.run_id == run.id, SeenListing.shop_id == shop.id)
        .where(col(SeenListing.label).in_(FLAGGED))
        .order_by(col(SeenListing.severity).desc(), col(SeenListing.id))
        .limit(_MOST_LISTINGS)
    ).all()


def _seen(work: Work, run: PatrolRun, shop: Shop) -> int:
    counted = select(func.count()).select_from(SeenListing)
    return work.session.exec(
        counted.where(SeenListing.run_id == run.id, SeenListing.shop_id == shop.id)
    ).one()


def _badges(work: Work, run: PatrolRun, shop: Shop) -> Sequence[SeenPicture]:
    return work.session.exec(
        select(SeenPicture)
        .where(SeenPicture.run_id == run.id, SeenPicture.shop_id == shop.id)
        .where(SeenPicture.badge_verdict != "")
        .order_by(col(SeenPicture.id))
        .limit(_MOST_PICTURES)
    ).all()


def _offer(row: SeenListing) -> Offer:
    return Offer(
        id=str(row.id),
        title=row.title_seen,
        label=row.label,
        kind=row.kind,
        score=row.score,
        severity=row.severity,
        reasons=tuple(row.reasons),
        sales=row.sales or 0,
    )


def _badge(row: SeenPicture) -> SeenBadge:
    return SeenBadge(
        verdict=BadgeVerdict(row.badge_verdict),
        agent_no=row.badge_agent_no,
        picture=row.sha256,
        evidence=row.evidence_sha256 or "",
        text=row.badge_text,
    )


def _is_reseller(work: Work, run: PatrolRun) -> bool:
    owner = work.session.get_one(Organisation, run.organisation_id)
    return owner.kind is OrganisationKind.RESELLER


def _move(work: Work, run: PatrolRun, shop: Shop, judged: Judged) -> None:
    """A shop under suspicion is cleared by a person, not by the next run.

    One that sells no cards and offers what nobody may goes the way of those without a right.
    """
    right = judged.right
    if right is not None and right.against is None:
        _lawful(work, run, shop, right)
    elif right is not None or judged.found:
        move_shop(work, shop, ShopMove.NO_MATCH, ShopMove.RELISTED, run=run.number)


def _lawful(work: Work, run: PatrolRun, shop: Shop, right: Verdict) -> None:
    by = right.by
    facts = {"badge_of": right.by_badge} if right.by_badge else dict[str, str]()
    number = by.number if by else ""
    move_shop(work, shop, ShopMove.MATCH_LICENCE, run=run.number, licence=number, **facts)
    if by is not None and by.agent_id:
        shop.agent_id = UUID(by.agent_id)


def _finding(
    work: Work, run: PatrolRun, shop: Shop, offers: Sequence[SeenListing], against: Judgement
) -> Finding:
    due = look_due(work)
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"findings:{year}")
    captures = [*(row.evidence_sha256 for row in offers),
                *(badge.evidence for badge in against.badges)]  # fmt: skip
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
            basis=against.basis.value,
            facts=dict(against.facts),
            claimed_number=against.claimed[:200],
            listing_ids=[offer.id for offer in against.offers],
            evidence=list(dict.fromkeys(one for one in captures if one)),
            found_by=UUID(run.actor["id"]) if run.actor.get("id") else None,
            look_due_at=due.at,
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
