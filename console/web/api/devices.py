"""Reader devices by API: asked for, seen, stopped; to approve one is a person's part."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from console.actions.checks.devices import (
    ask_code,
    code_expiry,
    device_record,
    list_devices,
    quarantine_device,
    retire_device,
    vouch_for_holder,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, ReasonIn, VersionIn, shapes_of
from models.checks.devices import CardReaderState, DeviceState, WhyQuarantined

router = APIRouter(prefix="/reader-devices", tags=["reader devices"])


class CodeIn(In):
    holder: str = Field(max_length=64)
    """Sign-in name of who will hold the laptop."""
    site: str = Field(default="", max_length=200)


class HolderIn(VersionIn):
    trained_until: date
    secrecy_ref: str = Field(max_length=64)
    """Where the promise of secrecy is filed."""


class CodeOut(Out):
    code: str | None
    """To be typed on the laptop. It is told once: only its hash is kept."""
    expires_at: datetime


class DeviceOut(Out):
    """Its fingerprint is read on the laptop, and not here, before it is approved."""

    id: UUID
    number: str
    organisation_id: UUID
    province: str | None
    host: str
    site: str
    holder_id: UUID
    trained_until: date | None
    secrecy_ref: str
    state: DeviceState
    why: WhyQuarantined | None
    reason: str
    agent_version: str
    agent_build: str
    last_seen_at: datetime | None
    skew_ms: int | None
    last_seq: int
    reads: int
    refused: int
    approved_at: datetime | None
    version: int
    created_at: datetime


class CardReaderOut(Out):
    id: UUID
    name: str
    usb: str
    serial: str
    sam_id: str
    is_virtual: bool
    state: CardReaderState
    judged_at: datetime | None
    first_seen_at: datetime
    version: int


class DeviceRecordOut(DeviceOut):
    readers: list[CardReaderOut]


def _device(desk: Desk, device_id: UUID) -> DeviceRecordOut:
    record = device_record(desk, device_id)
    return DeviceRecordOut(
        **DeviceOut.model_validate(record.device).model_dump(),
        readers=shapes_of(CardReaderOut, record.readers),
    )


shown("ReaderDevice")(_device)


@shown("EnrolmentCode")
def _code(desk: Desk, code_id: UUID) -> CodeOut:
    return CodeOut(code=None, expires_at=code_expiry(desk, code_id))


@router.get("")
def devices(
    desk: Reading,
    state: DeviceState | None = None,
    q: Annotated[str, Query(max_length=40)] = "",
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[DeviceOut]:
    """The newest first; `q` is the beginning of a number or of a host."""
    part = list_devices(desk, state=state, words=q, after=after, limit=limit)
    return Page(items=shapes_of(DeviceOut, part.rows), next=part.next)


@router.get("/{device_id}")
def device(desk: Reading, device_id: UUID) -> DeviceRecordOut:
    """One with the card readers that it has read with."""
    return _device(desk, device_id)


@router.post("/codes", status_code=201)
def code(desk: Writing, body: CodeIn) -> CodeOut:
    """A pairing code: it works once, within ten minutes."""
    asked = ask_code(desk, body.holder, body.site)
    return CodeOut(code=asked.code, expires_at=asked.expires_at)


@router.post("/{device_id}/holder")
def holder(desk: Writing, device_id: UUID, body: HolderIn) -> DeviceRecordOut:
    """Its holder is trained and bound to secrecy; said by another than the holder."""
    vouch_for_holder(desk, device_id, body.trained_until, body.secrecy_ref, body.version)
    return _device(desk, device_id)


@router.post("/{device_id}/quarantine")
def quarantine(desk: Writing, device_id: UUID, body: ReasonIn) -> DeviceRecordOut:
    quarantine_device(desk, device_id, body.reason, body.version)
    return _device(desk, device_id)


@router.post("/{device_id}/retire")
def retire(desk: Writing, device_id: UUID, body: ReasonIn) -> DeviceRecordOut:
    """For good: the laptop needs another key to read again."""
    retire_device(desk, device_id, body.reason, body.version)
    return _device(desk, device_id)
