"""Shops, as patrols know them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

from sqlmodel import col

from console.actions.audit import history
from console.desk import Desk, Order, Slice, Work
from integrations.evidence import Digest
from models.audit import AuditEntry
from models.channel.agents import Agent
from models.patrol.findings import Finding
from models.patrol.links import LinkState, ShopLink
from models.patrol.pictures import SeenPicture
from models.patrol.runs import PatrolRun
from models.patrol.screening.labels import Label
from models.patrol.shops import SeenListing, Shop, ShopMove, ShopState
from models.permissions import Permission

MOST_SHOWN: Final = 50
_MOST_WORDS: Final = 5


@dataclass(frozen=True, slots=True)
class NearShop:
    """A link, and the shop at its other end."""

    link: ShopLink
    shop: Shop


@dataclass(frozen=True, slots=True)
class ShopRecord:
    shop: Shop
    listings: Sequence[SeenListing]
    """The flagged among its offers, the latest first."""
    findings: Sequence[Finding]
    pictures: Sequence[SeenPicture]
    near: Sequence[NearShop]
    """Shops of the same operator, as it seems, and those that it may be again; none rejected."""
    agent: Agent | None
    """Whose authorised shop it is, as far as the reader may know of the agent."""
    run: PatrolRun | None
    """The run that saw it last."""
    deeds: Sequence[AuditEntry]


def list_shops(  # noqa: PLR0913 - filters
    desk: Desk,
    after: str | None = None,
    *,
    state: ShopState | None = None,
    platform: str | None = None,
    words: str = "",
    limit: int = 50,
    order: Order | None = None,
) -> Slice[Shop]:
    """Shops by state, platform, and words in name or key; the latest seen first."""
    with desk.begin(Permission.SHOP_READ) as work:
        query = work.select(Shop)
        if state is not None:
            query = query.where(Shop.state == state)
        if platform is not None:
            query = query.where(Shop.platform == platform)
        for word in words.split()[:_MOST_WORDS]:
            query = query.where(
                col(Shop.name).icontains(word, autoescape=True)
                | col(Shop.shop_key).icontains(word, autoescape=True)
            )
        return work.slice(query, order or Order.by(Shop.last_seen_at), after, limit)


def platforms_seen(desk: Desk) -> Sequence[str]:
    """The platforms on which the actor knows of shops."""
    return desk.remembered("platforms of shops", partial(_platforms, desk))


def _platforms(desk: Desk) -> Sequence[str]:
    with desk.begin(Permission.SHOP_READ) as work:
        query = work.select(Shop).with_only_columns(col(Shop.platform)).distinct().limit(200)
        return sorted(work.ids(query, Shop))


def shop_record(desk: Desk, shop_id: UUID | str) -> ShopRecord:
    with desk.begin(Permission.SHOP_READ) as work:
        shop = work.get(Shop, shop_id)
        return ShopRecord(
            shop,
            _flagged(work, shop),
            work.all(
                work.select(Finding)
                .where(Finding.shop_id == shop.id)
                .order_by(col(Finding.id).desc())
            ),
            work.all(
                work.select(SeenPicture)
                .where(SeenPicture.shop_id == shop.id)
                .order_by(col(SeenPicture.badge_verdict) == "", col(SeenPicture.id).desc())
            ),
            _near(work, shop),
            _agent(work, shop),
            _last_run(work, shop),
            history(work, shop),
        )


def kept_pictures(desk: Desk, pictures: Sequence[SeenPicture]) -> set[str]:
    """Which of them lie in the store as they were, so that a page can show them."""
    store = desk.house.evidence
    return {one.sha256 for one in pictures if store.has(Digest(one.sha256))}


def _flagged(work: Work, shop: Shop) -> Sequence[SeenListing]:
    return work.session.exec(
        work.select(SeenListing)
        .where(SeenListing.shop_id == shop.id, col(SeenListing.label) != Label.NOT_CARD)
        .order_by(col(SeenListing.id).desc())
        .limit(MOST_SHOWN)
    ).all()


def _near(work: Work, shop: Shop) -> Sequence[NearShop]:
    links = work.all(
        work.select(ShopLink)
        .where((ShopLink.one_id == shop.id) | (ShopLink.other_id == shop.id))
        .where(col(ShopLink.state) != LinkState.REJECTED)
        .order_by(col(ShopLink.score).desc())
    )
    others = {one.other_id if one.one_id == shop.id else one.one_id for one in links}
    shops = {one.id: one for one in work.all(work.select(Shop).where(col(Shop.id).in_(others)))}
    ends = ((one, one.other_id if one.one_id == shop.id else one.one_id) for one in links)
    return [NearShop(link, shops[end]) for link, end in ends if end in shops]


def _agent(work: Work, shop: Shop) -> Agent | None:
    if shop.agent_id is None:
        return None
    return work.session.exec(work.select(Agent).where(Agent.id == shop.agent_id)).first()


def _last_run(work: Work, shop: Shop) -> PatrolRun | None:
    if shop.last_run_id is None:
        return None
    return work.session.exec(work.select(PatrolRun).where(PatrolRun.id == shop.last_run_id)).first()


def move_shop(work: Work, shop: Shop, *moves: ShopMove, **facts: object) -> None:
    """Take the first of the moves that is open from where the shop stands; none may be."""
    move = next((move for move in moves if move in shop.open_moves()), None)
    if move is not None:
        shop.move(move)
        work.record("shop.moved", shop, move=move.value, **facts)
