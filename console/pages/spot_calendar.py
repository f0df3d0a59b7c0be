"""Spot checks by the day that they are planned for: a month, and one of its days."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import streamlit as st

from console.actions.checks.spot_lists import Day, days, list_checks
from console.desk import Desk
from console.i18n import t
from console.pages.frame import refusals_shown
from console.pages.kit import cursor, empty, pager, section
from console.pages.kit.layout import box
from console.pages.spot_list import show_rows
from models.checks.spot_checks import CheckState
from models.rules import china_day

_WEEK: Final = 7
_OPEN: Final = frozenset({CheckState.PLANNED, CheckState.ASSIGNED, CheckState.READING})


def show_calendar(desk: Desk) -> None:
    today = china_day(desk.now())
    chosen = _day_in_url("day")
    month = (_day_in_url("month") or chosen or today).replace(day=1)
    _head(month)
    with refusals_shown():
        found = days(desk, month, _next(month) - timedelta(days=1))
        _grid(found, today, chosen)
        if chosen is not None:
            _of_day(desk, chosen)
        elif not any(one.counts for one in found):
            empty(t("spot_calendar.nothing"), t("spot_calendar.nothing_next"))


def _day_in_url(name: str) -> date | None:
    try:
        return date.fromisoformat(st.query_params.get(name, ""))
    except ValueError:
        return None


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _head(month: date) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        before = (month - timedelta(days=1)).replace(day=1)
        _turn("back", before, ":material/chevron_left:")
        words = t("spot_calendar.month", year=month.year, month=f"{month.month:02}")
        st.markdown(f"**{words}**", width="content")
        _turn("on", _next(month), ":material/chevron_right:")
        st.button(t("spot_calendar.today"), key="calendar:today", on_click=_show, args=(None, None))


def _turn(name: str, month: date, icon: str) -> None:
    st.button(
        t(f"spot_calendar.{name}"), key=f"calendar:{name}", icon=icon, type="tertiary",
        on_click=_show, args=(month, None),
    )  # fmt: skip


def _show(month: date | None, day: date | None) -> None:
    for name, value in (("month", month), ("day", day)):
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value.isoformat()


def _grid(found: Sequence[Day], today: date, chosen: date | None) -> None:
    """Weeks begin on Monday; places before the first and behind the last stay empty."""
    first = found[0].on.weekday()
    places: list[Day | None] = [*[None] * first, *found]
    places += [None] * (-len(places) % _WEEK)
    with box("kit_month", border=True, gap="small"):
        for column, number in zip(st.columns(_WEEK, gap="small"), range(1, 8), strict=True):
            column.caption(t(f"spot_calendar.w{number}"))
        for start in range(0, len(places), _WEEK):
            row = st.columns(_WEEK, gap="small")
            for column, one in zip(row, places[start : start + _WEEK], strict=True):
                with column:
                    _cell(one, today, chosen)


def _cell(one: Day | None, today: date, chosen: date | None) -> None:
    if one is None:
        box("kit_day_out", height=54, border=False)
        return
    total = sum(one.counts.values())
    late = one.on < today and any(one.counts.get(state) for state in _OPEN)
    kind = "chosen" if one.on == chosen else "today" if one.on == today else "plain"
    with box(f"kit_day_{kind}", gap=None, height=54):
        st.caption(str(one.on.day))
        if total:
            words = t("spot_calendar.count", n=total)
            st.button(
                f":red[{words}]" if late else words,
                key=f"calendar:{one.on}",
                type="tertiary",
                help=t("spot_calendar.open_day", day=one.on.isoformat(), n=total),
                on_click=_show,
                args=(one.on.replace(day=1), one.on),
            )


def _of_day(desk: Desk, chosen: date) -> None:
    section(t("spot_calendar.of_day", day=chosen.isoformat()))
    st.button(
        t("spot_calendar.whole"), key="calendar:whole", icon=":material/calendar_month:",
        type="tertiary", on_click=_show, args=(chosen.replace(day=1), None),
    )  # fmt: skip
    found = list_checks(desk, day=chosen, after=cursor("spot_day", chosen))
    if not found.rows:
        st.caption(t("spot_page.none_found"))
        return
    show_rows(desk, found.rows, "spot_day")
    pager(found, "spot_day")
