"""Who uses which card, where its class asks for it, and which cards can have no one (004-2.3-d)."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CursorResult, case, delete, func, literal, update
from sqlmodel import col, select

from console.actions.cards.industry.brought import BroughtPerson, Outcome, RefusedRow, RowReason
from console.actions.cards.industry.card_lists import cards_named, nearest, overlapping
from console.actions.cards.industry.files import attributed_of, held_batch, written
from console.desk import PAGE, Desk, Order, Slice, Work
from models.base import UtcDateTime
from models.cards.classes import ClassPolicy, class_policy
from models.cards.industry import ENDED, IndustryBatch
from models.cards.numbers import CardFault, CardRange, card_key, card_number, card_of
from models.cards.persons import PersonReason
from models.cards.users import CardUser, UnattributedRange, UserSlot
from models.formats import Iccid, compact
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound
from models.rules import Parameter, china_day, parameter

_VIN: Final = re.compile("[A-HJ-NPR-Z0-9]{17}")
"""ISO 3779: no I, O or Q. Its ninth place is a check digit in some countries alone."""
_T_BOX: Final = re.compile("(?!.{17}$)(?=.*[0-9])[A-Z0-9][A-Z0-9-]{5,31}")
"""Numbers of their makers; of seventeen characters is a chassis alone."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """How many of a batch's cards have a registered user, or a mark why they have none."""

    cards: int
    users: int
    marked: int
    """And without a user."""

    @property
    def missing(self) -> int:
        return self.cards - self.users - self.marked


def attribution(desk: Desk, batch_id: UUID | str) -> Attribution:
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        users = work.session.exec(
            select(func.count()).where(
                CardUser.batch_id == batch.id, col(CardUser.is_open).is_(True)
            )
        ).one()
        return Attribution(batch.cards, users, attributed_of(work, batch) - users)


def list_users(
    desk: Desk, batch_id: UUID | str, *, after: str | None = None, limit: int = PAGE
) -> Slice[CardUser]:
    """Users in force, in the order of their cards, by their masks."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        query = select(CardUser).where(
            CardUser.batch_id == batch.id, col(CardUser.is_open).is_(True)
        )
        return work.slice(query, Order.by(CardUser.card, descending=False), after, limit)


def users_of_card(desk: Desk, iccid: str) -> Sequence[CardUser]:
    """Who has used a card, the newest first."""
    number = _card(iccid)
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = work.select(CardUser).where(CardUser.card == number)
        return work.all(query.order_by(col(CardUser.id).desc()))


def end_user(
    desk: Desk, batch_id: UUID | str, user_id: UUID | str, reason: str, version: int | None = None
) -> CardUser:
    """The card is used by that person no more: they may have another one for it."""
    why = written(desk, "reason", reason, 500)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = held_batch(work, batch_id, version)
        user = work.get(CardUser, user_id)
        if user.batch_id != batch.id or not user.is_open:
            raise Conflict("industry.user_ended", number=batch.number)
        _close(work, [user])
        batch.version += 1
        work.record("card_users.ended", batch, user=str(user.id), reason=why)
        return user


def mark_unattributed(  # noqa: PLR0913 - what a mark says
    desk: Desk,
    batch_id: UUID | str,
    first: str,
    last: str,
    *,
    reason: str,
    version: int | None = None,
) -> UnattributedRange:
    """Cards that can't be matched with a user each, and why: the unit answers for them.

    Some of them may have users all the same; those count as such.
    """
    why = written(desk, "reason", reason, 500)
    cards = cards_named(first, last)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = held_batch(work, batch_id, version)
        _must_ask_for_users(batch)
        _must_hold(work, batch, cards)
        _must_be_unmarked(work, batch, cards)
        mark = work.add(
            UnattributedRange(
                batch_id=batch.id,
                first=cards.first,
                last=cards.last,
                reason=why,
                marked_by=work.actor.id,
                marked_at=work.at,
            )
        )
        batch.version += 1
        ends = {"first": card_key(cards.first), "last": card_key(cards.last)}
        work.record("card_users.unattributed", batch, cards=cards.cards, reason=why, **ends)
        return mark


def unmark(
    desk: Desk, batch_id: UUID | str, mark_id: UUID | str, reason: str, version: int | None = None
) -> IndustryBatch:
    """The mark was wrong, or is needed no more."""
    why = written(desk, "reason", reason, 500)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = held_batch(work, batch_id, version)
        mark = work.get(UnattributedRange, mark_id)
        if mark.batch_id != batch.id:
            raise NotFound("row.not_found", table=UnattributedRange.__name__)
        ends = {"first": card_key(mark.first), "last": card_key(mark.last)}
        work.session.delete(mark)
        batch.version += 1
        work.record("card_users.mark_removed", batch, reason=why, **ends)
        return batch


def take_users(work: Work, batch: IndustryBatch, brought: Sequence[BroughtPerson]) -> Outcome:
    """Register users of cards, verified; the caller holds the batch. A card's old one gives way."""
    policy = class_policy(batch.card_class)
    if batch.state in ENDED:
        return Outcome(refused=[one.refused("batch", RowReason.BATCH_ENDED) for one in brought])
    if not asks_for_users(policy):
        return Outcome(refused=[one.refused("role", RowReason.UNASKED) for one in brought])
    taking = _taking(work, batch, policy, brought)
    by_card = _histories(work, [_number(one) for one in brought])
    outcome = Outcome()
    for one in brought:
        found = taking.take(one, by_card[_number(one)])
        if isinstance(found, RefusedRow):
            outcome.refused.append(found)
        else:
            outcome.users += found
            outcome.unchanged += not found
    if taking.fresh:
        taking.keep()
        work.record(
            "card_users.registered",
            batch,
            users=outcome.users,
            ended=len(taking.ended),
            rule=taking.limit.version,
        )
    return outcome


