"""Lists given out: a few rows at once, many with a second person's leave, and all on record."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.exports.listed import Asked, Listed
from console.actions.exports.registry import list_named
from console.actions.files import Download
from console.desk import Desk
from console.i18n import spoken
from integrations.sheets import write_csv, write_xlsx
from models.base import moved
from models.oversight.exports import (
    EXPORT_MOVES,
    ExportFormat,
    ExportMove,
    ExportState,
    ListExport,
)
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed, NotFound
from models.rules import china_day, parameter
from models.staff import Door

TYPES: Final = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_PEOPLES: Final = frozenset({Door.CONSOLE, Door.CLI})
_GROWN: Final = 10
"""One part in so many may a list grow between the request and the taking."""

Write = Callable[[Path, Sequence[str], Iterable[Sequence[str]]], None]
_WRITERS: Final[dict[ExportFormat, Write]] = {
    ExportFormat.CSV: write_csv,
    ExportFormat.XLSX: write_xlsx,
}


def free_rows(desk: Desk) -> int:
    """So many rows may be taken without a second person."""
    return parameter("export_free_rows", china_day(desk.now())).value


def most_rows(desk: Desk) -> int:
    return parameter("export_most_rows", china_day(desk.now())).value


def approved_hours(desk: Desk) -> int:
    """So long may an approved list be taken."""
    return parameter("export_approval", china_day(desk.now())).value


def may_export(desk: Desk, listed: Listed[Any]) -> bool:
    """Whether the actor may take this list at all; asking is no denial on record."""
    return (
        desk.actor.id is not None
        and desk.actor.organisation_id is not None
        and desk.actor.may(Permission.EXPORT_READ)
        and desk.actor.may(listed.read)
    )


def asked_for(desk: Desk, page: str, query: str) -> tuple[Listed[Any], Asked]:
    """The list and its filters, if this person may take it at all."""
    listed = list_named(page)
    desk.must(Permission.EXPORT_READ)
    desk.must(listed.read)
    if desk.actor.id is None or desk.actor.door not in _PEOPLES:
        raise NotAllowed("export.people_only")
    asked = Asked.of(query, listed.names)
    must_name_nobodys_number(desk, *asked.values)
    return listed, asked


def export_list(desk: Desk, page: str, query: str, kind: ExportFormat) -> Download:
    """The list as its reader sees it, up to the rows that nobody has to be asked for.

    Conflict where there are more: it says whether to ask a colleague or to narrow the filter.
    """
    listed, asked = asked_for(desk, page, query)
    free = free_rows(desk)

    def bounded(rows: Iterator[list[str]]) -> Iterator[list[str]]:
        for count, row in enumerate(rows):
            if count >= free:
                may = desk.actor.may(Permission.EXPORT_ASK)
                raise Conflict("export.ask_first" if may else "export.narrow", most=free)
            yield row

    path, count = _written(desk, listed, asked, kind, bounded)
    with ExitStack() as failed:
        failed.callback(path.unlink, missing_ok=True)
        row = _taken(desk, page, asked.query, kind, count)
        with desk.begin(Permission.ACCOUNT_USE) as work:
            work.add(row)
            work.record("export.taken", row, **_facts(row))
        failed.pop_all()
    return _handed(desk, row, path)


def take_export(desk: Desk, export_id: UUID | str) -> Download:
    """An approved list, by whoever asked for it, once; Conflict where it has grown since."""
    desk.must(Permission.EXPORT_READ)
    with desk.begin(Permission.EXPORT_READ) as work:
        row = _mine(desk, work.get(ListExport, export_id))
        if row.until is not None and row.until <= work.at:
            raise Conflict("export.expired")
        moved(EXPORT_MOVES, row.state, ExportMove.TAKE)
    listed, asked = asked_for(desk, row.page, row.query)
    most = row.rows + row.rows // _GROWN

    def bounded(rows: Iterator[list[str]]) -> Iterator[list[str]]:
        for count, cells in enumerate(rows):
            if count >= most:
                raise Conflict("export.grown", rows=row.rows)
            yield cells

    path, count = _written(desk, listed, asked, row.format, bounded)
    with ExitStack() as failed:
        failed.callback(path.unlink, missing_ok=True)
        with desk.begin(Permission.ACCOUNT_USE) as work:
            held = _mine(desk, work.get(ListExport, export_id))
            held.move(ExportMove.TAKE)
            held.rows = count
            work.record("export.taken", held, **_facts(held))
        failed.pop_all()
    return _handed(desk, held, path)


def _mine(desk: Desk, row: ListExport) -> ListExport:
    """A colleague who approved it does not take it."""
    if row.user_id != desk.actor.id:
        raise NotFound("row.not_found", table="ListExport")
    return row


def _taken(desk: Desk, page: str, query: str, kind: ExportFormat, count: int) -> ListExport:
    actor = desk.actor
    if actor.id is None or actor.organisation_id is None:
        raise NotAllowed("export.people_only")
    return ListExport(
        organisation_id=actor.organisation_id,
        user_id=actor.id,
        page=page,
        query=query,
        format=kind,
        language=spoken.get().value,
        rows=count,
        state=ExportState.TAKEN,
        asked_at=desk.now(),
    )


def _facts(row: ListExport) -> dict[str, object]:
    return {"page": row.page, "filter": row.query, "format": row.format.value, "rows": row.rows}


def _written(
    desk: Desk,
    listed: Listed[Any],
    asked: Asked,
    kind: ExportFormat,
    bounded: Callable[[Iterator[list[str]]], Iterator[list[str]]],
) -> tuple[Path, int]:
    """The file and its rows, a screen at a time; nothing is left of one that was refused."""
    descriptor, name = tempfile.mkstemp(prefix="list-", suffix=f".{kind}")
    os.close(descriptor)
    path, count = Path(name), 0

    def counted() -> Iterator[list[str]]:
        nonlocal count
        for row in bounded(listed.rows(desk, asked)):
            count += 1
            yield row

    with ExitStack() as failed:
        failed.callback(path.unlink, missing_ok=True)
        _WRITERS[kind](path, listed.heads(desk), counted())
        failed.pop_all()
    return path, count


def _handed(desk: Desk, row: ListExport, path: Path) -> Download:
    day = china_day(desk.now()).isoformat()
    name = f"{row.page}-{day}.{row.format}"
    return Download(name, TYPES[row.format], path, is_temporary=True)
