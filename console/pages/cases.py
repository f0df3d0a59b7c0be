"""Cases for those who work at them, notices for the platform that they went to."""

from console.actions.cases.boards import CaseFilters, find_cases
from console.i18n import t
from console.pages import case_record
from console.pages.case_board import show_board
from console.pages.case_bulk import show_bulk
from console.pages.case_words import CASES, against, due_word, province_name
from console.pages.channel_parts import platform_names
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    choice,
    cursor,
    empty,
    filters,
    flag,
    labelled,
    list_or_record,
    list_tools,
    page_head,
    record_table,
    search,
    view,
)
from console.pages.notice_lists import mailbox_button, show_notices
from console.pages.patrol_words import TIERS
from models.cases.cases import Case, CaseState
from models.cases.instructions import Jurisdiction
from models.permissions import Permission
from models.provinces import provinces
from models.rules import Tier

P = Permission
LOOKS = ("table", "board")


def case_columns(names: dict[str, str]) -> list[Column[Case]]:
    now = desk.now()
    return [
        Column(t("case_page.reference"), lambda row: row.reference, width=140),
        Column(t("case_page.state"), lambda row: row.state, Kind.STATE, "case_state", CASES, 130),
        Column(t("case_page.tier"), lambda row: row.tier, Kind.STATE, "tier", TIERS, 80),
        Column(t("case_pages.against"), against, width=170),
        Column(
            t("case_page.platform"), lambda row: names.get(row.platform, row.platform), width=115
        ),
        Column(
            t("case_page.kind"), lambda row: [t(f"finding_kind.{row.kind}")], Kind.WORDS, width=130
        ),
        Column(
            t("case_page.due"),
            lambda row: due_word(row, is_late=row.is_overdue(now)),
            width=130,
        ),
        Column(t("case_page.opened"), lambda row: row.created_at, Kind.DATE, width=100),
    ]


def chosen_filters(names: dict[str, str]) -> CaseFilters:
    """What the address narrows the list to; a platform has its own and no province."""
    is_platform, is_regulator = bool(desk.actor.platform), bool(desk.actor.provinces)
    with filters():
        q = search(t("case_page.search"), width=280)
        state = choice("state", t("case_page.state"), labelled("case_state", list(CaseState)),
                       width=140)  # fmt: skip
        tier = choice("tier", t("case_page.tier"), labelled("tier", list(Tier)), width=120)
        platform = "" if is_platform else choice("platform", t("case_page.platform"), names,
                                                 width=140)  # fmt: skip
        router = (
            choice("router", t("case_pages.router"), labelled("jurisdiction", list(Jurisdiction)),
                   width=170)
            if is_regulator else None
        )  # fmt: skip
        names_of = {code: province_name(code) for code in provinces()}
        province = (
            "" if is_platform or is_regulator
            else choice("province", t("case_pages.province"), names_of, width=130)
        )  # fmt: skip
        late = flag("overdue", t("case_page.overdue_only"))
        mine = desk.actor.may(P.CASE_OPEN) and flag("mine", t("case_pages.mine"))
    return CaseFilters(
        state=CaseState(state) if state else None,
        tier=Tier(tier) if tier else None,
        platform=platform or "",
        province=province or "",
        router=Jurisdiction(router) if router else None,
        overdue=late,
        mine=mine,
        q=q,
    )


def nothing_words(asked: CaseFilters) -> str:
    if asked != CaseFilters():
        return t("case_pages.none_narrow")
    if desk.actor.platform:
        return t("case_page.none_next_platform")
    return t("case_pages.none_watch" if desk.actor.provinces else "case_page.none_next")


def show_cases(look: str) -> None:
    names = platform_names(desk)
    asked = chosen_filters(names)
    tools = list_tools(desk, "cases")
    if look == "board":
        show_board(desk, asked, nothing_words(asked))
        return
    found = find_cases(desk, asked, cursor("cases", asked, tools.sort), order=tools.order)
    if not found.rows:
        is_narrow = asked != CaseFilters()
        empty(t("case_page.none" if is_narrow else "case_pages.none_yet"), nothing_words(asked))
        return
    works = desk.actor.may(P.CASE_SEND) or desk.actor.may(P.CASE_OPEN)
    chosen = record_table(found.rows, tools.shown(case_columns(names)), key="cases", select=works)
    tools.pager(found, "cases")
    if works:
        show_bulk(desk, [row for row in found.rows if row.id in set(chosen)])


def show_list() -> None:
    """A platform begins with the notices that wait for it; its cases are their background."""
    is_platform = desk.actor.platform is not None
    with page_head(
        t("case_page.title"), t("case_page.platform_hint" if is_platform else "case_page.hint")
    ):
        if is_platform:
            mailbox_button(desk)
    with refusals_shown():
        if not is_platform:
            show_cases(view({one: t(f"case_pages.{one}") for one in LOOKS}, "look"))
        elif view({name: t(f"case_page.{name}") for name in ("notices", "cases")}) == "cases":
            show_cases("table")
        else:
            show_notices(desk, "cases")


def show_record(case_id: str) -> None:
    case_record.show_record(desk, case_id)


desk = my_desk()
list_or_record(show_list, show_record)
