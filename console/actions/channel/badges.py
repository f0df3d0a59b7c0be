"""Badges: asked for in the licence's transaction, signed behind it, fallen with it.

A badge is kept as requested and committed before its token is signed, so a crash in between
leaves a row that `finish_badges` finds, and never a token that nobody knows of.
"""

import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.channel.announce import tell
from console.actions.channel.held import held
from console.actions.channel.numbers import next_numbers
from console.desk import PAGE, Desk, House, Order, Slice, Work
from models import badge_picture as picture
from models.audit import AuditEntry
from models.channel.agents import Agent
from models.channel.badges import Badge, BadgeMove, BadgeState
from models.channel.licences import Licence, LicenceState
from models.channel.log import LogKind
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound
from models.rules import end_of
from models.tokens import BADGE_ID_BYTES, Claims, KeyRole, digits_of, sign

SHARD: Final = 131_072
"""Places in one status list (BADGE 2.3)."""
_FILL: Final = 100_000
"""Badges for which places are drawn in one list, so that a free one is soon found."""
_LIVE: Final = (
    BadgeState.REQUESTED,
    BadgeState.ISSUED,
    BadgeState.DISPLAYED,
    BadgeState.SUSPENDED,
)
_BATCH: Final = 500
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


@dataclass(frozen=True, slots=True)
class _Unsigned:
    id: UUID
    badge_id: str
    agent_no: str
    status_index: int
    expires_at: int
    shop: bytes


def code_prefix(house: House) -> str:
    """What stands before the digits: the verify page of this very house, in lower case."""
    return f"{house.settings.public_url.rstrip('/').lower()}/b/"


def status_uri(house: House, status_index: int) -> str:
    """The status list that holds a place; the first is number 1."""
    return f"{house.settings.public_url.rstrip('/')}/s/{status_index // SHARD + 1}"


def request_badges(work: Work, licence: Licence, shops: Iterable[AuthorisedShop]) -> None:
    """A requested badge for every shop that has no live one."""
    have = set(
        work.session.exec(
            select(Badge.shop_id).where(
                Badge.agent_id == licence.agent_id, col(Badge.state).in_(_LIVE)
            )
        ).all()
    )
    for shop in shops:
        if shop.id not in have:
            _request(work, licence, shop)


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


def _request(work: Work, licence: Licence, shop: AuthorisedShop) -> Badge:
    badge = work.add(
        Badge(
            badge_id=os.urandom(BADGE_ID_BYTES).hex(),
            carrier_id=licence.carrier_id,
            agent_id=licence.agent_id,
            licence_id=licence.id,
            shop_id=shop.id,
            platform=shop.platform,
            province=licence.province,
            status_index=_free_place(work),
            issued_at=work.at,
            expires_at=end_of(licence.ends_on),
        )
    )
    work.session.flush()
    tell(work, LogKind.BADGE_REQUESTED, badge, licence=licence.number, shop=shop.title)
    return badge


def _free_place(work: Work) -> int:
    """A random place that nobody has; the counter's lock keeps two from drawing the same."""
    (number,) = next_numbers(work, "badges")
    shard = (number - 1) // _FILL
    while True:
        place = shard * SHARD + secrets.randbelow(SHARD)
        taken = select(Badge.id).where(Badge.status_index == place)
        if work.session.exec(taken).first() is None:
            return place


def finish_badges(desk: Desk, *, licence_id: UUID | None = None) -> int:
    """Sign what was requested under licences that are in force; how many.

    The house does it, whoever approved: issuing is what the system owes to an approval (4.5).
    """
    own = desk.house.desk()
    waiting = _unsigned(own, licence_id)
    if not waiting:
        return 0
    signer = own.house.keys.ensure(KeyRole.BADGE, own.now())
    issued = 0
    for one in waiting:
        claims = Claims(
            agent_no=one.agent_no,
            issued_at=int(own.now().timestamp()),
            expires_at=one.expires_at,
            badge_id=bytes.fromhex(one.badge_id),
            status_index=one.status_index % SHARD,
            status_uri=status_uri(own.house, one.status_index),
            shops=(one.shop,),
        )
        token = sign(claims, signer.kid, signer.raw_sign, signer.alg)
        issued += _keep(own, one.id, token)
    return issued


