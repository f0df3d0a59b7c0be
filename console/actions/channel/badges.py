"""Badges: asked for in the licence's transaction, signed behind it, fallen with it.

A badge is kept as requested and committed before its token is signed, so a crash in between
leaves a row that `finish_badges` finds, and never a token that nobody knows of.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.channel.announce import tell
from console.actions.channel.held import held
from console.actions.channel.issuing import finish_badges, hold_related
from console.actions.channel.places import draw_places
from console.desk import PAGE, Desk, House, Order, Slice, Work
from models.audit import AuditEntry
from models.channel.agents import Agent
from models.channel.badges import LIVE, Badge, BadgeMove, BadgeState
from models.channel.licences import Licence, LicenceState
from models.channel.log import LogKind
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import end_of
from models.tokens import BADGE_ID_BYTES, digits_of

_TOLD: Final = {
    BadgeMove.SUSPEND: LogKind.BADGE_SUSPENDED,
    BadgeMove.RESUME: LogKind.BADGE_RESUMED,
    BadgeMove.COPIED_DETECTED: LogKind.BADGE_COMPROMISED,
    BadgeMove.REVOKE: LogKind.BADGE_REVOKED,
    BadgeMove.EXPIRE: LogKind.BADGE_EXPIRED,
}


@dataclass(frozen=True, slots=True)
class BadgeRecord:
    badge: Badge
    agent: Agent
    licence: Licence
    shop: AuthorisedShop
    url: str | None
    """What its code says; None before it is signed."""
    deeds: Sequence[AuditEntry]


def code_prefix(house: House) -> str:
    """What stands before the digits: the verify page of this very house, in lower case."""
    return f"{house.settings.public_url.rstrip('/').lower()}/b/"


def request_badges(work: Work, licence: Licence, shops: Iterable[AuthorisedShop]) -> None:
    """A requested badge for every shop that has no live one."""
    have = set(
        work.session.exec(
            select(Badge.shop_id).where(
                Badge.agent_id == licence.agent_id, col(Badge.state).in_(LIVE)
            )
        ).all()
    )
    without = [shop for shop in shops if shop.id not in have]
    if without:
        _request(work, licence, without)


def request_missing(work: Work, agent_id: UUID) -> None:
    """Badges for shops that an active licence names and that have none any more."""
    for licence in work.session.exec(
        select(Licence).where(Licence.agent_id == agent_id, Licence.state == LicenceState.ACTIVE)
    ).all():
        request_badges(work, licence, _live_shops(work, licence))
        work.session.flush()


def _live_shops(work: Work, licence: Licence) -> Sequence[AuthorisedShop]:
    return work.session.exec(
        select(AuthorisedShop).where(
            col(AuthorisedShop.id).in_([UUID(one) for one in licence.shop_ids]),
            col(AuthorisedShop.ended_at).is_(None),
        )
    ).all()


def _request(
    work: Work,
    licence: Licence,
    shops: Sequence[AuthorisedShop],
    instead: Mapping[UUID, Badge] | None = None,
) -> Sequence[Badge]:
    """A requested badge for each shop; `instead` are those that are replaced, by shop."""
    places = draw_places(work, len(shops))
    badges = [
        Badge(
            badge_id=os.urandom(BADGE_ID_BYTES).hex(),
            carrier_id=licence.carrier_id,
            agent_id=licence.agent_id,
            licence_id=licence.id,
            shop_id=shop.id,
            platform=shop.platform,
            province=licence.province,
            status_index=place,
            replaces_id=instead[shop.id].id if instead and shop.id in instead else None,
            issued_at=work.at,
            expires_at=end_of(licence.ends_on),
        )
        for shop, place in zip(shops, places, strict=True)
    ]
    hold_related(work, badges)
    work.session.add_all(badges)
    work.session.flush()
    for badge, shop in zip(badges, shops, strict=True):
        tell(work, LogKind.BADGE_REQUESTED, badge, licence=licence.number, shop=shop.title)
    return badges


def shops_without_badge(
    licences: Iterable[Licence], shops: Iterable[AuthorisedShop], badges: Iterable[Badge]
) -> list[AuthorisedShop]:
    """An agent's live shops that a licence in force names and for which no badge is live."""
    named = {
        one
        for licence in licences
        if licence.state is LicenceState.ACTIVE
        for one in licence.shop_ids
    }
    have = {badge.shop_id for badge in badges if badge.state in LIVE}
    return [
        shop
        for shop in shops
        if shop.ended_at is None and str(shop.id) in named and shop.id not in have
    ]


def issue_badge(desk: Desk, shop_id: UUID | str) -> Badge:
    """A badge for a shop that an active licence names and that has none."""
    with desk.begin(Permission.BADGE_ISSUE) as work:
        shop = work.get(AuthorisedShop, shop_id)
        agent = held(work, Agent, shop.agent_id, None)
        licence = _licence_for(work, agent, shop)
        live = work.session.exec(
            select(Badge).where(Badge.shop_id == shop.id, col(Badge.state).in_(LIVE))
        ).first()
        if live is not None:
            raise Conflict("channel.badge_live", badge_id=live.badge_id, shop=shop.shop_key)
        (badge,) = _request(work, licence, [shop])
    finish_badges(desk, licence_id=licence.id)
    return get_badge(desk, badge.id)


