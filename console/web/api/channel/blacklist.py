"""The blacklist and restricted parties by API: read, put on, take off."""

from datetime import date, datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from console.actions.channel.blacklist import (
    blacklist_firm,
    blacklist_person,
    blacklist_record,
    lift_from_blacklist,
    list_blacklist,
)
from console.actions.channel.restricted import (
    RestrictedForm,
    add_restricted,
    lift_restricted,
    list_restricted,
    restricted_record,
)
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import BlacklistedOut, In, Out, shapes_of

router = APIRouter()


class BlacklistedIn(In):
    uscc: str = Field(max_length=24)
    name: str = Field(max_length=200)
    reason: str = Field(max_length=500)
    source: str = Field(max_length=200)
    person: str = Field(default="", max_length=64)
    """Who runs it: whoever bears the name is looked into."""
    until: date | None = None
    carrier: str | None = Field(default=None, max_length=32)
    """A carrier's code, for those who work for several."""


class PersonIn(In):
    person: str = Field(max_length=64)
    """The name alone, never an identity number."""
    reason: str = Field(max_length=500)
    source: str = Field(max_length=200)
    until: date | None = None
    carrier: str | None = Field(default=None, max_length=32)


class RestrictedIn(In):
    name: str = Field(max_length=200)
    uscc: str = Field(default="", max_length=24)
    """Empty of a person."""
    authority: str = Field(max_length=200)
    document_no: str = Field(max_length=64)
    basis: str = Field(max_length=500)
    begins_on: date
    until: date
    """At most five years from the first day."""
    appeal_to: str = Field(max_length=500)
    carrier: str | None = Field(default=None, max_length=32)


class RestrictedOut(Out):
    id: UUID
    carrier_id: UUID
    name: str
    uscc: str
    authority: str
    document_no: str
    basis: str
    begins_on: date
    until: date
    appeal_to: str
    created_at: datetime
    lifted_at: datetime | None


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


@router.post("/blacklist/persons", status_code=201)
def put_person_on(desk: Writing, body: PersonIn) -> BlacklistedOut:
    """A person by name; an agent whose representative bears it is looked into by a reviewer."""
    return BlacklistedOut.model_validate(blacklist_person(desk, **body.model_dump()))


def _party(desk: Desk, party_id: UUID) -> RestrictedOut:
    return RestrictedOut.model_validate(restricted_record(desk, party_id).party)


shown("RestrictedParty")(_party)


@router.get("/restricted-parties")
def restricted_parties(
    desk: Reading,
    q: str = "",
    live: bool = False,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RestrictedOut]:
    """Firms and persons under joint punishment; `live` leaves out what ended."""
    part = list_restricted(desk, q[:100], live=live, after=after, limit=limit)
    return Page(items=shapes_of(RestrictedOut, part.rows), next=part.next)


@router.get("/restricted-parties/{party_id}")
def restricted_party(desk: Reading, party_id: UUID) -> RestrictedOut:
    return _party(desk, party_id)


@router.post("/restricted-parties", status_code=201)
def restrict(desk: Writing, body: RestrictedIn) -> RestrictedOut:
    """From an authority's paper, for at most five years."""
    form = RestrictedForm(**body.model_dump(exclude={"carrier"}))
    return RestrictedOut.model_validate(add_restricted(desk, form, body.carrier))


@router.post("/restricted-parties/{party_id}/lift")
def lift_party(desk: Writing, party_id: UUID, body: LiftIn) -> RestrictedOut:
    return RestrictedOut.model_validate(lift_restricted(desk, party_id, body.reason))
