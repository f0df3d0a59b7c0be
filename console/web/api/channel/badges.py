"""Badges by API: read, seen in place, seen elsewhere, replace."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from console.actions.channel.badges import (
    get_badge,
    list_badges,
    mark_copied,
    mark_displayed,
    reissue_badge,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import BadgeOut, In, VersionIn, shapes_of
from models.channel.badges import BadgeState

router = APIRouter()


class SeenIn(In):
    where: str = Field(max_length=1000)
    """The page's address, a picture's number, who saw it and when."""


def _badge(desk: Desk, badge_id: UUID) -> BadgeOut:
    return BadgeOut.model_validate(get_badge(desk, badge_id))


shown("Badge")(_badge)


@router.get("/badges")
def badges(
    desk: Reading,
    q: str = "",
    state: BadgeState | None = None,
    platform: str | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[BadgeOut]:
    part = list_badges(desk, q[:100], state=state, platform=platform, after=after, limit=limit)
    return Page(items=shapes_of(BadgeOut, part.rows), next=part.next)


@router.get("/badges/{badge_id}")
def badge(desk: Reading, badge_id: UUID) -> BadgeOut:
    return _badge(desk, badge_id)


@router.post("/badges/{badge_id}/displayed")
def displayed(desk: Writing, badge_id: UUID, body: SeenIn) -> BadgeOut:
    """Seen where it belongs."""
    return BadgeOut.model_validate(mark_displayed(desk, badge_id, proof=body.where))


@router.post("/badges/{badge_id}/copied")
def copied(desk: Writing, badge_id: UUID, body: SeenIn) -> BadgeOut:
    """Seen in another shop: it is void at once."""
    return BadgeOut.model_validate(mark_copied(desk, badge_id, seen_at=body.where))


@router.post("/badges/{badge_id}/reissue", status_code=201)
def replace(desk: Writing, badge_id: UUID, body: VersionIn) -> BadgeOut:
    """The new badge in place of a copied one."""
    return BadgeOut.model_validate(reissue_badge(desk, badge_id, body.version))
