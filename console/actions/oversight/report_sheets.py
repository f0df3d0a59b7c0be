"""A picture as a workbook: the figures as numbers, their definitions, and where they come from.

Every text is written as text and made inert: no cell becomes a formula or a link.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import xlsxwriter

from console.actions.oversight.report_facts import Told, moment_word
from console.actions.oversight.told import GROUPS, bounds_word, name_word, standing_word
from console.i18n import t
from integrations.sheets.writing import inert
from models.oversight.figures import Cut, OversightFigure
from models.oversight.reading import interval, standing

_HOUR: Final = 3600
_WIDTHS: Final = (26, 12, 26, 14, 10, 10, 10, 12, 12, 18, 22, 14, 14)
Cell = str | float | None


def workbook(told: Told, now: datetime) -> bytes:
    made = io.BytesIO()
    book: Any = xlsxwriter.Workbook(made, {"in_memory": True})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    share = book.add_format({"num_format": "0.0%"})
    figures = book.add_worksheet(t("oversight_file.sheet_figures"))
    _fill(figures, _heads(), _rows(told), bold, {6: share, 7: share, 8: share})
    figures.freeze_panes(1, 0)
    for column, width in enumerate(_WIDTHS):
        figures.set_column(column, column, width)
    definitions = book.add_worksheet(t("oversight_file.sheet_definitions"))
    heads = [t(f"picture.{one}") for one in ("indicator", "definition", "method")]
    _fill(definitions, heads, _definitions(), bold, dict.fromkeys(range(3), wrapped))
    definitions.set_column(0, 0, 24)
    definitions.set_column(1, 2, 60)
    about = book.add_worksheet(t("oversight_file.sheet_about"))
    _fill(about, _about(told, now)[0], _about(told, now)[1:], bold, {1: wrapped})
    about.set_column(0, 0, 24)
    about.set_column(1, 1, 80)
    book.close()
    return made.getvalue()


def _fill(
    sheet: Any,  # noqa: ANN401 - a worksheet
    heads: Sequence[str],
    rows: Iterator[Sequence[Cell]] | Sequence[Sequence[Cell]],
    bold: object,
    formats: dict[int, Any],
) -> None:
    for column, head in enumerate(heads):
        sheet.write_string(0, column, inert(head), bold)
    for at, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            _write(sheet, (at, column), cell, formats.get(column))


def _write(sheet: Any, place: tuple[int, int], cell: Cell, look: object) -> None:  # noqa: ANN401
    if cell is None:
        return
    if isinstance(cell, str):
        sheet.write_string(*place, inert(cell), look)
    else:
        sheet.write_number(*place, cell, look)


def _heads() -> list[str]:
    words = [
        "cut", "cut_name", "month", "count", "base", "share", "low", "high", "median_hours",
        "p90_hours", "few",
    ]  # fmt: skip
    return [
        t("picture.indicator"), *(t(f"oversight_file.{one}") for one in words),
        t("picture.standing"),
    ]  # fmt: skip


def _rows(told: Told) -> Iterator[list[Cell]]:
    """What stands now first, then month by month; each in the order of the page."""
    order = [one for group in GROUPS.values() for one in dict.fromkeys(group)]
    for indicator in dict.fromkeys(order):
        for cut in Cut:
            for figure in told.picture.by(indicator, cut):
                yield _cells(told, figure)
    for indicator in dict.fromkeys(order):
        for (named, _), months in told.picture.months.items():
            if named is indicator:
                yield from (_cells(told, figure) for figure in months.values())


def _cells(told: Told, one: OversightFigure) -> list[Cell]:
    between = interval(one) or (None, None)
    is_time = one.median_s is not None
    few = one.base is not None
    return [
        t(f"indicator.{one.indicator}"),
        t(f"cut.{one.cut}"),
        "" if one.cut is Cut.WHOLE else name_word(one.cut, one.name, told.names),
        one.month or t("oversight_file.now_month"),
        one.count,
        one.base,
        None if is_time else one.share,
        *between,
        one.median_s / _HOUR if one.median_s is not None else None,
        one.p90_s / _HOUR if one.p90_s is not None else None,
        t("oversight_file.yes" if one.is_few else "oversight_file.no") if few else None,
        standing_word(standing(one)),
    ]


def _definitions() -> Iterator[list[Cell]]:
    for indicator in dict.fromkeys(one for group in GROUPS.values() for one in group):
        method = t(f"indicator.{indicator}_method")
        yield [
            t(f"indicator.{indicator}"),
            t(f"indicator.{indicator}_definition"),
            "\n".join(filter(None, (method, bounds_word(indicator)))),
        ]


def _about(told: Told, now: datetime) -> list[list[str]]:
    return [
        [t("oversight_file.heading"), told.name],
        [t("reports.organisation"), told.organisation],
        [t("reports.counted"), told.counted],
        [t("reports.made"), told.made],
        [t("oversight_file.made", at=""), moment_word(now)],
        [t("reports.sha256"), told.sha256],
        [
            t("oversight_file.proof"),
            t("oversight_file.proof_hint" if told.is_kept else "oversight_file.proof_now_hint"),
        ],
        [t("oversight_file.few"), t("oversight_file.caution")],
    ]
