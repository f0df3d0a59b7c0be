"""Rows that hang on a batch of industry cards are seen by whoever sees the batch."""

from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import Mapped
from sqlmodel import select

from models.cards.industry import IndustryBatch
from models.staff import Actor


def of_batch(actor: Actor, batch_id: Mapped[UUID]) -> ColumnElement[bool]:
    if actor.is_house:
        return true()
    return batch_id.in_(select(IndustryBatch.id).where(IndustryBatch.seen_by(actor)))
