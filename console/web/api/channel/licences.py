"""Licences by API: hand in, decide, measures."""

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from console.actions.channel.licences import (
    LicenceForm,
    approve_licence,
    edit_licence,
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
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, LicenceOut, MeasureIn, ReasonIn, VersionIn, shapes_of
from models.channel.licences import LicenceState, Product

router = APIRouter()


class LicenceIn(In):
    products: list[Product] = Field(max_length=10)
    provinces: list[str] = Field(max_length=40)
    shop_ids: list[UUID] = Field(max_length=1000)
    begins_on: date
    ends_on: date
    agreement_no: str = Field(default="", max_length=64)

    def form(self) -> LicenceForm:
        return LicenceForm(**self.model_dump(include=set(LicenceForm.__slots__)))


class LicenceEditIn(LicenceIn):
    version: int


class TerminateIn(ReasonIn):
    is_handed_back: bool
    """Cards are recovered and users' data is handed back."""


def _licence(desk: Desk, licence_id: UUID) -> LicenceOut:
    return LicenceOut.model_validate(licence_record(desk, licence_id).licence)


shown("Licence")(_licence)


@router.get("/licences")
def licences(
    desk: Reading,
    q: str = "",
    state: LicenceState | None = None,
    province: str | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[LicenceOut]:
    part = list_licences(desk, q[:100], state=state, province=province, after=after, limit=limit)
    return Page(items=shapes_of(LicenceOut, part.rows), next=part.next)


@router.get("/licences/{licence_id}")
def licence(desk: Reading, licence_id: UUID) -> LicenceOut:
    return _licence(desk, licence_id)


@router.put("/licences/{licence_id}")
def change_licence(desk: Writing, licence_id: UUID, body: LicenceEditIn) -> LicenceOut:
    """Of a draft only."""
    return LicenceOut.model_validate(edit_licence(desk, licence_id, body.form(), body.version))


@router.post("/licences/{licence_id}/submit")
def hand_licence_in(desk: Writing, licence_id: UUID, body: VersionIn) -> LicenceOut:
    return LicenceOut.model_validate(submit_licence(desk, licence_id, body.version))


@router.post("/licences/{licence_id}/approve")
def put_in_force(desk: Writing, licence_id: UUID, body: VersionIn) -> LicenceOut:
    return LicenceOut.model_validate(approve_licence(desk, licence_id, body.version))


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
