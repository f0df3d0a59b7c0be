"""In which batches of industry cards numbers are: a card is in one, of whatever carrier."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlmodel import col

from console.actions.cards.industry.card_lists import nearest
from console.desk import Work
from models.cards.industry import IndustryBatch
from models.cards.numbers import card_number


def batch_with(work: Work, iccid: str) -> IndustryBatch | None:
    """The batch that a card is in. No scope is applied: whose it is is shown to nobody here."""
    number = card_number(iccid)
    batch_id = _holders(work, [number]).get(number)
    return work.session.get_one(IndustryBatch, batch_id) if batch_id else None


def own_batches(work: Work, numbers: Iterable[int]) -> Mapping[int, IndustryBatch]:
    """For each card its batch, as far as the actor may know of it, in the order asked."""
    asked = list(numbers)
    held = _holders(work, asked)
    batches = by_id(work, held.values())
    return {one: batches[held[one]] for one in asked if held.get(one) in batches}


def by_id(work: Work, ids: Iterable[UUID]) -> Mapping[UUID, IndustryBatch]:
    """Batches that the actor may know of."""
    query = work.select(IndustryBatch).where(col(IndustryBatch.id).in_(set(ids)))
    return {one.id: one for one in work.all(query)}


def _holders(work: Work, numbers: Iterable[int]) -> Mapping[int, UUID]:
    near = nearest(work, numbers)
    return {number: one.batch_id for number, one in near.items() if one.last >= number}
