"""Who answers for industry cards and who uses them, by API. Persons come encrypted, never typed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, Field

from console.actions.cards.industry.accountable import (
    announce_change,
    end_person,
    name_unit,
    put_in_charge,
    who_answered,
    withdraw_change,
)
from console.actions.cards.industry.downstream import downstream_of, report_downstream
from console.actions.cards.industry.persons_import import import_persons
from console.actions.cards.industry.users import end_user, list_users, mark_unattributed, unmark
from console.actions.cards.persons import import_key
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing
from console.web.api.channel.shapes import Out, VersionIn, shapes_of
from console.web.api.industry.batches import batch_out
from console.web.api.industry.shapes import (
    AccountablePersonOut,
    AccountableUnitOut,
    CardUserOut,
    IndustryBatchRecordOut,
)
from models.cards.numbers import card_key
from models.cards.users import CardUser

router = APIRouter()
_ONE = "/industry-batches/{batch_id}"
_NAMED: Final = "persons.jwe"
"""A body has no name of its own."""
_ENCRYPTED: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/jose": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_Why = Annotated[str, Field(max_length=500)]
_Count = Annotated[int, Field(ge=0, le=2_000_000_000)]


class UnitIn(VersionIn):
    """Without a name and a code it is the purchaser itself."""

    name: str = Field(default="", max_length=200)
    uscc: str = Field(default="", max_length=40)
    reason: str = Field(default="", max_length=500)
    """Needed where it takes another's place."""


class WhyIn(VersionIn):
    reason: _Why


class UnattributedIn(WhyIn):
    first: str = Field(max_length=40)
    last: str = Field(max_length=40)


class DownstreamIn(VersionIn):
    month: str = Field(max_length=7)
    """`2026-11`, one that is over."""
    sold: _Count
    in_stock: _Count
    registered: _Count
    explanation: str = Field(default="", max_length=1000)
    """Needed where cards are missing."""


class AnsweringOut(Out):
    """Who answered for the cards at that moment."""

    unit: AccountableUnitOut | None
    persons: list[AccountablePersonOut]


class MonthOut(Out):
    id: UUID
    month: str
    issued: int
    sold: int
    in_stock: int
    registered: int
    gap: int
    """Cards that nobody has accounted for."""
    explanation: str
    reported_at: datetime
    version: int


class DownstreamOut(Out):
    is_alarm: bool
    due_month: str | None
    """The next that is missing."""
    due_at: datetime | None
    reports: list[MonthOut]


class RefusedRowOut(Out):
    """A row that was not taken. Nothing of what stands there is said but masks."""

    row: int
    field: str
    reason: str
    facts: dict[str, Any]


class PersonImportOut(Out):
    file_name: str
    sha256: str
    rows: int
    persons: int
    """Who answer for a batch."""
    users: int
    unchanged: int
    """In force before, by the same verification."""
    refused: list[RefusedRowOut]


@router.get("/persons/key")
def key(desk: Reading) -> dict[str, str]:
    """What a file of persons is encrypted to: the house's public key, as a JWK."""
    return dict(import_key(desk))


async def _body(request: Request) -> bytes:
    return await request.body()


@router.post("/persons", openapi_extra=_ENCRYPTED)
def bring(desk: Writing, content: Annotated[bytes, Depends(_body)]) -> PersonImportOut:
    """A JWE of a CSV or of JSON by lines, as `channel identity encrypt` makes it.

    Rows that can't be taken are told one by one, the others are taken. The same file again
    registers nobody twice.
    """
    return PersonImportOut.model_validate(import_persons(desk, _NAMED, content))


@router.post(f"{_ONE}/unit")
def unit(desk: Writing, batch_id: UUID, body: UnitIn) -> IndustryBatchRecordOut:
    """From this moment; the one before closes in the same."""
    name_unit(desk, batch_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/announce-change")
def announce(desk: Writing, batch_id: UUID, body: WhyIn) -> IndustryBatchRecordOut:
    """Other persons are going to answer; the next that come in take their place."""
    announce_change(desk, batch_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/withdraw-change")
def withdraw(desk: Writing, batch_id: UUID, body: WhyIn) -> IndustryBatchRecordOut:
    withdraw_change(desk, batch_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/persons/{{person_id}}/put-in-charge")
def charge(
    desk: Writing, batch_id: UUID, person_id: UUID, body: VersionIn
) -> IndustryBatchRecordOut:
    """Of several who answer, the one that the carrier turns to."""
    put_in_charge(desk, batch_id, person_id, body.version)
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/persons/{{person_id}}/end")
def end(desk: Writing, batch_id: UUID, person_id: UUID, body: WhyIn) -> IndustryBatchRecordOut:
    """The last one of a live batch stays until another is verified."""
    end_person(desk, batch_id, person_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.get(f"{_ONE}/accountable")
def answering(desk: Reading, batch_id: UUID, at: Annotated[AwareDatetime, Query()]) -> AnsweringOut:
    """At a moment, be it long ago."""
    return AnsweringOut.model_validate(who_answered(desk, batch_id, at))


@router.get(f"{_ONE}/users")
def users(
    desk: Reading, batch_id: UUID, after: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[CardUserOut]:
    """In force, in the order of their cards, by their masks."""
    part = list_users(desk, batch_id, after=after, limit=limit)
    return Page(items=_users(part.rows), next=part.next)


@router.post(f"{_ONE}/users/{{user_id}}/end")
def end_use(desk: Writing, batch_id: UUID, user_id: UUID, body: WhyIn) -> IndustryBatchRecordOut:
    """The card is used by that person no more."""
    end_user(desk, batch_id, user_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/unattributed")
def mark(desk: Writing, batch_id: UUID, body: UnattributedIn) -> IndustryBatchRecordOut:
    """Cards that can't be matched with a user each, and why."""
    mark_unattributed(desk, batch_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.post(f"{_ONE}/unattributed/{{mark_id}}/remove")
def remove(desk: Writing, batch_id: UUID, mark_id: UUID, body: WhyIn) -> IndustryBatchRecordOut:
    unmark(desk, batch_id, mark_id, **body.model_dump())
    return batch_out(desk, batch_id)


@router.get(f"{_ONE}/downstream")
def downstream(desk: Reading, batch_id: UUID) -> DownstreamOut:
    """What the maker of the devices has reported, the newest month first."""
    found = downstream_of(desk, batch_id)
    return DownstreamOut(
        is_alarm=found.is_alarm,
        due_month=found.due.month if found.due else None,
        due_at=found.due.deadline.at if found.due else None,
        reports=shapes_of(MonthOut, found.reports),
    )


@router.post(f"{_ONE}/downstream")
def report(desk: Writing, batch_id: UUID, body: DownstreamIn) -> IndustryBatchRecordOut:
    """One month after the other; a second report of a month replaces the first."""
    report_downstream(desk, batch_id, **body.model_dump())
    return batch_out(desk, batch_id)


def _users(rows: Sequence[CardUser]) -> list[CardUserOut]:
    names = set(CardUserOut.model_fields) - {"iccid"}
    return [
        CardUserOut(iccid=card_key(one.card), **{name: getattr(one, name) for name in names})
        for one in rows
    ]
