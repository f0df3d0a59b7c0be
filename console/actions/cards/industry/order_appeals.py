"""What the holder of the cards says against an order: taken in, decided by another, lifted at once.

There is no account for the unit outside: whoever receives its letter enters it, and that takes it
in. The order stands until the appeal is upheld (Anti-Fraud Law art. 32).
"""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from console.actions.cards.industry.ordering import (
    LONGEST_WHY,
    batch_held,
    end_order,
    held_of_order,
    hold_case,
    let_batch_go,
    set_due,
)
from console.actions.cases.orders import head_of, held_in_family
from console.actions.cases.settling import lift
from console.actions.cases.words import written
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.cards.card_orders import CardOrder, OrderMove, OrderState
from models.cases.cases import Case
from models.cases.measures import CaseMeasure, MeasureState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day, end_of

LONGEST_APPEAL: Final = 4000
LONGEST_NAME: Final = 200
_A_MOMENT: Final = timedelta(microseconds=1)


def appeal_order(
    desk: Desk,
    order_id: UUID | str,
    appellant: str,
    text: str,
    received_on: date | None = None,
) -> CardOrder:
    """Enter an appeal as it was received; its time runs from that day."""
    name = written(appellant, "appellant", LONGEST_NAME)
    words = written(text, "appeal", LONGEST_APPEAL)
    must_name_nobodys_number(desk, name, words)
    with desk.begin(Permission.CARD_ORDER) as work:
        order = held_of_order(work, order_id)
        _must_be_open(work, order)
        received = _received(work, order, received_on)
        order.move(OrderMove.APPEAL)
        order.appeal, order.appellant, order.appealed_at = words, name, received
        order.appeal_answer, order.appeal_decided_by = "", None
        set_due(work, order)
        accepted_late = work.at >= deadline(work, "appeal_acceptance", received).at
        work.record(
            "card_order.appealed", order, appellant=name, reason=words,
            received=received.isoformat(), accepted_late=accepted_late, rule=order.rule_version,
        )  # fmt: skip
        return order


def _must_be_open(work: Work, order: CardOrder) -> None:
    """What a case has decided is appealed against in the case, and in time."""
    measure = _measure(work, order)
    if measure is not None and not _is_interim(work, measure):
        case = hold_case(work, order.case_id)
        reference = case.reference if case else ""
        raise Conflict("card_order.appeal_in_case", number=order.number, reference=reference)
    if order.state is OrderState.APPEALED:
        raise Conflict("card_order.appealed_already", number=order.number)
    if order.state is OrderState.LIFTED:
        raise Conflict("card_order.over", number=order.number)
    if order.told_at is None:
        return
    window = deadline(work, "case_appeal_window", order.told_at)
    if work.at >= window.at:
        last = china_day(window.at - _A_MOMENT).isoformat()
        raise Conflict("card_order.appeal_too_late", number=order.number, last=last)


def _received(work: Work, order: CardOrder, day: date | None) -> datetime:
    if day is None or day == china_day(work.at):
        return work.at
    if not china_day(order.ordered_at) <= day < china_day(work.at):
        raise Invalid("card_order.bad_day", day=day.isoformat(), number=order.number)
    return end_of(day) - _A_MOMENT


def _measure(work: Work, order: CardOrder) -> CaseMeasure | None:
    held = order.case_measure_id
    return None if held is None else work.session.get_one(CaseMeasure, held)


def _is_interim(work: Work, measure: CaseMeasure) -> bool:
    case = head_of(work, work.session.get_one(Case, measure.case_id))
    return measure.is_interim and case.decided_at is None


def decide_order_appeal(
    desk: Desk, order_id: UUID | str, *, upheld: bool, answer: str
) -> CardOrder:
    """By an approver who did not order it, with reasons; what is upheld is lifted here and now."""
    why = written(answer, "answer", 2000)
    must_name_nobodys_number(desk, why)
    with desk.begin(Permission.APPEAL_DECIDE) as work:
        order = held_of_order(work, order_id)
        if order.state is not OrderState.APPEALED:
            raise Conflict("card_order.not_appealed", number=order.number)
        if work.actor.id is not None and work.actor.id == order.ordered_by:
            raise NotAllowed("card_order.same_person", number=order.number)
        if upheld:
            _uphold(work, order, why)
        else:
            _dismiss(work, order, why)
        return order


def _uphold(work: Work, order: CardOrder, why: str) -> None:
    work.record("card_order.appeal_upheld", order, appellant=order.appellant, reason=why)
    end_order(work, order, why[:LONGEST_WHY], why)
    measure = _measure(work, order)
    if measure is not None and measure.state is MeasureState.IN_FORCE:
        case = head_of(work, work.session.get_one(Case, measure.case_id))
        kept = {one.measure for one in held_in_family(work, case) if one.id != measure.id}
        lift(work, case, [measure], kept, why[:LONGEST_WHY])
    let_batch_go(work, batch_held(work, order.batch_id), why)


def _dismiss(work: Work, order: CardOrder, why: str) -> None:
    order.move(OrderMove.DISMISS)
    order.appeal_decided_by, order.appeal_answer = work.actor.id, why
    set_due(work, order)
    work.record("card_order.appeal_dismissed", order, reason=why)
