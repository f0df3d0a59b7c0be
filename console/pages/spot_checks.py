"""Spot checks: a list, a calendar, and each check from its plan to its review."""

from console.i18n import t
from console.pages import spot_list
from console.pages.frame import my_desk
from console.pages.kit import list_or_record, next_moves, page_head, view
from console.pages.spot_calendar import show_calendar
from console.pages.spot_record import show_record


def show_list() -> None:
    with page_head(t("spot_page.title"), t("spot_page.hint")):
        next_moves(desk, [spot_list.planning(desk)], "spot_checks")
    looks = {one: t(f"spot_page.{one}") for one in ("list", "calendar")}
    if view(looks) == "list":
        spot_list.show_list(desk)
    else:
        show_calendar(desk)


desk = my_desk()
list_or_record(show_list, lambda check_id: show_record(desk, check_id))
