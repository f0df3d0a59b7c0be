"""The golden copy: every carrier's edition in one set of files that anyone can check (BADGE 6)."""

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlmodel import col, select

from console.actions.channel.publish import FORMAT, Line, as_ndjson, counts, jws, lines_of
from console.desk import Desk, House
from integrations.sheets import write_csv
from models.canonical import canonical
from models.channel.publications import Publication, PublicationState
from models.permissions import Permission
from models.rules import china_day
from models.staff import Organisation
from models.tokens import KeyRole

COLUMNS: Final = (
    "agent_no", "name", "uscc", "province", "carrier", "licence_no", "products", "provinces",
    "begins_on", "ends_on", "status", "platform", "shop_id", "shop_name", "shop_url",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    manifest: Path
    ndjson: Path
    csv: Path
    rows: int


def write_register(desk: Desk, folder: Path) -> Written:
    """`manifest.json` (signed), `agents-YYYYMMDD.ndjson.gz` and `.csv` of all that is out.

    The manifest comes last, so whoever finds it finds what it names.
    """
    editions = _editions(desk)
    house = desk.house
    lines = [line for one, _ in editions for line in lines_of(house, one.sha256)]
    folder.mkdir(parents=True, exist_ok=True)
    name = f"agents-{china_day(desk.now()):%Y%m%d}"
    ndjson, csv = folder / f"{name}.ndjson.gz", folder / f"{name}.csv"
    ndjson.write_bytes(gzip.compress(as_ndjson(lines), mtime=0))
    write_csv(csv, COLUMNS, _cells(lines))
    body = {
        "format": FORMAT,
        "issuer": house.settings.public_url,
        "as_of": desk.now().isoformat(),
        "counts": counts(lines),
        "editions": [_edition(one, carrier) for one, carrier in editions],
        "files": [_file(path) for path in (ndjson, csv)],
    }
    signature = jws(house.keys.ensure(KeyRole.REGISTER, desk.now()), canonical(body))
    manifest, draft = folder / "manifest.json", folder / ".manifest.json"
    draft.write_bytes(canonical({**body, "signature": signature}))
    draft.replace(manifest)
    return Written(manifest, ndjson, csv, len(lines))


def _editions(desk: Desk) -> Sequence[tuple[Publication, Organisation]]:
    """What every carrier has out, whoever asks: it is published."""
    with desk.begin(Permission.PUBLICATION_READ) as work:
        return work.session.exec(
            select(Publication, Organisation)
            .join(Organisation, col(Organisation.id) == col(Publication.carrier_id))
            .where(Publication.state == PublicationState.PUBLISHED)
            .order_by(col(Organisation.code))
        ).all()


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


def _cells(lines: Sequence[Line]) -> Iterator[list[str]]:
    """A row for each shop; an agent without one has a row without."""
    for line in lines:
        facts = [str(line[name]) for name in COLUMNS[:6]]
        scope = [" ".join(line["products"]), " ".join(line["provinces"])]
        rest = [str(line[name]) for name in COLUMNS[8:11]]
        for shop in line["shops"] or [{"platform": "", "id": "", "name": "", "url": ""}]:
            yield [*facts, *scope, *rest, *(str(value) for value in shop.values())]


def _file(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {
        "name": path.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def register_folder(house: House) -> Path:
    """Where the server keeps the copy that `/register/…` hands out."""
    return house.settings.data / "register"
