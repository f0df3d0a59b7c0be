"""Counting one organisation's picture of the demo world, and reading it as a page does.

    python -m tests.bench.bench_oversight [sqlite | postgresql]

On both databases unless told. `SCALE` is how many times the demo world it is, 10 unless told.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlmodel import select

from console import demo
from console.actions.oversight.pictures import count_picture, onlooker, picture
from console.database import migrate
from console.desk import House
from console.settings import Settings
from models.oversight.figures import OversightFigure
from models.permissions import Permission
from models.staff import Organisation, OrganisationKind
from tests.bench.bench_cases import p95
from tests.bench.figures import Figure, keep
from tests.bench.servers import postgres

SCALE: Final = float(os.environ.get("SCALE", "10"))
READ: Final = 1.0
"""Seconds, p95, of a regulator's dashboard."""
COUNTED: Final = 30.0
"""Seconds of one picture, once an hour: seconds, not minutes."""
TIMES: Final = 40
_READERS: Final = (
    OrganisationKind.COMM_ADMIN, OrganisationKind.BASIC_CARRIER_PROVINCE,
    OrganisationKind.PLATFORM,
)  # fmt: skip


def measured(name: str, url: str | None) -> Iterator[Figure]:
    with world(url) as house:
        for owner in readers(house):
            count_picture(house, owner.id)
            (counting,) = seconds(lambda owner=owner: count_picture(house, owner.id), 1)
            desk = house.desk(onlooker(house, owner.id))
            reading = p95(seconds(lambda desk=desk: picture(desk), TIMES))
            rows = how_many(house, owner)
            who = f"{name}, {owner.code}"
            yield Figure(
                "oversight", f"{who}: counting {rows:,} figures, demo world x {SCALE:g}",
                f"{counting:.1f} s", f"<= {COUNTED:.0f} s", counting <= COUNTED,
            )  # fmt: skip
            yield Figure(
                "oversight", f"{who}: reading it, p95", f"{1000 * reading:.0f} ms",
                f"<= {1000 * READ:.0f} ms", reading <= READ,
            )  # fmt: skip


@contextmanager
def world(url: str | None) -> Generator[House]:
    with tempfile.TemporaryDirectory() as folder:
        house = House.open(Settings(data=Path(folder), database_url=url))
        migrate(house.engine)
        demo.load(house, SCALE)
        yield house
        house.engine.dispose()


def readers(house: House) -> list[Organisation]:
    """One of each kind; of the administrations the one that sees the whole country too."""
    with house.desk().begin(Permission.STAFF_READ) as work:
        rows = work.session.exec(select(Organisation).order_by(Organisation.code)).all()
    found = [next(row for row in rows if row.kind is kind) for kind in _READERS]
    return found + [row for row in rows if row.kind is _READERS[0] and row.province is None][:1]


def how_many(house: House, owner: Organisation) -> int:
    with house.desk().begin(Permission.OVERVIEW_READ) as work:
        own = OversightFigure.organisation_id == owner.id
        return len(work.session.exec(select(OversightFigure.id).where(own)).all())


def seconds(ask: Callable[[], object], times: int) -> list[float]:
    taken: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return taken


def main() -> None:
    asked = sys.argv[1:] or ["sqlite", "postgresql"]
    figures: list[Figure] = []
    if "sqlite" in asked:
        figures += measured("sqlite", None)
    if "postgresql" in asked:
        with postgres() as url:
            figures += measured("postgresql", url)
    keep("oversight", figures)


if __name__ == "__main__":
    main()
