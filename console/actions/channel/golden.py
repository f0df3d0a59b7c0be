"""The golden copy: every carrier's edition in one set of files that anyone can check (BADGE 6)."""

import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlmodel import col, select

from console.actions.channel.keys import signer
from console.actions.channel.lines import FORMAT, Line, kept_lines, raw_lines
from console.actions.channel.publish import jws
from console.desk import Desk, House
from integrations.sheets import write_csv
from models.canonical import canonical
from models.channel.log import LogCheckpoint, LogEntry, LogKind
from models.channel.publications import Publication, PublicationState
from models.permissions import Permission
from models.rules import china_day
from models.staff import Organisation
from models.tokens import KeyRole

COLUMNS: Final = (
    "agent_no", "name", "uscc", "province", "carrier", "licence_no", "products", "provinces",
    "begins_on", "ends_on", "status", "platform", "shop_id", "shop_name", "shop_url",
)  # fmt: skip
KEPT_FOR: Final = timedelta(days=90)
"""How long a copy is handed out after a newer one is; as long as `changes` goes back."""
_OF_SHOP: Final = ("platform", "id", "name", "url")
_Edition = tuple[Publication, Organisation]


@dataclass(frozen=True, slots=True)
class Written:
    manifest: Path
    ndjson: Path
    csv: Path
    rows: int


def register_folder(house: House) -> Path:
    """Where the server keeps the copy that `/register/…` hands out."""
    return house.settings.data / "register"


def write_register(desk: Desk, folder: Path) -> Written:
    """`manifest.json` (signed) and `agents-YYYYMMDD-<hash>`, `.ndjson.gz` and `.csv`, of all that
    is out. The same rows have the same names, so caches may keep them for good.

    The manifest comes last, so whoever finds it finds what it names.
    """
    house, now = desk.house, desk.now()
    editions, head = _editions(desk), _head(desk)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"agents-{china_day(now):%Y%m%d}"
    drafts = [folder / f".{name}.{kind}" for kind in ("ndjson.gz", "csv")]
    counts = _write_ndjson(house, editions, drafts[0])
    write_csv(drafts[1], COLUMNS, _cells(_lines(house, editions)))
    ndjson, csv = (_named(draft, folder, name) for draft in drafts)
    body = {
        "format": FORMAT,
        "issuer": house.settings.public_url,
        "as_of": now.isoformat(),
        "counts": counts,
        "editions": [_edition(one, carrier) for one, carrier in editions],
        "files": [_file(path) for path in (ndjson, csv)],
        "log": None if head is None else _checkpoint(head),
    }
    signature = jws(signer(desk, KeyRole.REGISTER), canonical(body))
    manifest, draft = folder / "manifest.json", folder / ".manifest.json"
    signed = canonical({**body, "signature": signature})
    draft.write_bytes(signed)
    draft.replace(manifest)
    if editions and folder == register_folder(house):
        _enter(house, editions[0][0], signed)
    return Written(manifest, ndjson, csv, counts["licences"])


def sweep_copy(desk: Desk) -> bool:
    """Write the server's copy anew each day, and when a list came out; whether it was."""
    house = desk.house
    folder = register_folder(house)
    editions = _editions(desk)
    try:
        known: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    except FileNotFoundError:
        known = {"as_of": "", "editions": []}
    is_new = [one["number"] for one in known["editions"]] != [one.number for one, _ in editions]
    is_old = known["as_of"][:10] != desk.now().isoformat()[:10]
    if not editions or not (is_new or is_old):
        return False
    write_register(desk, folder)
    _clear(folder, f"agents-{china_day(desk.now() - KEPT_FOR):%Y%m%d}")
    return True


def _clear(folder: Path, before: str) -> None:
    for path in folder.glob("agents-*"):
        if path.name < before:
            path.unlink()


def _editions(desk: Desk) -> Sequence[_Edition]:
    """What every carrier has out, whoever asks: it is published."""
    with desk.begin(Permission.PUBLICATION_READ) as work:
        return work.session.exec(
            select(Publication, Organisation)
            .join(Organisation, col(Organisation.id) == col(Publication.carrier_id))
            .where(Publication.state == PublicationState.PUBLISHED)
            .order_by(col(Organisation.code))
        ).all()


def _head(desk: Desk) -> LogCheckpoint | None:
    """The log's newest signed head."""
    with desk.begin(Permission.PUBLICATION_READ) as work:
        return work.session.exec(
            select(LogCheckpoint).order_by(col(LogCheckpoint.size).desc()).limit(1)
        ).first()


def _checkpoint(head: LogCheckpoint) -> dict[str, object]:
    """`size` is also where `changes?since=` goes on from this copy."""
    return {"size": head.size, "root": head.root.hex(), "checkpoint": head.note}


def _enter(house: House, newest: Publication, manifest: bytes) -> None:
    """Tell in the public log which copy was handed out."""
    facts = {"manifest_sha256": hashlib.sha256(manifest).hexdigest()}
    with house.desk().begin(Permission.PUBLICATION_PUBLISH) as work:
        work.record(LogKind.REGISTER_COPIED.value, newest, **facts)
        work.session.add(LogEntry.of(LogKind.REGISTER_COPIED, work.at, "house", facts))


def _lines(house: House, editions: Iterable[_Edition]) -> Iterator[Line]:
    return (line for one, _ in editions for line in kept_lines(house, one.sha256))


def _write_ndjson(house: House, editions: Iterable[_Edition], path: Path) -> dict[str, int]:
    agents, licences, shops = set[str](), 0, 0
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        for one, _ in editions:
            for raw in raw_lines(house, one.sha256):
                line = json.loads(raw)
                agents.add(line["agent_no"])
                licences, shops = licences + 1, shops + len(line["shops"])
                packed.write(raw + b"\n")
    return {"agents": len(agents), "licences": licences, "shops": shops}


def _edition(publication: Publication, carrier: Organisation) -> dict[str, object]:
    at = publication.published_at
    return {
        "number": publication.number,
        "carrier": carrier.code,
        "rows": publication.rows,
        "sha256": publication.sha256,
        "published_at": at.isoformat() if at else None,
        "signature": publication.signature,
    }


def _cells(lines: Iterable[Line]) -> Iterator[list[str]]:
    """A row for each shop; an agent without one has a row without."""
    for line in lines:
        facts = [str(line[name]) for name in COLUMNS[:6]]
        scope = [" ".join(line["products"]), " ".join(line["provinces"])]
        rest = [str(line[name]) for name in COLUMNS[8:11]]
        for shop in line["shops"] or [dict.fromkeys(_OF_SHOP, "")]:
            yield [
                *facts,
                *scope,
                *rest,
                *(str(shop[n]) for n in ("platform", "id", "name", "url")),
            ]


def _named(draft: Path, folder: Path, name: str) -> Path:
    """The file under a name that its content is part of."""
    kind = draft.name.removeprefix(f".{name}.")
    path = folder / f"{name}-{_digest(draft)[:12]}.{kind}"
    return draft.replace(path)


def _file(path: Path) -> dict[str, object]:
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": _digest(path)}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
