"""May this card be used, and for what: asked for one card, answered by two steps of an index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Text, cast
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select

from console.desk import Desk, Work
from models.cards.accountable import AccountableUnit
from models.cards.card_orders import IN_FORCE, LIMITS_SERVICE, CardOrder
from models.cards.industry import BEFORE_USE, BatchState, IndustryBatch
from models.cards.numbers import CardFault, card_number, card_of
from models.cards.ranges import DeviceLock, IndustryRange
from models.cards.scopes import CardScope
from models.formats import Iccid
from models.permissions import Permission
from models.refusals import Invalid


class CardReason(StrEnum):
    """Why a card may not be used."""

    IN_NO_BATCH = "in_no_batch"
    NOT_IN_USE = "not_in_use"
    RESTRICTED = "restricted"
    SHUT_DOWN = "shut_down"
    RETIRED = "retired"
    ORDERED = "ordered"


_NEAR: Final = aliased(IndustryRange)
_OF_STATE: Final[Mapping[BatchState, CardReason]] = {
    **dict.fromkeys((*BEFORE_USE, BatchState.REFUSED), CardReason.NOT_IN_USE),
    BatchState.RESTRICTED: CardReason.RESTRICTED,
    BatchState.SHUT_DOWN: CardReason.SHUT_DOWN,
    BatchState.RETIRED: CardReason.RETIRED,
}


@dataclass(frozen=True, slots=True)
class CardCheck:
    iccid: Iccid
    batch: IndustryBatch | None
    """None: it is in no batch that the actor sees."""
    scope: CardScope | None
    unit: str
    """Who answers for it."""
    device: str
    """The IMEI that it is locked to; empty where it is to none."""
    orders: Sequence[CardOrder]
    """What is in force for the card, or for its whole batch."""
    reasons: Sequence[CardReason]

    @property
    def state(self) -> BatchState | None:
        return self.batch.state if self.batch else None

    @property
    def is_usable(self) -> bool:
        return not self.reasons


def check_card(desk: Desk, iccid: str) -> CardCheck:
    """What is known of a card, by its ICCID in any of its spellings."""
    card = card_of(iccid)
    if isinstance(card, CardFault):
        raise Invalid("stock.no_iccid", value=iccid.strip()[:40])
    with desk.begin(Permission.INDUSTRY_READ) as work:
        return _checked(work, card)


def _checked(work: Work, card: Iccid) -> CardCheck:
    number = card_number(card.key)
    nearest = (
        select(_NEAR.id)
        .where(col(_NEAR.first) <= number)
        .order_by(col(_NEAR.first).desc())
        .limit(1)
        .scalar_subquery()
    )
    found = work.session.exec(
        select(IndustryBatch, CardScope, col(AccountableUnit.name), col(DeviceLock.device))
        .join(IndustryRange, col(IndustryRange.batch_id) == col(IndustryBatch.id))
        .outerjoin(CardScope, col(CardScope.batch_id) == col(IndustryBatch.id))
        .outerjoin(AccountableUnit, col(AccountableUnit.id) == col(IndustryBatch.unit_id))
        .outerjoin(DeviceLock, col(DeviceLock.card) == number)
        .where(col(IndustryRange.id) == nearest, col(IndustryRange.last) >= number)
        .where(IndustryBatch.seen_by(work.actor))
    ).first()
    if found is None:
        return CardCheck(card, None, None, "", "", (), (CardReason.IN_NO_BATCH,))
    batch, scope, unit, device = found
    orders = _orders(work, batch, card)
    reasons = [_OF_STATE[batch.state]] if batch.state in _OF_STATE else []
    if any(one.measure in LIMITS_SERVICE for one in orders):
        reasons.append(CardReason.ORDERED)
    return CardCheck(card, batch, scope, unit or "", device or "", orders, tuple(reasons))


def _orders(work: Work, batch: IndustryBatch, card: Iccid) -> Sequence[CardOrder]:
    """Of the whole batch, or such that name the card: its 19 characters are part of no other's."""
    named = cast(col(CardOrder.cards), Text)
    rows = work.session.exec(
        select(CardOrder)
        .where(CardOrder.batch_id == batch.id, col(CardOrder.state).in_(IN_FORCE))
        .where(or_(named == "[]", named.contains(card.key)))
        .order_by(col(CardOrder.id))
    ).all()
    return [one for one in rows if one.covers(card.key)]
