"""Versions of a licence's scope by API: read, compare, ask for another, decide."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from console.actions.channel.licences import LicenceForm, licence_record
from console.actions.channel.versions import (
    amend_scope,
    approve_version,
    compare_versions,
    return_version,
    withdraw_version,
)
from console.desk import Desk
from console.i18n import language_of, spoken
from console.web.api.base import Reading, Writing
from console.web.api.channel.licences import InLanguage, ScopeIn
from console.web.api.channel.shapes import LicenceOut, Out, ReasonIn, VersionIn, shapes_of
from models.channel.licences import Product
from models.channel.versions import LicenceVersion, VersionState

router = APIRouter()


class AmendIn(ScopeIn):
    reason: str = Field(max_length=1000)
    version: int

    def form(self) -> LicenceForm:
        kept = self.model_dump(exclude={"reason", "version"})
        return LicenceForm(**kept)


class ScopeVersionOut(Out):
    id: UUID
    number: int
    state: VersionState
    products: list[Product]
    provinces: list[str]
    shop_ids: list[UUID]
    begins_on: date
    ends_on: date
    reason: str
    asked_at: datetime
    due_at: datetime | None
    decided_at: datetime | None


class ScopeVersionsOut(Out):
    items: list[ScopeVersionOut]


class DifferenceOut(Out):
    """What the second version has against the first, a line for each part, in words."""

    first: int
    second: int
    lines: list[str]


def _versions(rows: Sequence[LicenceVersion]) -> ScopeVersionsOut:
    return ScopeVersionsOut(items=shapes_of(ScopeVersionOut, rows))


def _licence(desk: Desk, licence_id: UUID) -> LicenceOut:
    return LicenceOut.model_validate(licence_record(desk, licence_id).licence)


@router.get("/licences/{licence_id}/versions")
def versions(desk: Reading, licence_id: UUID) -> ScopeVersionsOut:
    """Oldest first; one that is pending waits for its approval, and the one in force holds."""
    return _versions(licence_record(desk, licence_id).versions)


@router.get("/licences/{licence_id}/diff")
def difference(
    desk: Reading,
    licence_id: UUID,
    first: Annotated[int, Query(ge=1, le=1_000_000)],
    second: Annotated[int, Query(ge=1, le=1_000_000)],
    language: InLanguage = None,
) -> DifferenceOut:
    spoken.set(language_of(language))
    lines = compare_versions(desk, licence_id, first, second)
    return DifferenceOut(first=first, second=second, lines=lines)


@router.post("/licences/{licence_id}/amend")
def amend(desk: Writing, licence_id: UUID, body: AmendIn) -> LicenceOut:
    """The scope in force holds until another person approves the new one."""
    amend_scope(desk, licence_id, body.form(), body.reason, body.version)
    return _licence(desk, licence_id)


@router.post("/licences/{licence_id}/versions/{version_id}/approve")
def approve(desk: Writing, licence_id: UUID, version_id: UUID, body: VersionIn) -> LicenceOut:
    """`version` is that of the licence, as everywhere."""
    approve_version(desk, version_id, body.version)
    return _licence(desk, licence_id)


@router.post("/licences/{licence_id}/versions/{version_id}/return")
def give_back(desk: Writing, licence_id: UUID, version_id: UUID, body: ReasonIn) -> LicenceOut:
    return_version(desk, version_id, reason=body.reason, version=body.version)
    return _licence(desk, licence_id)


@router.post("/licences/{licence_id}/versions/{version_id}/withdraw")
def withdraw(desk: Writing, licence_id: UUID, version_id: UUID, body: VersionIn) -> LicenceOut:
    withdraw_version(desk, version_id, body.version)
    return _licence(desk, licence_id)