@dataclass(slots=True)
class _Taking:
    """Users of one batch on their way into it."""

    work: Work
    batch: IndustryBatch
    policy: ClassPolicy
    limit: Parameter
    slots: dict[bytes, dict[int, UUID]]
    """Of each document, which of its places are taken, and by which user's row."""
    cards: set[int]
    """Of those that are named, the batch's own."""
    fresh: list[CardUser] = field(default_factory=list[CardUser])
    taken: list[UserSlot] = field(default_factory=list[UserSlot])
    ended: list[CardUser] = field(default_factory=list[CardUser])

    def take(self, one: BroughtPerson, history: Sequence[CardUser]) -> bool | RefusedRow:
        """Whether anything changes; or why the row can't be taken."""
        if _number(one) not in self.cards:
            return one.refused("iccid", RowReason.NOT_OF_BATCH, number=self.batch.number)
        if fault := _place_fault(one, self.policy):
            return fault
        index, at = one.sealed.document_index, one.person.verified_at
        same = [row for row in history if (row.document_index, row.verified_at) == (index, at)]
        if any(row.is_open for row in same):
            return False
        if same:
            return one.refused("verified_at", RowReason.VERIFICATION_ENDED)
        before = next((row for row in history if row.is_open), None)
        own = self.slots[index]
        free = (
            slot
            for slot in range(1, self.limit.value + 1)
            if slot not in own or (before is not None and own[slot] == before.id)
        )
        slot = next(free, None)
        if slot is None:
            facts = {"mask": one.sealed.document_mask, "limit": self.limit.value}
            return one.refused("document_no", RowReason.OVER_PERSON_LIMIT, **facts)
        if before is not None:
            self._end(before)
        self._begin(one, slot, before)
        return True

    def keep(self) -> None:
        """Close the old and free their places, then fill them: the constraint looks on."""
        _close(self.work, self.ended)
        self.work.session.add_all(self.fresh)
        self.work.session.flush()
        self.work.session.add_all(self.taken)
        self.work.session.flush()

    def _begin(self, one: BroughtPerson, slot: int, before: CardUser | None) -> None:
        moment = self.work.at if before is None else max(self.work.at, before.since)
        self.fresh.append(
            CardUser(
                **one.sealed.columns,
                id=one.id,
                batch_id=self.batch.id,
                card=_number(one),
                site=one.person.site,
                chassis=compact(one.person.chassis),
                since=moment,
                added_by=self.work.actor.id,
            )
        )
        index = one.sealed.document_index
        self.slots[index][slot] = one.id
        self.taken.append(
            UserSlot(
                document_index=index, carrier_id=self.batch.carrier_id, slot=slot, user_id=one.id
            )
        )

    def _end(self, before: CardUser) -> None:
        own = self.slots[before.document_index]
        for slot in [slot for slot, user in own.items() if user == before.id]:
            del own[slot]
        self.ended.append(before)


