"""League tables: one indicator across platforms, carriers or provinces, with what is too few."""

from collections.abc import Sequence

import streamlit as st

from console.actions.oversight.pictures import Picture, picture
from console.actions.oversight.told import GROUPS, Names, name_word, names_of
from console.desk import Desk
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    choice,
    empty,
    figures_grid,
    filters,
    link_to,
    moment,
    page_head,
    section,
    view,
)
from console.pages.kit.drawn import follow_click
from console.pages.picture_parts import how, lines_of
from console.pages.picture_parts_charts import (
    MOST_BARS,
    Order,
    caution,
    orders_of,
    ranked,
    ranking_chart,
    ranking_table,
    times_chart,
)
from console.pages.picture_parts_drill import drill
from models.oversight.figures import Cut, Indicator, OversightFigure
from models.oversight.reading import TIMES, interval

CUTS = (Cut.PLATFORM, Cut.CARRIER, Cut.PROVINCE)


def show_page() -> None:
    with page_head(t("comparisons.title"), t("comparisons.hint")):
        link_to(t("picture.title"), "overview", key="to:overview")
    with refusals_shown():
        by = st.query_params.get("by", "")
        seen = picture(desk, (Cut(by) if by in CUTS else CUTS[0],))
        if seen.made_at is None:
            empty(t("picture.none"), t("picture.none_next"))
            return
        st.caption(t("picture.as_of", at=moment(seen.made_at)))
        cut = Cut(view({one.value: t(f"cut.{one}") for one in CUTS}, "by"))
        compared = [one for group in GROUPS.values() for one in group if rows_of(seen, one, cut)]
        if not compared:
            empty(t("comparisons.none"), t("comparisons.none_next", cut=t(f"cut.{cut}")))
            return
        show_league(seen, cut, list(dict.fromkeys(compared)))


def rows_of(seen: Picture, indicator: Indicator, cut: Cut) -> list[OversightFigure]:
    return [one for one in seen.by(indicator, cut) if one.base != 0 and (one.count or one.base)]


def show_league(seen: Picture, cut: Cut, compared: Sequence[Indicator]) -> None:
    first = Indicator.TIME_TO_GONE if cut is Cut.PLATFORM else Indicator.OVERDUE
    with filters():
        labels = {one.value: t(f"indicator.{one}") for one in compared}
        asked = choice("indicator", t("comparisons.indicator"), labels, width=280)
        usual = first if first in compared else compared[0]
        indicator = Indicator(asked) if asked else usual
        orders = orders_of(indicator)
        words = {one.value: t(f"comparisons.order_{one}") for one in orders}
        order = choice("order", t("comparisons.order"), words, width=180)
        rows = rows_of(seen, indicator, cut)
        codes: set[str] = set() if cut is Cut.PROVINCE else {one.name for one in rows}
        names = names_of(desk, codes)
        said = {one.name: name_word(cut, one.name, names) for one in rows}
        which = choice("which", t(f"cut.{cut}"), said, width=260)
    table = ranked(rows, Order(order) if order else orders[0], lambda one: said[one.name])
    if len(rows) == 1:
        st.info(t("comparisons.only_one", cut=t(f"cut.{cut}")), icon=":material/info:")
    show_chart(indicator, table, cut, names)
    show_table(indicator, table, cut, names)
    if which:
        section(plain(said[which]))
        lines_of(seen, cut, which, desk)


def show_chart(
    indicator: Indicator, rows: Sequence[OversightFigure], cut: Cut, names: Names
) -> None:
    if indicator in TIMES:
        times_chart(indicator, rows[:MOST_BARS], cut, names)
    else:
        title = t("comparisons.chart", name=t(f"indicator.{indicator}"), cut=t(f"cut.{cut}"))
        key = f"league:{cut}:{indicator}"
        ranking_chart(title, rows, cut, names, key=key, hint=hint_of(indicator, rows))
    if any(interval(one) for one in rows) or indicator in TIMES:
        caution()


def hint_of(indicator: Indicator, rows: Sequence[OversightFigure]) -> str:
    few = sum(one.is_few for one in rows)
    parts = [
        t(f"indicator.{indicator}_definition"),
        t("comparisons.chart_few", n=len(rows), few=few)
        if any(one.base for one in rows)
        else t("comparisons.chart_counts", n=len(rows)),
    ]
    if len(rows) > MOST_BARS:
        parts.append(t("comparisons.chart_first", shown=MOST_BARS))
    return " ".join(parts)


def show_table(
    indicator: Indicator, rows: Sequence[OversightFigure], cut: Cut, names: Names
) -> None:
    section(t("comparisons.table"))
    figures_grid(ranking_table(rows, cut, names), key=f"league:table:{cut}:{indicator}")
    with st.expander(t("picture.how"), icon=":material/help:"):
        st.caption(how(indicator))
    drill(desk, indicator, key=f"league:{indicator}")


follow_click()
desk: Desk = my_desk()
show_page()
