"""What of the links between shops waits for a person."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlmodel import col, select

from console.actions.waiting import WorkItem, WorkState, only
from console.desk import Desk
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.patrol.shops import Shop
from models.permissions import Permission

_MOST: Final = 50


def _relisted(desk: Desk) -> Iterator[WorkItem]:
    """Shops that seem to stand again under another id."""
    if not desk.actor.may(Permission.LINK_JUDGE):
        return
    with desk.begin(Permission.SHOP_READ) as work:
        query = (
            select(ShopLink)
            .where(ShopLink.kind == LinkKind.RELISTED, ShopLink.state == LinkState.SUGGESTED)
            .where(col(ShopLink.organisation_id).in_(desk.actor.organisations))
            .order_by(col(ShopLink.score).desc())
        )
        pairs = only(work, query, ShopLink.one_id, ShopLink.other_id, most=_MOST)
        ends_of = {key for pair in pairs for key in pair}
        shops = {shop.id: shop for shop in work.those(Shop, ends_of)} if pairs else {}
    for pair in pairs:
        ends = [shops[key] for key in pair if key in shops]
        new = max(ends, key=lambda shop: shop.first_seen_at, default=None)
        if new is not None:
            yield WorkItem("shop_relisted", new.name, WorkState.DUE, "operators", new.id)


LINK_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (_relisted,)
