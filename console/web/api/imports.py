"""Files of rows: bring one, and see how far it has got."""

import json
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from console.actions.imports.plan import list_imports, plan_import, the_import
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from models.channel.imports import Import, ImportKind, ImportState
from models.refusals import Invalid

router = APIRouter(prefix="/imports", tags=["imports"])
_MAPPING: Final = TypeAdapter(dict[str, str])


class ImportOut(BaseModel):
    """A file of rows. `rejects` is where the rejected rows are, once it has ended."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: ImportKind
    file_name: str
    sha256: str
    columns: dict[str, str]
    is_dry: bool
    state: ImportState
    rows: int
    read: int
    accepted: int
    rejected: int
    rejects: str | None = None
    fault: dict[str, Any] | None
    created_at: datetime
    ended_at: datetime | None


@shown("Import")
def _shown(desk: Desk, import_id: UUID) -> ImportOut:
    return _out(the_import(desk, import_id))


def _out(imported: Import) -> ImportOut:
    out = ImportOut.model_validate(imported)
    if imported.ended_at is not None and imported.rejects_sha256 is not None:
        out.rejects = f"/files/imports/{imported.id}/rejects.csv"
    return out


@router.post("", status_code=202)
def bring(
    desk: Writing,
    kind: Annotated[ImportKind, Form()],
    file: Annotated[UploadFile, File(description="CSV, XLSX, Parquet or JSON by lines.")],
    columns: Annotated[
        str | None,
        Form(description="JSON: which column fills each field. Else their names decide."),
    ] = None,
    dry: Annotated[bool, Form(description="Check every row, keep none.")] = False,
    organisation: Annotated[str | None, Form(max_length=32)] = None,
) -> ImportOut:
    """Read the file to its end, and promise the import. It goes on by itself."""
    planned = plan_import(
        desk,
        kind,
        file.filename or "file",
        file.file,
        _mapping(columns) if columns else None,
        dry=dry,
        organisation=organisation,
    )
    return _out(planned)


@router.get("/{import_id}")
def one(desk: Reading, import_id: UUID) -> ImportOut:
    """How far an import has got, and what became of its rows."""
    return _out(the_import(desk, import_id))


@router.get("")
def several(
    desk: Reading,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    kind: ImportKind | None = None,
) -> Page[ImportOut]:
    """Imports of the caller's organisation, latest first."""
    found = list_imports(desk, after, kind=kind, limit=limit)
    return Page(items=[_out(row) for row in found.rows], next=found.next)


def _mapping(text: str) -> dict[str, str]:
    try:
        return _MAPPING.validate_python(json.loads(text))
    except (ValueError, ValidationError, RecursionError) as error:
        raise Invalid("api.invalid", fields="columns") from error
