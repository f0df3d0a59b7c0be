"""Users of cards a screen at a time, as people look at them, and several of them ended at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.cards.industry.one_card import card_in
from console.actions.cards.industry.users import end_user, unmark
from console.actions.channel.held import Done, each
from console.desk import Desk, Order, Slice, Work
from models.cards.industry import IndustryBatch
from models.cards.users import CardUser, UnattributedRange, UserSlot
from models.permissions import Permission
from models.rules import china_day, parameter


@dataclass(frozen=True, slots=True)
class UsersScreen:
    """Some users of a batch, and how many cards each has with the carrier."""

    users: Slice[CardUser]
    cards: Mapping[UUID, int]
    """By a user's row, of those in force: cards of this and of any other batch."""
    limit: int
    """That one person may have (iot_person_limit)."""


def users_screen(
    desk: Desk,
    batch_id: UUID | str,
    iccid: str = "",
    *,
    ended: bool = False,
    after: str | None = None,
) -> UsersScreen:
    """Users in force, or those before them, in the order of their cards; of one card alone."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        query = work.select(CardUser).where(
            CardUser.batch_id == batch.id, col(CardUser.is_open).is_(not ended)
        )
        if iccid.strip():
            query = query.where(CardUser.card == card_in(work, batch, iccid))
        found = work.slice(query, Order.by(CardUser.card, descending=False), after)
        limit = parameter("iot_person_limit", china_day(work.at)).value
        return UsersScreen(found, _cards_of(work, batch, found.rows), limit)


def marks_of(
    desk: Desk, batch_id: UUID | str, *, after: str | None = None
) -> Slice[UnattributedRange]:
    """Cards that can't be matched with a user each, in their order."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        query = work.select(UnattributedRange).where(UnattributedRange.batch_id == batch.id)
        return work.slice(query, Order.by(UnattributedRange.first, descending=False), after)


def end_users_of(
    desk: Desk, batch_id: UUID | str, user_ids: Sequence[UUID], reason: str
) -> list[Done]:
    """End many, each by itself: one that is refused stops none of the others."""
    return each(desk, Permission.INDUSTRY_EDIT, user_ids, partial(_end, batch_id, reason))


def unmark_of(
    desk: Desk, batch_id: UUID | str, mark_ids: Sequence[UUID], reason: str
) -> list[Done]:
    """Take many marks off, each by itself."""
    return each(desk, Permission.INDUSTRY_EDIT, mark_ids, partial(_unmark, batch_id, reason))


def _end(batch_id: UUID | str, reason: str, desk: Desk, user_id: UUID) -> UUID:
    return end_user(desk, batch_id, user_id, reason).id


def _unmark(batch_id: UUID | str, reason: str, desk: Desk, mark_id: UUID) -> UUID:
    return unmark(desk, batch_id, mark_id, reason).id


def _cards_of(work: Work, batch: IndustryBatch, users: Sequence[CardUser]) -> Mapping[UUID, int]:
    """The blind index tells who is the same, and says nothing of them."""
    indexes = {one.document_index for one in users if one.is_open}
    counted = select(UserSlot.document_index, func.count()).where(
        UserSlot.carrier_id == batch.carrier_id, col(UserSlot.document_index).in_(indexes)
    )
    taken = dict(work.session.exec(counted.group_by(col(UserSlot.document_index))).all())
    return {one.id: taken.get(one.document_index, 0) for one in users if one.is_open}
