"""How an order for industry cards begins and ends, within the transaction of whoever decides it.

Rows are held in one order: case, batch, order. What an order ends with is its own: the batch goes
back to use when nothing holds it, service that was cut off is due to be put on again, and findings
that stood for it are settled, so that what happens from then on is found anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.files import scope_of
from console.actions.cards.industry.found import BEYOND_CONTRACT
from console.actions.cards.industry.notices import (
    Letter,
    holder_of,
    letter,
    usual_papers,
    usual_remedy,
)
from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.desk import Work
from console.i18n import Language
from models.cards.card_orders import (
    IN_FORCE,
    LIMITS_SERVICE,
    RESTRICTS_BATCH,
    CardMeasure,
    CardOrder,
    OrderMove,
    OrderState,
)
from models.cards.guards import Lacking
from models.cards.industry import BatchMove, BatchState, IndustryBatch
from models.cards.monitoring import UsageFinding, UsageFindingMove, UsageFindingState
from models.cases.cases import Case
from models.refusals import Conflict, NotAllowed
from models.rules import Deadline, FindingKind, china_day, end_of

_M: Final = CardMeasure
BY_TELLING: Final = frozenset({_M.WARN})
"""Nothing is set anywhere: told is done."""
LONGEST_WHY: Final = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is ordered; remedy and papers are the house's own where none are given."""

    measure: CardMeasure
    reason: str
    cards: Sequence[str] = ()
    findings: Sequence[UsageFinding] = ()
    remedy: str = ""
    papers: str = ""
    case: Case | None = None
    case_measure_id: UUID | None = None
    lacks: Sequence[Lacking] = ()
    """What the whole batch may not be used without, and has no more."""


def place(work: Work, batch: IndustryBatch, wanted: Wanted) -> CardOrder:
    """Write the order and its letter down; of a whole batch, restrict it or shut it down."""
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"card_orders:{year}", 1)
    case = wanted.case
    told = Letter(
        f"IO-{year}-{serial:06}", wanted.measure, wanted.cards, wanted.findings, wanted.reason,
        wanted.remedy, wanted.papers, case.reference if case else "", work.at, wanted.lacks,
    )  # fmt: skip
    holder = holder_of(work, batch, scope_of(work, batch))
    remedy = wanted.remedy or usual_remedy(Language.ZH, work.at, holder.carrier.name)
    order = work.add(
        CardOrder(
            number=told.number,
            batch_id=batch.id,
            carrier_id=batch.carrier_id,
            province=batch.province,
            case_id=case.id if case else None,
            case_measure_id=wanted.case_measure_id,
            measure=wanted.measure,
            cards=list(wanted.cards),
            finding_ids=[str(one.id) for one in wanted.findings],
            reason=wanted.reason,
            remedy=remedy,
            papers=wanted.papers or usual_papers(Language.ZH),
            is_emergency_exempt=wanted.measure in RESTRICTS_BATCH,
            notice_zh=letter(Language.ZH, holder, told),
            notice_en=letter(Language.EN, holder, told),
            ordered_by=work.actor.id,
            ordered_at=work.at,
        )
    )
    set_due(work, order, wanted.findings)
    work.session.flush()
    work.record(
        "card_order.made", order, batch=batch.number, measure=order.measure.value,
        cards=len(order.cards), findings=[one.number for one in wanted.findings],
        lacks=[one.lack.value for one in wanted.lacks],
        case=told.reference, reason=wanted.reason, rule=order.rule_version,
    )  # fmt: skip
    _keep_cut_off(work, order)
    _hold_batch(work, batch, order, case)
    return order


def set_due(work: Work, order: CardOrder, findings: Sequence[UsageFinding] | None = None) -> None:
    """When the next step is too late, by what the order still lacks."""
    due = _next_due(work, order, findings)
    order.due_at = due.at if due else None
    order.is_late = False
    if due is not None:
        order.rule_version = due.version


