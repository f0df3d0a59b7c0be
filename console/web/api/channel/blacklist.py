"""The blacklist by API: read, put a firm on it, take one off."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from console.actions.channel.blacklist import (
    blacklist_firm,
    blacklist_record,
    lift_from_blacklist,
    list_blacklist,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import BlacklistedOut, In, shapes_of

router = APIRouter()


class BlacklistedIn(In):
    uscc: str = Field(max_length=24)
    name: str = Field(max_length=200)
    reason: str = Field(max_length=500)
    source: str = Field(max_length=200)
    until: date | None = None
    carrier: str | None = Field(default=None, max_length=32)
    """A carrier's code, for those who work for several."""


class LiftIn(In):
    reason: str = Field(max_length=1000)


def _entry(desk: Desk, entry_id: UUID) -> BlacklistedOut:
    return BlacklistedOut.model_validate(blacklist_record(desk, entry_id).entry)


shown("Blacklisted")(_entry)


@router.get("/blacklist")
def blacklist(
    desk: Reading,
    q: str = "",
    live: bool = False,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[BlacklistedOut]:
    """Firms by name or code; `live` leaves out what ended."""
    part = list_blacklist(desk, q[:100], live=live, after=after, limit=limit)
    return Page(items=shapes_of(BlacklistedOut, part.rows), next=part.next)


@router.get("/blacklist/{entry_id}")
def blacklisted(desk: Reading, entry_id: UUID) -> BlacklistedOut:
    return _entry(desk, entry_id)


@router.post("/blacklist", status_code=201)
def put_on(desk: Writing, body: BlacklistedIn) -> BlacklistedOut:
    """A firm that is no agent here; an agent is blacklisted by its own record."""
    return BlacklistedOut.model_validate(blacklist_firm(desk, **body.model_dump()))


@router.post("/blacklist/{entry_id}/lift")
def lift(desk: Writing, entry_id: UUID, body: LiftIn) -> BlacklistedOut:
    return BlacklistedOut.model_validate(lift_from_blacklist(desk, entry_id, body.reason))