def end_users(work: Work, batch: IndustryBatch) -> int:
    """Nobody uses a card of a batch that has just ended, from this moment; how many did.

    A million of them are two statements. Their persons may have other cards for them.
    """
    open_ones = col(CardUser.batch_id) == batch.id, col(CardUser.is_open).is_(True)
    users = select(CardUser.id).where(*open_ones)
    work.session.exec(delete(UserSlot).where(col(UserSlot.user_id).in_(users)))
    began_later = col(CardUser.since) > work.at, col(CardUser.since)
    ended: CursorResult[Any] = work.session.exec(
        update(CardUser)
        .where(*open_ones)
        .values(is_open=False, until=case(began_later, else_=literal(work.at, UtcDateTime)))
        .execution_options(synchronize_session=False)
    )
    return ended.rowcount


def _taking(
    work: Work, batch: IndustryBatch, policy: ClassPolicy, brought: Sequence[BroughtPerson]
) -> _Taking:
    limit = parameter("iot_person_limit", china_day(work.at))
    near = nearest(work, [_number(one) for one in brought])
    cards = {card for card, one in near.items() if one.batch_id == batch.id and one.last >= card}
    indexes = {one.sealed.document_index for one in brought}
    taken: dict[bytes, dict[int, UUID]] = defaultdict(dict)
    query = select(UserSlot).where(
        UserSlot.carrier_id == batch.carrier_id, col(UserSlot.document_index).in_(indexes)
    )
    for one in work.session.exec(query):
        taken[one.document_index][one.slot] = one.user_id
    return _Taking(work, batch, policy, limit, taken, cards)


def _histories(work: Work, cards: Sequence[int]) -> dict[int, list[CardUser]]:
    found: dict[int, list[CardUser]] = defaultdict(list)
    for row in work.session.exec(work.select(CardUser).where(col(CardUser.card).in_(cards))):
        found[row.card].append(row)
    return found


def _place_fault(one: BroughtPerson, policy: ClassPolicy) -> RefusedRow | None:
    """Where the device is, and in which vehicle, where the class asks for it."""
    if policy.site and not one.person.site:
        return one.refused("site", PersonReason.MISSING)
    chassis = compact(one.person.chassis)
    if policy.chassis and not chassis:
        return one.refused("chassis", PersonReason.MISSING)
    if chassis and not (_VIN.fullmatch(chassis) or _T_BOX.fullmatch(chassis)):
        return one.refused("chassis", PersonReason.FORMAT)
    return None


def _close(work: Work, users: Sequence[CardUser]) -> None:
    """Their places are free from now on."""
    ids = [one.id for one in users]
    for slot in work.session.exec(select(UserSlot).where(col(UserSlot.user_id).in_(ids))).all():
        work.session.delete(slot)
    for one in users:
        one.is_open, one.until = False, max(work.at, one.since)
    work.session.flush()


def asks_for_users(policy: ClassPolicy) -> bool:
    """Whether a class has users of its cards, or at least says where each is."""
    return policy.by_user or policy.site


def _must_ask_for_users(batch: IndustryBatch) -> None:
    if batch.state in ENDED:
        raise Conflict("industry.batch_ended", number=batch.number, state=batch.state)
    if not asks_for_users(class_policy(batch.card_class)):
        raise Conflict("industry.no_users_asked", number=batch.number, card_class=batch.card_class)


def _must_hold(work: Work, batch: IndustryBatch, cards: CardRange) -> None:
    """All the cards are of the batch: ranges don't overlap, so their shares add up."""
    held = sum(
        min(one.last, cards.last) - max(one.first, cards.first) + 1
        for one in overlapping(work, batch, cards)
    )
    if held != cards.cards:
        raise Conflict("industry.cards_not_inside", number=batch.number, n=cards.cards - held)


def _must_be_unmarked(work: Work, batch: IndustryBatch, cards: CardRange) -> None:
    marked = work.session.exec(
        select(UnattributedRange).where(
            UnattributedRange.batch_id == batch.id,
            UnattributedRange.first <= cards.last,
            UnattributedRange.last >= cards.first,
        )
    ).first()
    if marked is not None:
        ends = {"first": card_key(marked.first), "last": card_key(marked.last)}
        raise Conflict("industry.marked_already", number=batch.number, **ends)


def _number(one: BroughtPerson) -> int:
    return _card(one.person.iccid)


def _card(iccid: str) -> int:
    return card_number(_iccid(iccid).key)


def _iccid(text: str) -> Iccid:
    found = card_of(text)
    if isinstance(found, CardFault):
        raise Invalid("stock.no_iccid", value=text.strip()[:40])
    return found
