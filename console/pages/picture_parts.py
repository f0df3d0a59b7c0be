"""Figures of a picture as tiles: what it is, how it stands, and how it was counted."""

from collections.abc import Mapping
from typing import Final

from console.actions.oversight.behind import Part
from console.actions.oversight.pictures import Picture
from console.actions.oversight.told import (
    GROUPS,
    HEADLINE,
    bounds_word,
    counts_word,
    interval_word,
    standing_word,
    value_word,
)
from console.desk import Desk
from console.i18n import t
from console.pages.kit.words import Tone
from console.pages.picture_parts_drill import way_to_rows
from console.pages.picture_parts_tiles import Tile, show_tiles
from models.oversight.figures import Cut, Indicator, OversightFigure
from models.oversight.reading import Standing, standing

TONES: Final[Mapping[Standing, Tone]] = {
    Standing.GOOD: Tone.GOOD,
    Standing.WARNING: Tone.WARNING,
    Standing.BAD: Tone.BAD,
    Standing.FEW: Tone.OVER,
}
_HEADLINE_ABREAST: Final = 3


def headline(picture: Picture, desk: Desk | None) -> None:
    """What is seen first: how each stands, by sign and word, and the way to what is behind it.

    Without a desk, as in a kept report, there is no way: the rows are those of today.
    """
    tiles = [
        Tile(
            *_told(indicator, figure := picture.now(indicator)),
            beside(figure, picture),
            how=_how(indicator),
            to="" if desk is None else way_to_rows(desk, indicator),
        )
        for indicator in HEADLINE
    ]
    show_tiles([("", tiles)], "picture:headline", abreast=_HEADLINE_ABREAST)


def _told(
    indicator: Indicator, figure: OversightFigure | None
) -> tuple[str, str, str, tuple[Tone, str] | None]:
    """What it is called, the number, and how it stands; no sign where nothing judges it."""
    stands = standing(figure)
    sign = None if stands is Standing.PLAIN else (TONES[stands], standing_word(stands))
    return t(f"indicator.{indicator}"), value_word(figure), stands.value, sign


def beside(figure: OversightFigure | None, picture: Picture) -> str:
    """Of how many, and how it was in the month before."""
    if figure is None:
        return t("picture.nothing_counted")
    told = counts_word(figure)
    months = list(picture.trend(figure.indicator).values())
    before = t("picture.month_before", value=value_word(months[-2])) if len(months) > 1 else ""
    return " · ".join(filter(None, (told, before)))


def how(indicator: Indicator) -> str:
    """Definition, counting method, and from where on it is called good or bad."""
    return "\n\n".join(_how(indicator))


def _how(indicator: Indicator) -> list[str]:
    parts = (
        t(f"indicator.{indicator}_definition"),
        t(f"indicator.{indicator}_method"),
        bounds_word(indicator),
    )
    return [one for one in parts if one]


def all_figures(picture: Picture, desk: Desk) -> None:
    """Every indicator with its definition, and its counting method to be unfolded."""
    groups = [
        (t(f"picture.group_{group}"), [_tile(picture, indicator, desk) for indicator in indicators])
        for group, indicators in GROUPS.items()
    ]
    show_tiles(groups, "picture:all")


def _tile(picture: Picture, indicator: Indicator, desk: Desk) -> Tile:
    figure = picture.now(indicator)
    between = interval_word(figure)
    parts = (
        t(f"indicator.{indicator}_method"),
        bounds_word(indicator),
        between and t("picture.interval_is", between=between),
    )
    return Tile(
        *_told(indicator, figure),
        beside(figure, picture),
        t(f"indicator.{indicator}_definition"),
        [one for one in parts if one],
        way_to_rows(desk, indicator),
    )


def lines_of(picture: Picture, cut: Cut, name: str, desk: Desk) -> None:
    """All that is known of one platform, province or carrier, each with the way to its list."""
    tiles = [
        Tile(
            *_told(indicator, one),
            counts_word(one),
            how=_how(indicator),
            to=way_to_rows(desk, indicator, Part(cut, name)),
        )
        for group in GROUPS.values()
        for indicator in dict.fromkeys(group)
        for one in picture.by(indicator, cut)
        if one.name == name
    ]
    show_tiles([("", tiles)], f"picture:of:{cut}")