def _next_due(
    work: Work, order: CardOrder, findings: Sequence[UsageFinding] | None
) -> Deadline | None:
    if order.state is OrderState.APPEALED:
        return deadline(work, "appeal_decision", order.appealed_at)
    if order.told_at is not None and order.carried_out_at is not None:
        return None
    if order.told_at is not None and order.measure is _M.REVERIFY:
        return deadline(work, "iot_reverification", order.ordered_at)
    if order.measure is _M.SHUT_DOWN:
        return _same_day(deadline(work, "iot_shut_down", order.ordered_at))
    found = findings_of(work, order) if findings is None else findings
    if any(one.rule in BEYOND_CONTRACT or one.kind is FindingKind.IOT_RESALE for one in found):
        return _same_day(deadline(work, "iot_beyond_contract", order.ordered_at))
    return deadline(work, "iot_abnormal_action", order.ordered_at)


def _same_day(due: Deadline) -> Deadline:
    """At once is the day that it is: what was just ordered is not late already."""
    return Deadline(max(due.at, end_of(china_day(due.at))), due.provisional, due.version)


def findings_of(work: Work, order: CardOrder) -> Sequence[UsageFinding]:
    ids = [UUID(one) for one in order.finding_ids]
    return work.session.exec(
        select(UsageFinding).where(col(UsageFinding.id).in_(ids)).order_by(col(UsageFinding.number))
    ).all()


def in_force(work: Work, batch_id: UUID) -> Sequence[CardOrder]:
    """What holds for cards of a batch that is held itself."""
    query = (
        select(CardOrder)
        .where(CardOrder.batch_id == batch_id, col(CardOrder.state).in_(IN_FORCE))
        .order_by(col(CardOrder.id))
    )
    return work.session.exec(query if work.only_reads else query.with_for_update()).all()


def held_of_order(work: Work, order_id: UUID | str) -> CardOrder:
    """The order that the actor may know of, held after its case and its batch."""
    order = work.look(CardOrder, order_id)
    # Who watches a province may know of it; only its carrier's own people act on it.
    if not work.actor.is_house and order.carrier_id not in work.actor.carriers:
        raise NotAllowed("channel.not_your_carrier", title=order.number)
    hold_case(work, order.case_id)
    batch_held(work, order.batch_id)
    work.session.refresh(order, with_for_update=True)
    return order


def hold_case(work: Work, case_id: UUID | None) -> Case | None:
    if case_id is None:
        return None
    return work.session.exec(select(Case).where(Case.id == case_id).with_for_update()).one()


def batch_held(work: Work, batch_id: UUID) -> IndustryBatch:
    return work.session.exec(
        select(IndustryBatch).where(IndustryBatch.id == batch_id).with_for_update()
    ).one()


def is_done(order: CardOrder) -> bool:
    return order.told_at is not None and order.carried_out_at is not None


def after_step(work: Work, order: CardOrder) -> None:
    """Told, or carried out: what is due next; findings have been acted on once both are."""
    if order.state is not OrderState.APPEALED:
        set_due(work, order)
    if not is_done(order):
        return
    for one in findings_of(work, order):
        one.due_at, one.is_late = None, False


def end_order(work: Work, order: CardOrder, why: str, answer: str = "") -> None:
    """It holds no more. One that is appealed against ends as its appeal asked."""
    if order.state is OrderState.APPEALED:
        order.move(OrderMove.UPHOLD)
        order.appeal_decided_by, order.appeal_answer = work.actor.id, answer or why[:LONGEST_WHY]
    else:
        order.move(OrderMove.LIFT)
    order.lifted_at, order.lifted_by, order.lifted_why = work.at, work.actor.id, why[:LONGEST_WHY]
    order.due_at = None
    work.session.flush()
    if order.measure in LIMITS_SERVICE and order.carried_out_at and not _still_held(work, order):
        due = deadline(work, "service_restoration")
        order.due_at, order.rule_version = due.at, due.version
    work.record(
        "card_order.lifted", order, measure=order.measure.value, reason=why,
        restore_by=order.due_at.isoformat() if order.due_at else "",
    )  # fmt: skip
    if order.case_id is None:
        stood = UsageFindingState.CONFIRMED
        own = [one for one in findings_of(work, order) if one.state is stood]
        settle(work, own, order.number)


