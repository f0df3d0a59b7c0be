"""Lists: one screen of rows, chosen by id and never by position (streamlit#17026)."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar, cast
from uuid import UUID

import pandas as pd
import pyarrow as pa
import streamlit as st
from streamlit.elements.lib.column_types import ButtonColumnResult, ColumnConfig

from console.desk import LONGEST_PAGE, Slice
from console.i18n import t
from console.pages.kit.records import open_record
from console.pages.kit.words import LOOKS, NOTHING, Tone, day, last_day, moment, tone_of
from models.base import Table

Row = TypeVar("Row")
ROW_HEIGHT: Final = 40
_OPEN: Final = "open"


class Kind(StrEnum):
    TEXT = "text"
    DATE = "date"
    MOMENT = "moment"
    DUE = "due"
    """A deadline, by its last day."""
    STATE = "state"
    LINK = "link"
    NUMBER = "number"
    WORDS = "words"
    """Several short words, each in its own pill."""


_TIMES: Final[Mapping[Kind, Callable[[Any], str]]] = {
    Kind.MOMENT: moment,
    Kind.DATE: day,
    Kind.DUE: last_day,
}


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column of a list: its label, and what of a row stands in it.

    A state column names its area, `Column(t(…), lambda a: a.state, Kind.STATE, "agent_state")`.
    """

    label: str
    value: Callable[[Row], Any]
    kind: Kind = Kind.TEXT
    area: str = ""
    tones: Mapping[str, Tone] | None = None
    width: int | None = None


def _id(row: object) -> object:
    return getattr(row, "id", None)


def figures_grid(rows: object, *, key: str, with_index: bool = False) -> None:
    """Figures that open no record, with words for whoever cannot see them; rows as pandas takes
    them.
    """
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(cast("Any", rows))
    st.dataframe(  # pyright: ignore[reportUnknownMemberType]
        table, hide_index=not with_index, key=key, alt=t("console.grid", n=len(table))
    )


def record_table(  # noqa: PLR0913 - the parts of a list
    rows: Sequence[Row],
    columns: Sequence[Column[Row]],
    *,
    key: str,
    open_page: str | None = None,
    select: bool = False,
    opens: bool = True,
    identity: Callable[[Row], object] = _id,
) -> list[UUID]:
    """The rows as a grid; the ids that are ticked when `select`.

    `opens` puts a button before each row that opens `?id=` on `open_page`, or on this very page.
    """
    assert len(rows) <= LONGEST_PAGE, "a list is paged in SQL"  # noqa: S101 - a page's own fault
    ids = [identity(row) for row in rows]
    cells = {str(at): [_cell(one, row) for row in rows] for at, one in enumerate(columns)}
    cells = {name: _without_none(column) for name, column in cells.items()}
    print_ = hashlib.sha256(repr((ids, cells)).encode()).hexdigest()[:12]
    settings: dict[str, Any] = {
        str(at): _settings(one, cells[str(at)]) for at, one in enumerate(columns)
    }
    if opens:
        cells = {_OPEN: [t("console.open")] * len(rows), **cells}
        settings[_OPEN] = _open_button(f"{key}:open:{print_}", key, ids)
    grid: Any = st.dataframe(  # pyright: ignore[reportUnknownMemberType]
        cast("Any", pa).table(cells),  # pandas on the way would take longer than all else here
        hide_index=True,
        key=f"{key}:{print_}",
        column_config=settings,
        row_height=ROW_HEIGHT,
        height="content",
        on_select="rerun" if select else "ignore",
        selection_mode="multi-row",
        alt=t("console.grid", n=len(rows)),
    )
    if (chosen := st.session_state.pop(f"{key}:opened", None)) is not None:
        open_record(open_page, chosen)
    picked: list[int] = grid.selection.rows if select else []
    return [cast("UUID", ids[place]) for place in picked if place < len(ids)]


