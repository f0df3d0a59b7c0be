"""Shops that hang together by links: one operator's, as people said or as it seems."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, func, or_, select

from console.desk import Desk, Work
from models.patrol.findings import Finding, FindingState
from models.patrol.links import LinkState, ShopLink
from models.patrol.operators import clusters_of
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import NotFound

MOST_LINKS: Final = 20_000
_BATCH: Final = 500
_OVER: Final = (FindingState.FALSE_POSITIVE, FindingState.CLOSED)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Shops that are, or seem to be, one operator's; the first of them names it."""

    id: UUID
    shops: Sequence[Shop]
    links: Sequence[ShopLink]
    findings: int
    """Those that are not settled."""
    risk: int
    """Of its gravest finding."""
    is_accepted: bool
    """People accepted each link that holds it together."""

    @property
    def size(self) -> int:
        return len(self.shops)


def list_clusters(
    desk: Desk, *, accepted: bool | None = None, at_least: float = 0.5, most: int = 100
) -> list[Cluster]:
    """The largest and gravest first.

    `accepted`: those of accepted links alone, or those that a suggestion holds together.
    """
    with desk.begin(Permission.SHOP_READ) as work:
        links = _links(work, at_least, accepted_only=accepted is True)
        groups = _grouped(links)
        if accepted is False:
            groups = [g for g in groups if any(one.state is not LinkState.ACCEPTED for one in g)]
        found = [_cluster(work, group) for group in groups[: max(most, 1)]]
    return sorted(found, key=lambda one: (-one.size, -one.risk, str(one.id)))


def cluster_of(desk: Desk, shop_id: UUID | str, *, at_least: float = 0.5) -> Cluster:
    """The cluster in which a shop stands, with all its links but the rejected."""
    with desk.begin(Permission.SHOP_READ) as work:
        shop = work.get(Shop, shop_id)
        links = _around(work, shop, at_least)
        if not links:
            raise NotFound("row.not_found", table="Cluster")
        return _cluster(work, links)


def _links(work: Work, at_least: float, *, accepted_only: bool) -> Sequence[ShopLink]:
    query = work.select(ShopLink).order_by(col(ShopLink.score).desc(), col(ShopLink.id))
    if accepted_only:
        query = query.where(ShopLink.state == LinkState.ACCEPTED)
    else:
        query = query.where(_stands(at_least))
    return work.session.exec(query.limit(MOST_LINKS)).all()


def _stands(at_least: float):  # noqa: ANN202 - a condition
    return or_(
        ShopLink.state == LinkState.ACCEPTED,
        (col(ShopLink.state) == LinkState.SUGGESTED) & (col(ShopLink.score) >= at_least),
    )


def _grouped(links: Sequence[ShopLink]) -> list[list[ShopLink]]:
    """Links by the cluster that they make, the largest cluster first."""
    clusters = clusters_of((str(one.one_id), str(one.other_id)) for one in links)
    place = {key: at for at, keys in enumerate(clusters) for key in keys}
    groups: list[list[ShopLink]] = [[] for _ in clusters]
    for one in links:
        groups[place[str(one.one_id)]].append(one)
    return groups


def _around(work: Work, shop: Shop, at_least: float) -> Sequence[ShopLink]:
    """All links that lead on from a shop, a ring at a time."""
    found, ring, seen = dict[UUID, ShopLink](), {shop.id}, set[UUID]()
    while ring and len(found) < MOST_LINKS:
        seen |= ring
        ids = sorted(ring)[:_BATCH]
        query = (
            work.select(ShopLink)
            .where(or_(col(ShopLink.one_id).in_(ids), col(ShopLink.other_id).in_(ids)))
            .where(_stands(at_least))
        )
        links = work.session.exec(query.limit(MOST_LINKS)).all()
        found |= {one.id: one for one in links}
        ring = {key for one in links for key in (one.one_id, one.other_id)} - seen
    return list(found.values())


def _cluster(work: Work, links: Sequence[ShopLink]) -> Cluster:
    ids = {key for one in links for key in (one.one_id, one.other_id)}
    shops = _shops(work, ids)
    risks = _risks(work, ids)
    return Cluster(
        id=min(ids),
        shops=shops,
        links=sorted(links, key=lambda one: (-one.score, str(one.id))),
        findings=sum(count for count, _ in risks.values()),
        risk=max((risk for _, risk in risks.values()), default=0),
        is_accepted=all(one.state is LinkState.ACCEPTED for one in links),
    )


def _shops(work: Work, ids: Collection[UUID]) -> list[Shop]:
    """Those of them that the actor may know of, the oldest first."""
    wanted, found = sorted(ids), list[Shop]()
    for at in range(0, len(wanted), _BATCH):
        query = work.select(Shop).where(col(Shop.id).in_(wanted[at : at + _BATCH]))
        found += work.session.exec(query).all()
    return sorted(found, key=lambda one: (one.first_seen_at, str(one.id)))


def _risks(work: Work, ids: Collection[UUID]) -> Mapping[UUID, tuple[int, int]]:
    wanted, found = sorted(ids), dict[UUID, tuple[int, int]]()
    for at in range(0, len(wanted), _BATCH):
        query = (
            select(Finding.shop_id, func.count(), func.max(Finding.risk))
            .where(Finding.seen_by(work.actor))
            .where(col(Finding.shop_id).in_(wanted[at : at + _BATCH]))
            .where(col(Finding.state).not_in(_OVER), col(Finding.merged_into_id).is_(None))
            .group_by(col(Finding.shop_id))
        )
        found |= {shop: (count, risk or 0) for shop, count, risk in work.session.exec(query).all()}
    return found
