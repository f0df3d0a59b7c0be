"""How things stand, for a program of the organisation: as it was last counted."""

from datetime import datetime

from fastapi import APIRouter

from console.actions.oversight.pictures import picture
from console.web.api.base import Reading
from console.web.api.channel.shapes import Out
from models.oversight.figures import Cut, Indicator, OversightFigure

router = APIRouter(tags=["oversight"])


class FigureOut(Out):
    indicator: Indicator
    cut: Cut
    name: str
    """Of the platform, province or carrier; empty of the whole."""
    month: str
    """`2026-11` in China; empty for how things stand now, or over the past year."""
    count: int
    base: int | None
    """Of how many; null where the figure is no share and no time."""
    median_s: int | None
    p90_s: int | None


class PictureOut(Out):
    made_at: datetime | None
    """Null: nothing was counted yet."""
    figures: list[FigureOut]


@router.get("/oversight")
def oversight(desk: Reading, by: Cut = Cut.WHOLE, *, months: bool = False) -> PictureOut:
    """As things stand, or over the past year; with `months` the last 18, of the whole."""
    seen = picture(desk)
    rows: list[OversightFigure] = []
    for one in Indicator:
        rows += seen.trend(one).values() if months else seen.by(one, by)
    return PictureOut(made_at=seen.made_at, figures=[FigureOut.model_validate(row) for row in rows])
