"""Authorised shops by API: read, end, issue a badge where one is missing."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from console.actions.channel.badges import issue_badge
from console.actions.channel.shops import end_shop, get_shop, list_shops
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import BadgeOut, In, ShopOut, shapes_of

router = APIRouter()


class EndIn(In):
    reason: str = Field(max_length=1000)


def _shop(desk: Desk, shop_id: UUID) -> ShopOut:
    return ShopOut.model_validate(get_shop(desk, shop_id))


shown("AuthorisedShop")(_shop)


@router.get("/shops")
def shops(
    desk: Reading,
    platform: str | None = None,
    agent_id: UUID | None = None,
    live: bool = False,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ShopOut]:
    """Shops that carriers have authorised."""
    part = list_shops(
        desk, platform=platform, agent_id=agent_id, live=live, after=after, limit=limit
    )
    return Page(items=shapes_of(ShopOut, part.rows), next=part.next)


@router.get("/shops/{shop_id}")
def shop(desk: Reading, shop_id: UUID) -> ShopOut:
    return _shop(desk, shop_id)


@router.post("/shops/{shop_id}/end")
def close_shop(desk: Writing, shop_id: UUID, body: EndIn) -> ShopOut:
    return ShopOut.model_validate(end_shop(desk, shop_id, reason=body.reason))


@router.post("/shops/{shop_id}/badge", status_code=201)
def new_badge(desk: Writing, shop_id: UUID) -> BadgeOut:
    return BadgeOut.model_validate(issue_badge(desk, shop_id))
