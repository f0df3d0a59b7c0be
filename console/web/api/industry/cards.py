"""May this card be used, and for what: asked by a network for one card at a time."""

from uuid import UUID

from fastapi import APIRouter

from console.actions.cards.industry.scope_check import CardReason, check_card
from console.web.api.base import Reading
from console.web.api.channel.shapes import Out, shapes_of
from console.web.api.industry.shapes import CardScopeOut
from models.cards.card_orders import CardMeasure
from models.cards.classes import CardClass
from models.cards.industry import BatchState
from models.formats import Luhn

router = APIRouter()


class HoldOut(Out):
    """An order that is in force for the card."""

    id: UUID
    number: str
    measure: CardMeasure
    is_emergency_exempt: bool


class CardCheckOut(Out):
    iccid: str
    luhn: Luhn
    """A check digit that fails is no reason: not every issuer keeps to it."""
    is_usable: bool
    reasons: list[CardReason]
    """Why it may not be used."""
    batch_id: UUID | None
    batch: str | None
    """Null where it is in none that the asker sees."""
    state: BatchState | None
    card_class: CardClass | None
    scope: CardScopeOut | None
    unit: str
    """Who answers for it."""
    device: str
    """The IMEI that it is locked to."""
    orders: list[HoldOut]


@router.get("/industry-cards/{iccid}/scope")
def scope(desk: Reading, iccid: str) -> CardCheckOut:
    """By an ICCID in any of its spellings. A card of no batch is answered, not refused."""
    found = check_card(desk, iccid)
    batch = found.batch
    return CardCheckOut(
        iccid=found.iccid.text,
        luhn=found.iccid.luhn,
        is_usable=found.is_usable,
        reasons=list(found.reasons),
        batch_id=batch.id if batch else None,
        batch=batch.number if batch else None,
        state=found.state,
        card_class=batch.card_class if batch else None,
        scope=CardScopeOut.model_validate(found.scope) if found.scope else None,
        unit=found.unit,
        device=found.device,
        orders=shapes_of(HoldOut, found.orders),
    )
