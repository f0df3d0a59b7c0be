"""The risk of findings, from what is known of their offers, their shop and its neighbours."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, or_, select

from console.desk import Work
from models.channel.licences import Ground
from models.patrol.findings import Finding, FindingState
from models.patrol.links import LinkState, ShopLink
from models.patrol.risk import RiskFacts, risk_of
from models.patrol.shops import SeenListing

_STOLEN: Final = (Ground.SOMEONE_ELSES_NUMBER, Ground.SOMEONE_ELSES_BADGE, Ground.FORGED_BADGE)
_AT_ONCE: Final = 500
_HELD: Final = (
    FindingState.CONFIRMED,
    FindingState.RECTIFYING,
    FindingState.IN_CASE,
    FindingState.CLOSED,
)


def weigh(work: Work, finding: Finding, offers: Sequence[SeenListing]) -> None:
    """Set a finding's risk with its reasons, and whether anything like it was found before."""
    earlier = work.session.exec(
        select(Finding.kind, Finding.state)
        .where(Finding.shop_id == finding.shop_id, Finding.id != finding.id)
        .limit(200)
    ).all()
    finding.is_new = all(kind is not finding.kind for kind, _ in earlier)
    cluster = len(neighbours(work, [finding.shop_id]).get(finding.shop_id, ())) + 1
    _set(finding, offers, repeats=sum(state in _HELD for _, state in earlier), cluster=cluster)


def neighbours(work: Work, shops: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """The shops that links, suggested or accepted, join to each."""
    rows = work.session.exec(
        select(ShopLink.one_id, ShopLink.other_id)
        .where(or_(col(ShopLink.one_id).in_(shops), col(ShopLink.other_id).in_(shops)))
        .where(ShopLink.state != LinkState.REJECTED)
    ).all()
    found: dict[UUID, set[UUID]] = {}
    for one, other in rows:
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found


def weigh_again(work: Work, run_id: UUID) -> None:
    """Links were drawn after the judging: what they change of a run's findings."""
    after: UUID | None = None
    while True:
        query = (
            select(Finding)
            .where(Finding.run_id == run_id, Finding.state == FindingState.OPEN)
            .order_by(col(Finding.id))
            .limit(_AT_ONCE)
        )
        findings = work.session.exec(
            query if after is None else query.where(col(Finding.id) > after)
        ).all()
        if not findings:
            return
        after = findings[-1].id
        joined = neighbours(work, {one.shop_id for one in findings})
        for finding in findings:
            if finding.shop_id in joined:
                ids = [UUID(one) for one in finding.listing_ids]
                rows = select(SeenListing).where(col(SeenListing.id).in_(ids))
                weigh(work, finding, work.session.exec(rows).all())


def _set(finding: Finding, offers: Sequence[SeenListing], *, repeats: int, cluster: int) -> None:
    risk = risk_of(
        RiskFacts(
            tier=finding.tier,
            severity=max((one.severity for one in offers), default=0),
            sureness=max((one.score for one in offers), default=0.0),
            trade=sum(float(one.price or 0) * (one.sales or 0) for one in offers),
            is_stolen=finding.ground in _STOLEN,
            repeats=repeats,
            cluster=cluster,
            is_disguised=any(one.fields.get("is_disguised") for one in offers),
        )
    )
    finding.risk = risk.score
    parts = [{"reason": reason.value, "points": points} for reason, points in risk.parts]
    finding.facts = {**finding.facts, "risk": parts}