def _cell(column: Column[Row], row: Row) -> object:
    value = column.value(row)
    match column.kind:
        case Kind.STATE:
            return [str(value)] if value else []
        case Kind.WORDS:
            return [str(word) for word in value]
        case Kind.NUMBER | Kind.LINK:
            return value
        case Kind.TEXT:
            return NOTHING if value is None or value == "" else str(value)
        case Kind.MOMENT | Kind.DATE | Kind.DUE:
            return _TIMES[column.kind](value)


def _without_none(cells: list[object]) -> list[object]:
    """A column of numbers with blanks becomes text: the grid would write None."""
    if None not in cells:
        return cells
    return [NOTHING if cell is None else f"{cell:,}" for cell in cells]


def _settings(column: Column[Row], cells: Sequence[Any]) -> ColumnConfig:
    config, label, width = st.column_config, column.label, column.width
    if column.kind in {Kind.STATE, Kind.WORDS}:
        words: list[str] = sorted({word for cell in cells for word in cell})
        colours = [LOOKS[tone_of(word, column.tones)].grid for word in words]
        said = {word: t(f"{column.area}.{word}") if column.area else word for word in words}
        return config.MultiselectColumn(
            label,
            options=words,
            color=(colours if column.kind is Kind.STATE else "#7D8C9033") or None,
            format_func=said.__getitem__,
            width=width,
        )
    if column.kind is Kind.NUMBER and NOTHING in cells:
        return config.TextColumn(label, width=width, alignment="right")
    if column.kind is Kind.NUMBER:
        return config.NumberColumn(label, width=width, format="localized")
    if column.kind is Kind.LINK:
        return config.LinkColumn(label, width=width)
    return config.TextColumn(label, width=width)


def _open_button(click: str, key: str, ids: Sequence[object]) -> ButtonColumnResult:
    """The ids travel with the button, so a click means the row that was seen when it was made."""

    def note() -> None:
        place = int(st.session_state[click].row)
        if 0 <= place < len(ids):
            st.session_state[f"{key}:opened"] = ids[place]

    return st.column_config.ButtonColumn(
        "", key=click, on_click=note, type="tertiary", width=64, pinned=True
    )


@dataclass(slots=True)
class _Trail:
    filters: tuple[object, ...]
    cursors: list[str]


def _trail(key: str) -> _Trail:
    kept = st.session_state.get(f"{key}:trail")
    if not isinstance(kept, _Trail):
        kept = st.session_state[f"{key}:trail"] = _Trail((), [])
    return kept


def cursor(key: str, *filters: object) -> str | None:
    """Where the open screen of a list begins; the first one again when a filter changes."""
    trail, now = _trail(key), tuple(map(repr, filters))
    if trail.filters != now:
        trail.filters, trail.cursors = now, []
    return trail.cursors[-1] if trail.cursors else None


RowOfSlice = TypeVar("RowOfSlice", bound=Table)


def pager(slice_: Slice[RowOfSlice], key: str, menu: Callable[[], object] | None = None) -> None:
    """Back and on through a list that `cursor(key, …)` began; nothing when all is on one screen.

    `menu` draws what else can be done with the whole list, in the same row.
    """
    trail = _trail(key)
    page, shown = len(trail.cursors) + 1, len(slice_.rows)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(t("console.page", page=page, n=shown), width="stretch")
        if menu is not None:
            menu()
        if page == 1 and slice_.next is None:
            return
        st.button(
            t("console.back"),
            key=f"{key}:back",
            icon=":material/chevron_left:",
            disabled=page == 1,
            on_click=_step_back,
            args=(key,),
        )
        st.button(
            t("console.on"),
            key=f"{key}:on",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=slice_.next is None,
            on_click=_step_on,
            args=(key, slice_.next),
        )


def _step_back(key: str) -> None:
    del _trail(key).cursors[-1:]


def _step_on(key: str, after: str | None) -> None:
    if after is not None:
        _trail(key).cursors.append(after)
