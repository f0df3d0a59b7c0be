"""How things stand in the reader's own scope: the gist first, then each figure with its grounds."""

from collections.abc import Sequence

import streamlit as st

from console.actions.oversight.pictures import Picture, picture, refresh
from console.actions.oversight.told import GROUPS, Names, names_of, province_name
from console.desk import Desk
from console.i18n import t
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    choice,
    empty,
    filters,
    flash,
    link_to,
    moment,
    page_head,
    section,
    view,
)
from console.pages.kit.drawn import follow_click
from console.pages.picture_parts import all_figures, headline, lines_of
from console.pages.picture_parts_charts import (
    TRENDS,
    caution,
    funnel,
    times_chart,
    trend_chart,
    ways,
)
from console.pages.picture_parts_complaints import show_complaints
from console.pages.picture_parts_map import tile_map
from models.oversight.figures import Cut, Indicator, OversightFigure
from models.oversight.reading import TIMES
from models.permissions import Permission

P = Permission
_FIRST_ON_MAP = Indicator.UNLICENSED_LIVE
_CUTS = {"map": (Cut.PROVINCE,), "flow": (Cut.PLATFORM,)}
"""What a view shows beside the whole; nothing else is read for it."""


def show_page() -> None:
    with page_head(t("picture.title"), t("picture.hint")):
        link_to(t("picture.to_work"), "work_list", key="to:work")
        if desk.actor.may(P.OVERVIEW_COUNT):
            count_again()
    if desk.actor.provinces:
        st.caption(f":material/visibility: {t('picture.read_only')}")
    with refusals_shown():
        seen = picture(desk, (Cut.WHOLE, *_CUTS.get(st.query_params.get("view", ""), ())))
        if seen.made_at is None:
            empty(t("picture.none"), t("picture.none_next"))
        elif is_nothing(seen):
            is_regulator = bool(desk.actor.provinces)
            word = "nothing_next_regulator" if is_regulator else "nothing_next"
            empty(t("picture.nothing"), t(f"picture.{word}"))
        else:
            st.caption(t("picture.as_of", at=moment(seen.made_at)))
            headline(seen, desk)
        show_view(seen)


def is_nothing(seen: Picture) -> bool:
    figures = [one for rows in seen.figures.values() for one in rows]
    return not any(one.count or one.base for one in figures) and not seen.months


def show_view(seen: Picture) -> None:
    """Only what is chosen is drawn. Complaints are counted on the spot and need no picture."""
    names = ["all", "map", "trends", "flow"] if seen.made_at and not is_nothing(seen) else []
    if desk.actor.may(P.COMPLAINT_READ):
        names.append("complaints")
    if not names:
        return
    match view({name: t(f"picture.view_{name}") for name in names}):
        case "all":
            all_figures(seen, desk)
        case "map":
            show_map(seen)
        case "trends":
            show_trends(seen)
        case "flow":
            show_flow(seen)
        case _:
            show_complaints(desk)


def show_map(seen: Picture) -> None:
    mapped = [one for group in GROUPS.values() for one in group if seen.by(one, Cut.PROVINCE)]
    if not mapped:
        empty(t("picture.no_map"), t("picture.no_map_next"))
        return
    labels = {one.value: t(f"indicator.{one}") for one in dict.fromkeys(mapped)}
    with filters():
        chosen = choice("indicator", t("picture.indicator_choice"), labels, width=280)
        known = {one.name for name in mapped for one in seen.by(name, Cut.PROVINCE) if one.name}
        places = {code: province_name(code) for code in sorted(known)}
        province = choice("province", t("picture.choose_province"), places, width=240)
    first = _FIRST_ON_MAP if _FIRST_ON_MAP in mapped else mapped[0]
    indicator = Indicator(chosen) if chosen else first
    by_code = {one.name: one for one in seen.by(indicator, Cut.PROVINCE)}
    tile_map(indicator, by_code, chosen=province, key=f"map:{indicator}", to="province")
    ways(desk, [indicator], "map")
    if province:
        section(t("picture.of_province", name=province_name(province)))
        lines_of(seen, Cut.PROVINCE, province, desk)


def show_trends(seen: Picture) -> None:
    """Two abreast, and none of what there is nothing of."""
    drawn, columns = 0, st.columns(2)
    for name in TRENDS:
        with columns[drawn % 2]:
            drawn += trend_chart(desk, seen, name)
    if not drawn:
        empty(t("picture.no_trends"), t("picture.no_trends_next"))


def slowest_first(rows: Sequence[OversightFigure]) -> list[OversightFigure]:
    """Those of too few after all others."""
    known = [one for one in rows if one.base]
    return sorted(known, key=lambda one: (one.is_few, -(one.median_s or 0)))


def show_flow(seen: Picture) -> None:
    funnel(desk, seen)
    timed = [one for one in GROUPS["times"] if one in TIMES]
    known = {one: slowest_first(seen.by(one, Cut.PLATFORM)) for one in timed}
    if not any(known.values()):
        empty(t("picture.no_times"), t("picture.no_times_next"))
        return
    names: Names = names_of(desk, {row.name for rows in known.values() for row in rows})
    for indicator, rows in known.items():
        if rows:
            times_chart(indicator, rows, Cut.PLATFORM, names)
            ways(desk, [indicator], "times")
    caution()
    link_to(t("picture.to_comparisons"), "comparisons", key="to:comparisons")


def count_again() -> None:
    if st.button(t("picture.count_now"), key="picture:count", icon=":material/refresh:"):
        with refusals_shown():
            refresh(desk)
            flash(t("picture.counting"))
            st.rerun()


follow_click()
desk: Desk = my_desk()
show_page()
