"""Lists of barred parties by API; they are brought by `/imports`."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from console.actions.channel.barred_lists import (
    BroughtList,
    brought_list,
    brought_lists,
    confirm_list,
    refuse_list,
)
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing
from console.web.api.channel.shapes import In, Out
from models.channel.imports import Import, ImportKind, ImportState

router = APIRouter()


class BarredListOut(Out):
    id: UUID
    kind: ImportKind
    file_name: str
    sha256: str
    state: ImportState
    rows: int
    accepted: int
    rejected: int
    waiting: int
    """Entries that hold once another approver has confirmed the list."""
    created_at: datetime


class RefuseIn(In):
    reason: str = Field(max_length=1000)


def _out(brought: Import, waiting: int) -> BarredListOut:
    facts = {name: getattr(brought, name) for name in BarredListOut.model_fields
             if name != "waiting"}  # fmt: skip
    return BarredListOut(**facts, waiting=waiting)


def _of(found: BroughtList) -> BarredListOut:
    return _out(found.brought, found.waiting)


@router.get("/barred-lists")
def lists(desk: Reading, after: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> Page[BarredListOut]:
    """Lists of the caller's organisation, latest first."""
    part, waiting = brought_lists(desk, after=after, limit=limit)
    rows = [_out(one, waiting.get(one.id, 0)) for one in part.rows]
    return Page(items=rows, next=part.next)


@router.get("/barred-lists/{import_id}")
def one(desk: Reading, import_id: UUID) -> BarredListOut:
    return _of(brought_list(desk, import_id))


@router.post("/barred-lists/{import_id}/confirm")
def confirm(desk: Writing, import_id: UUID) -> BarredListOut:
    """From now on its entries hold. Never by who brought it."""
    return _of(confirm_list(desk, import_id))


@router.post("/barred-lists/{import_id}/refuse")
def refuse(desk: Writing, import_id: UUID, body: RefuseIn) -> BarredListOut:
    """Its entries never held, and go."""
    return _of(refuse_list(desk, import_id, body.reason))
