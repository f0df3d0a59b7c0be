"""Purchasers of industry cards by API."""

from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import Field

from console.actions.brought import LARGEST
from console.actions.cards.industry.purchasers import (
    add_purchaser,
    change_purchaser,
    file_licence,
    list_purchasers,
    purchaser_record,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, shapes_of
from console.web.api.industry.shapes import IndustryBatchOut, PurchaserOut, PurchaserRecordOut

router = APIRouter(prefix="/purchasers")
Paper = Annotated[UploadFile, File(description="PNG, JPEG or PDF, up to 10 MB.")]
SeenVersion = Annotated[
    int | None, Form(description="Of the record as it was seen; refused if it has changed since.")
]


class _PurchaserIn(In):
    name: str = Field(max_length=200)
    uscc: str = Field(max_length=40)
    province: str = Field(max_length=2)
    """Of its seat, two digits (GB/T 2260)."""
    is_device_maker: bool = False
    """It sells devices with the cards inside, and reports each month."""
    contact: str = Field(default="", max_length=200)
    """Office and switchboard; no person's number."""


class PurchaserIn(_PurchaserIn):
    organisation: str | None = Field(default=None, max_length=32)
    """Code of the carrier, for those who work for several."""


class PurchaserChangeIn(_PurchaserIn):
    version: int


def _record(desk: Desk, purchaser_id: UUID) -> PurchaserRecordOut:
    record = purchaser_record(desk, purchaser_id)
    return PurchaserRecordOut(
        **PurchaserOut.model_validate(record.purchaser).model_dump(),
        carrier=record.carrier.name,
        is_blacklisted=record.is_blacklisted,
        is_restricted=record.is_restricted,
        batches=shapes_of(IndustryBatchOut, record.batches),
    )


shown("Purchaser")(_record)


@router.get("")
def purchasers(
    desk: Reading,
    q: Annotated[str, Query(max_length=100)] = "",
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[PurchaserOut]:
    """Newest first. `q` is part of a name, or how a code begins."""
    part = list_purchasers(desk, q, after, limit)
    return Page(items=shapes_of(PurchaserOut, part.rows), next=part.next)


@router.post("", status_code=HTTPStatus.CREATED)
def add(desk: Writing, body: PurchaserIn) -> PurchaserOut:
    return PurchaserOut.model_validate(add_purchaser(desk, **body.model_dump()))


@router.get("/{purchaser_id}")
def purchaser(desk: Reading, purchaser_id: UUID) -> PurchaserRecordOut:
    """With its newest batches; the licence itself is under `/files/purchasers/` for people."""
    return _record(desk, purchaser_id)


@router.put("/{purchaser_id}")
def change(desk: Writing, purchaser_id: UUID, body: PurchaserChangeIn) -> PurchaserOut:
    """Once a batch of its was reviewed, its code is fixed."""
    return PurchaserOut.model_validate(change_purchaser(desk, purchaser_id, **body.model_dump()))


@router.post("/{purchaser_id}/licence")
def licence(
    desk: Writing,
    purchaser_id: UUID,
    file: Paper,
    licence_name: Annotated[str, Form(max_length=200, description="The name that it has.")],
    until: Annotated[date | None, Form(description="Its last day; without: no term.")] = None,
    version: SeenVersion = None,
) -> PurchaserOut:
    row = file_licence(
        desk,
        purchaser_id,
        *file_of(file),
        licence_name=licence_name,
        until=until,
        version=version,
    )
    return PurchaserOut.model_validate(row)


def file_of(file: UploadFile) -> tuple[str, bytes]:
    """Its name and its bytes, as far as they are let in."""
    return file.filename or "file", file.file.read(LARGEST + 1)
