"""A restricted batch verified again: identity and scenario, and then back to use (art. 12).

A batch that is not is shut down: `order_cards` with the gravest measure and a case.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.files import file_of, held_batch, not_ready
from console.actions.cards.industry.ordering import back_in_use, end_order, in_force
from console.actions.cards.industry.orders import carried_out, prove_in_case
from console.actions.cases.authorities.kept import Brought, keep, must_be_a_paper
from console.actions.cases.orders import head_of
from console.actions.cases.words import written
from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import Desk, Work
from models.cards.card_orders import RESTRICTS_BATCH, CardMeasure, CardOrder, OrderState
from models.cards.guards import BatchFile, Lack, Lacking, lacking
from models.cards.industry import BatchMove, BatchState, IndustryBatch
from models.cases.cases import UNDECIDED, Case
from models.permissions import Permission
from models.refusals import Conflict
from models.rules import china_day


def reverify_ok(
    desk: Desk, batch_id: UUID | str, reason: str, proof: Brought | None
) -> IndustryBatch:
    """Who answers for the cards and what they are for were verified after the restriction, and
    the risk was weighed anew by another: the orders on the whole batch end, and it is in use.
    """
    why = written(reason, "reason")
    must_name_nobodys_number(desk, why)
    paper = must_be_a_paper(proof)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:  # before anything is written to disk
        _holding(work, batch_id)
    kept = keep(desk, paper)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch, orders = _holding(work, batch_id)
        # First of all the deeds: a request that is sent again is answered with the batch.
        back_in_use(work, batch, BatchMove.REVERIFY_OK, why, sha256=kept.sha256, file=kept.name)
        for order in orders:
            if order.measure is CardMeasure.REVERIFY and order.carried_out_at is None:
                carried_out(work, order, kept)
            end_order(work, order, why)
        for order in orders:
            prove_in_case(work, order)
        return batch


def why_not_reverified(desk: Desk, batch_id: UUID | str) -> list[Lacking]:
    """What a restricted batch still lacks before it can be used again, for its page."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        return _lacks(work, batch, _restricting(work, batch))


def _holding(work: Work, batch_id: UUID | str) -> tuple[IndustryBatch, list[CardOrder]]:
    """The batch and the orders that hold it, all of which may end by a re-verification."""
    seen = work.get(IndustryBatch, batch_id)
    _hold_cases(work, seen.id)
    batch = held_batch(work, batch_id, None)
    if batch.state is not BatchState.RESTRICTED:
        raise Conflict("card_order.not_restricted", number=batch.number, state=batch.state)
    orders = _restricting(work, batch)
    for one in orders:
        if one.state is OrderState.APPEALED:
            raise Conflict("card_order.appeal_open", number=one.number)
        if one.told_at is None:
            raise Conflict("card_order.not_told", number=one.number)
    if lacks := _lacks(work, batch, orders):
        raise not_ready(batch, lacks)
    return batch, orders


def _restricting(work: Work, batch: IndustryBatch) -> list[CardOrder]:
    held = in_force(work, batch.id)
    return [one for one in held if not one.cards and one.measure in RESTRICTS_BATCH]


def _hold_cases(work: Work, batch_id: UUID) -> None:
    """A case that is not decided yet ends itself what it stopped at once."""
    ids = select(CardOrder.case_id).where(
        CardOrder.batch_id == batch_id, CardOrder.state != OrderState.LIFTED
    )
    cases = work.session.exec(
        select(Case).where(col(Case.id).in_(ids)).order_by(col(Case.id)).with_for_update()
    ).all()
    for case in cases:
        head = head_of(work, case)
        if head.state in UNDECIDED:
            raise Conflict("card_order.case_undecided", reference=head.reference)


def _lacks(work: Work, batch: IndustryBatch, orders: list[CardOrder]) -> list[Lacking]:
    """All at once: what every step rests on, and what was not done since the restriction."""
    file = file_of(work, batch)
    since = max((one.ordered_at for one in orders), default=batch.created_at)
    hands = {work.actor.id, *(one.ordered_by for one in orders)} - {None}
    return [*lacking(file, BatchMove.REVERIFY_OK, work.actor.id), *_stale(file, since, hands)]


def _stale(file: BatchFile, since: datetime, hands: Collection[UUID | None]) -> list[Lacking]:
    """The risk is weighed anew by another than who restricted the batch and who lets it go."""
    found: list[Lacking] = []
    made, facts = file.assessment, {"since": china_day(since).isoformat()}
    if made is not None and made.valid_until is not None:
        if made.assessed_at <= since:
            found.append(Lacking(Lack.NOT_ASSESSED_ANEW, facts))
        elif made.assessed_by in hands:
            found.append(Lacking(Lack.ASSESSED_BY_SAME, facts))
    verified = [one.verified_at for one in file.persons]
    if verified and max(verified) <= since:
        found.append(Lacking(Lack.NOT_VERIFIED_ANEW, facts))
    return found
