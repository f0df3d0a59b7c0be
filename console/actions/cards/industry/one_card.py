"""A card of a batch, by its ICCID in any of its spellings."""

from sqlmodel import col, select

from console.desk import Work
from models.cards.industry import IndustryBatch
from models.cards.numbers import CardFault, card_number, card_of
from models.cards.ranges import IndustryRange
from models.refusals import Invalid


def card_in(work: Work, batch: IndustryBatch, text: str) -> int:
    """Its number; refused where it is none, or in another batch or nowhere."""
    card = card_of(text)
    if isinstance(card, CardFault):
        raise Invalid("monitoring.no_iccid", value=text.strip()[:40])
    number = card_number(card.key)
    held = (
        select(IndustryRange.id)
        .where(IndustryRange.batch_id == batch.id)
        .where(col(IndustryRange.first) <= number, col(IndustryRange.last) >= number)
    )
    if work.session.exec(held.limit(1)).first() is None:
        raise Invalid("monitoring.not_in_batch", iccid=card.key, number=batch.number)
    return number
