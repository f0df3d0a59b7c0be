"""Rows that were not taken: kept batch by batch, in the end one file to mend and bring again.

Each batch puts its rejects into the store with the digest of the batch before, and the import
keeps the last digest in the transaction of the batch. So the chain is as whole as the counts.
"""

import json
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final
from uuid import UUID

from console.actions.imports.rows import REASON_COLUMNS, Reason
from console.desk import Desk
from console.i18n import Language
from integrations.evidence import Digest, Store
from integrations.sheets import Row, write_csv
from models.channel.imports import Import, ImportState
from models.permissions import Permission
from models.refusals import NotFound

_ENDED: Final = frozenset({ImportState.DONE, ImportState.FAILED})


def keep_rejects(
    store: Store,
    before: str | None,
    columns: Sequence[str],
    rejects: Sequence[tuple[Row, Sequence[Reason]]],
) -> str:
    """Put a batch's rejects away behind those before it; the digest of the chain so far."""
    own = [at for at, name in enumerate(columns) if name not in REASON_COLUMNS]
    lines: list[Any] = [{"before": before, "columns": [columns[at] for at in own]}]
    for row, reasons in rejects:
        zh, en = (_words(reasons, language) for language in (Language.ZH, Language.EN))
        lines.append([*(row.cells[at] for at in own), zh, en])
    return store.keep("\n".join(json.dumps(line) for line in lines).encode())


def _words(reasons: Sequence[Reason], language: Language) -> str:
    between = "；" if language is Language.ZH else "; "
    return between.join(reason.text(language) for reason in reasons)


def reject_file(store: Store, last: str) -> tuple[Digest, list[Digest]]:
    """Make the one file of a chain, and put it away; its digest, and those of the chain."""
    chain: list[Digest] = []
    head: dict[str, Any] = {"before": last, "columns": []}
    while head["before"] is not None:
        chain.append(Digest(head["before"]))
        head = json.loads(next(_lines(store, chain[-1])))
    columns = [*head["columns"], *REASON_COLUMNS]
    with tempfile.TemporaryDirectory(prefix="rejects-") as folder:
        path = Path(folder) / "rejects.csv"
        write_csv(path, columns, _rows(store, chain[::-1]))
        with path.open("rb") as file:
            return store.keep(file), chain


def _rows(store: Store, chain: Sequence[Digest]) -> Generator[list[str]]:
    for digest in chain:
        lines = _lines(store, digest)
        next(lines)
        for line in lines:
            yield json.loads(line)


def _lines(store: Store, digest: Digest) -> Generator[str]:
    yield from b"".join(store.stream(digest)).decode().split("\n")


def rejects_file(desk: Desk, import_id: UUID | str) -> tuple[Path, str]:
    """The reject file of an ended import, and the name to download it by."""
    with desk.begin(Permission.AGENT_READ) as work:
        imported = work.get(Import, import_id)
    if imported.state not in _ENDED or imported.rejects_sha256 is None:
        raise NotFound("import.no_rejects", file=imported.file_name)
    path = desk.house.evidence.path(Digest(imported.rejects_sha256))
    return path, f"{PurePosixPath(imported.file_name).stem}-rejects.csv"
