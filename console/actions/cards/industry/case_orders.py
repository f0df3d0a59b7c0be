"""What a case about industry cards orders: its measures on cards are orders, and end as they do.

A case orders a thing once: what was stopped at once and is part of the decision goes on as it is.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from console.actions.cards.industry.ordering import (
    Wanted,
    batch_held,
    end_order,
    in_force,
    let_batch_go,
    place,
    settle,
)
from console.actions.cards.industry.second_person import must_be_another, must_not_be_own
from console.actions.cases.orders import IN_FORCE, batches_of, family_of
from console.desk import Work
from models.cards.card_orders import IN_FORCE as HOLDS
from models.cards.card_orders import CardMeasure, CardOrder, OrderMove, OrderState
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cards.numbers import card_key
from models.cases.cases import Case
from models.cases.measures import RESTRICTS_CARDS, CaseMeasure, Measure
from models.cases.tasks import CaseTask
from models.permissions import Permission, Role
from models.refusals import NotAllowed
from models.staff import Actor

ORDERS_OF: Final[Mapping[Measure, CardMeasure]] = {
    Measure.WARN: CardMeasure.WARN,
    Measure.RESTRICT_CARDS: CardMeasure.RESTRICT,
    Measure.REVERIFY: CardMeasure.REVERIFY,
    Measure.SUSPEND_CARDS: CardMeasure.SUSPEND,
    Measure.SHUT_DOWN_CARDS: CardMeasure.SHUT_DOWN,
}
MEASURE_OF: Final = {ordered: measure for measure, ordered in ORDERS_OF.items()}


def impose_orders(work: Work, case: Case, measures: Sequence[CaseMeasure]) -> list[CardOrder]:
    """Orders for what is now ordered on the cards of the case's batches; none without a batch."""
    ordered = [one for one in measures if one.measure in ORDERS_OF]
    batch_ids = batches_of(work, case)
    if not ordered or not batch_ids:
        return []
    _must_may(work, case, ordered)
    work.session.flush()
    ordered.sort(key=lambda one: list(ORDERS_OF).index(one.measure))
    batches = [batch_held(work, one) for one in sorted(batch_ids)]
    return [_impose(work, case, batch, one) for batch in batches for one in ordered]


def _must_may(work: Work, case: Case, ordered: Sequence[CaseMeasure]) -> None:
    """At once by who orders for cards; decided by them, or by an approver; the gravest by an
    approver alone (DOMAIN 4.10). Who handles shops' cases limits nobody's industry cards.
    """
    wanted = {one.measure for one in ordered}
    if Measure.SHUT_DOWN_CARDS in wanted:
        if not work.actor.roles & {Role.APPROVER, Role.HOUSE}:
            raise NotAllowed("case.approver_needed", reference=case.reference)
        work.actor.must(Permission.CARD_SHUT_DOWN)
    if any(one.is_interim for one in ordered):
        work.actor.must(Permission.CARD_ORDER)
    must_may_limit(work, case, wanted)


def must_may_limit(work: Work, case: Case, measures: set[Measure]) -> None:
    """What limits the cards of the case's batches is ordered, and lifted, by who may limit them."""
    on_cards = measures & RESTRICTS_CARDS and batches_of(work, case)
    if on_cards and not may_limit_cards(work.actor):
        raise NotAllowed("case.card_right_needed", reference=case.reference)


def may_limit_cards(actor: Actor) -> bool:
    """Whether they decide on measures that limit industry cards; who may shut them down may."""
    return actor.may(Permission.CARD_ORDER) or actor.may(Permission.CARD_SHUT_DOWN)