def settle(work: Work, findings: Sequence[UsageFinding], why: str) -> None:
    """They end with what they led to; the same use is found anew from now on."""
    for one in findings:
        if one.state in {UsageFindingState.CONFIRMED, UsageFindingState.IN_CASE}:
            one.move(UsageFindingMove.SETTLE)
            one.due_at = None
            work.record("usage_finding.settled", one, by=why)


def _still_held(work: Work, order: CardOrder) -> bool:
    """Another order keeps the same cards cut off."""
    return any(
        other.measure in LIMITS_SERVICE and (not other.cards or _within(order, other))
        for other in in_force(work, order.batch_id)
    )


def _within(order: CardOrder, other: CardOrder) -> bool:
    return bool(order.cards) and set(order.cards) <= set(other.cards)


def _keep_cut_off(work: Work, order: CardOrder) -> None:
    """What is cut off anew is not to be put on again first."""
    if order.measure not in LIMITS_SERVICE:
        return
    waiting = work.session.exec(
        select(CardOrder)
        .where(CardOrder.batch_id == order.batch_id, CardOrder.state == OrderState.LIFTED)
        .where(col(CardOrder.due_at).is_not(None))
        .with_for_update()
    ).all()
    for one in waiting:
        if not order.cards or _within(one, order):
            one.due_at = None
            work.record("card_order.not_restored", one, order=order.number)


def _hold_batch(work: Work, batch: IndustryBatch, order: CardOrder, case: Case | None) -> None:
    if order.cards or order.measure not in RESTRICTS_BATCH:
        return
    if batch.state is BatchState.IN_USE:
        restrict(work, batch, order.number)
    if order.measure is _M.SHUT_DOWN and batch.state is BatchState.RESTRICTED:
        is_resale = case is not None and case.kind is FindingKind.IOT_RESALE
        move = BatchMove.RESALE if is_resale else BatchMove.REVERIFY_FAIL
        batch.move(move)
        batch.due_at, batch.case_id = None, case.id if case else None
        work.record(
            "industry.shut_down", batch, move=move.value, order=order.number,
            case=case.reference if case else "",
        )  # fmt: skip


def restrict(work: Work, batch: IndustryBatch, number: str) -> None:
    """From use to restriction; identity and scenario are to be verified again in time."""
    due = deadline(work, "iot_reverification")
    batch.move(BatchMove.ABNORMAL)
    batch.due_at, batch.rule_version = due.at, due.version
    work.record("industry.restricted", batch, order=number, rule=due.version)


def let_batch_go(work: Work, batch: IndustryBatch, why: str) -> None:
    """Back to where the orders that are left hold it: in use, where none does."""
    work.session.flush()
    left = [one for one in in_force(work, batch.id) if not one.cards]
    shuts = [one for one in left if one.measure is _M.SHUT_DOWN]
    holds = [one for one in left if one.measure in RESTRICTS_BATCH]
    was_shut = batch.state is BatchState.SHUT_DOWN
    if shuts or not (was_shut or batch.state is BatchState.RESTRICTED):
        return
    if holds and not was_shut:
        return
    back_in_use(work, batch, BatchMove.APPEAL_UPHELD, why)
    if holds:
        restrict(work, batch, holds[0].number)


def back_in_use(work: Work, batch: IndustryBatch, move: BatchMove, why: str, **paper: str) -> None:
    batch.move(move)
    batch.due_at, batch.case_id = None, None
    work.record("industry.back_in_use", batch, move=move.value, reason=why[:LONGEST_WHY], **paper)


def must_be_free(work: Work, batch: IndustryBatch) -> None:
    """A batch that is restricted or shut down as a whole is not taken into use meanwhile."""
    for one in in_force(work, batch.id):
        if not one.cards and one.measure in RESTRICTS_BATCH:
            raise Conflict("card_order.batch_held", number=one.number, batch=batch.number)


def must_not_hold(work: Work, batch: IndustryBatch, wanted: Wanted) -> None:
    """The same is not ordered twice for the same cards."""
    if wanted.measure in BY_TELLING:
        return
    for one in in_force(work, batch.id):
        if one.measure is not wanted.measure:
            continue
        covered = [card for card in wanted.cards if one.covers(card)]
        if covered or (not wanted.cards and not one.cards):
            raise Conflict("card_order.held_already", number=one.number, measure=one.measure)
