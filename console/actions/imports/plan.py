"""Bring a file: read it to its end, settle which column is which, keep it, and promise the rest."""

import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, TypeAlias
from unicodedata import normalize
from uuid import UUID

from sqlmodel import col

from console.actions.audit import history
from console.actions.imports.kinds import row_kind
from console.actions.imports.rows import RowKind, suggest
from console.actions.promises import kept_actor
from console.desk import PAGE, Desk, Order, Slice
from integrations.sheets import Table, open_table
from models.audit import AuditEntry
from models.channel.admission import names_identity
from models.channel.imports import Import, ImportKind
from models.permissions import Permission
from models.refusals import Invalid
from models.rules import china_day

Content: TypeAlias = Path | bytes | BinaryIO
PREVIEW_ROWS: Final = 5
_LONGEST_NAME: Final = 80
"""Characters of a file's name that messages repeat; in bytes it must fit a file system."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file looks like, before anything is promised."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    """The first few."""
    encoding: str
    suggested: Mapping[str, str]
    """The column that fills each field, as far as its name tells."""
    missing: Sequence[str]
    """Needed fields that no column seems to fill."""


def preview_file(desk: Desk, kind: ImportKind | str, file_name: str, content: Content) -> Preview:
    rows = row_kind(kind)
    with desk.begin(rows.permission):
        pass
    with at_hand(file_name, content) as path, open_table(path) as table:
        suggested = suggest(rows, table.columns)
        missing = [group[0] for group in rows.needed if not suggested.keys() & set(group)]
        first = [row.cells for row in islice(table.rows, PREVIEW_ROWS)]
        return Preview(table.columns, first, table.encoding, suggested, missing)


def plan_import(  # noqa: PLR0913 - what an upload says
    desk: Desk,
    kind: ImportKind | str,
    file_name: str,
    content: Content,
    columns: Mapping[str, str] | None = None,
    *,
    dry: bool = False,
    organisation: str | None = None,
) -> Import:
    """Promise an import. The file is read to its end first: one that is bad there is refused here.

    `columns` names the column of each field; None takes what the columns' names suggest.
    """
    rows = row_kind(kind)
    with desk.begin(rows.permission) as work:
        owner = rows.owner(work, organisation).id
    with at_hand(file_name, content) as path:
        with open_table(path) as table:
            mapped = _mapped(rows, columns, table, path.name)
            count = _counted(rows, table, path.name, china_day(desk.now()))
        with path.open("rb") as file:
            digest = desk.house.evidence.keep(file)
    return _promised(
        desk,
        rows,
        Import(
            kind=ImportKind(kind),
            organisation_id=owner,
            file_name=path.name,
            sha256=digest,
            columns=mapped,
            is_dry=dry,
            actor=kept_actor(desk.actor),
            rows=count,
            created_at=desk.now(),
        ),
    )


def _counted(rows: RowKind[Any], table: Table, file: str, on: date) -> int:
    """How many rows it has; none of them may name a number that is nobody's to type."""
    count = 0
    for row in table.rows:
        count += 1
        if rows.names_persons and any(names_identity(cell, on) for cell in row.cells):
            raise Invalid("import.identity_number", file=file, row=row.number)
    return count


def import_for_real(desk: Desk, import_id: UUID | str) -> Import:
    """The file of a dry run again, now to be kept."""
    with desk.begin(Permission.AGENT_READ) as work:
        tried = work.get(Import, import_id)
    if not tried.is_dry:
        raise Invalid("import.was_not_dry", file=tried.file_name)
    return _promised(
        desk,
        row_kind(tried.kind),
        Import(
            kind=tried.kind,
            organisation_id=tried.organisation_id,
            file_name=tried.file_name,
            sha256=tried.sha256,
            columns=tried.columns,
            actor=kept_actor(desk.actor),
            rows=tried.rows,
            created_at=desk.now(),
        ),
    )


def _promised(desk: Desk, rows: RowKind[Any], imported: Import) -> Import:
    with desk.begin(rows.permission) as work:
        work.add(imported)
        work.record(
            "import.planned",
            imported,
            kind=imported.kind.value,
            rows=imported.rows,
            sha256=imported.sha256,
            dry=imported.is_dry,
        )
        return imported


def list_imports(
    desk: Desk, after: str | None = None, *, kind: str | None = None, limit: int = PAGE
) -> Slice[Import]:
    with desk.begin(Permission.AGENT_READ) as work:
        query = work.select(Import)
        if kind:
            query = query.where(col(Import.kind) == kind)
        return work.slice(query, Order.by(Import.created_at), after, limit)


def the_import(desk: Desk, import_id: UUID | str) -> Import:
    with desk.begin(Permission.AGENT_READ) as work:
        return work.get(Import, import_id)


def import_and_history(desk: Desk, import_id: UUID | str) -> tuple[Import, Sequence[AuditEntry]]:
    with desk.begin(Permission.AGENT_READ) as work:
        imported = work.get(Import, import_id)
        return imported, history(work, imported)


def _mapped(
    rows: RowKind[Any], given: Mapping[str, str] | None, table: Table, file: str
) -> dict[str, str]:
    """The settled mapping: nothing in it that the file or the kind does not have."""
    have = ", ".join(table.columns)
    if given is None:
        mapped = suggest(rows, table.columns)
    else:
        mapped = {name: normalize("NFKC", column).strip() for name, column in given.items()}
    for name, column in mapped.items():
        if name not in rows.fields:
            raise Invalid("import.no_such_field", field=name, fields=", ".join(rows.fields))
        if column not in table.columns:
            raise Invalid("import.no_such_column", file=file, column=column, columns=have)
    for group in rows.needed:
        if not mapped.keys() & set(group):
            called = " / ".join(rows.fields[name][0] for name in group)
            raise Invalid(
                "import.column_missing", file=file, field=group[0], called=called, columns=have
            )
    return mapped


@contextmanager
def at_hand(file_name: str, content: Content) -> Generator[Path]:
    """The file under the name that people know it by, for as long as it is read."""
    name = "".join(
        one for one in PurePosixPath(file_name.replace("\\", "/")).name if one.isprintable()
    )[-_LONGEST_NAME:]
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        path = Path(folder) / (name.strip(". ") or "file")
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif not isinstance(content, Path):
            with path.open("wb") as file:
                shutil.copyfileobj(content, file)
        elif content.is_file():
            path.symlink_to(content.absolute())
        yield path
