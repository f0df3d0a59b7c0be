"""Single files of evidence, as they leave the house: hashed again, by right, and on record."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import String, cast
from sqlmodel import col, select

from console.actions.files import Download, digest_of, put_on_record, whole
from console.actions.patrol.custody import note_custody, who
from console.actions.patrol.packs import brought_files, may_read_whole
from console.desk import Desk, Work
from integrations.evidence import Damaged, Digest, Store
from models.base import Table
from models.cases.cases import Case
from models.patrol.custody import CustodyAct, CustodyEntry
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun
from models.patrol.shops import SeenListing
from models.permissions import Permission
from models.refusals import Conflict, NotFound

_SHORT: Final = 16
_SEEN_AGAIN: Final = timedelta(minutes=10)
_PICTURES: Final = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}
"""What is shown in a page, by how it begins: strangers' names for their files count for nothing."""
_OTHER: Final = {".json": "application/json", ".gz": "application/gzip"}


def evidence_file(desk: Desk, sha256: str, of: str | None = None) -> Download:
    """A capture's manifest by its digest; with `of`, a file that the manifest `of` names."""
    manifest, wanted = digest_of(of or sha256), digest_of(sha256)
    with desk.begin(Permission.EVIDENCE_READ) as work:
        row = _row_of(work, manifest)
        brought = brought_files(work, row, [manifest])
        if brought and not may_read_whole(work.actor, row):
            raise NotFound("file.not_found")
        run = work.session.get(PatrolRun, run_id) if (run_id := _run_of(work, row)) else None
    store = desk.house.evidence
    if of is None and brought:
        name, kind = Path(brought[manifest]).name, "application/octet-stream"
    elif of is None:
        name, kind = f"manifest-{wanted[:_SHORT]}.json", "application/json"
    else:
        name = _name_in(store, manifest, wanted)
        kind = ""
    path = whole(store, wanted)
    with put_on_record(desk, "evidence.downloaded", row, sha256=wanted, manifest=manifest) as work:
        if run is not None and not brought:
            _viewed(work, run, manifest, name)
    kind = kind or _kind_of(path, name)
    return Download(name, kind, path, is_shown=kind in _PICTURES.values())


def _row_of(work: Work, manifest: Digest) -> Table:
    """What the actor knows of that rests on the capture: a case, a finding, an offer, a run."""
    named = cast(col(Finding.evidence), String).contains(f'"{manifest}"')
    case = work.session.exec(
        work.select(Case).where(col(Case.id).in_(select(Finding.case_id).where(named))).limit(1)
    ).first()
    row = (
        case
        or work.session.exec(work.select(Finding).where(named).limit(1)).first()
        or work.session.exec(
            work.select(SeenListing).where(SeenListing.evidence_sha256 == manifest).limit(1)
        ).first()
        or _run_that_took(work, manifest)
    )
    if row is None:
        raise NotFound("file.not_found")
    if row.belongs_to is not None and row.belongs_to not in work.actor.organisations:
        work.seen.append(row)
    return row


def _run_that_took(work: Work, manifest: Digest) -> PatrolRun | None:
    taken = select(CustodyEntry.run_id).where(
        CustodyEntry.manifest_sha256 == manifest, CustodyEntry.act == CustodyAct.CAPTURED
    )
    return work.session.exec(
        work.select(PatrolRun).where(col(PatrolRun.id).in_(taken)).limit(1)
    ).first()


def _run_of(work: Work, row: Table) -> UUID | None:
    """The run that custody is told of."""
    match row:
        case Finding() | SeenListing():
            return row.run_id
        case PatrolRun():
            return row.id
        case Case():
            query = select(Finding.run_id).where(Finding.case_id == row.id)
            return work.session.exec(query.order_by(col(Finding.id))).first()
        case _:
            return None


def note_viewed(desk: Desk, run: PatrolRun, manifests: Sequence[Digest]) -> None:
    """Somebody reads captures in the console: in custody, and on record when it is a new look."""
    with desk.begin(Permission.ACCOUNT_USE) as work:
        fresh = [one for one in manifests if _viewed(work, run, one, "")]
        if fresh:
            work.record("evidence.viewed", run, manifests=fresh)


def _viewed(work: Work, run: PatrolRun, manifest: Digest, name: str) -> bool:
    """Once in ten minutes: a page that is drawn again is no second look."""
    before = work.session.exec(
        select(CustodyEntry)
        .where(CustodyEntry.manifest_sha256 == manifest, CustodyEntry.act == CustodyAct.VIEWED)
        .where(col(CustodyEntry.at) > work.at - _SEEN_AGAIN)
    ).all()
    if any((one.actor, one.note) == (who(work.actor), name) for one in before):
        return False
    note_custody(work, run, manifest, CustodyAct.VIEWED, name)
    return True


def _name_in(store: Store, manifest: Digest, wanted: Digest) -> str:
    try:
        files: list[dict[str, Any]] = json.loads(store.open(manifest))["files"]
    except (OSError, Damaged, ValueError, KeyError):
        raise Conflict("file.damaged", sha256=manifest) from None
    for file in files:
        if file["sha256"] == wanted:
            return f"{manifest[:_SHORT]}-{file['name']}"
    raise NotFound("file.not_found")


def _kind_of(path: Path, name: str) -> str:
    with path.open("rb") as file:
        start = file.read(16)
    for mark, kind in _PICTURES.items():
        if start.startswith(mark):
            return kind
    return _OTHER.get(Path(name).suffix, "application/octet-stream")
