"""Who asks, the organisations, and the record of deeds."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from console.actions.audit import latest_checkpoint, list_deeds
from console.actions.staff.people import list_organisations
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading
from models.staff import OrganisationKind

router = APIRouter(tags=["staff"])


class Me(BaseModel):
    id: UUID | None
    name: str
    organisation: str
    kind: OrganisationKind
    roles: list[str]
    provinces: list[str]
    platform: str | None


class OrganisationOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    kind: OrganisationKind
    name: str
    province: str | None


class DeedOut(BaseModel):
    """One deed on record; `leaf` is its place in the tree, once it is sealed."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    at: datetime
    actor_name: str
    organisation: str
    door: str
    deed: str
    subject_kind: str
    subject_id: str
    subject_name: str
    facts: dict[str, Any]
    leaf: int | None


class CheckpointOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    size: int
    note: str
    at: datetime


class Nothing(BaseModel):
    size: Literal[0] = 0


@router.get("/me")
def me(desk: Reading) -> Me:
    """Whose key or session this is, and what they may see."""
    actor = desk.actor
    return Me(
        id=actor.id,
        name=actor.name,
        organisation=actor.organisation,
        kind=actor.kind,
        roles=sorted(actor.roles),
        provinces=sorted(actor.provinces),
        platform=actor.platform,
    )


@router.get("/organisations")
def organisations(desk: Reading) -> list[OrganisationOut]:
    return [OrganisationOut.model_validate(row) for row in list_organisations(desk)]


@router.get("/audit/deeds")
def deeds(
    desk: Reading, after: Cursor = None, limit: Limit = DEFAULT_LIMIT, deed: str | None = None
) -> Page[DeedOut]:
    """Deeds, latest first; `deed` is the beginning of a word such as `licence.`."""
    part = list_deeds(desk, after, deed=deed, limit=limit)
    return Page(items=[DeedOut.model_validate(row) for row in part.rows], next=part.next)


@router.get("/audit/checkpoint")
def checkpoint(desk: Reading) -> CheckpointOut | Nothing:
    """The signed head of the record (C2SP tlog-checkpoint)."""
    head = latest_checkpoint(desk)
    return CheckpointOut.model_validate(head) if head else Nothing()