def _unsigned(own: Desk, licence_id: UUID | None) -> list[_Unsigned]:
    query = (
        select(Badge, Agent.agent_no, AuthorisedShop)
        .join(Agent, col(Agent.id) == col(Badge.agent_id))
        .join(AuthorisedShop, col(AuthorisedShop.id) == col(Badge.shop_id))
        .join(Licence, col(Licence.id) == col(Badge.licence_id))
        .where(Badge.state == BadgeState.REQUESTED, Licence.state == LicenceState.ACTIVE)
        .where(col(Badge.expires_at) > own.now())
        .limit(_BATCH)
    )
    if licence_id is not None:
        query = query.where(Badge.licence_id == licence_id)
    with own.begin(Permission.BADGE_READ) as work:
        return [
            _Unsigned(
                badge.id,
                badge.badge_id,
                agent_no,
                badge.status_index,
                int(badge.expires_at.timestamp()),
                shop.shop.hash,
            )
            for badge, agent_no, shop in work.session.exec(query).all()
        ]


def _keep(own: Desk, badge_id: UUID, token: bytes) -> bool:
    """Put the token with its badge, unless another has done so or the licence fell meanwhile."""
    with own.begin(Permission.BADGE_ISSUE) as work:
        badge = work.get(Badge, badge_id)
        licence = work.get(Licence, badge.licence_id)
        if badge.state is not BadgeState.REQUESTED or licence.state is not LicenceState.ACTIVE:
            return False
        badge.move(BadgeMove.ISSUE)
        badge.token, badge.token_sha256 = token, sha256(token).hexdigest()
        badge.issued_at = work.at
        tell(work, LogKind.BADGE_ISSUED, badge, token_sha256=badge.token_sha256)
        return True


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
    have = {badge.shop_id for badge in badges if badge.state in _LIVE}
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
            select(Badge).where(Badge.shop_id == shop.id, col(Badge.state).in_(_LIVE))
        ).first()
        if live is not None:
            raise Conflict("channel.badge_live", badge_id=live.badge_id, shop=shop.shop_key)
        badge = _request(work, licence, shop)
    finish_badges(desk, licence_id=licence.id)
    return get_badge(desk, badge.id)


def _licence_for(work: Work, agent: Agent, shop: AuthorisedShop) -> Licence:
    for licence in work.session.exec(
        select(Licence).where(Licence.agent_id == agent.id, Licence.state == LicenceState.ACTIVE)
    ).all():
        if str(shop.id) in licence.shop_ids and shop.ended_at is None:
            return licence
    raise Conflict("channel.no_licence_for_shop", shop=shop.shop_key)


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
        old = held(work, Badge, badge_id, version)
        shop = work.session.get_one(AuthorisedShop, old.shop_id)
        agent = work.session.get_one(Agent, old.agent_id)
        old.move(BadgeMove.REISSUE)
        licence = _licence_for(work, agent, shop)
        # On record first, so that a repeated request is answered with the new badge.
        new = _request(work, licence, shop)
        tell(work, LogKind.BADGE_REPLACED, old, reason=old.reason, by=new.badge_id)
    finish_badges(desk, licence_id=licence.id)
    return get_badge(desk, new.id)


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
        return work.slice(query, Order.by(Badge.id), after, limit)


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


def badge_picture(desk: Desk, badge_id: UUID | str, kind: str = "svg") -> bytes:
    """The code as a picture, `svg` or `png`, for the shop to show."""
    if kind not in {"svg", "png"}:
        raise NotFound("row.not_found", table="Badge")
    badge = get_badge(desk, badge_id)
    if badge.token is None:
        raise Conflict("channel.badge_not_signed", badge_id=badge.badge_id)
    symbol = picture.qr(code_prefix(desk.house), digits_of(badge.token))
    return picture.svg(symbol) if kind == "svg" else picture.png(symbol)
