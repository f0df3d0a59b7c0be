"""One address, fetched as a patrol would, with its evidence."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from console.actions.patrol.asking import Witness, fetcher_for
from console.desk import Desk
from integrations.evidence import Capture, Digest
from integrations.fetch import Fetcher, outcome_of
from integrations.marketplaces.base import SourceError
from models.canonical import canonical
from models.permissions import Permission


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of a fetch; `bytes` and `sha256` are of the page's body, unpacked."""

    outcome: Literal["stored", "blocked", "refused", "failed"]
    reason: str
    status: int | None
    bytes: int
    sha256: str | None
    warc: str
    manifest: Digest


def fetch_page(desk: Desk, url: str, fetcher: Fetcher | None = None) -> Fetched:
    """Ask for a page through the guard and keep what came, or why nothing did."""
    desk.actor.must(Permission.PATROL_RUN)
    house = desk.house
    with Capture(house.evidence, "fetch", url, now=house.now) as capture:
        witness = Witness(fetcher or fetcher_for(house.settings), capture)
        try:
            page = witness.ask(url)
            missed = None
        except SourceError as error:
            page, missed = None, error
        bundle = capture.bundle({}, canonical({}))
    return Fetched(
        outcome=outcome_of(missed) if missed else "stored",
        reason=str(missed.reason) if missed else "",
        status=page.status if page else None,
        bytes=len(page.body) if page else 0,
        sha256=hashlib.sha256(page.body).hexdigest() if page else None,
        warc=str(house.evidence.path(bundle.files[0].sha256)),
        manifest=bundle.manifest_sha256,
    )
