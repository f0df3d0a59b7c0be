"""Orders for industry cards: made, told to their holder, set on the network, lifted (004-2.3-h).

Who lifts an order, or shuts cards down, is another than whoever ordered (DOMAIN 4.10).
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.case_orders import (
    MEASURE_OF,
    is_carried_out,
    usage_of,
)
from console.actions.cards.industry.files import file_of, held_batch
from console.actions.cards.industry.ordering import (
    BY_TELLING,
    LONGEST_WHY,
    Wanted,
    after_step,
    batch_held,
    end_order,
    held_of_order,
    in_force,
    let_batch_go,
    must_not_hold,
    place,
)
from console.actions.cards.industry.second_person import (
    grounds_of,
    must_be_another,
    must_come_new,
    must_not_be_own,
    must_not_be_own_verdict,
)
from console.actions.cases.authorities.kept import Brought, Kept, keep, must_be_a_paper, short
from console.actions.cases.orders import family_of, head_of
from console.actions.cases.tasks import prove
from console.actions.cases.words import written
from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import Desk, Work
from models.cards.card_orders import (
    IN_FORCE,
    CardMeasure,
    CardOrder,
    OrderMove,
    OrderState,
)
from models.cards.guards import Lacking, lacking
from models.cards.industry import LIVE, BatchMove, BatchState, IndustryBatch
from models.cards.monitoring import UsageFinding, UsageFindingState
from models.cards.numbers import CardFault, card_number, card_of
from models.cards.ranges import IndustryRange
from models.cases.cases import OVER, Case
from models.cases.tasks import TaskKind
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed

MOST_CARDS: Final = 1000
"""Of one order; more are the whole batch, or another order."""
MOST_FINDINGS: Final = 100
LONGEST_HOW: Final = 300
LONGEST_PAPERS: Final = 1000
_M: Final = CardMeasure


def order_cards(  # noqa: PLR0913 - what whoever it falls on is told
    desk: Desk,
    batch_id: UUID | str,
    measure: CardMeasure,
    *,
    iccids: Sequence[str] = (),
    finding_ids: Sequence[UUID | str] = (),
    case_id: UUID | str | None = None,
    reason: str,
    remedy: str = "",
    papers: str = "",
) -> CardOrder:
    """Order it for these cards, or without any for the whole batch, and write the letter.

    All but a warning rest on findings that another has confirmed, on a case, or, of the whole
    batch, on what it may not be used without and has no more.
    """
    why, told = written(reason, "reason"), short(remedy, "remedy", 2000)
    to_bring = short(papers, "papers", LONGEST_PAPERS)
    must_name_nobodys_number(desk, why, told, to_bring)
    shuts = measure is _M.SHUT_DOWN
    with desk.begin(Permission.CARD_SHUT_DOWN if shuts else Permission.CARD_ORDER) as work:
        case = _case(work, case_id)
        batch = held_batch(work, batch_id, None)
        findings = _findings(work, batch, finding_ids, case)
        wanted = Wanted(measure, why, _cards(work, batch, iccids), findings, told, to_bring, case)
        wanted = replace(wanted, lacks=_unfit(work, batch, wanted))
        _must_stand(work, batch, wanted)
        return place(work, batch, wanted)


def _case(work: Work, case_id: UUID | str | None) -> Case | None:
    if case_id is None:
        return None
    case = work.get(Case, case_id)
    if head_of(work, case).state in OVER:
        raise Conflict("case.ended", reference=case.reference, state=case.state)
    return case


def _findings(
    work: Work, batch: IndustryBatch, finding_ids: Sequence[UUID | str], case: Case | None
) -> Sequence[UsageFinding]:
    """Of this batch, and confirmed; of the case those that are in it, where none are named."""
    wanted = sorted({str(one) for one in finding_ids})
    if len(wanted) > MOST_FINDINGS:
        raise Invalid("card_order.too_many_findings", most=MOST_FINDINGS)
    if not wanted and case is not None:
        return [one for one in usage_of(work, case) if one.batch_id == batch.id]
    found = [work.get(UsageFinding, one) for one in wanted]
    family = family_of(work, case) if case is not None else []
    for one in found:
        if one.batch_id != batch.id:
            raise Conflict("card_order.other_batch", number=one.number, batch=batch.number)
        in_case = one.state is UsageFindingState.IN_CASE and one.case_id in family
        if one.state is not UsageFindingState.CONFIRMED and not in_case:
            raise Conflict("card_order.not_confirmed", number=one.number, state=one.state)
    return found


def _cards(work: Work, batch: IndustryBatch, iccids: Sequence[str]) -> Sequence[str]:
    """By their first 19 characters; each a card of the batch."""
    keys = dict[str, str]()
    for text in iccids:
        card = card_of(text)
        if isinstance(card, CardFault):
            raise Invalid("card_order.bad_iccid", iccid=text[:40])
        keys[card.key] = card.text
    if len(keys) > MOST_CARDS:
        raise Invalid("card_order.too_many_cards", most=MOST_CARDS)
    if outside := _outside(work, batch, list(keys)):
        raise Conflict("card_order.not_of_batch", iccid=keys[outside], batch=batch.number)
    return tuple(sorted(keys))


def _outside(work: Work, batch: IndustryBatch, keys: Sequence[str]) -> str | None:
    numbers = [card_number(one) for one in keys]
    if not numbers:
        return None
    ranges = work.session.exec(
        select(IndustryRange.first, IndustryRange.last)
        .where(IndustryRange.batch_id == batch.id)
        .where(IndustryRange.last >= min(numbers), IndustryRange.first <= max(numbers))
        .order_by(col(IndustryRange.first))
    ).all()
    firsts = [first for first, _ in ranges]
    for key, number in zip(keys, numbers, strict=True):
        at = bisect_right(firsts, number) - 1
        if at < 0 or number > ranges[at][1]:
            return key
    return None


def _unfit(work: Work, batch: IndustryBatch, wanted: Wanted) -> Sequence[Lacking]:
    """What the whole batch may not be used without and has no more, where nothing else is named."""
    if wanted.cards or wanted.findings or wanted.case is not None:
        return ()
    return lacking(file_of(work, batch), BatchMove.REVERIFY_OK)


def _must_stand(work: Work, batch: IndustryBatch, wanted: Wanted) -> None:
    """What the measure needs to be ordered at all, of this batch as it is now."""
    facts = {"number": batch.number, "state": batch.state}
    if batch.state not in LIVE:
        raise Conflict("card_order.batch_not_live", **facts)
    if wanted.case is not None and wanted.case.industry_batch_id != batch.id:
        raise Conflict("card_order.other_case", reference=wanted.case.reference, batch=batch.number)
    if wanted.measure is _M.SHUT_DOWN:
        _must_be_for_good(work, batch, wanted)
    if wanted.measure not in BY_TELLING:
        _must_be_grounded(wanted)
        must_not_be_own(work, wanted.findings, wanted.cards)
        must_not_be_own_verdict(work, batch, wanted.lacks)
    must_not_hold(work, batch, wanted)
    if wanted.cards or wanted.measure in BY_TELLING:
        return
    if batch.state is BatchState.REGISTERED:
        raise Conflict("card_order.batch_not_in_use", **facts)
    if wanted.measure is _M.SHUT_DOWN and batch.state is not BatchState.RESTRICTED:
        raise Conflict("card_order.restrict_first", **facts)


def _must_be_grounded(wanted: Wanted) -> None:
    """On findings about each card that is named, or on what the whole batch lacks, or on a case."""
    if wanted.case is not None:
        return
    if not (wanted.findings or wanted.lacks):
        raise Conflict("card_order.findings_needed", measure=wanted.measure)
    for card in wanted.cards:
        if not grounds_of(card, wanted.findings):
            raise Conflict("card_order.card_without_finding", iccid=card)


def _must_be_for_good(work: Work, batch: IndustryBatch, wanted: Wanted) -> None:
    """On a case, and by a second person, whether cards are named or the whole batch is meant."""
    if wanted.case is None:
        raise Conflict("card_order.case_needed", number=batch.number)
    must_come_new(work, wanted.case, wanted.findings)
    must_be_another(work, in_force(work, batch.id))


def tell_order(desk: Desk, order_id: UUID | str, how: str) -> CardOrder:
    """The letter has reached its holder: by which way, with the number of the receipt."""
    way = written(how, "told_how", LONGEST_HOW)
    must_name_nobodys_number(desk, way)
    with desk.begin(Permission.CARD_ORDER) as work:
        order = held_of_order(work, order_id)
        _must_hold(order)
        if order.told_at is not None:
            raise Conflict("card_order.told_already", number=order.number)
        order.told_at, order.told_how, order.told_by = work.at, way, work.actor.id
        order.version += 1
        work.record("card_order.told", order, how=way)
        if order.measure in BY_TELLING:
            order.move(OrderMove.CARRY_OUT)
            order.carried_out_at, order.carried_out_by = work.at, work.actor.id
        _stepped(work, order)
        return order


def carry_out(desk: Desk, order_id: UUID | str, proof: Brought | None) -> CardOrder:
    """It is set on the network, as the network's own export or picture shows; of a card that was
    to be verified again, the paper of that.
    """
    paper = must_be_a_paper(proof)
    with desk.begin(Permission.CARD_ORDER) as work:  # before anything is written to disk
        _must_be_set(held_of_order(work, order_id))
    kept = keep(desk, paper)
    with desk.begin(Permission.CARD_ORDER) as work:
        order = held_of_order(work, order_id)
        _must_be_set(order)
        carried_out(work, order, kept)
        _stepped(work, order)
        return order


def _must_be_set(order: CardOrder) -> None:
    _must_hold(order)
    if order.measure in BY_TELLING:
        raise Conflict("card_order.nothing_to_set", number=order.number)
    if order.measure is _M.REVERIFY and not order.cards:
        raise Conflict("card_order.by_reverification", number=order.number)
    if order.carried_out_at is not None:
        raise Conflict("card_order.carried_out_already", number=order.number)


def carried_out(work: Work, order: CardOrder, kept: Kept) -> None:
    order.move(OrderMove.CARRY_OUT)
    order.carried_out_at, order.carried_out_by = work.at, work.actor.id
    order.proof_sha256, order.proof_file = kept.sha256, kept.name
    order.proof_type = kept.media_type
    work.record("card_order.carried_out", order, sha256=kept.sha256, file=kept.name)


def _must_hold(order: CardOrder) -> None:
    if order.state is OrderState.LIFTED:
        raise Conflict("card_order.over", number=order.number)


def _stepped(work: Work, order: CardOrder) -> None:
    after_step(work, order)
    prove_in_case(work, order)


def prove_in_case(work: Work, order: CardOrder) -> None:
    """The case that it carries a measure out of sees that it is done, on every batch of it."""
    if order.case_id is None or order.case_measure_id is None:
        return
    work.session.flush()
    others = work.session.exec(
        select(CardOrder)
        .where(CardOrder.case_id == order.case_id, CardOrder.measure == order.measure)
        .where(col(CardOrder.case_measure_id).is_not(None), col(CardOrder.state).in_(IN_FORCE))
    ).all()
    if not all(is_carried_out(one) for one in (order, *others)):
        return
    target = MEASURE_OF[order.measure].value
    prove(work, order.case_id, TaskKind.CARD_ORDER, target=target, orders=[order.number])


def lift_order(desk: Desk, order_id: UUID | str, why: str) -> CardOrder:
    """It need not have been, or is needed no more: another than whoever ordered it says so."""
    reason = written(why, "reason", LONGEST_WHY)
    must_name_nobodys_number(desk, reason)
    with desk.begin(Permission.USAGE_JUDGE) as work:
        order = held_of_order(work, order_id)
        if order.measure is _M.SHUT_DOWN:
            work.actor.must(Permission.CARD_SHUT_DOWN)
        if order.case_measure_id is not None:
            raise Conflict("card_order.lifted_in_case", number=order.number)
        if order.state is OrderState.APPEALED:
            raise Conflict("card_order.appeal_open", number=order.number)
        _must_hold(order)
        if work.actor.id is not None and work.actor.id == order.ordered_by:
            raise NotAllowed("card_order.same_person", number=order.number)
        end_order(work, order, reason)
        let_batch_go(work, batch_held(work, order.batch_id), reason)
        return order


def note_restored(desk: Desk, order_id: UUID | str, proof: Brought | None) -> CardOrder:
    """Service that the order had cut off is on again, as the network's own paper shows."""
    paper = must_be_a_paper(proof)
    with desk.begin(Permission.CARD_ORDER) as work:  # before anything is written to disk
        _must_be_restored(held_of_order(work, order_id))
    kept = keep(desk, paper)
    with desk.begin(Permission.CARD_ORDER) as work:
        order = held_of_order(work, order_id)
        _must_be_restored(order)
        order.due_at, order.is_late = None, False
        order.version += 1
        work.record("card_order.restored", order, sha256=kept.sha256, file=kept.name)
        return order


def _must_be_restored(order: CardOrder) -> None:
    if order.state is not OrderState.LIFTED or order.due_at is None:
        raise Conflict("card_order.nothing_to_restore", number=order.number)
