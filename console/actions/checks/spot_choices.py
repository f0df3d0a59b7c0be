"""Whom and what a form of spot checks offers: people, laptops, shops."""

from collections.abc import Sequence
from typing import Final

from sqlmodel import col, or_

from console.actions.staff.able import may
from console.desk import Desk
from models.channel.shops import AuthorisedShop
from models.checks.devices import DeviceState, ReaderDevice
from models.permissions import Permission
from models.staff import User

MOST_OFFERED: Final = 50
"""Shops that a search offers: who wants another types more of its name."""


def inspectors(desk: Desk) -> Sequence[User]:
    """Who of the actor's own organisation may read cards, by name."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        return work.all(
            work.select(User)
            .where(User.organisation_id == desk.actor.organisation_id)
            .where(col(User.disabled_at).is_(None), may(Permission.SPOT_CHECK_DO))
            .order_by(col(User.name))
        )


def laptops(desk: Desk) -> Sequence[ReaderDevice]:
    """Those that the actor holds and may read with now."""
    with desk.begin(Permission.DEVICE_READ) as work:
        return work.all(
            work.select(ReaderDevice)
            .where(ReaderDevice.holder_id == desk.actor.id)
            .where(ReaderDevice.state == DeviceState.ACTIVE)
            .order_by(col(ReaderDevice.number))
        )


def shops_named(desk: Desk, words: str) -> Sequence[AuthorisedShop]:
    """Live shops by a part of their name or number; without words the newest."""
    with desk.begin(Permission.SHOP_READ) as work:
        query = work.select(AuthorisedShop).where(col(AuthorisedShop.ended_at).is_(None))
        if part := words.strip():
            named = col(AuthorisedShop.name).contains(part, autoescape=True)
            numbered = col(AuthorisedShop.shop_key).contains(part, autoescape=True)
            query = query.where(or_(named, numbered))
        return work.session.exec(
            query.order_by(col(AuthorisedShop.id).desc()).limit(MOST_OFFERED)
        ).all()
