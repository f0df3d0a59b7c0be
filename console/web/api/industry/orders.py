"""What is ordered for industry cards, by API: told, carried out, appealed against, lifted."""

from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import Field

from console.actions.cards.industry.order_appeals import appeal_order, decide_order_appeal
from console.actions.cards.industry.order_lists import OrderFilters, find_orders, order_record
from console.actions.cards.industry.orders import (
    MOST_CARDS,
    MOST_FINDINGS,
    carry_out,
    lift_order,
    note_restored,
    order_cards,
    tell_order,
)
from console.actions.cards.industry.reverification import reverify_ok
from console.actions.cases.authorities.kept import Brought
from console.desk import AlreadyDone, Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, shapes_of
from console.web.api.industry.batches import batch_out
from console.web.api.industry.purchasers import Paper, file_of
from console.web.api.industry.shapes import CardOrderOut, IndustryBatchRecordOut, UsageFindingOut
from models.cards.card_orders import CardMeasure, OrderMove, OrderState
from models.cards.industry import IndustryBatch

router = APIRouter()
_AT = "/card-orders"
_ONE = "/card-orders/{order_id}"


class CardOrderIn(In):
    """All but a warning rest on confirmed findings, or on a case."""

    batch_id: UUID
    measure: CardMeasure
    iccids: list[Annotated[str, Field(max_length=40)]] = Field(
        default_factory=list, max_length=MOST_CARDS
    )
    """None: the whole batch."""
    finding_ids: list[UUID] = Field(default_factory=list[UUID], max_length=MOST_FINDINGS)
    case_id: UUID | None = None
    reason: str = Field(max_length=2000)
    remedy: str = Field(default="", max_length=2000)
    """Left out: where to appeal, by the rules of the day."""
    papers: str = Field(default="", max_length=1000)


class ToldIn(In):
    how: str = Field(max_length=300)
    """By which way, with the number of the receipt."""


class OrderAppealIn(In):
    appellant: str = Field(max_length=200)
    """The unit."""
    text: str = Field(max_length=4000)
    received_on: date | None = None


class AppealDecisionIn(In):
    upheld: bool
    answer: str = Field(max_length=2000)


class OrderLiftIn(In):
    reason: str = Field(max_length=1000)


class CardOrderRecordOut(CardOrderOut):
    batch: str
    case: str | None
    notice_zh: str
    notice_en: str
    """The whole letter, as it was when it was ordered."""
    moves: list[OrderMove]
    findings: list[UsageFindingOut]


def _record(desk: Desk, order_id: UUID) -> CardOrderRecordOut:
    found = order_record(desk, order_id)
    order = found.order
    return CardOrderRecordOut(
        **CardOrderOut.model_validate(order).model_dump(),
        batch=found.batch.number,
        case=found.case.reference if found.case else None,
        notice_zh=order.notice_zh,
        notice_en=order.notice_en,
        moves=list(found.moves),
        findings=shapes_of(UsageFindingOut, found.findings),
    )


shown("CardOrder")(_record)


@router.get(_AT)
def orders(
    desk: Reading,
    state: OrderState | None = None,
    measure: CardMeasure | None = None,
    batch: UUID | None = None,
    overdue: bool = False,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[CardOrderOut]:
    """Newest first."""
    part = find_orders(desk, OrderFilters(state, measure, batch, overdue), after, limit)
    return Page(items=shapes_of(CardOrderOut, part.rows), next=part.next)


@router.post(_AT, status_code=HTTPStatus.CREATED)
def order(desk: Writing, body: CardOrderIn) -> CardOrderOut:
    """The letter to the holder of the cards is written with it, in Chinese and in English."""
    return CardOrderOut.model_validate(order_cards(desk, **body.model_dump()))


@router.get(_ONE)
def one(desk: Reading, order_id: UUID) -> CardOrderRecordOut:
    """With its letter; as PDF it is under `/files/card-orders/` for people."""
    return _record(desk, order_id)


@router.post(f"{_ONE}/tell")
def tell(desk: Writing, order_id: UUID, body: ToldIn) -> CardOrderOut:
    """The letter has reached its holder."""
    return CardOrderOut.model_validate(tell_order(desk, order_id, body.how))


@router.post(f"{_ONE}/carry-out")
def carry(desk: Writing, order_id: UUID, file: Paper) -> CardOrderOut:
    """It is set on the network, as the network's own export or picture shows."""
    return CardOrderOut.model_validate(carry_out(desk, order_id, Brought(*file_of(file))))


@router.post(f"{_ONE}/appeal")
def appeal(desk: Writing, order_id: UUID, body: OrderAppealIn) -> CardOrderOut:
    """Enter what the holder of the cards says against it. It stands until it is upheld."""
    return CardOrderOut.model_validate(appeal_order(desk, order_id, **body.model_dump()))


@router.post(f"{_ONE}/decide-appeal")
def decide(desk: Writing, order_id: UUID, body: AppealDecisionIn) -> CardOrderOut:
    """By somebody who did not order it; what is upheld is lifted here and now."""
    return CardOrderOut.model_validate(decide_order_appeal(desk, order_id, **body.model_dump()))


@router.post(f"{_ONE}/lift")
def lift(desk: Writing, order_id: UUID, body: OrderLiftIn) -> CardOrderOut:
    """By another than whoever ordered it."""
    return CardOrderOut.model_validate(lift_order(desk, order_id, body.reason))


@router.post(f"{_ONE}/restored")
def restored(desk: Writing, order_id: UUID, file: Paper) -> CardOrderOut:
    """Service that a lifted order had cut off is on again."""
    return CardOrderOut.model_validate(note_restored(desk, order_id, Brought(*file_of(file))))


@router.post("/industry-batches/{batch_id}/reverify")
def reverify(
    desk: Writing, batch_id: UUID, file: Paper, reason: Annotated[str, Form(max_length=2000)]
) -> IndustryBatchRecordOut:
    """A restricted batch was verified again: orders on the whole of it end, and it is in use."""
    try:
        reverify_ok(desk, batch_id, reason, Brought(*file_of(file)))
    except AlreadyDone:
        # The first deed of it is an order's; this door answers with the batch.
        raise AlreadyDone(IndustryBatch.__name__, batch_id) from None
    return batch_out(desk, batch_id)
