"""Links between shops, and the clusters they make."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from console.actions.patrol.clusters import Cluster, cluster_of, list_clusters
from console.actions.patrol.operators import (
    accept_link,
    get_link,
    list_links,
    reject_link,
    reopen_link,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.patrol.shops import ShopState

router = APIRouter(tags=["patrol"])


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LinkOut(_Out):
    """Two shops that seem to be one operator's, with every reason and its weight."""

    id: UUID
    kind: LinkKind
    one_id: UUID
    other_id: UUID
    score: float
    reasons: list[dict[str, Any]]
    state: LinkState
    reason: str
    version: int
    created_at: datetime


class LinkIn(_In):
    reason: Annotated[str, Field(max_length=1000)] = ""
    version: int | None = None


class ClusterShopOut(_Out):
    id: UUID
    platform: str
    shop_key: str
    name: str
    state: ShopState


class ClusterOut(_Out):
    id: UUID
    size: int
    findings: int
    risk: int
    is_accepted: bool
    shops: list[ClusterShopOut]
    links: list[LinkOut]


def link_out(desk: Desk, link_id: UUID) -> LinkOut:
    return LinkOut.model_validate(get_link(desk, link_id))


shown(ShopLink.__name__)(link_out)


@router.get("/shop-links")
def links(
    desk: Reading,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    state: LinkState | None = None,
    kind: LinkKind | None = None,
    shop_id: UUID | None = None,
) -> Page[LinkOut]:
    found = list_links(desk, after, state=state, kind=kind, shop_id=shop_id, limit=limit)
    return Page(items=[LinkOut.model_validate(row) for row in found.rows], next=found.next)


@router.get("/shop-links/{link_id}")
def link(desk: Reading, link_id: UUID) -> LinkOut:
    return link_out(desk, link_id)


@router.post("/shop-links/{link_id}/accept")
def accept(desk: Writing, link_id: UUID, given: LinkIn) -> LinkOut:
    row = accept_link(desk, link_id, given.reason, version=given.version)
    return LinkOut.model_validate(row)


@router.post("/shop-links/{link_id}/reject")
def reject(desk: Writing, link_id: UUID, given: LinkIn) -> LinkOut:
    row = reject_link(desk, link_id, given.reason, version=given.version)
    return LinkOut.model_validate(row)


@router.post("/shop-links/{link_id}/reopen")
def reopen(desk: Writing, link_id: UUID, given: LinkIn) -> LinkOut:
    row = reopen_link(desk, link_id, given.reason, version=given.version)
    return LinkOut.model_validate(row)


@router.get("/operators")
def operators(
    desk: Reading,
    accepted: bool | None = None,
    at_least: Annotated[float, Field(ge=0, le=1)] = 0.5,
) -> list[ClusterOut]:
    """Clusters of shops, the largest and gravest first; at most a hundred."""
    found = list_clusters(desk, accepted=accepted, at_least=at_least)
    return [_cluster_out(one) for one in found]


@router.get("/operators/{shop_id}")
def operator(desk: Reading, shop_id: UUID) -> ClusterOut:
    """The cluster in which a shop stands."""
    return _cluster_out(cluster_of(desk, shop_id))


def _cluster_out(cluster: Cluster) -> ClusterOut:
    return ClusterOut.model_validate(cluster)
