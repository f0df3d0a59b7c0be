"""A heat table: shares by row and column, each written in its cell; the colour only helps."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from console.i18n import t
from console.pages.kit import NOTHING, chart

_SCALE: Final = ((0.0, "#E9F1F0"), (0.5, "#7FB8B2"), (1.0, "#14615B"))
"""One hue from light to dark: it stays a scale where colours are not told apart."""
_GAP: Final = 2
_ROW: Final = 30
_ROOM: Final = 90
Cell = tuple[int, int] | None
"""How many of how many; None: not known yet."""


def heat_table(  # noqa: PLR0913 - the parts of a picture
    title: str,
    names: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], Cell],
    *,
    key: str,
    hint: str,
) -> None:
    """`cells` by row and column. A cell without a base stays empty."""
    import plotly.graph_objects as go

    shares = [[_share(cells.get((row, column))) for column in columns] for row in names]
    words = [[_word(cells.get((row, column))) for column in columns] for row in names]
    heat = go.Heatmap(
        z=shares, x=list(columns), y=list(names), text=words, texttemplate="%{text}",
        colorscale=list(_SCALE), zmin=0, zmax=1, showscale=False, xgap=_GAP, ygap=_GAP,
        hoverinfo="skip", hoverongaps=False,
    )  # fmt: skip
    axes = {
        "xaxis": {"type": "category", "side": "top", "fixedrange": True},
        "yaxis": {"type": "category", "autorange": "reversed", "fixedrange": True},
    }
    table = pd.DataFrame(
        {t("console.name_column"): list(names)}
        | {column: [_full(cells.get((row, column))) for row in names] for column in columns}
    )
    tall = _ROOM + _ROW * len(names)
    chart(title, go.Figure(heat, axes), table, key=key, hint=hint, height=tall)


def _share(cell: Cell) -> float | None:
    return cell[0] / cell[1] if cell and cell[1] else None


def _word(cell: Cell) -> str:
    share = _share(cell)
    return "" if share is None else f"{share:.0%}"


def _full(cell: Cell) -> str:
    if not cell or not cell[1]:
        return NOTHING
    return t("heat.cell", share=_word(cell), n=cell[0], base=cell[1])
