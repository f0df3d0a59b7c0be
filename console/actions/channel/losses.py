"""After a key was lost: its badges are replaced, and what is published is signed anew.

Each step is a bounded batch that finds by itself what is left to do, so a sweep that is cut off
goes on where it was.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from console.actions.channel.badges import licence_for, replace_badge, void_badge
from console.actions.channel.golden import register_folder, write_register
from console.actions.channel.issuing import finish_badges
from console.actions.channel.keys import signer
from console.actions.channel.publish import jws
from console.desk import Desk, Work
from models.channel.badges import LIVE, Badge, BadgeState
from models.channel.issuing import SigningKey
from models.channel.licences import Licence, LicenceState
from models.channel.log import LogCheckpoint, LogEntry, LogKind
from models.channel.publications import Publication, PublicationState
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.tokens import KeyRole

_BATCH: Final = 200
_STANDING: Final = (BadgeState.ISSUED, BadgeState.DISPLAYED, BadgeState.SUSPENDED)


def sweep_losses(desk: Desk) -> int:
    """Go on with every key that was lost until nothing is left that can be done now."""
    own = desk.house.desk()
    with own.begin(Permission.KEY_READ) as work:
        lost = work.session.exec(
            select(SigningKey).where(col(SigningKey.revoked_at).is_not(None))
        ).all()
    done = 0
    for key in lost:
        if key.role is KeyRole.BADGE:
            done += reissue_after_loss(own, key.kid)
        elif key.role is KeyRole.REGISTER:
            done += sign_lists_anew(own, key.kid)
    return done


def reissue_after_loss(desk: Desk, kid: str, limit: int = _BATCH) -> int:
    """Void the badges of a lost key and replace them, so many at a time; how many were replaced.

    One that a witness vouches for stays. One whose licence is suspended is void at once, and
    replaced when the licence is in force again.
    """
    own = desk.house.desk()
    with own.begin(Permission.KEY_READ) as work:
        key = work.session.get(SigningKey, kid)
    if key is None or key.revoked_at is None:
        return 0
    while _void(own, key, limit):
        pass
    replaced, last = 0, None
    while True:
        count, last = _replace(own, kid, last, limit)
        replaced += count
        if last is None:
            break
    if replaced:
        finish_badges(own)
    return replaced


def _void(own: Desk, key: SigningKey, limit: int) -> int:
    """Those that no log vouches for: not under a head that a witness signed before the loss."""
    with own.begin(Permission.BADGE_ISSUE) as work:
        size = work.session.exec(
            select(func.coalesce(func.max(LogCheckpoint.size), 0)).where(
                col(LogCheckpoint.cosigned_at) < key.revoked_at
            )
        ).one()
        vouched = select(LogEntry.seq).where(
            LogEntry.token_sha256 == Badge.token_sha256,
            LogEntry.kind == LogKind.BADGE_ISSUED,
            col(LogEntry.leaf) < size,
        )
        rows = work.session.exec(
            select(Badge)
            .where(Badge.kid == key.kid, col(Badge.state).in_(_STANDING), ~vouched.exists())
            .order_by(col(Badge.id))
            .limit(limit)
            .with_for_update()
        ).all()
        for badge in rows:
            void_badge(work, badge, lost_reason(key.kid))
        return len(rows)


def lost_reason(kid: str) -> str:
    """How a badge says that it was its key and no copy; `_replace` finds it by that."""
    return f"密钥 {kid} 失控 · key {kid} lost"


def _replace(own: Desk, kid: str, last: UUID | None, limit: int) -> tuple[int, UUID | None]:
    """Those of a batch whose shops may have a badge now; how many, and the last that was seen."""
    other = aliased(Badge)
    has_one = select(other.id).where(other.shop_id == Badge.shop_id, col(other.state).in_(LIVE))
    licensed = select(Licence.id).where(
        Licence.agent_id == Badge.agent_id, Licence.state == LicenceState.ACTIVE
    )
    query = (
        select(Badge, AuthorisedShop)
        .join(AuthorisedShop, col(AuthorisedShop.id) == col(Badge.shop_id))
        .where(Badge.kid == kid, Badge.state == BadgeState.COMPROMISED)
        .where(Badge.reason == lost_reason(kid), col(AuthorisedShop.ended_at).is_(None))
        .where(licensed.exists(), ~has_one.exists())
        .order_by(col(Badge.id))
        .limit(limit)
    )
    if last is not None:
        query = query.where(col(Badge.id) > last)
    with own.begin(Permission.BADGE_ISSUE) as work:
        found = work.session.exec(query.with_for_update(of=Badge)).all()
        olds = [badge for badge, shop in found if licence_for(work, badge.agent_id, shop)]
        for old in olds:
            replace_badge(work, old)
    return len(olds), found[-1][0].id if found else None


def sign_lists_anew(desk: Desk, kid: str) -> int:
    """Lists that are out and carry a lost key's signature get one of the key that signs now."""
    own = desk.house.desk()
    with own.begin(Permission.PUBLICATION_READ) as work:
        found = [one.id for one in _out(work) if _kid_of(one.signature or "") == kid]
    if not found:
        return 0
    by = signer(own, KeyRole.REGISTER)
    with own.begin(Permission.PUBLICATION_PUBLISH) as work:
        for one in _out(work):
            if one.id in found and one.signature and _kid_of(one.signature) == kid:
                one.signature = jws(by, _part(one.signature, 1))
                work.record("publication.signed_anew", one, kid=by.kid.hex(), lost=kid)
        work.no_deed()
    folder = register_folder(own.house)
    if (folder / "manifest.json").exists():
        write_register(own, folder)
    return len(found)


def _out(work: Work) -> Sequence[Publication]:
    return work.session.exec(
        select(Publication).where(
            Publication.state == PublicationState.PUBLISHED, col(Publication.signature).is_not(None)
        )
    ).all()


def _kid_of(signature: str) -> str:
    return json.loads(_part(signature, 0))["kid"] if signature else ""


def _part(signature: str, place: int) -> bytes:
    text = signature.split(".")[place]
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