def _licence_for(work: Work, agent: Agent, shop: AuthorisedShop) -> Licence:
    licence = licence_for(work, agent.id, shop)
    if licence is None:
        raise Conflict("channel.no_licence_for_shop", shop=shop.shop_key)
    return licence


def licence_for(work: Work, agent_id: UUID, shop: AuthorisedShop) -> Licence | None:
    """The licence in force under which the shop may have a badge."""
    for licence in work.session.exec(
        select(Licence).where(Licence.agent_id == agent_id, Licence.state == LicenceState.ACTIVE)
    ).all():
        if str(shop.id) in licence.shop_ids and shop.ended_at is None:
            return licence
    return None


def badges_follow(work: Work, licence: Licence, move: BadgeMove, reason: str) -> None:
    """What a licence's move does to its badges, in the same transaction."""
    rows = work.session.exec(
        select(Badge).where(Badge.licence_id == licence.id).with_for_update()
    ).all()
    for badge in rows:
        if move in badge.open_moves():
            _fall(work, badge, move, reason)


def revoke_badge_of(work: Work, shop_id: UUID, reason: str) -> None:
    for badge in work.session.exec(
        select(Badge).where(Badge.shop_id == shop_id).with_for_update()
    ).all():
        if BadgeMove.REVOKE in badge.open_moves():
            _fall(work, badge, BadgeMove.REVOKE, reason)


def _fall(work: Work, badge: Badge, move: BadgeMove, reason: str) -> None:
    badge.move(move)
    badge.reason = reason
    tell(work, _TOLD[move], badge, reason=reason)


def mark_copied(desk: Desk, badge_id: UUID | str, *, seen_at: str) -> Badge:
    """The badge was seen in another shop: it is worth nothing from now on (4.5)."""
    if not seen_at.strip():
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.BADGE_ISSUE) as work:
        return fall_as_copied(work, badge_id, seen_at)


def fall_as_copied(work: Work, badge_id: UUID | str, seen_at: str) -> Badge:
    """The same within another deed's transaction."""
    badge = held(work, Badge, badge_id, None)
    _fall(work, badge, BadgeMove.COPIED_DETECTED, seen_at.strip())
    return badge


def mark_displayed(desk: Desk, badge_id: UUID | str, *, proof: str) -> Badge:
    """A patrol or a platform has seen the badge where it belongs; seen again changes nothing."""
    with desk.begin(Permission.BADGE_ISSUE) as work:
        badge = held(work, Badge, badge_id, None)
        if badge.state is BadgeState.ISSUED:
            badge.move(BadgeMove.DISPLAYED_SEEN)
            tell(work, LogKind.BADGE_DISPLAYED, badge, proof=proof)
        return badge


def reissue_badge(desk: Desk, badge_id: UUID | str, version: int | None = None) -> Badge:
    """A new badge in place of one that was copied."""
    with desk.begin(Permission.BADGE_ISSUE) as work:
        new = replace_badge(work, held(work, Badge, badge_id, version))
    finish_badges(desk, licence_id=new.licence_id)
    return get_badge(desk, new.id)


def replace_badge(work: Work, old: Badge) -> Badge:
    """The requested badge that comes in place of one that is void; Conflict without a licence."""
    shop = work.session.get_one(AuthorisedShop, old.shop_id)
    agent = work.session.get_one(Agent, old.agent_id)
    old.move(BadgeMove.REISSUE)
    licence = _licence_for(work, agent, shop)
    # On record first, so that a repeated request is answered with the new badge.
    (new,) = _request(work, licence, [shop], {shop.id: old})
    tell(work, LogKind.BADGE_REPLACED, old, reason=old.reason, by=new.badge_id)
    return new


def void_badge(work: Work, badge: Badge, reason: str) -> None:
    """The badge is worth nothing from now on, and another may come in its place."""
    _fall(work, badge, BadgeMove.COPIED_DETECTED, reason)


def get_badge(desk: Desk, badge_id: UUID | str) -> Badge:
    with desk.begin(Permission.BADGE_READ) as work:
        return work.get(Badge, badge_id)


def list_badges(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    q: str = "",
    *,
    state: BadgeState | None = None,
    platform: str | None = None,
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[Badge]:
    """Badges that the actor may know of, by the beginning of their id; latest first."""
    with desk.begin(Permission.BADGE_READ) as work:
        query = work.select(Badge)
        if state is not None:
            query = query.where(Badge.state == state)
        if platform:
            query = query.where(Badge.platform == platform)
        if words := q.strip().lower():
            query = query.where(col(Badge.badge_id).startswith(words, autoescape=True))
        return work.slice(query, order or Order.by(Badge.id), after, limit)


def badge_record(desk: Desk, badge_id: UUID | str) -> BadgeRecord:
    with desk.begin(Permission.BADGE_READ) as work:
        badge = work.get(Badge, badge_id)
        return BadgeRecord(
            badge=badge,
            agent=work.session.get_one(Agent, badge.agent_id),
            licence=work.session.get_one(Licence, badge.licence_id),
            shop=work.session.get_one(AuthorisedShop, badge.shop_id),
            url=code_of(desk.house, badge),
            deeds=history(work, badge),
        )


def code_of(house: House, badge: Badge) -> str | None:
    return None if badge.token is None else code_prefix(house) + digits_of(badge.token)
