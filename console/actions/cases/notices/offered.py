"""What the form of a notice without a case offers: findings to rest on, carriers to ask."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select

from console.desk import Desk, Work
from models.channel.licences import Ground
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop
from models.permissions import Permission
from models.staff import CARRIERS, Organisation


class Nameable(NamedTuple):
    """A finding as a form names it."""

    id: UUID
    number: str
    shop: str
    ground: Ground


def nameable_findings(desk: Desk, limit: int) -> Sequence[Nameable]:
    """The newest of one's own that a notice may rest on: the confirmed before the open ones, about
    which a carrier may ask as well.
    """
    found: list[Nameable] = []
    with desk.begin(Permission.FINDING_READ) as work:
        found += _newest(work, FindingState.CONFIRMED, limit)
        if not desk.actor.platform and len(found) < limit:
            found += _newest(work, FindingState.OPEN, limit - len(found))
    return found


def _newest(work: Work, state: FindingState, limit: int) -> Sequence[Nameable]:
    """By id, which an index gives within an organisation's state; its moment is the row's."""
    key = col(Finding.id)
    own = work.select(Finding).where(Finding.state == state).with_only_columns(key)
    ids = work.ids(own.order_by(key.desc()).limit(limit), Finding)
    rows = work.session.exec(
        select(Finding.id, Finding.number, Shop.name, Finding.ground)
        .join(Shop, col(Shop.id) == Finding.shop_id)
        .where(key.in_(ids))
        .order_by(key.desc())
        .limit(limit)
    )
    return [Nameable(row_id, number, shop, Ground(ground)) for row_id, number, shop, ground in rows]


def carriers_to_ask(desk: Desk) -> Mapping[str, str]:
    """Names of the other carriers that work here, by their codes."""
    with desk.begin(Permission.RULE_READ) as work:
        query = (
            select(Organisation.code, Organisation.name)
            .where(Organisation.seen_by(work.actor), col(Organisation.disabled_at).is_(None))
            .where(col(Organisation.kind).in_(CARRIERS))
            .where(col(Organisation.id).not_in(work.actor.organisations))
            .order_by(col(Organisation.code))
        )
        return dict(work.session.exec(query).all())
