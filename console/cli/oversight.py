"""`channel oversight`: how things stand, counted anew or as it was last counted."""

from datetime import timedelta
from typing import Annotated

import typer

from console.actions.oversight.pictures import count_pictures, picture, refresh
from console.cli.base import choices, desk, say, show
from models.oversight.figures import Cut, Indicator, OversightFigure
from models.refusals import Invalid

oversight = typer.Typer(help="How things stand, as it was counted.", no_args_is_help=True)


@oversight.command("refresh")
def refresh_(
    every: Annotated[
        bool, typer.Option("--all", help="Every organisation's, however new it is.")
    ] = False,
) -> None:
    """Count what is due now; with `--as LOGIN` ask the house to count for that organisation."""
    own = desk()
    if not own.actor.is_house:
        say("oversight.asked", organisation=refresh(own).name)
        return
    say("oversight.refreshed", n=count_pictures(own, everything=every))


@oversight.command("show")
def show_(
    by: Annotated[Cut, typer.Option(help="By what the figures are parted.")] = Cut.WHOLE,
    indicator: Annotated[Indicator | None, typer.Option(help="Only this one.")] = None,
    months: Annotated[bool, typer.Option(help="Month by month, of the whole.")] = False,
) -> None:
    """The figures of the organisation of whoever `--as` names."""
    own = desk()
    if own.actor.is_house:
        raise Invalid("filter.nobody")
    seen = picture(own)
    if seen.made_at is None:
        say("oversight.not_counted")
        return
    if not choices().as_json:
        at = seen.made_at.isoformat(timespec="minutes")
        say("oversight.counted", organisation=own.actor.organisation, at=at)
    wanted = [indicator] if indicator else list(Indicator)
    if months:
        show([_row(one) for each in wanted for one in seen.trend(each).values()])
    else:
        show([_row(one) for each in wanted for one in seen.by(each, by)])


def _row(one: OversightFigure) -> dict[str, object]:
    return {
        "indicator": one.indicator,
        "name": one.name,
        "month": one.month,
        "count": one.count,
        "base": one.base,
        "share": None if one.share is None else round(one.share, 4),
        "median_days": _days(one.median),
        "p90_days": _days(one.p90),
    }


def _days(time: timedelta | None) -> float | None:
    return None if time is None else round(time / timedelta(days=1), 2)
