"""What platforms are told of licences, by API: read, acknowledge."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from console.actions.channel.tellings import (
    TellingRecord,
    acknowledge_telling,
    list_tellings,
    push_again,
    telling_record,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import Out, shapes_of
from models.channel.tellings import TellingEvent, TellingState

router = APIRouter()


class TellingOut(Out):
    id: UUID
    licence_id: UUID
    platform: str
    event: TellingEvent
    shops: list[str]
    """The agent's shops there, as the platform calls them."""
    reason: str
    at: datetime
    due_at: datetime
    """The first moment at which an acknowledgement is late."""
    acknowledged_at: datetime | None
    acknowledged_by: str
    pushed_at: datetime | None
    tries: int
    last_words: str


class TellingRecordOut(TellingOut):
    licence_no: str
    agent_no: str
    agent: str
    sender: str


def _telling(desk: Desk, telling_id: UUID) -> TellingRecordOut:
    return _shape(telling_record(desk, telling_id))


def _shape(record: TellingRecord) -> TellingRecordOut:
    return TellingRecordOut(
        **TellingOut.model_validate(record.telling).model_dump(),
        licence_no=record.licence.number,
        agent_no=record.agent.agent_no,
        agent=record.agent.name,
        sender=record.sender.name,
    )


shown("Telling")(_telling)


@router.get("/tellings")
def tellings(
    desk: Reading,
    state: TellingState | None = None,
    event: TellingEvent | None = None,
    platform: str | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[TellingOut]:
    """The newest first; a platform sees its own."""
    part = list_tellings(
        desk, state=state, event=event, platform=platform, after=after, limit=limit
    )
    return Page(items=shapes_of(TellingOut, part.rows), next=part.next)


@router.get("/tellings/{telling_id}")
def telling(desk: Reading, telling_id: UUID) -> TellingRecordOut:
    return _telling(desk, telling_id)


@router.post("/tellings/{telling_id}/acknowledge")
def acknowledge(desk: Writing, telling_id: UUID) -> TellingRecordOut:
    """By the platform that was told."""
    acknowledge_telling(desk, telling_id)
    return _telling(desk, telling_id)


@router.post("/tellings/{telling_id}/push")
def push(desk: Writing, telling_id: UUID) -> TellingRecordOut:
    """Once more to the platform's server, by the carrier."""
    push_again(desk, telling_id)
    return _telling(desk, telling_id)
