"""Test purchases by API: planned, approved by another, ordered, received, closed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import Field

from console.actions.brought import LARGEST
from console.actions.checks.test_purchases import (
    MOST_FEN,
    MOST_FILES,
    Parcel,
    Plan,
    approve_purchase,
    call_off_purchase,
    close_purchase,
    list_purchases,
    order_purchase,
    plan_purchase,
    purchase_record,
    receive_purchase,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, ReasonIn, VersionIn, shapes_of
from models.checks.test_purchases import PurchaseResult, PurchaseState
from models.formats import Carrier

router = APIRouter(prefix="/test-purchases", tags=["test purchases"])


class PlanIn(In):
    purpose: str = Field(max_length=1000)
    offer: str = Field(max_length=500)
    """Its title or address."""
    finding: str = Field(default="", max_length=40)
    """Number of the patrol's finding that it is to prove."""
    platform: str = Field(default="", max_length=32)
    carrier: str | None = Field(default=None, max_length=32)
    """Its code, where the program works for several."""


class OrderIn(VersionIn):
    order_no: str = Field(max_length=64)
    price_fen: int = Field(ge=0, le=MOST_FEN)
    """Paid, in hundredths of a yuan."""


class FileOut(Out):
    sha256: str
    name: str
    type: str


class PurchaseOut(Out):
    id: UUID
    number: str
    carrier_id: UUID
    province: str | None
    finding_id: UUID | None
    shop_id: UUID | None
    platform: str
    offer: str
    purpose: str
    state: PurchaseState
    order_no: str
    price_fen: int | None
    ordered_at: datetime | None
    received_at: datetime | None
    iccids: list[str]
    files: list[FileOut]
    asked_identity: bool | None
    works: bool | None
    notes: str
    result: PurchaseResult | None
    closed_at: datetime | None
    version: int
    created_at: datetime


class BoughtCardOut(Out):
    """A card that came. `batch` is an industry batch, `stock` a delivery to `channel`."""

    iccid: str
    issuer: Carrier
    """By the number alone: a hint."""
    batch: str | None
    stock: str | None
    channel: str | None


class PurchaseRecordOut(PurchaseOut):
    cards: list[BoughtCardOut]
    usage_finding: str | None
    """Number of the finding of the batch that came of it."""


def _purchase(desk: Desk, purchase_id: UUID) -> PurchaseRecordOut:
    record = purchase_record(desk, purchase_id)
    cards = [
        BoughtCardOut(
            iccid=one.iccid,
            issuer=one.issuer,
            batch=one.batch.number if one.batch else None,
            stock=one.place.batch.number if one.place else None,
            channel=one.place.channel.code if one.place else None,
        )
        for one in record.cards
    ]
    return PurchaseRecordOut(
        **PurchaseOut.model_validate(record.purchase).model_dump(),
        cards=cards,
        usage_finding=record.usage_finding.number if record.usage_finding else None,
    )


shown("TestPurchase")(_purchase)


@router.get("")
def purchases(
    desk: Reading,
    state: PurchaseState | None = None,
    result: PurchaseResult | None = None,
    q: Annotated[str, Query(max_length=40)] = "",
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[PurchaseOut]:
    """The newest first; `q` is the beginning of a number."""
    part = list_purchases(desk, state=state, result=result, words=q, after=after, limit=limit)
    return Page(items=shapes_of(PurchaseOut, part.rows), next=part.next)


@router.get("/{purchase_id}")
def purchase(desk: Reading, purchase_id: UUID) -> PurchaseRecordOut:
    """One with its cards, and where each of them is known from."""
    return _purchase(desk, purchase_id)


@router.post("", status_code=201)
def plan(desk: Writing, body: PlanIn) -> PurchaseRecordOut:
    made = plan_purchase(
        desk, Plan(body.purpose, body.offer, body.finding, body.platform, body.carrier)
    )
    return _purchase(desk, made.id)


@router.post("/{purchase_id}/approve")
def approve(desk: Writing, purchase_id: UUID, body: VersionIn) -> PurchaseRecordOut:
    """By another than who planned it."""
    approve_purchase(desk, purchase_id, version=body.version)
    return _purchase(desk, purchase_id)


@router.post("/{purchase_id}/order")
def order(desk: Writing, purchase_id: UUID, body: OrderIn) -> PurchaseRecordOut:
    order_purchase(
        desk, purchase_id, order_no=body.order_no, price_fen=body.price_fen, version=body.version
    )
    return _purchase(desk, purchase_id)


@router.post("/{purchase_id}/receive")
def receive(
    desk: Writing,
    purchase_id: UUID,
    version: Annotated[int, Form()],
    iccids: Annotated[str, Form(max_length=2000)] = "",
    asked_identity: Annotated[bool | None, Form()] = None,
    works: Annotated[bool | None, Form()] = None,
    notes: Annotated[str, Form(max_length=2000)] = "",
    files: Annotated[list[UploadFile], File(description="PNG, JPEG or PDF, each 10 MB.")] = [],  # noqa: B006 - FastAPI copies it
) -> PurchaseRecordOut:
    """What came; whose card it is is found here, and not said by the sender."""
    pictures = [
        (one.filename or "file", one.file.read(LARGEST + 1)) for one in files[: MOST_FILES + 1]
    ]
    parcel = Parcel(iccids, asked_identity, works, notes, pictures)
    receive_purchase(desk, purchase_id, parcel, version=version)
    return _purchase(desk, purchase_id)


@router.post("/{purchase_id}/close")
def close(desk: Writing, purchase_id: UUID, body: ReasonIn) -> PurchaseRecordOut:
    close_purchase(desk, purchase_id, reason=body.reason, version=body.version)
    return _purchase(desk, purchase_id)


@router.post("/{purchase_id}/call-off")
def call_off(desk: Writing, purchase_id: UUID, body: ReasonIn) -> PurchaseRecordOut:
    call_off_purchase(desk, purchase_id, reason=body.reason, version=body.version)
    return _purchase(desk, purchase_id)
