"""Shops, as patrols know them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col

from console.actions.audit import history
from console.desk import Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.patrol.findings import Finding
from models.patrol.shops import SeenListing, Shop, ShopMove, ShopState
from models.permissions import Permission


@dataclass(frozen=True, slots=True)
class ShopRecord:
    shop: Shop
    listings: Sequence[SeenListing]
    """The cards among its offers, the latest first."""
    findings: Sequence[Finding]
    deeds: Sequence[AuditEntry]


def list_shops(
    desk: Desk,
    after: str | None = None,
    *,
    state: ShopState | None = None,
    platform: str | None = None,
    limit: int = 50,
) -> Slice[Shop]:
    with desk.begin(Permission.SHOP_READ) as work:
        query = work.select(Shop)
        if state is not None:
            query = query.where(Shop.state == state)
        if platform is not None:
            query = query.where(Shop.platform == platform)
        return work.slice(query, Order.by(Shop.last_seen_at), after, limit)


def shop_record(desk: Desk, shop_id: UUID | str) -> ShopRecord:
    with desk.begin(Permission.SHOP_READ) as work:
        shop = work.get(Shop, shop_id)
        cards = work.all(
            work.select(SeenListing)
            .where(SeenListing.shop_id == shop.id, col(SeenListing.is_card).is_(True))
            .order_by(col(SeenListing.id).desc())
            .limit(50)
        )
        findings = work.all(
            work.select(Finding).where(Finding.shop_id == shop.id).order_by(col(Finding.id).desc())
        )
        return ShopRecord(shop, cards, findings, history(work, shop))


def move_shop(work: Work, shop: Shop, *moves: ShopMove, **facts: object) -> None:
    """Take the first of the moves that is open from where the shop stands; none may be."""
    move = next((move for move in moves if move in shop.open_moves()), None)
    if move is not None:
        shop.move(move)
        work.record("shop.moved", shop, move=move.value, **facts)
