"""Licences by API: hand in, decide, renew, measures; one by one, or several at once."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from pydantic import Field

from console.actions.channel.held import Done
from console.actions.channel.licences import (
    LicenceForm,
    approve_licence,
    approve_licences,
    edit_licence,
    grant_licences,
    licence_record,
    list_licences,
    resume_licence,
    return_licence,
    revoke_licence,
    submit_licence,
    suspend_licence,
    terminate_licence,
    withdraw_revocation,
)
from console.actions.channel.renewals import renew_licence, renew_licences
from console.desk import LONGEST_PAGE, Desk
from console.i18n import language_of, spoken, told
from console.web.api.base import DEFAULT_LIMIT, Cursor, Fault, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import (
    In,
    LicenceOut,
    MeasureIn,
    Out,
    ReasonIn,
    VersionIn,
    shapes_of,
)
from models.channel.licences import LicenceState, Product

router = APIRouter()
InLanguage = Annotated[str | None, Header(alias="accept-language")]
"""Of answers that say something in words."""


class ScopeIn(In):
    products: list[Product] = Field(max_length=10)
    provinces: list[str] = Field(max_length=40)
    shop_ids: list[UUID] = Field(max_length=1000)
    begins_on: date
    ends_on: date


class LicenceIn(ScopeIn):
    agreement_no: str = Field(default="", max_length=64)
    """Left empty, the number of the agreement on file is taken when it is handed in."""

    def form(self) -> LicenceForm:
        return LicenceForm(**self.model_dump(include=set(LicenceForm.__slots__)))


class LicenceEditIn(LicenceIn):
    version: int


class TerminateIn(ReasonIn):
    is_handed_back: bool
    """Cards are recovered and users' data is handed back."""


class RenewIn(VersionIn):
    ends_on: date | None = None
    """The last day of the new licence; left out, its period is as long as before."""


class SeveralIn(In):
    ids: list[UUID] = Field(min_length=1, max_length=LONGEST_PAGE)


class GrantIn(In):
    """One scope for several agents, each with all of its own live shops."""

    agent_ids: list[UUID] = Field(min_length=1, max_length=LONGEST_PAGE)
    products: list[Product] = Field(max_length=10)
    provinces: list[str] = Field(max_length=40)
    begins_on: date
    ends_on: date

    def form(self) -> LicenceForm:
        return LicenceForm(**self.model_dump(exclude={"agent_ids"}), shop_ids=())


class DoneOut(Out):
    """What became of one row of several."""

    id: UUID
    made: UUID | None
    """The licence that came of it, or the row itself; none where it was refused."""
    refused: Fault | None


class DoneListOut(Out):
    items: list[DoneOut]


def _done(rows: Sequence[Done], language: str | None) -> DoneListOut:
    spoken.set(language_of(language))
    return DoneListOut(items=[_one_done(row) for row in rows])


def _one_done(row: Done) -> DoneOut:
    no = row.refusal
    said = no and Fault(code=no.code, message=told(no.code, no.facts), facts=no.facts)
    return DoneOut(id=row.id, made=row.made, refused=said)


def _licence(desk: Desk, licence_id: UUID) -> LicenceOut:
    return LicenceOut.model_validate(licence_record(desk, licence_id).licence)


shown("Licence")(_licence)


@router.get("/licences")
def licences(
    desk: Reading,
    q: str = "",
    state: LicenceState | None = None,
    province: str | None = None,
    ends_within: int | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[LicenceOut]:
    """`ends_within` so many days leaves those in force that run out by then."""
    part = list_licences(
        desk,
        q[:100],
        state=state,
        province=province,
        ends_within=ends_within,
        after=after,
        limit=limit,
    )
    return Page(items=shapes_of(LicenceOut, part.rows), next=part.next)


@router.post("/licences/grant")
def grant_several(desk: Writing, body: GrantIn, language: InLanguage = None) -> DoneListOut:
    """Drafted and handed in for each agent by itself; a refusal of one leaves the others done."""
    return _done(grant_licences(desk, body.agent_ids, body.form()), language)


@router.post("/licences/approve")
def approve_several(desk: Writing, body: SeveralIn, language: InLanguage = None) -> DoneListOut:
    return _done(approve_licences(desk, body.ids), language)


@router.post("/licences/renew")
def renew_several(desk: Writing, body: SeveralIn, language: InLanguage = None) -> DoneListOut:
    return _done(renew_licences(desk, body.ids), language)


@router.get("/licences/{licence_id}")
def licence(desk: Reading, licence_id: UUID) -> LicenceOut:
    return _licence(desk, licence_id)


@router.put("/licences/{licence_id}")
def change_licence(desk: Writing, licence_id: UUID, body: LicenceEditIn) -> LicenceOut:
    """Of a draft only."""
    return LicenceOut.model_validate(edit_licence(desk, licence_id, body.form(), body.version))


@router.post("/licences/{licence_id}/submit")
def hand_licence_in(desk: Writing, licence_id: UUID, body: VersionIn) -> LicenceOut:
    """Refused with every ground at once, each with its rule."""
    return LicenceOut.model_validate(submit_licence(desk, licence_id, body.version))


@router.post("/licences/{licence_id}/approve")
def put_in_force(desk: Writing, licence_id: UUID, body: VersionIn) -> LicenceOut:
    return LicenceOut.model_validate(approve_licence(desk, licence_id, body.version))


@router.post("/licences/{licence_id}/renew", status_code=201)
def renew(desk: Writing, licence_id: UUID, body: RenewIn) -> LicenceOut:
    """A draft that follows on, from sixty days before the last day."""
    row = renew_licence(desk, licence_id, ends_on=body.ends_on, version=body.version)
    return LicenceOut.model_validate(row)


@router.post("/licences/{licence_id}/return")
def give_back(desk: Writing, licence_id: UUID, body: ReasonIn) -> LicenceOut:
    row = return_licence(desk, licence_id, reason=body.reason, version=body.version)
    return LicenceOut.model_validate(row)


@router.post("/licences/{licence_id}/suspend")
def suspend(desk: Writing, licence_id: UUID, body: MeasureIn) -> LicenceOut:
    row = suspend_licence(desk, licence_id, **body.model_dump())
    return LicenceOut.model_validate(row)


@router.post("/licences/{licence_id}/resume")
def resume(desk: Writing, licence_id: UUID, body: ReasonIn) -> LicenceOut:
    row = resume_licence(desk, licence_id, proof=body.reason, version=body.version)
    return LicenceOut.model_validate(row)


@router.post("/licences/{licence_id}/revoke")
def revoke(desk: Writing, licence_id: UUID, body: MeasureIn) -> LicenceOut:
    """The first of two approvers asks; the second, who is another person, does it."""
    row = revoke_licence(desk, licence_id, **body.model_dump())
    return LicenceOut.model_validate(row)


@router.post("/licences/{licence_id}/withdraw-revocation")
def withdraw(desk: Writing, licence_id: UUID) -> LicenceOut:
    """Take back what a first approver has asked for."""
    return LicenceOut.model_validate(withdraw_revocation(desk, licence_id))


@router.post("/licences/{licence_id}/terminate")
def terminate(desk: Writing, licence_id: UUID, body: TerminateIn) -> LicenceOut:
    """End by agreement; its badges are revoked."""
    row = terminate_licence(desk, licence_id, **body.model_dump())
    return LicenceOut.model_validate(row)