def _impose(work: Work, case: Case, batch: IndustryBatch, measure: CaseMeasure) -> CardOrder:
    wanted, family = ORDERS_OF[measure.measure], set(family_of(work, case))
    held = in_force(work, batch.id)
    findings = [one for one in usage_of(work, case) if one.batch_id == batch.id]
    cards = _cards(findings)
    for one in held:
        if one.measure is wanted and one.case_id in family and _covers(one, cards):
            return _go_on(work, one, case, measure)
    if wanted is CardMeasure.SHUT_DOWN:
        must_be_another(work, held)
    if measure.is_interim:  # a decision has two people of its own
        must_not_be_own(work, findings, cards)
    return place(
        work,
        batch,
        Wanted(
            wanted,
            measure.reason,
            cards,
            findings,
            measure.remedy,
            measure.papers,
            case,
            measure.id,
        ),
    )


def _cards(findings: Sequence[UsageFinding]) -> Sequence[str]:
    """The cards that were found; the whole batch where one was found of it as a whole."""
    if any(one.card == 0 for one in findings):
        return ()
    return tuple(dict.fromkeys(card_key(one.card) for one in findings))


def _covers(order: CardOrder, cards: Sequence[str]) -> bool:
    return not order.cards or (bool(cards) and set(cards) <= set(order.cards))


def _go_on(work: Work, order: CardOrder, case: Case, measure: CaseMeasure) -> CardOrder:
    """The decision keeps what was ordered at once, and answers who objected to that."""
    order.case_measure_id, order.case_id = measure.id, case.id
    work.record("card_order.kept", order, case=case.reference)
    if order.state is OrderState.APPEALED:
        order.move(OrderMove.DISMISS)
        order.appeal_decided_by, order.appeal_answer = work.actor.id, measure.reason
        work.record("card_order.appeal_dismissed", order, reason=measure.reason)
    return order


def usage_of(work: Work, case: Case) -> Sequence[UsageFinding]:
    """What was found of industry cards, in the cases that go on in it too."""
    return work.session.exec(
        select(UsageFinding)
        .where(col(UsageFinding.case_id).in_(family_of(work, case)))
        .order_by(col(UsageFinding.number))
    ).all()


def end_orders_of(work: Work, measures: Sequence[CaseMeasure], why: str) -> None:
    """These measures hold no more, nor do the orders that carry them out."""
    ids = [one.id for one in measures]
    _end(work, _orders(work, col(CardOrder.case_measure_id).in_(ids)), why)


def end_orders_in(work: Work, case: Case, why: str) -> None:
    """All that was ordered on a case that was decided otherwise; its findings are settled."""
    _end(work, _orders(work, col(CardOrder.case_id) == case.id), why)
    settle_usage(work, case)


def settle_usage(work: Work, case: Case) -> None:
    """Of this case alone: the findings have come to their end."""
    found = select(UsageFinding).where(UsageFinding.case_id == case.id).with_for_update()
    settle(work, work.session.exec(found).all(), case.reference)


def _orders(work: Work, condition: ColumnElement[bool]) -> Sequence[CardOrder]:
    query = select(CardOrder).where(condition, col(CardOrder.state).in_(HOLDS))
    return work.session.exec(query.order_by(col(CardOrder.id))).all()


def _end(work: Work, orders: Sequence[CardOrder], why: str) -> None:
    batches = {one: batch_held(work, one) for one in sorted({one.batch_id for one in orders})}
    for order in orders:
        end_order(work, order, why)
    for batch in batches.values():
        let_batch_go(work, batch, why)


def orders_of_task(work: Work, task: CaseTask) -> Sequence[CardOrder]:
    """The orders that carry the task's measure out, as far as the measure still holds."""
    ids = [one for one in (task.case_id, task.origin_id) if one is not None]
    return work.session.exec(
        select(CardOrder)
        .join(CaseMeasure, col(CaseMeasure.id) == col(CardOrder.case_measure_id))
        .where(col(CaseMeasure.case_id).in_(ids), CaseMeasure.measure == Measure(task.target))
        .where(col(CaseMeasure.state).in_(IN_FORCE))
        .order_by(col(CardOrder.number))
    ).all()


def is_carried_out(order: CardOrder) -> bool:
    """Told, and carried out; or it ended because who was restricted has been verified again."""
    was_done = order.carried_out_at is not None or order.state is OrderState.LIFTED
    return order.told_at is not None and was_done
