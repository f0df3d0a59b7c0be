"""A picture as if it had been counted: shares of many and of few, times, and 18 months."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col

from console.desk import Desk, House, Work
from models.oversight.figures import Cut, Indicator, OversightFigure, OversightPicture
from models.oversight.reading import SHARES, TIMES
from models.permissions import Permission

I = Indicator  # noqa: E741 - its name in these tests
PLATFORMS: Final = ("lanhai", "honghai")
PROVINCES: Final = ("11", "13", "33", "44", "45", "51", "65")
CARRIERS: Final = ("CT-44", "CU-44")
PARTS: Final = (I.OVERDUE, I.CASES_SERIOUS)


def months(at: datetime, count: int = 18) -> Sequence[str]:
    last = at.year * 12 + at.month - 1
    return [f"{place // 12}-{place % 12 + 1:02}" for place in range(last - count + 1, last + 1)]


def figure(
    whose: UUID,
    indicator: Indicator,
    cut: Cut = Cut.WHOLE,
    name: str = "",
    *,
    size: int = 40,
    month: str = "",
) -> OversightFigure:
    """`size` is what there is in all; of a share three quarters, of a part a tenth counts."""
    row = OversightFigure(
        organisation_id=whose, indicator=indicator, cut=cut, name=name, month=month, count=size
    )
    if indicator in TIMES:
        row.base, row.median_s, row.p90_s = size, 86_400 + 3_600 * size, 400_000 + 3_600 * size
    elif indicator in SHARES or indicator in PARTS:
        row.base, row.count = size, size * 3 // 4 if indicator in SHARES else size // 10
    return row  # fmt: skip


def figures(whose: UUID, at: datetime) -> Iterator[OversightFigure]:
    for place, indicator in enumerate(Indicator):
        yield figure(whose, indicator, size=60 + place)
        for turn, month in enumerate(months(at)):
            yield figure(whose, indicator, month=month, size=20 + (turn * 7 + place * 3) % 30)
        for cut, names in (
            (Cut.PLATFORM, PLATFORMS), (Cut.PROVINCE, PROVINCES), (Cut.CARRIER, CARRIERS),
        ):  # fmt: skip
            for turn, name in enumerate(names):
                yield figure(whose, indicator, cut, name, size=8 + 17 * (len(names) - turn))


def plant(house: House, whose: UUID, rows: Sequence[OversightFigure] | None = None) -> None:
    """Put the picture in its place, counted at this moment."""
    with house.desk().begin(Permission.SWEEP) as work:
        _put_away(work, whose)
        for row in figures(whose, work.at) if rows is None else rows:
            work.add(row)
        work.add(OversightPicture(organisation_id=whose, made_at=work.at, took_ms=5))
        work.no_deed()


def _put_away(work: Work, whose: UUID) -> None:
    for table in (OversightFigure, OversightPicture):
        work.session.connection().execute(delete(table).where(col(table.organisation_id) == whose))


def plant_for(desk: Desk, rows: Sequence[OversightFigure] | None = None) -> None:
    assert desk.actor.organisation_id is not None
    plant(desk.house, desk.actor.organisation_id, rows)
