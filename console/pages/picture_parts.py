"""Figures of a picture as tiles: what it is, how it stands, and how it was counted."""

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

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
from console.pages.kit import section
from console.pages.kit.words import LOOKS, Tone
from console.pages.picture_parts_drill import drill
from models.oversight.figures import Cut, Indicator, OversightFigure
from models.oversight.reading import Standing, standing

TONES: Final[Mapping[Standing, Tone]] = {
    Standing.GOOD: Tone.GOOD,
    Standing.WARNING: Tone.WARNING,
    Standing.BAD: Tone.BAD,
    Standing.FEW: Tone.OVER,
}
_ABREAST: Final = 4
_HEADLINE_ABREAST: Final = 3


def rows_of(indicators: Sequence[Indicator], abreast: int) -> Sequence[Sequence[Indicator]]:
    return [indicators[at : at + abreast] for at in range(0, len(indicators), abreast)]


def headline(picture: Picture, desk: Desk | None) -> None:
    """What is seen first: how each stands, by sign and word, and the way to what is behind it.

    Without a desk, as in a kept report, there is no way: the rows are those of today.
    """
    for row in rows_of(HEADLINE, _HEADLINE_ABREAST):
        for column, indicator in zip(st.columns(len(row)), row, strict=True):
            figure = picture.now(indicator)
            with column.container(border=True, height="stretch", gap="xsmall"):
                metric(indicator, figure, f"head_{indicator}", help_=how(indicator))
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    mark(figure)
                    st.caption(beside(figure, picture), width="content")
                if desk is not None:
                    drill(desk, indicator, key=f"head:{indicator}")


def metric(
    indicator: Indicator, figure: OversightFigure | None, key: str, help_: str | None = None
) -> None:
    """The number, with an edge of its tone; the sign and the word stand under it."""
    with st.container(key=f"kit_stands_{standing(figure)}_{key}"):
        st.metric(t(f"indicator.{indicator}"), value_word(figure), help=help_)


def mark(figure: OversightFigure | None) -> None:
    """How a figure stands; nothing of one that nothing judges."""
    stands = standing(figure)
    if stands is Standing.PLAIN:
        return
    look = LOOKS[TONES[stands]]
    st.badge(standing_word(stands), icon=look.icon, color=look.colour)


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
    parts = (
        t(f"indicator.{indicator}_definition"),
        t(f"indicator.{indicator}_method"),
        bounds_word(indicator),
    )
    return "\n\n".join(filter(None, parts))


def all_figures(picture: Picture, desk: Desk) -> None:
    """Every indicator with its definition, and its counting method to be unfolded."""
    for group, indicators in GROUPS.items():
        section(t(f"picture.group_{group}"))
        for row in rows_of(indicators, _ABREAST):
            columns = st.columns(_ABREAST)
            for column, indicator in zip(columns, row, strict=False):
                with column.container(border=True, height="stretch", gap="xsmall"):
                    tile(picture, indicator, desk)


def tile(picture: Picture, indicator: Indicator, desk: Desk) -> None:
    figure = picture.now(indicator)
    metric(indicator, figure, f"tile_{indicator}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        mark(figure)
        st.caption(beside(figure, picture), width="content")
    st.caption(t(f"indicator.{indicator}_definition"))
    with st.expander(t("picture.how")):
        st.caption(t(f"indicator.{indicator}_method"))
        if words := bounds_word(indicator):
            st.caption(words)
        if between := interval_word(figure):
            st.caption(t("picture.interval_is", between=between))
    drill(desk, indicator, key=f"tile:{indicator}")


def lines_of(picture: Picture, cut: Cut, name: str, desk: Desk) -> None:
    """All that is known of one platform, province or carrier, each with the way to its list."""
    found = [
        (indicator, one)
        for group in GROUPS.values()
        for indicator in dict.fromkeys(group)
        for one in picture.by(indicator, cut)
        if one.name == name
    ]
    for start in range(0, len(found), _ABREAST):
        columns = st.columns(_ABREAST)
        for column, (indicator, one) in zip(columns, found[start:], strict=False):
            with column.container(border=True, height="stretch", gap="xsmall"):
                metric(indicator, one, f"of_{indicator}", help_=how(indicator))
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    mark(one)
                    st.caption(counts_word(one), width="content")
                drill(desk, indicator, Part(cut, name), key=f"of:{indicator}")
