"""Keep the promise of an import: a batch of rows in one transaction, until none is left."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from console.actions.imports.kinds import row_kind
from console.actions.imports.reading import CheckedRow, Reading, checked, reading_of
from console.actions.imports.rejects import keep_rejects, reject_file
from console.actions.imports.rows import Batch, RowKind
from console.actions.patrol.models import model_for
from console.actions.patrol.screened import Said, screened
from console.actions.promises import actor_kept
from console.desk import Desk, Work
from models.channel.imports import Import, ImportMove, ImportState
from models.permissions import Permission
from models.refusals import Refusal
from models.rules import china_day
from models.staff import HOUSE

_UNDER_WAY = (ImportState.WAITING, ImportState.RUNNING)
_MOST_AT_ONCE = 50


def waiting_imports(desk: Desk) -> Sequence[UUID]:
    """Imports that are promised and not ended, the oldest first."""
    with desk.begin(Permission.AGENT_READ) as work:
        return work.session.exec(
            select(Import.id)
            .where(col(Import.state).in_(_UNDER_WAY))
            .order_by(col(Import.id))
            .limit(_MOST_AT_ONCE)
        ).all()


def advance_import(desk: Desk, import_id: UUID | str) -> bool:
    """One batch, in the name of who brought the file; False when the import has ended.

    What rows say is read and checked outside of the transaction. Two processes at one import do
    no harm: a batch that somebody else has kept meanwhile is left out.
    """
    with desk.begin(Permission.AGENT_READ) as work:
        imported = work.get(Import, import_id)
    if imported.state not in _UNDER_WAY:
        return False
    desk = desk.as_(actor_kept(imported.actor))
    kind, on = row_kind(imported.kind), china_day(desk.now())
    store = desk.house.evidence
    try:
        with reading_of(store, imported, on) as reading:
            rows = reading.batch(kind.rows_at_once)
            if rows:
                _keep_batch(desk, kind, imported, reading, checked(kind, reading, rows, on))
                return True
    except Refusal as no:
        _end(desk, kind, imported, no)
        return False
    _end(desk, kind, imported)
    return False


def run_import(desk: Desk, import_id: UUID | str) -> Import:
    """All batches here and now, for the command line."""
    while advance_import(desk.as_(HOUSE), import_id):
        pass
    with desk.begin(Permission.AGENT_READ) as work:
        return work.get(Import, import_id)


def _keep_batch(
    desk: Desk, kind: RowKind[Any], before: Import, reading: Reading, rows: list[CheckedRow]
) -> None:
    good = [one for one in rows if one.reasons is None]
    said = _said(desk, kind, before, good)
    with desk.begin(kind.permission) as work:
        imported = work.get(Import, before.id)
        if imported.read != before.read or imported.state not in _UNDER_WAY:
            return
        if imported.state is ImportState.WAITING:
            imported.move(ImportMove.START)
        batch = Batch(work, imported, reading.seen, said)
        verdicts = dict(
            zip(map(id, good), kind.keep(batch, [one.found for one in good]), strict=True)
        )
        rejects = [
            (one.row, reasons) for one in rows if (reasons := one.reasons or verdicts.get(id(one)))
        ]
        if rejects:
            imported.rejects_sha256 = keep_rejects(
                desk.house.evidence, imported.rejects_sha256, reading.names, rejects
            )
        _count(work, imported, len(rows), len(rejects))
    if before.is_dry:
        for one in good:
            if not verdicts[id(one)]:
                reading.seen.update(kind.marks(one.found))


def _said(desk: Desk, kind: RowKind[Any], before: Import, good: list[CheckedRow]) -> Said:
    """What the organisation's model says of the rows; of a dry run's nothing is asked."""
    words_of = None if before.is_dry else kind.words
    offers = [words_of(one.found) for one in good] if words_of else []
    return screened(offers, model_for(desk.house, before.organisation_id))


def _count(work: Work, imported: Import, read: int, rejected: int) -> None:
    imported.read += read
    imported.rejected += rejected
    imported.accepted += read - rejected
    work.record(
        "import.batch",
        imported,
        read=imported.read,
        accepted=read - rejected,
        rejected=rejected,
    )


def _end(desk: Desk, kind: RowKind[Any], before: Import, no: Refusal | None = None) -> None:
    """Make the reject file, then say that it is done, or why it could not be."""
    store = desk.house.evidence
    made, chain = reject_file(store, before.rejects_sha256) if before.rejects_sha256 else (None, [])
    with desk.begin(kind.permission) as work:
        imported = work.get(Import, before.id)
        if imported.read != before.read or imported.state not in _UNDER_WAY:
            return
        imported.rejects_sha256, imported.ended_at = made, work.at
        counts = {"accepted": imported.accepted, "rejected": imported.rejected}
        if no is None:
            if imported.state is ImportState.WAITING:
                imported.move(ImportMove.START)
            imported.move(ImportMove.FINISH)
            work.record("import.finished", imported, dry=imported.is_dry, **counts)
        else:
            imported.fault = {"code": no.code, "facts": no.facts}
            imported.move(ImportMove.FAIL)
            work.record("import.failed", imported, code=no.code, **counts)
    for digest in chain:
        store.path(digest).unlink(missing_ok=True)
